# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make test-matrix` runs, and when what has passed counts no more."""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

import pytest

matrix = pytest.importorskip(
    "ansible_collections.glusterfs.data_protection.tests.matrix.matrix",
    reason="only a checkout has it",
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small, with two scenarios that share a file."""
    for name in ("plugins/a.py", "roles/b.yml", "playbooks/c.yml", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    for scenario in ("one", "two"):
        (tmp_path / "scenarios" / scenario).mkdir(parents=True)
        (tmp_path / "scenarios" / scenario / "molecule.yml").write_text(scenario)
    (tmp_path / "scenarios/vars.yml").write_text("shared")
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    monkeypatch.setattr(matrix, "SCENARIOS", tmp_path / "scenarios")
    return tmp_path


def passed(cell: t.Any, **other: t.Any) -> t.Any:
    said = {"passed": True, "whole": True, "seconds": 1, "day": "", "commit": "", "kernel": ""}
    return matrix.Result(**{**said, "digest": cell.digest(), **other})


def test_each_scenario_is_run_whole_on_some_release() -> None:
    there = {path.parent.name for path in matrix.SCENARIOS.glob("*/molecule.yml")} - {"default"}
    assert {cell.scenario for cell in matrix.cells() if cell.is_whole} == there


@pytest.mark.parametrize("changed", ["plugins/a.py", "scenarios/one/new.yml", "scenarios/vars.yml"])
def test_what_passed_counts_until_a_file_of_it_changes(checkout: Path, changed: str) -> None:
    cell = matrix.Cell("bookworm", "one")
    results = {cell.name: passed(cell)}
    assert matrix.has_passed(cell, results)
    (checkout / "README.md").write_text("more")
    (checkout / "scenarios/two/molecule.yml").write_text("more")
    assert matrix.has_passed(cell, results)
    (checkout / changed).write_text("more")
    assert not matrix.has_passed(cell, results)


def test_what_moved_counts_no_more(checkout: Path) -> None:
    cell = matrix.Cell("bookworm", "one")
    results = {cell.name: passed(cell)}
    shutil.move(checkout / "plugins/a.py", checkout / "plugins/b.py")
    assert not matrix.has_passed(cell, results)


def test_what_failed_or_was_not_run_has_not_passed(checkout: Path) -> None:
    cell = matrix.Cell("trixie", "two")
    assert not matrix.has_passed(cell, {})
    assert not matrix.has_passed(cell, {cell.name: passed(cell, passed=False)})


def test_results_are_read_as_they_were_kept(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "RESULTS", checkout / "results.json")
    assert matrix.kept() == {}
    results = {cell.name: passed(cell) for cell in matrix.cells()}
    matrix.keep(results)
    assert matrix.kept() == results


def test_the_guide_on_compatibility_tells_how_they_passed() -> None:
    """A run writes that too."""
    text = matrix.GUIDE.read_text(encoding="utf-8")
    results = matrix.kept()
    assert matrix.shown(text, results) == text
    (cell,) = (cell for cell in matrix.cells() if cell.name == "trixie/restore")
    others = matrix.shown(text, {**results, cell.name: passed(cell, whole=False)})
    row = "   * - restore\n     - {}\n     - {}\n     - {}\n"
    words = [matrix.word(results.get(f"{one}/restore")) for one in ("bullseye", "bookworm")]
    assert row.format(*words, "core") in others
    assert matrix.shown(others, results) == text
