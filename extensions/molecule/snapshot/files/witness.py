# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes data on the client, damages it, writes while others work, and tells what is where.

    witness fill HOST:/VOLUME FOLDER    mount the volume there, for good, and put data into it
    witness damage SOURCE               change, remove, rename and add files
    witness sum SOURCE                  a checksum of all files and names (but those of `write`)
    witness files SOURCE                the same for each: its name, and what is in it if that is short
    witness write FOLDER                write numbered files until `witness stop`
    witness stop                        end that, print the numbers and what became of them
    witness late SOURCE                 the numbers of the files that `write` wrote

A SOURCE is a folder, or HOST:/VOLUME, which is mounted for the moment.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LATE = "late"
LOG = Path("/run/witness.log")
STOP = Path("/run/witness.stop")


def mount(source, folder):
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "glusterfs", source, str(folder)], check=True)


@contextlib.contextmanager
def opened(source):
    if ":/" not in source:
        yield Path(source)
        return
    folder = Path(tempfile.mkdtemp())
    mount(source, folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def fill(source, folder):
    top = Path(folder)
    if not os.path.ismount(top):
        mount(source, top)
    for number in range(5):
        (top / str(number)).mkdir()
        for size in (0, 100, 5000, 300000):
            (top / str(number) / f"{size}.bin").write_bytes(os.urandom(size))


def damage(source):
    with opened(source) as top:
        (top / "0/5000.bin").write_bytes(b"damaged")
        (top / "1/300000.bin").unlink()
        (top / "2/100.bin").rename(top / "3/moved.bin")
        (top / f"new-{time.time_ns()}").write_text("damage")
        with open(top / "4/300000.bin", "r+b") as inside:
            inside.seek(150000)
            inside.write(os.urandom(1000))


def contents(source):
    """The name of each file and what is in it, or of more than a few bytes the checksum of that."""
    with opened(source) as top:
        for path in sorted(p for p in top.rglob("*") if p.is_file() and LATE not in p.parts):
            content = path.read_bytes()
            short = len(content) <= 16 and content.isalnum()
            told = content.decode() if short else hashlib.sha256(content).hexdigest()
            yield f"{path.relative_to(top)} {told}\n"


def digest(source):
    lines = list(contents(source))
    print(len(lines), hashlib.sha256("".join(lines).encode()).hexdigest())


def files(source):
    print("".join(contents(source)), end="")


def write(folder):
    late = Path(folder) / LATE
    STOP.unlink(missing_ok=True)
    with open(LOG, "w") as log:
        number = 0
        while not STOP.exists():
            number += 1
            try:
                late.mkdir(exist_ok=True)
                with open(late / str(number), "x") as out:
                    out.write(str(number))
                    out.flush()
                    os.fsync(out.fileno())
                outcome = "ok"
            except OSError:
                outcome = "failed"
            log.write(f"{number} {outcome}\n")
            log.flush()
            time.sleep(0.1)


def stop():
    STOP.touch()
    print(LOG.read_text(), end="")


def numbers(source):
    with opened(source) as top:
        for number in sorted(int(path.name) for path in (top / LATE).glob("*")):
            print(number)


COMMANDS = {
    "fill": fill,
    "damage": damage,
    "sum": digest,
    "files": files,
    "write": write,
    "stop": stop,
    "late": numbers,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
