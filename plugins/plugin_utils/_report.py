# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report: what was read in one shape, the findings, and when it says the same as the last one."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta

from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.sets import moment
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._findings import (
    Limits,
    findings_of,
)

Row = t.Dict[str, t.Any]

READINGS: t.Mapping[str, tuple[tuple[str, str], ...]] = {
    "volumes": (("volumes", "volumes"),),
    "snapshots": (("snapshots", "snapshots"), ("snapshot_sets", "snapshot_sets")),
    "snapshot settings": (("snapshot_config", "config"), ("snapshot_limits", "volumes")),
    "consistency groups": (("consistency_groups", "consistency_groups"),),
    "sessions": (("sessions", "sessions"),),
}
"""Of each result what is taken over, and under which name."""

MOVING = {
    *("read_at", "lag_seconds", "lag_from", "last_synced", "entry", "data", "meta"),
    *("data_percent", "metadata_percent"),
}
"""Measurements that move by themselves: without them a report says the same as another one."""

HOUR = timedelta(hours=1)
STEPS = tuple(HOUR * hours for hours in (1, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760))
MOST_TICKS = 8


def report_of(asked: Row, limits: Limits) -> Row:
    """What was read, and the findings.

    ``asked`` has the name of the server that was asked and the time there, the results of the info
    modules by name, of each server that of its thin pools, and those of retention in check mode.
    """
    seen: Row = {"read_at": asked["read_at"], "server": asked["server"], "unread": []}
    for what, parts in READINGS.items():
        result = asked[what]
        if any(key not in result for _name, key in parts):
            seen["unread"].append({"what": what, "why": _why(result)})
        for name, key in parts:
            seen[name] = result.get(key, {} if key == "config" else [])
    seen["servers"] = [_server(server, result, seen) for server, result in asked["servers"]]
    seen["thin_pools"] = [
        pool for server, result in asked["servers"] for pool in _pools(server, result)
    ]
    seen["retention"] = [_plan(result) for result in asked["retention"]]
    return {"findings": findings_of(seen, limits), **seen}


def _why(result: Row) -> str:
    return str(result.get("msg") or "no answer").strip()


def _server(name: str, result: Row, seen: Row) -> Row:
    if "volumes" not in result:
        empty: Row = {"elsewhere": False, "snapshot_counts": {}, "thick_bricks": []}
        return {"name": name, "problem": _why(result), **empty}
    known = {volume["uuid"] for volume in seen["volumes"]}
    rows = [row for volume in result["volumes"] for row in volume["thin_pools"]]
    return {
        "name": name,
        "problem": "",
        "elsewhere": bool(known) and {volume["uuid"] for volume in result["volumes"]} != known,
        "snapshot_counts": {v["name"]: v["snapshot_count"] for v in result["volumes"]},
        "thick_bricks": [row["brick"] for row in rows if row["pool"] is None],
    }


def _pools(server: str, result: Row) -> list[Row]:
    """The thin pools of a server, each with the bricks on it."""
    found: dict[str, Row] = {}
    for volume in result.get("volumes", []):
        for row in volume["thin_pools"]:
            if row["pool"] is not None:
                pool = {"server": server, **row, "bricks": []}
                found.setdefault(row["pool"], pool)["bricks"].append(pool.pop("brick"))
    return [found[name] for name in sorted(found)]


def _plan(result: Row) -> Row:
    policy = {key: value for key, value in result["item"].items() if value is not None}
    of = policy.get("volume") or policy.get("consistency_group") or "everything"
    return {
        "name": f"{of}, {policy.get('prefix') or policy.get('pattern')}",
        "policy": policy,
        "problem": "" if "deleted" in result else _why(result),
        "snapshots": result.get("snapshots", []),
        "deleted": result.get("deleted", []),
    }


def says_the_same(report: Row, earlier: t.Any, max_age: int) -> bool:
    """Is the earlier one as good: the same but for what moves by itself, and not too old?"""
    try:
        old = json.loads(earlier) if isinstance(earlier, str) else earlier
        age = moment(report["read_at"]) - moment(old["read_at"])
    except (KeyError, TypeError, ValueError):
        return False
    return timedelta() <= age < timedelta(minutes=max_age) and _settled(old) == _settled(report)


def _settled(report: Row) -> t.Any:
    """Without what moves; the text of a finding may hold that too."""
    findings = [{k: v for k, v in one.items() if k != "text"} for one in report["findings"]]
    return _without_moving({**report, "findings": findings})


def _without_moving(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {k: _without_moving(v) for k, v in value.items() if k not in MOVING}
    return [_without_moving(v) for v in value] if isinstance(value, list) else value


def timeline_of(snapshots: t.Iterable[Row], until: str) -> Row:
    """Where each snapshot stands, in per cent between the oldest one and then."""
    dated = [one for one in snapshots if one["created"]]
    end = max([moment(until), *(moment(one["created"]) for one in dated)])
    start = min([end - HOUR, *(moment(one["created"]) for one in dated)])

    def place(when: datetime) -> float:
        return round(100 * ((when - start) / (end - start)), 2)

    rows: dict[str, list[Row]] = {}
    for one in sorted(dated, key=lambda one: str(one["created"])):
        at = place(moment(one["created"]))
        rows.setdefault(one["volume"], []).append({**one, "at": at})
    return {
        "since": start.isoformat() + "Z",
        "until": end.isoformat() + "Z",
        "ticks": [{"at": place(tick), "label": label} for tick, label in _ticks(start, end)],
        "volumes": [{"volume": name, "snapshots": rows[name]} for name in sorted(rows)],
    }


def _ticks(start: datetime, end: datetime) -> t.Iterator[tuple[datetime, str]]:
    """At whole hours, days or weeks; a few of them."""
    step = next((step for step in STEPS if (end - start) / step <= MOST_TICKS), STEPS[-1])
    origin = datetime(2001, 1, 1)  # a Monday
    tick = origin + step * -(-(start - origin) // step)
    while tick <= end:
        yield tick, tick.strftime("%m-%d %H:%M" if step < 24 * HOUR else "%Y-%m-%d")
        tick += step
