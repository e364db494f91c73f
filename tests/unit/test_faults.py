# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make faults` does of itself: the rest of it needs a lab."""

from __future__ import annotations

import typing as t
from dataclasses import asdict
from pathlib import Path

import pytest
from ansible_collections.glusterfs.data_protection.tests.unit.test_guides import (
    strings_of_the_source,
)

faults = pytest.importorskip(
    "ansible_collections.glusterfs.data_protection.tests.faults.faults",
    reason="only a checkout has it",
)
OFFLINE = (
    "Bricks of volume projects are offline: node2:/bricks/b1/brick, node3:/bricks/b1/brick (on a "
    "node that is up: gluster volume start projects force if no glusterfsd of it runs there; if one does, "
    "or that was in vain, systemctl restart glusterd, which can take all bricks of that node away for "
    "seconds). Nothing was changed."
)


def test_what_is_followed_is_what_messages_say() -> None:
    """Else a message that was changed would be one that nothing can be done about."""
    said = list(strings_of_the_source())
    assert [words for words in faults.ADVICE if not any(words in one for one in said)] == []


class Told:
    """A lab that only hears."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.restarted: list[str] = []

    def on(self, node: str, _script: str) -> str:
        self.restarted.append(node)
        return ""

    def gluster(self, *commands: str) -> str:
        self.started += commands
        return ""


@pytest.mark.parametrize(
    ("runs", "missing", "started", "restarted"),
    [
        (True, "", 0, ["node2", "node3"]),
        (False, "still offline", 1, ["node2", "node3"]),
        (False, "", 1, []),
    ],
)
def test_bricks_are_started_and_glusterd_restarted_where_that_does_not_do(
    runs: bool,
    missing: str,
    started: int,
    restarted: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    lab = Told()
    monkeypatch.setattr(faults, "lab", lab)
    monkeypatch.setattr(faults, "lost_bricks", lambda _volume: [])
    monkeypatch.setattr(faults, "is_run", lambda _node, _brick: runs)
    monkeypatch.setattr(faults, "wait_until_well", lambda *_seconds: missing)
    did = faults.follow(OFFLINE, tmp_path)
    assert len(lab.started) == started
    assert lab.restarted == restarted
    by_restart = "glusterd restarted on node2 and node3"
    assert did == (by_restart if restarted else "the volume started by force")


@pytest.mark.parametrize(("second", "ended"), [("failed", 1), ("unchanged", 0)])
def test_the_first_that_is_not_well_is_the_last_of_ten(
    second: str, ended: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    judged = []

    def judge(case: t.Any, _folder: Path) -> t.Any:
        judged.append(case)
        return faults.Result(case, "failed", second)

    monkeypatch.setattr(faults, "make_cluster", lambda restored: None)
    monkeypatch.setattr(faults, "mend", lambda off: "")
    monkeypatch.setattr(faults, "lab", lambda *_words, **_options: "")
    monkeypatch.setattr(faults, "judge", judge)
    options = faults.argparse.Namespace(short=True, only="", results=tmp_path / "kept.json")
    assert faults.run(options, {}, tmp_path) == ended
    assert len(judged) == (1 if ended else len(faults.short()))
    assert asdict(judged[0])["operation"] == "snapshot"
