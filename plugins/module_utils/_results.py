# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return: one function an object, the same in every module."""

from __future__ import annotations

import typing as t
import uuid

from ._decide.clone import Origin
from ._decide.destination import sessions_of
from ._decide.group import Membership
from ._decide.notes import facts_of, words_of
from ._decide.session import paused_for
from ._decide.snapshot_set import Tag
from ._decide.steps.destination import account_of, broker_of, has_all_secret_keys
from ._model import IDLE
from ._trust.facts import keys_of

if t.TYPE_CHECKING:
    from ._decide.group import Group
    from ._decide.snapshot_set import SnapshotSet
    from ._model import BrickStatus, Cluster, Session, Snapshot, SnapshotConfig, Volume, Worker
    from ._read.thin import Leftover, LogicalVolume
    from ._trust.facts import HostKeys, Identity, Login, Target

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
    """The hidden volume of a snapshot, in the form of a volume."""
    return {
        "name": snapshot.snapshot_volume,
        "uuid": None,
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


def destination_result(target: Target, cluster: Cluster) -> Result | None:
    """A destination of geo-replication; None where neither end knows of it."""
    known: HostKeys = cluster.get("host_keys", str(target))
    login: Login = cluster.get("login", str(target))
    if not (known.is_recorded or login.ok):
        return None
    identity: Identity = cluster.get("identity", str(target))
    return {
        **destination_row(target, identity.host, known.recorded, cluster.sessions("")),
        "reachable": login.ok,
        "secret_keys_complete": has_all_secret_keys(cluster),
        "mountbroker": _mountbroker(target, cluster),
    }


def destination_row(
    target: Target, source: str, recorded: t.Iterable[str], sessions: t.Iterable[Session]
) -> Result:
    return {
        "id": target.id,
        "source_host": source,
        "destination_host": target.host,
        "destination_user": target.user,
        "ssh_port": target.port,
        "host_keys": sorted(key.fingerprint for key in keys_of(recorded)),
        "sessions": [
            {"volume": one.volume, "destination_volume": one.destination_volume}
            for one in sessions_of(target, sessions)
        ],
    }


def _mountbroker(target: Target, cluster: Cluster) -> Result | None:
    if target.user == "root" or not cluster.get("door", str(target)).ok:
        return None
    broker = broker_of(cluster, target)
    return {
        "root": broker.root or None,
        "group": broker.group or None,
        "volumes": list(broker.volumes_of(target.user)),
        "user_exists": account_of(cluster, target).exists,
    }


STABLE, FAULTY, INITIALIZING, NOT_STARTED = "STABLE", "FAULTY", "INITIALIZING", "NOT_STARTED"
STATUSES = {
    **dict.fromkeys(("Active", "Passive"), STABLE),
    "Initializing...": INITIALIZING,
    **dict.fromkeys(("Created", "Stopped", "Paused"), NOT_STARTED),
}
"""Of a worker; all other words of Gluster are faults. Of several the worst is told."""

SESSIONS = uuid.UUID("5f0d3c52-6f43-4c52-9c1e-6f1f0f6b7a11")
"""The namespace of the ids of sessions: Gluster names a session by a text."""


def session_result(
    session: Session | None,
    volume: Volume | None,
    read_at: str,
    config: t.Mapping[str, str] | None = None,
) -> Result | None:
    """A session, judged with its primary volume; None where there is none."""
    if session is None:
        return None
    missing = session.missing(volume) if volume else ()
    syncing = volume is not None and session.syncs(volume)
    status = _worst(session.workers, session.running)
    if missing:
        status = FAULTY
    elif status == STABLE and not syncing:
        status = INITIALIZING
    last = session.furthest_behind if syncing else None
    nodes = dict.fromkeys((worker.node, worker.node_uuid) for worker in session.workers)
    return {
        "id": str(uuid.uuid5(SESSIONS, session.key)) if session.key else None,
        "volume": session.volume,
        "source_host": session.workers[0].node if session.workers else None,
        "destination_host": session.host,
        "destination_volume": session.destination_volume,
        "destination_user": session.user,
        "state": session.state,
        "paused_for": paused_for(session, volume),
        "status": status,
        "syncing": syncing,
        "bricks_without_worker": list(missing),
        "servers": [
            {
                "node": node,
                "node_id": node_id,
                "status": _worst(
                    (w for w in session.workers if w.node_uuid == node_id), session.running
                ),
            }
            for node, node_id in nodes
        ],
        "workers": [_worker_result(worker) for worker in session.workers],
        "lag_seconds": session.lag(read_at) if last else None,
        "lag_from": f"last_synced of {last.node}:{last.brick}" if last else None,
        "read_at": read_at,
        "config": None if config is None else dict(sorted(config.items())),
    }


def _worst(workers: t.Iterable[Worker], running: bool) -> str:
    """A worker that does not run while others do has lost its monitor: it shows as Stopped."""
    found = {
        FAULTY if running and worker.status in IDLE else STATUSES.get(worker.status, FAULTY)
        for worker in workers
    }
    return next(word for word in (FAULTY, INITIALIZING, NOT_STARTED, STABLE) if word in found)


def _worker_result(worker: Worker) -> Result:
    row = dict(worker.__dict__)
    return {
        "node": row.pop("node"),
        "node_id": row.pop("node_uuid"),
        **row,
    }
