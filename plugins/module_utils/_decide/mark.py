# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a volume says of its last restore, so that every later run knows how far that came.

The mark is in an option of the volume. From the restore itself, which takes every option back to
what it was at snapshot time, until it is set again, only the safety snapshot's description has it.
"""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass, fields, replace

from .names import DESCRIPTION_LONGEST
from .notes import described, facts_of, line, made, said_in

if t.TYPE_CHECKING:
    from .._model import Cluster, Snapshot
    from .._volume_model import Volume

MARK = "user.data-protection.restore"
READ_ONLY = "features.read-only"


@dataclass(frozen=True)
class Mark:
    """What a volume says of its last restore."""

    snapshot: str
    uuid: str  # of the snapshot that stands for the restored data: the kept or the consumed one
    data: str  # the snapshot volume that was, or is to be, consumed
    instead_of: str = ""  # the one that the volume was on when it was held, of an earlier restore
    done: bool = False
    read_only: str = "off"  # what the option is outside of the hold
    safety: str = ""
    activated: bool = False  # the snapshot was, before the restore
    attempt: str = ""  # of the group, see InGroup
    description: str = ""

    def text(self) -> str:
        return line(self._told())

    def explained(self, tag: t.Mapping[str, t.Any] | None = None) -> str:
        """The description of the safety snapshot; what it has to keep for us comes first."""
        about = {"set": tag} if tag else {}
        facts = facts_of(self.description, "set")
        shorter = (self.description, described("", set=facts) if facts else "", "")
        for description, words in itertools.product(
            shorter, (f"Before restoring {self.snapshot}", "")
        ):
            told = replace(self, safety="", instead_of="", description=description)._told()
            text = described(words, restore=told, **about)
            if len(text.encode()) <= DESCRIPTION_LONGEST:
                break
        return text

    def _told(self) -> dict[str, t.Any]:
        """All but what is as by default."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {f.name: values[f.name] for f in fields(self) if values[f.name] != f.default}

    @classmethod
    def of(cls, volume: Volume) -> Mark | None:
        return made(cls, said_in(volume, MARK))

    @classmethod
    def in_safety(cls, snapshot: Snapshot) -> Mark | None:
        return made(cls, {**facts_of(snapshot.description, "restore"), "safety": snapshot.name})


def unfinished(volume: Volume, cluster: Cluster) -> Mark | None:
    """The mark of any restore of the volume that was begun, and neither finished nor taken back."""
    mark, data = Mark.of(volume), volume.snapshot_volume or ""
    begun = mark if mark and not mark.done else None
    if mark and mark.data == data:
        return begun
    if not data and begun is None:
        return None
    known = {snapshot.name: snapshot for snapshot in cluster.snapshots_of(volume.name)}
    if begun and begun.instead_of == data:
        return begun if begun.data in [s.snapshot_volume for s in known.values()] else None
    for told in map(Mark.in_safety, known.values()):
        if told and told.data == data and told.snapshot not in known:
            return told  # the restore took the option back, and it was not set again yet
    return None


def consumed(volume: Volume, cluster: Cluster) -> Mark | None:
    """The mark of an unfinished restore of any snapshot, whose data the volume has."""
    mark = unfinished(volume, cluster)
    return mark if mark and mark.data == volume.snapshot_volume else None
