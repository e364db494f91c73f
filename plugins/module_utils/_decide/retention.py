# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots of a policy stay, which go, and why.

The snapshots of a volume are one series, and the sets of a consistency group are one. The rules
(``keep_*``) look at a series by itself, and only at when its snapshots were taken: so whatever the
hour of the run, and however often it ran before, the same ones stay. Beside the rules there are
reasons that only ever keep more: what depends on a snapshot, its age, and a hold.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase, translate

from .group import find_group
from .mark import unfinished
from .names import check_group_name, check_volume_name
from .notes import Tag, facts_of, words_of
from .plan import FORKS, AtOnce, Plan, Refusal
from .sets import moment, sets_of, sets_of_group
from .steps.snapshot import DeleteSnapshot, in_use
from .volume_notes import Origin

if t.TYPE_CHECKING:
    from .._model import Cluster, Snapshot
    from .plan import Step
    from .sets import SnapshotSet

PERIODS: t.Mapping[str, str] = {
    "keep_hourly": "%Y-%m-%d %H:00",
    "keep_daily": "%Y-%m-%d",
    "keep_weekly": "%G-W%V",  # of ISO 8601: from Monday, and its year
    "keep_monthly": "%Y-%m",
    "keep_yearly": "%Y",
}
"""How the period is written in which a rule keeps one; the same text is the same period."""

COUNTS = ("keep_last", *PERIODS)
UNITS: t.Mapping[str, timedelta] = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
}
DURATION = re.compile(r"(?:[0-9]{1,4}[wdh]){1,3}\Z")
OFFSET = re.compile(r"([+-])([0-9]{2}):([0-5][0-9])\Z")
HOLD = re.compile(r"(?<![\w-])keep-until[=:]?\s*(\S*)", re.IGNORECASE)
"""Read generously: a hold that is not understood must not cost the snapshot."""

SAFETY = "before-restore-"
NO_TIME = timedelta()


@dataclass(frozen=True)
class Policy:
    """Which snapshots it is about, and what of them stays: as the task declares it."""

    prefix: str | None = None
    pattern: str | None = None
    keep: t.Mapping[str, int] = field(default_factory=dict)  # by option
    keep_within: str = ""
    min_age: str = ""
    zone: str = "UTC"
    delete_activated: bool = False

    def check(self) -> None:
        if self.prefix == "" or self.pattern == "":
            raise Refusal(
                "the prefix or pattern is empty",
                'Say which snapshots the policy is about; pattern: "*" is all of them.',
            )
        try:
            re.compile(translate(self.pattern or ""))
        except re.error:
            raise Refusal(
                f"the pattern {self.pattern!r} is none", "See to its brackets, as in [a-z]."
            ) from None
        for option, count in self.keep.items():
            if count < 0:
                raise Refusal(f"{option} is {count}", "Say 1 or more, or leave it out.")
        # All are read here, so that nothing is decided before they are known to be right.
        read = (self.within, self.youngest, self.offset)
        if not any(self.keep.values()) and read[0] == NO_TIME:
            raise Refusal(
                "no keep_* says what is to stay",
                "Give one of them, for instance keep_daily: 7. (gluster_snapshot with delete_all "
                "removes every snapshot of a volume.)",
            )

    def covers(self, name: str, safety: bool = False) -> bool:
        """Is it one of this policy? What a restore left to go back to has to be meant by name."""
        if safety and not (self.prefix or self.pattern or "").startswith(SAFETY):
            return False
        if self.prefix:
            return name.startswith(self.prefix)
        return fnmatchcase(name, self.pattern or "")

    @property
    def within(self) -> timedelta:
        return _duration("keep_within", self.keep_within)

    @property
    def youngest(self) -> timedelta:
        return _duration("min_age", self.min_age)

    @property
    def offset(self) -> timezone:
        if self.zone == "UTC":
            return timezone.utc
        found = OFFSET.match(self.zone)
        hours, minutes = (int(found.group(2)), int(found.group(3))) if found else (24, 0)
        if found is None or hours > 14:
            raise Refusal(
                f"{self.zone!r} is not a timezone here",
                'Say "UTC" or an offset from it in quotes, for instance "+01:00".',
            )
        sign = -1 if found.group(1) == "-" else 1
        return timezone(sign * timedelta(hours=hours, minutes=minutes))

    def local(self, when: datetime) -> datetime:
        return when.replace(tzinfo=timezone.utc).astimezone(self.offset)


def _duration(option: str, text: str) -> timedelta:
    if not text:
        return NO_TIME
    if not DURATION.match(text):
        raise Refusal(
            f"{option} is {text!r}, which is no duration",
            "Say weeks, days and hours as in 36h, 14d or 1w2d.",
        )
    parts = re.findall(r"(\d+)([wdh])", text)
    return sum((int(number) * UNITS[unit] for number, unit in parts), NO_TIME)


@dataclass(frozen=True)
class Item:
    """What stays or goes as one: a snapshot of a volume, or a set with all its snapshots."""

    name: str
    snapshots: tuple[Snapshot, ...]
    lacking: str = ""
    """What is missing of a set."""

    aside: str = ""
    """Why no rule is asked about it: it stays."""

    @property
    def taken(self) -> datetime | None:
        times = [moment(s.created) for s in self.snapshots if s.created]
        return min(times) if len(times) == len(self.snapshots) else None


@dataclass(frozen=True)
class Verdict:
    item: Item
    keep: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """Items that the rules weigh against each other, oldest first."""

    of: str
    items: tuple[Item, ...]


def series_of(
    volume: str | None, group: str | None, policy: Policy, cluster: Cluster
) -> list[Series]:
    """What the policy is about: of the volume, of the group, or without both of all of them."""
    policy.check()
    volumes, snapshots = cluster.volumes(), cluster.snapshots()
    if volume is not None:
        check_volume_name(volume)
        if volume not in [known.name for known in volumes]:
            raise Refusal(
                f"volume {volume} does not exist", "Check the name (gluster volume list)."
            )
    sets: t.Sequence[SnapshotSet] = ()
    if group is not None:
        sets = _sets_of(group, cluster)
    elif volume is None:
        sets = sets_of(snapshots, volumes)
    # A group that was made anew under its name is another one.
    found: dict[tuple[str, str], list[Item]] = {}
    if group is None:
        for snapshot in snapshots:
            known = volume is None and Tag.of(snapshot) is not None  # among the sets
            if snapshot.volume == (volume or snapshot.volume) and not known:
                found.setdefault((f"volume {snapshot.volume}", ""), []).append(_single(snapshot))
    for one in sets:
        of = (f"consistency group {one.tag.group_name}", one.tag.group)
        found.setdefault(of, []).append(_whole(one))
    covered = {of: [item for item in items if _covers(policy, item)] for of, items in found.items()}
    return [
        Series(of[0], tuple(sorted(covered[of], key=age))) for of in sorted(covered) if covered[of]
    ]


def _sets_of(group: str, cluster: Cluster) -> list[SnapshotSet]:
    check_group_name(group)
    found = sets_of_group(group, cluster)
    if not found and find_group(group, cluster) is None:
        raise Refusal(
            f"consistency group {group} does not exist",
            "Check the name (gluster_consistency_group_info).",
        )
    return found


def _covers(policy: Policy, item: Item) -> bool:
    safety = any(facts_of(snapshot.description, "restore") for snapshot in item.snapshots)
    return policy.covers(item.name, safety)


def _single(snapshot: Snapshot) -> Item:
    one_of = facts_of(snapshot.description, "set")
    aside = (
        f"one of set {one_of.get('name')} of consistency group {one_of.get('group_name')}, which "
        "stays or goes as a whole"
        if one_of
        else ""
    )
    return Item(snapshot.name, (snapshot,), snapshot.broken, aside)


def _whole(one: SnapshotSet) -> Item:
    there = f"{len(one.usable)} of {one.tag.members}"
    lacking = "" if one.complete else f"not whole ({there} are there)"
    return Item(one.tag.name, one.snapshots, lacking)


def age(item: Item) -> tuple[datetime, str]:
    return item.taken or datetime.min, item.name


@dataclass(frozen=True)
class Ties:
    """What else in the cluster has to do with snapshots."""

    clones: t.Mapping[str, str]  # the clone by the UUID of the snapshot that it was made from
    restores: t.Mapping[str, str]  # by volume: the snapshot, of a restore that is not finished
    uses: t.Mapping[str, str]  # by snapshot: who has it mounted, or may have

    @classmethod
    def of(cls, found: t.Iterable[Series], cluster: Cluster) -> Ties:
        snapshots = (s for series in found for item in series.items for s in item.snapshots)
        uses = {snapshot.name: in_use(snapshot, cluster) for snapshot in snapshots}
        origins = ((volume.name, Origin.of(volume)) for volume in cluster.volumes())
        marks = ((volume.name, unfinished(volume, cluster)) for volume in cluster.volumes())
        return cls(
            {origin.uuid: name for name, origin in origins if origin},
            {name: mark.snapshot for name, mark in marks if mark},
            {name: why for name, why in uses.items() if why},
        )


def judge(series: Series, policy: Policy, ties: Ties, cluster: Cluster) -> list[Verdict]:
    """Every item with all reasons, in the order of the series."""
    newest_first = [item for item in reversed(series.items) if item.taken and not item.aside]
    # A set that lost a member cannot be restored as one. It is judged as if it were whole, but a
    # whole one never goes because of it.
    whole = Rules(policy, [item for item in newest_first if not item.lacking])
    every = Rules(policy, newest_first)
    verdicts = []
    for item in series.items:
        stays, goes = (every if item.lacking else whole).of(item)
        stays += _beside(item, policy, ties, cluster)
        lacking = (item.lacking,) if item.lacking else ()
        verdicts.append(Verdict(item, bool(stays), (*(stays or goes), *lacking)))
    return verdicts


class Rules:
    """What the keep_* say of items, of which the newest is the first."""

    def __init__(self, policy: Policy, items: t.Sequence[Item]) -> None:
        self.policy = policy
        self.items = items
        self.places = {item: place for place, item in enumerate(items)}
        self.periods: dict[str, dict[str, tuple[int, Item]]] = {}
        """For each rule the periods from the last one on, with the newest of each."""

        for option in PERIODS:
            if not policy.keep.get(option):
                continue
            found = self.periods[option] = {}
            for item in items:
                found.setdefault(self._period(option, item), (len(found), item))

    def of(self, item: Item) -> tuple[list[str], list[str]]:
        """Why it would stay, and why it would go; nothing of one that is not among them."""
        stays: list[str] = []
        goes: list[str] = []
        if item not in self.places:
            return stays, goes
        if self.places[item] == 0:
            stays.append("the newest")
        for option, count in self.policy.keep.items():
            if count:
                keep, why = self._by_count(option, count, item)
                (stays if keep else goes).append(why)
        if self.policy.within:
            since = t.cast("datetime", self.items[0].taken) - self.policy.within
            why = f"keep_within {self.policy.keep_within} of the newest"
            if t.cast("datetime", item.taken) >= since:
                stays.append(why)
            else:
                goes.append(f"{why}: it is older")
        return stays, goes

    def _by_count(self, option: str, count: int, item: Item) -> tuple[bool, str]:
        rule = f"{option} {count}"
        more = f"{rule}: as many are newer"
        if option == "keep_last":
            return (True, rule) if self.places[item] < count else (False, more)
        period = self._period(option, item)
        number, newest = self.periods[option][period]
        if newest != item:
            return False, f"{rule}: {newest.name} is newer in {period}"
        return (True, f"{rule}: the newest in {period}") if number < count else (False, more)

    def _period(self, option: str, item: Item) -> str:
        return self.policy.local(t.cast("datetime", item.taken)).strftime(PERIODS[option])


def _beside(item: Item, policy: Policy, ties: Ties, cluster: Cluster) -> list[str]:
    """Reasons to keep it that are not of the rules."""
    found = [item.aside] if item.aside else []
    if item.taken is None:
        found.append("Gluster does not say when it was taken")
    elif policy.youngest and _now(cluster) - item.taken < policy.youngest:
        found.append(f"younger than {policy.min_age} (min_age)")
    for snapshot in item.snapshots:
        found += _tied(snapshot, policy, ties)
        found += _hold(snapshot, policy, cluster)
    return list(dict.fromkeys(found))


def _now(cluster: Cluster) -> datetime:
    return moment(cluster.now())


def _tied(snapshot: Snapshot, policy: Policy, ties: Ties) -> t.Iterator[str]:
    clone = ties.clones.get(snapshot.uuid or "")
    if clone:
        yield f"clone {clone} was made from it"
    if snapshot.volume in ties.restores:
        target = ties.restores[snapshot.volume]
        yield f"the restore of volume {snapshot.volume} to {target} is not finished"
    if snapshot.name in ties.uses:
        yield ties.uses[snapshot.name]
    if snapshot.activated and not policy.delete_activated:
        yield "activated, so a client may have it mounted"


def _hold(snapshot: Snapshot, policy: Policy, cluster: Cluster) -> t.Iterator[str]:
    for said in HOLD.findall(words_of(snapshot.description)):
        try:
            until = datetime.strptime(said.rstrip(".,;:)"), "%Y-%m-%d").date()
        except ValueError:
            yield f"its description holds it, and {said!r} is no date (YYYY-MM-DD)"
            continue
        if policy.local(_now(cluster)).date() <= until:
            yield f"its description holds it until {until}"


def _removing(gone: t.Sequence[Item]) -> list[Step]:
    """Volumes beside each other; one set after the other, so that at most one is left half."""
    items = [
        tuple(DeleteSnapshot(snapshot.name, snapshot.volume) for snapshot in item.snapshots)
        for item in gone
    ]
    single = tuple(deletes[0] for deletes in items if len(deletes) == 1)
    together = [deletes for deletes in items if len(deletes) > 1]
    return [AtOnce(deletes, forks=FORKS) for deletes in (single, *together) if deletes]


def decide_retention(
    volume: str | None, group: str | None, policy: Policy, cluster: Cluster
) -> Plan:
    """Each series without what no rule and no other reason keeps, the oldest first."""
    found = series_of(volume, group, policy, cluster)
    ties = Ties.of(found, cluster)
    judged = [(series, judge(series, policy, ties, cluster)) for series in found]
    gone = [v.item for _series, verdicts in judged for v in verdicts if not v.keep]
    steps = _removing(gone)
    down = cluster.peers_down() if steps else ()
    if down:
        raise Refusal(
            f"nodes of the pool are down ({', '.join(down)}), and what is removed now would be "
            "listed there again when they are back",
            "Run the task again then.",
        )
    return Plan(
        tuple(steps),
        (*_warnings(found, ties, cluster), *_used(judged, ties)),
        told={
            "snapshots": [row for _s, verdicts in judged for v in verdicts for row in _rows(v)],
            "deleted": [{"name": s.name, "uuid": s.uuid} for item in gone for s in item.snapshots],
        },
        account=tuple(line for one in judged for line in _account(*one)),
    )


def _warnings(found: t.Iterable[Series], ties: Ties, cluster: Cluster) -> t.Iterator[str]:
    if cluster.config().auto_delete:
        yield (
            "auto_delete is on: past its soft limit Gluster removes snapshots that this policy "
            "keeps. Turn it off (gluster_snapshot_config)."
        )
    volumes = {s.volume for series in found for item in series.items for s in item.snapshots}
    for name in sorted(volumes.intersection(ties.restores)):
        yield (
            f"The restore of volume {name} to {ties.restores[name]} is not finished: run its task "
            "again. Until then the snapshots of the volume stay."
        )


def _used(judged: t.Iterable[tuple[Series, t.Sequence[Verdict]]], ties: Ties) -> t.Iterator[str]:
    """What only stays for being in use fills the volume, until somebody does something about it."""
    for item, reasons in ((v.item, v.reasons) for _series, verdicts in judged for v in verdicts):
        used = {s.name: ties.uses[s.name] for s in item.snapshots if s.name in ties.uses}
        if used and {*used.values()}.issuperset({*reasons} - {item.lacking}):
            yield from (f"Snapshot {name} stays: {why}." for name, why in used.items())


def _rows(verdict: Verdict) -> t.Iterator[dict[str, t.Any]]:
    """For each snapshot what is returned."""
    for snapshot in verdict.item.snapshots:
        tag = Tag.of(snapshot)
        yield {
            "name": snapshot.name,
            "uuid": snapshot.uuid,
            "volume": snapshot.volume,
            "consistency_group": tag.group_name if tag else None,
            "snapshot_set": tag.name if tag else None,
            "taken": snapshot.created,
            "keep": verdict.keep,
            "reasons": list(verdict.reasons),
        }


def _account(series: Series, verdicts: t.Iterable[Verdict]) -> t.Iterator[str]:
    """For each item a line to read."""
    yield series.of
    for verdict in verdicts:
        taken = verdict.item.taken
        when = f" ({taken.isoformat()}Z)" if taken else ""
        word = "stays" if verdict.keep else "goes "
        yield f"  {word}  {verdict.item.name}{when}: {'; '.join(verdict.reasons)}"


def present(volume: str | None, group: str | None, policy: Policy, cluster: Cluster) -> list[str]:
    """The names of all snapshots that the policy is about."""
    found = series_of(volume, group, policy, cluster)
    return [s.name for series in found for item in series.items for s in item.snapshots]
