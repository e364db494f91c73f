# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be said of the tasks of roles without running them."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROLES = Path(__file__).parents[2] / "roles"


def tasks_of(said: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Each task, also those in blocks."""
    for task in said or ():
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_of(task.get(part))


SETTERS = [
    task
    for path in sorted((ROLES / "disaster_recovery/tasks").glob("*.yml"))
    for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8")))
    if "__disaster_recovery_set" in str(task.get("ansible.builtin.command"))
]


def test_whatever_sets_an_option_waits_for_the_lock_of_the_volume() -> None:
    assert len(SETTERS) == 8
    for task in SETTERS:
        assert task["register"] == "__disaster_recovery_done", task["name"]
        assert task["until"] == "__disaster_recovery_unlocked", task["name"]
        assert task["retries"] * task["delay"] == 60, task["name"]


def switches_of(role: Path) -> set[str]:
    said = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    entries = [entry["options"] for entry in said["argument_specs"].values()]
    return {
        name
        for options in entries
        for name, option in options.items()
        if option.get("type") == "bool"
    }


def texts(said: t.Any) -> t.Iterator[str]:
    """What a task says, but for messages and for what it hands on as it is: modules convert that."""
    if isinstance(said, dict):
        for key, value in said.items():
            if key not in ("name", "msg"):
                yield from texts(value)
    elif isinstance(said, list):
        for value in said:
            yield from texts(value)
    elif isinstance(said, str) and not re.fullmatch(r"\{\{ \w+ \}\}", said):
        yield re.sub(r"'[^']*'", "''", said)


@pytest.mark.parametrize("role", sorted(ROLES.iterdir()), ids=lambda role: role.name)
def test_a_switch_is_one_in_words_too(role: Path) -> None:
    """``-e restore_again=false`` is a text, and a text that is not empty is true."""
    switches = switches_of(role)
    for path in [*sorted((role / "tasks").glob("*.yml")), *sorted(role.glob("vars/*.yml"))]:
        for text in texts(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for name in re.findall(r"\b\w+\b(?!:| *\| *bool)", text):
                assert name not in switches, f"{path.name}: {text}"


def role_tasks(name: str) -> dict[str, dict[str, t.Any]]:
    said = yaml.safe_load((ROLES / name).read_text(encoding="utf-8"))
    return {task["name"]: task for task in tasks_of(said)}


def session_to(host: str, failures: int | None = None) -> dict[str, t.Any]:
    workers = [{"status": "Active", "failures": failures}]
    ends = {"volume": "projects", "destination_host": host, "destination_volume": "projects"}
    return {**ends, "workers": workers, "state": "started", "status": "STABLE"}


TO_SEVERAL = {
    "its own, by georep_address": ([session_to("b1"), session_to("10.0.0.3")], "10.0.0.3", ""),
    "that of another cluster": ([session_to("b1")], "", "There is no session .* at .*b1"),
    "two": ([session_to("c1"), session_to("10.0.0.3")], "c1", "There are several sessions"),
    "one with failures": ([session_to("c1", 3)], "c1", "counts 3 failures: some files"),
    "none": ([], "", "There is no session"),
}


def test_of_a_volume_that_is_replicated_to_several_clusters_the_right_session_counts(
    tmp_path: Path,
) -> None:
    """By the tasks of the role themselves, with what the modules would have said."""
    know = role_tasks("disaster_recovery/tasks/look.yml")["Know both ends"]
    judge = role_tasks("disaster_recovery/tasks/look_end.yml")["Remember what was seen"]
    keep = {"content": "{{ __disaster_recovery_seen.primary | to_json }}", "mode": "0600"}
    tasks = [know]
    for name, (given, _host, _problem) in TO_SEVERAL.items():
        tasks += [
            {**judge, "vars": {**judge["vars"], "given": given}},
            {"ansible.builtin.copy": {**keep, "dest": str(tmp_path / name)}},
        ]
    brick = {"online": True}
    said = yaml.safe_load((ROLES / "disaster_recovery/vars/main.yml").read_text(encoding="utf-8"))
    said.update(
        disaster_recovery_volume="projects",
        disaster_recovery_secondary_volume="projects",
        disaster_recovery_primary_group="ours",
        disaster_recovery_secondary_group="theirs",
        disaster_recovery_accept_failures="false",
        __disaster_recovery_at="primary",
        __disaster_recovery_read={
            "volumes": [{"status": "Started", "options": {}, "brick_status": [brick]}]
        },
        __disaster_recovery_sessions={"sessions": "{{ given }}"},
    )
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": said}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{**play, "tasks": tasks}]), encoding="utf-8")
    theirs = {"c1": {"georep_address": "10.0.0.3"}, "c2": {}}
    groups = {"ours": {"hosts": {"a1": {}}}, "theirs": {"hosts": theirs}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(groups), encoding="utf-8")
    subprocess.run(
        ["ansible-playbook", "-i", "hosts.yml", "play.yml"],
        cwd=str(tmp_path),
        check=True,
        stdout=subprocess.PIPE,
    )
    for name, (_given, host, problem) in TO_SEVERAL.items():
        seen = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        assert seen["session"].get("destination_host", "") == host, name
        assert re.search(problem, " ".join(seen["not_syncing"])), name
        assert bool(seen["not_syncing"]) == bool(problem), name
