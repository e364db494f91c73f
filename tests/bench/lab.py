# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules beside what people do without them: a loop of `command` tasks, and a shell script on the node.

    make bench-lab                      all; the figures are kept in tests/bench/results.json
    make bench-lab BENCH="--pairs 1"    quicker, and less sure
    make bench-lab BENCH="--each 3"     retention removes 20 of 30 snapshots, in place of 100 of 150
    make bench-lab BENCH="--only wanted"  what has this in its name; of the rest what was kept stays
    python tests/bench/lab.py --page    the table and the plot of the documentation, from what was kept

Ours and what it is measured against are run in turn, on the same cluster, so that what else the machine
does meets both. What is told is the median of the ratios of these pairs. Beside a loop, or an empty task,
it is task against task; beside a script, which needs no Ansible, it is the whole playbook. What is to be
reached is told with each; where nothing is, the other way is there to compare.
"""

from __future__ import annotations

import argparse
import itertools
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
POOL = ("node1", "node2", "node3")
"""Each has the bricks of a third of the volumes."""

PRUNED = VOLUMES[:10]
"""Volumes whose snapshots a policy removes: two of three."""

MANY = 100
"""Snapshots to remove."""

CREATE = "snapshot create {}-friday {} no-timestamp"
INFO = "snapshot info {}"

Side = t.Callable[[], t.Optional[float]]
"""Does the work. What it tells are the seconds of its tasks, or of what else counts; None is all its time."""


@dataclass(frozen=True)
class Rival:
    """How people do a work without the modules."""

    name: str
    wanted: float | None
    """The ratio of our time to theirs is to be less."""

    side: Side
    whole: bool = False
    """Against the whole of our playbook, and not the task alone."""


@dataclass(frozen=True)
class Work:
    name: str
    before: t.Callable[[], None]
    """Each side."""

    side: Side
    """Ours."""

    rivals: tuple[Rival, ...]


@dataclass(frozen=True)
class Row:
    """What took so long both ways."""

    work: str
    against: str
    wanted: float | None
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    ratio: float


def on_node(script: str, node: str = "node1") -> str:
    return subprocess.run(
        [LAB, "run", node, "--", "sh", "-ec", script],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def each(command: str, names: t.Iterable[str]) -> str:
    """A line of shell for each, `{}` stands for it."""
    return "\n".join(f"gluster --mode=script {command.replace('{}', name)}" for name in names)


def of_one(command: str, names: t.Iterable[str]) -> str:
    """The same by one gluster, which reads them, and goes on where one fails."""
    lines = "".join(f"{command.replace('{}', name)}\n" for name in names)
    return f"gluster --mode=script --xml >/dev/null <<'EOF'\n{lines}EOF"


Task = t.Dict[str, t.Any]


def play(*tasks: Task) -> list[float]:
    """Run these; how many seconds each took, without the start and the end of Ansible."""
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
        return [float(event["event_data"]["duration"]) for event in ended]


def first(task: Task) -> Side:
    """As the first of its kind in a play, for which Ansible packs what it sends."""
    return lambda: play(task)[0]


def later(task: Task) -> Side:
    """As any other of its kind, and as that of any other host: what is sent is there."""
    return lambda: play(task, task)[1]


def loop(command: str, names: t.Sequence[str]) -> Task:
    """What a playbook without the collection does."""
    line = f"gluster --mode=script {command.replace('{}', '{{ item }}')}"
    return {"ansible.builtin.command": {"cmd": line}, "loop": list(names)}


def snapshots(state: str) -> Task:
    wanted = [{"name": f"{name}-friday", "volume": name} for name in VOLUMES]
    return {f"{OURS}snapshot": {"snapshots": wanted, "state": state}}


def make_volumes() -> None:
    """Each with a brick that can be snapshotted."""
    known = on_node("gluster volume list").split()
    for name, node in zip(VOLUMES, itertools.cycle(POOL)):
        if name not in known:
            brick = f"""
                lvcreate -y -V 300m -T vg_bricks/pool -n {name}
                mkfs.xfs -K -i size=512 /dev/vg_bricks/{name}
                mkdir -p /bricks/{name}
                mount -o nouuid /dev/vg_bricks/{name} /bricks/{name}
            """
            on_node(brick, node)
            on_node(f"""
                gluster --mode=script volume create {name} {node}:/bricks/{name}/brick
                gluster --mode=script volume start {name}
            """)


def no_snapshots() -> None:
    on_node("gluster --mode=script snapshot delete all >/dev/null")


def ping_and_call(place: t.Callable[[Task], Side]) -> Side:
    """What no module can do without: one that does nothing, and one call of gluster."""
    ping = place({"ansible.builtin.ping": {}})

    def side() -> float:
        call = f"gluster --mode=script --xml {INFO.format(FRIDAYS[0])} >/dev/null"
        begun, ended = map(float, on_node(f"date +%s.%N; {call}; date +%s.%N").split())
        return (ping() or 0.0) + ended - begun

    return side


def by_loop(command: str, names: t.Sequence[str]) -> Side:
    return first(loop(command, names))


def at_once(command: str, names: t.Sequence[str]) -> Side:
    """By one gluster that reads its commands: nothing but Gluster's own work is left."""

    def side() -> None:
        on_node(of_one(command, names))

    return side


def by_script(command: str, names: t.Sequence[str]) -> Side:
    def side() -> None:
        on_node(each(f"{command} >/dev/null", names))

    return side


FRIDAYS = [f"{name}-friday" for name in VOLUMES]
LOOP = "a loop of command tasks"
SCRIPT = "a shell script on the node"


def works(nights: int) -> t.Iterator[Work]:
    """``nights`` are the snapshots of each volume before the policy is applied."""
    yield Work(
        "20 snapshots of 20 volumes to create",
        no_snapshots,
        first(snapshots("present")),
        (Rival(SCRIPT, 0.8, by_script(CREATE, VOLUMES), whole=True),),
    )
    yield Work(
        "20 snapshots of 20 volumes wanted, all there",
        lambda: None,
        first(snapshots("present")),
        (Rival(f"{LOOP} (snapshot info)", 0.1, by_loop(INFO, FRIDAYS)),),
    )
    there = {f"{OURS}snapshot": {"name": FRIDAYS[0], "volume": VOLUMES[0]}}
    least = "a task that does nothing (ping), and one call of gluster"
    yield Work(
        "1 snapshot wanted that is there",
        lambda: None,
        later(there),
        (Rival(least, 1.15, ping_and_call(later)),),
    )
    yield Work(
        "1 snapshot wanted that is there, in the first task of a play",
        lambda: None,
        first(there),
        (Rival(least, None, ping_and_call(first)),),
    )
    kept = nights // 3
    series = [[f"{name}-night-{night:02}" for night in range(nights)] for name in PRUNED]
    old = [name for names in series for name in names[:-kept]]
    # Of few the start of Ansible and of gluster is most: then nothing is to be reached.
    wanted = 0.2 if len(old) >= MANY else None

    def nightly() -> None:
        no_snapshots()
        # Those of a volume by one gluster: it is not what is measured, and takes long enough.
        beside = (
            of_one(f"snapshot create {{}} {name} no-timestamp", names)
            for name, names in zip(PRUNED, series)
        )
        on_node("\n".join(f"{{ {one}\n}} &" for one in beside) + "\nwait")

    yield Work(
        f"{len(old)} of {nights * len(PRUNED)} snapshots of {len(PRUNED)} volumes to remove",
        nightly,
        first({f"{OURS}snapshot_retention": {"pattern": "*-night-*", "keep_last": kept}}),
        (
            Rival(f"{LOOP} (snapshot delete)", wanted, by_loop("snapshot delete {}", old)),
            Rival(SCRIPT, 1.0, by_script("snapshot delete {}", old), whole=True),
            Rival("one gluster that reads them all", None, at_once("snapshot delete {}", old)),
        ),
    )


class Time(t.NamedTuple):
    """Seconds: all that it took, and of that the task, which is all of it where there is none."""

    whole: float
    alone: float


def measure(work: Work, side: Side) -> Time:
    work.before()
    begun = time.monotonic()
    alone = side()
    whole = time.monotonic() - begun
    return Time(round(whole, 2), round(whole if alone is None else alone, 2))


def measured(pairs: int, nights: int, only: str, before: t.Sequence[Row]) -> t.Iterator[Row]:
    """``before`` is what was kept, for the works that are not measured now."""
    wanted = list(works(nights))
    for work in wanted:
        if only not in work.name:
            yield from (row for row in before if row.work == work.name)
            continue
        ours: list[Time] = []
        theirs: list[list[float]] = [[] for _rival in work.rivals]
        for _pair in range(pairs):
            ours.append(measure(work, work.side))
            for times, rival in zip(theirs, work.rivals):
                times.append(measure(work, rival.side).alone)
            last = ", ".join(f"{times[-1]} s" for times in theirs)
            print(f"{work.name}: {ours[-1].alone} s of {ours[-1].whole} s; {last}", flush=True)
        for times, rival in zip(theirs, work.rivals):
            mine = [one.whole if rival.whole else one.alone for one in ours]
            ratio = round(statistics.median(a / b for a, b in zip(mine, times)), 2)
            row = Row(work.name, rival.name, rival.wanted, tuple(mine), tuple(times), ratio)
            print(
                f"{row.work}, against {row.against}: {row.ratio} ({row.ours} {row.theirs})",
                flush=True,
            )
            yield row
    # Of another number of nights.
    yield from (row for row in before if row.work not in [work.name for work in wanted])


def shown(text: str, rows: t.Iterable[Row]) -> str:
    """The guide with these in its table, which ends where its lines are no more indented."""
    before, heading, after = re.split(r"(?<=\n)(   \* - Work\n(?:     -.*\n)+)", text)
    table = ""
    for row in rows:
        ours, theirs = (f"{statistics.median(times):.1f} s" for times in (row.ours, row.theirs))
        wanted = f"{row.wanted:.2f}" if row.wanted else ""
        cells = (row.work, row.against, ours, theirs, f"{row.ratio:.2f}", wanted)
        table += "   * - " + "\n     - ".join(cells).rstrip() + "\n"
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
    parser.add_argument(
        "--each", type=int, default=15, help="snapshots of each volume, before retention"
    )
    parser.add_argument("--only", default="", help="works that have this in their name")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if options.page:
        rows = kept()
        GUIDE.write_text(shown(GUIDE.read_text(encoding="utf-8"), rows), encoding="utf-8")
        PLOT.write_text(plot(rows), encoding="utf-8")
        return
    make_volumes()
    before = kept() if options.only else []
    rows = list(measured(options.pairs, options.each, options.only, before))
    text = json.dumps([asdict(row) for row in rows], indent=1)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    sys.exit(any(row.wanted and row.ratio >= row.wanted for row in rows))


if __name__ == "__main__":
    main()
