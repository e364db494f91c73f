# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several snapshots in one task: each by itself, and few commands for all."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils import _module
from ansible_collections.glusterfs.data_protection.plugins.module_utils._apply import Run
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import (
    AtOnce,
    Plan,
    Refusal,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot import (
    WantedSnapshot,
    decide_several,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.snapshot import (
    DeleteSnapshot,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import settle
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import Peer
from ansible_collections.glusterfs.data_protection.tests.unit.world import World

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Topic
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import (
        Clock,
        RunModule,
    )


class Busy(World):
    """A world that keeps count of what is read, and of what runs at a time."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.read: list[str] = []
        self.running: list[str] = []  # the volumes that commands are at work on
        self.most = 0
        self.guard = threading.Lock()
        for number in range(size):
            self.add_volume(f"volume-{number}")

    def refresh(self, cluster: Cluster, topics: t.Iterable[Topic]) -> Cluster:
        topics = list(topics)
        self.read += [kind for kind, _name in topics]
        return super().refresh(cluster, topics)

    def run(self, words: t.Sequence[str], *args: t.Any, **named: t.Any) -> None:
        held = self.snapshots.get(words[2])
        volume = held.snapshot.volume if held else "".join(words[3:4])
        with self.guard:
            assert volume not in self.running
            self.running.append(volume)
            self.most = max(self.most, len(self.running))
        time.sleep(0.01)
        try:
            super().run(words, *args, **named)
        finally:
            with self.guard:
                self.running.remove(volume)


def wanted(size: int, activated: bool | None = None) -> list[WantedSnapshot]:
    return [WantedSnapshot(f"friday-{n}", f"volume-{n}", activated=activated) for n in range(size)]


def bring(
    made: World, several: list[WantedSnapshot], absent: bool = False, forks: int = 8
) -> tuple[Plan, Run]:
    def question(cluster: Cluster) -> Plan:
        plan = decide_several(several, absent, forks, cluster)
        plan.preflight(cluster)
        return plan

    cluster, plan = settle(t.cast("t.Any", made), Cluster(), question)
    run = Run(t.cast("t.Any", made))
    run.carry_out(plan, cluster)
    return plan, run


def test_all_are_taken_and_a_second_run_reads_once() -> None:
    made = Busy(20)
    _plan, run = bring(made, wanted(20), forks=4)
    assert set(made.snapshots) == {f"friday-{n}" for n in range(20)}
    assert 1 < made.most <= 4
    assert run.commands[3] == "gluster snapshot create friday-3 volume-3 no-timestamp"
    made.read.clear()
    plan, _run = bring(made, wanted(20))
    assert plan.steps == ()
    assert made.read == ["all_snapshots"]


@pytest.mark.parametrize("size", [5, 50])
def test_the_number_of_reads_does_not_depend_on_how_many_are_taken(size: int) -> None:
    made = Busy(size)
    bring(made, wanted(size))
    once = [kind for kind in made.read if kind != "thick_bricks"]  # of `lvs`, read once
    # The last one is the proof.
    assert once == ["all_snapshots", "all_volumes", "all_statuses", "config", "all_snapshots"]


def test_one_that_is_refused_keeps_no_other_one_from_it() -> None:
    made = Busy(4)
    made.add_volume("resting", "Stopped")
    several = [*wanted(4), WantedSnapshot("friday", "resting"), WantedSnapshot("monday", "none")]
    plan, run = bring(made, several)
    assert set(made.snapshots) == {f"friday-{n}" for n in range(4)}
    assert "resting is Stopped" in plan.refused["friday"]
    assert "none does not exist" in plan.refused["monday"]
    assert run.failed == {}


def test_one_that_fails_keeps_no_other_one_from_it_and_is_not_activated() -> None:
    made = Busy(6)
    made.refused = frozenset(["snapshot create friday-2"])
    _plan, run = bring(made, wanted(6, activated=True))
    others = {f"friday-{n}" for n in (0, 1, 3, 4, 5)}
    assert {name for name, held in made.snapshots.items() if held.snapshot.activated} == others
    assert list(run.failed) == ["friday-2"]
    assert not any("activate friday-2" in line for line in run.commands)


def test_a_false_success_is_found_among_many() -> None:
    made = Busy(6)
    create = made._snapshot_create

    def lie(words: t.Sequence[str], name: str, *rest: str) -> None:
        if name != "friday-4":
            create(words, name, *rest)

    made._snapshot_create = lie  # type: ignore[method-assign,assignment]
    _plan, run = bring(made, wanted(6))
    assert list(run.failed) == ["friday-4"]
    assert "it is not so when read back" in str(run.failed["friday-4"])


def test_all_are_gone() -> None:
    made = Busy(3)
    bring(made, wanted(3))
    several = [*wanted(3), WantedSnapshot("never-there")]
    bring(made, several, absent=True)
    assert made.snapshots == {}
    assert bring(made, several, absent=True)[0].steps == ()


def test_limits_count_what_the_task_itself_takes() -> None:
    made = Busy(1)
    for number in range(255):
        made.run(("snapshot", "create", f"old-{number}", "volume-0", "no-timestamp"))
    plan, _run = bring(made, [WantedSnapshot(name, "volume-0") for name in ("one", "two")])
    assert "one" in made.snapshots
    assert "its limit is 256" in plan.refused["two"]


@pytest.mark.parametrize(
    ("several", "forks", "problem"),
    [
        ([WantedSnapshot("a", "x"), WantedSnapshot("a", "y")], 8, "listed more than once: a"),
        (wanted(2), 0, "forks is 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    several: list[WantedSnapshot], forks: int, problem: str
) -> None:
    with pytest.raises(Refusal, match=problem):
        bring(Busy(2), several, forks=forks)


def test_those_of_one_volume_go_in_turn_and_nothing_is_run_after_a_failure() -> None:
    made = Busy(2)
    for name, volume in (("a", 0), ("b", 0), ("c", 1), ("d", 0), ("e", 1)):
        made.run(("snapshot", "create", name, f"volume-{volume}", "no-timestamp"))
    made.refused = frozenset(["snapshot delete b"])
    run = Run(t.cast("t.Any", made))
    steps = [DeleteSnapshot(name, held.snapshot.volume) for name, held in made.snapshots.items()]
    cluster = made.refresh(Cluster(), [("all_snapshots", "")])
    with pytest.raises(GlusterError, match="refused"):
        run.carry_out(Plan((AtOnce(tuple(steps), forks=2),)), cluster)
    assert set(made.snapshots) == {"b", "d"}
    assert run.commands == [f"gluster snapshot delete {name}" for name in "abce"]
    assert {step.name for step in run.standing} == {"a", "c", "e"}  # type: ignore[attr-defined]


def test_a_node_that_was_away_at_a_second_try_is_told_of_though_it_is_back() -> None:
    """What is removed without it may be listed again; seen with a node that boots in 8 seconds."""

    class Away(Busy):
        asked = 0

        def delete_snapshots(self, names: t.Sequence[str]) -> int:
            return 0  # the node's lock

        def learn(self, kind: str, name: str) -> t.Any:
            if kind != "peers":
                return super().learn(kind, name)
            self.asked += 1
            return (Peer("uuid-2", "node2", self.asked > 1),)

    made = Away(1)
    for name in "ab":
        made.run(("snapshot", "create", name, "volume-0", "no-timestamp"))
    run = Run(t.cast("t.Any", made))
    steps = tuple(DeleteSnapshot(name, "volume-0") for name in "ab")
    run.carry_out(Plan((AtOnce(steps, forks=2),)), made.refresh(Cluster(), [("all_snapshots", "")]))
    there = Cluster().put("peers", "", (Peer("uuid-2", "node2", True),))
    (told,) = run.doubts(there)
    assert "node2" in told
    assert "again" in told


def test_one_that_was_gone_already_does_not_end_the_queue(clock: Clock) -> None:
    made = Busy(1)
    for name in "abc":
        made.run(("snapshot", "create", name, "volume-0", "no-timestamp"))
    cluster = made.refresh(Cluster(), [("all_snapshots", "")])
    made.run(("snapshot", "delete", "b"))
    steps = tuple(DeleteSnapshot(name, "volume-0") for name in "abc")
    Run(t.cast("t.Any", made)).carry_out(Plan((AtOnce(steps, forks=2),)), cluster)
    assert made.snapshots == {}


def told(
    made: World,
    names: t.Sequence[str],
    run_module: RunModule,
    check: bool = False,
    state: str = "present",
) -> dict[str, t.Any]:
    """What the module returns; each snapshot is of the volume that its name ends with."""
    snapshots = [{"name": name, "volume": f"volume-{name[-1]}"} for name in names]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_module, "_reader", lambda _module: made)
        args = {"snapshots": snapshots, "state": state}
        return run_module("gluster_snapshot", args, print, check)


@pytest.mark.parametrize("check", [True, False])
def test_each_has_a_row_that_tells_what_became_of_it(check: bool, run_module: RunModule) -> None:
    made = Busy(3)
    bring(made, [WantedSnapshot("there-0", "volume-0")])
    result = told(made, ["there-0", "new-1"], run_module, check)
    assert result["changed"]
    assert [(row["name"], row["changed"], row["failed"]) for row in result["results"]] == [
        ("there-0", False, False),
        ("new-1", True, False),
    ]
    assert all(row["snapshot"]["name"] == row["name"] for row in result["results"])


@pytest.mark.parametrize("alone", [True, False])
def test_what_somebody_else_was_faster_with_is_no_change_of_this_run(
    alone: bool, run_module: RunModule
) -> None:
    """Of two that were asked for the same snapshot on the lab, both said that they had taken it."""

    class Overtaken(Busy):
        def run(self, words: t.Sequence[str], *_args: t.Any, **_named: t.Any) -> None:
            if words[:3] == ("snapshot", "create", "theirs-1"):
                super().run(words)
            super().run(words)

    result = told(Overtaken(3), ["theirs-1"] if alone else ["mine-0", "theirs-1"], run_module)
    assert result["changed"] is not alone
    assert [row["changed"] for row in result["results"]] == ([False] if alone else [True, False])


def test_a_task_in_which_one_failed_has_failed_and_tells_of_each(run_module: RunModule) -> None:
    made = Busy(3)
    made.refused = frozenset(["snapshot create bad-1"])
    result = told(made, ["good-0", "bad-1", "none-9"], run_module)
    assert result["failed"]
    assert result["msg"].startswith(
        "2 of 3 failed, and the others did not. none-9: volume volume-9"
    )
    good, bad, none = result["results"]
    assert (good["changed"], good["failed"]) == (True, False)
    assert (bad["changed"], bad["failed"], bad["snapshot"]) == (False, True, None)
    assert bad["msg"].startswith("gluster snapshot create bad-1 ")
    assert (none["changed"], none["failed"]) == (False, True)
    assert "does not exist" in none["msg"]


def test_where_all_fail_nothing_has_changed(run_module: RunModule) -> None:
    made = Busy(7)
    made.refused = frozenset(f"snapshot create bad-{number}" for number in range(7))
    result = told(made, [f"bad-{number}" for number in range(7)], run_module)
    assert not result["changed"]
    assert "And 2 more, see results." in result["msg"]


def test_a_removal_that_failed_tells_what_the_nodes_know(run_module: RunModule) -> None:
    made = Busy(2)
    names = ["good-0", "bad-1"]
    bring(made, [WantedSnapshot(name, f"volume-{name[-1]}") for name in names])
    made.refused = frozenset(["snapshot delete bad-1"])
    made.counts = {"this node": 0, "node2": 1}
    result = told(made, names, run_module, state="absent")
    assert "snapshots of volume volume-1 (0 at this node, 1 at node2)" in result["msg"]
