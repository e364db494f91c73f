# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that change snapshots."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..._model import BEFORE_11, CONSUMED, GONE, HALF_MADE, ONLY_LISTED, Cluster, Snapshot
from ..._volume_model import BrickStatus, Volume
from ..mark import unfinished
from ..notes import facts_of
from ..plan import Step
from .volume import DeleteVolume, georep_obstacle

if t.TYPE_CHECKING:
    from ..._model import Topic


def offline_bricks(cluster: Cluster, snapshot: str) -> tuple[str, ...]:
    """Bricks of an activated snapshot that do not run."""
    bricks = cluster.snapshot_bricks(snapshot)
    if not bricks:
        return ("all of them",)
    return tuple(b.name or "one of a node that is down" for b in bricks if not b.online)


REMEDIES: t.Mapping[str, str] = {
    HALF_MADE: "If no other run is at it, remove it (state: absent), and take it again",
    ONLY_LISTED: "Restart that glusterd (systemctl restart glusterd)",
    BEFORE_11: "Neither activate nor remove it with gluster: glusterd ends at that, and does not "
    "start again. The guide on troubleshooting tells how to remove it while glusterd is stopped",
    CONSUMED: "To remove it would destroy the volume. The guide on troubleshooting tells how to make "
    "glusterd forget it",
    GONE: "It was removed while a node was away that brought it back, or lvs shows that it only has to be "
    "activated (lvchange -ay -K). If it is gone, remove it (state: absent), and take it again",
}


def broken(snapshot: Snapshot | None) -> str:
    """Why nothing can be had from it, and what to do; or ""."""
    if snapshot is None or snapshot.complete:
        return ""
    return f"snapshot {snapshot.name} is {snapshot.broken}. {REMEDIES[snapshot.broken]}"


def spared(snapshot: Snapshot | None) -> str:
    """Why only somebody who says so removes it, or "": its data may be there, on this node or another one."""
    return broken(snapshot) if snapshot is not None and snapshot.broken == GONE else ""


@dataclass(frozen=True)
class CreateSnapshot(Step):
    """``no-timestamp`` always: a name that changes by itself cannot be declared."""

    name: str
    volume: str
    description: str = ""
    georep_paused: bool = False  # by then: what it is now does not count

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        described = ("description", self.description) if self.description else ()
        return ("snapshot", "create", self.name, self.volume, "no-timestamp", *described)

    def effect(self, cluster: Cluster) -> Cluster:
        snapshot = Snapshot(
            self.name, self.volume, self.description, cluster.config().activate_on_create
        )
        volume = cluster.volume(self.volume)
        count = volume.snapshot_count + 1 if volume else 1
        cluster = cluster.with_volume(self.volume, snapshot_count=count)
        return cluster.put("snapshot", self.name, snapshot)

    def holds(self, cluster: Cluster) -> bool:
        snapshot = cluster.snapshot(self.name)
        if snapshot is None or snapshot.volume != self.volume or not snapshot.complete:
            return False
        # One that somebody else was faster with will do, but not as a member of a set.
        return self.is_own(cluster) or not facts_of(self.description, "set")

    def lacking(self, cluster: Cluster) -> str:
        return broken(cluster.snapshot(self.name)) or super().lacking(cluster)

    def proof(self) -> tuple[Topic, ...]:
        return (("snapshot", self.name),)

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        volume = cluster.volume(self.volume)
        if volume is None:
            yield f"volume {self.volume} does not exist (see gluster volume list)"
            return
        if not volume.started:
            yield f"volume {self.volume} is {volume.status}, and a snapshot needs it started" + (
                _not_by_hand(volume, cluster)
            )
            return
        status = cluster.status(self.volume)
        offline = status.offline(volume)
        if offline:
            yield (
                f"bricks of volume {self.volume} are offline: {', '.join(offline)} "
                f"(on a node that is up: gluster volume start {self.volume} force if no glusterfsd of it "
                "runs there; if one does, or that was in vain, systemctl restart glusterd, which can take "
                "all bricks of that node away for seconds)"
            )
        if "Rebalance" in status.tasks:
            yield f"a rebalance of volume {self.volume} is running"
        thick = cluster.thick_bricks(self.volume)
        if thick:
            yield f"bricks are not on thin logical volumes: {', '.join(thick)}"
        limits = cluster.config().volumes.get(self.volume)
        if limits and volume.snapshot_count >= limits.effective_hard_limit:
            yield (
                f"volume {self.volume} has {volume.snapshot_count} snapshots and its limit is "
                f"{limits.effective_hard_limit}: remove some, or raise snap_max_hard_limit"
            )
        if not self.georep_paused:
            yield from georep_obstacle(cluster, volume, "a snapshot is taken", running_only=True)

    def undo(self) -> Step:
        return DeleteSnapshot(self.name, self.volume)

    def is_own(self, cluster: Cluster) -> bool:
        """The facts in the description of a member snapshot have the id of just this set."""
        snapshot = cluster.snapshot(self.name)
        described = bool(facts_of(self.description, "set"))
        return described and snapshot is not None and snapshot.description == self.description


def _not_by_hand(volume: Volume, cluster: Cluster) -> str:
    mark = unfinished(volume, cluster)
    if mark is None:
        return ""
    return (
        f" (leave it stopped: its restore to snapshot {mark.snapshot} was begun and is not finished; "
        "run that to its end)"
    )


def in_use(snapshot: Snapshot, cluster: Cluster) -> str:
    """Why not to remove it now, or "": nodes where its logical volume is in use would keep it.

    The others lose it, and from then on every node refuses to remove the rest (Gluster 10.3). Only
    this node is seen, whose workers of geo-replication are mostly as old as those of the others.
    """
    if snapshot.broken in (ONLY_LISTED, BEFORE_11, CONSUMED):
        return f"{snapshot.broken}. {REMEDIES[snapshot.broken]}"
    who = cluster.mounted_apart().get(snapshot.snapshot_volume or "")
    if who:
        return (
            f"mounted by {who}, which began while it was activated. Deactivate it, and on every "
            f"node rmdir the empty /run/gluster/snaps/{snapshot.snapshot_volume}/brick*: that lets "
            "go of it"
        )
    if not snapshot.removal_failed:
        return ""
    # Paused workers live on, with what they have mounted.
    alive = {one.volume for one in cluster.sessions() if one.state in ("started", "paused")}
    if not alive:
        return ""
    return (
        "a removal failed before, and workers of geo-replication on other nodes may have it "
        f"mounted: stop the sessions of {', '.join(sorted(alive))} for the removal, and wait "
        "until lvs -o lv_name,lv_device_open shows it open on no node"
    )


def in_use_obstacles(snapshots: t.Iterable[Snapshot | None], cluster: Cluster) -> t.Iterator[str]:
    why: dict[str, list[str]] = {}
    for one in snapshots:
        if one:
            why.setdefault(in_use(one, cluster), []).append(one.name)
    for reason, names in why.items():
        if reason:
            yield f"snapshot{'s' if len(names) > 1 else ''} {', '.join(names)}: {reason}"


def peers_down_warning(cluster: Cluster) -> tuple[str, ...]:
    """A node that is down keeps what is deleted meanwhile, and shows it when it is back."""
    down = cluster.peers_down()
    if not down:
        return ()
    return (
        f"Nodes of the pool are down ({', '.join(down)}): a snapshot deleted now may be listed "
        "there again when they are back. Run the task again then.",
    )


@dataclass(frozen=True)
class DeleteSnapshot(Step):
    final: t.ClassVar[bool] = True
    name: str
    volume: str

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        return in_use_obstacles([cluster.snapshot(self.name)], cluster)

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("snapshot", "delete", self.name)

    def effect(self, cluster: Cluster) -> Cluster:
        return cluster.put("snapshot", self.name, None)

    def holds(self, cluster: Cluster) -> bool:
        return cluster.snapshot(self.name) is None

    def lacking(self, cluster: Cluster) -> str:
        return broken(cluster.snapshot(self.name)) or super().lacking(cluster)

    def proof(self) -> tuple[Topic, ...]:
        return (("snapshot", self.name),)

    def doubts(self, cluster: Cluster) -> tuple[str, ...]:
        return peers_down_warning(cluster)


@dataclass(frozen=True)
class RemoveHalfMade(DeleteSnapshot):
    """Nothing can be had from it, so nothing is lost that would end what can be taken back."""

    final: t.ClassVar[bool] = False

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        yield from super().obstacles(cluster)
        why = spared(cluster.snapshot(self.name))
        if why:
            yield why


@dataclass(frozen=True)
class DeleteSnapshotsOfVolume(Step):
    """One command for all: for a missing volume it "succeeds", and it stops at the first failure.

    The proof catches both.
    """

    final: t.ClassVar[bool] = True
    volume: str

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        return in_use_obstacles(cluster.snapshots_of(self.volume), cluster)

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("snapshot", "delete", "volume", self.volume)

    def effect(self, cluster: Cluster) -> Cluster:
        return cluster.put("snapshots", self.volume, ())

    def holds(self, cluster: Cluster) -> bool:
        return bool(cluster.get("snapshots", self.volume) == ())  # None: there is no such volume

    def proof(self) -> tuple[Topic, ...]:
        return (("snapshots", self.volume),)

    def doubts(self, cluster: Cluster) -> tuple[str, ...]:
        return peers_down_warning(cluster)


@dataclass(frozen=True)
class ActivateSnapshot(Step):
    """Proved by its bricks: each logical volume could be activated, mounted and served."""

    patience: t.ClassVar[float] = 60.0
    name: str

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        why = broken(cluster.snapshot(self.name))
        if why:
            yield why

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("snapshot", "activate", self.name)

    def effect(self, cluster: Cluster) -> Cluster:
        snapshot = cluster.snapshot(self.name)
        if snapshot is not None:
            cluster = cluster.put("snapshot", self.name, replace(snapshot, activated=True))
        return cluster.put("snapshot_bricks", self.name, (BrickStatus("predicted", online=True),))

    def holds(self, cluster: Cluster) -> bool:
        snapshot = cluster.snapshot(self.name)
        activated = snapshot is not None and bool(snapshot.activated)
        return activated and not offline_bricks(cluster, self.name)

    def lacking(self, cluster: Cluster) -> str:
        return f"these bricks do not run: {', '.join(offline_bricks(cluster, self.name))}"

    def proof(self) -> tuple[Topic, ...]:
        return (("snapshot", self.name), ("snapshot_bricks", self.name))

    def undo(self) -> Step:
        return DeactivateSnapshot(self.name)


@dataclass(frozen=True)
class DeactivateSnapshot(Step):
    name: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("snapshot", "deactivate", self.name)

    def effect(self, cluster: Cluster) -> Cluster:
        snapshot = cluster.snapshot(self.name)
        if snapshot is None:
            return cluster
        return cluster.put("snapshot", self.name, replace(snapshot, activated=False))

    def holds(self, cluster: Cluster) -> bool:
        snapshot = cluster.snapshot(self.name)
        return snapshot is not None and not snapshot.activated

    def proof(self) -> tuple[Topic, ...]:
        return (("snapshot", self.name),)

    def undo(self) -> Step:
        return ActivateSnapshot(self.name)


@dataclass(frozen=True)
class RestoreSnapshot(Step):
    """The one step that cannot be taken back: the snapshot is consumed.

    A restore that fails in commit costs the snapshot (Gluster 10.3), so its bricks must have been
    seen running before. A node that it was done without gives the snapshot back, whose logical
    volumes are the volume's bricks by then; glusterd leaves one out as soon as it knows that it is gone.
    """

    final: t.ClassVar[bool] = True
    every_node: t.ClassVar[bool] = True
    name: str
    volume: str
    snapshot_volume: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("snapshot", "restore", self.name)

    def effect(self, cluster: Cluster) -> Cluster:
        volume = cluster.volume(self.volume)
        bricks = tuple(
            replace(brick, path=f"/run/gluster/snaps/{self.snapshot_volume}/brick{index}")
            for index, brick in enumerate(volume.bricks if volume else (), 1)
        )
        count = volume.snapshot_count - 1 if volume else 0
        cluster = cluster.with_volume(self.volume, bricks=bricks, snapshot_count=count)
        return cluster.put("snapshot", self.name, None)

    def holds(self, cluster: Cluster) -> bool:
        volume = cluster.volume(self.volume)
        consumed = cluster.snapshot(self.name) is None
        return consumed and volume is not None and volume.snapshot_volume == self.snapshot_volume

    def proof(self) -> tuple[Topic, ...]:
        return (("snapshot", self.name), ("volume", self.volume))

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        volume = cluster.volume(self.volume)
        if volume is None:
            yield f"volume {self.volume} does not exist"
            return
        if volume.started:
            yield f"volume {self.volume} is started"
        left = cluster.cut_restores().get(self.volume)
        if left:
            # glusterd fails in pre-validation, and undoes its own knowledge of the volume (10.3).
            yield f"a restore of volume {self.volume} was cut off on this node ({left} is left of it)"
        offline = offline_bricks(cluster, self.name)
        if offline:
            yield f"bricks of snapshot {self.name} do not run: {', '.join(offline)}"
        down = cluster.peers_down()
        if down:
            yield f"nodes of the pool are down: {', '.join(down)}"


@dataclass(frozen=True)
class CloneSnapshot(Step):
    """A new volume from an activated snapshot; it is created, not started."""

    name: str
    snapshot: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("snapshot", "clone", self.name, self.snapshot)

    def effect(self, cluster: Cluster) -> Cluster:
        return cluster.put("volume", self.name, Volume(self.name, None, "Created"))

    def holds(self, cluster: Cluster) -> bool:
        return cluster.volume(self.name) is not None

    def proof(self) -> tuple[Topic, ...]:
        return (("volume", self.name),)

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        snapshot = cluster.snapshot(self.snapshot)
        if snapshot is None:
            yield f"snapshot {self.snapshot} does not exist"
        elif not snapshot.activated:
            yield f"snapshot {self.snapshot} is not activated"

    def undo(self) -> Step:
        return DeleteVolume(self.name)

    def is_own(self, cluster: Cluster) -> bool:
        return False
