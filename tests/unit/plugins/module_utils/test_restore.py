# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore cut or failing at every command, before and after its effect, and run again."""

from __future__ import annotations

import contextlib
import itertools
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.mark import (
    MARK,
    READ_ONLY,
    Mark,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.notes import UNSET
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.restore import (
    WantedRestore,
    decide_restored,
    free_name,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot import (
    WantedSnapshot,
    decide_present,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import (
    Session,
    Worker,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    HALF_MADE,
    Snapshot,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    NO_SNAPSHOT,
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import Volume
from ansible_collections.glusterfs.data_protection.tests.unit.world import PowerCut, World, planned

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan

pytestmark = pytest.mark.usefixtures("clock")

BOTH = (True, False)


def world(status: str = "Started", activated: bool = False, of: type[World] = World) -> World:
    made = of()
    made.add_volume("projects")
    made.run(("snapshot", "create", "nightly", "projects", "no-timestamp", "description", "kept"))
    if activated:
        made.run(("snapshot", "activate", "nightly"))
    if status == "Stopped":
        made.run(("volume", "stop", "projects"))
    made.lines.clear()
    return made


def task(made: World, wanted: WantedRestore) -> Plan:
    """What the module does with it."""
    run, plan, cluster = planned(made, lambda c: decide_restored(wanted, c))
    run.carry_out(plan, cluster)
    return plan


def judge(made: World, wanted: WantedRestore, data: int) -> None:
    """By the data: the volume begins with the snapshot's, nothing else was lost on the way."""
    volume = made.volumes["projects"]
    assert volume.started
    assert volume.options[READ_ONLY] == "off"
    mark = Mark.of(volume)
    assert mark is not None
    assert mark.done
    assert made.data["projects"] >= data
    if wanted.keep_snapshot:
        kept = made.snapshots["nightly"]
        assert kept.data == data
        assert kept.snapshot.complete
        assert kept.snapshot.description == "kept"
        assert mark.uuid == kept.snapshot.uuid
    else:
        assert "nightly" not in made.snapshots
    if wanted.safety_snapshot:
        assert made.snapshots[mark.safety].data == made.replaced
        assert made.snapshots[mark.safety].snapshot.complete


def wanted_of(safety: bool, keep: bool) -> WantedRestore:
    return WantedRestore("nightly", "projects", True, safety, keep)


@pytest.mark.parametrize("status", ["Started", "Stopped"])
@pytest.mark.parametrize(("safety", "keep"), list(itertools.product(BOTH, BOTH)))
def test_restored_and_again(status: str, safety: bool, keep: bool) -> None:
    made = world(status)
    data = made.snapshots["nightly"].data
    wanted = wanted_of(safety, keep)
    task(made, wanted)
    judge(made, wanted, data)
    made.lines.clear()
    assert task(made, wanted).steps == ()
    assert made.lines == []


def every_cut() -> t.Iterator[tuple[str, bool, bool, int, bool]]:
    for status, safety, keep in itertools.product(("Started", "Stopped"), BOTH, BOTH):
        made = world(status)
        task(made, wanted_of(safety, keep))
        for number, after in itertools.product(range(len(made.lines)), BOTH):
            yield status, safety, keep, number, after


def every_creation() -> t.Iterator[tuple[str, bool, int]]:
    for status, safety in itertools.product(("Started", "Stopped"), BOTH):
        made = world(status)
        task(made, wanted_of(safety, True))
        for number, line in enumerate(made.lines):
            if line.startswith("snapshot create"):
                yield status, safety, number


@pytest.mark.parametrize(("status", "safety", "keep", "number", "after"), list(every_cut()))
def test_cut_anywhere_and_run_again(
    status: str, safety: bool, keep: bool, number: int, after: bool
) -> None:
    made = world(status)
    data = made.snapshots["nightly"].data
    wanted = wanted_of(safety, keep)
    made.cut_at, made.cut_after = number, after
    with pytest.raises(PowerCut):
        task(made, wanted)
    consumed = "nightly" not in made.snapshots
    made.cut_at = None
    made.lines.clear()
    if consumed and not safety and MARK not in made.volumes["projects"].options:
        # Without the safety snapshot nothing is left that tells of the restore: a clear refusal.
        with pytest.raises(Refusal, match="does not exist") as refused:
            task(made, wanted)
        assert "the volume holds its data already" in refused.value.remedy
        assert refused.value.remedy.endswith("set it off again.")
        return
    task(made, wanted)
    judge(made, wanted, data)
    assert task(made, wanted).steps == ()


@pytest.mark.parametrize(("status", "safety", "number"), list(every_creation()))
def test_cut_in_the_midst_of_a_creation_and_run_again(
    status: str, safety: bool, number: int
) -> None:
    made = world(status)
    data = made.snapshots["nightly"].data
    wanted = wanted_of(safety, True)
    made.cut_at, made.cut_after, made.cut_midst = number, True, True
    with pytest.raises(PowerCut):
        task(made, wanted)
    assert [held for held in made.snapshots.values() if not held.snapshot.complete]
    made.cut_at = None
    made.lines.clear()
    task(made, wanted)
    judge(made, wanted, data)
    assert len(made.snapshots) == 1 + safety
    assert task(made, wanted).steps == ()


@pytest.mark.parametrize("restored_before", BOTH)
@pytest.mark.parametrize("line", ["snapshot create", "volume stop", "snapshot restore"])
def test_a_snapshot_that_is_removed_in_the_midst_leaves_a_volume_that_can_be_had_back(
    line: str, restored_before: bool
) -> None:
    """On the lab: somebody removed it before `snapshot restore`. What is told is typed here.

    The safety snapshot of a restore before that tells of one of the same name.
    """
    made = world()
    if restored_before:
        task(made, replace(wanted_of(True, True), keep_snapshot=False))
        made.run(("snapshot", "create", "nightly", "projects", "no-timestamp"))
        made.lines.clear()
    present = made.volumes["projects"].snapshot_volume
    _run, plan, cluster = planned(made, lambda c: decide_restored(wanted_of(True, True), c))
    commands = plan.commands(cluster)
    made.cut_at = next(n for n, command in enumerate(commands) if f"gluster {line}" in command)
    with pytest.raises(PowerCut):
        task(made, wanted_of(True, True))
    made.cut_at = None
    made.run(("snapshot", "delete", "nightly"))
    with pytest.raises(Refusal, match="does not exist") as refused:
        task(made, wanted_of(True, True))
    assert "the volume has what it had" in refused.value.remedy
    for command in refused.value.remedy.rpartition(": ")[2].rstrip(".").split("; "):
        made.run(tuple(command.split()[1:]))
    volume = made.volumes["projects"]
    assert volume.started
    assert volume.snapshot_volume == present
    assert volume.options[READ_ONLY] == "off"
    made.run(("snapshot", "create", "nightly", "projects", "no-timestamp", "description", "kept"))
    data = made.snapshots["nightly"].data
    task(made, wanted_of(True, True))
    judge(made, wanted_of(True, True), data)


def test_who_mistypes_a_name_is_not_told_to_give_up_a_restore() -> None:
    made = world()
    made.cut_at = 3
    with pytest.raises(PowerCut):
        task(made, wanted_of(True, True))
    made.cut_at = None
    with pytest.raises(Refusal, match="nigthly of volume projects does not exist") as refused:
        task(made, replace(wanted_of(True, True), name="nigthly"))
    assert "give it up" not in refused.value.remedy


@pytest.mark.parametrize("activated", BOTH)
def test_a_snapshot_that_is_removed_in_the_midst_leaves_all_as_it_was(activated: bool) -> None:
    """Somebody removes it before `snapshot restore`, which says that it is not there."""

    class Removed(World):
        def _snapshot_restore(self, words: t.Sequence[str], name: str) -> None:
            del self.snapshots[name]
            self._fail(words, NO_SNAPSHOT)

    made = world(activated=activated)
    made.__class__ = Removed
    before = made.volumes["projects"]
    run, plan, cluster = planned(made, lambda c: decide_restored(wanted_of(True, True), c))
    with pytest.raises(GlusterError) as failed:
        run.carry_out(plan, cluster)
    assert made.snapshots == {}
    volume = made.volumes["projects"]
    assert volume.started
    assert {k: v for k, v in volume.options.items() if v not in ("off", UNSET)} == before.options
    text = run.told(failed.value)
    assert "half done" not in text
    assert "Left as it is" not in text
    assert "Volume projects is Started." in text


def test_what_is_half_made_is_not_restored() -> None:
    made = world()
    held = made.snapshots["nightly"]
    held.snapshot = replace(held.snapshot, broken=HALF_MADE)
    with pytest.raises(Refusal, match="snapshot nightly is half made"):
        task(made, wanted_of(True, True))
    assert made.lines == []


def test_bricks_that_did_not_come_up_after_a_power_cut_are_brought_up() -> None:
    """Of an activated snapshot of 10.3: "Mismatching trusted.glusterfs.volume-id", and no other way."""
    made = world(activated=True)
    data = made.snapshots["nightly"].data
    made.without_bricks.add("nightly")
    wanted = wanted_of(True, True)
    task(made, wanted)
    assert made.lines[:2] == ["snapshot deactivate nightly", "snapshot activate nightly"]
    judge(made, wanted, data)
    assert made.snapshots["nightly"].snapshot.activated


def replicated(status: str) -> World:
    made = world()
    workers = (Worker("node1", "id", "/bricks/projects", status),)
    made.sessions["projects"] = (Session("projects", "backup1::mirror", workers),)
    made.run(("volume", "set", "projects", "geo-replication.indexing", "on"))
    held = made.snapshots["nightly"]
    held.options["geo-replication.indexing"] = "on"
    made.lines.clear()
    return made


@pytest.mark.parametrize("status", ["Active", "Faulty", "Paused", "Stopped", "Created"])
def test_a_session_is_a_reason_to_refuse_or_is_stopped(status: str) -> None:
    made = replicated(status)
    with pytest.raises(Refusal, match="backup1::mirror"):
        task(made, wanted_of(True, True))
    assert made.lines == []
    data = made.snapshots["nightly"].data
    task(made, replace(wanted_of(True, True), stop_sessions=True))
    judge(made, wanted_of(True, True), data)
    stops = [line for line in made.lines if "geo-replication" in line]
    assert len(stops) == (status in {"Active", "Faulty", "Paused"})
    assert not made.sessions["projects"][0].running


@pytest.mark.parametrize(("number", "after"), list(itertools.product(range(10), BOTH)))
def test_cut_anywhere_with_a_session_and_run_again(number: int, after: bool) -> None:
    made = replicated("Active")
    data = made.snapshots["nightly"].data
    wanted = replace(wanted_of(True, True), stop_sessions=True)
    made.cut_at, made.cut_after = number, after
    with pytest.raises(PowerCut):
        task(made, wanted)
    made.cut_at = None
    made.lines.clear()
    task(made, wanted)
    judge(made, wanted, data)
    assert task(made, wanted).steps == ()


@pytest.mark.parametrize("number", range(8))
def test_failing_anywhere_is_taken_back_or_goes_on(number: int) -> None:
    made = world()
    data = made.snapshots["nightly"].data
    wanted = wanted_of(True, True)
    made.fail_at = number
    with pytest.raises(GlusterError):
        task(made, wanted)
    if "nightly" in made.snapshots and made.volumes["projects"].snapshot_volume is None:
        volume = made.volumes["projects"]
        assert volume.started
        assert volume.options.get(READ_ONLY, "off") == "off"
        assert set(made.snapshots) == {"nightly"}
        assert not made.snapshots["nightly"].snapshot.activated
    made.fail_at = None
    made.lines.clear()
    task(made, wanted)
    judge(made, wanted, data)


def test_a_hold_that_somebody_released_is_begun_anew() -> None:
    made = world()
    data = made.snapshots["nightly"].data
    wanted = wanted_of(True, True)
    made.cut_at = 3  # at the stop, when the safety snapshot is there
    with pytest.raises(PowerCut):
        task(made, wanted)
    made.cut_at = None
    made.run(("volume", "set", "projects", READ_ONLY, "off"))
    made.lines.clear()
    task(made, wanted)
    judge(made, wanted, data)


WEEKLY = WantedRestore("weekly", "projects", True)


def given_up(number: int, after: bool = False, **options: bool) -> World:
    """With a second snapshot, weekly; the restore of nightly is cut at that command."""
    made = world()
    made.run(("snapshot", "create", "weekly", "projects", "no-timestamp"))
    made.lines.clear()
    made.cut_at, made.cut_after = number, after
    with pytest.raises(PowerCut):
        task(made, WantedRestore("nightly", "projects", True, **options))
    made.cut_at = None
    return made


@pytest.mark.parametrize("number", range(5))
def test_one_that_is_given_up_for_another_snapshot_leaves_no_hold(number: int) -> None:
    made = given_up(number)
    task(made, WEEKLY)
    volume = made.volumes["projects"]
    assert (volume.started, volume.options[READ_ONLY]) == (True, "off")
    assert "nightly" in made.snapshots


@pytest.mark.parametrize(
    ("keep", "number", "after"),
    [
        (True, 4, True),  # the restore itself
        *((True, number, after) for number in range(5, 8) for after in BOTH),
        (True, 8, False),  # the release
        (False, 4, True),
        (False, 5, False),
    ],
)
def test_one_that_has_consumed_its_snapshot_is_not_given_up(
    keep: bool, number: int, after: bool
) -> None:
    made = given_up(number, after, keep_snapshot=keep)
    was = set(made.snapshots)
    with pytest.raises(Refusal, match="half done: that snapshot is consumed") as refused:
        task(made, WEEKLY)
    (safety,) = was - {"nightly", "weekly"}
    assert f"restore {safety}: what the volume held before" in refused.value.remedy
    assert set(made.snapshots) == was
    made.lines.clear()
    plan = task(made, WantedRestore("nightly", "projects", True, keep_snapshot=keep))
    assert plan.warnings == ()
    task(made, WEEKLY)
    assert {"weekly", *(("nightly",) if keep else ())} <= set(made.snapshots)


@pytest.mark.parametrize("number", range(5, 9))
def test_half_done_the_way_back_to_what_was_before_is_open(number: int) -> None:
    made = given_up(number)
    safety = min(made.snapshots)
    data, restored = made.snapshots[safety].data, made.data["projects"]
    plan = task(made, WantedRestore(safety, "projects", True))
    (held,) = set(made.snapshots) - {"nightly", "weekly", safety}
    lost = "Snapshot nightly was consumed by a restore that is given up. What it held will be in"
    # Before its last command it is taken again already.
    assert plan.warnings == ((f"{lost} snapshot {held}.",) if number < 8 else ())
    volume = made.volumes["projects"]
    assert (volume.started, volume.options[READ_ONLY]) == (True, "off")
    assert made.data["projects"] >= data
    assert restored in [one.data for one in made.snapshots.values()]


def test_a_restored_volume_whose_options_were_reset_is_not_half_done() -> None:
    made = given_up(0)
    task(made, wanted_of(True, True))
    made.run(("volume", "set", "projects", MARK, UNSET))
    task(made, WEEKLY)
    assert "nightly" in made.snapshots


def test_one_that_only_held_a_volume_restored_before_may_be_given_up() -> None:
    made = given_up(0)
    task(made, WEEKLY)
    made.lines.clear()
    made.cut_at = 3
    with pytest.raises(PowerCut):
        task(made, wanted_of(True, True))
    made.cut_at = None
    task(made, replace(WEEKLY, restore_again=True))
    assert "nightly" in made.snapshots


def test_a_safety_snapshot_or_a_mark_of_other_data_says_nothing_of_these() -> None:
    made = given_up(0)
    task(made, replace(wanted_of(True, True), keep_snapshot=False))
    made.run(("volume", "stop", "projects"))
    made.run(("snapshot", "restore", "weekly"))  # by hand
    stale = Mark("nightly", "uuid", "data that are gone").text()
    for mark in (UNSET, stale):
        made.run(("volume", "set", "projects", MARK, mark))
        with pytest.raises(Refusal, match=r"needs it started$"):
            planned(made, lambda c: decide_present(WantedSnapshot("new", "projects"), c))


def test_without_a_safety_snapshot_no_way_back_is_told() -> None:
    made = given_up(4, safety_snapshot=False)
    with pytest.raises(Refusal, match="is half done") as refused:
        task(made, WEEKLY)
    assert refused.value.remedy == "Run that restore to its end first."


def test_the_way_back_without_a_safety_snapshot_says_what_it_costs() -> None:
    made = given_up(5)
    back = WantedRestore(min(made.snapshots), "projects", True, safety_snapshot=False)
    plan = planned(made, lambda c: decide_restored(back, c))[1]
    assert plan.warnings[0].endswith("What it held will be in nothing that is kept.")


@pytest.mark.parametrize("number", [5, 6])
def test_a_snapshot_of_a_volume_whose_restore_is_half_done_says_so(number: int) -> None:
    made = given_up(number)
    with pytest.raises(Refusal, match="leave it stopped: its restore to snapshot nightly"):
        planned(made, lambda c: decide_present(WantedSnapshot("new", "projects"), c))
    made = world("Stopped")
    with pytest.raises(Refusal, match=r"needs it started$"):
        planned(made, lambda c: decide_present(WantedSnapshot("new", "projects"), c))


def test_a_snapshot_taken_anew_is_restored_again() -> None:
    made = world()
    wanted = wanted_of(True, True)
    task(made, wanted)
    made.run(("snapshot", "delete", "nightly"))
    made.run(("snapshot", "create", "nightly", "projects", "no-timestamp", "description", "kept"))
    data = made.snapshots["nightly"].data
    assert task(made, wanted).steps
    judge(made, wanted, data)


def test_restore_again_only_when_asked() -> None:
    made = world()
    task(made, wanted_of(True, True))
    data = made.snapshots["nightly"].data
    again = WantedRestore("nightly", "projects", True, True, True, restore_again=True)
    assert task(made, again).steps
    judge(made, again, data)


def test_a_volume_that_is_read_only_stays_so() -> None:
    made = world()
    made.run(("volume", "set", "projects", READ_ONLY, "on"))
    task(made, wanted_of(True, True))
    assert made.volumes["projects"].options[READ_ONLY] == "on"


def message(made: World) -> str:
    """Of a restore that fails."""
    run, plan, cluster = planned(made, lambda c: decide_restored(wanted_of(True, True), c))
    with pytest.raises(GlusterError) as error:
        run.carry_out(plan, cluster)
    return run.told(error.value)


def test_without_what_was_half_made_a_restore_is_not_half_done() -> None:
    """A snapshot that is removed for good would be the point of no return."""
    made = world()
    made.cut_at, made.cut_after, made.cut_midst = 2, True, True
    with pytest.raises(PowerCut):
        task(made, wanted_of(True, True))
    (safety,) = set(made.snapshots) - {"nightly"}
    made.cut_at = None
    made.refused = frozenset({f"snapshot create {safety}"})
    assert "half done" not in message(made)
    assert set(made.snapshots) == {"nightly"}


def test_a_start_that_failed_is_not_told_as_having_had_effect() -> None:
    made = world()
    made.refused = frozenset({"volume start projects"})
    advice, _had_effect, done = message(made).partition("Left as it is, having had effect: ")
    assert "gluster snapshot restore nightly" in done
    assert "gluster volume start projects" not in done
    assert "Run the same task again" in advice


def test_half_a_restore_says_what_not_to_do_and_where_the_data_of_before_are() -> None:
    made = world()
    made.refused = frozenset({"volume start projects"})
    for _again in range(2):
        text = message(made)
        assert "Volume projects is Stopped. The restore of volume projects is half done" in text
        assert "what is stopped or read-only is to stay so until the same task has run" in text
        assert "starts it" not in text
        assert "Run the same task again" in text
        assert f"What it held before is in snapshot {min(made.snapshots)}." in text
        assert len(made.snapshots) == 1


def test_a_run_that_begins_behind_the_restore_leaves_the_volume_held() -> None:
    """A person who mends its bricks starts it by hand, and no client may write before the next run."""
    made = world()
    task(made, wanted_of(True, True))
    made, at = world(), made.lines.index("snapshot restore nightly")
    made.cut_at, made.cut_after = at, True
    with pytest.raises(PowerCut):
        task(made, wanted_of(True, True))
    assert made.volumes["projects"].options.get(READ_ONLY, "off") == "off"
    made.cut_at = None
    made.refused = frozenset({"volume start projects"})
    assert "Left as it is, having had effect: gluster volume set projects" in message(made)
    assert made.volumes["projects"].options[READ_ONLY] == "on"


def test_no_restore_without_a_node_that_was_lost_meanwhile() -> None:
    """glusterd would do it without that one, which would give it back, on the bricks of the volume."""
    made = world()
    data = made.data["projects"]
    made.lost_after = "volume stop projects"
    text = message(made)
    assert (
        "snapshot restore nightly failed: not run: nodes of the pool are down now (node2)" in text
    )
    assert "snapshot restore nightly" not in made.lines
    assert "half done" not in text
    assert made.volumes["projects"].started
    assert made.data["projects"] >= data
    made.lost_after = ""
    task(made, wanted_of(True, True))
    assert "snapshot restore nightly" in made.lines


@pytest.mark.parametrize("asked", [True, False])
def test_what_nobody_can_tell_of_is_not_told_as_having_had_effect(asked: bool) -> None:
    """glusterd ends just before the restore: it is asked who is there, or it is not."""

    class Ended(World):
        def learn(self, kind: str, name: str) -> t.Any:
            gone = "volume stop projects" if asked else "snapshot restore nightly"
            if gone in self.lines and (not asked or self.tried):
                raise GlusterError(("gluster", kind), "Connection failed")
            return super().learn(kind, name)

        tried = False

        def run(self, words: t.Sequence[str], *args: t.Any, **named: t.Any) -> None:
            self.tried = words[1] == "restore" or self.tried
            super().run(words, *args, **named)

    made = world(of=Ended)
    made.refused = frozenset({"snapshot restore nightly"})
    text = message(made)
    _head, _had, done = text.partition("Left as it is, having had effect: ")
    done, _unsure, unsure = done.partition("Nobody answers whether this had effect: ")
    assert "gluster volume stop projects" in done
    assert "gluster snapshot restore" not in done
    assert ("gluster snapshot restore nightly" in unsure) is not asked
    assert ("is half done" in text) is not asked


def test_no_restore_on_what_an_earlier_one_left_when_it_was_cut_off() -> None:
    """Gluster refuses it, and this node's glusterd does not start any more (10.3)."""
    made = world()
    made.cut_restores["projects"] = "/var/lib/glusterd/trash/vols-projects.deleted"
    with pytest.raises(Refusal, match=r"was cut off on this node .*vols-projects\.deleted is left"):
        task(made, wanted_of(True, True))
    assert made.lines == []


def test_no_restore_where_nobody_tells_who_is_there() -> None:
    """Nor is it waited for, as after a restore whose answer is late."""

    class Deaf(World):
        def learn(self, kind: str, name: str) -> t.Any:
            if kind == "peers" and "volume stop projects" in self.lines:
                raise GlusterError(("gluster", "pool", "list"), "no answer", timed_out=True)
            return super().learn(kind, name)

    made = world(of=Deaf)
    text = message(made)
    assert "snapshot restore nightly failed: not run: gluster pool list failed: no answer" in text
    assert made.volumes["projects"].started


@pytest.mark.parametrize("refused", ["snapshot restore nightly", "volume stop projects"])
def test_a_restore_that_was_taken_back_is_not_half_done(refused: str) -> None:
    made = world()
    made.refused = frozenset({refused})
    assert "half done" not in message(made)


def test_a_restored_volume_that_does_not_start_is_not_half_done() -> None:
    made = world()
    task(made, wanted_of(True, True))
    made.run(("volume", "stop", "projects"))
    made.refused = frozenset({"volume start projects"})
    assert "half done" not in message(made)


def test_a_started_volume_needs_consent() -> None:
    made = world()
    with pytest.raises(Refusal, match="is started") as caught:
        task(made, WantedRestore("nightly", "projects"))
    assert "stop_volume" in caught.value.remedy
    assert made.lines == []


def test_auto_delete_must_not_eat_the_snapshot() -> None:
    made = world()
    made.config = type(made.config)(256, 90, True, False)
    for number in range(230):
        made.run(("snapshot", "create", f"s{number}", "projects", "no-timestamp"))
    made.lines.clear()
    with pytest.raises(Refusal, match="auto_delete"):
        task(made, wanted_of(True, True))
    assert made.lines == []


def volume_that_says(text: str | None) -> Volume:
    return Volume("projects", "id", "Started", options={} if text is None else {MARK: text})


def test_a_long_description_leaves_room_for_the_mark() -> None:
    mark = Mark("nightly", "u" * 36, "d" * 32, description="ü" * 1000)
    safety = Snapshot("before", "projects", mark.explained())
    assert len(safety.description.encode()) <= 1024
    assert Mark.in_safety(safety) == replace(mark, description="", safety="before")
    assert Mark.of(volume_that_says(mark.text())) == mark
    assert len(mark.text().encode()) <= 3500


def test_a_long_name_leaves_room_in_that_of_the_safety_snapshot() -> None:
    names: set[str] = set()
    for _number in range(9):
        names.add(free_name("n" * 254 + "-0123456789ab", lambda name: name not in names))
    assert len(names) == 9
    assert all("-0123456789ab" in name for name in names)
    assert {len(name) for name in names} == {254}


@pytest.mark.parametrize("on_create", BOTH)
@pytest.mark.parametrize("cut", [None, *range(9)])
def test_an_activated_snapshot_is_activated_again(cut: int | None, on_create: bool) -> None:
    made = world(activated=True)
    made.config = type(made.config)(256, 90, False, on_create)
    made.cut_at, made.cut_after = cut, True
    with contextlib.suppress(PowerCut):
        task(made, wanted_of(True, True))
    made.cut_at = None
    made.lines.clear()
    task(made, wanted_of(True, True))
    assert made.snapshots["nightly"].snapshot.activated
    assert task(made, wanted_of(True, True)).steps == ()


@pytest.mark.parametrize("text", [None, "", "-", "{", "[]", '{"no": 1}', "{}", "1"])
def test_what_is_no_mark_is_none(text: str | None) -> None:
    assert Mark.of(volume_that_says(text)) is None
