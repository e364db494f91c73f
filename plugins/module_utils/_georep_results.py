# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of geo-replication return, see ``_results``."""

from __future__ import annotations

import typing as t
import uuid

from ._decide.destination import sessions_of
from ._decide.session import paused_for
from ._decide.steps.destination import account_of, broker_of, has_all_secret_keys
from ._model import IDLE
from ._trust.facts import keys_of

if t.TYPE_CHECKING:
    from ._model import Cluster, Session, Volume, Worker
    from ._trust.facts import HostKeys, Identity, Login, Target

Result = t.Dict[str, t.Any]


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
