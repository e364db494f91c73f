# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be said of the tasks of roles without running them."""

from __future__ import annotations

import re
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


def options_of(role: Path, kind: str) -> set[str]:
    said = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    entries = [entry["options"] for entry in said["argument_specs"].values()]
    return {
        name
        for options in entries
        for name, option in options.items()
        if option.get("type") == kind
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
    switches = options_of(role, "bool")
    for path in [*sorted((role / "tasks").glob("*.yml")), *sorted(role.glob("vars/*.yml"))]:
        for text in texts(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for name in re.findall(r"\b\w+\b(?!:| *\| *bool)", text):
                assert name not in switches, f"{path.name}: {text}"
