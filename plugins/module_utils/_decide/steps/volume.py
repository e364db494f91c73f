# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that change volumes, and the snapshot configuration."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..._model import Cluster
from ..._volume_model import BrickStatus, VolumeStatus
from ..plan import Step

if t.TYPE_CHECKING:
    from ..._georep_model import Session
    from ..._model import Topic
    from ..._volume_model import SnapshotConfig, Volume


@dataclass(frozen=True)
class StartVolume(Step):
    """Proved by its bricks: all of them are online."""

    patience: t.ClassVar[float] = 120.0
    volume: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("volume", "start", self.volume)

    def effect(self, cluster: Cluster) -> Cluster:
        cluster = cluster.with_volume(self.volume, status="Started")
        volume = cluster.volume(self.volume)
        bricks = tuple(BrickStatus(str(b), online=True) for b in (volume.bricks if volume else ()))
        cluster = cluster.put("status", self.volume, VolumeStatus(bricks))
        return cluster.put("thick_bricks", self.volume, ())

    def holds(self, cluster: Cluster) -> bool:
        volume = cluster.volume(self.volume)
        return volume is not None and volume.started and not self._offline(cluster)

    def lacking(self, cluster: Cluster) -> str:
        return f"these bricks are not online: {', '.join(self._offline(cluster))}"

    def _offline(self, cluster: Cluster) -> tuple[str, ...]:
        volume = cluster.volume(self.volume)
        return cluster.status(self.volume).offline(volume) if volume else ()

    def proof(self) -> tuple[Topic, ...]:
        return (("volume", self.volume), ("status", self.volume))

    def undo(self) -> Step:
        return StopVolume(self.volume)


@dataclass(frozen=True)
class StopVolume(Step):
    """A clone has the sessions of its origin in its record, and Gluster takes them for active (seen on 10.3).

    So it is stopped with force, which does nothing to those of the origin, unless it has some of its own.
    """

    volume: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        force = ("force",) if self._has_record_of_sessions(cluster) else ()
        return ("volume", "stop", self.volume, *force)

    def _has_record_of_sessions(self, cluster: Cluster) -> bool:
        volume = cluster.volume(self.volume)
        return volume is not None and volume.is_clone and was_primary(volume)

    def effect(self, cluster: Cluster) -> Cluster:
        cluster = cluster.with_volume(self.volume, status="Stopped")
        return cluster.put("status", self.volume, VolumeStatus())

    def holds(self, cluster: Cluster) -> bool:
        volume = cluster.volume(self.volume)
        return volume is not None and not volume.started

    def proof(self) -> tuple[Topic, ...]:
        return (("volume", self.volume),)

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        volume = cluster.volume(self.volume)
        if volume and volume.started and "Rebalance" in cluster.status(self.volume).tasks:
            yield f"a rebalance of volume {self.volume} is running"
        if volume and volume.is_clone and sessions_of(volume, cluster):
            yield f"clone {self.volume} has geo-replication sessions of its own"

    def undo(self) -> Step:
        return StartVolume(self.volume)


@dataclass(frozen=True)
class DeleteVolume(Step):
    final: t.ClassVar[bool] = True
    volume: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("volume", "delete", self.volume)

    def effect(self, cluster: Cluster) -> Cluster:
        return cluster.put("volume", self.volume, None)

    def holds(self, cluster: Cluster) -> bool:
        return cluster.volume(self.volume) is None

    def proof(self) -> tuple[Topic, ...]:
        return (("volume", self.volume),)


@dataclass(frozen=True)
class SetVolumeOptions(Step):
    """Several options in one command. A value may name what only the real run knows.

    ``{snapshot:NAME}`` in a value becomes the UUID of that snapshot.
    """

    volume: str
    options: tuple[tuple[str, str], ...]
    before: tuple[tuple[str, str], ...] = ()
    """The values that take the step back."""

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        pairs = (word for key, value in self.options for word in (key, _filled(value, cluster)))
        return ("volume", "set", self.volume, *pairs)

    def effect(self, cluster: Cluster) -> Cluster:
        volume = cluster.volume(self.volume)
        filled = {key: _filled(value, cluster) for key, value in self.options}
        options = {**(volume.options if volume else {}), **filled}
        return cluster.with_volume(self.volume, options=options)

    def holds(self, cluster: Cluster) -> bool:
        volume = cluster.volume(self.volume)
        return volume is not None and all(
            volume.options.get(key) == _filled(value, cluster) for key, value in self.options
        )

    def proof(self) -> tuple[Topic, ...]:
        return (("volume", self.volume),)

    def undo(self) -> Step | None:
        return SetVolumeOptions(self.volume, self.before) if self.before else None

    def is_own(self, cluster: Cluster) -> bool:
        """What somebody else has written meanwhile is not taken back."""
        return self.holds(cluster)


def _filled(value: str, cluster: Cluster) -> str:
    opening, found, rest = value.partition("{snapshot:")
    if not found:
        return value
    name, _brace, closing = rest.partition("}")
    snapshot = cluster.snapshot(name)
    return opening + ((snapshot.uuid if snapshot else None) or "<uuid>") + closing


@dataclass(frozen=True)
class SetSnapshotConfig(Step):
    """One ``snapshot config`` command: both limits go together, each boolean alone."""

    volume: str  # "" is the whole cluster
    options: tuple[tuple[str, str], ...]

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        target = (self.volume,) if self.volume else ()
        pairs = (word for pair in self.options for word in pair)
        return ("snapshot", "config", *target, *pairs)

    def effect(self, cluster: Cluster) -> Cluster:
        return cluster.put("config", "", self._changed(cluster.config()))

    def holds(self, cluster: Cluster) -> bool:
        now, wanted = cluster.config(), self._changed(cluster.config())
        if self.volume:
            return now.volumes[self.volume].hard_limit == wanted.volumes[self.volume].hard_limit
        return replace(now, volumes={}) == replace(wanted, volumes={})

    def proof(self) -> tuple[Topic, ...]:
        return (("config", ""),)

    def _changed(self, config: SnapshotConfig) -> SnapshotConfig:
        wanted = dict(self.options)
        if self.volume:
            limits = config.volumes[self.volume]
            hard = int(wanted["snap-max-hard-limit"])
            effective = min(hard, config.hard_limit)
            limits = replace(
                limits,
                hard_limit=hard,
                effective_hard_limit=effective,
                soft_limit=effective * config.soft_limit // 100,
            )
            return replace(config, volumes={**config.volumes, self.volume: limits})
        hard = int(wanted.get("snap-max-hard-limit", config.hard_limit))
        soft = int(wanted.get("snap-max-soft-limit", config.soft_limit))
        return replace(
            config,
            hard_limit=hard,
            soft_limit=soft,
            auto_delete=_flag(wanted.get("auto-delete"), config.auto_delete),
            activate_on_create=_flag(wanted.get("activate-on-create"), config.activate_on_create),
            volumes={
                name: replace(
                    limits,
                    effective_hard_limit=min(limits.hard_limit, hard),
                    soft_limit=min(limits.hard_limit, hard) * soft // 100,
                )
                for name, limits in config.volumes.items()
            },
        )


def _flag(word: str | None, default: bool) -> bool:
    return default if word is None else word == "enable"


def was_primary(volume: Volume) -> bool:
    """Has it ever had a session?"""
    return volume.options.get("geo-replication.indexing") == "on"


def sessions_of(volume: Volume, cluster: Cluster) -> tuple[Session, ...]:
    """Of geo-replication; asked for only where the volume may have one."""
    return cluster.sessions(volume.name) if was_primary(volume) else ()


def georep_obstacle(
    cluster: Cluster, volume: Volume, act: str, running_only: bool
) -> t.Iterator[str]:
    """Sessions that stand in the way."""
    for session in sessions_of(volume, cluster):
        if session.running or not running_only:
            yield (
                f"volume {volume.name} is the primary of a geo-replication session with "
                f"{session.secondary}, which must not run while {act}"
            )
