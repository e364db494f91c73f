# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What in a report wants somebody's attention: pure functions of what the info modules returned.

Each function is about one kind of thing. A finding says what is wrong and what to do next.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import timedelta

from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.mark import (
    READ_ONLY,
    Mark,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.sets import moment
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
    Brick,
    Volume,
)
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._choose import (
    newest_restorable,
)

Row = t.Dict[str, t.Any]

CRITICAL, WARNING, NOTICE = "critical", "warning", "notice"
URGENCIES = (CRITICAL, WARNING, NOTICE)

SYNCS = "is the primary of a geo-replication session"
"""In words of CreateSnapshot: what is as it should be, but for a snapshot."""


@dataclass(frozen=True)
class Limits:
    """From where on something is a finding."""

    lag_seconds: int = 3600
    pool_warning: float = 80
    pool_critical: float = 90
    snapshot_hours: int = 24
    without_snapshots: tuple[str, ...] = ()


def findings_of(seen: Row, limits: Limits) -> list[Row]:
    """All of them, the most urgent first."""
    found = [finding for find in FINDERS for finding in find(seen, limits)]
    return sorted(found, key=lambda one: URGENCIES.index(one["urgency"]))


def _finding(urgency: str, code: str, about: str, text: str, then: str) -> Row:
    return {"urgency": urgency, "code": code, "about": about, "text": text, "next": then}


def _of_servers(seen: Row, limits: Limits) -> t.Iterator[Row]:
    for server in seen["servers"]:
        about = f"server {server['name']}"
        if server["problem"]:
            yield _finding(
                CRITICAL,
                "server_silent",
                about,
                f"It was asked and did not answer: {server['problem']}",
                "See whether it runs, and glusterd on it (systemctl status glusterd).",
            )
        elif server["elsewhere"]:
            yield _finding(
                WARNING,
                "server_elsewhere",
                about,
                f"It knows other volumes than {seen['server']}.",
                "A report is of one cluster: leave out the servers of others. If it is of this one, "
                "it is out of step: see gluster pool list on both.",
            )


def _of_torn(seen: Row, limits: Limits) -> t.Iterator[Row]:
    """A removal that failed on some nodes: none of them ends it any more, nor do their restarts."""
    if not seen["volumes"]:
        return  # and it is not known which servers are of another cluster
    answered = [s for s in seen["servers"] if s["snapshot_counts"] and not s["elsewhere"]]
    for name in sorted({name for server in answered for name in server["snapshot_counts"]}):
        counts = {s["name"]: s["snapshot_counts"].get(name, 0) for s in answered}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{count} at {server}" for server, count in counts.items())
            yield _finding(
                WARNING,
                "snapshots_torn",
                f"volume {name}",
                f"Its servers do not know the same snapshots: {told}.",
                "If the next report says so too, see A snapshot that only some nodes know in the "
                "guide on troubleshooting.",
            )


def _of_unread(seen: Row, limits: Limits) -> t.Iterator[Row]:
    for unread in seen["unread"]:
        yield _finding(
            CRITICAL,
            "unread",
            unread["what"],
            f"This could not be read, so the report does not have it: {unread['why']}",
            "Mend that, and make the report again.",
        )


def _of_volumes(seen: Row, limits: Limits) -> t.Iterator[Row]:
    taken_of = {
        volume["name"]: [one for one in seen["snapshots"] if one["volume"] == volume["name"]]
        for volume in seen["volumes"]
    }
    for volume in seen["volumes"]:
        yield from _of_running(volume)
        yield from _of_restore(volume, taken_of[volume["name"]])
        if not volume["is_clone"]:
            yield from _of_restorable(volume, taken_of[volume["name"]], seen["read_at"], limits)
    yield from _of_broken(seen["snapshots"])


def _of_running(volume: Row) -> t.Iterator[Row]:
    name, about = volume["name"], f"volume {volume['name']}"
    if volume["status"] != "Started":
        if not volume["is_clone"]:
            yield _finding(
                WARNING,
                "volume_stopped",
                about,
                "It is not started: no client reaches it, and no snapshot can be taken.",
                "If its restore was interrupted, run that task again. Else: gluster volume start "
                f"{name}.",
            )
        return
    offline = [brick["brick"] for brick in volume["brick_status"] if not brick["online"]]
    if offline:
        yield _finding(
            CRITICAL,
            "brick_offline",
            about,
            f"{len(offline)} of its {len(volume['brick_status'])} bricks are offline: "
            f"{', '.join(offline)}.",
            "See on that server whether the brick is mounted, and its log in "
            f"/var/log/glusterfs/bricks. If no glusterfsd of it runs: gluster volume start {name} force. If "
            "one does, or that was in vain: systemctl restart glusterd there, which can take all bricks of "
            "that server away for seconds.",
        )
    if volume["obstacles"]:
        only_syncs = all(SYNCS in obstacle for obstacle in volume["obstacles"])
        yield _finding(
            NOTICE if only_syncs else WARNING,
            "not_snapshottable",
            about,
            f"No snapshot of it can be taken now: {'; '.join(volume['obstacles'])}.",
            "Pause the session for the time of a snapshot (gluster_georep_session)."
            if only_syncs
            else "Remove what is in the way. Until then no new snapshot protects it.",
        )


def _of_restore(volume: Row, snapshots: t.Sequence[Row]) -> t.Iterator[Row]:
    about = f"volume {volume['name']}"
    wanted = _unfinished(volume, snapshots)
    if wanted:
        yield _finding(
            CRITICAL,
            "restore_unfinished",
            about,
            f"Its restore to snapshot {wanted} was begun and is not finished."
            + (" Clients cannot write." if volume["options"].get(READ_ONLY) == "on" else ""),
            "Run the task of the restore again: it goes on from there.",
        )
    elif volume["options"].get(READ_ONLY) == "on":
        yield _finding(
            NOTICE,
            "read_only",
            about,
            "Clients cannot write to it.",
            "That is right for the destination of a replication. For any other: gluster volume set "
            f"{volume['name']} {READ_ONLY} off.",
        )


def _unfinished(volume: Row, snapshots: t.Sequence[Row]) -> str:
    """The snapshot of a restore that goes on, or "": its mark stands for data that are still there.

    Where the restore took the mark back, a safety snapshot tells of a snapshot that is gone.
    """
    bricks = tuple(Brick(*brick.partition(":")[::2]) for brick in volume["bricks"])
    known = Volume(volume["name"], volume["uuid"], volume["status"], "", bricks, volume["options"])
    mark = Mark.of(known)
    there = (known.snapshot_volume, *(one["snapshot_volume"] for one in snapshots))
    if mark and mark.data in there:
        return "" if mark.done else mark.snapshot
    if known.snapshot_volume is None or known.started:
        return ""
    if mark and not mark.done and mark.instead_of == known.snapshot_volume:
        return ""  # held for a snapshot that was removed meanwhile
    names = {one["name"] for one in snapshots}
    told = (one["before_restore_of"] for one in snapshots)
    return next((name for name in told if name and name not in names), "")


def _of_broken(snapshots: t.Iterable[Row]) -> t.Iterator[Row]:
    for one in snapshots:
        if not one["complete"]:
            yield _finding(
                WARNING,
                "snapshot_broken",
                f"volume {one['volume']}",
                f"Snapshot {one['name']} is not complete: nothing can be had from it.",
                "If it is not being taken just now, remove it: gluster_snapshot with state: absent. "
                "Where Gluster cannot, that is refused, and tells what to do.",
            )


def _of_restorable(
    volume: Row, snapshots: t.Sequence[Row], read_at: str, limits: Limits
) -> t.Iterator[Row]:
    if not limits.snapshot_hours or volume["name"] in limits.without_snapshots:
        return
    newest = newest_restorable(snapshots)
    if newest:
        since = moment(read_at) - timedelta(hours=limits.snapshot_hours)
        if moment(newest["created"]) >= since:
            return
    yield _finding(
        WARNING,
        "no_recent_snapshot",
        f"volume {volume['name']}",
        f"The newest snapshot to restore, {newest['name']}, is of {newest['created'][:10]} "
        f"{newest['created'][11:16]} UTC, more than "
        f"{limits.snapshot_hours} hours ago."
        if newest
        else "There is no snapshot that it could be restored to.",
        "See what takes its snapshots. Name it in report_volumes_without_snapshots if it needs none.",
    )


def _of_limits(seen: Row, limits: Limits) -> t.Iterator[Row]:
    config = seen["snapshot_config"]
    if config and config["auto_delete"]:
        yield _finding(
            WARNING,
            "auto_delete",
            "the cluster",
            "auto-delete is on: past the soft limit Gluster removes the oldest snapshots unasked.",
            "Turn it off (gluster_snapshot_config with auto_delete: false), and say what is to stay "
            "(gluster_snapshot_retention).",
        )
    count_of = {volume["name"]: volume["snapshot_count"] for volume in seen["volumes"]}
    for limit in seen["snapshot_limits"]:
        count, most = count_of.get(limit["volume"], 0), limit["effective_hard_limit"]
        text = f"It has {count} of at most {most} snapshots."
        then = "Remove some (gluster_snapshot_retention), or raise the limit (gluster_snapshot_config)."
        about = f"volume {limit['volume']}"
        if count >= most:
            yield _finding(
                CRITICAL, "limit_reached", about, f"{text} No further one can be taken.", then
            )
        elif count >= limit["soft_limit_count"]:
            yield _finding(WARNING, "limit_near", about, text, then)


def _of_groups(seen: Row, limits: Limits) -> t.Iterator[Row]:
    for group in seen["consistency_groups"]:
        about = f"consistency group {group['name']}"
        if group["drift"]:
            yield _finding(
                WARNING,
                "group_drift",
                about,
                f"Its members disagree: {'; '.join(group['drift'])}.",
                "Declare the group again (gluster_consistency_group).",
            )
        newest = newest_restorable(group["snapshot_sets"])
        if newest and newest["consistency"] != "crash":
            yield _finding(
                NOTICE,
                "set_not_proved",
                about,
                f"Its newest whole snapshot, {newest['name']}, was not proved to be one point in time.",
                "Take it with the role consistency_group_snapshot.",
            )
    for one in seen["snapshot_sets"]:
        if not one["complete"]:
            there = ", ".join(row["volume"] for row in one["snapshots"] if row["complete"])
            yield _finding(
                WARNING,
                "set_incomplete",
                f"consistency group {one['consistency_group']}",
                f"Its snapshot {one['name']} is not whole: only of {there} there is one. The group "
                "cannot be restored to it.",
                "Take a new one, then remove this one (gluster_snapshot with state: absent).",
            )


def _of_sessions(seen: Row, limits: Limits) -> t.Iterator[Row]:
    for session in seen["sessions"]:
        to = f"{session['destination_host']}::{session['destination_volume']}"
        about = f"replication of {session['volume']} to {to}"
        yield from _of_status(about, session)
        failures = sum(worker["failures"] or 0 for worker in session["workers"])
        if failures:
            yield _finding(
                WARNING,
                "session_failures",
                about,
                f"{failures} files or folders could not be synced.",
                "Which ones is in gsyncd.log on the servers, below /var/log/glusterfs/geo-replication.",
            )
        lag = session["lag_seconds"]
        if lag is not None and lag > limits.lag_seconds:
            yield _finding(
                WARNING,
                "session_lag",
                about,
                f"It is {timedelta(seconds=lag)} behind ({session['lag_from']}).",
                "If nobody wrote to the volume since, that is no fault. Else see gsyncd.log, and the "
                "load and network of both ends.",
            )


def _of_status(about: str, session: Row) -> t.Iterator[Row]:
    if session["status"] == "FAULTY":
        ill = [
            f"{worker['node']}:{worker['brick']} {worker['status']}"
            for worker in session["workers"]
            if worker["status"] not in ("Active", "Passive")
        ]
        ill += [f"{brick} without a worker" for brick in session["bricks_without_worker"]]
        yield _finding(
            CRITICAL,
            "session_faulty",
            about,
            f"It is faulty, so the destination falls behind: {', '.join(ill) or 'no worker'}.",
            "See gsyncd.log there, below /var/log/glusterfs/geo-replication. "
            "gluster_georep_destination_info with test: true says what stands against it.",
        )
    elif session["status"] == "NOT_STARTED":
        yield _finding(
            WARNING,
            "session_not_running",
            about,
            f"It is {session['state']}, so the destination falls behind.",
            "If nobody is at work on it, start it (gluster_georep_session with state: started).",
        )
    elif session["status"] == "INITIALIZING":
        yield _finding(
            NOTICE,
            "session_initializing",
            about,
            "Its workers are coming up.",
            "Make the report again in a minute.",
        )


def _of_pools(seen: Row, limits: Limits) -> t.Iterator[Row]:
    for pool in seen["thin_pools"]:
        about = f"thin pool {pool['pool']} of {pool['server']}"
        for what, more in (("data", "--size"), ("metadata", "--poolmetadatasize")):
            filled = pool[f"{what}_percent"]
            if filled is None or filled < limits.pool_warning:
                continue
            full = filled >= limits.pool_critical
            yield _finding(
                CRITICAL if full else WARNING,
                "pool_full" if full else "pool_filling",
                about,
                f"Its {what} is {filled} % full. When it is full, bricks on it fail.",
                f"Give it room (lvextend {more} +... {pool['pool']}), or remove snapshots.",
            )
    known = {brick for pool in seen["thin_pools"] for brick in pool["bricks"]}
    known.update(brick for server in seen["servers"] for brick in server["thick_bricks"])
    unseen = [brick for volume in seen["volumes"] for brick in volume["bricks"]]
    unseen = [brick for brick in unseen if brick not in known]
    if unseen:
        yield _finding(
            NOTICE,
            "pool_unseen",
            "the cluster",
            f"Nobody looked at the thin pools of these bricks: {', '.join(unseen)}.",
            "Run the report on all servers of the cluster.",
        )


def _of_retention(seen: Row, limits: Limits) -> t.Iterator[Row]:
    for plan in seen["retention"]:
        if plan["problem"]:
            yield _finding(
                WARNING,
                "retention_refused",
                f"retention {plan['name']}",
                f"It would remove nothing, but fail: {plan['problem']}",
                "Mend that, or the policy.",
            )


FINDERS: tuple[t.Callable[[Row, Limits], t.Iterator[Row]], ...] = (
    _of_servers,
    _of_torn,
    _of_unread,
    _of_volumes,
    _of_sessions,
    _of_pools,
    _of_limits,
    _of_groups,
    _of_retention,
)
"""In the order of what is found with the same urgency."""
