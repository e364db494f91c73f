# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which command answers which question about a cluster, and who reads the answer."""

from __future__ import annotations

import time
import typing as t

from .._model import Cluster, Snapshot, Unknown, Volume
from .._run.errors import NO_SNAPSHOT, NO_VOLUME, GlusterError
from .georep import read_sessions
from .peers import read_peers
from .snapshots import read_config, read_snapshot_bricks, read_snapshots
from .thin import LVS, LogicalVolume, read_logical_volumes, thin_pool
from .volumes import read_volume_status, read_volumes

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .._model import BrickStatus, Peer, Session, SnapshotConfig, Topic, VolumeStatus
    from .._run.gluster import Gluster
    from .._run.process import Output

Answer = t.TypeVar("Answer")


def clock() -> str:
    """The time of this node, as times of snapshots are written."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Reader:
    """Reads topics with commands that change nothing; each method is one command."""

    def __init__(
        self,
        gluster: Gluster,
        run: t.Callable[[t.Sequence[str], float, int], Output],
        mounts: t.Callable[[], str],
    ) -> None:
        self.gluster = gluster
        self._run = run
        self._mounts = mounts

    def learn(self, topic: Topic, cluster: Cluster) -> t.Any:
        """The value of a topic of :class:`Cluster`; may itself need to know another one first."""
        kind, name = topic
        read: t.Mapping[str, t.Callable[[], t.Any]] = {
            "snapshot": lambda: self.snapshot(name),
            "snapshot_bricks": lambda: self.snapshot_bricks(name),
            "snapshots": lambda: self.snapshots(name),
            "volume": lambda: self.volume(name),
            "status": lambda: self.status(name)[name],
            "config": self.config,
            "sessions": lambda: self.sessions(name),
            "peers": self.peers,
            "clock": clock,
            "all_volumes": lambda: {volume.name: volume for volume in self.volumes()},
            "all_snapshots": lambda: {found.name: found for found in self.snapshots()},
            "all_statuses": lambda: self.statuses(cluster.volumes()),
            "thick_bricks": lambda: self.thick_bricks(cluster.volume(name), cluster.peers()),
        }
        return read[kind]()

    def refresh(self, cluster: Cluster, topics: t.Iterable[Topic]) -> Cluster:
        """The cluster with these topics read anew."""
        for topic in topics:
            cluster = self._with(cluster, topic)
        return cluster

    def _with(self, cluster: Cluster, topic: Topic) -> Cluster:
        try:
            return cluster.put(*topic, self.learn(topic, cluster))
        except Unknown as first:
            return self._with(self._with(cluster, first.topic), topic)

    def snapshot(self, name: str) -> Snapshot | None:
        try:
            found = self._ask(("snapshot", "info", name), read_snapshots)
        except GlusterError as error:
            if _missing(error):
                return None
            raise
        return found[0] if found else None

    def snapshots(self, volume: str = "") -> tuple[Snapshot, ...]:
        """Those of a volume, or all of the cluster."""
        return self._ask(
            ("snapshot", "info", *(("volume", volume) if volume else ())), read_snapshots
        )

    def snapshot_bricks(self, name: str) -> tuple[BrickStatus, ...]:
        return self._ask(("snapshot", "status", name), read_snapshot_bricks)

    def volume(self, name: str) -> Volume | None:
        try:
            found = self._ask(("volume", "info", name), read_volumes)
        except GlusterError as error:
            if _missing(error):
                return None
            raise
        return found[0] if found else None

    def volumes(self) -> tuple[Volume, ...]:
        return self._ask(("volume", "info"), read_volumes)

    def status(self, volume: str) -> dict[str, VolumeStatus]:
        """Of one started volume, or with "all" of those that nobody else has locked (10.3)."""
        return self._ask(("volume", "status", volume), read_volume_status)

    def statuses(self, volumes: t.Iterable[Volume]) -> dict[str, VolumeStatus]:
        """Of those that are started."""
        started = [volume.name for volume in volumes if volume.started]
        found = self.status("all") if len(started) > 1 else {}
        for name in started:
            if name not in found:
                found.update(self.status(name))
        return found

    def config(self) -> SnapshotConfig:
        return self._ask(("snapshot", "config"), read_config)

    def peers(self) -> tuple[Peer, ...]:
        return self._ask(("pool", "list"), read_peers)

    def sessions(self, volume: str) -> tuple[Session, ...]:
        try:
            return self._ask(("volume", "geo-replication", volume, "status"), read_sessions)
        except GlusterError as error:
            # Without a session there is no XML, only this text, and exit code 2.
            if error.rc == 2 and "geo-replication command failed" in error.text:
                return ()
            raise

    def logical_volumes(self) -> tuple[LogicalVolume, ...]:
        """Of this node; none where LVM cannot be asked."""
        output = self._run(LVS, 60.0, 1 << 26)
        try:
            return read_logical_volumes(output.stdout) if output.rc == 0 else ()
        except (ValueError, KeyError, TypeError):
            return ()

    def thin_pools(
        self, volume: Volume, peers: t.Iterable[Peer]
    ) -> dict[str, LogicalVolume | None]:
        """The bricks of the volume on this node, and the thin pool of each (None: not thin)."""
        here = {peer.uuid for peer in peers if peer.host == "localhost"}
        bricks = [brick for brick in volume.bricks if brick.node_uuid in here]
        known = self.logical_volumes() if bricks else ()
        if not known:
            return {}
        mounts = self._mounts()
        return {str(brick): thin_pool(brick.path, mounts, known)[1] for brick in bricks}

    def thick_bricks(self, volume: Volume | None, peers: t.Iterable[Peer]) -> tuple[str, ...]:
        """Bricks of this node that are not on a thin logical volume; other nodes are not seen."""
        pools = self.thin_pools(volume, peers) if volume else {}
        return tuple(sorted(brick for brick, pool in pools.items() if pool is None))

    def _ask(self, words: tuple[str, ...], read: t.Callable[[Element], Answer]) -> Answer:
        try:
            return read(self.gluster.run(words))
        except (ValueError, KeyError, TypeError) as error:
            raise GlusterError(
                ("gluster", *words), f"the answer cannot be understood: {error}"
            ) from None


def _missing(error: GlusterError) -> bool:
    """``info`` of what is not there fails with the general number, and only the text tells."""
    return error.errno in (NO_VOLUME, NO_SNAPSHOT) or "does not exist" in error.text
