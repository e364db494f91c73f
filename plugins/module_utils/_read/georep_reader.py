# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions that have to do with geo-replication: of sessions, and of the other cluster."""

from __future__ import annotations

import configparser
import shlex
import typing as t

from .._run.errors import MISREAD, Failure, GlusterError, understood
from .._run.mount import mounted
from .._run.process import GEOREP, SSH
from .georep import read_errors, read_session_config, read_sessions, read_settings
from .reader import all_of, if_there, missing, only, question
from .room import commands, read_room
from .rsync import TRIAL, drops_data
from .volumes import read_volumes

if t.TYPE_CHECKING:
    from .._georep_model import Room, Session, Setting
    from .._model import Topic
    from .._volume_model import Volume
    from .reader import Reader

GSYNCD_CONF = "/etc/glusterfs/gsyncd.conf"
GSYNCD_LOG = "/var/log/glusterfs/geo-replication/{}_{}_{}/gsyncd.log"


class GeorepReader:
    """The part of a Reader that few modules have."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def learn(self, topic: Topic) -> t.Any:
        """As Reader.learn, of its topics."""
        kind, name = topic
        read: t.Mapping[str, t.Callable[[], t.Any]] = {
            "sessions": lambda: self.sessions(name),
            "session_config": lambda: self.session_config(*name.split()),
            "session_settings": self.session_settings,
            "session_errors": lambda: self.session_errors(*name.split()),
            "keys_accepted": lambda: self.keys_accepted(*name.split()),
            "destination": lambda: self.destination(*name.split("::")),
            "rsync_drops_data": lambda: self.rsync_drops_data(*name.split()),
            "room": lambda: self.room_if_any(*name.split("::")),
        }
        return read[kind]()

    def sessions(self, volume: str = "") -> tuple[Session, ...]:
        """Those of a primary volume, or all of the cluster."""
        words = question("sessions", volume)
        try:
            return all_of(volume, self.reader.ask(words, read_sessions), ("gluster", *words))
        except GlusterError as error:
            if "No active geo-replication sessions" in error.text or missing(error):
                return ()
            raise

    def session_config(self, volume: str, secondary: str) -> dict[str, str]:
        """Every key; none where this node has no such session, also if others list it."""
        words = question("session_config", f"{volume} {secondary}")
        return if_there(lambda: self.reader.ask(words, read_session_config)) or {}

    def session_settings(self) -> dict[str, Setting]:
        """From the file that gsyncd itself has its keys and defaults from."""
        try:
            settings = read_settings(self.reader.text_of(GSYNCD_CONF))
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
        host, _colons, destination = secondary.rpartition("@")[2].partition("::")
        return read_errors(self.reader.text_of(GSYNCD_LOG.format(volume, host, destination)))

    def keys_accepted(self, login: str, port: str) -> bool:
        """Does the destination let the workers of this node in?

        The key there has a command of its own, which refuses this one; ssh itself fails with 255.
        """
        output = self.reader.execute(
            (*SSH, "-oIdentitiesOnly=yes", f"-i{GEOREP}/secret.pem", f"-p{port}", login, "true"),
            60.0,
            1 << 20,
        )
        return output.rc not in (None, 255)

    def rsync_drops_data(self, login: str, port: str) -> bool:
        """Of the destination; no, where this node cannot log in to try it."""
        command = " ".join(shlex.quote(word) for word in TRIAL)
        return drops_data(self.reader.execute((*SSH, f"-p{port}", login, command), 60.0, 1 << 20))

    def destination(self, host: str, volume: str) -> Volume | None:
        """A volume of another cluster: glusterd answers such questions without a password."""
        words = question("volume", volume)
        try:
            root = self.reader.gluster.run(words, options=(f"--remote-host={host}",))
        except GlusterError as error:
            if missing(error):
                return None
            if error.daemon_down:
                raise Failure(
                    f"glusterd of {host} does not answer this node",
                    "It has to, on TCP port 24007, and its bricks on theirs.",
                ) from None
            raise
        with understood(("gluster", *words)):
            found = read_volumes(root)
        return only(volume, found, ("gluster", *words))

    def room(self, host: str, volume: str) -> Room:
        """Of a volume of this cluster or another one; an error where it cannot be mounted."""
        with mounted(host, volume, self.reader.answer) as mount:
            table, found = commands(mount)
            answers = self.reader.answer(table), self.reader.answer(found)
            with understood(table):
                return read_room(*answers)

    def room_if_any(self, host: str, volume: str) -> Room | None:
        try:
            return self.room(host, volume)
        except Failure:
            return None
