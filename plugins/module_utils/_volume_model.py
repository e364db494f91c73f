# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes, their bricks and limits, and the nodes: small frozen dataclasses.

Apart from the snapshots, which are mostly asked without them.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

SNAPSHOT_BRICK = re.compile(r"/snaps/([0-9a-f]{32})/")
"""A brick on the logical volume of a snapshot or a clone; the group is the snapshot volume."""


@dataclass(frozen=True)
class Brick:
    """A brick of a volume: ``host:path``, and the UUID of its node."""

    host: str
    path: str
    node_uuid: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.path}"


@dataclass(frozen=True)
class Volume:
    """A volume as ``gluster volume info`` shows it."""

    name: str
    uuid: str | None
    status: str  # Created, Started or Stopped
    type: str = ""
    bricks: tuple[Brick, ...] = ()
    options: t.Mapping[str, str] = field(default_factory=dict)
    snapshot_count: int = 0
    distribution: int = 1  # among how many sets of bricks the files are distributed

    @property
    def subvolumes(self) -> tuple[tuple[Brick, ...], ...]:
        """The bricks by what they hold: those of one replica or disperse set are together."""
        size = max(len(self.bricks) // max(self.distribution, 1), 1)
        return tuple(self.bricks[i : i + size] for i in range(0, len(self.bricks), size))

    @property
    def started(self) -> bool:
        return self.status == "Started"

    @property
    def snapshot_volume(self) -> str | None:
        """The snapshot volume (32 hex digits) whose logical volumes are the bricks, if they are."""
        found = {m.group(1) for m in (SNAPSHOT_BRICK.search(b.path) for b in self.bricks) if m}
        return found.pop() if len(found) == 1 else None

    @property
    def is_clone(self) -> bool:
        """Clones keep their bricks under their own id; a restored volume under the snapshot's."""
        return bool(self.uuid) and self.snapshot_volume == str(self.uuid).replace("-", "")


@dataclass(frozen=True)
class BrickStatus:
    """A brick as ``gluster volume status`` or ``gluster snapshot status`` shows it."""

    name: str  # host:path
    online: bool
    pid: int | None = None
    port: int | None = None  # TCP, for clients; bricks of one process share it


@dataclass(frozen=True)
class VolumeStatus:
    """What ``gluster volume status`` lists: bricks, and tasks that run; of a stopped volume nothing.

    It leaves out the bricks of a node that is down: ask with the volume.
    """

    bricks: tuple[BrickStatus, ...] = ()
    tasks: tuple[str, ...] = ()

    def bricks_of(self, volume: Volume) -> tuple[BrickStatus, ...]:
        """All bricks of the volume; those that are not listed are not online."""
        listed = {brick.name: brick for brick in self.bricks}
        return tuple(listed.get(str(b), BrickStatus(str(b), False)) for b in volume.bricks)

    def offline(self, volume: Volume) -> tuple[str, ...]:
        return tuple(brick.name for brick in self.bricks_of(volume) if not brick.online)


@dataclass(frozen=True)
class VolumeLimits:
    """Snapshot limits of one volume; both numbers are counts of snapshots."""

    hard_limit: int
    effective_hard_limit: int
    soft_limit: int


@dataclass(frozen=True)
class SnapshotConfig:
    """``gluster snapshot config``: the cluster's values and each volume's."""

    hard_limit: int
    soft_limit: int  # per cent
    auto_delete: bool
    activate_on_create: bool
    volumes: t.Mapping[str, VolumeLimits] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A node of the trusted pool; the node that answers calls itself localhost."""

    uuid: str
    host: str
    connected: bool
