# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return: one function an object, the same in every module.

Those of geo-replication are in files of their own: no other module needs what they import.
"""

from __future__ import annotations

import re
import typing as t

from ._decide.notes import Membership, Origin, Tag, facts_of, words_of

if t.TYPE_CHECKING:
    from ._decide.group import Group
    from ._decide.sets import SnapshotSet
    from ._model import BrickStatus, Snapshot, SnapshotConfig, Volume
    from ._read.thin import Leftover, LogicalVolume

Result = t.Dict[str, t.Any]


def snapshot_result(snapshot: Snapshot | None) -> Result | None:
    """None where there is no snapshot; fields that only the real run can know are null."""
    if snapshot is None:
        return None
    return {
        "name": snapshot.name,
        "uuid": snapshot.uuid,
        "volume": snapshot.volume,
        "description": words_of(snapshot.description),
        "created": snapshot.created,
        "activated": snapshot.activated,
        "complete": snapshot.complete,
        "snapshot_volume": snapshot.snapshot_volume,
        "before_restore_of": facts_of(snapshot.description, "restore").get("snapshot"),
        "snapshot_set": _set_of(snapshot),
    }


def _set_of(snapshot: Snapshot) -> Result | None:
    tag = Tag.of(snapshot)
    return {"name": tag.name, "id": tag.id, "consistency_group": tag.group_name} if tag else None


def set_result(one: SnapshotSet | None) -> Result | None:
    """A snapshot of a consistency group; None where there is none."""
    if one is None:
        return None
    return {
        "name": one.tag.name,
        "id": one.tag.id,
        "consistency_group": one.tag.group_name,
        "group_id": one.tag.group,
        "description": one.description,
        "complete": one.complete,
        "consistency": one.consistency,
        "activated": one.activated,
        "created": one.created,
        "skew_seconds": one.skew,
        "snapshots": [snapshot_result(snapshot) for snapshot in one.snapshots],
    }


def group_result(group: Group | None, sets: t.Iterable[SnapshotSet]) -> Result | None:
    """A consistency group, and its snapshots by name."""
    if group is None:
        return None
    uuids = {volume.name: volume.uuid for volume in group.volumes}
    return {
        "name": group.name,
        "id": group.id,
        "description": group.description,
        "volumes": [{"name": name, "uuid": uuids.get(name)} for name in group.members],
        "drift": list(group.drift),
        "snapshot_sets": [
            {
                "name": one.tag.name,
                "id": one.tag.id,
                "created": one.created,
                "complete": one.complete,
                "consistency": one.consistency,
            }
            for one in sets
            if one.tag.group == group.id
        ],
    }


def brick_status_result(brick: BrickStatus) -> Result:
    return {"brick": brick.name or None, "online": brick.online, "pid": brick.pid}


def config_result(config: SnapshotConfig, volume: str | None) -> Result:
    """The configuration of one volume, or of the cluster."""
    if volume is None:
        return {
            "volume": None,
            "snap_max_hard_limit": config.hard_limit,
            "snap_max_soft_limit": config.soft_limit,
            "auto_delete": config.auto_delete,
            "activate_on_create": config.activate_on_create,
        }
    limits = config.volumes[volume]
    return {
        "volume": volume,
        "snap_max_hard_limit": limits.hard_limit,
        "effective_hard_limit": limits.effective_hard_limit,
        "soft_limit_count": limits.soft_limit,
    }


def clone_result(clone: Volume | None) -> Result | None:
    """None where there is no clone."""
    if clone is None:
        return None
    origin = Origin.of(clone)
    return {
        "name": clone.name,
        "uuid": clone.uuid,
        "status": clone.status,
        "origin": dict(origin.__dict__) if origin else None,
    }


def volume_info_result(volume: Volume) -> Result:
    """A volume; its options and bricks as Gluster shows them."""
    origin = Origin.of(volume) if volume.is_clone else None
    return {
        "name": volume.name,
        "uuid": volume.uuid,
        "status": volume.status,
        "type": volume.type,
        "bricks": [str(brick) for brick in volume.bricks],
        "options": dict(sorted(volume.options.items())),
        "snapshot_count": volume.snapshot_count,
        "is_snapshot": False,
        "is_clone": volume.is_clone,
        "origin": dict(origin.__dict__) if origin else None,
        "consistency_group": _group_of(volume),
    }


def _group_of(volume: Volume) -> Result | None:
    """What the volume itself says; a clone has its words from another volume."""
    said = Membership.of(volume)
    if said is None or said.volume != volume.uuid:
        return None
    return {"name": said.name, "id": said.id}


def snapshot_volume_result(snapshot: Snapshot) -> Result:
    """The hidden volume of a snapshot, in the form of a volume.

    Its name is its UUID without the dashes: ``volume-id`` in the files of glusterd (10.3).
    """
    import uuid

    name = snapshot.snapshot_volume or ""
    return {
        "name": snapshot.snapshot_volume,
        "uuid": str(uuid.UUID(name)) if re.fullmatch("[0-9a-f]{32}", name) else None,
        "status": "Started" if snapshot.activated else "Stopped",
        "type": "",
        "bricks": [],
        "options": {},
        "snapshot_count": 0,
        "is_snapshot": True,
        "is_clone": False,
        "origin": {
            "volume": snapshot.volume,
            "snapshot": snapshot.name,
            "uuid": snapshot.uuid,
        },
        "consistency_group": None,
    }


def thin_pool_result(pools: t.Mapping[str, LogicalVolume | None]) -> list[Result]:
    """The thin pool under each brick of this node, sorted by brick."""
    return [
        {
            "brick": brick,
            "pool": f"{pool.group}/{pool.name}" if pool else None,
            "data_percent": pool.data_percent if pool else None,
            "metadata_percent": pool.metadata_percent if pool else None,
        }
        for brick, pool in sorted(pools.items())
    ]


def leftover_result(leftover: Leftover) -> Result:
    return {
        "name": f"{leftover.group}/{leftover.name}",
        "device": leftover.device,
        "size_bytes": leftover.size,
        "data_percent": leftover.data_percent,
        "mounts": list(leftover.mounts),
    }
