# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One of many, as the filters choose it: pure functions of what the info modules returned."""

from __future__ import annotations

import typing as t

from ansible_collections.glusterfs.data_protection.plugins.module_utils._session_results import (
    FAULTY,
    INITIALIZING,
    NOT_STARTED,
    STABLE,
)

Row = t.Dict[str, t.Any]


def newest_restorable(
    rows: t.Iterable[Row],
    volume: str | None = None,
    consistency_group: str | None = None,
    before: str | None = None,
    safety: bool = False,
    proved: bool = False,
) -> Row | None:
    """The snapshot, or the set of a group, to go back to; None where there is none."""

    def fits(row: Row) -> bool:
        bricks = row.get("bricks", []) if row.get("activated") else []
        group = row.get("consistency_group") or (row.get("snapshot_set") or {}).get(
            "consistency_group"
        )
        return (
            row["created"] is not None
            and row.get("complete", True)
            and all(brick["online"] for brick in bricks)
            and volume in (None, row.get("volume"))
            and consistency_group in (None, group)
            and (before is None or row["created"] < before)
            and (safety or not row.get("before_restore_of"))
            and (not proved or row.get("consistency") == "crash")
        )

    # The last of those of one second: in the order of the modules it is the newer one.
    found = sorted((row for row in rows if fits(row)), key=lambda row: str(row["created"]))
    return found[-1] if found else None


STATUSES = (STABLE, NOT_STARTED, INITIALIZING, FAULTY)
"""As the modules weigh the workers of a session; the last is the worst."""


def worst_session(sessions: t.Iterable[Row]) -> Row | None:
    """By status, then by lag: one that is not known is worse than any."""

    def badness(session: Row) -> tuple[int, float]:
        lag = session["lag_seconds"]
        return STATUSES.index(session["status"]), float("inf") if lag is None else lag

    return max(sessions, key=badness, default=None)
