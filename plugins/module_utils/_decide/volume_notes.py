# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a volume says of itself: the group that it is in, and the snapshot that it was made from."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, replace

from .notes import line, made, said_in

if t.TYPE_CHECKING:
    from .._volume_model import Volume

MEMBERSHIP = "user.data-protection.group"
ORIGIN = "user.data-protection.origin"


@dataclass(frozen=True)
class Membership:
    """What a member says: itself (so that a clone is told from it), its group, all members."""

    volume: str  # UUID
    id: str
    name: str
    members: tuple[str, ...]
    revision: int = 1
    description: str = ""

    def text(self) -> str:
        return line({**self.__dict__, "members": list(self.members)})

    @classmethod
    def of(cls, volume: Volume) -> Membership | None:
        said = made(cls, said_in(volume, MEMBERSHIP))
        if said is None or not all(isinstance(name, str) for name in said.members):
            return None
        return replace(said, members=tuple(said.members))


@dataclass(frozen=True)
class Origin:
    """The snapshot a clone was made from; Gluster itself does not keep it."""

    volume: str
    snapshot: str
    uuid: str

    def text(self) -> str:
        return json.dumps(self.__dict__, sort_keys=True)

    @classmethod
    def of(cls, volume: Volume) -> Origin | None:
        return made(cls, said_in(volume, ORIGIN))
