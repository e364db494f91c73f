# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return of snapshots and sets: one function an object, the same in every module.

Those of volumes and of geo-replication are in files of their own: no other module needs what they import.
"""

from __future__ import annotations

import typing as t

from ._decide.notes import Tag, facts_of, words_of

if t.TYPE_CHECKING:
    from ._decide.group import Group
    from ._decide.sets import SnapshotSet
    from ._model import Snapshot

Result = t.Dict[str, t.Any]


def snapshot_result(snapshot: Snapshot | None) -> Result | None:
    """None where there is no snapshot; fields that only the real run can know are null."""
    if snapshot is None:
        return None
    return {
        "name": snapshot.name,
        "uuid": snapshot.uuid,
        "volume": snapshot.volume,
        "description": words_of(snapshot.description),
        "created": snapshot.created,
        "activated": snapshot.activated,
        "complete": snapshot.complete,
        "snapshot_volume": snapshot.snapshot_volume,
        "before_restore_of": facts_of(snapshot.description, "restore").get("snapshot"),
        "snapshot_set": _set_of(snapshot),
    }


def _set_of(snapshot: Snapshot) -> Result | None:
    tag = Tag.of(snapshot)
    return {"name": tag.name, "id": tag.id, "consistency_group": tag.group_name} if tag else None


def set_result(one: SnapshotSet | None) -> Result | None:
    """A snapshot of a consistency group; None where there is none."""
    if one is None:
        return None
    return {
        "name": one.tag.name,
        "id": one.tag.id,
        "consistency_group": one.tag.group_name,
        "group_id": one.tag.group,
        "description": one.description,
        "complete": one.complete,
        "consistency": one.consistency,
        "activated": one.activated,
        "created": one.created,
        "skew_seconds": one.skew,
        "snapshots": [snapshot_result(snapshot) for snapshot in one.snapshots],
    }


def group_result(group: Group | None, sets: t.Iterable[SnapshotSet]) -> Result | None:
    """A consistency group, and its snapshots by name."""
    if group is None:
        return None
    uuids = {volume.name: volume.uuid for volume in group.volumes}
    return {
        "name": group.name,
        "id": group.id,
        "description": group.description,
        "volumes": [{"name": name, "uuid": uuids.get(name)} for name in group.members],
        "drift": list(group.drift),
        "snapshot_sets": [
            {
                "name": one.tag.name,
                "id": one.tag.id,
                "created": one.created,
                "complete": one.complete,
                "consistency": one.consistency,
            }
            for one in sets
            if one.tag.group == group.id
        ],
    }
