# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""As ``_model``, what only geo-replication has: no other module loads it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

if t.TYPE_CHECKING:
    from ._volume_model import Volume

SAME_ROOM = 104_857_600
"""Bytes, BUFFER_SIZE of gverify.sh."""


@dataclass(frozen=True)
class Room:
    """Of a volume, as a mount of it tells; bytes."""

    size: int
    free: int
    has_files: bool

    def is_too_small_for(self, source: Room) -> bool:
        """As Gluster judges a destination (gverify.sh, 10.3), which takes some MB less free for the same.

        With as much on both sides some KB differ, by what the file system keeps for itself.
        """
        return self.size < source.size or self.free < source.free - SAME_ROOM


@dataclass(frozen=True)
class Worker:
    """What geo-replication says of one brick of a primary volume; times are ISO 8601 in UTC."""

    node: str
    node_uuid: str
    brick: str  # its path
    status: str  # Created, Initializing..., Active, Passive, Faulty, Paused, Stopped, N/A
    crawl: str | None = None
    secondary_node: str | None = None
    last_synced: str | None = None
    entry: int | None = None
    data: int | None = None
    meta: int | None = None
    failures: int | None = None
    checkpoint: str | None = None  # when it was set
    checkpoint_completed: bool | None = None
    checkpoint_completed_at: str | None = None


IDLE = ("Paused", "Stopped", "Created")
"""Workers that neither run nor try to."""


@dataclass(frozen=True)
class Session:
    """A geo-replication session of a primary volume, and its workers, one a brick.

    A node that is down says nothing: its bricks have no worker here.
    """

    volume: str
    secondary: str  # [user@]host::volume
    workers: tuple[Worker, ...] = ()
    key: str = ""  # what Gluster itself calls it

    @property
    def user(self) -> str:
        return self.secondary.rpartition("::")[0].rpartition("@")[0] or "root"

    @property
    def host(self) -> str:
        return self.secondary.rpartition("::")[0].rpartition("@")[2]

    @property
    def destination_volume(self) -> str:
        return self.secondary.rpartition("::")[2]

    @property
    def statuses(self) -> tuple[str, ...]:
        return tuple(worker.status for worker in self.workers)

    @property
    def running(self) -> bool:
        """Gluster refuses snapshots unless every worker is Paused, Stopped or Created."""
        return not all(status in IDLE for status in self.statuses)

    @property
    def state(self) -> str:
        """What was last asked of it: created, started, paused or stopped."""
        if "Paused" in self.statuses:
            return "paused"
        if not set(self.statuses) <= {"Created", "Stopped"}:
            return "started"
        return "stopped" if "Stopped" in self.statuses else "created"

    @property
    def furthest_behind(self) -> Worker | None:
        """Of the Active workers; None where there is none, or one has not synced anything yet."""
        active = [worker for worker in self.workers if worker.status == "Active"]
        if any(worker.last_synced is None for worker in active):
            return None
        return min(active, key=lambda worker: str(worker.last_synced), default=None)

    def lag(self, read_at: str) -> int | None:
        """Seconds that this one is behind."""
        last = self.furthest_behind
        if last is None or last.last_synced is None:
            return None
        return max(int((_time(read_at) - _time(last.last_synced)).total_seconds()), 0)

    def missing(self, volume: Volume) -> tuple[str, ...]:
        """Bricks of the volume of which nothing is known."""
        known = {(worker.node_uuid, worker.brick) for worker in self.workers}
        return tuple(str(b) for b in volume.bricks if (b.node_uuid, b.path) not in known)

    def syncs(self, volume: Volume) -> bool:
        """Is somebody at work for each part of the data, that is, an Active worker?"""
        active = {(w.node_uuid, w.brick) for w in self.workers if w.status == "Active"}
        return bool(volume.bricks) and all(
            any((brick.node_uuid, brick.path) in active for brick in subvolume)
            for subvolume in volume.subvolumes
        )


def _time(moment: str) -> datetime:
    return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Setting:
    """A key of a session's configuration, as gsyncd.conf declares it."""

    default: str = ""
    type: str = "str"  # or int or bool
    choices: tuple[str, ...] = ()
    lowest: int | None = None
    highest: int | None = None
    changeable: bool = True
