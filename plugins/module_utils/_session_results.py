# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of sessions return, see ``_results``."""

from __future__ import annotations

import typing as t
import uuid

from ._decide.session import paused_for
from ._georep_model import IDLE

if t.TYPE_CHECKING:
    from ._georep_model import Session, Worker
    from ._volume_model import Volume

Result = t.Dict[str, t.Any]


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
