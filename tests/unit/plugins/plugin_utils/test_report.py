# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report finds, in which order, and when it says the same as another one."""

from __future__ import annotations

import copy
import json
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.mark import (
    MARK,
    READ_ONLY,
    Mark,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.volume import (
    georep_obstacle,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import (
    Session,
    Worker,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import Volume
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._findings import (
    URGENCIES,
    Limits,
)
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._report import (
    report_of,
    says_the_same,
    timeline_of,
)

Row = t.Dict[str, t.Any]

NOW = "2026-11-25T12:00:00Z"
BRICKS = ("node1:/b/a", "node2:/b/a")


def volume(name: str = "v", **changes: t.Any) -> Row:
    return {
        "name": name,
        "uuid": f"uuid-{name}",
        "status": "Started",
        "type": "Replicate",
        "bricks": list(BRICKS),
        "options": {},
        "snapshot_count": 1,
        "is_clone": False,
        "brick_status": [{"brick": brick, "online": True, "pid": 1} for brick in BRICKS],
        "obstacles": [],
        "snapshottable": True,
        **changes,
    }


def snapshot(
    name: str = "s", created: str | None = "2026-11-25T02:00:00Z", **changes: t.Any
) -> Row:
    return {
        "name": name,
        "uuid": f"uuid-{name}",
        "volume": "v",
        "description": "",
        "created": created,
        "activated": False,
        "complete": True,
        "snapshot_volume": f"{name}-data",
        "before_restore_of": None,
        "snapshot_set": None,
        **changes,
    }


def session(**changes: t.Any) -> Row:
    worker = {"node": "node1", "brick": "/b/a", "status": "Active", "failures": 0}
    return {
        "volume": "v",
        "destination_host": "far",
        "destination_volume": "mirror",
        "state": "started",
        "status": "STABLE",
        "workers": [worker],
        "bricks_without_worker": [],
        "lag_seconds": 10,
        "lag_from": "last_synced of node1:/b/a",
        **changes,
    }


def one_set(**changes: t.Any) -> Row:
    return {
        "name": "monday",
        "consistency_group": "shop",
        "group_id": "id",
        "complete": True,
        "consistency": "crash",
        "created": "2026-11-25T02:00:00Z",
        "snapshots": [snapshot("shop_monday_v")],
        **changes,
    }


def pools(brick: str, data: float = 10.0, metadata: float | None = 10.0, name: str = "vg/p") -> Row:
    row = {"brick": brick, "pool": name, "data_percent": data, "metadata_percent": metadata}
    known = {"uuid": "uuid-v", "name": "v", "snapshot_count": 1}
    return {"volumes": [{**known, "thin_pools": [row]}]}


def asked() -> Row:
    """Of a cluster where all is well."""
    return {
        "server": "node1",
        "read_at": NOW,
        "volumes": {"volumes": [volume()]},
        "snapshots": {"snapshots": [snapshot()], "snapshot_sets": [one_set()]},
        "snapshot settings": {
            "config": {"auto_delete": False},
            "volumes": [{"volume": "v", "effective_hard_limit": 10, "soft_limit_count": 8}],
        },
        "consistency groups": {
            "consistency_groups": [{"name": "shop", "drift": [], "snapshot_sets": [one_set()]}]
        },
        "sessions": {"sessions": [session()]},
        "servers": [["node1", pools(BRICKS[0])], ["node2", pools(BRICKS[1])]],
        "retention": [{"item": {"volume": "v", "pattern": "*"}, "snapshots": [], "deleted": []}],
    }


def found(change: t.Callable[[Row], t.Any], **limits: t.Any) -> list[tuple[str, str, str, str]]:
    seen = asked()
    change(seen)
    findings = report_of(seen, replace(Limits(), **limits))["findings"]
    assert all(set(one) == {"urgency", "code", "about", "text", "next"} for one in findings)
    assert all(one["next"] for one in findings)
    return [(one["urgency"], one["code"], one["about"], one["text"]) for one in findings]


def of_volume(**changes: t.Any) -> t.Callable[[Row], None]:
    return lambda seen: seen["volumes"]["volumes"][0].update(changes)


def of_session(**changes: t.Any) -> t.Callable[[Row], None]:
    return lambda seen: seen["sessions"]["sessions"][0].update(changes)


def of_group(**changes: t.Any) -> t.Callable[[Row], None]:
    return lambda seen: seen["consistency groups"]["consistency_groups"][0].update(changes)


def of_pool(data: float, metadata: float | None) -> t.Callable[[Row], None]:
    return lambda seen: seen.update(
        servers=[["node1", pools(BRICKS[0], data, metadata)], ["node2", pools(BRICKS[1])]]
    )


def of_snapshots(*rows: Row) -> t.Callable[[Row], None]:
    return lambda seen: seen["snapshots"].update(snapshots=list(rows))


def silent(seen: Row) -> None:
    seen["servers"][1][1] = {"unreachable": True, "msg": "no route"}


def elsewhere(seen: Row) -> None:
    seen["servers"][1][1]["volumes"][0]["uuid"] = "of another"


def torn(seen: Row) -> None:
    seen["servers"][1][1]["volumes"][0]["snapshot_count"] = 2


def thick(seen: Row) -> None:
    row = seen["servers"][1][1]["volumes"][0]["thin_pools"][0]
    row.update(pool=None, data_percent=None, metadata_percent=None)


OFFLINE = [{"brick": BRICKS[0], "online": True}, {"brick": BRICKS[1], "online": False}]
MARKED = {
    MARK: Mark(snapshot="old", uuid="u", data="s-data", read_only="off").text(),
    READ_ONLY: "on",
}
DONE = {MARK: Mark(snapshot="old", uuid="u", data="s-data", read_only="off", done=True).text()}


def test_all_is_well() -> None:
    assert found(lambda seen: None) == []


@pytest.mark.parametrize(
    ("change", "urgency", "code", "about", "text"),
    [
        (silent, "critical", "server_silent", "server node2", "no route"),
        (elsewhere, "warning", "server_elsewhere", "server node2", "other volumes than node1"),
        (torn, "warning", "snapshots_torn", "volume v", "1 at node1, 2 at node2"),
        (
            lambda seen: seen.update(sessions={"failed": True, "msg": "glusterd is down"}),
            *("critical", "unread", "sessions", "glusterd is down"),
        ),
        (
            of_volume(brick_status=OFFLINE),
            *(
                "critical",
                "brick_offline",
                "volume v",
                "1 of its 2 bricks are offline: node2:/b/a.",
            ),
        ),
        (of_volume(status="Stopped"), "warning", "volume_stopped", "volume v", "not started"),
        (of_volume(obstacles=["a", "b"]), "warning", "not_snapshottable", "volume v", "now: a; b."),
        (
            of_volume(options=MARKED),
            "critical",
            "restore_unfinished",
            "volume v",
            "to snapshot old",
        ),
        (of_volume(options={READ_ONLY: "on"}), "notice", "read_only", "volume v", "cannot write"),
        (
            of_snapshots(snapshot(created="2026-11-24T11:59:59Z")),
            *(
                "warning",
                "no_recent_snapshot",
                "volume v",
                "of 2026-11-24 11:59 UTC, more than 24 h",
            ),
        ),
        (of_snapshots(), "warning", "no_recent_snapshot", "volume v", "no snapshot that it could"),
        (
            of_snapshots(snapshot(before_restore_of="old")),
            *("warning", "no_recent_snapshot", "volume v", "no snapshot that it could"),
        ),
        (
            lambda seen: seen["snapshot settings"]["config"].update(auto_delete=True),
            *("warning", "auto_delete", "the cluster", "unasked"),
        ),
        (of_volume(snapshot_count=7), "", "", "", ""),
        (of_volume(snapshot_count=8), "warning", "limit_near", "volume v", "8 of at most 10"),
        (of_volume(snapshot_count=10), "critical", "limit_reached", "volume v", "No further one"),
        (
            of_group(drift=["v says otherwise"]),
            *("warning", "group_drift", "consistency group shop", "v says otherwise"),
        ),
        (
            of_group(snapshot_sets=[one_set(consistency="none")]),
            *("notice", "set_not_proved", "consistency group shop", "monday"),
        ),
        (of_group(snapshot_sets=[one_set(consistency="none", complete=False)]), "", "", "", ""),
        (
            lambda seen: seen["snapshots"]["snapshots"].append(snapshot(complete=False)),
            *("warning", "snapshot_broken", "volume v", "Snapshot s is not complete"),
        ),
        (
            lambda seen: seen["snapshots"].update(snapshot_sets=[one_set(complete=False)]),
            *("warning", "set_incomplete", "consistency group shop", "only of v there is one"),
        ),
        (
            of_session(
                status="FAULTY",
                workers=[{"node": "n", "brick": "/b", "status": "Faulty", "failures": None}],
                bricks_without_worker=["node2:/b/a"],
                lag_seconds=None,
            ),
            *("critical", "session_faulty", "replication of v to far::mirror"),
            "n:/b Faulty, node2:/b/a without a worker",
        ),
        (
            of_session(status="NOT_STARTED", state="paused"),
            *("warning", "session_not_running", "replication of v to far::mirror", "is paused"),
        ),
        (
            of_session(status="INITIALIZING"),
            *("notice", "session_initializing", "replication of v to far::mirror", "coming up"),
        ),
        (
            of_session(lag_seconds=3601),
            *("warning", "session_lag", "replication of v to far::mirror", "1:00:01 behind"),
        ),
        (of_session(lag_seconds=3600), "", "", "", ""),
        (
            of_session(workers=[{"node": "n", "brick": "/b", "status": "Active", "failures": 3}]),
            *("warning", "session_failures", "replication of v to far::mirror", "3 files"),
        ),
        (of_pool(79.9, None), "", "", "", ""),
        (of_pool(80.0, 1), "warning", "pool_filling", "thin pool vg/p of node1", "data is 80.0 %"),
        (
            of_pool(1, 92.5),
            "critical",
            "pool_full",
            "thin pool vg/p of node1",
            "metadata is 92.5 %",
        ),
        (thick, "", "", "", ""),
        (
            lambda seen: seen["servers"].pop(),
            *("notice", "pool_unseen", "the cluster", "node2:/b/a"),
        ),
        (
            lambda seen: seen.update(retention=[{"item": {"pattern": "*"}, "msg": "No keep."}]),
            *("warning", "retention_refused", "retention everything, *", "No keep."),
        ),
    ],
)
def test_one_thing_is_not(
    change: t.Callable[[Row], t.Any], urgency: str, code: str, about: str, text: str
) -> None:
    findings = [one for one in found(change) if one[1] != "pool_unseen" or code == "pool_unseen"]
    assert [one[:3] for one in findings] == ([(urgency, code, about)] if code else [])
    assert all(text in one[3] for one in findings)


def test_a_restore_that_lost_its_mark_is_told_by_its_safety_snapshot() -> None:
    bricks = ["node1:/run/gluster/snaps/0123456789abcdef0123456789abcdef/brick1/brick"]

    def codes(*rows: Row, **changes: t.Any) -> list[str]:
        def change(seen: Row) -> None:
            of_snapshots(snapshot(), *rows)(seen)
            of_volume(**{"status": "Stopped", "bricks": bricks, "options": {}, **changes})(seen)

        return [one[1] for one in found(change) if one[1] != "pool_unseen"]

    before = snapshot(name="before", before_restore_of="old")
    assert codes(before) == ["restore_unfinished", "volume_stopped"]
    assert codes() == ["volume_stopped"]
    assert codes(before, snapshot(name="old")) == ["volume_stopped"]
    assert codes(before, status="Started", brick_status=[]) == []
    assert codes(before, bricks=BRICKS) == ["volume_stopped"]
    done = {MARK: DONE[MARK].replace("s-data", "0123456789abcdef0123456789abcdef")}
    assert codes(before, options=done) == ["volume_stopped"]
    # Restored once, and held for a snapshot that somebody has removed meanwhile.
    held = Mark("old", "u", "gone", instead_of="0123456789abcdef0123456789abcdef").text()
    assert codes(before, options={MARK: held}) == ["volume_stopped"]


def test_a_finished_restore_is_none() -> None:
    assert found(of_volume(options=DONE)) == []
    gone = dict(MARKED, **{READ_ONLY: "off"})
    gone[MARK] = gone[MARK].replace("s-data", "gone")  # the mark of data that are not there
    assert found(of_volume(options=gone)) == []


def test_clones_and_volumes_that_need_none() -> None:
    assert found(of_volume(is_clone=True, status="Stopped")) == []

    def without(seen: Row) -> None:
        seen["snapshots"]["snapshots"] = []

    assert found(without, without_snapshots=("v",)) == []
    assert found(without, snapshot_hours=0) == []


def test_what_only_a_running_session_forbids_is_as_it_should_be() -> None:
    primary = Volume("v", "id", "Started", options={"geo-replication.indexing": "on"})
    running = Session("v", "far::mirror", (Worker("n", "id", "/b/a", "Active"),))
    cluster = Cluster().put("sessions", "v", (running,))
    obstacles = list(georep_obstacle(cluster, primary, "a snapshot is taken", running_only=True))
    assert len(obstacles) == 1
    ((urgency, code, _about, _text),) = found(of_volume(obstacles=obstacles))
    assert (urgency, code) == ("notice", "not_snapshottable")
    assert found(of_volume(obstacles=[*obstacles, "other"]))[0][0] == "warning"


def test_the_most_urgent_comes_first() -> None:
    def much(seen: Row) -> None:
        of_group(snapshot_sets=[one_set(consistency="none")])(seen)
        of_volume(snapshot_count=9, options={READ_ONLY: "on"}, brick_status=OFFLINE)(seen)
        of_session(status="FAULTY")(seen)

    urgencies = [URGENCIES.index(one[0]) for one in found(much)]
    assert urgencies == sorted(urgencies)
    assert set(urgencies) == {0, 1, 2}


def test_a_pool_is_told_once_with_all_its_bricks() -> None:
    seen = asked()
    rows = seen["servers"][0][1]["volumes"]
    rows.append({**rows[0], **pools("node1:/b/c")["volumes"][0]})
    first = report_of(seen, Limits())["thin_pools"][0]
    assert (first["server"], first["bricks"]) == ("node1", ["node1:/b/a", "node1:/b/c"])


def test_nothing_at_all_could_be_read() -> None:
    failed = {"failed": True, "msg": "down"}
    names = ("volumes", "snapshots", "snapshot settings", "consistency groups", "sessions")
    seen = {**asked(), **dict.fromkeys(names, failed), "servers": [["node1", failed]]}
    findings = report_of(seen, Limits())["findings"]
    assert {one["code"] for one in findings} == {"server_silent", "unread"}
    assert len(findings) == 1 + len(names)


# The same as another one.


def later(report: Row, **changes: t.Any) -> Row:
    return {**copy.deepcopy(report), "read_at": "2026-11-25T12:20:00Z", **changes}


def test_what_moves_by_itself_is_not_news() -> None:
    seen = asked()
    of_pool(85.0, 1.0)(seen)
    first = report_of(seen, Limits())
    of_pool(85.1, 1.0)(seen)
    of_session(lag_seconds=50)(seen)
    second = {**report_of(seen, Limits()), "read_at": "2026-11-25T12:20:00Z"}
    assert second["findings"] != first["findings"]
    for earlier in (json.dumps(first), first):
        assert says_the_same(second, earlier, max_age=60)
        assert not says_the_same(second, earlier, max_age=20)
        assert not says_the_same(second, earlier, max_age=0)


@pytest.mark.parametrize("change", [of_pool(85.0, 1.0), of_volume(snapshot_count=2), silent])
def test_news(change: t.Callable[[Row], None]) -> None:
    seen = asked()
    first = json.dumps(report_of(seen, Limits()))
    assert says_the_same(later(report_of(seen, Limits())), first, max_age=60)
    change(seen)
    assert not says_the_same(later(report_of(seen, Limits())), first, max_age=60)


@pytest.mark.parametrize("earlier", ["", "{", "[]", "{}", '{"read_at": 1}', {}, None])
def test_what_is_no_report_is_not_the_same(earlier: t.Any) -> None:
    assert not says_the_same(report_of(asked(), Limits()), earlier, max_age=60)


def test_a_clock_that_went_back_is_not_trusted() -> None:
    report = report_of(asked(), Limits())
    assert not says_the_same(report, json.dumps(later(report)), max_age=60)


# The time line.


def test_a_line_from_the_oldest_to_the_end() -> None:
    rows = [
        snapshot("new", "2026-11-25T00:00:00Z"),
        snapshot("old", "2026-11-15T00:00:00Z"),
        snapshot("half", "2026-11-20T12:00:00Z", volume="w"),
        snapshot("when", None),
    ]
    line = timeline_of(rows, "2026-11-26T00:00:00Z")
    assert (line["since"], line["until"]) == ("2026-11-15T00:00:00Z", "2026-11-26T00:00:00Z")
    places = {r["volume"]: [(s["name"], s["at"]) for s in r["snapshots"]] for r in line["volumes"]}
    assert places == {"v": [("old", 0.0), ("new", 90.91)], "w": [("half", 50.0)]}
    assert [tick["label"] for tick in line["ticks"]] == [
        *("2026-11-16", "2026-11-18", "2026-11-20", "2026-11-22", "2026-11-24", "2026-11-26")
    ]


@pytest.mark.parametrize(
    ("created", "label"),
    [
        ("2026-11-25T11:30:00Z", "11-25 12:00"),
        ("2026-11-24T12:00:00Z", "11-24 12:00"),
        ("2016-01-01T00:00:00Z", "2016-12-28"),
        ("2026-11-26T00:00:00Z", "11-26 00:00"),  # a clock that is ahead
    ],
)
def test_few_ticks_whatever_the_time(created: str, label: str) -> None:
    line = timeline_of([snapshot(created=created)], NOW)
    assert label in [tick["label"] for tick in line["ticks"]]
    assert 1 <= len(line["ticks"]) <= 12
    assert all(0 <= tick["at"] <= 100 for tick in line["ticks"])


def test_a_line_of_nothing() -> None:
    line = timeline_of([], NOW)
    assert line["volumes"] == []
    assert line["since"] == "2026-11-25T11:00:00Z"
