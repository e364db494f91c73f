# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deciders: a plan carried out gives what is wanted, and planning again gives nothing."""

from __future__ import annotations

import string
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._apply import Run
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide import (
    clone,
    config,
    names,
    snapshot,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import (
    Plan,
    Refusal,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.snapshot import (
    CreateSnapshot,
    DeleteSnapshot,
    RemoveHalfMade,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import (
    Session,
    Worker,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    BEFORE_11,
    CONSUMED,
    GONE,
    HALF_MADE,
    ONLY_LISTED,
    Cluster,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import settle
from ansible_collections.glusterfs.data_protection.tests.unit.world import World, planned
from hypothesis import given
from hypothesis import strategies as st

NAMES = ("a", "b")
VOLUMES = ("v1", "v2")
Decide = t.Callable[[Cluster], Plan]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    made = World()
    made.config = type(made.config)(256, 90, draw(st.booleans()), draw(st.booleans()))
    for volume in VOLUMES:
        made.add_volume(volume)
    for name in NAMES:
        if draw(st.booleans()):
            made.run(("snapshot", "create", name, draw(st.sampled_from(VOLUMES)), "no-timestamp"))
            if draw(st.booleans()) and not made.snapshots[name].snapshot.activated:
                made.run(("snapshot", "activate", name))
    made.lines.clear()
    return made


def bring(made: World, decide: Decide) -> Plan:
    """Plan, carry out, and hold the prediction against what came of it."""

    def settled(cluster: Cluster) -> tuple[Plan, Cluster]:
        plan = decide(cluster)
        return plan, plan.preflight(cluster)

    cluster, (plan, predicted) = settle(t.cast("t.Any", made), Cluster(), settled)
    after = Run(t.cast("t.Any", made)).carry_out(plan, cluster)
    for step in plan.steps[-1:]:
        assert step.holds(predicted)
        assert step.holds(after)
    return plan


def reaches(made: World, decide: Decide) -> None:
    before = {name: held.snapshot for name, held in made.snapshots.items()}
    try:
        bring(made, decide)
    except Refusal:
        assert made.lines == []
        assert before == {name: held.snapshot for name, held in made.snapshots.items()}
        return
    assert bring(made, decide).steps == ()


@given(
    worlds(),
    st.sampled_from(NAMES),
    st.sampled_from((*VOLUMES, "nosuch", None)),
    st.sampled_from((None, True, False)),
)
def test_present(made: World, name: str, volume: str | None, activated: bool | None) -> None:
    wanted = snapshot.WantedSnapshot(name, volume, "text", activated)
    reaches(made, lambda cluster: snapshot.decide_present(wanted, cluster))
    if made.lines:
        held = made.snapshots[name].snapshot
        assert volume in (None, held.volume)
        assert activated in (None, held.activated)


@given(worlds(), st.sampled_from(NAMES), st.sampled_from((*VOLUMES, None)))
def test_absent_takes_that_one_only(made: World, name: str, volume: str | None) -> None:
    others = {key: held.snapshot for key, held in made.snapshots.items() if key != name}
    reaches(made, lambda cluster: snapshot.decide_absent(name, volume, cluster))
    left = {key: held.snapshot for key, held in made.snapshots.items() if key != name}
    assert left == others


ABSENT: t.Mapping[str, Decide] = {
    "one": lambda c: snapshot.decide_absent("a", "v1", c),
    "all of a volume": lambda c: snapshot.decide_none_of("v1", c),
    "of a list": lambda c: snapshot.decide_several(
        [snapshot.WantedSnapshot("a", "v1"), snapshot.WantedSnapshot("b", "v2")], True, 8, c
    ),
}


def in_use() -> World:
    """Snapshot a of volume v1, and b of v2."""
    made = World()
    for name, volume in zip(NAMES, VOLUMES):
        made.add_volume(volume)
        made.run(("snapshot", "create", name, volume, "no-timestamp"))
    made.lines.clear()
    return made


def why_not(made: World, decide: Decide) -> str:
    """What keeps snapshot a, where something does."""
    try:
        run, plan, cluster = planned(made, decide)
    except Refusal as refusal:
        return refusal.problem
    run.carry_out(plan, cluster)
    return " ".join(plan.refused.values())


@pytest.mark.parametrize("absent", ABSENT.values(), ids=ABSENT)
def test_what_a_worker_has_mounted_is_not_removed(absent: Decide) -> None:
    """On 10.3 it would be removed from some nodes, and for good stay on the others."""
    made = in_use()
    hidden = str(made.snapshots["a"].snapshot.snapshot_volume)
    made.mounted_apart[hidden] = "gsyncd worker v1 c1::copy (PID 7)"
    told = why_not(made, absent)
    assert "snapshot a: mounted by gsyncd worker v1 c1::copy (PID 7)" in told
    assert f"rmdir the empty /run/gluster/snaps/{hidden}/brick*" in told
    assert "a" in made.snapshots
    made.mounted_apart.clear()
    assert not why_not(made, absent)
    assert "a" not in made.snapshots


@pytest.mark.parametrize("status", ["Active", "Paused", "Stopped"])
def test_a_removal_that_failed_is_not_tried_again_while_workers_run(status: str) -> None:
    """The first try let go of it on this node alone (10.3 removes the mount point)."""
    made = in_use()
    held = made.snapshots["a"]
    held.snapshot = replace(held.snapshot, removal_failed=True)
    worker = Worker("node1", "id", "/bricks/v2", status)
    made.sessions[""] = (Session("v2", "c1::copy", (worker,)),)
    told = why_not(made, ABSENT["one"])
    assert ("stop the sessions of v2" in told) == (status != "Stopped") == ("a" in made.snapshots)


@pytest.mark.parametrize(
    ("broken", "remedy"),
    [
        (ONLY_LISTED, "systemctl restart glusterd"),
        (BEFORE_11, "while glusterd is stopped"),
        (CONSUMED, "would destroy the volume"),
    ],
)
@pytest.mark.parametrize("absent", ABSENT.values(), ids=ABSENT)
def test_what_gluster_cannot_remove_is_not_removed(
    absent: Decide, broken: str, remedy: str
) -> None:
    made = in_use()
    held = made.snapshots["a"]
    held.snapshot = replace(held.snapshot, broken=broken)
    assert remedy in why_not(made, absent)
    assert "a" in made.snapshots


def test_the_reason_of_several_is_told_once() -> None:
    made = in_use()
    made.run(("snapshot", "create", "more", "v1", "no-timestamp"))
    for name in ("a", "more"):
        held = made.snapshots[name]
        held.snapshot = replace(held.snapshot, broken=BEFORE_11)
    told = why_not(made, ABSENT["all of a volume"])
    assert told.startswith("snapshots a, more: of a Gluster before 11")
    assert told.count("before 11") == 1


def half_made(broken: str = HALF_MADE) -> World:
    made = in_use()
    held = made.snapshots["a"]
    held.snapshot = replace(held.snapshot, broken=broken, activated=False)
    made.lines.clear()
    return made


@pytest.mark.parametrize(
    ("broken", "told"), [(HALF_MADE, "is half made"), (GONE, "is without its data")]
)
@pytest.mark.parametrize(
    "decide",
    [
        lambda cluster: snapshot.decide_present(snapshot.WantedSnapshot("a"), cluster),
        lambda cluster: snapshot.decide_present(
            snapshot.WantedSnapshot("a", activated=True), cluster
        ),
        lambda cluster: clone.decide_clone("copy", "a", True, cluster),
    ],
    ids=["present", "activated", "clone"],
)
def test_what_is_half_made_is_no_snapshot(decide: Decide, broken: str, told: str) -> None:
    made = half_made(broken)
    assert f"snapshot a {told}" in why_not(made, decide)
    assert made.lines == []


def test_what_came_back_without_its_data_goes_only_when_that_is_said() -> None:
    """It may be that only its logical volume is not active."""
    made = half_made(GONE)
    step = RemoveHalfMade("a", made.snapshots["a"].snapshot.volume)
    assert "lvchange -ay" in why_not(made, lambda cluster: Plan((step,)))
    reaches(made, lambda cluster: snapshot.decide_absent("a", None, cluster))
    assert "a" not in made.snapshots


def test_a_creation_is_over_when_it_was_brought_to_an_end() -> None:
    """Of one that did not answer in time: it is listed while it goes on."""
    made = half_made()
    step = CreateSnapshot("a", made.snapshots["a"].snapshot.volume)
    cluster = made.refresh(Cluster(), step.proof())
    assert not step.holds(cluster)
    assert "half made" in step.lacking(cluster)
    assert "half made" in DeleteSnapshot("a", step.volume).lacking(cluster)


@given(worlds(), st.sampled_from(VOLUMES))
def test_none_of_a_volume_leaves_the_others(made: World, volume: str) -> None:
    others = {k for k, held in made.snapshots.items() if held.snapshot.volume != volume}
    reaches(made, lambda cluster: snapshot.decide_none_of(volume, cluster))
    assert set(made.snapshots) == others


@given(worlds(), st.sampled_from(NAMES), st.booleans())
def test_a_clone_leaves_its_snapshot_as_it_was(made: World, name: str, started: bool) -> None:
    before = {key: held.snapshot for key, held in made.snapshots.items()}
    reaches(made, lambda cluster: clone.decide_clone("copy", name, started, cluster))
    assert {key: held.snapshot for key, held in made.snapshots.items()} == before
    if "copy" in made.volumes:
        assert made.volumes["copy"].started is started
        assert made.data["copy"] >= made.snapshots[name].data
        reaches(made, lambda cluster: clone.decide_no_clone("copy", True, cluster))
        assert "copy" not in made.volumes


@pytest.mark.parametrize("started", [True, False])
def test_a_clone_of_a_replicated_volume_is_stopped_all_the_same(started: bool) -> None:
    made = World()
    made.add_volume("v1")
    made.run(("volume", "set", "v1", "geo-replication.indexing", "on"))
    made.run(("snapshot", "create", "s", "v1", "no-timestamp"))
    bring(made, lambda cluster: clone.decide_clone("copy", "s", started, cluster))
    assert made.volumes["copy"].started is started
    bring(made, lambda cluster: clone.decide_no_clone("copy", True, cluster))
    assert "copy" not in made.volumes


def test_a_clone_that_was_cut_short_before_its_first_start_can_be_written_to() -> None:
    made = World()
    made.add_volume("v1")
    made.run(("volume", "set", "v1", "features.read-only", "on"))
    made.run(("snapshot", "create", "s", "v1", "no-timestamp"))
    made.run(("snapshot", "activate", "s"))
    made.run(("snapshot", "clone", "copy", "s"))
    reaches(made, lambda cluster: clone.decide_clone("copy", "s", True, cluster))
    assert made.volumes["copy"].started
    assert made.volumes["copy"].options["features.read-only"] == "off"


def test_a_clone_with_sessions_of_its_own_is_not_stopped() -> None:
    made = World()
    made.add_volume("v1")
    made.run(("volume", "set", "v1", "geo-replication.indexing", "on"))
    made.run(("snapshot", "create", "s", "v1", "no-timestamp"))
    bring(made, lambda cluster: clone.decide_clone("copy", "s", True, cluster))
    made.sessions["copy"] = (Session("copy", "node4::mirror"),)
    with pytest.raises(Refusal, match="sessions of its own"):
        bring(made, lambda cluster: clone.decide_no_clone("copy", True, cluster))
    assert made.volumes["copy"].started


@given(worlds())
def test_an_ordinary_volume_is_no_clone(made: World) -> None:
    with pytest.raises(Refusal, match="is not a clone"):
        bring(made, lambda cluster: clone.decide_no_clone("v1", True, cluster))
    assert set(made.volumes) == set(VOLUMES)


LIMIT = st.one_of(st.none(), st.integers(-1, 300))
SWITCH = st.one_of(st.none(), st.booleans())


@given(worlds(), LIMIT, LIMIT, SWITCH, SWITCH)
def test_config(
    made: World, hard: int | None, soft: int | None, delete: bool | None, activate: bool | None
) -> None:
    reaches(
        made,
        lambda cluster: config.decide_config(None, hard, soft, delete, activate, cluster),
    )
    if made.lines:
        now = made.config
        assert hard in (None, now.hard_limit)
        assert soft in (None, now.soft_limit)
        assert delete in (None, now.auto_delete)
        assert activate in (None, now.activate_on_create)


@pytest.mark.parametrize("given_one", ["soft_limit", "auto_delete", "activate_on_create"])
def test_a_volume_has_the_hard_limit_only(given_one: str) -> None:
    made = World()
    made.add_volume("v1")
    values: dict[str, t.Any] = dict.fromkeys(
        ("hard_limit", "soft_limit", "auto_delete", "activate_on_create")
    )
    values[given_one] = 1
    with pytest.raises(Refusal, match="not of a volume"):
        bring(made, lambda cluster: config.decide_config("v1", cluster=cluster, **values))


def test_a_differing_description_is_told() -> None:
    made = World()
    made.add_volume("v1")
    made.run(("snapshot", "create", "a", "v1", "no-timestamp", "description", "old"))
    wanted = snapshot.WantedSnapshot("a", "v1", "new")
    plan = bring(made, lambda cluster: snapshot.decide_present(wanted, cluster))
    assert plan.steps == ()
    assert "'old'" in plan.warnings[0]


@pytest.mark.parametrize("name", ["a", "-dash", "_x", "A" * 254, "0"])
def test_legal_names(name: str) -> None:
    names.check_snapshot_name(name)


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "a.b", "é", "a\n", "$(x)", "A" * 255, "all", "force", "volume"]
)
def test_illegal_names(name: str) -> None:
    with pytest.raises(Refusal):
        names.check_snapshot_name(name)


@given(st.text())
def test_whatever_passes_is_one_plain_word(name: str) -> None:
    try:
        names.check_snapshot_name(name)
        names.check_volume_name(name)
    except Refusal:
        return
    assert set(name) <= set(string.ascii_letters + string.digits + "-_")
    assert name
    assert not name.startswith("-")


@pytest.mark.parametrize("text", ["two\nlines", "tab\t", " lead", "trail ", "x" * 1025, "ü" * 600])
def test_descriptions_that_gluster_would_change(text: str) -> None:
    with pytest.raises(Refusal):
        names.check_description(text)
