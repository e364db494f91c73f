# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts kept in the description of a snapshot, after the words of a person: one line of JSON.

A description is the only place in a snapshot for anything, and it never changes.
"""

from __future__ import annotations

import json
import typing as t

OURS = frozenset({"restore", "set"})
"""What the facts are about; any other JSON belongs to the words."""


def line(values: t.Mapping[str, t.Any]) -> str:
    """JSON as it is kept in descriptions and in options of volumes."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def described(words: str, **facts: t.Mapping[str, t.Any]) -> str:
    """A description of words and facts."""
    return f"{words} {line(facts)}".strip()


def words_of(description: str) -> str:
    """What a person wrote."""
    return _parted(description)[0]


def facts_of(description: str, about: str) -> dict[str, t.Any]:
    """What we wrote about it, {} if nothing."""
    found = _parted(description)[1].get(about)
    return found if isinstance(found, dict) else {}


def _parted(description: str) -> tuple[str, dict[str, t.Any]]:
    start = description.find("{")
    while start >= 0:
        try:
            facts = json.loads(description[start:])
        except ValueError:
            facts = None
        if isinstance(facts, dict) and facts and OURS.issuperset(facts):
            return description[:start].rstrip(), facts
        start = description.find("{", start + 1)
    return description, {}
