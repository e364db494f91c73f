# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Consistency groups and their sets, cut or failing at every command, and run again."""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._apply import Run
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide import (
    group,
    notes,
    snapshot_set,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.group import (
    WantedGroup,
    groups_of,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.mark import (
    MARK,
    READ_ONLY,
    Mark,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.notes import Tag
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.restore import (
    WantedRestore,
    decide_restored,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.sets import (
    SnapshotSet,
    sets_of,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot_set import (
    TAKEN,
    WantedSet,
    WantedSetRestore,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.volume_notes import (
    MEMBERSHIP,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    GONE,
    HALF_MADE,
    Cluster,
    Snapshot,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import settle
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    Failure,
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.tests.unit.world import PowerCut, World
from hypothesis import given
from hypothesis import strategies as st

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
        Volume,
    )

pytestmark = pytest.mark.usefixtures("clock")

BOTH = (True, False)
MEMBERS = ("alpha", "beta", "gamma")
SHOP = WantedGroup("shop", MEMBERS, "the shop")
NIGHTLY = WantedSet("nightly", "shop", "kept")
QUIESCED = replace(NIGHTLY, quiesced=True)
RESTORE = WantedSetRestore("nightly", "shop", stop_volume=True)
IDS = itertools.count(1)


def fresh() -> str:
    return f"{next(IDS):08x}-0000-4000-8000-000000000000"


class StandIn:
    """For the window: what is held is what the test says."""

    def __init__(self, held: bool = True, lasts: bool = True) -> None:
        self.held, self.lasts = held, lasts
        self.asked: list[t.Any] = []

    def open(self, addresses: t.Any) -> None:
        self.asked.append(addresses)
        if not self.held:
            raise Failure("these bricks are not held")

    def close(self, addresses: t.Any) -> Failure | None:
        return None if self.lasts else Failure("the hold ended before")


def task(made: World, decide: t.Callable[[Cluster], Plan], window: StandIn | None = None) -> Plan:
    """What the module does with it."""

    def settled(cluster: Cluster) -> Plan:
        plan = decide(cluster)
        plan.preflight(cluster)
        return plan

    cluster, plan = settle(t.cast("t.Any", made), Cluster(), settled)
    Run(t.cast("t.Any", made), t.cast("t.Any", window)).carry_out(plan, cluster)
    return plan


def form(made: World, wanted: WantedGroup = SHOP) -> Plan:
    return task(made, lambda c: group.decide_group(wanted, c))


def take(made: World, wanted: WantedSet = NIGHTLY, window: StandIn | None = None) -> Plan:
    identity = fresh()
    return task(made, lambda c: snapshot_set.decide_set(wanted, identity, c), window)


def restore(made: World, wanted: WantedSetRestore = RESTORE) -> Plan:
    identity = fresh()
    return task(made, lambda c: snapshot_set.decide_set_restored(wanted, identity, c))


def shop(taken: bool = True, others: tuple[str, ...] = ("other",)) -> World:
    made = World()
    for name in (*MEMBERS, *others):
        made.add_volume(name)
    form(made)
    if taken:
        take(made)
    made.lines.clear()
    return made


def sets(made: World) -> dict[str, SnapshotSet]:
    found = sets_of([held.snapshot for held in made.snapshots.values()], made.volumes.values())
    return {one.tag.name: one for one in found}


def the_group(made: World, name: str = "shop") -> group.Group:
    (found,) = (one for one in groups_of(made.volumes.values()) if one.name == name)
    return found


# The group.


def test_a_group_is_there_and_again() -> None:
    made = shop(taken=False)
    found = the_group(made)
    assert (found.members, found.drift, found.description) == (MEMBERS, (), "the shop")
    assert form(made).steps == ()
    assert form(made, WantedGroup("shop")).steps == ()
    assert form(made, WantedGroup("shop", ("gamma",), append=True)).steps == ()


def test_members_join_and_leave_and_the_id_stays() -> None:
    made = shop(taken=False)
    identity = the_group(made).id
    form(made, WantedGroup("shop", ("other",), append=True))
    assert the_group(made).members == (*MEMBERS, "other")
    form(made, WantedGroup("shop", ("alpha", "other")))
    found = the_group(made)
    assert (found.members, found.drift, found.id) == (("alpha", "other"), (), identity)
    assert made.volumes["beta"].options[MEMBERSHIP] == "-"


@pytest.mark.parametrize("between", range(len(MEMBERS)))
def test_who_founds_it_at_once_writes_the_same(between: int) -> None:
    """Another run begins and ends before any command of this one: both found it, and it is one group."""
    made = shop(taken=False)
    task(made, lambda c: group_absent("shop", c))
    made.lines.clear()
    run = made.run

    def run_between(words: t.Sequence[str], *_args: t.Any, **_named: t.Any) -> None:
        if len(made.lines) == between:
            made.run = run  # type: ignore[method-assign]
            form(made)
        run(words)

    made.run = run_between  # type: ignore[method-assign]
    assert len(form(made).steps) == len(MEMBERS)
    assert (the_group(made).members, the_group(made).drift) == (MEMBERS, ())


def test_a_word_of_somebody_else_is_not_taken_back() -> None:
    """Another text is written for beta meanwhile: what this run wrote before is taken back, and no more."""
    made = shop(taken=False)
    task(made, lambda c: group_absent("shop", c))
    made.lines.clear()
    run = made.run

    def run_before(words: t.Sequence[str], *_args: t.Any, **_named: t.Any) -> None:
        run(words)
        if words[2] == "beta":
            made._change("beta", options={MEMBERSHIP: "of somebody else"})

    made.run = run_before  # type: ignore[method-assign]
    with pytest.raises(GlusterError, match="not so when read back"):
        form(made)
    assert [made.volumes[name].options[MEMBERSHIP] for name in MEMBERS] == [
        "-",
        "of somebody else",
        "-",
    ]


def test_a_new_group_is_another_than_that_whose_snapshots_are_kept() -> None:
    made = shop()
    first = the_group(made).id
    task(made, lambda c: group_absent("shop", c))
    form(made)
    second = the_group(made).id
    assert second != first
    reader = t.cast("t.Any", made)
    assert settle(reader, Cluster(), lambda c: snapshot_set.sets_of_group("shop", c))[1] == []
    task(made, lambda c: group_absent("shop", c))
    form(made)
    assert the_group(made).id == second


def test_a_volume_is_in_one_group_at_most() -> None:
    made = shop(taken=False)
    with pytest.raises(Refusal, match="in consistency group shop already"):
        form(made, WantedGroup("bank", ("other", "beta")))
    assert made.lines == []


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (WantedGroup("shop", ("nosuch",)), "nosuch does not exist"),
        (WantedGroup("bank"), "would have no volume"),
        (WantedGroup("shop", ()), "would have no volume"),
        (WantedGroup("s p", ("other",)), "cannot name a consistency group"),
        (WantedGroup("s" * 65, ("other",)), "64 fit"),
        (WantedGroup("bank", ("other",), "x" * 1025), "1025 bytes"),
    ],
)
def test_what_is_no_group_is_refused(wanted: WantedGroup, text: str) -> None:
    made = shop(taken=False)
    with pytest.raises(Refusal, match=text):
        form(made, wanted)
    assert made.lines == []


CHANGES = [
    WantedGroup("shop", ("alpha", "other")),
    WantedGroup("shop", ("other",), append=True),
    WantedGroup("shop", MEMBERS, "another text"),
    WantedGroup("bank", ("other",)),
]


def every_cut_of_a_change() -> t.Iterator[tuple[WantedGroup, int, int]]:
    for wanted in CHANGES:
        made = shop(taken=False)
        form(made, wanted)
        yield from ((wanted, done, len(made.lines)) for done in range(len(made.lines)))


@pytest.mark.parametrize(("wanted", "done", "total"), list(every_cut_of_a_change()))
def test_a_change_cut_anywhere_is_seen_and_mended(
    wanted: WantedGroup, done: int, total: int
) -> None:
    made = shop(taken=False)
    identity = the_group(made).id
    made.cut_at = done
    with pytest.raises(PowerCut):
        form(made, wanted)
    made.cut_at = None
    drift = [text for one in groups_of(made.volumes.values()) for text in one.drift]
    assert bool(drift) == (0 < done < total)
    form(made, wanted)
    assert the_group(made, wanted.name).drift == ()
    assert the_group(made).id == identity
    assert form(made, wanted).steps == ()


def test_a_volume_restored_by_itself_is_drift_and_mended() -> None:
    made = shop()
    form(made, WantedGroup("shop", MEMBERS, "newer"))
    old = made.snapshots["shop_nightly_beta"].options
    made._change("beta", options=dict(old))
    assert [text.split()[1] for text in the_group(made).drift] == ["beta"]
    with pytest.raises(Refusal, match="has drifted"):
        take(made, replace(NIGHTLY, name="second"))
    form(made, WantedGroup("shop"))
    assert (the_group(made).drift, the_group(made).description) == ((), "newer")


def test_an_echo_of_an_older_group_is_not_believed() -> None:
    """beta was in a group of its own and is restored to that time."""
    made = World()
    for name in MEMBERS:
        made.add_volume(name)
    form(made, WantedGroup("old", ("beta", "gamma")))
    echo = dict(made.volumes["beta"].options)
    task(made, lambda c: group_absent("old", c))
    form(made)
    made._change("beta", options=echo)
    assert [one.name for one in groups_of(made.volumes.values())] == ["shop"]
    assert the_group(made).drift
    form(made)
    assert the_group(made).drift == ()


def group_absent(name: str, cluster: Cluster) -> Plan:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan

    return Plan(group.decide_no_group(name, cluster))


def test_a_clone_is_no_member() -> None:
    made = shop()
    made.run(("snapshot", "activate", "shop_nightly_alpha"))
    made.run(("snapshot", "clone", "copy", "shop_nightly_alpha"))
    made.run(("volume", "start", "copy"))
    found = the_group(made)
    assert found.members == MEMBERS
    assert found.drift == ("volume copy says that it is a member and is not",)
    form(made, WantedGroup("shop"))
    assert the_group(made).drift == ()
    assert made.volumes["copy"].options[MEMBERSHIP] == "-"


def test_a_group_that_is_gone_leaves_its_snapshots() -> None:
    made = shop()
    task(made, lambda c: group_absent("shop", c))
    assert groups_of(made.volumes.values()) == ()
    assert sets(made)["nightly"].complete
    assert task(made, lambda c: group_absent("shop", c)).steps == ()
    task(made, lambda c: snapshot_set.decide_no_sets("shop", c))
    assert made.snapshots == {}


def test_a_member_restored_by_itself_stays_a_member() -> None:
    made = shop()
    form(made, WantedGroup("shop", MEMBERS, "newer"))
    wanted = WantedRestore("shop_nightly_beta", "beta", stop_volume=True)
    task(made, lambda c: decide_restored(wanted, c))
    assert (the_group(made).drift, the_group(made).description) == ((), "newer")
    assert sets(made)["nightly"].complete


# What is told.


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=5), st.integers(), min_size=1))
def test_words_and_facts_are_told_apart(words: str, facts: dict[str, int]) -> None:
    text = notes.described(words.strip(), set=facts)
    assert notes.words_of(text) == words.strip()
    assert notes.facts_of(text, "set") == facts
    assert notes.facts_of(text, "restore") == {}


@pytest.mark.parametrize(
    "words", ["", "{", "}{", '{"a": 1}', "[1]", '{"set": {}} and more', "null"]
)
def test_words_that_look_like_facts(words: str) -> None:
    assert notes.words_of(words) == words
    assert notes.words_of(notes.described(words, set={"a": 1})) == words


def test_the_longest_names_leave_room_for_what_a_restore_has_to_know() -> None:
    tag = Tag("i" * 36, "s" * 64, "g" * 36, "n" * 64, 256, True)
    mark = Mark("m" * 180, "u" * 36, "d" * 32, safety="s" * 254, activated=True, attempt="a" * 36)
    mark = replace(mark, description=notes.described("ü" * 300, set=tag.__dict__))
    safety = Snapshot("before", "alpha", mark.explained(tag.__dict__))
    assert len(safety.description.encode()) <= 1024
    assert Tag.of(safety) == tag
    known = Mark.in_safety(safety)
    assert known is not None
    assert Tag.of(Snapshot("kept", "alpha", known.description)) == tag


# Its sets.


def test_a_set_is_taken_and_again() -> None:
    made = shop()
    found = sets(made)["nightly"]
    assert (found.complete, found.consistency, found.description) == (True, "none", "kept")
    assert found.volumes == MEMBERS
    assert sorted(made.snapshots) == [f"shop_nightly_{name}" for name in MEMBERS]
    assert take(made).steps == ()


@pytest.mark.parametrize("after", BOTH)
@pytest.mark.parametrize("number", range(4))
def test_a_set_cut_anywhere_is_taken_whole_by_the_next_run(number: int, after: bool) -> None:
    made = shop(taken=False)
    made.cut_at, made.cut_after = number, after
    with pytest.raises(PowerCut):
        take(made)
    made.cut_at = None
    made.lines.clear()
    found = sets(made).get("nightly")
    if found is not None and not found.complete:
        with pytest.raises(Refusal, match="not whole"):
            restore(made)
    take(made)
    assert sets(made)["nightly"].complete
    assert len(made.snapshots) == 3
    assert take(made).steps == ()


@pytest.mark.parametrize("number", range(3))
def test_a_set_of_which_one_is_half_made_is_taken_anew(number: int) -> None:
    made = shop(taken=False)
    made.cut_at, made.cut_after, made.cut_midst = number, True, True
    with pytest.raises(PowerCut):
        take(made)
    made.cut_at = None
    found = sets(made)["nightly"]
    assert not found.complete
    with pytest.raises(Refusal, match="1 half made"):
        restore(made)
    assert "(and 1 half made)" in take(made).warnings[-1]
    assert sets(made)["nightly"].complete
    assert len(made.snapshots) == 3


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_that_fails_takes_the_others_with_it(member: str) -> None:
    made = shop(taken=False)
    made.refused = frozenset({f"snapshot create shop_nightly_{member}"})
    with pytest.raises(Failure, match=f"shop_nightly_{member}"):
        take(made)
    assert made.snapshots == {}
    assert TAKEN not in made.volumes["alpha"].options


def test_all_that_fail_are_named() -> None:
    made = shop(taken=False)
    made.refused = frozenset({f"snapshot create shop_nightly_{name}" for name in MEMBERS})
    with pytest.raises(Failure) as caught:
        take(made)
    assert all(f"shop_nightly_{name}" in str(caught.value) for name in MEMBERS)


def test_a_set_that_lost_a_member_is_not_cleared_away() -> None:
    made = shop()
    made.run(("snapshot", "delete", "shop_nightly_beta"))
    made.lines.clear()
    with pytest.raises(Refusal, match="not whole any more"):
        take(made)
    with pytest.raises(Refusal, match="not whole"):
        restore(made)
    assert made.lines == []


def test_a_name_that_is_taken_is_refused() -> None:
    made = shop(taken=False)
    made.run(("snapshot", "create", "shop_nightly_beta", "other", "no-timestamp"))
    made.lines.clear()
    with pytest.raises(Refusal, match="shop_nightly_beta of volume other exists"):
        take(made)
    assert made.lines == []


def test_a_name_that_somebody_takes_meanwhile_costs_the_set() -> None:
    made = shop(taken=False)
    foreign = ("snapshot", "create", "shop_nightly_beta", "beta", "no-timestamp")
    window = StandIn()
    window.open = lambda addresses: made.run(foreign)  # type: ignore[method-assign]
    with pytest.raises(Failure, match="shop_nightly_beta"):
        take(made, QUIESCED, window)
    assert list(made.snapshots) == ["shop_nightly_beta"]
    assert made.snapshots["shop_nightly_beta"].snapshot.description == ""


def test_a_set_that_somebody_takes_meanwhile_is_not_told_as_taken_here() -> None:
    """Two controllers ran the same play on the lab: one was faster with both snapshots."""
    made = shop(taken=False)
    reader = t.cast("t.Any", made)
    cluster, plan = settle(
        reader, Cluster(), lambda known: snapshot_set.decide_set(NIGHTLY, fresh(), known)
    )
    take(made)
    run = Run(reader)
    with pytest.raises(Failure) as caught:
        run.carry_out(plan, cluster)
    text = run.told(caught.value)
    assert "Somebody else has taken it meanwhile: run the task again. Nothing was changed." in text
    assert sets(made)["nightly"].complete
    assert take(made).steps == ()


def test_what_an_earlier_try_of_its_own_left_half_made_is_removed() -> None:
    """Gluster says that it is there already: by its description it is of just this set."""
    made = shop(taken=False)
    run = made.run

    def try_twice(words: t.Sequence[str], *_args: t.Any, **_named: t.Any) -> None:
        run(words)
        if words[:3] == ("snapshot", "create", "shop_nightly_beta"):
            held = made.snapshots["shop_nightly_beta"]
            held.snapshot = replace(held.snapshot, broken=HALF_MADE)
            run(words)

    made.run = try_twice  # type: ignore[method-assign]
    with pytest.raises(GlusterError):
        take(made)
    assert made.snapshots == {}


def test_a_half_set_is_not_cleared_away_where_a_part_only_seems_to_be_gone() -> None:
    made = shop()
    del made.volumes["alpha"].options[TAKEN]
    held = made.snapshots["shop_nightly_beta"]
    held.snapshot = replace(held.snapshot, broken=GONE)
    with pytest.raises(Refusal, match="shop_nightly_beta is without its data"):
        take(made)
    assert "shop_nightly_beta" in made.snapshots


def test_auto_delete_breaks_sets() -> None:
    made = shop(taken=False)
    made.config = replace(made.config, auto_delete=True)
    with pytest.raises(Refusal, match="auto_delete is on"):
        take(made)
    take(made, replace(NIGHTLY, accept_auto_delete=True))


def test_what_is_noted_is_forgotten_with_the_set() -> None:
    made = shop()
    take(made, replace(NIGHTLY, name="second"))
    task(made, lambda c: snapshot_set.decide_no_set("shop", "nightly", c))
    take(made, replace(NIGHTLY, name="third"))
    assert len(made.volumes["alpha"].options[TAKEN].split()) == 2


def test_activated_and_deactivated() -> None:
    made = shop(taken=False)
    take(made, replace(NIGHTLY, activated=True))
    assert sets(made)["nightly"].activated
    take(made, replace(NIGHTLY, activated=False))
    assert not any(held.snapshot.activated for held in made.snapshots.values())


def test_one_point_in_time_is_claimed_where_it_was_proved() -> None:
    made = shop(taken=False)
    window = StandIn()
    take(made, QUIESCED, window)
    assert sets(made)["nightly"].consistency == "crash"
    assert window.asked == [(("node1", 49152),)]
    assert take(made, QUIESCED).steps == ()


def test_nothing_is_taken_where_not_all_is_held() -> None:
    made = shop(taken=False)
    with pytest.raises(Failure, match="not held"):
        take(made, QUIESCED, StandIn(held=False))
    assert made.lines == []


def test_a_hold_that_ended_too_early_costs_the_set() -> None:
    made = shop(taken=False)
    with pytest.raises(Failure, match="ended before"):
        take(made, QUIESCED, StandIn(lasts=False))
    assert made.snapshots == {}
    assert TAKEN not in made.volumes["alpha"].options


def test_a_run_that_died_before_the_proof_claims_nothing() -> None:
    made = shop(taken=False)
    made.cut_at, made.cut_after = 3, False
    with pytest.raises(PowerCut):
        take(made, QUIESCED, StandIn())
    made.cut_at = None
    assert sets(made)["nightly"].complete
    assert sets(made)["nightly"].consistency == "none"


# Its restore.


def judge(made: World, data: dict[str, int]) -> None:
    """By the data: every volume goes on from the same cut, and nothing else was lost."""
    safety = {}
    for name in MEMBERS:
        volume = made.volumes[name]
        mark = Mark.of(volume)
        assert mark is not None
        assert (volume.started, volume.options[READ_ONLY], mark.done) == (True, "off", True)
        assert made.data[name] >= data[name]
        assert made.snapshots[f"shop_nightly_{name}"].data == data[name]
        safety[name] = made.snapshots[mark.safety]
        assert safety[name].data == made.thrown[name]
    found = sets(made)
    assert (found["nightly"].complete, found["nightly"].description) == (True, "kept")
    assert the_group(made).drift == ()
    (before,) = (one for name, one in found.items() if name.startswith("before-restore"))
    assert before.complete
    assert {s.name for s in before.snapshots} == {h.snapshot.name for h in safety.values()}


def data_of(made: World) -> dict[str, int]:
    return {name: made.snapshots[f"shop_nightly_{name}"].data for name in MEMBERS}


def test_restored_and_again() -> None:
    made = shop()
    data = data_of(made)
    restore(made)
    judge(made, data)
    made.lines.clear()
    assert restore(made).steps == ()
    assert made.lines == []
    restore(made, replace(RESTORE, restore_again=True))
    assert len([name for name in sets(made) if name.startswith("before")]) == 2


def commands_of_a_restore() -> int:
    made = shop()
    restore(made)
    return len(made.lines)


@pytest.mark.parametrize(
    ("after", "midst"),
    [(False, False), (True, False), (True, True)],
    ids=["before", "after", "in the midst"],
)
@pytest.mark.parametrize("number", range(commands_of_a_restore()))
def test_a_restore_cut_anywhere_and_run_again(number: int, after: bool, midst: bool) -> None:
    made = shop()
    data = data_of(made)
    made.cut_at, made.cut_after, made.cut_midst = number, after, midst
    with pytest.raises(PowerCut):
        restore(made)
    made.cut_at = None
    made.clients_write()
    restore(made)
    judge(made, data)
    assert all(held.snapshot.complete for held in made.snapshots.values())
    assert restore(made).steps == ()


def test_a_safety_snapshot_beside_the_set_does_not_change_the_name_of_the_set() -> None:
    """One that was taken again, since somebody had written, has another end than the others."""
    whole = shop()
    restore(whole)
    made = shop()
    made.cut_at, made.cut_after = whole.lines.index("volume set alpha"), True
    with pytest.raises(PowerCut):
        restore(made)
    alpha = made.volumes["alpha"]
    mark = Mark.of(alpha)
    assert mark is not None
    names = set()
    for safety in (mark.safety, f"{mark.safety}-again"):
        options = {**alpha.options, MARK: alpha.options[MARK].replace(mark.safety, safety)}
        made.volumes["alpha"] = replace(alpha, options=options)
        begun = settle(
            t.cast("t.Any", made), Cluster(), lambda known: snapshot_set._begun(RESTORE, known)
        )[1]
        assert begun is not None
        names.add(begun.safety)
    assert len(names) == 1


@pytest.mark.parametrize("number", range(commands_of_a_restore()))
def test_a_restore_that_has_consumed_a_member_is_not_given_up(number: int) -> None:
    """But for the set of what was before: its volumes are back as they were, and nothing is lost."""
    weekly = replace(RESTORE, name="weekly")
    made = shop()
    take(made, replace(NIGHTLY, name="weekly"))
    made.lines.clear()
    made.cut_at, made.cut_after = number, True
    with pytest.raises(PowerCut):
        restore(made)
    made.cut_at = None
    consumed = {name: made.volumes[name] for name in MEMBERS if is_restored(made.volumes[name])}
    marks = {name: Mark.of(volume) for name, volume in consumed.items()}
    held = {name: made.data[name] for name, mark in marks.items() if not (mark and mark.done)}
    if not held:
        restore(made, weekly)
        assert sets(made)["nightly"].complete
        return
    with pytest.raises(Refusal, match=r"snapshot shop_nightly_[a-z]+ is half done") as refused:
        restore(made, weekly)
    assert refused.value.remedy == "Run that restore to its end first."
    (before,) = (name for name in sets(made) if name.startswith("before-restore"))
    earlier = set(sets(made))
    gone = {name for name in held if f"shop_nightly_{name}" not in made.snapshots}
    plan = restore(made, replace(RESTORE, name=before))
    (safety,) = (one for name, one in sets(made).items() if name not in earlier)
    assert safety.complete
    lost = (
        "was consumed by a restore that is given up. What it held will be in the group's snapshot"
    )
    told = {f"Snapshot shop_nightly_{name} {lost} {safety.tag.name}." for name in gone}
    assert {text for text in plan.warnings if "given up" in text} == told
    for name in MEMBERS:
        volume = made.volumes[name]
        assert (volume.started, volume.options[READ_ONLY]) == (True, "off")
    kept = {
        name: {s.data for s in made.snapshots.values() if s.snapshot.volume == name}
        for name in held
    }
    assert all(data in kept[name] for name, data in held.items())
    assert the_group(made).drift == ()


@pytest.mark.parametrize("second", range(0, 24, 3))
@pytest.mark.parametrize("first", range(0, 36, 3))
def test_a_restore_cut_twice(first: int, second: int) -> None:
    made = shop()
    data = data_of(made)
    for cut in (first, second):
        made.lines.clear()
        made.cut_at, made.cut_after = cut, bool(cut % 2)
        try:
            restore(made)
        except PowerCut:
            made.clients_write()
    made.cut_at = None
    restore(made)
    judge(made, data)


@pytest.mark.parametrize("number", range(commands_of_a_restore()))
def test_a_restore_failing_anywhere_is_taken_back_or_goes_on(number: int) -> None:
    made = shop()
    data = data_of(made)
    made.fail_at = number
    with pytest.raises(GlusterError):
        restore(made)
    if len(data_of_what_is_left(made)) == 3 and not any(map(is_restored, made.volumes.values())):
        assert all(made.volumes[name].started for name in MEMBERS)
        assert all(made.volumes[n].options.get(READ_ONLY, "off") == "off" for n in MEMBERS)
    made.fail_at = None
    restore(made)
    judge(made, data)


def test_the_error_tells_of_the_volumes_of_the_group_and_of_no_other() -> None:
    made = shop()
    made.refused = frozenset({"snapshot restore shop_nightly_beta"})

    def settled(cluster: Cluster) -> Plan:
        plan = snapshot_set.decide_set_restored(RESTORE, fresh(), cluster)
        plan.preflight(cluster)
        return plan

    reader = t.cast("t.Any", made)
    cluster, plan = settle(reader, Cluster(), settled)
    run = Run(reader)
    with pytest.raises(GlusterError) as caught:
        run.carry_out(plan, cluster)
    text = run.told(caught.value)
    for name in MEMBERS:
        assert f"Volume {name} is Stopped. " in text
    assert "The restore of group shop is half done" in text
    assert "in its snapshot before-restore-nightly-" in text
    assert "Volume other" not in text
    assert "Run the same task again" in text


def data_of_what_is_left(made: World) -> list[str]:
    return [name for name in MEMBERS if f"shop_nightly_{name}" in made.snapshots]


def is_restored(volume: Volume) -> bool:
    return volume.snapshot_volume is not None


def test_a_member_that_went_its_own_way_takes_all_back_again() -> None:
    made = shop()
    restore(made)
    data = data_of(made)
    made._change(
        "beta", options={**made.volumes["beta"].options, "user.data-protection.restore": "-"}
    )
    made.clients_write()
    assert restore(made).steps
    for name in MEMBERS:
        assert made.snapshots[f"shop_nightly_{name}"].data == data[name]
        assert made.thrown[name] > data[name]


def test_a_set_of_other_members_is_restored_only_when_told_to() -> None:
    made = shop()
    form(made, WantedGroup("shop", ("alpha", "beta", "other")))
    with pytest.raises(Refusal, match="gamma left the group since; other joined it"):
        restore(made)
    restore(made, replace(RESTORE, accept_other_members=True))
    assert all(is_restored(made.volumes[name]) for name in MEMBERS)
    found = the_group(made)
    assert (found.members, found.drift) == (("alpha", "beta", "other"), ())


def test_started_volumes_are_not_stopped_unasked() -> None:
    made = shop()
    with pytest.raises(Refusal, match="is started"):
        restore(made, replace(RESTORE, stop_volume=False))
    assert made.lines == []


@pytest.mark.parametrize("number", [None, *range(commands_of_a_restore() - 3)])
def test_a_set_that_is_not_kept(number: int | None) -> None:
    made = shop()
    data = data_of(made)
    wanted = replace(RESTORE, keep_snapshot=False)
    made.cut_at = number
    try:
        restore(made, wanted)
    except PowerCut:
        made.cut_at = None
        restore(made, wanted)
    assert "nightly" not in sets(made)
    for name in MEMBERS:
        assert made.data[name] >= data[name]
        assert made.volumes[name].options[READ_ONLY] == "off"
    assert restore(made, wanted).steps == ()
