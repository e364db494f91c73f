# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a clone, a writable volume made from a snapshot, to be as wanted."""

from __future__ import annotations

import typing as t

from .mark import READ_ONLY
from .names import check_snapshot_name, check_volume_name
from .plan import Plan, Refusal
from .steps.snapshot import ActivateSnapshot, CloneSnapshot, DeactivateSnapshot
from .steps.volume import DeleteVolume, SetVolumeOptions, StartVolume, StopVolume
from .volume_notes import ORIGIN, Origin

if t.TYPE_CHECKING:
    from .._model import Cluster
    from .._volume_model import Volume
    from .plan import Step


def decide_clone(name: str, snapshot: str, started: bool, cluster: Cluster) -> Plan:
    """There, made from that snapshot, and started or not."""
    check_snapshot_name(name, "clone")
    check_volume_name(name)
    check_snapshot_name(snapshot)
    clone = cluster.volume(name)
    if clone is None:
        return Plan(_make(name, snapshot, started, cluster))
    _refuse_ordinary(clone)
    origin = Origin.of(clone)
    if origin is not None and origin.snapshot != snapshot:
        raise Refusal(
            f"volume {name} is a clone of snapshot {origin.snapshot}, not of {snapshot}",
            "Remove it first, or choose another name.",
        )
    if started == clone.started:
        return Plan()
    if not started:
        return Plan((StopVolume(name),))
    # Cut short before its first start, it has that of a read-only volume still.
    is_held = clone.status == "Created" and clone.options.get(READ_ONLY) == "on"
    release = (SetVolumeOptions(name, ((READ_ONLY, "off"),)),) if is_held else ()
    return Plan((StartVolume(name), *release))


def _make(name: str, snapshot: str, started: bool, cluster: Cluster) -> tuple[Step, ...]:
    source = cluster.snapshot(snapshot)
    if source is None:
        raise Refusal(
            f"snapshot {snapshot} does not exist",
            "Check the name of the snapshot (gluster snapshot list).",
        )
    origin = Origin(source.volume, source.name, source.uuid or "")
    # A clone is there to be written to; the snapshot may have been taken of a read-only volume.
    options = SetVolumeOptions(name, ((READ_ONLY, "off"), (ORIGIN, origin.text())))
    make: tuple[Step, ...] = (CloneSnapshot(name, snapshot),)
    if not source.activated:
        make = (ActivateSnapshot(snapshot), *make, DeactivateSnapshot(snapshot))
    # Started in any case: to set an option of a clone that never ran fails (Gluster 10.3 misses
    # its NAME-shd.vol), and a clone whose bricks do not come up is none.
    return (*make, StartVolume(name), options, *(() if started else (StopVolume(name),)))


def decide_no_clone(name: str, stop_volume: bool, cluster: Cluster) -> Plan:
    """Gone; never a volume that is not a clone."""
    check_volume_name(name)
    clone = cluster.volume(name)
    if clone is None:
        return Plan()
    _refuse_ordinary(clone)
    if clone.snapshot_count:
        raise Refusal(
            f"clone {name} has {clone.snapshot_count} snapshots of its own",
            "Remove them first (gluster_snapshot with delete_all).",
        )
    if clone.started and not stop_volume:
        raise Refusal(
            f"clone {name} is started",
            "Say stop_volume: true to have it stopped and removed with its data.",
        )
    left = (
        "Gluster keeps the logical volumes of a deleted clone: see lvs and the mounts below "
        f"/run/gluster/snaps/{clone.snapshot_volume} on its nodes.",
    )
    stop = (StopVolume(name),) if clone.started else ()
    return Plan((*stop, DeleteVolume(name)), left)


def _refuse_ordinary(volume: Volume) -> None:
    if not volume.is_clone:
        raise Refusal(
            f"volume {volume.name} exists and is not a clone of a snapshot",
            "This module leaves ordinary volumes alone: choose another name.",
        )
