# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots of consistency groups that there are: one of each member, a *set*.

Each member snapshot says in its description which set it is one of, and of how many. A set that
was taken whole is also noted down in an option of its first volume, with what was proved of it:
``+`` one point in time, ``-`` nothing. So a set that a power cut left half is told from one that
somebody took something out of later: the first is cleared away by the next run, the second never.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass
from datetime import datetime

from .group import find_group
from .notes import TAKEN, UNSET, Tag, words_of
from .plan import Refusal

if t.TYPE_CHECKING:
    from .._model import Cluster, Snapshot
    from .._volume_model import Volume

PROVED, NOT_PROVED = "+", "-"
SHORT = 8
"""Digits of a set's id in that option: 256 sets, the most Gluster has, are 2,560 bytes."""


@dataclass(frozen=True)
class SnapshotSet:
    """A snapshot of a consistency group; ``noted`` is what was noted when it had been taken."""

    tag: Tag
    snapshots: tuple[Snapshot, ...]  # by volume
    noted: str = ""

    @property
    def usable(self) -> tuple[Snapshot, ...]:
        return tuple(snapshot for snapshot in self.snapshots if snapshot.complete)

    @property
    def complete(self) -> bool:
        return len(self.usable) == self.tag.members

    @property
    def consistency(self) -> str:
        """What is known of its point in time: a claim only where it was proved."""
        return "crash" if self.complete and self.noted == PROVED else "none"

    @property
    def description(self) -> str:
        return words_of(self.snapshots[0].description)

    @property
    def created(self) -> str | None:
        return min((s.created for s in self.snapshots if s.created), default=None)

    @property
    def skew(self) -> int | None:
        """Seconds between the first and the last member, by Gluster's clock."""
        times = [moment(s.created) for s in self.snapshots if s.created]
        if len(times) < len(self.snapshots):
            return None
        return int((max(times) - min(times)).total_seconds())

    @property
    def activated(self) -> bool:
        return all(snapshot.activated for snapshot in self.snapshots)

    @property
    def volumes(self) -> tuple[str, ...]:
        return tuple(snapshot.volume for snapshot in self.snapshots)


@functools.lru_cache(maxsize=None)  # retention asks a dozen times about each of 25,600
def moment(created: str) -> datetime:
    """A time as Gluster's answers are read (UTC)."""
    return datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ")


def sets_of(snapshots: t.Iterable[Snapshot], volumes: t.Iterable[Volume]) -> list[SnapshotSet]:
    """All sets of a cluster, oldest first."""
    noted = {entry[:-1]: entry[-1] for volume in volumes for entry in noted_in(volume)}
    members: dict[Tag, list[Snapshot]] = {}
    for snapshot in snapshots:
        tag = Tag.of(snapshot)
        if tag is not None:
            members.setdefault(tag, []).append(snapshot)
    found = [
        SnapshotSet(tag, tuple(sorted(of, key=lambda s: s.volume)), noted.get(tag.id[:SHORT], ""))
        for tag, of in members.items()
    ]
    return sorted(found, key=lambda s: (s.created or "", s.tag.group_name, s.tag.name))


def noted_in(volume: Volume) -> list[str]:
    words = volume.options.get(TAKEN, UNSET).split()
    return [word for word in words if word[-1:] in (PROVED, NOT_PROVED) and len(word) == SHORT + 1]


def sets_of_group(group: str, cluster: Cluster) -> list[SnapshotSet]:
    """All sets of the group with that name, also where the group itself is gone."""
    sets = sets_of(cluster.snapshots(), cluster.volumes())
    known = find_group(group, cluster)
    if known is None:
        return [one for one in sets if one.tag.group_name == group]
    return [one for one in sets if one.tag.group == known.id]


def find_set(cluster: Cluster, group: str, name: str) -> SnapshotSet | None:
    """The set of that name of the group with that name."""
    found = [one for one in sets_of_group(group, cluster) if one.tag.name == name]
    if len(found) > 1:
        raise Refusal(
            f"{len(found)} sets of consistency group {group} are named {name}",
            "Remove the member snapshots of one of them (gluster_snapshot_info shows them).",
        )
    return found[0] if found else None
