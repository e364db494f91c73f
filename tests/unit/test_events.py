# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook answers the events as glustereventsd sends them.

ansible-rulebook wants Java, so the few forms of conditions that the rulebook has are read here.
"""

from __future__ import annotations

import ast
import json
import operator
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.glusterfs.data_protection.tests.unit.test_awx import variables
from ansible_collections.glusterfs.data_protection.tests.unit.test_guides import (
    complain,
    of_module,
)

ROOT = Path(__file__).resolve().parents[2]
OURS = "glusterfs.data_protection."
((RULESET,),) = (
    yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (ROOT / "extensions/eda/rulebooks").glob("*.yml")
)
RULES = RULESET["rules"]
(RECORDED,) = (
    json.loads(path.read_text(encoding="utf-8"))
    for path in (ROOT / "tests/unit/recorded").glob("glustereventsd-*.json")
)
# What nobody saw has the form that Gluster's source gives it.
EVENTS = RECORDED["seen"] + RECORDED["from_source"]
ANSWERS = {
    "SNAPSHOT_SOFT_LIMIT_REACHED": "retention",
    "SNAPSHOT_HARD_LIMIT_REACHED": "retention",
    "GEOREP_FAULTY": "georep_status",
    "BRICK_DISCONNECTED": "report",
    "PEER_DISCONNECT": "report",
}
PART = re.compile(r"event\.([\w.]+) (==|in|is match) ?\(?(.+?)\)?")
HOLDS: dict[str, t.Callable[[t.Any, t.Any], t.Any]] = {
    "==": operator.eq,
    "in": lambda value, values: value in values,
    "is match": lambda value, pattern: value is not None and re.match(pattern, value),
}

Thing = t.Dict[str, t.Any]


def posted(payload: Thing) -> Thing:
    """The event that the source of the rulebook makes of it."""
    return {"payload": payload, "meta": {"source": {"name": RULESET["sources"][0]["name"]}}}


def at(path: str, event: t.Any) -> t.Any:
    for name in path.split("."):
        event = (event or {}).get(name)
    return event


def matches(rule: Thing, payload: Thing) -> bool:
    for part in rule["condition"].split(" and "):
        found = PART.fullmatch(part)
        assert found, f"This test does not know how to read: {part}"
        path, how, wanted = found.groups()
        if not HOLDS[how](at(path, posted(payload)), ast.literal_eval(wanted)):
            return False
    return True


def run_by(rule: Thing) -> Thing:
    return t.cast("Thing", rule["action"]["run_playbook"])


@pytest.mark.parametrize("payload", EVENTS, ids=lambda payload: payload["event"])
def test_each_event_has_its_answer_or_none(payload: Thing) -> None:
    answers = [run_by(rule)["name"] for rule in RULES if matches(rule, payload)]
    expected = ANSWERS.get(payload["event"])
    assert answers == ([OURS + expected] if expected else [])


def test_all_that_is_answered_was_recorded() -> None:
    assert set(ANSWERS) <= {payload["event"] for payload in EVENTS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_playbooks_are_there_and_take_what_they_are_given(rule: Thing) -> None:
    action = run_by(rule)
    assert action["name"].startswith(OURS)
    given = action["extra_vars"]
    assert set(given) <= set(variables(action["name"][len(OURS) :]))
    used = re.findall(r"{{ event\.([\w.]+) }}", " ".join(given.values()))
    used += [path[len("event.") :] for path in grouped_by(rule)]
    for payload in EVENTS:
        if matches(rule, payload):
            assert all(at(path, posted(payload)) for path in used), used


def grouped_by(rule: Thing) -> list[str]:
    return t.cast("list[str]", rule.get("throttle", {}).get("group_by_attributes", []))


@pytest.mark.parametrize(
    "name", ["{{ lookup('pipe', 'id') }}", "projects {{ x }}", "projects\n{{ x }}", "{% x %}", ""]
)
def test_a_name_that_is_none_runs_nothing(name: str) -> None:
    """Variables of a playbook are templates, and so would be what a stranger posts."""
    for rule in RULES:
        for payload in EVENTS:
            hostile = {**payload, "message": dict.fromkeys(payload["message"], name)}
            if "{{ event." in " ".join(run_by(rule)["extra_vars"].values()):
                assert not matches(rule, hostile)


def test_an_event_is_no_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots are removed by what the user says is to stay, and by nothing else."""
    given = [name for rule in RULES for name in run_by(rule)["extra_vars"]]
    assert set(given) == {"gluster_hosts", "retention_volume"}
    spec = of_module("gluster_snapshot_retention", monkeypatch)
    assert complain({"volume": "projects"}, spec) != []


def test_nobody_is_heard_without_the_token() -> None:
    (source,) = RULESET["sources"]
    assert "{{ events_token }}" in source["eda.builtin.webhook"]["token"]


def test_playbooks_may_use_localhost() -> None:
    """An implicit localhost is not in "all". ansible-rulebook wants one text, and no linter says so."""
    assert RULESET["hosts"] == "all,localhost"
