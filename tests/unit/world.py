# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster in a few lines, with clients that write whenever they can: to cut a run anywhere.

What it does is what the lab was seen to do (a restore consumes the snapshot, takes the options
back and leaves the volume stopped). It proves plans, not modules: those are run on the lab.
"""

from __future__ import annotations

import itertools
import threading
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.glusterfs.data_protection.plugins.module_utils._apply import Run
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.volume import (
    was_primary,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import Session
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    HALF_MADE,
    Cluster,
    Snapshot,
    Topic,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import settle
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    INTERNAL,
    INVALID,
    NO_SNAPSHOT,
    SNAPSHOT_EXISTS,
    VOLUME_EXISTS,
    VOLUME_STARTED,
    VOLUME_STOPPED,
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
    Brick,
    BrickStatus,
    Peer,
    SnapshotConfig,
    Volume,
    VolumeLimits,
    VolumeStatus,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan


class PowerCut(BaseException):
    """The run ends here, whatever it had in mind."""


@dataclass
class Held:
    """A snapshot with what it holds."""

    snapshot: Snapshot
    data: int
    options: dict[str, str]


@dataclass
class World:
    """Stands for the Gluster runner and for the Reader at once."""

    volumes: dict[str, Volume] = field(default_factory=dict)
    data: dict[str, int] = field(default_factory=dict)
    replaced: int = 0  # what the last restore threw away
    thrown: dict[str, int] = field(default_factory=dict)  # the same, of each volume
    snapshots: dict[str, Held] = field(default_factory=dict)
    sessions: dict[str, tuple[Session, ...]] = field(default_factory=dict)
    config: SnapshotConfig = field(default_factory=lambda: SnapshotConfig(256, 90, False, False))
    cut_at: int | None = None  # the n-th command,
    cut_after: bool = False  # before or after it has its effect
    cut_midst: bool = False  # with that, a creation is left half made
    fail_at: int | None = None
    refused: frozenset[str] = frozenset()
    timeout: int = 600
    time: str = "now"
    without_bricks: set[str] = field(default_factory=set)  # activated, until they are anew
    mounted_apart: dict[str, str] = field(default_factory=dict)
    lost_after: str = ""  # the command after which glusterd knows that node2 is gone
    cut_restores: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    ids: t.Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: t.Any = field(default_factory=threading.Lock)

    @property
    def gluster(self) -> World:
        return self

    def add_volume(self, name: str, status: str = "Started") -> None:
        bricks = (Brick("node1", f"/bricks/{name}"),)
        self.volumes[name] = Volume(name, f"id-{name}", status, "Distribute", bricks)
        self.data[name] = 0

    # The reader's side.

    def refresh(self, cluster: Cluster, topics: t.Iterable[Topic]) -> Cluster:
        for kind, name in topics:
            cluster = cluster.put(kind, name, self.learn(kind, name))
        return cluster

    def learn(self, kind: str, name: str) -> t.Any:
        if kind == "all_volumes":
            return {name: self.volume(name) for name in self.volumes}
        if kind == "all_snapshots":
            return {name: held.snapshot for name, held in self.snapshots.items()}
        if kind == "all_statuses":
            return {n: self.learn("status", n) for n, v in self.volumes.items() if v.started}
        if kind == "snapshot":
            held = self.snapshots.get(name)
            return held.snapshot if held else None
        if kind == "snapshots" and name in self.volumes:
            return tuple(h.snapshot for h in self.snapshots.values() if h.snapshot.volume == name)
        if kind == "snapshot_bricks":
            activated = bool(self.snapshots[name].snapshot.activated)
            return (BrickStatus("node1:/snap", activated and name not in self.without_bricks),)
        if kind == "volume":
            return self.volume(name)
        if kind == "status":
            bricks = self.volumes[name].bricks if self.volumes[name].started else ()
            return VolumeStatus(tuple(BrickStatus(str(b), True, 1, 49152) for b in bricks))
        if kind == "config":
            limits = {name: VolumeLimits(256, 256, 230) for name in self.volumes}
            return replace(self.config, volumes=limits)
        # The other one is thick_bricks; None is said of a volume that is not there.
        others: dict[str, t.Any] = {
            "peers": (Peer("uuid-2", "node2", self.lost_after not in self.lines),),
            "mounted_apart": self.mounted_apart,
            "cut_restores": self.cut_restores,
            "now": self.time,
            "sessions": self.sessions.get(name, ()),
            "snapshots": None,
        }
        return others.get(kind, ())

    def snapshot_counts(self, volume: str) -> dict[str, int]:
        return self.counts

    def volume(self, name: str) -> Volume | None:
        volume = self.volumes.get(name)
        count = sum(held.snapshot.volume == name for held in self.snapshots.values())
        return replace(volume, snapshot_count=count) if volume else None

    # The runner's side.

    def run(
        self,
        words: t.Sequence[str],
        _login: t.Sequence[str] = (),
        check: t.Callable[[int], None] | None = None,
    ) -> None:
        """Clients write, then the command is carried out, unless the power is cut."""
        if check:
            check(0)
        with self.lock:
            self._run(words)

    def delete_snapshots(self, names: t.Sequence[str]) -> int:
        for number, name in enumerate(names):
            try:
                self.run(("snapshot", "delete", name))
            except GlusterError:
                return number
        return len(names)

    def _run(self, words: t.Sequence[str]) -> None:
        number = len(self.lines)
        if self.cut_at is not None and number > self.cut_at:
            raise PowerCut
        self.clients_write()
        self.lines.append(" ".join(words[:3]))
        if number == self.cut_at and not self.cut_after:
            raise PowerCut
        if number == self.fail_at or self.lines[-1] in self.refused:
            self._fail(words, INTERNAL)
        getattr(self, f"_{words[0]}_{words[1]}".replace("-", "_"))(words, *words[2:])
        self.clients_write()
        if number == self.cut_at:
            if self.cut_midst and words[1] == "create":
                held = self.snapshots[words[2]]
                held.snapshot = replace(held.snapshot, broken=HALF_MADE, activated=False)
            raise PowerCut

    def clients_write(self) -> None:
        for name, volume in self.volumes.items():
            if volume.started and volume.options.get("features.read-only") != "on":
                self.data[name] += 1

    def _fail(self, words: t.Sequence[str], errno: int, text: str = "refused") -> t.NoReturn:
        raise GlusterError(["gluster", *words], text, errno)

    def _change(self, name: str, **changes: t.Any) -> None:
        self.volumes[name] = replace(self.volumes[name], **changes)

    def _snapshot_create(self, words: t.Sequence[str], name: str, volume: str, *rest: str) -> None:
        if name in self.snapshots:
            self._fail(words, SNAPSHOT_EXISTS)
        if not self.volumes[volume].started:
            self._fail(words, VOLUME_STOPPED)
        number = next(self.ids)
        description = rest[2] if len(rest) > 1 else ""
        activated = self.config.activate_on_create
        snapshot = Snapshot(
            name, volume, description, activated, f"uuid-{number}", self.time, f"{number:032x}"
        )
        options = dict(self.volumes[volume].options)
        self.snapshots[name] = Held(snapshot, self.data[volume], options)

    def _snapshot_delete(self, words: t.Sequence[str], name: str, *volume: str) -> None:
        if volume:
            for key in [k for k, h in self.snapshots.items() if h.snapshot.volume == volume[0]]:
                del self.snapshots[key]
        elif self.snapshots.pop(name, None) is None:
            self._fail(words, NO_SNAPSHOT)

    def _snapshot_activate(self, words: t.Sequence[str], name: str) -> None:
        held = self.snapshots[name]
        if not held.snapshot.complete:
            self._fail(words, INTERNAL)
        if held.snapshot.activated:
            self._fail(words, INVALID)
        held.snapshot = replace(held.snapshot, activated=True)

    def _snapshot_deactivate(self, words: t.Sequence[str], name: str) -> None:
        held = self.snapshots.get(name)
        if held is None:
            self._fail(words, NO_SNAPSHOT)
        if not held.snapshot.activated:
            self._fail(words, INVALID)
        held.snapshot = replace(held.snapshot, activated=False)
        self.without_bricks.discard(name)

    def _snapshot_restore(self, words: t.Sequence[str], name: str) -> None:
        held = self.snapshots[name]
        volume = held.snapshot.volume
        if not held.snapshot.complete:
            self._fail(words, INTERNAL)
        if self.volumes[volume].started:
            self._fail(words, VOLUME_STARTED)
        bricks = (Brick("node1", f"/run/gluster/snaps/{held.snapshot.snapshot_volume}/brick1"),)
        self._change(volume, bricks=bricks, options=dict(held.options))
        self.replaced = self.thrown[volume] = self.data[volume]
        self.data[volume] = held.data
        del self.snapshots[name]

    def _snapshot_clone(self, words: t.Sequence[str], name: str, snapshot: str) -> None:
        held = self.snapshots[snapshot]
        if name in self.volumes:
            self._fail(words, VOLUME_EXISTS)
        if not held.snapshot.activated:
            self._fail(words, VOLUME_STOPPED)
        identity = f"{next(self.ids):032x}"
        bricks = (Brick("node1", f"/run/gluster/snaps/{identity}/brick1"),)
        self.volumes[name] = Volume(name, identity, "Created", "", bricks, dict(held.options))
        self.data[name] = held.data

    def _volume_start(self, words: t.Sequence[str], name: str) -> None:
        if self.volumes[name].started:
            self._fail(words, INTERNAL, f"Volume {name} already started")
        self._change(name, status="Started")

    def _volume_stop(self, words: t.Sequence[str], name: str, force: str = "") -> None:
        volume = self.volumes[name]
        active = any(one.running for one in self.sessions.get(name, ()))
        # A clone has the sessions of its origin in its record.
        active = active or (volume.is_clone and was_primary(volume))
        if not volume.started:
            self._fail(words, INTERNAL, f"Volume {name} is not in the started state")
        if active and not force:
            self._fail(words, INTERNAL)
        self._change(name, status="Stopped")

    def _volume_geo_replication(
        self, words: t.Sequence[str], name: str, secondary: str, verb: str
    ) -> None:
        assert verb == "stop"
        self.sessions[name] = tuple(
            replace(one, workers=tuple(replace(worker, status="Stopped") for worker in one.workers))
            if one.secondary == secondary
            else one
            for one in self.sessions[name]
        )

    def _volume_delete(self, words: t.Sequence[str], name: str) -> None:
        if self.volumes[name].started:
            self._fail(words, INTERNAL)
        del self.volumes[name]

    def _volume_set(self, words: t.Sequence[str], name: str, *pairs: str) -> None:
        if self.volumes[name].status == "Created":
            self._fail(words, INTERNAL)  # Gluster 10.3: a clone that never ran has no such files
        options = dict(zip(pairs[::2], pairs[1::2]))
        self._change(name, options={**self.volumes[name].options, **options})

    def _snapshot_config(self, words: t.Sequence[str], *pairs: str) -> None:
        values = dict(zip(pairs[::2], pairs[1::2]))
        for key, attribute in (
            ("auto-delete", "auto_delete"),
            ("activate-on-create", "activate_on_create"),
        ):
            if key in values:
                wanted = values[key] == "enable"
                if getattr(self.config, attribute) == wanted:
                    self._fail(words, INVALID)
                self.config = replace(self.config, **{attribute: wanted})
        hard = int(values.get("snap-max-hard-limit", self.config.hard_limit))
        soft = int(values.get("snap-max-soft-limit", self.config.soft_limit))
        self.config = replace(self.config, hard_limit=hard, soft_limit=soft)


def planned(made: World, decide: t.Callable[[Cluster], Plan]) -> tuple[Run, Plan, Cluster]:
    """What the module does before it changes anything."""

    def settled(cluster: Cluster) -> Plan:
        plan = decide(cluster)
        plan.preflight(cluster)
        return plan

    cluster, plan = settle(t.cast("t.Any", made), Cluster(), settled)
    return Run(t.cast("t.Any", made)), plan, cluster
