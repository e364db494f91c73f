# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which command answers which question about a cluster, and who reads the answer."""

from __future__ import annotations

import contextlib
import re
import typing as t
from dataclasses import replace

from .._model import (
    BEFORE_11,
    CONSUMED,
    GONE,
    HALF_MADE,
    ONLY_LISTED,
    SNAPSHOT_BRICK,
    Unknown,
    VolumeStatus,
)
from .._run.errors import (
    MISREAD,
    NO_SNAPSHOT,
    NO_VOLUME,
    Failure,
    GlusterError,
    said_by,
    understood,
)
from .._run.process import GEOREP, SSH
from .snapshots import read_config, read_snapshot_bricks, read_snapshots
from .volumes import read_volume_status, read_volumes

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .._georep_model import Room, Session, Setting
    from .._model import BrickStatus, Cluster, Peer, Snapshot, SnapshotConfig, Topic, Volume
    from .._run.gluster import Gluster
    from .._run.process import Output
    from .thin import Leftover, LogicalVolume

    class Trust(t.Protocol):
        """A TrustReader: imported here, if only for its type, Ansible would send all of _trust everywhere."""

        kinds: frozenset[str]
        ssh: t.Any

        def learn(self, topic: Topic) -> t.Any:
            """As Reader.learn, of its kinds."""


Answer = t.TypeVar("Answer")

GSYNCD_CONF = "/etc/glusterfs/gsyncd.conf"
GSYNCD_LOG = "/var/log/glusterfs/geo-replication/{}_{}_{}/gsyncd.log"
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


class Reader:
    """Reads topics with commands that change nothing; each method is one command.

    What reads the answer of most of them is imported there: a module asks for few, and Python compiles
    all that it loads.
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
        self._run = run
        self._mounts = mounts
        self._text_of = text_of
        self.now = now
        self._names_in = names_in
        self._tables = tables
        self.trust: Trust | None = None  # where a module has to do with a destination
        self._logical_volumes: tuple[LogicalVolume, ...] | None = None

    def run_program(self, words: t.Sequence[str]) -> None:
        """The command of a Program."""
        if self.trust is None:
            self._answer(words)
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
            "snapshots": lambda: _if_there(lambda: self.snapshots(name)),
            "volume": lambda: self.volume(name),
            "status": lambda: self.status(name)[name],
            "config": self.config,
            "sessions": lambda: self.sessions(name),
            "session_config": lambda: self.session_config(*name.split()),
            "session_settings": self.session_settings,
            "session_errors": lambda: self.session_errors(*name.split()),
            "keys_accepted": lambda: self.keys_accepted(*name.split()),
            "destination": lambda: self.destination(*name.split("::")),
            "rsync_drops_data": lambda: self.rsync_drops_data(*name.split()),
            "room": lambda: self.room_if_any(*name.split("::")),
            "now": self.now,
            "peers": self.peers,
            "mounted_apart": self.mounted_apart,
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
        def read() -> tuple[Snapshot, ...]:
            known = self._named("snapshot", name, read_snapshots)
            return (known,) if known else ()

        return next(iter(self._at_rest(read)), None)

    def snapshots(self, volume: str = "") -> tuple[Snapshot, ...]:
        """Those of a volume, or all of the cluster."""
        words = ("snapshot", "info", *(("volume", volume) if volume else ()))
        return self._at_rest(
            lambda: _all_of(volume, self._ask(words, read_snapshots), ("gluster", *words))
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
        stored = set(self._names_in(SNAPSHOTS))
        devices = " ".join(self._names_in(DEVICES))
        active = set(re.findall(r"[0-9a-f]{32}", devices))
        node = self._text_of(GLUSTERD_INFO)
        uuid = re.search(r"^UUID=(\S+)", node, re.MULTILINE)
        version = re.search(r"operating-version=(\d{5,6})\b", node)
        plugins = version is not None and int(version.group(1)) >= PLUGINS_SINCE

        snapshots = tuple(snapshots)
        volumes = {
            name: self._text_of(f"{VOLUMES}/{name}/info")
            for name in {snapshot.volume for snapshot in snapshots}
        }

        def examined(snapshot: Snapshot) -> Snapshot:
            if stored and snapshot.name not in stored:
                return replace(snapshot, broken=ONLY_LISTED)
            # A brick is HOST:PATH there, with "-" for "/".
            if f"-snaps-{snapshot.snapshot_volume}-" in volumes[snapshot.volume]:
                return replace(snapshot, broken=CONSUMED)
            folder = f"{SNAPSHOTS}/{snapshot.name}"
            wrote = self._text_of(f"{folder}/info").split()
            if BEGUN in wrote:
                return replace(snapshot, broken=HALF_MADE)
            if plugins:
                of_volume = self._text_of(f"{folder}/{snapshot.snapshot_volume}/info")
                if of_volume and PLUGIN not in of_volume:
                    return replace(snapshot, broken=BEFORE_11)
            if REMOVED in wrote:
                return replace(snapshot, removal_failed=True)
            if uuid and devices and snapshot.snapshot_volume not in active:
                bricks = f"{folder}/{snapshot.snapshot_volume}/bricks"
                if any(
                    self._lies_here(f"{bricks}/{brick}", uuid[1])
                    for brick in self._names_in(bricks)
                ):
                    return replace(snapshot, broken=GONE)
            return snapshot

        return tuple(map(examined, snapshots))

    def _lies_here(self, brick: str, node: str) -> bool:
        """Is this brick of a snapshot, as glusterd has it in a file, on a logical volume of that node?"""
        wrote = self._text_of(brick).splitlines()
        return f"uuid={node}" in wrote and any(
            line.startswith("device_path=/dev/") for line in wrote
        )

    def snapshot_bricks(self, name: str) -> tuple[BrickStatus, ...]:
        return self._ask(("snapshot", "status", name), read_snapshot_bricks)

    def volume(self, name: str) -> Volume | None:
        return self._named("volume", name, read_volumes)

    def _named(
        self, kind: str, name: str, read: t.Callable[[Element], tuple[Named, ...]]
    ) -> Named | None:
        words = (kind, "info", name)
        return _only(name, _if_there(lambda: self._ask(words, read)) or (), ("gluster", *words))

    def volumes(self) -> tuple[Volume, ...]:
        return self._ask(("volume", "info"), read_volumes)

    def status(self, volume: str) -> dict[str, VolumeStatus]:
        """Of one volume, or with "all" of those started that nobody else has locked (10.3)."""
        words = ("volume", "status", volume)
        try:
            found = self._ask(words, read_volume_status)
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
        return self._ask(("snapshot", "config"), read_config)

    def peers(self) -> tuple[Peer, ...]:
        from .peers import read_peers

        return self._ask(("pool", "list"), read_peers)

    def snapshot_counts(self, volume: str) -> dict[str, int]:
        """How many of it each node knows that answers; they are one cluster, and can differ."""
        here = self.volume(volume)
        found = {"this node": here.snapshot_count} if here else {}
        peers = [p.host for p in self.peers() if p.connected and p.host != "localhost"]
        for peer in peers:
            with contextlib.suppress(Failure):
                there = self.destination(peer, volume)
                found.update({peer: there.snapshot_count} if there else {})
        return found

    def sessions(self, volume: str = "") -> tuple[Session, ...]:
        """Those of a primary volume, or all of the cluster."""
        from .georep import read_sessions

        words = ("volume", "geo-replication", *([volume] if volume else []), "status")
        try:
            return _all_of(volume, self._ask(words, read_sessions), ("gluster", *words))
        except GlusterError as error:
            if "No active geo-replication sessions" in error.text or _missing(error):
                return ()
            raise

    def session_config(self, volume: str, secondary: str) -> dict[str, str]:
        """Every key; none where this node has no such session, also if others list it."""
        from .georep import read_session_config

        words = ("volume", "geo-replication", volume, secondary, "config")
        return _if_there(lambda: self._ask(words, read_session_config)) or {}

    def session_settings(self) -> dict[str, Setting]:
        """From the file that gsyncd itself has its keys and defaults from."""
        import configparser

        from .georep import read_settings

        try:
            settings = read_settings(self._text_of(GSYNCD_CONF))
        except (*MISREAD, configparser.Error):
            settings = {}
        if not settings:
            raise Failure(
                f"{GSYNCD_CONF} cannot be read",
                "Geo-replication is not installed here (glusterfs-geo-replication, glusterfs-server).",
            )
        return settings

    def session_errors(self, volume: str, secondary: str) -> tuple[str, ...]:
        """The last errors in the log that the workers of this node write."""
        from .georep import read_errors

        host, _colons, destination = secondary.rpartition("@")[2].partition("::")
        return read_errors(self._text_of(GSYNCD_LOG.format(volume, host, destination)))

    def keys_accepted(self, login: str, port: str) -> bool:
        """Does the destination let the workers of this node in?

        The key there has a command of its own, which refuses this one; ssh itself fails with 255.
        """
        output = self._run(
            (*SSH, "-oIdentitiesOnly=yes", f"-i{GEOREP}/secret.pem", f"-p{port}", login, "true"),
            60.0,
            1 << 20,
        )
        return output.rc not in (None, 255)

    def rsync_drops_data(self, login: str, port: str) -> bool:
        """Of the destination; no, where this node cannot log in to try it."""
        import shlex

        from .rsync import TRIAL, drops_data

        command = " ".join(shlex.quote(word) for word in TRIAL)
        return drops_data(self._run((*SSH, f"-p{port}", login, command), 60.0, 1 << 20))

    def destination(self, host: str, volume: str) -> Volume | None:
        """A volume of another cluster: glusterd answers such questions without a password."""
        words = ("volume", "info", volume)
        try:
            root = self.gluster.run(words, options=(f"--remote-host={host}",))
        except GlusterError as error:
            if _missing(error):
                return None
            if error.daemon_down:
                raise Failure(
                    f"glusterd of {host} does not answer this node",
                    "It has to, on TCP port 24007, and its bricks on theirs.",
                ) from None
            raise
        with understood(("gluster", *words)):
            found = read_volumes(root)
        return _only(volume, found, ("gluster", *words))

    def room(self, host: str, volume: str) -> Room:
        """Of a volume of this cluster or another one; an error where it cannot be mounted."""
        from .._run.mount import mounted
        from .room import commands, read_room

        with mounted(host, volume, self._answer) as mount:
            table, found = commands(mount)
            answers = self._answer(table), self._answer(found)
            with understood(table):
                return read_room(*answers)

    def room_if_any(self, host: str, volume: str) -> Room | None:
        try:
            return self.room(host, volume)
        except Failure:
            return None

    def _answer(self, words: t.Sequence[str]) -> str:
        """What a program printed that has to succeed."""
        return said_by(words, self._run(words, 60.0, 1 << 20))

    def mounted_apart(self) -> dict[str, str]:
        from .apart import mounted_apart

        return mounted_apart(self._tables())

    def logical_volumes(self) -> tuple[LogicalVolume, ...]:
        """Of this node, read once for all volumes; none where LVM cannot be asked."""
        from .thin import LVS, read_logical_volumes

        if self._logical_volumes is None:
            output = self._run(LVS, 60.0, 1 << 26)
            try:
                found = read_logical_volumes(output.stdout) if output.rc == 0 else ()
            except MISREAD:
                found = ()
            self._logical_volumes = found
        return self._logical_volumes

    def leftovers(self) -> tuple[Leftover, ...]:
        """Logical volumes of this node that Gluster made for a snapshot and does not know any more."""
        from .thin import LVS_BY_SIZE, left_over

        text = self._answer(LVS_BY_SIZE)
        bricks = [brick.path for volume in self.volumes() for brick in volume.bricks]
        known = {found.group(1) for found in map(SNAPSHOT_BRICK.search, bricks) if found}
        known.update(one.snapshot_volume for one in self.snapshots() if one.snapshot_volume)
        with understood(LVS_BY_SIZE):
            return left_over(text, self._mounts(), known)

    def thin_pools(
        self, volume: Volume, peers: t.Iterable[Peer]
    ) -> dict[str, LogicalVolume | None]:
        """The bricks of the volume on this node, and the thin pool of each (None: not thin)."""
        from .thin import thin_pool

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
        root = self.gluster.run(words)
        with understood(("gluster", *words)):
            return read(root)


Named = t.TypeVar("Named", bound="Snapshot | Volume")
OfVolume = t.TypeVar("OfVolume", bound="Snapshot | Session")


def _only(name: str, found: t.Sequence[Named], command: t.Sequence[str]) -> Named | None:
    """What was asked for by its name. Who believed an answer of something else would act on that."""
    if not found:
        return None
    if [one.name for one in found] != [name]:
        raise GlusterError(command, f"the answer is of {', '.join(one.name for one in found)}")
    return found[0]


def _all_of(
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


def _missing(error: GlusterError) -> bool:
    """``info`` of what is not there fails with the general number, and only the text tells."""
    return error.errno in (NO_VOLUME, NO_SNAPSHOT) or "does not exist" in error.text


def _if_there(ask: t.Callable[[], Answer]) -> Answer | None:
    """The answer, or None where there is no such thing."""
    try:
        return ask()
    except GlusterError as error:
        if _missing(error):
            return None
        raise
