# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not grow unnoticed: calls of gluster, and what is sent to a node and loaded there.

How long it all takes is measured by `make bench`; a clock is no judge in a unit test.
"""

from __future__ import annotations

import ast
import json
import typing as t
import zlib
from pathlib import Path

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._apply import Run
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.group import (
    WantedGroup,
    decide_group,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.retention import (
    Policy,
    decide_retention,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot_set import (
    WantedSet,
    WantedSetRestore,
    decide_no_sets,
    decide_set,
    decide_set_restored,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import settle
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.tests.unit import generated
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    PLUGINS,
    Recording,
    recordings,
)
from ansible_collections.glusterfs.data_protection.tests.unit.world import World

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import Clock, RunModule

MODULES = sorted((PLUGINS / "modules").glob("gluster_*.py"))
PACKAGE = "ansible_collections.glusterfs.data_protection.plugins."

SENT = {"georep": 94_000, "": 93_000}
"""Bytes, compressed, of a module and all that it may import: what Ansible sends besides its own part."""

LOADED = {"georep": 175_000, "gluster_snapshot_retention": 155_000, "": 127_000}
"""Bytes of source that Python compiles before a module asks anything: there is no cache for what is sent.

What only some runs need, those that change something above all, is imported where it is needed.
"""


def needed(path: Path, all_of_it: bool, found: set[Path] | None = None) -> set[Path]:
    """Our files that a file imports, and those that these import.

    ``all_of_it`` is what Ansible sends: also what only mypy reads, and what is imported in a function.
    """
    found = set() if found is None else found
    if path in found:
        return found
    found.add(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        later = isinstance(node, ast.FunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        )
        if later and not all_of_it:
            skipped.update(ast.walk(node))
        if isinstance(node, ast.ImportFrom) and node not in skipped:
            for file in files_of(node, path):
                needed(file, all_of_it, found)
    return found


def files_of(node: ast.ImportFrom, path: Path) -> t.Iterator[Path]:
    """Of a module, or of those that are taken out of a package."""
    if node.level:
        folder = path.parents[node.level - 1]
    elif (node.module or "").startswith(PACKAGE):
        folder = PLUGINS
    else:
        return
    words = (node.module or "").replace(PACKAGE, "").split(".")
    place = folder.joinpath(*filter(None, words))
    candidates = (place.with_suffix(".py"), *(place / f"{name.name}.py" for name in node.names))
    yield from (file for file in candidates if file.is_file())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_is_sent_and_loaded_is_small(path: Path) -> None:
    sent = sum(len(zlib.compress(file.read_bytes())) for file in needed(path, True))
    kind = "georep" if "georep" in path.stem else ""
    assert sent <= SENT[kind]
    loaded = sum(file.stat().st_size for file in needed(path, False))
    assert loaded <= LOADED.get(path.stem, LOADED[kind])


MORE: t.Mapping[tuple[str, str], int] = {
    # In XML Gluster does not tell that there is no session, so it is asked again without.
    ("gluster_georep_session", ""): 2,
    ("gluster_georep_session_info", ""): 2,
    ("gluster_georep_destination", ""): 2,
    ("gluster_georep_destination_info", ""): 2,
    # Whether the volume at the other end is read-only is asked there.
    ("gluster_georep_session", "reset_read_only"): 3,
    # The volumes say whose status to ask for.
    ("gluster_volume_quiesce", ""): 2,
    ("gluster_volume_quiesce_info", ""): 2,
    ("gluster_volume_info", "gather_subset"): 2,
    # The volumes too, or each snapshot.
    ("gluster_volume_info", "include_snapshots"): 2,
    ("gluster_snapshot_info", ""): 2,
}
"""Calls of a run that changes nothing and needs more than one, by module and option."""


def calls_of(recording: Recording) -> list[str]:
    return [str(recording.commands(call)) for call in recording.of_gluster]


def most(recording: Recording) -> int:
    """Calls that a run may take which changes nothing."""
    found = [
        n
        for (name, key), n in MORE.items()
        if name == recording.module and (not key or key in recording.args)
    ]
    return max(found, default=1)


def unchanged() -> list[Recording]:
    return [r for r in recordings() if not r.result.get("changed") and "msg" not in r.result]


@pytest.mark.parametrize("recording", unchanged(), ids=repr)
def test_a_run_that_changes_nothing_takes_few_calls(recording: Recording) -> None:
    calls = calls_of(recording)
    assert len(calls) <= most(recording), calls


ASKED_OF_THE_NODE = ("now", "mounted_apart", "cut_restores")
"""No command of Gluster tells these."""


class Counted(World):
    """A world that counts what is read of it."""

    read: t.ClassVar[list[str]] = []

    def learn(self, kind: str, name: str) -> t.Any:
        if kind not in ASKED_OF_THE_NODE:
            self.read.append(kind)
        return super().learn(kind, name)


def grouped(size: int) -> Counted:
    """A group of that many volumes, with a snapshot."""
    made = Counted(time="2026-11-23T00:00:00Z")
    for number in range(size):
        made.add_volume(f"volume-{number}")
    bring(made, lambda c: decide_group(WantedGroup("shop", tuple(made.volumes)), c))
    bring(made, lambda c: decide_set(WantedSet("nightly", "shop"), "id-of-set", c))
    return made


def bring(made: World, decide: t.Callable[[Cluster], Plan]) -> Plan:
    cluster, plan = settle(t.cast("t.Any", made), Cluster(), decide)
    if plan.steps:
        plan.preflight(settle(t.cast("t.Any", made), cluster, plan.preflight)[0])
        topics = [("all_volumes", ""), ("all_snapshots", ""), ("config", ""), ("all_statuses", "")]
        Run(t.cast("t.Any", made)).carry_out(plan, made.refresh(cluster, topics))
    return plan


RESTORE = WantedSetRestore("nightly", "shop", stop_volume=True)
AGAIN: t.Mapping[str, tuple[int, t.Callable[[Cluster], Plan]]] = {
    "group": (1, lambda c: decide_group(WantedGroup("shop"), c)),
    "set": (2, lambda c: decide_set(WantedSet("nightly", "shop"), "id", c)),
    "set restored": (2, lambda c: decide_set_restored(RESTORE, "id-restore", c)),
    "retention": (
        3,
        lambda c: decide_retention(None, "shop", Policy("nightly", keep={"keep_last": 1}), c),
    ),
}


@pytest.mark.parametrize("size", [2, 50])
@pytest.mark.parametrize("task", AGAIN)
def test_calls_do_not_grow_with_the_number_of_volumes(task: str, size: int, clock: Clock) -> None:
    made = grouped(size)
    calls, decide = AGAIN[task]
    if task == "set restored":
        bring(made, decide)
    made.read.clear()
    assert bring(made, decide).steps == ()
    assert len(made.read) <= calls, made.read


def test_that_no_set_is_there_takes_two_calls(clock: Clock) -> None:
    made = Counted()
    made.add_volume("projects")
    made.read.clear()
    assert bring(made, lambda c: decide_no_sets("shop", c)).steps == ()
    assert sorted(made.read) == ["all_snapshots", "all_volumes"]


class Large:
    """A gluster that answers for many volumes, and keeps count."""

    def __init__(self, count: int) -> None:
        (small,) = (r for r in recordings("volumes") if r.version == generated.VERSION)
        self.asked: list[str] = []
        self.answers = {
            "volume geo-replication status": generated.sessions(count),
            "volume info": generated.volumes(count),
            "volume status all": generated.statuses(count),
            "snapshot info": generated.snapshots(count, 4),
            "snapshot config": small.answers("snapshot", "config")[0],
            "pool list": small.answers("pool", "list")[0],
        }

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        words = " ".join(argv[argv.index("--") + 1 :]) if "--" in argv else argv[0]
        self.asked.append(text or words)
        said = (self.answers.get(line, "") for line in text.splitlines() or [words])
        return Output(0, "\n".join(said), "")


@pytest.mark.parametrize("count", [2, 50])
@pytest.mark.parametrize(
    ("module", "args", "rows", "calls"),
    [
        ("gluster_snapshot_info", {}, "snapshots", 1),
        ("gluster_georep_session_info", {}, "sessions", 1),
        ("gluster_consistency_group_info", {}, "consistency_groups", 1),
        ("gluster_volume_info", {}, "volumes", 1),
        ("gluster_volume_info", {"gather_subset": ["bricks"]}, "volumes", 2),
        # And one of the programs is lvs.
        ("gluster_volume_info", {"gather_subset": ["snapshottable"]}, "volumes", 4),
    ],
)
def test_info_takes_as_many_calls_for_many_as_for_few(
    module: str, args: dict[str, t.Any], rows: str, calls: int, count: int, run_module: RunModule
) -> None:
    large = Large(count)
    result = run_module(module, args, large, now="2026-11-25T18:04:14Z")
    expected = {"snapshots": 4 * count, "consistency_groups": 0}
    assert len(result[rows]) == expected.get(rows, count), json.dumps(result)[:300]
    assert len(large.asked) <= calls, large.asked
