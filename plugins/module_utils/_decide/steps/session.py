# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of a session have in common, and the one that a restore needs of them.

The others are in ``georep``: so a module that has to do with snapshots need not load them.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..plan import Step

if t.TYPE_CHECKING:
    from ..._georep_model import Session
    from ..._model import Cluster, Topic


def find(cluster: Cluster, volume: str, secondary: str) -> Session | None:
    """The session of the volume with [user@]host::volume."""
    found = (one for one in cluster.sessions(volume) if one.secondary == secondary)
    return next(found, None)


@dataclass(frozen=True)
class SessionStep(Step):
    """One ``volume geo-replication`` command on one session."""

    patience: t.ClassVar[float] = 60.0
    volume: str
    secondary: str  # [user@]host::volume

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("volume", "geo-replication", self.volume, self.secondary, *self.verb(cluster))

    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        raise NotImplementedError

    @property
    def name(self) -> str:
        return f"{self.volume} {self.secondary}"

    def proof(self) -> tuple[Topic, ...]:
        return (("sessions", self.volume),)

    def all_are(self, cluster: Cluster, status: str) -> Cluster:
        """With every worker of the session in that status."""
        sessions = [
            replace(one, workers=tuple(replace(worker, status=status) for worker in one.workers))
            if one.secondary == self.secondary
            else one
            for one in cluster.sessions(self.volume)
        ]
        return cluster.put("sessions", self.volume, tuple(sessions))

    def statuses(self, cluster: Cluster) -> tuple[str, ...]:
        session = find(cluster, self.volume, self.secondary)
        return session.statuses if session else ()

    def lacking(self, cluster: Cluster) -> str:
        session = find(cluster, self.volume, self.secondary)
        if session is None:
            return f"there is no session of volume {self.volume} with {self.secondary}"
        return told_of(session)


def told_of(session: Session) -> str:
    """How its workers are."""
    workers = ", ".join(f"{w.node}:{w.brick} is {w.status}" for w in session.workers)
    return workers or "no worker is known"


@dataclass(frozen=True)
class StopSession(SessionStep):
    force: bool = False

    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        return ("stop", *(("force",) if self.force else ()))

    def effect(self, cluster: Cluster) -> Cluster:
        return self.all_are(cluster, "Stopped")

    def holds(self, cluster: Cluster) -> bool:
        return set(self.statuses(cluster)) <= {"Stopped", "Created"}
