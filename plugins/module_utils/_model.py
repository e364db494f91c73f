# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots, and the map of all that is known of a cluster.

Private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

if t.TYPE_CHECKING:
    from ._georep_model import Room, Session, Setting
    from ._volume_model import BrickStatus, Peer, SnapshotConfig, Volume, VolumeStatus

HALF_MADE = "half made (its creation did not end)"
ONLY_LISTED = "only listed (glusterd of this node has nothing of it any more)"
BEFORE_11 = "of a Gluster before 11, and this one cannot use it"
GONE = "without its data (there is no active logical volume of it on this node)"
CONSUMED = (
    "what its volume lies on (it was restored, and is listed again since a node lost its power)"
)
"""Why nothing can be had from what glusterd lists as a snapshot."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as ``gluster snapshot info`` shows it; None is what only Gluster can say."""

    name: str
    volume: str
    description: str = ""
    activated: bool | None = None
    uuid: str | None = None
    created: str | None = None  # ISO 8601, UTC
    snapshot_volume: str | None = None  # 32 hex digits: the hidden volume that holds the data
    broken: str = ""  # why nothing can be had from it
    removal_failed: bool = field(default=False, compare=False)  # it was begun here and did not end

    @property
    def complete(self) -> bool:
        return not self.broken


Topic = t.Tuple[str, str]
"""What can be known: a kind and a name, for instance ``("snapshot", "nightly")``."""

LISTS: t.Mapping[str, str] = {
    "all_volumes": "volume",
    "all_snapshots": "snapshot",
    "all_statuses": "status",
}
"""Topics that give all of a kind in one command; what such a list leaves out does not exist."""


class Unknown(Exception):
    """A decision needs a fact that nobody has read yet: read the topic and decide again."""

    def __init__(self, topic: Topic) -> None:
        super().__init__(f"not read yet: {topic}")
        self.topic = topic


@dataclass(frozen=True)
class Cluster:
    """What has been read (or is predicted) of a cluster, by topic.

    Deciders are pure functions of it. Asking for what has not been read raises :class:`Unknown`;
    the caller reads just that and decides again, so no command is run whose answer nobody needs.
    """

    known: t.Mapping[Topic, t.Any] = field(default_factory=dict)

    def get(self, kind: str, name: str = "") -> t.Any:
        if (kind, name) in self.known:
            return self.known[(kind, name)]
        if any(LISTS[listing] == kind and (listing, "") in self.known for listing in LISTS):
            return None
        raise Unknown((kind, name))

    def put(self, kind: str, name: str, value: t.Any) -> Cluster:
        if kind not in LISTS:
            return Cluster({**self.known, (kind, name): value})
        others = {topic: v for topic, v in self.known.items() if topic[0] != LISTS[kind]}
        listed = {(LISTS[kind], name): item for name, item in value.items()}
        return Cluster({**others, **listed, (kind, ""): True})

    def _all(self, listing: str) -> list[t.Any]:
        self.get(listing)
        kind = LISTS[listing]
        return [self.known[topic] for topic in sorted(self.known) if topic[0] == kind]

    def volumes(self) -> tuple[Volume, ...]:
        """All of the cluster, by name."""
        return tuple(volume for volume in self._all("all_volumes") if volume is not None)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """All of the cluster, by name."""
        return tuple(found for found in self._all("all_snapshots") if found is not None)

    def snapshot(self, name: str) -> Snapshot | None:
        return t.cast("Snapshot | None", self.get("snapshot", name))

    def snapshot_bricks(self, name: str) -> tuple[BrickStatus, ...]:
        return t.cast("tuple[BrickStatus, ...]", self.get("snapshot_bricks", name))

    def snapshots_of(self, volume: str) -> tuple[Snapshot, ...]:
        if ("all_snapshots", "") in self.known:
            return tuple(found for found in self.snapshots() if found.volume == volume)
        return t.cast("tuple[Snapshot, ...]", self.get("snapshots", volume) or ())

    def volume(self, name: str) -> Volume | None:
        return t.cast("Volume | None", self.get("volume", name))

    def status(self, volume: str) -> VolumeStatus:
        from ._volume_model import VolumeStatus

        return t.cast("VolumeStatus", self.get("status", volume) or VolumeStatus())

    def config(self) -> SnapshotConfig:
        return t.cast("SnapshotConfig", self.get("config"))

    def peers(self) -> tuple[Peer, ...]:
        return t.cast("tuple[Peer, ...]", self.get("peers"))

    def peers_down(self) -> tuple[str, ...]:
        return tuple(peer.host for peer in self.peers() if not peer.connected)

    def now(self) -> str:
        """What time it is, ISO 8601 in UTC."""
        return t.cast("str", self.get("now"))

    def thick_bricks(self, volume: str) -> tuple[str, ...]:
        """Bricks that are known not to be on a thin logical volume."""
        return t.cast("tuple[str, ...]", self.get("thick_bricks", volume))

    def mounted_apart(self) -> t.Mapping[str, str]:
        """Snapshot volumes of which a process of this node has a brick mounted for itself, and who."""
        return t.cast("t.Mapping[str, str]", self.get("mounted_apart"))

    def cut_restores(self) -> t.Mapping[str, str]:
        """Volumes of which a restore was cut off on this node, and the folder that is left of it."""
        return t.cast("t.Mapping[str, str]", self.get("cut_restores"))

    def sessions(self, volume: str = "") -> tuple[Session, ...]:
        return t.cast("tuple[Session, ...]", self.get("sessions", volume))

    def session_config(self, volume: str, secondary: str) -> t.Mapping[str, str]:
        """Every key with its value, keys with underscores; none where this node has no such session."""
        name = f"{volume} {secondary}"
        return t.cast("t.Mapping[str, str]", self.get("session_config", name))

    def session_settings(self) -> t.Mapping[str, Setting]:
        """The keys that the installed Gluster knows; they have underscores."""
        return t.cast("t.Mapping[str, Setting]", self.get("session_settings"))

    def room(self, host: str, volume: str) -> Room | None:
        """Of a volume of this cluster ("localhost") or another one; None where nobody can tell."""
        return t.cast("Room | None", self.get("room", f"{host}::{volume}"))

    def destination(self, host: str, volume: str) -> Volume | None:
        """The volume on another cluster, as its glusterd shows it."""
        return t.cast("Volume | None", self.get("destination", f"{host}::{volume}"))

    def with_volume(self, name: str, **changes: t.Any) -> Cluster:
        """The same cluster with some fields of a known volume changed."""
        volume = self.volume(name)
        return self if volume is None else self.put("volume", name, replace(volume, **changes))
