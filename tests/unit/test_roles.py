# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be said of the tasks of roles without running them."""

from __future__ import annotations

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
