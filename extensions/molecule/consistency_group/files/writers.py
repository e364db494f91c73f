# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to several volumes in an order that a snapshot of all of them must keep, and judges snapshots.

    writers start FOLDER...     write to the volumes mounted there until `writers stop`
    writers stop                end that; says what `writers stalls` says
    writers stalls [SINCE]      the longest stall since then (seconds of the epoch), and the errors: JSON
    writers check SOURCE...     read the volumes, in the same order: is each kind in order?

A SOURCE is a folder, or HOST:/VOLUME, or HOST:/snaps/SNAPSHOT/VOLUME, which is mounted for the
moment.

There are three kinds of writers, and all run at once: `fsync` writes a number and waits for fsync,
`plain` leaves out the fsync, `rename` renames a file. Each takes number n to one volume, then to
the next, and so on, then comes n + 1. So at any one moment no volume is ahead of one before it, nor
more than one behind the first. Each kind has another volume as its first, so that whichever volume
was snapshotted too early, some kind shows it. A volume takes numbers in turn into as many files as
SLOTS says. They lie on different bricks, and so bricks of one volume are compared too: what they
hold must be SLOTS numbers without a gap.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

KINDS = ("fsync", "plain", "rename")
SLOTS = 8
STATE = Path("/run/writers")
STOP = STATE / "stop"
LOG = STATE / "log"


def start(*folders):
    subprocess.run(["rm", "-rf", str(STATE)], check=True)
    STATE.mkdir()
    with open(STATE / "output", "w") as output:
        subprocess.Popen(
            [sys.executable, __file__, "run", *folders],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    wait(lambda: all((STATE / kind).exists() for kind in KINDS), "no writer writes")


def wait(condition, complaint):
    until = time.monotonic() + 180
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"{complaint}: {(STATE / 'output').read_text()}")
        time.sleep(0.1)


def run(*folders):
    threads = [threading.Thread(target=write, args=(kind, turned(kind, folders))) for kind in KINDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (STATE / "done").touch()


def turned(kind, folders):
    """The folders in the order in which this kind writes to them."""
    first = KINDS.index(kind) % len(folders)
    return [Path(folder) for folder in (*folders[first:], *folders[:first])]


def write(kind, folders):
    take = rename if kind == "rename" else overwrite
    begin(kind, folders)
    number = SLOTS
    with open(LOG, "a", buffering=1) as log, open(STATE / kind, "w") as beat:
        last = time.time()
        while not STOP.exists():
            for folder in folders:
                done = False
                while not done and not STOP.exists():
                    try:
                        take(kind, folder, number)
                        done = True
                    except OSError as error:
                        log.write(
                            json.dumps([kind, time.time(), "error", f"{number} {folder}: {error}"])
                            + "\n"
                        )
                        time.sleep(0.1)
                    now = time.time()
                    if now - last > 0.2:
                        log.write(json.dumps([kind, now, "stall", now - last]) + "\n")
                    last = now
                    # The latest step, so that a stall which lasts is seen too.
                    os.pwrite(beat.fileno(), f"{number:012} {now:.3f}".encode(), 0)
                if not done:
                    return
            number += 1


def begin(kind, folders):
    for folder in folders:
        for old in folder.glob(f"{kind}-*"):
            old.unlink()
        if kind == "rename":
            (folder / f"rename-{SLOTS - 1}").touch()
        else:
            for number in range(SLOTS):
                overwrite(kind, folder, number)


def overwrite(kind, folder, number):
    file = os.open(folder / f"{kind}-{number % SLOTS}", os.O_WRONLY | os.O_CREAT)
    try:
        os.pwrite(file, f"{number:012}".encode(), 0)
        if kind == "fsync":
            os.fsync(file)
    finally:
        os.close(file)


def rename(kind, folder, number):
    try:
        (folder / f"{kind}-{number - 1}").rename(folder / f"{kind}-{number}")
    except FileNotFoundError:
        # Tried again after an error, and done the first time.
        if not (folder / f"{kind}-{number}").exists():
            raise


def stop():
    STOP.touch()
    wait((STATE / "done").exists, "a writer does not end")
    stalls()


def stalls(since="0"):
    events = [json.loads(line) for line in LOG.read_text().splitlines()]
    events = [event for event in events if event[1] >= float(since)]
    beats = {kind: (STATE / kind).read_text().split() for kind in KINDS}
    ends = [(event[3], event[1]) for event in events if event[2] == "stall"]
    if not (STATE / "done").exists():
        ends += [(time.time() - float(last), time.time()) for _number, last in beats.values()]
    longest, end = max(ends, default=(0.0, 0.0))
    errors = [event for event in events if event[2] == "error"]
    result = {
        "longest": round(longest, 2),
        "end": round(end, 2),
        "errors": len(errors),
        "first_errors": errors[:3],
        "numbers": {kind: int(number) for kind, (number, _last) in beats.items()},
    }
    print(json.dumps(result))


def check(*sources):
    with contextlib.ExitStack() as stack:
        tops = [stack.enter_context(opened(source)) for source in sources]
        for kind in KINDS:
            volumes = [sorted(numbers(kind, top)) for top in turned(kind, tops)]
            latest = [volume[-1] for volume in volumes]
            ordered = latest == sorted(latest, reverse=True) and latest[0] - latest[-1] <= 1
            # The rename in a replicated volume may be seen half done: there are two names for a moment.
            whole = all(volume == list(range(volume[0], volume[-1] + 1)) for volume in volumes)
            whole = whole and all(len(volume) == SLOTS or kind == "rename" for volume in volumes)
            verdict = "in order" if ordered and whole else "out of order"
            print(f"{kind}: {verdict}: {latest}" + ("" if whole else f", with gaps: {volumes}"))


def numbers(kind, top):
    for path in top.glob(f"{kind}-*"):
        yield int(path.name.split("-")[1] if kind == "rename" else path.read_text())


@contextlib.contextmanager
def opened(source):
    if ":/" not in source:
        yield Path(source)
        return
    folder = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "glusterfs", source, folder], check=True)
    try:
        yield Path(folder)
    finally:
        subprocess.run(["umount", folder], check=True)
        os.rmdir(folder)


COMMANDS = {"start": start, "run": run, "stop": stop, "stalls": stalls, "check": check}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
