# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""README and CONTRIBUTING name only what is there."""

from __future__ import annotations

import importlib
import os
import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = os.pathsep.join(map(str, [ROOT / ".collections", *list(ROOT.parents)[2:3]]))
"""Where Ansible finds this collection, whether it is a checkout or one that is installed."""
OURS = "glusterfs.data_protection."
PACKAGE = "ansible_collections.glusterfs.data_protection.plugins.modules"
REPOSITORY = "https://github.com/glusterfs/ansible-data-protection/"
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("gluster_*.py"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]

pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").exists(), reason="only a checkout has all that they name"
)


def blocks(text: str) -> list[t.Any]:
    return [
        yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    ]


def tasks(value: t.Any) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Our modules and their arguments anywhere in a playbook."""
    if isinstance(value, list):
        for item in value:
            yield from tasks(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key.startswith(OURS):
                yield key[len(OURS) :], inner or {}
            elif not key.startswith("group/"):
                yield from tasks(inner)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_names_are_of_what_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    gate = re.search(r"^GATE := (.*)", (ROOT / "Makefile").read_text(), re.M)
    assert gate
    targets.update(gate.group(1).split(), ["test-matrix"])
    for words in re.findall(r"\bmake((?: [a-z]+(?:-[a-z]+)*)+)(?:`|\s+#|$)", text, re.M):
        assert set(words.split()) <= targets, words
    assert set(re.findall(r"\bgluster_[a-z_]+[a-z]\b", text)) <= set(MODULES)
    for name in re.findall(r"\b(?:tests|plugins|extensions|changelogs)/[\w./-]*\w", text):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_are_absolute_and_ours_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)]*)\)", text):
        assert link.startswith("https://")
        if link.startswith(REPOSITORY + "blob/main/"):
            name, _hash, heading = link[len(REPOSITORY + "blob/main/") :].partition("#")
            assert (ROOT / name).exists(), link
            titles = re.findall(r"^#+ (.*)", (ROOT / name).read_text(encoding="utf-8"), re.M)
            assert not heading or heading in [title.lower().replace(" ", "-") for title in titles]


def test_every_plugin_and_role_is_presented() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    kinds = ("filter", "inventory")
    others = [path.stem for kind in kinds for path in (ROOT / "plugins" / kind).glob("*.py")]
    roles = [path.name for path in (ROOT / "roles").iterdir()]
    assert [name for name in (*MODULES, *others, *roles) if f"| `{name}` |" not in text] == []


def test_playbooks_are_the_examples_that_were_recorded() -> None:
    """So they were run on a real Gluster, see tests/tools/record.py."""
    documented = [
        task
        for module in MODULES
        for task in tasks(yaml.safe_load(importlib.import_module(f"{PACKAGE}.{module}").EXAMPLES))
    ]
    shown = list(tasks(blocks((ROOT / "README.md").read_text(encoding="utf-8"))))
    assert len(shown) >= 4
    for task in shown:
        assert task in documented
