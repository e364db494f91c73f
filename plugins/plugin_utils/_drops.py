# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules of retention would drop of what gluster_snapshot_info returned."""

from __future__ import annotations

import typing as t

from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.retention import (
    COUNTS,
    Item,
    Policy,
    Series,
    Ties,
    age,
    judge,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    Cluster,
    Snapshot,
)

Row = t.Dict[str, t.Any]


def retention_drops(info: Row, now: str, **rules: t.Any) -> list[Row]:
    """The snapshots that would go, with the reasons, by series and the oldest first."""
    keep = {option: int(rules.pop(option, None) or 0) for option in COUNTS}
    policy = Policy(keep=keep, **rules)
    policy.check()
    cluster = Cluster().put("now", "", now)
    verdicts = [
        verdict
        for series in _series(info, policy)
        for verdict in judge(series, policy, Ties({}, {}, {}), cluster)
    ]
    by_name = {row["name"]: row for row in info["snapshots"]}
    return [
        {**by_name[snapshot.name], "reasons": list(verdict.reasons)}
        for verdict in verdicts
        if not verdict.keep
        for snapshot in verdict.item.snapshots
    ]


def _series(info: Row, policy: Policy) -> list[Series]:
    """Of each volume and of each group; snapshots of sets are only judged as sets."""
    found: dict[tuple[str, str], list[Item]] = {}
    for row in info["snapshots"]:
        if not row["snapshot_set"] and policy.covers(row["name"], bool(row["before_restore_of"])):
            lacking = "" if row["complete"] else "not complete"
            item = Item(row["name"], (_snapshot(row),), lacking)
            found.setdefault(("volume", row["volume"]), []).append(item)
    for row in info["snapshot_sets"]:
        if policy.covers(row["name"]):
            lacking = "" if row["complete"] else "not whole"
            item = Item(row["name"], tuple(_snapshot(one) for one in row["snapshots"]), lacking)
            found.setdefault(("group", row["group_id"]), []).append(item)
    return [Series(of[1], tuple(sorted(found[of], key=age))) for of in sorted(found)]


def _snapshot(row: Row) -> Snapshot:
    told = ("name", "volume", "description", "activated", "uuid", "created", "snapshot_volume")
    return Snapshot(**{key: row[key] for key in told})
