# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What retention keeps: by properties, by what restic's documentation promises, and when cut."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._apply import Run
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide import (
    group,
    snapshot_set,
    volume_notes,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.notes import (
    Tag,
    described,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.restore import (
    WantedRestore,
    decide_restored,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.retention import (
    COUNTS,
    Policy,
    decide_retention,
    present,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    HALF_MADE,
    Cluster,
    Snapshot,
    Unknown,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
    Peer,
    SnapshotConfig,
    Volume,
)
from ansible_collections.glusterfs.data_protection.tests.unit.world import PowerCut, World, planned
from hypothesis import given
from hypothesis import strategies as st

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan

pytestmark = pytest.mark.usefixtures("clock")

FORM = "%Y-%m-%dT%H:%M:%SZ"
START = datetime(2025, 1, 1, 2, 0)
ALL = Policy(pattern="*", keep={"keep_last": 1})
Taken = t.Dict[str, datetime]


def snapshot(name: str, when: datetime, volume: str = "v", description: str = "") -> Snapshot:
    return Snapshot(name, volume, description, False, f"uuid-{name}", when.strftime(FORM), name)


def cluster_of(
    snapshots: t.Iterable[Snapshot], volumes: t.Iterable[Volume] = (), clock: str = ""
) -> Cluster:
    known = {"v": Volume("v", "id", "Started"), **{volume.name: volume for volume in volumes}}
    found = Cluster({("config", ""): SnapshotConfig(256, 90, False, False), ("peers", ""): ()})
    found = found.put("mounted_apart", "", {})
    found = found.put("now", "", clock) if clock else found
    return found.put("all_volumes", "", known).put(
        "all_snapshots", "", {one.name: one for one in snapshots}
    )


def keeping(**keep: int) -> Policy:
    return Policy(pattern="*", keep=keep)


def kept(taken: Taken, policy: Policy, clock: str = "") -> set[str]:
    snapshots = [snapshot(name, when) for name, when in taken.items()]
    plan = decide_retention("v", None, policy, cluster_of(snapshots, clock=clock))
    return {row["name"] for row in plan.told["snapshots"] if row["keep"]}


MOMENTS = st.lists(
    # Seconds within some years, many of them close together.
    st.one_of(st.integers(0, 10**8), st.integers(0, 10**6)),
    min_size=1,
    max_size=15,
).map(lambda seconds: {f"s{n}": START + timedelta(0, s) for n, s in enumerate(seconds)})
COUNT = st.integers(0, 5)
WITHIN = st.sampled_from(("", "1h", "36h", "14d", "1w2d", "60w"))
ZONES = st.sampled_from(("UTC", "+01:00", "-09:30", "+14:00"))
POLICIES = st.builds(
    Policy,
    pattern=st.just("*"),
    keep=st.fixed_dictionaries({}, optional=dict.fromkeys(COUNTS, COUNT)),
    keep_within=WITHIN,
    zone=ZONES,
).filter(lambda policy: any(policy.keep.values()) or bool(policy.keep_within))


# Properties.


@given(MOMENTS, POLICIES)
def test_the_newest_stays(taken: Taken, policy: Policy) -> None:
    assert max(taken, key=lambda name: (taken[name], name)) in kept(taken, policy)


@given(MOMENTS, POLICIES, st.sampled_from(COUNTS), st.integers(1, 3))
def test_a_higher_count_never_costs_one(
    taken: Taken, policy: Policy, option: str, more: int
) -> None:
    higher = {**policy.keep, option: policy.keep.get(option, 0) + more}
    assert kept(taken, policy) <= kept(taken, replace(policy, keep=higher))


@given(MOMENTS, POLICIES, WITHIN.filter(bool), WITHIN)
def test_a_longer_time_never_costs_one(
    taken: Taken, policy: Policy, longer: str, young: str
) -> None:
    if policy.within < replace(policy, keep_within=longer).within:
        assert kept(taken, policy) <= kept(taken, replace(policy, keep_within=longer))
    late = max(taken.values()).strftime(FORM)
    assert kept(taken, policy) <= kept(taken, replace(policy, min_age=young), late)


@given(MOMENTS, POLICIES)
def test_no_more_than_asked_for_stays(taken: Taken, policy: Policy) -> None:
    if not policy.keep_within:
        assert len(kept(taken, policy)) <= max(1, sum(policy.keep.values()))


@given(MOMENTS, POLICIES)
def test_nothing_more_goes_the_second_time_and_reasons_stay(taken: Taken, policy: Policy) -> None:
    snapshots = [snapshot(name, when) for name, when in taken.items()]
    first = decide_retention("v", None, policy, cluster_of(snapshots))
    stays = {row["name"]: row for row in first.told["snapshots"] if row["keep"]}
    left = cluster_of(one for one in snapshots if one.name in stays)
    second = decide_retention("v", None, policy, left)
    assert second.steps == ()
    assert {row["name"]: row for row in second.told["snapshots"]} == stays
    assert present("v", None, policy, left) == [row["name"] for row in second.told["snapshots"]]


@given(MOMENTS, POLICIES)
def test_running_after_every_snapshot_leaves_what_one_run_would(
    taken: Taken, policy: Policy
) -> None:
    left: Taken = {}
    for name in sorted(taken, key=lambda name: (taken[name], name)):
        left[name] = taken[name]
        left = {stays: left[stays] for stays in kept(left, policy)}
    assert set(left) == kept(taken, policy)


@given(MOMENTS, POLICIES)
def test_an_offset_is_a_shift_of_the_calendar(taken: Taken, policy: Policy) -> None:
    offset = policy.offset.utcoffset(None)
    there = {name: when + offset for name, when in taken.items()}
    assert kept(taken, policy) == kept(there, replace(policy, zone="UTC"))


@given(MOMENTS, POLICIES, WITHIN.filter(bool))
def test_only_a_minimal_age_asks_for_the_time(taken: Taken, policy: Policy, age: str) -> None:
    kept(taken, policy)  # in a cluster whose clock nobody has read
    with pytest.raises(Unknown, match="now"):
        kept(taken, replace(policy, min_age=age))


@given(MOMENTS, POLICIES)
def test_the_hour_of_the_run_changes_nothing(taken: Taken, policy: Policy) -> None:
    last = max(taken.values())
    hours = [(last + timedelta(hours=hour)).strftime(FORM) for hour in (0, 5, 12, 23)]
    assert len({frozenset(kept(taken, policy, hour)) for hour in hours}) == 1


@given(MOMENTS, POLICIES)
def test_the_steps_are_the_verdicts(taken: Taken, policy: Policy) -> None:
    snapshots = [snapshot(name, when) for name, when in taken.items()]
    cluster = cluster_of([*snapshots, snapshot("other", START, "w")])
    plan = decide_retention("v", None, policy, cluster)
    goes = [row["name"] for row in plan.told["snapshots"] if not row["keep"]]
    assert plan.commands(cluster) == [f"gluster snapshot delete {name}" for name in goes]
    assert [row["name"] for row in plan.told["deleted"]] == goes
    assert sorted(goes, key=lambda name: (taken[name], name)) == goes
    assert all(row["reasons"] for row in plan.told["snapshots"])
    assert len(plan.account) == 1 + len(taken)


# What restic documents: "for the last n days which have one or more snapshots, keep only the most
# recent one of each", and so on; keep-within counts from the latest snapshot. What it adds, the
# oldest one where a rule is not used up, is left out here.

STARTS: t.Mapping[str, t.Callable[[datetime], t.Any]] = {
    "keep_last": lambda when: when,
    "keep_hourly": lambda when: (when.date(), when.hour),
    "keep_daily": lambda when: when.date(),
    "keep_weekly": lambda when: when.date() - timedelta(when.weekday()),
    "keep_monthly": lambda when: (when.year, when.month),
    "keep_yearly": lambda when: when.year,
}


def documented(taken: Taken, policy: Policy) -> set[str]:
    """The same from the other end: all periods first, then one of each."""
    found = set()
    for option, count in policy.keep.items():
        periods: dict[t.Any, list[str]] = {}
        for name, when in taken.items():
            periods.setdefault(STARTS[option](when), []).append(name)
        for period in sorted(periods)[-count:] if count else ():
            found.add(max(periods[period], key=taken.__getitem__))
    if policy.keep_within:
        newest = max(taken.values())
        found |= {n for n, when in taken.items() if when + policy.within >= newest}
    return found | {max(taken, key=taken.__getitem__)}


@given(MOMENTS, POLICIES)
def test_it_is_what_restic_documents(taken: Taken, policy: Policy) -> None:
    apart = {name: when for name, when in taken.items() if list(taken.values()).count(when) == 1}
    if apart:
        policy = replace(policy, zone="UTC")
        assert kept(apart, policy) == documented(apart, policy)


def forget(taken: Taken, policy: Policy) -> set[str]:
    """As ``restic forget`` goes about it: the newest first, each rule with what it has left to keep
    and the period of what it kept last."""
    left = {option: count for option, count in policy.keep.items() if count}
    last: dict[str, t.Any] = {}
    found = set()
    newest = max(taken.values())
    for name in sorted(taken, key=taken.__getitem__, reverse=True):
        there = taken[name] + t.cast("timedelta", policy.offset.utcoffset(None))
        for option in left:
            period = STARTS[option](there)
            if left[option] and last.get(option) != period:
                found.add(name)
                left[option] -= 1
                last[option] = period
        if policy.keep_within and taken[name] + policy.within >= newest:
            found.add(name)
    return found | {max(taken, key=taken.__getitem__)}


def every(step: timedelta, end: datetime) -> Taken:
    number = int((end - START) / step)
    return {(START + n * step).strftime("%Y%m%d-%H"): START + n * step for n in range(number + 1)}


def test_a_year_of_hourly_snapshots() -> None:
    taken = every(timedelta(hours=1), datetime(2025, 12, 31, 23))
    policy = keeping(keep_hourly=24, keep_daily=14, keep_weekly=8, keep_monthly=12, keep_yearly=3)
    found = kept(taken, policy)
    assert found == documented(taken, policy)
    # 24 hours end with the newest, which is also that of its day, week, month and year. 13 days
    # more, the weeks before those (the Sundays of 5 weeks), and 11 months but November, whose last
    # day is one of these Sundays.
    assert len(found) == 24 + 13 + 5 + 10


YEAR = every(timedelta(hours=1), datetime(2025, 12, 31, 23))
LIKE_SANOID = keeping(keep_hourly=36, keep_daily=30, keep_monthly=3, keep_yearly=1)
YEARLY = [
    LIKE_SANOID,
    keeping(keep_last=3, keep_daily=7, keep_weekly=4, keep_monthly=12, keep_yearly=75),
    keeping(keep_weekly=60),
    replace(keeping(keep_hourly=5, keep_weekly=9), keep_within="40d"),
    replace(LIKE_SANOID, zone="+05:30"),
    replace(keeping(keep_daily=400, keep_monthly=2), zone="-09:30"),
]


def with_gaps(taken: Taken) -> Taken:
    """Without a month, each night, and a day in ten."""
    return {
        name: when
        for name, when in taken.items()
        if when.month != 7 and when.hour > 5 and when.day % 10
    }


@pytest.mark.parametrize("number", range(len(YEARLY)))
def test_a_year_is_what_restic_forgets(number: int) -> None:
    taken = with_gaps(YEAR) if number % 2 else YEAR
    assert kept(taken, YEARLY[number]) == forget(taken, YEARLY[number])


@pytest.mark.parametrize("hour", [2, 20])
def test_a_year_that_is_pruned_every_day(hour: int) -> None:
    """At whatever hour: in the end there is what one run would have left."""
    policy = YEARLY[1]
    taken = every(timedelta(hours=6), datetime(2025, 12, 31, 23))
    left: Taken = {}
    for name, when in taken.items():
        left[name] = when
        if when.hour == hour or name == max(taken):
            left = {stays: left[stays] for stays in kept(left, policy)}
    assert set(left) == kept(taken, policy)


def test_a_year_of_daily_snapshots_by_hand() -> None:
    taken = every(timedelta(days=1), datetime(2025, 12, 31, 23))
    found = kept(taken, keeping(keep_daily=7, keep_weekly=5, keep_monthly=12, keep_yearly=75))
    days = ("1225", "1226", "1227", "1228", "1229", "1230", "1231")
    weeks = ("1207", "1214", "1221")  # 28 and 31 December are among the days
    months = (
        "0131",
        "0228",
        "0331",
        "0430",
        "0531",
        "0630",
        "0731",
        "0831",
        "0930",
        "1031",
        "1130",
    )
    assert found == {f"2025{day}-02" for day in (*days, *weeks, *months)}


def test_days_without_a_snapshot_do_not_count() -> None:
    sundays = every(timedelta(weeks=1), datetime(2025, 3, 1))
    assert kept(sundays, keeping(keep_daily=4)) == set(sorted(sundays)[-4:])


def test_where_midnight_is() -> None:
    taken = {"late": datetime(2025, 1, 1, 22, 30), "later": datetime(2025, 1, 1, 23, 30)}
    assert kept(taken, keeping(keep_daily=2)) == {"later"}
    assert kept(taken, replace(keeping(keep_daily=2), zone="+01:00")) == {"late", "later"}


# What is beside the rules.

OLD, NEW = snapshot("old", START), snapshot("new", START + timedelta(days=9))


def reasons(cluster: Cluster, policy: Policy = ALL, volume: str | None = "v") -> dict[str, str]:
    """Why those stay that stay."""
    plan = decide_retention(volume, None, policy, cluster)
    return {r["name"]: "; ".join(r["reasons"]) for r in plan.told["snapshots"] if r["keep"]}


@pytest.mark.parametrize(
    ("words", "clock", "why"),
    [
        ("Audit keep-until=2025-03-01", "2025-03-01T23:59:59Z", "until 2025-03-01"),
        ("(Keep-Until: 2025-03-01)", "2025-03-01T00:00:00Z", "until 2025-03-01"),
        ("keep-until further notice", "2030-01-01T00:00:00Z", "'further' is no date"),
        ("keep-until", "2030-01-01T00:00:00Z", "no date"),
        ("upkeep-until=2025-03-01", "2025-01-01T00:00:00Z", None),
        ("Audit, keep-until=2025-03-01.", "2025-01-01T00:00:00Z", "until 2025-03-01"),
        ("keep-until=2025-03-01", "2025-03-02T00:00:00Z", None),
        ("keep-until=spring", "2030-01-01T00:00:00Z", "no date"),
        ("keep-until=2025-02-30", "2030-01-01T00:00:00Z", "no date"),
        ("keep-until=2025-01-01 keep-until=2026-01-01", "2025-06-01T00:00:00Z", "2026"),
    ],
)
def test_a_hold(words: str, clock: str, why: str | None) -> None:
    found = reasons(cluster_of((replace(OLD, description=words), NEW), clock=clock))
    assert why in found["old"] if why else "old" not in found


def test_a_hold_ends_with_its_day_in_that_timezone() -> None:
    held = replace(OLD, description="keep-until=2025-03-01")
    cluster = cluster_of((held, NEW), clock="2025-03-01T23:30:00Z")
    assert "old" in reasons(cluster)
    assert "old" not in reasons(cluster, replace(ALL, zone="+01:00"))


def test_what_is_too_young() -> None:
    old = replace(ALL, min_age="1w")
    assert reasons(cluster_of((OLD, NEW), clock="2025-01-08T01:00:00Z"), old)["old"] == (
        "younger than 1w (min_age)"
    )
    assert "old" not in reasons(cluster_of((OLD, NEW), clock="2025-01-08T02:00:00Z"), old)


def test_what_is_half_made_costs_no_other() -> None:
    """The newest whole one stays, with as many more as are asked for."""
    taken = [snapshot(f"day{day}", START + timedelta(day)) for day in range(4)]
    taken[3] = replace(taken[3], broken=HALF_MADE)
    told = reasons(cluster_of(taken), keeping(keep_last=2))
    assert told == {
        "day1": "keep_last 2",
        "day2": "the newest; keep_last 2",
        "day3": "the newest; keep_last 2; half made (its creation did not end)",
    }


def test_what_a_clone_was_made_from() -> None:
    origin = volume_notes.Origin("v", "old", "uuid-old").text()
    copy = Volume("copy", "other", "Stopped", options={volume_notes.ORIGIN: origin})
    assert reasons(cluster_of((OLD, NEW), (copy,)))["old"] == "clone copy was made from it"
    another = replace(copy, options={volume_notes.ORIGIN: origin.replace("uuid-old", "uuid-gone")})
    assert "old" not in reasons(cluster_of((OLD, NEW), (another,)))


def test_what_is_activated() -> None:
    cluster = cluster_of((replace(OLD, activated=True), NEW))
    assert "mounted" in reasons(cluster)["old"]
    assert "old" not in reasons(cluster, replace(ALL, delete_activated=True))


def test_what_a_worker_has_mounted() -> None:
    cluster = cluster_of((OLD, NEW)).put("mounted_apart", "", {"old": "gsyncd worker (PID 7)"})
    assert "mounted by gsyncd worker (PID 7)" in reasons(cluster)["old"]
    # It is told where nothing else keeps it.
    for policy, told in ((ALL, True), (keeping(keep_last=2), False)):
        plan = decide_retention("v", None, policy, cluster)
        assert plan.steps == ()
        assert any(text.startswith("Snapshot old stays: mounted") for text in plan.warnings) == told


def test_of_which_nobody_knows_the_time() -> None:
    assert "does not say" in reasons(cluster_of((replace(OLD, created=None), NEW)))["old"]


def test_safety_snapshots_are_meant_by_name_only() -> None:
    facts = described("Before restoring x", restore={"snapshot": "x", "uuid": "u", "data": "d"})
    safety = snapshot("before-restore-x", START, description=facts)
    cluster = cluster_of((safety, OLD, NEW))
    for pattern in ("*", "?efore*", "[b]efore-restore-*"):
        rows = decide_retention("v", None, replace(ALL, pattern=pattern), cluster).told
        assert "before-restore-x" not in [row["name"] for row in rows["snapshots"]]
    newer = snapshot("before-restore-y", NEW_TIME, description=facts)
    named = Policy(prefix="before-restore-", keep={"keep_last": 1})
    plan = decide_retention("v", None, named, cluster_of((safety, newer, OLD)))
    assert [row["name"] for row in plan.told["deleted"]] == ["before-restore-x"]


NEW_TIME = START + timedelta(days=20)


def test_only_names_of_the_policy() -> None:
    others = [snapshot(f"other-{n}", NEW_TIME + timedelta(n)) for n in range(3)]
    cluster = cluster_of((OLD, NEW, *others))
    for policy in (Policy(prefix="o", keep={"keep_last": 1}), replace(ALL, pattern="o*")):
        plan = decide_retention("v", None, policy, cluster)
        assert {row["name"] for row in plan.told["deleted"]} == {"old", "other-0", "other-1"}
    plan = decide_retention("v", None, replace(ALL, pattern="???"), cluster)
    assert [row["name"] for row in plan.told["deleted"]] == ["old"]


def test_every_volume_by_itself() -> None:
    elsewhere = [replace(OLD, name="old-w", volume="w"), replace(NEW, name="new-w", volume="w")]
    cluster = cluster_of((OLD, NEW, *elsewhere), (Volume("w", "id-w", "Started"),))
    plan = decide_retention(None, None, ALL, cluster)
    assert {row["name"] for row in plan.told["deleted"]} == {"old", "old-w"}
    assert [line for line in plan.account if not line.startswith(" ")] == ["volume v", "volume w"]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (keeping(), "no keep_"),
        (keeping(keep_daily=0), "no keep_"),
        (replace(keeping(), keep_within="0d"), "no keep_"),
        (replace(keeping(), min_age="1d"), "no keep_"),
        (keeping(keep_last=-1), "keep_last is -1"),
        (Policy(prefix="", keep={"keep_last": 1}), "empty"),
        (Policy(pattern="", keep={"keep_last": 1}), "empty"),
        *(
            (replace(ALL, keep_within=text), "no duration")
            for text in ("d", "1m", "-1d", "1d ", "٣d")
        ),
        (replace(ALL, min_age="soon"), "min_age is 'soon'"),
        *((replace(ALL, zone=zone), "timezone") for zone in ("CET", "01:00", "+15:00", "+1", "")),
    ],
)
def test_what_is_refused_unread(policy: Policy, why: str) -> None:
    with pytest.raises(Refusal, match=why):
        decide_retention("v", None, policy, Cluster())


def test_what_is_refused_when_read() -> None:
    with pytest.raises(Refusal, match="volume nosuch does not exist"):
        decide_retention("nosuch", None, ALL, cluster_of(()))
    with pytest.raises(Refusal, match="consistency group nosuch does not exist"):
        decide_retention(None, "nosuch", ALL, cluster_of(()))
    down = (Peer("1", "localhost", True), Peer("2", "node2", False))
    with pytest.raises(Refusal, match="node2"):
        decide_retention("v", None, ALL, cluster_of((OLD, NEW)).put("peers", "", down))
    assert decide_retention("v", None, ALL, cluster_of((NEW,)).put("peers", "", down)).steps == ()


def test_auto_delete_is_told() -> None:
    config = SnapshotConfig(256, 90, True, False)
    (warning,) = decide_retention(
        "v", None, ALL, cluster_of((NEW,)).put("config", "", config)
    ).warnings
    assert "auto_delete" in warning


# Groups.

MEMBERS = ("alpha", "beta")


def set_of(name: str, day: int, members: t.Iterable[str] = MEMBERS) -> list[Snapshot]:
    tag = Tag(f"id-{name}-{day}", name, "group", "shop", len(MEMBERS))
    text = described("", set=tag.__dict__)
    when = START + timedelta(day)
    return [
        snapshot(f"shop_{name}_{volume}", when + timedelta(0, n), volume, text)
        for n, volume in enumerate(members)
    ]


def shop(*snapshots: Snapshot) -> Cluster:
    return cluster_of(snapshots, (Volume(name, f"id-{name}", "Started") for name in MEMBERS))


def test_a_group_made_anew_is_another_series() -> None:
    old = [
        replace(s, description=s.description.replace('"group"', '"was"')) for s in set_of("old", 0)
    ]
    assert gone(decide_retention(None, None, ALL, shop(*old, *set_of("new", 1)))) == []


def gone(plan: Plan) -> list[str]:
    return [row["name"] for row in plan.told["deleted"]]


@given(st.lists(st.sampled_from((MEMBERS, MEMBERS[:1])), min_size=1, max_size=8), st.integers(1, 4))
def test_a_broken_set_never_costs_a_whole_one(made: list[tuple[str, ...]], last: int) -> None:
    snapshots = [s for n, members in enumerate(made) for s in set_of(f"s{n}", n, members)]
    plan = decide_retention(None, "shop", keeping(keep_last=last), shop(*snapshots))
    stays = {row["snapshot_set"] for row in plan.told["snapshots"] if row["keep"]}
    goes = {row["snapshot_set"] for row in plan.told["snapshots"] if not row["keep"]}
    assert not stays & goes
    whole = [n for n, members in enumerate(made) if members == MEMBERS]
    assert {f"s{n}" for n in whole if f"s{n}" in stays} == {f"s{n}" for n in whole[-last:]}
    assert stays >= {f"s{n}" for n in range(len(made))[-last:]}
    left = shop(*(one for one in snapshots if one.name not in gone(plan)))
    assert decide_retention(None, "shop", keeping(keep_last=last), left).steps == ()


def test_a_set_goes_whole_and_is_kept_whole() -> None:
    old, new = set_of("old", 0), set_of("new", 1)
    plan = decide_retention(None, "shop", ALL, shop(*old, *new))
    assert gone(plan) == ["shop_old_alpha", "shop_old_beta"]
    used = [replace(old[0], activated=True), old[1]]
    assert gone(decide_retention(None, "shop", ALL, shop(*used, *new))) == []


def test_a_member_of_a_set_is_not_judged_by_its_volume() -> None:
    cluster = shop(*set_of("old", 0), *set_of("new", 1), snapshot("single", START, "alpha"))
    for volume in ("alpha", None):
        policy = replace(ALL, pattern="shop_*")
        assert gone(decide_retention(volume, None, policy, cluster)) == []
    plan = decide_retention("alpha", None, ALL, cluster)
    assert gone(plan) == []
    assert "as a whole" in plan.told["snapshots"][0]["reasons"][0]
    plan = decide_retention(None, None, ALL, cluster)
    assert gone(plan) == ["shop_old_alpha", "shop_old_beta"]
    assert [row["snapshot_set"] for row in plan.told["snapshots"]] == [
        *("old", "old", "new", "new", None)
    ]


# Carried out.


def bring(made: World, decide: t.Callable[[Cluster], Plan]) -> Run:
    """And the rest."""
    run, plan, cluster = planned(made, decide)
    run.cluster = run.carry_out(plan, cluster)
    return run


def task(made: World, volume: str | None, of: str | None, policy: Policy) -> Run:
    return bring(made, lambda cluster: decide_retention(volume, of, policy, cluster))


def world(days: int) -> World:
    made = World()
    for name in (*MEMBERS, "v"):
        made.add_volume(name)
    for day in range(days):
        made.time = (START + timedelta(day)).strftime(FORM)
        made.run(("snapshot", "create", f"day{day}", "v", "no-timestamp"))
    return made


def test_the_plan_is_what_is_done() -> None:
    made = world(5)
    run = task(made, "v", None, keeping(keep_last=2))
    assert run.commands == [f"gluster snapshot delete day{day}" for day in range(3)]
    assert present("v", None, ALL, run.cluster) == ["day3", "day4"] == list(made.snapshots)
    assert task(made, "v", None, keeping(keep_last=2)).commands == []


def pruned(made: World, refused: str) -> tuple[GlusterError, t.Callable[[], str]]:
    """The failure of a run in which Gluster refuses that command, and what the module says of it."""
    made.refused = frozenset({refused})
    run, plan, cluster = planned(made, lambda c: decide_retention("v", None, ALL, c))
    with pytest.raises(GlusterError) as error:
        run.carry_out(plan, cluster)
    return error.value, lambda: run.told(error.value)


def test_a_failure_names_what_is_gone_and_what_is_left() -> None:
    made = world(5)
    _error, told = pruned(made, "snapshot delete day1")
    assert "having had effect: gluster snapshot delete day0." in told()
    assert "Not removed: day1, day2, day3." in told()
    assert "do not know the same" not in told()
    made.counts = {"this node": 4, "node2": 5}
    assert "do not know the same snapshots of volume v (4 at this node, 5 at node2)" in told()
    made.refused = frozenset()
    task(made, "v", None, ALL)
    assert list(made.snapshots) == ["day4"]


def test_a_removal_that_is_refused_everywhere_tells_what_the_nodes_know() -> None:
    made = world(2)
    error, told = pruned(made, "snapshot delete day0")
    made.counts = {"this node": 2, "node2": 2}
    assert "Nothing was changed." in told()
    made.counts = {"this node": 2, "node2": 1}
    assert "(2 at this node, 1 at node2)" in told()
    assert "Nothing was changed." not in told()
    error.timed_out = True
    assert "2 at this node" not in told()


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("number", range(4))
def test_sets_are_finished_wherever_a_run_was_cut(number: int, after: bool) -> None:
    made = world(0)
    for name in ("one", "two", "three"):
        made.time = (START + timedelta(len(made.snapshots))).strftime(FORM)
        for decide in (
            lambda c: group.decide_group(group.WantedGroup("shop", MEMBERS, ""), c),
            lambda c, name=name: snapshot_set.decide_set(
                snapshot_set.WantedSet(name, "shop"), f"id-{name}", c
            ),
        ):
            bring(made, decide)
    made.cut_at, made.cut_after = len(made.lines) + number, after
    with pytest.raises(PowerCut):
        task(made, None, "shop", ALL)
    made.cut_at = None
    task(made, None, "shop", ALL)
    assert list(made.snapshots) == ["shop_three_alpha", "shop_three_beta"]


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("number", range(9))
def test_a_restore_that_was_cut_keeps_every_snapshot(number: int, after: bool) -> None:
    made = world(3)
    wanted = WantedRestore("day0", "v", stop_volume=True)

    def restore() -> None:
        bring(made, lambda cluster: decide_restored(wanted, cluster))

    def retention() -> Plan:
        return planned(made, lambda cluster: decide_retention("v", None, ALL, cluster))[1]

    made.cut_at, made.cut_after = len(made.lines) + number, after
    with pytest.raises(PowerCut):
        restore()
    made.cut_at = None
    before = dict(made.snapshots)
    # It is begun with the second command, the hold, and over with the last one.
    if (number, after) > (1, False) and (number, after) != (8, True):
        assert retention().steps == ()
        assert "is not finished" in retention().warnings[0]
        restore()
        assert set(made.snapshots) >= {*before, "day0"}
    assert retention().steps
    assert retention().warnings == ()
