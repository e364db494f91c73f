# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a snapshot of a consistency group, a set (see ``sets``), to be as wanted."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .group import decide_no_group, find_group, find_whole_group
from .mark import Mark, consumed
from .names import (
    DESCRIPTION_LONGEST,
    LONGEST_IN_GROUP,
    check_description,
    check_group_name,
)
from .notes import TAKEN, UNSET, Tag, described
from .plan import AtOnce, Plan, Refusal
from .restore import (
    LASTING,
    STAGES,
    InGroup,
    WantedRestore,
    free_name,
    given_up,
    half_done,
    held_by,
    is_done,
)
from .restore import stages_of as stages_of_volume
from .sets import NOT_PROVED, PROVED, SHORT, SnapshotSet, find_set, noted_in, sets_of, sets_of_group
from .snapshot import auto_delete_warning, description_warning
from .steps.snapshot import (
    ActivateSnapshot,
    CreateSnapshot,
    DeactivateSnapshot,
    DeleteSnapshot,
    peers_down_warning,
    spared,
)
from .steps.volume import SetVolumeOptions, StartVolume
from .volume_notes import MEMBERSHIP, Membership

if t.TYPE_CHECKING:
    from .._model import Cluster, Snapshot
    from .._volume_model import Volume
    from .group import Group
    from .plan import Step
    from .restore import Stages

LONGEST_MEMBER = 180
"""Characters of a member snapshot's name: facts of a restore that hold it twice have to fit too."""


@dataclass(frozen=True)
class WantedSet:
    """A snapshot of a group as the task declares it; ``activated`` None leaves it as it is."""

    name: str
    group: str
    description: str | None = None
    activated: bool | None = None
    quiesced: bool = False
    accept_auto_delete: bool = False
    georep_paused: bool = False

    def check(self) -> None:
        check_group_name(self.group)
        check_group_name(self.name, "snapshot")
        check_description(self.description or "")


def decide_set(wanted: WantedSet, fresh: str, cluster: Cluster) -> Plan:
    """There and whole, and activated or not; ``fresh`` is the UUID of a new set."""
    wanted.check()
    found = find_set(cluster, wanted.group, wanted.name)
    if found is not None and (found.complete or found.noted):
        return _as_it_is(wanted, found, cluster)
    group = find_whole_group(wanted.group, cluster)
    left = found.snapshots if found else ()
    why = next(filter(None, map(spared, left)), "")
    if why:
        raise Refusal(why)
    warnings = _refuse_auto_delete(wanted, group, cluster)
    tag = Tag(fresh, wanted.name, group.id, group.name, len(group.volumes), wanted.quiesced)
    creates = [_create(tag, volume.name, wanted, left, cluster) for volume in group.volumes]
    held = _addresses(group, cluster) if wanted.quiesced else ()
    steps: list[Step] = [DeleteSnapshot(snapshot.name, snapshot.volume) for snapshot in left]
    steps += [AtOnce(tuple(creates), held), _note(tag, group, cluster)]
    if found is not None:
        warnings.append(
            f"An earlier run left {_there(found)} snapshots of set {wanted.name} behind: they are "
            "removed, and the set is taken anew."
        )
    if wanted.activated is not None and wanted.activated != cluster.config().activate_on_create:
        switch = ActivateSnapshot if wanted.activated else DeactivateSnapshot
        steps += [switch(create.name) for create in creates]
    return Plan(tuple(steps), tuple(warnings))


def _as_it_is(wanted: WantedSet, found: SnapshotSet, cluster: Cluster) -> Plan:
    if not found.complete:
        raise Refusal(
            f"snapshot {wanted.name} of group {wanted.group} is not whole any more: "
            f"{_there(found)} are left ({', '.join(found.volumes)})",
            "Remove it (state: absent), or choose another name.",
        )
    warnings = []
    if wanted.quiesced and found.consistency == "none":
        warnings.append(
            f"Snapshot {wanted.name} of group {wanted.group} is there, and nothing proves that it "
            "is one point in time. Remove it to have it taken again."
        )
    warnings += description_warning(wanted.name, found.description, wanted.description)
    steps: list[Step] = []
    for snapshot in found.snapshots:
        if wanted.activated is True and not snapshot.activated:
            steps.append(ActivateSnapshot(snapshot.name))
        if wanted.activated is False and snapshot.activated:
            steps.append(DeactivateSnapshot(snapshot.name))
    return Plan(tuple(steps), tuple(warnings))


def _there(found: SnapshotSet) -> str:
    half_made = len(found.snapshots) - len(found.usable)
    more = f" (and {half_made} half made)" if half_made else ""
    return f"{len(found.usable)} of {found.tag.members}{more}"


def member_name(group: str, name: str, volume: str) -> str:
    """The name of a member snapshot; what it belongs to is in its description."""
    return f"{group}_{name}_{volume}"


def _create(
    tag: Tag, volume: str, wanted: WantedSet, left: t.Sequence[Snapshot], cluster: Cluster
) -> CreateSnapshot:
    name = member_name(tag.group_name, tag.name, volume)
    if len(name) > LONGEST_MEMBER:
        raise Refusal(
            f"the snapshot of volume {volume} would be named {name}, which is longer than "
            f"{LONGEST_MEMBER} characters",
            "Choose a shorter name.",
        )
    taken = cluster.snapshot(name)
    if taken is not None and taken not in left:
        raise Refusal(
            f"a snapshot {name} of volume {taken.volume} exists, and is not one of set {tag.name}",
            "Snapshot names are unique in a cluster: choose another name.",
        )
    description = described(wanted.description or "", set=tag.__dict__)
    over = len(description.encode()) - DESCRIPTION_LONGEST
    if over > 0:
        size = len((wanted.description or "").encode())
        raise Refusal(f"the description has {size} bytes, and {size - over} fit beside our own")
    return CreateSnapshot(name, volume, description, wanted.georep_paused)


def _note(tag: Tag, group: Group, cluster: Cluster) -> SetVolumeOptions:
    """That the set was taken whole, on its first volume; sets that are gone are forgotten."""
    volume = group.volumes[0]
    there = {one.tag.id[:SHORT] for one in sets_of(cluster.snapshots(), ())}
    noted = [entry for entry in noted_in(volume) if entry[:-1] in there]
    noted.append(tag.id[:SHORT] + (PROVED if tag.held else NOT_PROVED))
    return SetVolumeOptions(volume.name, ((TAKEN, " ".join(noted)),), _as_before(volume, TAKEN))


def _as_before(volume: Volume, option: str) -> tuple[tuple[str, str], ...]:
    return ((option, volume.options.get(option, UNSET)),)


def _addresses(group: Group, cluster: Cluster) -> tuple[tuple[str, int], ...]:
    """Where clients reach the bricks; a brick without a port is offline, an obstacle elsewhere."""
    cluster.get("all_statuses")
    found = set()
    for volume in group.volumes:
        for brick, status in zip(volume.bricks, cluster.status(volume.name).bricks_of(volume)):
            if status.port:
                found.add((brick.host, status.port))
    return tuple(sorted(found))


def _refuse_auto_delete(wanted: WantedSet, group: Group, cluster: Cluster) -> list[str]:
    """Gluster deletes the oldest snapshot of one volume, and a set is broken."""
    cluster.get("all_statuses")
    if not cluster.config().auto_delete:
        return []
    if not wanted.accept_auto_delete:
        raise Refusal(
            "auto_delete is on: past the soft limit of one volume Gluster deletes a member of a "
            "set, and the set is not whole any more",
            "Turn it off (gluster_snapshot_config), or say accept_auto_delete: true.",
        )
    return [text for volume in group.volumes for text in auto_delete_warning(volume.name, cluster)]


def decide_no_set(group: str, name: str, cluster: Cluster) -> Plan:
    """None of its snapshots is there, however many are left."""
    WantedSet(name, group).check()
    found = find_set(cluster, group, name)
    return _without(found.snapshots if found else (), cluster)


def decide_no_sets(group: str, cluster: Cluster) -> Plan:
    """No snapshot of the group is there."""
    check_group_name(group)
    return _without([s for one in sets_of_group(group, cluster) for s in one.snapshots], cluster)


def decide_group_absent(name: str, delete_snapshots: bool, cluster: Cluster) -> Plan:
    """No group of that name; its snapshots stay unless they are to be removed."""
    check_group_name(name)
    if delete_snapshots:
        gone = decide_no_sets(name, cluster)
        return Plan((*gone.steps, *decide_no_group(name, cluster)), gone.warnings)
    steps = decide_no_group(name, cluster)
    kept = [one.tag.name for one in sets_of(cluster.snapshots(), ()) if one.tag.group_name == name]
    warning = (
        f"Snapshots of consistency group {name} stay: {', '.join(kept)}. delete_snapshots: true "
        "removes them."
    )
    return Plan(steps, (warning,) if kept and steps else ())


def _without(snapshots: t.Sequence[Snapshot], cluster: Cluster) -> Plan:
    steps = tuple(DeleteSnapshot(snapshot.name, snapshot.volume) for snapshot in snapshots)
    return Plan(steps, peers_down_warning(cluster) if steps else ())


@dataclass(frozen=True)
class WantedSetRestore:
    """All volumes of a group with the data of a set, as the task declares it."""

    name: str
    group: str
    stop_volume: bool = False
    keep_snapshot: bool = True
    restore_again: bool = False
    accept_other_members: bool = False
    stop_sessions: bool = False

    def member(self, volume: str) -> WantedRestore:
        return WantedRestore(
            member_name(self.group, self.name, volume),
            volume,
            stop_volume=self.stop_volume,
            keep_snapshot=self.keep_snapshot,
            restore_again=self.restore_again,
            stop_sessions=self.stop_sessions,
        )


@dataclass(frozen=True)
class Attempt:
    """One restore of a group, however often it is begun: the set of the present that it leaves."""

    id: str
    safety: str  # its name
    volumes: tuple[str, ...]


def decide_set_restored(wanted: WantedSetRestore, fresh: str, cluster: Cluster) -> Plan:
    """Every volume of the set, or none: from wherever each of them is.

    ``fresh`` is the UUID of a new safety set.
    """
    check_group_name(wanted.group)
    check_group_name(wanted.name, "snapshot")
    group = find_group(wanted.group, cluster)
    if group is None:
        raise Refusal(
            f"consistency group {wanted.group} does not exist",
            "Declare it with gluster_consistency_group.",
        )
    attempt = _begun(wanted, cluster)
    if attempt is not None:
        wanted = replace(wanted, restore_again=False)
        return _through_stages(wanted, attempt, group, cluster)
    found = find_set(cluster, wanted.group, wanted.name)
    volumes = found.volumes if found else _restored_from(wanted, cluster)
    if _is_done(wanted, volumes, cluster):
        stopped = [v for v in map(cluster.volume, volumes) if v and not v.started]
        return Plan(tuple(StartVolume(volume.name) for volume in stopped))
    if found is None:
        raise Refusal(
            f"snapshot {wanted.name} of group {wanted.group} does not exist",
            "See gluster_snapshot_info with consistency_group.",
        )
    _refuse_what_does_not_fit(wanted, found, cluster)
    attempt = Attempt(fresh, _safety_name(wanted, found, cluster), volumes)
    plan = _through_stages(replace(wanted, restore_again=True), attempt, group, cluster)
    if found.consistency == "crash":
        return plan
    doubt = (
        f"Nothing proves that snapshot {wanted.name} of group {wanted.group} is one point in "
        "time: its volumes may not fit together."
    )
    return replace(plan, warnings=(*plan.warnings, doubt))


def _begun(wanted: WantedSetRestore, cluster: Cluster) -> Attempt | None:
    """The restore of this set that an earlier run did not finish."""
    half_way: list[Mark] = []
    held: list[tuple[str, Mark]] = []
    cluster.snapshots()  # so that they are read at once, and not one by one
    for volume in cluster.volumes():
        name = member_name(wanted.group, wanted.name, volume.name)
        snapshot = cluster.snapshot(name)
        behind = consumed(volume, cluster)
        ahead = held_by(volume, snapshot)
        if behind and behind.snapshot == name and behind.attempt:
            half_way.append(behind)
        elif ahead and ahead.attempt:
            held.append((volume.name, ahead))
    if half_way:
        # Nothing is consumed before the safety set is whole: it tells which volumes go along.
        identity = half_way[0].attempt
        sets = sets_of(cluster.snapshots(), ())
        safety = next((one for one in sets if one.tag.id == identity), None)
        if safety is None:
            raise Refusal(
                f"a restore of group {wanted.group} to {wanted.name} was interrupted, and the "
                "snapshots that it took before are gone",
                "Its volumes are read-only. Restore each of them by itself (with volume).",
            )
        return Attempt(identity, safety.tag.name, safety.volumes)
    found = find_set(cluster, wanted.group, wanted.name)
    if not held or found is None or not found.complete:
        return None
    name, mark = held[0]
    safety_set = mark.safety[len(wanted.group) + 1 :].rpartition(f"_{name}")[0]
    return Attempt(mark.attempt, safety_set, found.volumes)


def _restored_from(wanted: WantedSetRestore, cluster: Cluster) -> tuple[str, ...]:
    """Volumes that say they were restored to a set that was not kept."""
    marks = ((volume.name, Mark.of(volume)) for volume in cluster.volumes())
    return tuple(
        name
        for name, mark in marks
        if mark and mark.snapshot == member_name(wanted.group, wanted.name, name)
    )


def _is_done(wanted: WantedSetRestore, volumes: tuple[str, ...], cluster: Cluster) -> bool:
    """All of them, and in one go: what was restored by itself has gone its own way since."""
    attempts = set()
    for name in volumes:
        volume, snapshot = cluster.volume(name), wanted.member(name)
        if volume is None or not is_done(snapshot, volume, cluster.snapshot(snapshot.name)):
            return False
        mark = Mark.of(volume)
        attempts.add(mark.attempt if mark else "")
    return len(attempts) == 1 and "" not in attempts


def restored_volumes(
    cluster: Cluster, group: str, name: str
) -> tuple[tuple[Volume, ...], str | None, bool]:
    """The volumes of a set, the name of the safety set of their restore, and whether it is done."""
    wanted = WantedSetRestore(name, group)
    found = find_set(cluster, group, name)
    names = found.volumes if found else _restored_from(wanted, cluster)
    volumes = tuple(volume for volume in map(cluster.volume, names) if volume is not None)
    marks = [mark for mark in map(Mark.of, volumes) if mark is not None and mark.safety]
    safety = cluster.snapshot(marks[0].safety) if marks else None
    tag = Tag.of(safety) if safety else None
    return volumes, tag.name if tag else None, _is_done(wanted, names, cluster)


def _refuse_what_does_not_fit(
    wanted: WantedSetRestore, found: SnapshotSet, cluster: Cluster
) -> None:
    if not found.complete:
        raise Refusal(
            f"snapshot {wanted.name} of group {wanted.group} is not whole: "
            f"{_there(found)} are there ({', '.join(found.volumes)})",
            "It cannot be restored as a set. Each of its snapshots can be, by itself (with volume).",
        )
    group = find_whole_group(wanted.group, cluster)
    if set(found.volumes) == set(group.members) or wanted.accept_other_members:
        return
    left = sorted(set(found.volumes) - set(group.members))
    joined = sorted(set(group.members) - set(found.volumes))
    differs = [f"{', '.join(left)} left the group since"] if left else []
    differs += [f"{', '.join(joined)} joined it and would stay as it is"] if joined else []
    raise Refusal(
        f"snapshot {wanted.name} was taken when group {wanted.group} had other members: "
        + "; ".join(differs),
        "Say accept_other_members: true to restore the volumes that it has.",
    )


def _safety_name(wanted: WantedSetRestore, found: SnapshotSet, cluster: Cluster) -> str:
    """Each restore consumes other data, so the name is its own."""
    data = found.snapshots[0].snapshot_volume or ""
    return free_name(
        f"before-restore-{wanted.name}-{data[:12]}",
        lambda name: all(
            cluster.snapshot(member_name(wanted.group, name, volume)) is None
            for volume in found.volumes
        ),
        LONGEST_IN_GROUP,
    )


def _through_stages(
    wanted: WantedSetRestore, attempt: Attempt, group: Group, cluster: Cluster
) -> Plan:
    """Each stage for all volumes before the next one: nobody is restored while one is not safe."""
    each: list[Stages] = []
    lost: list[str] = []
    for name in attempt.volumes:
        member = wanted.member(name)
        in_group = _in_group(wanted, attempt, name, group, cluster)
        each.append(stages_of_volume(member, cluster, in_group)[1])
        lost += given_up(member, f"the group's snapshot {attempt.safety}", cluster)
    return Plan(
        tuple(step for stage in STAGES for stages in each for step in stages.get(stage, ())),
        tuple(lost),
        halfway=half_done(f"group {group.name}", f"its snapshot {attempt.safety}"),
    )


def _in_group(
    wanted: WantedSetRestore, attempt: Attempt, name: str, group: Group, cluster: Cluster
) -> InGroup:
    volume = cluster.volume(name)
    options: dict[str, str] = {}
    if volume is not None:
        # The restore takes both back to what they were when the snapshot was taken.
        options = {key: volume.options[key] for key in LASTING if key in volume.options}
        said = Membership.of(volume)
        if name in group.members:
            options[MEMBERSHIP] = group.membership(volume)
        elif said and said.id == group.id:
            options[MEMBERSHIP] = UNSET
    tag = Tag(attempt.id, attempt.safety, group.id, group.name, len(attempt.volumes))
    safety = member_name(group.name, attempt.safety, name)
    snapshot = cluster.snapshot(wanted.member(name).name)
    held = held_by(volume, snapshot) if volume else None
    if cluster.snapshot(safety) is not None and (held is None or held.attempt != attempt.id):
        # Somebody wrote since it was taken: a second one, beside the set.
        safety = free_name(f"{safety}-again", lambda name: cluster.snapshot(name) is None)
        return InGroup(attempt.id, safety, {}, tuple(options.items()))
    return InGroup(attempt.id, safety, tag.__dict__, tuple(options.items()))
