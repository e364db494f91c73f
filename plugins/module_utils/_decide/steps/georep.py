# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that change geo-replication sessions.

None is taken back: what failed on the way is mended and the task run again. Gluster calls a create a
success whose keys did not arrive, a start whose monitor dies, a stop of what does not run: so each is
proved by what the workers say.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..._georep_model import Session, Worker
from ..._model import Cluster
from ..._read.rsync import shows_its_mount, told
from ..._trust.facts import Target
from ..plan import Awaited, Program, Step
from .session import SessionStep, find, told_of

if t.TYPE_CHECKING:
    from ..._model import Topic

SHARED_STORAGE = "gluster_shared_storage"


@dataclass(frozen=True)
class CreateSession(SessionStep):
    """With ``push_pem`` Gluster checks the destination and sends the keys there, else neither.

    Proved by the session and by the keys, which may fail to arrive in silence. To another user than
    root Gluster sends none that count: those are there before, from gluster_georep_destination.
    """

    port: int | None = None
    push_pem: bool = True
    force: bool = False

    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        port = ("ssh-port", str(self.port)) if self.port else ()
        how = "push-pem" if self.push_pem else "no-verify"
        return ("create", *port, how, *(("force",) if self.force else ()))

    @property
    def keys(self) -> tuple[Topic, ...]:
        host = self.secondary.rpartition("::")[0]
        login = host if "@" in host else f"root@{host}"
        return (("keys_accepted", f"{login} {self.port or 22}"),) if self.push_pem else ()

    def proof(self) -> tuple[Topic, ...]:
        return (*super().proof(), ("session_config", self.name), *self.keys)

    def effect(self, cluster: Cluster) -> Cluster:
        volume = cluster.volume(self.volume)
        bricks = volume.bricks if volume else ()
        workers = tuple(Worker(b.host, b.node_uuid, b.path, "Created") for b in bricks)
        if find(cluster, self.volume, self.secondary) is None:
            made = (*cluster.sessions(self.volume), Session(self.volume, self.secondary, workers))
            cluster = cluster.put("sessions", self.volume, made)
            defaults = {key: one.default for key, one in cluster.session_settings().items()}
            cluster = cluster.put("session_config", self.name, defaults)
        for topic in self.keys:
            cluster = cluster.put(*topic, True)
        return cluster

    def holds(self, cluster: Cluster) -> bool:
        session = find(cluster, self.volume, self.secondary)
        return session is not None and all(cluster.get(*topic) for topic in self.keys)

    def lacking(self, cluster: Cluster) -> str:
        if find(cluster, self.volume, self.secondary) is None:
            return super().lacking(cluster)
        return (
            f"{self.secondary.rpartition('::')[0]} does not accept the keys of the session: "
            "was scp refused there (sftp subsystem of sshd), or is its host key not known here?"
        )

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        volume = cluster.volume(self.volume)
        if volume is None or not volume.started:
            yield f"volume {self.volume} {'is not started' if volume else 'does not exist'}"
        if not self.push_pem:
            return
        user, _at, address = self.secondary.rpartition("@")
        host, _colons, name = address.partition("::")
        if user and not all(cluster.get(*topic) for topic in self.keys):
            yield (
                f"{user} of {host} does not accept the keys of this cluster: "
                "gluster_georep_destination installs them"
            )
        there = cluster.destination(host, name)
        if there is None or not there.started:
            what = "is not started" if there else "does not exist"
            yield f"volume {name} of the destination {host} {what}"
        elif not self.force:
            yield from self._small(host, name, cluster)

    def _small(self, host: str, name: str, cluster: Cluster) -> t.Iterator[str]:
        """Gluster looks at the same, but not before the command."""
        there, here = cluster.room(host, name), cluster.room("localhost", self.volume)
        if there and there.has_files:
            yield (
                f"volume {name} of the destination {host} is not empty; with force it is "
                "replicated to nevertheless, and keeps what is in there"
            )
        if here and there and there.is_too_small_for(here):
            yield (
                f"volume {name} of the destination {host} has less room ({there.size} bytes, "
                f"{there.free} of them free) than volume {self.volume} ({here.size} and {here.free}); "
                "force takes it nevertheless"
            )


@dataclass(frozen=True)
class SetSessionConfig(SessionStep):
    """One key; None is Gluster's default."""

    key: str
    value: str | None

    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        if self.value is None:
            return ("config", f"!{self._word}")
        return ("config", self._word, self.value)

    @property
    def _word(self) -> str:
        return self.key.replace("_", "-")

    def effect(self, cluster: Cluster) -> Cluster:
        config = {**cluster.session_config(self.volume, self.secondary)}
        config[self.key] = self._value(cluster)
        return cluster.put("session_config", self.name, config)

    def holds(self, cluster: Cluster) -> bool:
        config = cluster.session_config(self.volume, self.secondary)
        return config.get(self.key, "") == self._value(cluster)

    def lacking(self, cluster: Cluster) -> str:
        config = cluster.session_config(self.volume, self.secondary)
        return f"{self.key} is {config.get(self.key)!r}"

    def _value(self, cluster: Cluster) -> str:
        settings = cluster.session_settings()
        return settings[self.key].default if self.value is None else self.value

    def proof(self) -> tuple[Topic, ...]:
        return (("session_config", self.name),)

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        if (self.key, self.value) != ("use_meta_volume", "true"):
            return
        shared = cluster.volume(SHARED_STORAGE)
        if shared is None or not shared.started:
            yield (
                f"use_meta_volume needs the volume {SHARED_STORAGE}, which is not there "
                "(gluster volume set all cluster.enable-shared-storage enable)"
            )


@dataclass(frozen=True)
class SetCheckpoint(SessionStep):
    """Of now: all that was written until then is synced when it is complete."""

    patience: t.ClassVar[float] = 0.0

    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        return ("config", "checkpoint", "now")

    def effect(self, cluster: Cluster) -> Cluster:
        config = {**cluster.session_config(self.volume, self.secondary), "checkpoint": "<now>"}
        return cluster.put("session_config", self.name, config)

    def holds(self, cluster: Cluster) -> bool:
        return cluster.session_config(self.volume, self.secondary).get("checkpoint", "0") != "0"

    def proof(self) -> tuple[Topic, ...]:
        return (("session_config", self.name), *super().proof())


TOUCH = r"""
set -e
mount=$(mktemp -d)
glusterfs --client-pid=-1 --volfile-server=localhost --volfile-id="/$1" --log-file=/dev/null "$mount"
trap 'umount -l "$mount"; rmdir "$mount"' EXIT
chmod --reference="$mount" "$mount"
"""
"""VOLUME"""


@dataclass(frozen=True)
class TouchVolume(Program):
    """A checkpoint is only passed by what is written after it. The root directory's times are."""

    volume: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("sh", "-c", TOUCH, "sh", self.volume)

    def line(self, cluster: Cluster) -> str:
        return f"# touch the root directory of volume {self.volume}"

    def effect(self, cluster: Cluster) -> Cluster:
        return cluster

    def holds(self, cluster: Cluster) -> bool:
        return True  # the exit code of touch tells

    def proof(self) -> tuple[Topic, ...]:
        return ()


@dataclass(frozen=True)
class StartSession(SessionStep):
    """Proved by workers that came up at all; whether they sync is awaited, see :class:`Syncing`."""

    force: bool = False

    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        return ("start", *(("force",) if self.force else ()))

    def effect(self, cluster: Cluster) -> Cluster:
        return self.all_are(cluster, "Initializing...")

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        """Gluster would call it a session that syncs."""
        config = cluster.session_config(self.volume, self.secondary)
        host = self.secondary.rpartition("::")[0].rpartition("@")[2]
        if shows_its_mount(config):
            return
        if cluster.get("rsync_drops_data", f"root@{host} {config.get('ssh_port', '22')}"):
            yield told(host)

    def holds(self, cluster: Cluster) -> bool:
        statuses = self.statuses(cluster)
        return bool(statuses) and not {"Created", "Stopped", "Paused"} & set(statuses)

    def lacking(self, cluster: Cluster) -> str:
        return super().lacking(cluster) + _errors(cluster, self.name)

    def proof(self) -> tuple[Topic, ...]:
        return (*super().proof(), ("session_errors", self.name))


INDEX_LOST = (
    ". If that goes on, a brick has lost a part of its index of changelogs, as in a power cut, and its "
    "worker ends whenever it reads it. Remove the session with reset_sync_time, run gluster volume set {} "
    "changelog.changelog off, and create it anew: it looks at all files"
)


def _errors(cluster: Cluster, name: str) -> str:
    """What the log of the workers of this node says last."""
    errors = cluster.get("session_errors", name)
    if not errors:
        return ""
    lost = any("Changelog History Crawl failed" in error for error in errors)
    return f" ({'; '.join(errors)})" + (INDEX_LOST.format(name.split()[0]) if lost else "")


@dataclass(frozen=True)
class ResumeSession(StartSession):
    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        return ("resume",)

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        return iter(())  # it was started


@dataclass(frozen=True)
class PauseSession(SessionStep):
    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        return ("pause",)

    def effect(self, cluster: Cluster) -> Cluster:
        return self.all_are(cluster, "Paused")

    def holds(self, cluster: Cluster) -> bool:
        return set(self.statuses(cluster)) == {"Paused"}


@dataclass(frozen=True)
class DeleteSession(SessionStep):
    final: t.ClassVar[bool] = True
    reset_sync_time: bool = False

    def verb(self, cluster: Cluster) -> tuple[str, ...]:
        return ("delete", *(("reset-sync-time",) if self.reset_sync_time else ()))

    def effect(self, cluster: Cluster) -> Cluster:
        left = [one for one in cluster.sessions(self.volume) if one.secondary != self.secondary]
        return cluster.put("sessions", self.volume, tuple(left))

    def holds(self, cluster: Cluster) -> bool:
        return find(cluster, self.volume, self.secondary) is None

    def lacking(self, cluster: Cluster) -> str:
        return "the session is still there"


@dataclass(frozen=True)
class LetWrite(Step):
    """Take off the read-only that ``create push-pem`` put on the volume of the destination."""

    host: str
    destination: str
    port: int = 22

    @property
    def login(self) -> tuple[str, ...]:  # type: ignore[override]
        return Target(self.host, port=self.port).words

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("volume", "reset", self.destination, "features.read-only")

    def effect(self, cluster: Cluster) -> Cluster:
        there = cluster.destination(self.host, self.destination)
        if there is None:
            return cluster
        options = {k: v for k, v in there.options.items() if k != "features.read-only"}
        return cluster.put(*self.proof()[0], replace(there, options=options))

    def holds(self, cluster: Cluster) -> bool:
        there = cluster.destination(self.host, self.destination)
        return there is None or there.options.get("features.read-only", "off") != "on"

    def proof(self) -> tuple[Topic, ...]:
        return (("destination", f"{self.host}::{self.destination}"),)


@dataclass(frozen=True)
class Syncing(Awaited):
    """Every brick has a worker that is well, and each part of the data one that is at work."""

    # Gluster 9.2: Active for two seconds, until its worker ends by an index that it cannot read.
    steady: t.ClassVar[float] = 5.0
    volume: str
    secondary: str
    patience: float
    checkpoint: bool = False
    max_lag: int | None = None

    def proof(self) -> tuple[Topic, ...]:
        name = f"{self.volume} {self.secondary}"
        return (("sessions", self.volume), ("session_errors", name), ("now", ""))

    def holds(self, cluster: Cluster) -> bool:
        return not self._problem(cluster)

    def _problem(self, cluster: Cluster) -> str:
        session = find(cluster, self.volume, self.secondary)
        volume = cluster.volume(self.volume)
        if session is None or volume is None:
            return f"there is no session of volume {self.volume} with {self.secondary}"
        missing = session.missing(volume)
        if missing:
            return f"nothing is known of the workers of {', '.join(missing)} (is the node down?)"
        if not set(session.statuses) <= {"Active", "Passive"} or not session.syncs(volume):
            return told_of(session)
        active = [worker for worker in session.workers if worker.status == "Active"]
        if self.checkpoint and any(worker.checkpoint_completed is None for worker in active):
            return "it has no checkpoint (set one with checkpoint)"
        if self.checkpoint and not all(worker.checkpoint_completed for worker in active):
            return (
                "the checkpoint is not complete. It only becomes so when something is written "
                "after it (touch). If something was, the worker may have missed that its brick tells "
                "it what changes, a race of Gluster: stop the session and start it"
            )
        lag = session.lag(cluster.now())
        if self.max_lag is not None and (lag is None or lag > self.max_lag):
            behind_by = "an unknown time" if lag is None else f"{lag} seconds"
            return f"it is {behind_by} behind, and max_lag is {self.max_lag}"
        return ""

    def lacking(self, cluster: Cluster) -> str:
        errors = _errors(cluster, f"{self.volume} {self.secondary}")
        return (
            f"the session of volume {self.volume} with {self.secondary} is not as wanted after "
            f"{self.patience:.0f} seconds: {self._problem(cluster)}{errors}"
        )
