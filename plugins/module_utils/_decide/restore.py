# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a volume to hold the data of a snapshot: from any state, also a half-way one.

``gluster snapshot restore`` needs a stopped volume, consumes the snapshot, and takes every option
of the volume back to what it was at snapshot time. Around it stand, in this order:

1. the snapshot is activated: a restore whose bricks cannot be mounted destroys the snapshot
   (Gluster 10.3), so they are seen running first; sessions of geo-replication are stopped;
2. the volume is *held*: read-only, with a mark of what is going on in an option of its own;
3. a safety snapshot of the present is taken: under the hold it holds every acknowledged write;
4. stop, restore;
5. held again (the restore took the option back), started, the snapshot taken again under its
   name: under the hold it holds what the consumed one held, whatever clients try to write;
6. released, and marked as restored.

The mark is how a second run knows that the work is done, and how a run after a power cut knows
where to go on. Between 4 and 5 the mark is lost with the options; the safety snapshot carries the
same facts in its description.

The steps come in stages, so that the members of a consistency group can go through them together.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .mark import MARK, READ_ONLY, Mark, consumed
from .names import LONGEST, check_snapshot_name, check_volume_name
from .notes import TAKEN, UNSET
from .plan import Plan, Refusal
from .snapshot import auto_delete_warning, find_snapshot
from .steps.session import StopSession
from .steps.snapshot import (
    ActivateSnapshot,
    CreateSnapshot,
    DeactivateSnapshot,
    RemoveHalfMade,
    RestoreSnapshot,
    offline_bricks,
)
from .steps.volume import SetVolumeOptions, StartVolume, StopVolume, georep_obstacle, sessions_of
from .volume_notes import MEMBERSHIP

if t.TYPE_CHECKING:
    from .._model import Cluster, Snapshot
    from .._volume_model import Volume
    from .plan import Step

LASTING = (MEMBERSHIP, TAKEN)
"""Options that say nothing of the data: a restore takes them back, and they are set again."""

STAGES = (
    *("activate", "sessions", "hold", "safety", "stop", "restore"),
    *("hold again", "start", "keep", "release"),
)
"""In their order; each is over for all volumes before the next one begins."""

Stages = t.Dict[str, t.List["Step"]]


@dataclass(frozen=True)
class WantedRestore:
    """A volume that holds the data of a snapshot, as the task declares it."""

    name: str
    volume: str
    stop_volume: bool = False
    safety_snapshot: bool = True
    keep_snapshot: bool = True
    restore_again: bool = False
    stop_sessions: bool = False


@dataclass(frozen=True)
class InGroup:
    """What a member of a consistency group does otherwise than a volume alone."""

    attempt: str  # the id of the safety set: one restore of the group, however often it is begun
    safety: str  # the name of the volume's own safety snapshot
    tag: t.Mapping[str, t.Any]  # what makes that one of the set
    options: tuple[tuple[str, str], ...]  # the membership, which a restore takes back


def decide_restored(wanted: WantedRestore, cluster: Cluster) -> Plan:
    """The steps that are left, from wherever the volume is."""
    check_snapshot_name(wanted.name)
    check_volume_name(wanted.volume)
    safety, stages = stages_of(wanted, cluster)
    steps = tuple(step for stage in STAGES for step in stages.get(stage, ()))
    if stages.keys() <= {"start"}:
        return Plan(steps)  # its data are there: a person may start it by hand
    kept = f"snapshot {safety}" if safety else ""
    lost = given_up(wanted, kept or "nothing that is kept", cluster)
    return Plan(steps, lost, halfway=half_done(f"volume {wanted.volume}", kept))


def given_up(wanted: WantedRestore, kept: str, cluster: Cluster) -> tuple[str, ...]:
    """A restore that was half done, and goes back to what was before."""
    volume = cluster.volume(wanted.volume)
    mark = consumed(volume, cluster) if volume else None
    if mark is None or mark.safety != wanted.name or cluster.snapshot(mark.snapshot):
        return ()
    return (
        f"Snapshot {mark.snapshot} was consumed by a restore that is given up. What it held will be "
        f"in {kept}.",
    )


def half_done(what: str, safety: str) -> str:
    """What to know when the snapshot is consumed and the rest has failed."""
    kept = f" What it held before is in {safety}." if safety else ""
    return (
        f"The restore of {what} is half done: what is stopped or read-only is to stay so until the "
        f"same task has run to its end.{kept}"
    )


def stages_of(
    wanted: WantedRestore, cluster: Cluster, group: InGroup | None = None
) -> tuple[str, Stages]:
    """The name of the safety snapshot of one volume, and the steps that are left, by stage."""
    volume = cluster.volume(wanted.volume)
    if volume is None:
        raise Refusal(
            f"volume {wanted.volume} does not exist", "Check the name (gluster volume list)."
        )
    snapshot = find_snapshot(cluster, wanted.name, wanted.volume)
    if is_done(wanted, volume, snapshot):
        return "", ({} if volume.started else {"start": [StartVolume(volume.name)]})
    behind = consumed(volume, cluster)
    if behind is not None and behind.snapshot == wanted.name:
        again = group.options if group else ()
        left = _after(wanted, behind, volume, snapshot, bool(group), again, cluster)
        return behind.safety, left
    if behind is not None:
        _refuse_to_leave_half_done(behind, wanted, volume)
    if snapshot is None:
        raise Refusal(
            f"snapshot {wanted.name} of volume {wanted.volume} does not exist",
            f"The volume is {volume.status}. See gluster snapshot list {wanted.volume}."
            f"{_where_it_went(wanted.name, volume)}",
        )
    sessions = _sessions(wanted, volume, cluster)
    if volume.started and not wanted.stop_volume:
        raise Refusal(
            f"volume {volume.name} is started, and a restore needs it stopped",
            "Say stop_volume: true to have it stopped, restored and started again.",
        )
    _refuse_auto_delete(volume, cluster)
    begun, before = _before(wanted, volume, snapshot, group, cluster)
    lasting = tuple((key, volume.options[key]) for key in LASTING if key in volume.options)
    restored = replace(volume, status="Stopped", options={})
    again = group.options if group else lasting
    after = _after(wanted, begun, restored, None, bool(group), again, cluster)
    return begun.safety, {"sessions": sessions, **before, **after}


def _refuse_to_leave_half_done(mark: Mark, wanted: WantedRestore, volume: Volume) -> None:
    """What the consumed snapshot held may be nowhere but in the volume.

    Back to what was before is let through: it is the way out where the volume does not start.
    """
    if mark.safety == wanted.name:
        return
    back = f" Or restore {mark.safety}: what the volume held before."
    raise Refusal(
        f"the restore of volume {volume.name} to snapshot {mark.snapshot} is half done: that "
        "snapshot is consumed",
        "Run that restore to its end first." + (back if mark.safety and not mark.attempt else ""),
    )


def _where_it_went(name: str, volume: Volume) -> str:
    """How to go on where there is no snapshot of that name, and a restore may have to do with it."""
    mark = Mark.of(volume)
    if mark and mark.data == volume.snapshot_volume:
        return ""
    if mark and mark.snapshot == name and _holding(volume):
        start = "" if volume.started else f"; gluster volume start {volume.name}"
        return (
            " Its restore was begun, and then it was removed: the volume has what it had, and is held. "
            f"To give it up: gluster volume set {volume.name} {READ_ONLY} {mark.read_only}{start}."
        )
    # Until the volume is held again only a safety snapshot knows of the restore.
    if volume.snapshot_volume is None:
        return ""
    return (
        " If a restore of it without a safety snapshot was cut short, the volume holds its data "
        f"already: set {READ_ONLY} on, start it, take snapshot {name} of it, and set it off again."
    )


def is_done(wanted: WantedRestore, volume: Volume, snapshot: Snapshot | None) -> bool:
    """The mark names the snapshot, the bricks are its, and it was not taken anew since then."""
    mark = Mark.of(volume)
    if mark is None or not mark.done or mark.snapshot != wanted.name:
        return False
    if mark.data != volume.snapshot_volume:
        return False
    return snapshot is None or (snapshot.uuid == mark.uuid and not wanted.restore_again)


def _holding(volume: Volume) -> Mark | None:
    """The mark of an earlier try, of any snapshot, that holds the volume still."""
    mark = Mark.of(volume)
    return mark if mark and not mark.done and volume.options.get(READ_ONLY) == "on" else None


def held_by(volume: Volume, snapshot: Snapshot | None) -> Mark | None:
    """The mark of an earlier try of this snapshot that holds the volume still.

    What was written since somebody released it would not be in its safety snapshot.
    """
    mark = _holding(volume)
    return mark if mark and snapshot and mark.data == snapshot.snapshot_volume else None


def _outside_of_a_hold(volume: Volume) -> str:
    """What read-only is, or was before a restore that was given up for this one."""
    mark = _holding(volume)
    return mark.read_only if mark else volume.options.get(READ_ONLY, "off")


def _before(
    wanted: WantedRestore,
    volume: Volume,
    snapshot: Snapshot,
    group: InGroup | None,
    cluster: Cluster,
) -> tuple[Mark, Stages]:
    """Up to and with the restore itself."""
    ahead = held_by(volume, snapshot)
    if group and ahead and ahead.attempt != group.attempt:
        ahead = None
    mark = ahead or Mark(
        snapshot=snapshot.name,
        uuid=snapshot.uuid or "",
        data=snapshot.snapshot_volume or "",
        instead_of=volume.snapshot_volume or "",
        read_only=_outside_of_a_hold(volume),
        safety=_safety_name(wanted, snapshot, group, cluster),
        activated=bool(snapshot.activated),
        attempt=group.attempt if group else "",
        description=snapshot.description,
    )
    stages: Stages = {}
    started = volume.started
    if not snapshot.activated:
        stages["activate"] = [ActivateSnapshot(snapshot.name)]
    elif offline_bricks(cluster, snapshot.name):
        # Of a node that lost its power soon after the activation, only this brings them up (10.3).
        stages["activate"] = [DeactivateSnapshot(snapshot.name), ActivateSnapshot(snapshot.name)]
    safety = cluster.snapshot(mark.safety) if mark.safety else None
    if mark.safety and not _kept(safety):
        hold: list[Step] = [_hold(volume, mark)] if ahead is None else []
        if not started:
            hold.append(StartVolume(volume.name))
            started = True
        description = mark.explained(group.tag if group else None)
        stages["hold"] = hold
        create = CreateSnapshot(mark.safety, volume.name, description)
        stages["safety"] = [*_cleared(safety), create]
    if started:
        stages["stop"] = [StopVolume(volume.name)]
    stages["restore"] = [RestoreSnapshot(snapshot.name, volume.name, mark.data)]
    return mark, stages


def _after(
    wanted: WantedRestore,
    mark: Mark,
    volume: Volume,
    kept: Snapshot | None,
    in_group: bool,
    again: tuple[tuple[str, str], ...],
    cluster: Cluster,
) -> Stages:
    """From the consumed snapshot to a started volume that says it is restored."""
    stages: Stages = {} if volume.started else {"start": [StartVolume(volume.name)]}
    done = replace(mark, done=True, description="", activated=False)
    if not wanted.keep_snapshot:
        # In a group nobody may write before the last member has left its present behind.
        if in_group:
            stages["hold again"] = _held(volume, mark)
        release: list[Step] = [_release(volume, done, again)]
        return {**stages, "release": release} if in_group else {"hold again": release, **stages}
    keep: list[Step] = []
    activated = bool(kept and kept.activated)
    if not _kept(kept):
        stages["hold again"] = _held(volume, mark)
        keep += _cleared(kept)
        keep.append(CreateSnapshot(mark.snapshot, volume.name, mark.description))
        activated = mark.activated and cluster.config().activate_on_create
    if mark.activated and not activated:
        keep.append(ActivateSnapshot(mark.snapshot))
    stages["keep"] = keep
    end = replace(done, uuid=f"{{snapshot:{mark.snapshot}}}")
    stages["release"] = [_release(volume, end, again)]
    return stages


def _kept(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and snapshot.complete


def _cleared(snapshot: Snapshot | None) -> list[Step]:
    """What is left of one whose creation did not end. Under the hold a new one holds the same."""
    return [RemoveHalfMade(snapshot.name, snapshot.volume)] if snapshot else []


def _held(volume: Volume, mark: Mark) -> list[Step]:
    """Never taken back: a person may start the volume to mend its bricks, before the snapshot is kept."""
    hold = replace(_hold(volume, mark), before=())
    return [hold] if any(volume.options.get(k) != value for k, value in hold.options) else []


def _hold(volume: Volume, mark: Mark) -> SetVolumeOptions:
    earlier = ((READ_ONLY, mark.read_only), (MARK, volume.options.get(MARK, UNSET)))
    return SetVolumeOptions(volume.name, ((READ_ONLY, "on"), (MARK, mark.text())), earlier)


def _release(volume: Volume, mark: Mark, again: tuple[tuple[str, str], ...]) -> SetVolumeOptions:
    options = ((READ_ONLY, mark.read_only), (MARK, mark.text()), *again)
    return SetVolumeOptions(volume.name, options)


def _safety_name(
    wanted: WantedRestore, snapshot: Snapshot, group: InGroup | None, cluster: Cluster
) -> str:
    if group:
        return group.safety
    if not wanted.safety_snapshot:
        return ""
    return free_name(
        f"before-restore-{snapshot.name}-{(snapshot.snapshot_volume or '')[:12]}",
        lambda name: cluster.snapshot(name) is None,
    )


def free_name(name: str, is_free: t.Callable[[str], bool], longest: int = LONGEST) -> str:
    """A safety snapshot that an abandoned try left behind holds an older present: not reused."""
    number = 1
    begin, dash, end = name.rpartition("-")
    while True:
        tail = dash + end + (f"-{number}" if number > 1 else "")
        found = begin[: longest - len(tail)] + tail
        if is_free(found):
            return found
        number += 1


def _sessions(wanted: WantedRestore, volume: Volume, cluster: Cluster) -> list[Step]:
    """Those of geo-replication are a reason to refuse, or are stopped."""
    if not wanted.stop_sessions:
        found = list(georep_obstacle(cluster, volume, "it is restored", running_only=False))
        if found:
            raise Refusal(
                found[0] + ": after the restore it would be Faulty for ever",
                "Restore with role restore, which also has the session work again. Or say "
                "stop_sessions: true, restore the volume of the destination too, and afterwards "
                "remove the session with reset_sync_time and create it anew.",
            )
        return []
    return [
        StopSession(volume.name, session.secondary)
        for session in sessions_of(volume, cluster)
        if session.state in ("started", "paused")
    ]


def _refuse_auto_delete(volume: Volume, cluster: Cluster) -> None:
    """The snapshots taken around a restore must not cost the oldest one: it may be this one."""
    found = auto_delete_warning(volume.name, cluster)
    if found:
        raise Refusal(
            found[0],
            "Turn auto_delete off (gluster_snapshot_config), raise the limit, or remove snapshots.",
        )
