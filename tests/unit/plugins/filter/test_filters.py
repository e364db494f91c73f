# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters: what they choose, and how they refuse what they are given."""

from __future__ import annotations

import importlib
import typing as t
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.glusterfs.data_protection.plugins.filter.newest_restorable import (
    newest_restorable,
)
from ansible_collections.glusterfs.data_protection.plugins.filter.report import report
from ansible_collections.glusterfs.data_protection.plugins.filter.retention_drops import (
    retention_drops,
)
from ansible_collections.glusterfs.data_protection.plugins.filter.snapshot_timeline import (
    snapshot_timeline,
)
from ansible_collections.glusterfs.data_protection.plugins.filter.worst_session import worst_session

Row = t.Dict[str, t.Any]
PACKAGE = "ansible_collections.glusterfs.data_protection.plugins.filter"
NAMES = sorted(path.stem for path in (Path(__file__).parents[4] / "plugins/filter").glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_each_file_has_the_filter_of_its_name_and_tells_of_it(name: str) -> None:
    module = importlib.import_module(f"{PACKAGE}.{name}")
    assert list(module.FilterModule().filters()) == [name]
    assert yaml.safe_load(module.DOCUMENTATION)["name"] == name
    assert f"glusterfs.data_protection.{name}" in module.EXAMPLES


def taken(name: str, created: str | None, **changes: t.Any) -> Row:
    return {
        "name": name,
        "volume": "v",
        "uuid": f"uuid-{name}",
        "description": "",
        "created": created,
        "activated": False,
        "complete": True,
        "snapshot_volume": None,
        "before_restore_of": None,
        "snapshot_set": None,
        **changes,
    }


ROWS = [
    taken("mon", "2026-11-23T02:00:00Z"),
    taken("tue", "2026-11-24T02:00:00Z"),
    taken("safety", "2026-11-25T02:00:00Z", before_restore_of="mon"),
    taken("when", None),
    taken("half", "2026-11-25T05:00:00Z", complete=False),
    taken("other", "2026-11-25T03:00:00Z", volume="w"),
    taken(
        "down", "2026-11-25T04:00:00Z", activated=True, bricks=[{"online": True}, {"online": False}]
    ),
]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"volume": "v"}, "tue"),
        ({}, "other"),
        ({"volume": "v", "before": "2026-11-24T02:00:00Z"}, "mon"),
        ({"volume": "v", "before": "2026-11-24T02:00:01Z"}, "tue"),
        ({"volume": "v", "before": "2026-11-23T02:00:00Z"}, None),
        ({"volume": "v", "safety": True}, "safety"),
        ({"volume": "nosuch"}, None),
        ({"consistency_group": "shop"}, None),
    ],
)
def test_the_newest_to_restore(options: Row, name: str | None) -> None:
    for rows in (ROWS, list(reversed(ROWS))):
        one = newest_restorable(rows, **options)
        assert (one and one["name"]) == name


def test_the_newest_set_to_restore() -> None:
    def made(name: str, day: int, complete: bool, consistency: str) -> Row:
        return {
            "name": name,
            "consistency_group": "shop",
            "created": f"2026-11-{day}T02:00:00Z",
            "complete": complete,
            "consistency": consistency,
        }

    sets = [made("a", 20, True, "crash"), made("b", 21, True, "none"), made("c", 22, False, "none")]
    assert t.cast("Row", newest_restorable(sets))["name"] == "b"
    assert t.cast("Row", newest_restorable(sets, proved=True))["name"] == "a"
    assert newest_restorable(sets, consistency_group="other") is None
    member = taken("m", "2026-11-20T02:00:00Z", snapshot_set={"consistency_group": "shop"})
    assert newest_restorable([*ROWS, member], consistency_group="shop") == member


def test_the_worst_session() -> None:
    def session(status: str, lag: int | None) -> Row:
        return {"status": status, "lag_seconds": lag}

    order = [
        session("STABLE", 1),
        session("STABLE", 2),
        session("STABLE", None),
        session("NOT_STARTED", None),
        session("INITIALIZING", 5),
        session("FAULTY", 3),
        session("FAULTY", None),
    ]
    for number, expected in enumerate(order):
        assert worst_session(order[: number + 1]) == expected
        assert worst_session(list(reversed(order[: number + 1]))) == expected
    assert worst_session([]) is None


def days(number: int, **changes: t.Any) -> list[Row]:
    start = datetime(2026, 11, 1, 2)
    return [
        taken(f"n-{day:02}", (start + timedelta(day)).strftime("%Y-%m-%dT%H:%M:%SZ"), **changes)
        for day in range(number)
    ]


def dropped(info: Row, **rules: t.Any) -> list[str]:
    return [one["name"] for one in retention_drops(info, now="2026-11-25T12:00:00Z", **rules)]


def test_what_rules_drop() -> None:
    info = {"snapshots": [*days(5), taken("hand", "2026-11-01T00:00:00Z")], "snapshot_sets": []}
    assert dropped(info, prefix="n-", keep_daily=2) == ["n-00", "n-01", "n-02"]
    assert dropped(info, pattern="*", keep_last="5") == ["hand"]
    assert dropped(info, pattern="*", keep_within="9w") == []
    assert dropped(info, prefix="n-", keep_last=1, min_age="22d") == ["n-00", "n-01", "n-02"]
    (first, *_rest) = retention_drops(info, prefix="n-", keep_last=2)
    assert first == {**info["snapshots"][0], "reasons": ["keep_last 2: as many are newer"]}


def test_what_is_not_complete_costs_no_other() -> None:
    rows = [*days(2), taken("n-half", "2026-11-24T00:00:00Z", complete=False)]
    assert dropped({"snapshots": rows, "snapshot_sets": []}, pattern="*", keep_last=2) == []


def test_what_is_beside_the_rules() -> None:
    held = [{**row, "description": "keep-until=2026-12-24"} for row in days(2)]
    assert dropped({"snapshots": held, "snapshot_sets": []}, pattern="*", keep_last=1) == []
    used = {"snapshots": days(2, activated=True), "snapshot_sets": []}
    assert dropped(used, pattern="*", keep_last=1) == []
    assert dropped(used, pattern="*", keep_last=1, delete_activated=True) == ["n-00"]
    safety = {"snapshots": days(2, before_restore_of="x"), "snapshot_sets": []}
    assert dropped(safety, pattern="*", keep_last=1) == []


def test_sets_go_whole() -> None:
    members = days(4, snapshot_set={"consistency_group": "shop"})
    sets = [
        {"name": name, "group_id": "id", "complete": complete, "snapshots": [one, other]}
        for name, complete, one, other in (
            ("old", True, members[0], members[1]),
            ("new", True, members[2], members[3]),
        )
    ]
    info = {"snapshots": members, "snapshot_sets": sets}
    assert dropped(info, pattern="*", keep_last=1) == ["n-00", "n-01"]
    assert dropped(info, prefix="n-", keep_last=1) == []
    sets[1]["complete"] = False
    assert dropped(info, pattern="*", keep_last=1) == []


def test_where_days_begin() -> None:
    rows = [taken("late", "2026-11-01T22:30:00Z"), taken("later", "2026-11-01T23:30:00Z")]
    info = {"snapshots": rows, "snapshot_sets": []}
    assert dropped(info, pattern="*", keep_daily=2) == ["late"]
    assert dropped(info, pattern="*", keep_daily=2, timezone="+01:00") == []


def test_a_report_is_the_earlier_one_while_it_says_the_same() -> None:
    asked = {
        "read_at": "2026-11-25T08:00:00Z",
        "server": "node1",
        "volumes": {"volumes": []},
        "snapshots": {"snapshots": [], "snapshot_sets": []},
        "snapshot settings": {"config": {"auto_delete": False}, "volumes": []},
        "consistency groups": {"consistency_groups": []},
        "sessions": {"sessions": []},
        "servers": [],
        "retention": [],
    }
    first = report(asked, snapshot_hours=1)
    assert first["findings"] == []
    later = {**asked, "read_at": "2026-11-25T08:10:00Z"}
    assert report(later, earlier=first, max_age=30) == first
    assert report(later, earlier=first)["read_at"] == later["read_at"]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: newest_restorable(ROWS, before="yesterday"), "newest_restorable: before is 'yest"),
        (lambda: newest_restorable([{}]), "newest_restorable: there is no 'created'"),
        (lambda: newest_restorable("text"), "newest_restorable: "),
        (lambda: worst_session([{"status": "?", "lag_seconds": 1}]), "worst_session: "),
        (lambda: worst_session(None), "worst_session: "),
        (lambda: retention_drops({}, keep_last=1), "wants one of prefix and pattern"),
        (lambda: retention_drops({}, pattern="*", prefix="a"), "wants one of prefix and pattern"),
        (lambda: retention_drops({}, pattern="*"), "no keep_* says what is to stay"),
        (lambda: retention_drops({}, pattern="*", keep_lots=1), "keep_lots"),
        (lambda: retention_drops({}, pattern="*", keep_last=1), "there is no 'snapshots'"),
        (lambda: retention_drops({}, pattern="*", keep_last=1, now="now"), "which is no time"),
        (lambda: snapshot_timeline([], until=""), "snapshot_timeline: until is ''"),
        (lambda: report({}), "report: there is no 'read_at'"),
        (lambda: report({}, lag=1), "report: "),
    ],
)
def test_what_is_refused(call: t.Callable[[], t.Any], text: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        call()
    assert text in str(error.value)
