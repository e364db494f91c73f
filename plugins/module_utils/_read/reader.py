# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which command answers which question about a cluster, and who reads the answer."""

from __future__ import annotations

import contextlib
import re
import typing as t
from dataclasses import replace

from .._model import BEFORE_11, CONSUMED, GONE, HALF_MADE, ONLY_LISTED, Unknown
from .._run.errors import NO_SNAPSHOT, NO_VOLUME, Failure, GlusterError, said_by, understood
from .snapshots import read_snapshots

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .._georep_model import Session
    from .._model import Cluster, Snapshot, Topic
    from .._run.gluster import Gluster
    from .._run.process import Output
    from .._volume_model import BrickStatus, Peer, SnapshotConfig, Volume, VolumeStatus
    from .georep_reader import GeorepReader
    from .node_reader import NodeReader

    class Trust(t.Protocol):
        """A TrustReader: imported here, if only for its type, Ansible would send all of _trust everywhere."""

        kinds: frozenset[str]
        ssh: t.Any

        def learn(self, topic: Topic) -> t.Any:
            """As Reader.learn, of its kinds."""


Answer = t.TypeVar("Answer")

SNAPSHOTS = "/var/lib/glusterd/snaps"
VOLUMES = "/var/lib/glusterd/vols"
GLUSTERD_INFO = "/var/lib/glusterd/glusterd.info"
DEVICES = "/dev/mapper"
"""Every active logical volume; Gluster names those of a snapshot by its snapshot volume (32 hex digits)."""

PLUGIN = "snap_plugin="
PLUGINS_SINCE = 110000
"""What Gluster 11 writes of a snapshot, and none before (CONTRIBUTING, what the lab taught)."""

BEGUN, REMOVED = "status=1", "status=3"
"""What glusterd writes before it makes anything of a snapshot, and before it removes anything. No command
tells it. What comes of the first is in CONTRIBUTING, what the lab taught.
"""


QUESTIONS = {
    "snapshot": "snapshot info {}",
    "snapshot_bricks": "snapshot status {}",
    "snapshots": "snapshot info volume {}",
    "all_snapshots": "snapshot info",
    "config": "snapshot config",
    "volume": "volume info {}",
    "all_volumes": "volume info",
    "status": "volume status {}",
    "sessions": "volume geo-replication {} status",
    "session_config": "volume geo-replication {} config",
    "peers": "pool list",
}
"""What asks Gluster for a topic."""


OF_NODE = frozenset({"mounted_apart", "cut_restores", "thick_bricks"})
"""Topics of a NodeReader; what is neither of these nor of a Reader is of a GeorepReader."""


def question(kind: str, name: str = "") -> tuple[str, ...]:
    return tuple(QUESTIONS[kind].format(name).split())


class Reader:
    """Reads topics with commands that change nothing; each method is one command.

    What few modules ask is in a part of it, imported where it is asked: Python compiles all that it loads.
    """

    def __init__(
        self,
        gluster: Gluster,
        run: t.Callable[[t.Sequence[str], float, int], Output],
        mounts: t.Callable[[], str],
        text_of: t.Callable[[str], str] = lambda path: "",
        now: t.Callable[[], str] = lambda: "",
        names_in: t.Callable[[str], t.Iterable[str]] = lambda path: (),
        tables: t.Callable[[], t.Iterable[tuple[str, str]]] = lambda: (),
    ) -> None:
        self.gluster = gluster
        self.execute = run
        self.mounts = mounts
        self.text_of = text_of
        self.now = now
        self.names_in = names_in
        self.tables = tables
        self.trust: Trust | None = None  # where a module has to do with a destination
        self._node: NodeReader | None = None

    @property
    def georep(self) -> GeorepReader:
        """What has to do with geo-replication, and with other clusters."""
        from .georep_reader import GeorepReader

        return GeorepReader(self)

    @property
    def node(self) -> NodeReader:
        """What is told by the node, and not by Gluster."""
        if self._node is None:
            from .node_reader import NodeReader

            self._node = NodeReader(self)
        return self._node

    def run_program(self, words: t.Sequence[str]) -> None:
        """The command of a Program."""
        if self.trust is None:
            self.answer(words)
        else:
            self.trust.ssh.run(words)

    def learn(self, topic: Topic, cluster: Cluster) -> t.Any:
        """The value of a topic of :class:`Cluster`; may itself need to know another one first."""
        kind, name = topic
        if self.trust and kind in self.trust.kinds:
            return self.trust.learn(topic)
        read: t.Mapping[str, t.Callable[[], t.Any]] = {
            "snapshot": lambda: self.snapshot(name),
            "snapshot_bricks": lambda: self.snapshot_bricks(name),
            "snapshots": lambda: if_there(lambda: self.snapshots(name)),
            "volume": lambda: self.volume(name),
            "status": lambda: self.status(name)[name],
            "config": self.config,
            "now": self.now,
            "peers": self.peers,
            "all_volumes": lambda: {volume.name: volume for volume in self.volumes()},
            "all_snapshots": lambda: {found.name: found for found in self.snapshots()},
            "all_statuses": lambda: self.statuses(cluster.volumes()),
        }
        if kind in OF_NODE:
            return self.node.learn(topic, cluster)
        return read[kind]() if kind in read else self.georep.learn(topic)

    def refresh(self, cluster: Cluster, topics: t.Iterable[Topic]) -> Cluster:
        """The cluster with these topics read anew."""
        topics = tuple(topics)
        with self.together(topics):
            for topic in topics:
                cluster = self._with(cluster, topic)
        return cluster

    def together(self, topics: t.Iterable[Topic]) -> t.ContextManager[None]:
        """Within, what Gluster tells of them is asked of one ``gluster``."""
        return self.gluster.together([question(*one) for one in topics if one[0] in QUESTIONS])

    def _with(self, cluster: Cluster, topic: Topic) -> Cluster:
        try:
            return cluster.put(*topic, self.learn(topic, cluster))
        except Unknown as first:
            return self._with(self._with(cluster, first.topic), topic)

    def snapshot(self, name: str) -> Snapshot | None:
        def read() -> tuple[Snapshot, ...]:
            known = self._named("snapshot", name, read_snapshots)
            return (known,) if known else ()

        return next(iter(self._at_rest(read)), None)

    def snapshots(self, volume: str = "") -> tuple[Snapshot, ...]:
        """Those of a volume, or all of the cluster."""
        words = question("snapshots", volume) if volume else question("all_snapshots")
        return self._at_rest(
            lambda: all_of(volume, self.ask(words, read_snapshots), ("gluster", *words))
        )

    def _at_rest(self, read: t.Callable[[], tuple[Snapshot, ...]]) -> tuple[Snapshot, ...]:
        """Half made is then only what nobody is at.

        Who creates a snapshot has its volume locked, so what needs that lock is answered when the
        creation has ended; the runner waits for locks.
        """
        awaited: set[str] = set()
        while True:
            found = self._examined(read())
            begun = [one for one in found if one.broken == HALF_MADE and one.name not in awaited]
            if not begun:
                return found
            for volume in sorted({one.volume for one in begun}):
                with contextlib.suppress(Failure):
                    self.status(volume)
            awaited.update(one.name for one in begun)

    def _examined(self, snapshots: t.Iterable[Snapshot]) -> tuple[Snapshot, ...]:
        """With what only files of glusterd tell of them."""
        stored = set(self.names_in(SNAPSHOTS))
        devices = " ".join(self.names_in(DEVICES))
        active = set(re.findall(r"[0-9a-f]{32}", devices))
        node = self.text_of(GLUSTERD_INFO)
        uuid = re.search(r"^UUID=(\S+)", node, re.MULTILINE)
        version = re.search(r"operating-version=(\d{5,6})\b", node)
        plugins = version is not None and int(version.group(1)) >= PLUGINS_SINCE

        snapshots = tuple(snapshots)
        volumes = {
            name: self.text_of(f"{VOLUMES}/{name}/info")
            for name in {snapshot.volume for snapshot in snapshots}
        }

        def examined(snapshot: Snapshot) -> Snapshot:
            if stored and snapshot.name not in stored:
                return replace(snapshot, broken=ONLY_LISTED)
            # A brick is HOST:PATH there, with "-" for "/".
            if f"-snaps-{snapshot.snapshot_volume}-" in volumes[snapshot.volume]:
                return replace(snapshot, broken=CONSUMED)
            folder = f"{SNAPSHOTS}/{snapshot.name}"
            wrote = self.text_of(f"{folder}/info").split()
            if BEGUN in wrote:
                return replace(snapshot, broken=HALF_MADE)
            if plugins:
                of_volume = self.text_of(f"{folder}/{snapshot.snapshot_volume}/info")
                if of_volume and PLUGIN not in of_volume:
                    return replace(snapshot, broken=BEFORE_11)
            if REMOVED in wrote:
                return replace(snapshot, removal_failed=True)
            if uuid and devices and snapshot.snapshot_volume not in active:
                bricks = f"{folder}/{snapshot.snapshot_volume}/bricks"
                if any(
                    self._lies_here(f"{bricks}/{brick}", uuid[1]) for brick in self.names_in(bricks)
                ):
                    return replace(snapshot, broken=GONE)
            return snapshot

        return tuple(map(examined, snapshots))

    def _lies_here(self, brick: str, node: str) -> bool:
        """Is this brick of a snapshot, as glusterd has it in a file, on a logical volume of that node?"""
        wrote = self.text_of(brick).splitlines()
        return f"uuid={node}" in wrote and any(
            line.startswith("device_path=/dev/") for line in wrote
        )

    def snapshot_bricks(self, name: str) -> tuple[BrickStatus, ...]:
        from .volumes import read_snapshot_bricks

        return self.ask(question("snapshot_bricks", name), read_snapshot_bricks)

    def volume(self, name: str) -> Volume | None:
        from .volumes import read_volumes

        return self._named("volume", name, read_volumes)

    def _named(
        self, kind: str, name: str, read: t.Callable[[Element], tuple[Named, ...]]
    ) -> Named | None:
        words = question(kind, name)
        return only(name, if_there(lambda: self.ask(words, read)) or (), ("gluster", *words))

    def volumes(self) -> tuple[Volume, ...]:
        from .volumes import read_volumes

        return self.ask(question("all_volumes"), read_volumes)

    def status(self, volume: str) -> dict[str, VolumeStatus]:
        """Of one volume, or with "all" of those started that nobody else has locked (10.3)."""
        from .._volume_model import VolumeStatus
        from .volumes import read_volume_status

        words = question("status", volume)
        try:
            found = self.ask(words, read_volume_status)
        except GlusterError as error:
            if _stopped(error):
                return {volume: VolumeStatus()}
            raise
        if volume not in (*found, "all"):
            raise GlusterError(("gluster", *words), f"the answer says nothing of {volume}")
        return found

    def statuses(self, volumes: t.Iterable[Volume]) -> dict[str, VolumeStatus]:
        """Of those that are started."""
        started = [volume.name for volume in volumes if volume.started]
        found = self.status("all") if len(started) > 1 else {}
        for name in started:
            if name not in found:
                found.update(self.status(name))
        return found

    def config(self) -> SnapshotConfig:
        from .volumes import read_config

        return self.ask(question("config"), read_config)

    def peers(self) -> tuple[Peer, ...]:
        from .peers import read_peers

        return self.ask(question("peers"), read_peers)

    def snapshot_counts(self, volume: str) -> dict[str, int]:
        """How many of it each node knows that answers; they are one cluster, and can differ."""
        here = self.volume(volume)
        found = {"this node": here.snapshot_count} if here else {}
        peers = [p.host for p in self.peers() if p.connected and p.host != "localhost"]
        for peer in peers:
            with contextlib.suppress(Failure):
                there = self.georep.destination(peer, volume)
                found.update({peer: there.snapshot_count} if there else {})
        return found

    def answer(self, words: t.Sequence[str]) -> str:
        """What a program printed that has to succeed."""
        return said_by(words, self.execute(words, 60.0, 1 << 20))

    def ask(self, words: tuple[str, ...], read: t.Callable[[Element], Answer]) -> Answer:
        root = self.gluster.run(words)
        with understood(("gluster", *words)):
            return read(root)


Named = t.TypeVar("Named", bound="Snapshot | Volume")
OfVolume = t.TypeVar("OfVolume", bound="Snapshot | Session")


def only(name: str, found: t.Sequence[Named], command: t.Sequence[str]) -> Named | None:
    """What was asked for by its name. Who believed an answer of something else would act on that."""
    if not found:
        return None
    if [one.name for one in found] != [name]:
        raise GlusterError(command, f"the answer is of {', '.join(one.name for one in found)}")
    return found[0]


def all_of(
    volume: str, found: tuple[OfVolume, ...], command: t.Sequence[str]
) -> tuple[OfVolume, ...]:
    """Those of the volume that was asked for, if one was; others would be taken for its own."""
    others = [one.volume for one in found if volume not in ("", one.volume)]
    if others:
        raise GlusterError(command, f"the answer is of {', '.join(others)} too")
    return found


def _stopped(error: GlusterError) -> bool:
    """``status`` of a stopped volume fails with the general number too."""
    return "is not started" in error.text


def missing(error: GlusterError) -> bool:
    """``info`` of what is not there fails with the general number, and only the text tells."""
    return error.errno in (NO_VOLUME, NO_SNAPSHOT) or "does not exist" in error.text


def if_there(ask: t.Callable[[], Answer]) -> Answer | None:
    """The answer, or None where there is no such thing."""
    try:
        return ask()
    except GlusterError as error:
        if missing(error):
            return None
        raise
