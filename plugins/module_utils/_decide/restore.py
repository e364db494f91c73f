# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a volume to hold the data of a snapshot: from any state, also a half-way one.

``gluster snapshot restore`` needs a stopped volume, consumes the snapshot, and takes every option
of the volume back to what it was at snapshot time. Around it stand, in this order:

1. the snapshot is activated: a restore whose bricks cannot be mounted destroys the snapshot
   (Gluster 10.3), so they are seen running first;
2. the volume is *held*: read-only, with a mark of what is going on in an option of its own;
3. a safety snapshot of the present is taken: under the hold it holds every acknowledged write;
4. stop, restore;
5. held again (the restore took the option back), started, the snapshot taken again under its
   name: under the hold it holds what the consumed one held, whatever clients try to write;
6. released, and marked as restored.

The mark is how a second run knows that the work is done, and how a run after a power cut knows
where to go on. Between 4 and 5 the mark is lost with the options; the safety snapshot carries the
same text as its description.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, fields, replace

from .names import DESCRIPTION_LONGEST, LONGEST, check_snapshot_name, check_volume_name
from .plan import Plan, Refusal
from .snapshot import auto_delete_warning, find_snapshot
from .steps.snapshot import ActivateSnapshot, CreateSnapshot, RestoreSnapshot
from .steps.volume import SetVolumeOptions, StartVolume, StopVolume, georep_obstacle

if t.TYPE_CHECKING:
    from .._model import Cluster, Snapshot, Volume
    from .plan import Step

MARK = "user.data-protection.restore"
READ_ONLY = "features.read-only"
NO_MARK = "-"  # a single option cannot be reset, and an empty value is refused


@dataclass(frozen=True)
class WantedRestore:
    """A volume that holds the data of a snapshot, as the task declares it."""

    name: str
    volume: str
    stop_volume: bool = False
    safety_snapshot: bool = True
    keep_snapshot: bool = True
    restore_again: bool = False


@dataclass(frozen=True)
class Mark:
    """What a volume says of its last restore."""

    snapshot: str
    uuid: str  # of the snapshot that stands for the restored data: the kept or the consumed one
    data: str  # the snapshot volume that was, or is to be, consumed
    done: bool = False
    read_only: str = "off"  # what the option is outside of the hold
    safety: str = ""
    activated: bool = False  # the snapshot was, before the restore
    description: str = ""

    def text(self, longest: int = 3500) -> str:
        """One line of JSON without what is as by default; a description too long gives way."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        told = {f.name: values[f.name] for f in fields(self) if values[f.name] != f.default}
        line = json.dumps(told, sort_keys=True, ensure_ascii=False)
        if len(line.encode()) > longest and self.description:
            return replace(self, description="").text(longest)
        return line

    def explained(self) -> str:
        """The same as a description that a person can read."""
        begin = f"Before restoring {self.snapshot} "
        return begin + self.text(DESCRIPTION_LONGEST - len(begin.encode()))

    @classmethod
    def of(cls, volume: Volume) -> Mark | None:
        return cls.read(volume.options.get(MARK))

    @classmethod
    def read(cls, line: str | None) -> Mark | None:
        _words, brace, values = (line or "").partition("{")
        try:
            return cls(**json.loads(brace + values))
        except (TypeError, ValueError):
            return None


def decide_restored(wanted: WantedRestore, cluster: Cluster) -> Plan:
    """The steps that are left, from wherever the volume is."""
    check_snapshot_name(wanted.name)
    check_volume_name(wanted.volume)
    volume = cluster.volume(wanted.volume)
    if volume is None:
        raise Refusal(
            f"volume {wanted.volume} does not exist", "Check the name (gluster volume list)."
        )
    snapshot = find_snapshot(cluster, wanted.name, wanted.volume)
    mark = Mark.of(volume)
    if _is_done(wanted, volume, snapshot, mark):
        return Plan(() if volume.started else (StartVolume(volume.name),))
    behind = _half_way(wanted, volume, snapshot, mark, cluster)
    if behind is not None:
        return Plan(_after(wanted, behind, volume, snapshot, cluster))
    if snapshot is None:
        raise Refusal(
            f"snapshot {wanted.name} of volume {wanted.volume} does not exist",
            f"The volume is {volume.status}. See gluster snapshot list {wanted.volume}.",
        )
    _refuse_sessions(volume, cluster)
    ahead = mark if mark and _is_held(volume, mark, snapshot) else None
    if volume.started and not wanted.stop_volume:
        raise Refusal(
            f"volume {volume.name} is started, and a restore needs it stopped",
            "Say stop_volume: true to have it stopped, restored and started again.",
        )
    _refuse_auto_delete(volume, cluster)
    steps, begun = _before(wanted, volume, snapshot, ahead, cluster)
    restored = replace(volume, status="Stopped", options={})
    return Plan(steps + _after(wanted, begun, restored, None, cluster))


def _is_done(
    wanted: WantedRestore, volume: Volume, snapshot: Snapshot | None, mark: Mark | None
) -> bool:
    """The mark names the snapshot, the bricks are its, and it was not taken anew since then."""
    if mark is None or not mark.done or mark.snapshot != wanted.name:
        return False
    if mark.data != volume.snapshot_volume:
        return False
    return snapshot is None or (snapshot.uuid == mark.uuid and not wanted.restore_again)


def _is_held(volume: Volume, mark: Mark, snapshot: Snapshot) -> bool:
    """By an earlier try, and still: what was written since somebody released it is not kept yet."""
    begun = not mark.done and mark.data == snapshot.snapshot_volume
    return begun and volume.options.get(READ_ONLY) == "on"


def _half_way(
    wanted: WantedRestore,
    volume: Volume,
    snapshot: Snapshot | None,
    mark: Mark | None,
    cluster: Cluster,
) -> Mark | None:
    """The mark of a restore that has consumed the snapshot and was not finished."""
    data = volume.snapshot_volume
    if data is None:
        return None
    if mark is None or mark.data != data:
        if snapshot is not None:
            return None
        safety = cluster.snapshot(_safety_name(wanted.name, data))
        mark = Mark.read(safety.description) if safety else None
    if mark and not mark.done and mark.snapshot == wanted.name and mark.data == data:
        return mark
    return None


def _before(
    wanted: WantedRestore,
    volume: Volume,
    snapshot: Snapshot,
    ahead: Mark | None,
    cluster: Cluster,
) -> tuple[tuple[Step, ...], Mark]:
    """Up to and with the restore itself; ``ahead`` is the mark of an earlier try, still held."""
    steps: list[Step] = []
    started = volume.started
    if not snapshot.activated:
        steps.append(ActivateSnapshot(snapshot.name))
    mark = ahead or Mark(
        snapshot=snapshot.name,
        uuid=snapshot.uuid or "",
        data=snapshot.snapshot_volume or "",
        read_only=volume.options.get(READ_ONLY, "off"),
        safety=_free_name(snapshot, cluster) if wanted.safety_snapshot else "",
        activated=bool(snapshot.activated),
        description=snapshot.description,
    )
    if mark.safety and cluster.snapshot(mark.safety) is None:
        if ahead is None:
            steps.append(_hold(volume, mark))
        if not started:
            steps.append(StartVolume(volume.name))
            started = True
        steps.append(CreateSnapshot(mark.safety, volume.name, mark.explained()))
    if started:
        steps.append(StopVolume(volume.name))
    steps.append(RestoreSnapshot(snapshot.name, volume.name, mark.data))
    return tuple(steps), mark


def _after(
    wanted: WantedRestore, mark: Mark, volume: Volume, kept: Snapshot | None, cluster: Cluster
) -> tuple[Step, ...]:
    """From the consumed snapshot to a started volume that says it is restored."""
    start: tuple[Step, ...] = () if volume.started else (StartVolume(volume.name),)
    done = replace(mark, done=True, description="", activated=False)
    if not wanted.keep_snapshot:
        return (_release(volume, done), *start)
    steps: list[Step] = []
    if kept is None:
        hold = _hold(volume, mark)
        if any(volume.options.get(key) != value for key, value in hold.options):
            steps.append(hold)
        steps += [*start, CreateSnapshot(mark.snapshot, volume.name, mark.description)]
        activated = mark.activated and cluster.config().activate_on_create
    else:
        steps += start
        activated = bool(kept.activated)
    if mark.activated and not activated:
        steps.append(ActivateSnapshot(mark.snapshot))
    steps.append(_release(volume, replace(done, uuid=f"{{snapshot:{mark.snapshot}}}")))
    return tuple(steps)


def _hold(volume: Volume, mark: Mark) -> SetVolumeOptions:
    earlier = ((READ_ONLY, mark.read_only), (MARK, volume.options.get(MARK, NO_MARK)))
    return SetVolumeOptions(volume.name, ((READ_ONLY, "on"), (MARK, mark.text())), earlier)


def _release(volume: Volume, mark: Mark) -> SetVolumeOptions:
    return SetVolumeOptions(volume.name, ((READ_ONLY, mark.read_only), (MARK, mark.text())))


def _safety_name(name: str, data: str, number: int = 1) -> str:
    """Each restore consumes other data, so the name is its own."""
    end = f"-{data[:12]}" + (f"-{number}" if number > 1 else "")
    return f"before-restore-{name}"[: LONGEST - len(end)] + end


def _free_name(snapshot: Snapshot, cluster: Cluster) -> str:
    """A safety snapshot that an abandoned try left behind holds an older present: not reused."""
    number = 1
    while True:
        name = _safety_name(snapshot.name, snapshot.snapshot_volume or "", number)
        if cluster.snapshot(name) is None:
            return name
        number += 1


def _refuse_sessions(volume: Volume, cluster: Cluster) -> None:
    found = list(georep_obstacle(cluster, volume, "it is restored", running_only=False))
    if found:
        raise Refusal(
            found[0] + ": after the restore it would be Faulty for ever",
            "Stop the session, delete it with reset-sync-time, restore primary and secondary, "
            "then create it again with push-pem force and start it.",
        )


def _refuse_auto_delete(volume: Volume, cluster: Cluster) -> None:
    """The snapshots taken around a restore must not cost the oldest one: it may be this one."""
    found = auto_delete_warning(volume.name, cluster)
    if found:
        raise Refusal(
            found[0],
            "Turn auto_delete off (gluster_snapshot_config), raise the limit, or remove snapshots.",
        )
