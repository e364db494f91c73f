# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the node itself tells: its logical volumes, mounts and files."""

from __future__ import annotations

import re
import typing as t

from .._run.errors import MISREAD, understood
from .._volume_model import SNAPSHOT_BRICK
from .apart import mounted_apart
from .thin import LVS, LVS_BY_SIZE, left_over, read_logical_volumes, thin_pool

if t.TYPE_CHECKING:
    from .._model import Cluster, Topic
    from .._volume_model import Peer, Volume
    from .reader import Reader
    from .thin import Leftover, LogicalVolume

TRASH = "/var/lib/glusterd/trash"
"""What glusterd knew of a volume before a restore of it that was cut off on this node."""


class NodeReader:
    """The part of a Reader that few modules have."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._logical_volumes: tuple[LogicalVolume, ...] | None = None

    def learn(self, topic: Topic, cluster: Cluster) -> t.Any:
        """As Reader.learn, of its topics."""
        kind, name = topic
        read: t.Mapping[str, t.Callable[[], t.Any]] = {
            "mounted_apart": self.mounted_apart,
            "cut_restores": self.cut_restores,
            "thick_bricks": lambda: self.thick_bricks(cluster.volume(name), cluster.peers()),
        }
        return read[kind]()

    def mounted_apart(self) -> dict[str, str]:
        return mounted_apart(self.reader.tables())

    def cut_restores(self) -> dict[str, str]:
        """Volumes, and what is left here of a restore of each."""
        found = (re.fullmatch(r"vols-(.+)\.deleted", name) for name in self.reader.names_in(TRASH))
        return {one[1]: f"{TRASH}/{one[0]}" for one in found if one}

    def logical_volumes(self) -> tuple[LogicalVolume, ...]:
        """Of this node, read once for all volumes; none where LVM cannot be asked."""
        if self._logical_volumes is None:
            output = self.reader.execute(LVS, 60.0, 1 << 26)
            try:
                found = read_logical_volumes(output.stdout) if output.rc == 0 else ()
            except MISREAD:
                found = ()
            self._logical_volumes = found
        return self._logical_volumes

    def leftovers(self) -> tuple[Leftover, ...]:
        """Logical volumes of this node that Gluster made for a snapshot and does not know any more."""
        text = self.reader.answer(LVS_BY_SIZE)
        bricks = [brick.path for volume in self.reader.volumes() for brick in volume.bricks]
        known = {found.group(1) for found in map(SNAPSHOT_BRICK.search, bricks) if found}
        known.update(one.snapshot_volume for one in self.reader.snapshots() if one.snapshot_volume)
        with understood(LVS_BY_SIZE):
            return left_over(text, self.reader.mounts(), known)

    def thin_pools(
        self, volume: Volume, peers: t.Iterable[Peer]
    ) -> dict[str, LogicalVolume | None]:
        """The bricks of the volume on this node, and the thin pool of each (None: not thin)."""
        here = {peer.uuid for peer in peers if peer.host == "localhost"}
        bricks = [brick for brick in volume.bricks if brick.node_uuid in here]
        known = self.logical_volumes() if bricks else ()
        if not known:
            return {}
        mounts = self.reader.mounts()
        return {str(brick): thin_pool(brick.path, mounts, known)[1] for brick in bricks}

    def thick_bricks(self, volume: Volume | None, peers: t.Iterable[Peer]) -> tuple[str, ...]:
        """Bricks of this node that are not on a thin logical volume; other nodes are not seen."""
        pools = self.thin_pools(volume, peers) if volume else {}
        return tuple(sorted(brick for brick, pool in pools.items() if pool is None))
