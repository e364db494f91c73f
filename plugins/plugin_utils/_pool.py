# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trusted pool of a cluster, as one of its servers tells it over ssh."""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass

from ..module_utils._read.reader import Reader
from ..module_utils._run.errors import Failure
from ..module_utils._run.gluster import Gluster
from ..module_utils._run.process import Output, execute

if t.TYPE_CHECKING:
    from ..module_utils._run.gluster import Execute
    from ..module_utils._volume_model import Peer, Volume

HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}\Z")
"""A name or an address; never an option of ssh."""

SSH_FAILED = 255


class Unfit(Exception):
    """What is wrong, and what to do about it."""


@dataclass(frozen=True)
class Pool:
    """How a server is asked."""

    ssh: str
    ssh_args: str
    user: str | None
    key: str | None
    become: bool
    seconds: int

    def of(self, node: str) -> dict[str, t.Any]:
        """``hosts`` with the variables of each, and ``volumes``."""
        if not isinstance(node, str) or not HOST.match(node):
            raise Unfit(f"{node!r} is not the name of a host. Name one server of the cluster.")
        gluster = Gluster("gluster", self.seconds, self.seconds, self._over_ssh(node))
        reader = Reader(gluster, execute, mounts=lambda: "")
        try:
            peers, volumes = reader.peers(), reader.volumes()
        except Failure as error:
            raise Unfit(f"{node} could not be asked: {error} {error.advice}".strip()) from None
        return {
            "hosts": dict(_host(peer, node, volumes) for peer in peers),
            "volumes": [
                {"name": one.name, "uuid": one.uuid, "type": one.type, "status": one.status}
                for one in volumes
            ],
        }

    def _over_ssh(self, node: str) -> Execute:
        """The remote shell gets one line; nothing in it is not quoted."""
        login = [self.ssh, "-oBatchMode=yes", *shlex.split(self.ssh_args)]
        login += ["-l", self.user] if self.user else []
        login += ["-i", self.key] if self.key else []
        sudo = ["sudo", "-n"] if self.become else []

        def run(argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = "") -> Output:
            line = " ".join(map(shlex.quote, [*sudo, *argv]))
            try:
                output = execute([*login, "--", node, line], seconds, max_bytes, text)
            except OSError as error:
                raise Failure(f"{self.ssh} cannot be run ({error.strerror}).") from None
            if output.rc == SSH_FAILED:
                said = " ".join(output.stderr.split())[:500]
                raise Failure(
                    f"ssh failed ({said}).",
                    "Nobody is asked for a password or a host key here: see that ssh logs in by itself.",
                )
            return output

        return run


def _host(peer: Peer, node: str, volumes: t.Iterable[Volume]) -> tuple[str, dict[str, t.Any]]:
    name = node if peer.host == "localhost" else peer.host
    if not HOST.match(name):
        raise Unfit(f"The pool of {node} has a server named {name!r}, which is no name of a host.")
    return name, {
        "gluster_uuid": peer.uuid,
        "gluster_connected": peer.connected,
        "gluster_bricks": [
            {"volume": volume.name, "path": brick.path}
            for volume in volumes
            for brick in volume.bricks
            if brick.node_uuid == peer.uuid
        ],
    }
