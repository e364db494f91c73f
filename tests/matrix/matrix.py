# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run each scenario on each release that it is for, and keep how it went.

    make test-matrix                          what has not passed as the files are now
    make test-matrix MATRIX="--only trixie/"  of that, what has this in its name
    python tests/matrix/matrix.py --list      how it stands, run nothing

All of them take longer than most people have at a time. So each has a lab of its own, two at a time, and
what has passed is not run again before a file changes that it depends on. On Gluster 10.3 (bookworm),
the only one here that replicates, the whole of a scenario is run, on the others its core.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCENARIOS = ROOT / "extensions/molecule"
RESULTS = HERE / "results.json"
GUIDE = ROOT / "docs/docsite/rst/guide_compatibility.rst"

WHOLE = "bookworm"
RELEASES = {"bullseye": "9.2", WHOLE: "10.3", "trixie": "11.1"}
"""And what Gluster they have."""

ONLY = {
    "awx": WHOLE,
    "disaster_recovery": WHOLE,
    "snapshot_role": WHOLE,
    "upgrade": "bullseye",
}
"""What is run on one release, and whole: it needs a gsyncd that works, or begins with that one."""

TESTED = ("plugins", "roles", "playbooks")
"""Folders that all scenarios depend on."""


@dataclass(frozen=True)
class Cell:
    release: str
    scenario: str

    @property
    def name(self) -> str:
        return f"{self.release}/{self.scenario}"

    @property
    def is_whole(self) -> bool:
        return self.release == WHOLE or self.scenario in ONLY

    def digest(self) -> str:
        """Of all that it depends on."""
        shared = [path for path in SCENARIOS.iterdir() if path.is_file()]
        folders = [*(ROOT / name for name in TESTED), SCENARIOS / self.scenario]
        found = hashlib.sha256()
        for path in sorted({*shared, *(path for folder in folders for path in folder.rglob("*"))}):
            if path.is_file() and path.suffix not in (".md", ".pyc"):
                found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
        return found.hexdigest()[:16]


@dataclass(frozen=True)
class Result:
    passed: bool
    whole: bool
    seconds: int
    day: str
    commit: str
    kernel: str
    """Of the guests."""

    digest: str


def cells() -> list[Cell]:
    names = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))
    return [
        Cell(release, name)
        for name in names
        if name != "default"
        for release in RELEASES
        if release == ONLY.get(name, release)
    ]


def kept() -> dict[str, Result]:
    if not RESULTS.exists():
        return {}
    return {
        name: Result(**one) for name, one in json.loads(RESULTS.read_text(encoding="utf-8")).items()
    }


def keep(results: t.Mapping[str, Result]) -> None:
    rows = {name: asdict(one) for name, one in results.items()}
    RESULTS.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def shown(text: str, results: t.Mapping[str, Result]) -> str:
    """The guide with these in its table of scenarios."""
    before, heading, after = re.split(r"(?<=\n)(   \* - scenario\n(?:     - .*\n)+)", text)
    rows: dict[str, dict[str, str]] = {}
    for cell in cells():
        rows.setdefault(cell.scenario, {})[cell.release] = word(results.get(cell.name))
    table = "".join(
        f"   * - {scenario}\n"
        + "".join(f"     - {words.get(release, '')}".rstrip() + "\n" for release in RELEASES)
        for scenario, words in rows.items()
    )
    _old, _blank, rest = after.partition("\n\n")
    return f"{before}{heading}{table}\n{rest}"


def word(one: Result | None) -> str:
    if one is None:
        return "not yet"
    if not one.passed:
        return "failed"
    return "whole" if one.whole else "core"


def has_passed(cell: Cell, results: t.Mapping[str, Result]) -> bool:
    one = results.get(cell.name)
    return one is not None and one.passed and one.digest == cell.digest()


def run(cell: Cell, logs: Path) -> Result:
    log = logs / f"{cell.release}-{cell.scenario}.log"
    print(f"{cell.name}: begun, see {log.relative_to(ROOT)}", flush=True)
    digest, begun = cell.digest(), time.monotonic()
    settings = {"LAB_NAME": f"matrix-{cells().index(cell)}"}
    if cell.is_whole:
        settings.update(LAB_WHOLE="yes", LAB_SETS="20")
    command = [str(ROOT / "tests/tools/molecule"), cell.release, "test", "-s", cell.scenario]
    environment = {key: value for key, value in os.environ.items() if key != "LAB_WHOLE"}
    with log.open("wb") as output:
        code = subprocess.run(
            command,
            check=False,
            env={**environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ).returncode
    return Result(
        passed=code == 0,
        whole=cell.is_whole,
        seconds=round(time.monotonic() - begun),
        day=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        commit=said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        kernel=said("linux.uml", "--version"),
        digest=digest,
    )


def said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def run_all(left: t.Sequence[Cell], results: dict[str, Result], forks: int) -> None:
    logs = ROOT / ".build/log/matrix"
    logs.mkdir(parents=True, exist_ok=True)
    pool = concurrent.futures.ThreadPoolExecutor(forks)
    running = {pool.submit(run, cell, logs): cell for cell in left}
    try:
        for ended in concurrent.futures.as_completed(running):
            name, one = running[ended].name, ended.result()
            results[name] = one
            keep(results)
            text = GUIDE.read_text(encoding="utf-8")
            GUIDE.write_text(shown(text, results), encoding="utf-8")
            print(f"{name}: {'passed' if one.passed else 'failed'}, {one.seconds} s", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)  # who interrupts it does not want the next ones


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="how it stands, run nothing")
    parser.add_argument("--only", default="", help="what has this in its name")
    parser.add_argument("--forks", type=int, default=2, help="how many at a time")
    options = parser.parse_args()
    chosen = [cell for cell in cells() if options.only in cell.name]
    results = kept()
    if not options.list:
        left = [cell for cell in chosen if not has_passed(cell, results)]
        # The longest first, so that none of them is alone at the end.
        left.sort(key=lambda cell: -results[cell.name].seconds if cell.name in results else 0)
        run_all(left, results, options.forks)
    print(*(f"{cell.name}: {stand(cell, results)}" for cell in chosen), sep="\n")
    sys.exit(not all(has_passed(cell, results) for cell in chosen))


def stand(cell: Cell, results: t.Mapping[str, Result]) -> str:
    one = results.get(cell.name)
    if one is None:
        return "not run"
    then = "" if one.digest == cell.digest() else ", and files have changed since"
    return (
        f"{'whole' if one.whole else 'core'} {'passed' if one.passed else 'failed'} "
        f"on {one.day}, {one.commit}, Linux {one.kernel}, {one.seconds} s{then}"
    )


if __name__ == "__main__":
    main()
