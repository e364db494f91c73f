# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules beside what people do without them: a loop of `command` tasks, and a shell script on the node.

    make bench-lab                      all; the figures are in .build/bench-lab.json then
    make bench-lab BENCH="--pairs 1"    quicker, and less sure

Both sides of a row are run in turn, on the same cluster, so that what else the machine does meets both.
What is told is the median of the ratios of these pairs. A loop is a playbook too; the script is run by
ssh, without Ansible.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_runner.interface import run as run_ansible

HERE = Path(__file__).parent
LAB = str(HERE.parents[1] / "tests/lab/lab")
VOLUMES = [f"many{number:02}" for number in range(1, 21)]
SERIES = 30
"""Snapshots of one volume, of which KEPT are kept."""

KEPT = 10

Side = t.Callable[[], None]
Work = t.Tuple[str, str, float, Side, Side, Side]
"""What, against what, the ratio to reach; what comes before each side, ours, theirs."""

CREATE = "snapshot create {}-friday {} no-timestamp"


@dataclass(frozen=True)
class Row:
    """What took so long both ways."""

    work: str
    against: str
    wanted: float
    """The ratio of our time to theirs is to be less."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    ratio: float


def on_node(script: str) -> str:
    return subprocess.run(
        [LAB, "run", "node1", "--", "sh", "-ec", script],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def each(command: str, names: t.Iterable[str]) -> str:
    """A line of shell for each, `{}` stands for it."""
    return "\n".join(f"gluster --mode=script {command.replace('{}', name)}" for name in names)


def play(*tasks: dict[str, t.Any]) -> None:
    inventory = subprocess.run(
        [LAB, "inventory", "--path"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        done = run_ansible(
            private_data_dir=folder,
            inventory=inventory,
            playbook=[{"hosts": "node1", "gather_facts": False, "tasks": list(tasks)}],
            quiet=True,
        )
        if done.rc:
            raise RuntimeError(done.stdout.read())


def loop(command: str, names: t.Sequence[str]) -> dict[str, t.Any]:
    """What a playbook without the collection does."""
    line = f"gluster --mode=script {command.replace('{}', '{{ item }}')}"
    return {"ansible.builtin.command": {"cmd": line}, "loop": list(names)}


def snapshots(state: str) -> dict[str, t.Any]:
    wanted = [{"name": f"{name}-friday", "volume": name} for name in VOLUMES]
    return {"glusterfs.data_protection.gluster_snapshot": {"snapshots": wanted, "state": state}}


def make_volumes() -> None:
    """On one node, each with a brick that can be snapshotted."""
    known = on_node("gluster volume list").split()
    for name in VOLUMES:
        if name not in known:
            on_node(f"""
                lvcreate -y -V 300m -T vg_bricks/pool -n {name}
                mkfs.xfs -K -i size=512 /dev/vg_bricks/{name}
                mkdir -p /bricks/{name}
                mount -o nouuid /dev/vg_bricks/{name} /bricks/{name}
                gluster --mode=script volume create {name} node1:/bricks/{name}/brick
                gluster --mode=script volume start {name}
            """)


def no_snapshots() -> None:
    on_node(
        "for name in $(gluster snapshot list | grep -e -); do"
        " gluster --mode=script snapshot delete $name >/dev/null; done"
    )


def series() -> None:
    """The snapshots of one volume that a policy is to prune."""
    no_snapshots()
    names = [f"night-{number:02}" for number in range(SERIES)]
    on_node(each(f"snapshot create {{}} {VOLUMES[0]} no-timestamp >/dev/null", names))


OLD = [f"night-{number:02}" for number in range(SERIES - KEPT)]
FRIDAYS = [f"{name}-friday" for name in VOLUMES]
POLICY = {"volume": VOLUMES[0], "prefix": "night-", "keep_last": KEPT}


def removing(against: str, wanted: float, theirs: Side) -> Work:
    work = f"{SERIES - KEPT} of {SERIES} snapshots of one volume to remove"
    ours = {"glusterfs.data_protection.gluster_snapshot_retention": POLICY}
    return work, against, wanted, series, lambda: play(ours), theirs


WORKS: tuple[Work, ...] = (
    (
        "20 snapshots of 20 volumes to create",
        "a shell script on the node",
        0.8,
        no_snapshots,
        lambda: play(snapshots("present")),
        lambda: print(on_node(each(CREATE, VOLUMES)), end=""),
    ),
    (
        "20 snapshots of 20 volumes wanted, all there",
        "a loop of command tasks (snapshot info)",
        0.1,
        lambda: None,
        lambda: play(snapshots("present")),
        lambda: play(loop("snapshot info {}", FRIDAYS)),
    ),
    removing(
        "a loop of command tasks (snapshot delete)",
        0.2,
        lambda: play(loop("snapshot delete {}", OLD)),
    ),
    removing(
        "a shell script on the node",
        1.0,
        lambda: print(on_node(each("snapshot delete {} >/dev/null", OLD)), end=""),
    ),
)


def timed(side: Side) -> float:
    begun = time.monotonic()
    side()
    return time.monotonic() - begun


def measured(pairs: int) -> t.Iterator[Row]:
    for work, against, wanted, prepare, ours, theirs in WORKS:
        both: tuple[list[float], list[float]] = ([], [])
        for _pair in range(pairs):
            for times, side in zip(both, (ours, theirs)):
                prepare()
                times.append(round(timed(side), 2))
        ratios = [mine / other for mine, other in zip(*both)]
        ratio = round(statistics.median(ratios), 2)
        row = Row(work, against, wanted, tuple(both[0]), tuple(both[1]), ratio)
        print(
            f"{row.work}, against {row.against}: {row.ratio} ({row.ours} {row.theirs})", flush=True
        )
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    make_volumes()
    rows = list(measured(options.pairs))
    if options.json:
        text = json.dumps([asdict(row) for row in rows], indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    sys.exit(any(row.ratio >= row.wanted for row in rows))


if __name__ == "__main__":
    main()
