# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long modules take on a node, how much memory, how many calls of gluster; without a cluster.

What is run is what Ansible sends to a node. ``gluster`` is a stand-in that prints what a real one was
recorded to say, multiplied (tests/unit/generated.py). So the time of Gluster itself is not in here.
Times are of the processor: what else the machine does counts little. Each is a median.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_collections.glusterfs.data_protection.tests.unit import generated

OURS = "glusterfs.data_protection."
PING = "ansible.builtin.ping"
PYTHON = "/usr/bin/python3"
"""What a node runs modules by. One that pyenv compiled, without its optimizations, takes a fifth more."""

EACH = 256
"""Snapshots of a volume: Gluster takes no more."""

SIZES = (25, 50, 75, 100)
"""Volumes."""

GLUSTER = """#!/bin/sh
while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
echo "$*" >>"$0.calls"
if [ $# -gt 0 ]; then shift; exec cat "$0.$*"; fi
while read -r line; do cat "$0.$line"; done
"""
"""Asked one question behind a "--", or several on its input."""

INFO = """snap-id=7f0cf6b1-0d8a-4a6d-9d0b-6d2b7f3c3c52
status=2
snap-restored=0
time-stamp=1795752094
"""
"""As glusterd 10.3 writes it of a snapshot that is whole."""

WITH_SNAPS = """
mount -t tmpfs none /var/lib && mkdir /var/lib/glusterd && ln -s "$0" /var/lib/glusterd/snaps && exec "$@"
"""
"""Runs a command that sees a folder as the one where glusterd keeps what it knows of snapshots."""

READY = """#!/usr/bin/python
import json
from ansible.module_utils.basic import AnsibleModule
with open({path!r}) as ready:
    AnsibleModule({{}}).exit_json(**json.load(ready))
"""
"""A module that has nothing to do but to return what is in a file."""

Run = t.Tuple[float, float]
"""Seconds of the processor, and the most memory that was used at a time in MB."""


@dataclass(frozen=True)
class Row:
    """One figure, and the most that it may be (0: no bound)."""

    what: str
    unit: str
    value: float
    limit: float = 0

    @property
    def met(self) -> bool:
        return not self.limit or self.value <= self.limit


class Node:
    """A folder with payloads, and a gluster that has answers."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        self.gluster = folder / "gluster"
        self.gluster.write_text(GLUSTER, encoding="utf-8")
        self.gluster.chmod(0o755)
        self.snaps = folder / "snaps"
        self.snaps.mkdir()
        self.library = folder / "library"
        self.library.mkdir()
        self.environment = {
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "ANSIBLE_LIBRARY": str(self.library),
        }

    def answer(self, words: str, text: str) -> None:
        (self.folder / f"gluster.{words}").write_text(text, encoding="utf-8")

    def keep(self, said: str) -> None:
        """What glusterd has written of the snapshots of an answer."""
        for name in re.findall(r"<snapshot>\s*<name>(.+?)</name>", said):
            folder = self.snaps / name
            if not folder.exists():
                folder.mkdir()
                (folder / "info").write_text(INFO, encoding="utf-8")

    def payload(self, module: str, **args: t.Any) -> Path:
        """What Ansible sends for a task: it is told to leave it there."""
        with tempfile.TemporaryDirectory(dir=self.folder) as there:
            subprocess.run(
                [
                    *("ansible", "localhost", "-i", "localhost,", "-c", "local", "-m", module),
                    *("-e", f"ansible_python_interpreter={PYTHON}"),
                    *(("-a", json.dumps(args)) if args else ()),
                ],
                env={
                    **self.environment,
                    "ANSIBLE_KEEP_REMOTE_FILES": "1",
                    "ANSIBLE_REMOTE_TMP": there,
                },
                check=False,  # it is run once too, and may miss options
                stdout=subprocess.DEVNULL,
            )
            (sent,) = Path(there).rglob("AnsiballZ_*.py")
            return sent.rename(self.folder / f"{len(list(self.folder.iterdir()))}.py")

    def ready(self, command: t.Sequence[str]) -> Path:
        """What Ansible sends for a module that only returns what that one has."""
        said = subprocess.run(command, env=self.environment, check=True, stdout=subprocess.PIPE)
        path = self.folder / "returned.json"
        path.write_bytes(said.stdout)
        (self.library / "returned.py").write_text(READY.format(path=str(path)), encoding="utf-8")
        return self.payload("returned")

    def run(self, payload: Path, *within: str) -> tuple[float, float, list[str]]:
        """The medians of some runs, and the calls of one of them; `within`: a command that runs others."""
        calls = self.folder / "gluster.calls"
        calls.unlink(missing_ok=True)  # of the run that made a payload
        once = [self.once(*within, PYTHON, str(payload)) for _run in range(self.runs)]
        told = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
        seconds, megabytes = (statistics.median(values) for values in zip(*once))
        return seconds, megabytes, told[: len(told) // self.runs]

    def ratio(self, one: t.Sequence[str], other: t.Sequence[str]) -> float:
        """The median of pairs run side by side, by their times."""
        return statistics.median(
            self.once(*one)[0] / self.once(*other)[0] for _run in range(self.runs)
        )

    def once(self, *command: str) -> Run:
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command, env=self.environment, stdout=said)
            _pid, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def whole_cluster(node: Node) -> t.Iterator[Row]:
    """gluster_snapshot_info of all, for some sizes; what is beyond the empty cluster grows with it."""
    payload = node.payload(f"{OURS}gluster_snapshot_info")
    node.answer("snapshot info", generated.snapshots(0, 0))
    within = ("unshare", "--map-root-user", "--mount", "sh", "-c", WITH_SNAPS, str(node.snaps))
    empty = node.run(payload, *within)[0]
    per_thousand = []
    for volumes in SIZES:
        said = generated.snapshots(volumes, EACH)
        node.answer("snapshot info", said)
        node.keep(said)
        seconds, megabytes, calls = node.run(payload, *within)
        count = volumes * EACH
        last = volumes == SIZES[-1]
        per_thousand.append((seconds - empty) / count * 1000)
        yield Row(f"info, {count} snapshots", "s", seconds, 1.5 if last else 0)
        yield Row(f"info, {count} snapshots", "MB", megabytes, 150 if last else 0)
        yield Row(f"info, {count} snapshots", "calls", len(calls), 1)
    growth = max(per_thousand) / min(per_thousand)
    yield Row("info, dearest by cheapest snapshot of these sizes", "ratio", growth, 1.3)
    command = (*within, PYTHON, str(payload))
    ready = node.ready(command)
    yield Row(f"the same {count} snapshots returned, and nothing else", "s", node.run(ready)[0])
    ratio = node.ratio(command, (PYTHON, str(ready)))
    yield Row(f"info, {count} snapshots, by that", "ratio", ratio)


def sessions(node: Node) -> t.Iterator[Row]:
    payload = node.payload(f"{OURS}gluster_georep_session_info")
    for count in (1, 50):
        node.answer("volume geo-replication status", generated.sessions(count))
        node.answer("volume info", generated.volumes(count))
        seconds, _megabytes, calls = node.run(payload)
        yield Row(f"info, {count} sessions", "s", seconds)
        yield Row(f"info, {count} sessions", "calls", len(calls), 1)


def nothing_to_do(node: Node) -> t.Iterator[Row]:
    """A snapshot that is there, beside a module that does nothing at all."""
    ping = node.payload(PING)
    node.answer("snapshot info nightly-000-000", generated.snapshots(1, 1))
    payload = node.payload(f"{OURS}gluster_snapshot", name="nightly-000-000", volume="volume-000")
    seconds, _megabytes, calls = node.run(payload)
    by_ping = node.ratio((PYTHON, str(payload)), (PYTHON, str(ping)))
    yield Row(PING, "s", node.run(ping)[0])
    yield Row("snapshot that is there", "s", seconds)
    yield Row("snapshot that is there", "calls", len(calls), 1)
    yield Row("snapshot that is there, by ping", "ratio", by_ping, 2)


def payloads(node: Node) -> t.Iterator[Row]:
    """All that Ansible sends for a task, its own part with it."""
    modules = sorted(path.stem for path in Path("plugins/modules").glob("gluster_*.py"))
    for name in (PING, *(f"{OURS}{module}" for module in modules)):
        sent = node.payload(name)
        yield Row(f"payload of {name.rpartition('.')[2]}", "kB", sent.stat().st_size / 1000, 315)


def fleet(node: Node) -> t.Iterator[Row]:
    """What one more cluster costs the machine that runs Ansible, without ssh, which is not in here."""
    task = (f"{OURS}gluster_snapshot", "-a", "name=nightly-000-000 volume=volume-000")
    python = f"ansible_python_interpreter={PYTHON}"
    node.answer("snapshot info nightly-000-000", generated.snapshots(1, 1))
    times = []
    for count in (1, 11):
        clusters = "".join(f"cluster{number}," for number in range(count))
        command = ("ansible", "all", "-i", clusters, "-c", "local", "-e", python, "-m", *task)
        times.append(statistics.median(node.once(*command)[0] for _run in range(node.runs)))
    module = node.run(node.payload(task[0], name="nightly-000-000", volume="volume-000"))[0]
    yield Row("one more cluster, beside its module run", "s", (times[1] - times[0]) / 10 - module)


def table(rows: t.Iterable[Row]) -> str:
    lines = [f"{'what':52} {'value':>9} {'at most':>9} unit"]
    for row in rows:
        limit = f"{row.limit:g}" if row.limit else ""
        missed = "" if row.met else "  MISSED"
        lines.append(f"{row.what:52} {row.value:9.2f} {limit:>9} {row.unit}{missed}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        node = Node(Path(folder), options.runs)
        parts = (whole_cluster, sessions, nothing_to_do, payloads, fleet)
        rows = [row for part in parts for row in part(node)]
    told = [{**asdict(row), "met": row.met} for row in rows]
    options.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(table(rows))
    sys.exit(not all(row.met for row in rows))


if __name__ == "__main__":
    main()
