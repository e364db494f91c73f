# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of destinations return, see ``_results``."""

from __future__ import annotations

import typing as t

from ._decide.destination import sessions_of
from ._decide.steps.destination import account_of, broker_of, has_all_secret_keys
from ._trust.facts import keys_of

if t.TYPE_CHECKING:
    from ._georep_model import Session
    from ._model import Cluster
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
