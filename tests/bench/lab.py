# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules beside what people do without them: a loop of `command` tasks, and a shell script on the node.

    make bench-lab                      all; the figures are kept in tests/bench/results.json
    make bench-lab BENCH="--pairs 1"    quicker, and less sure
    python tests/bench/lab.py --page    the table and the plot of the documentation, from what was kept

Ours and what it is measured against are run in turn, on the same cluster, so that what else the machine
does meets both. What is told is the median of the ratios of these pairs. A loop is a playbook too; the
script is run by ssh, without Ansible.
"""

from __future__ import annotations

import argparse
import json
import re
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
ROOT = HERE.parents[1]
LAB = str(ROOT / "tests/lab/lab")
RESULTS = HERE / "results.json"
GUIDE = ROOT / "docs/docsite/rst/guide_scale.rst"
PLOT = ROOT / "docs/images/bench.svg"
OURS = "glusterfs.data_protection.gluster_"
VOLUMES = [f"many{number:02}" for number in range(1, 21)]
SERIES = 30
"""Snapshots of one volume, of which KEPT are kept."""

KEPT = 10

CREATE = "snapshot create {}-friday {} no-timestamp"
INFO = "snapshot info {}"

Side = t.Callable[[], t.Optional[float]]
"""Does the work. What it tells are the seconds that it took, if those are not all of its time."""


@dataclass(frozen=True)
class Rival:
    """How people do a work without the modules."""

    name: str
    wanted: float
    """The ratio of our time to theirs is to be less."""

    side: Side


@dataclass(frozen=True)
class Work:
    name: str
    before: t.Callable[[], None]
    """Each side."""

    ours: Side
    rivals: tuple[Rival, ...]


@dataclass(frozen=True)
class Row:
    """What took so long both ways."""

    work: str
    against: str
    wanted: float
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


def play(*tasks: dict[str, t.Any]) -> float:
    """Run these; how many seconds they took, without the start and the end of Ansible."""
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
        ended = [event for event in done.events if event["event"] == "runner_on_ok"]
        return float(sum(event["event_data"]["duration"] for event in ended))


def loop(command: str, names: t.Sequence[str]) -> dict[str, t.Any]:
    """What a playbook without the collection does."""
    line = f"gluster --mode=script {command.replace('{}', '{{ item }}')}"
    return {"ansible.builtin.command": {"cmd": line}, "loop": list(names)}


def snapshots(state: str) -> dict[str, t.Any]:
    wanted = [{"name": f"{name}-friday", "volume": name} for name in VOLUMES]
    return {f"{OURS}snapshot": {"snapshots": wanted, "state": state}}


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


def ping_and_call() -> float:
    """What no module can do without: one that does nothing, and one call of gluster."""
    times = on_node(
        f"date +%s.%N; gluster --mode=script --xml {INFO.format(FRIDAYS[0])} >/dev/null; date +%s.%N"
    )
    begun, ended = map(float, times.split())
    return play({"ansible.builtin.ping": {}}) + ended - begun


def in_all(*tasks: dict[str, t.Any]) -> Side:
    """A playbook, with all that it takes."""

    def side() -> None:
        play(*tasks)

    return side


def by_script(command: str, names: t.Sequence[str]) -> Side:
    def side() -> None:
        on_node(each(f"{command} >/dev/null", names))

    return side


SCRIPT = "a shell script on the node"
WORKS = (
    Work(
        "20 snapshots of 20 volumes to create",
        no_snapshots,
        in_all(snapshots("present")),
        (Rival(SCRIPT, 0.8, by_script(CREATE, VOLUMES)),),
    ),
    Work(
        "20 snapshots of 20 volumes wanted, all there",
        lambda: None,
        in_all(snapshots("present")),
        (Rival("a loop of command tasks (snapshot info)", 0.1, in_all(loop(INFO, FRIDAYS))),),
    ),
    Work(
        "1 snapshot wanted that is there, the task alone",
        lambda: None,
        lambda: play({f"{OURS}snapshot": {"name": FRIDAYS[0], "volume": VOLUMES[0]}}),
        (Rival("a task that does nothing (ping), and one call of gluster", 1.15, ping_and_call),),
    ),
    Work(
        f"{SERIES - KEPT} of {SERIES} snapshots of one volume to remove",
        series,
        in_all({f"{OURS}snapshot_retention": POLICY}),
        (
            Rival(
                "a loop of command tasks (snapshot delete)",
                0.2,
                in_all(loop("snapshot delete {}", OLD)),
            ),
            Rival(SCRIPT, 1.0, by_script("snapshot delete {}", OLD)),
        ),
    ),
)


def seconds(work: Work, side: Side) -> float:
    work.before()
    begun = time.monotonic()
    told = side()
    return round(time.monotonic() - begun if told is None else told, 2)


def measured(pairs: int) -> t.Iterator[Row]:
    for work in WORKS:
        ours: list[float] = []
        theirs: list[list[float]] = [[] for _rival in work.rivals]
        for _pair in range(pairs):
            ours.append(seconds(work, work.ours))
            for times, rival in zip(theirs, work.rivals):
                times.append(seconds(work, rival.side))
        for times, rival in zip(theirs, work.rivals):
            ratio = round(statistics.median(mine / other for mine, other in zip(ours, times)), 2)
            row = Row(work.name, rival.name, rival.wanted, tuple(ours), tuple(times), ratio)
            print(
                f"{row.work}, against {row.against}: {row.ratio} ({row.ours} {row.theirs})",
                flush=True,
            )
            yield row


def shown(text: str, rows: t.Iterable[Row]) -> str:
    """The guide with these in its table, which ends where its lines are no more indented."""
    before, heading, after = re.split(r"(?<=\n)(   \* - Work\n(?:     - .*\n)+)", text)
    table = ""
    for row in rows:
        ours, theirs = (f"{statistics.median(times):.1f} s" for times in (row.ours, row.theirs))
        cells = (row.work, row.against, ours, theirs, f"{row.ratio:.2f}", f"{row.wanted:.2f}")
        table += "   * - " + "\n     - ".join(cells) + "\n"
    rest = re.sub(r"\A(   .*\n)*", "", after)
    return f"{before}{heading}{table}{rest}"


def plot(rows: t.Sequence[Row]) -> str:
    """A bar a row: how long ours takes, where theirs is 1."""
    step, left, unit, top = 44, 20, 660, 40
    height = top + step * len(rows) + 10
    longest = max(1.0, *(row.ratio for row in rows))
    scale = unit / longest
    lines = [
        "<!-- Made by tests/bench/lab.py -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {unit + 2 * left + 60} {height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{left}" y="20">Time with the modules, where the other way takes 1 (line)</text>',
    ]
    for number, row in enumerate(rows):
        y = top + step * number
        lines += [
            f'<text x="{left}" y="{y + 12}">{row.work}; against {row.against}</text>',
            f'<rect x="{left}" y="{y + 18}" width="{row.ratio * scale:.0f}" height="14" fill="#3b6ea5"/>',
            f'<text x="{left + row.ratio * scale + 6:.0f}" y="{y + 30}">{row.ratio:.2f}</text>',
        ]
    one = f"{left + scale:.0f}"
    lines += [
        f'<path d="M{one} {top - 8}V{height - 8}" stroke="#b03030" stroke-dasharray="4"/>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def kept() -> list[Row]:
    return [Row(**row) for row in json.loads(RESULTS.read_text(encoding="utf-8"))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if options.page:
        rows = kept()
        GUIDE.write_text(shown(GUIDE.read_text(encoding="utf-8"), rows), encoding="utf-8")
        PLOT.write_text(plot(rows), encoding="utf-8")
        return
    make_volumes()
    rows = list(measured(options.pairs))
    text = json.dumps([asdict(row) for row in rows], indent=1)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    sys.exit(any(row.ratio >= row.wanted for row in rows))


if __name__ == "__main__":
    main()
