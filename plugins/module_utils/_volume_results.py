# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return of volumes, of what is beneath them, and of their limits; see ``_results``."""

from __future__ import annotations

import re
import typing as t

from ._decide.volume_notes import Membership, Origin

if t.TYPE_CHECKING:
    from ._model import Snapshot
    from ._read.thin import Leftover, LogicalVolume
    from ._results import Result
    from ._volume_model import BrickStatus, SnapshotConfig, Volume


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
