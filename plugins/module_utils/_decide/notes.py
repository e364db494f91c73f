# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection writes of snapshots, clones and groups, as one line of JSON, and how it reads that.

On a snapshot it is in the description, after the words of a person: the only place there for anything,
and it never changes. On a volume it is in an option of its own: see ``volume_notes``, and ``mark`` for what
it says of its restore.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, fields

from .._read.document import parse_json
from .names import DESCRIPTION_LONGEST

if t.TYPE_CHECKING:
    from .._model import Snapshot
    from .._volume_model import Volume

TAKEN = "user.data-protection.sets"
"""On the first volume of a set, that it was taken whole; see ``sets``."""

UNSET = "-"
"""The value of an option of ours that says nothing: Gluster can neither reset nor empty one."""

Said = t.TypeVar("Said")

OURS = frozenset({"restore", "set"})
"""What the facts are about; any other JSON belongs to the words."""


def line(values: t.Mapping[str, t.Any]) -> str:
    """JSON as it is kept in descriptions and in options of volumes."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def said_in(volume: Volume | None, option: str) -> t.Any:
    """The JSON in an option of a volume, None where there is none: anybody can set one."""
    try:
        return parse_json(volume.options.get(option, "") if volume else "")
    except ValueError:
        return None


TYPES: t.Mapping[str, type] = {"str": str, "bool": bool, "int": int}


def _is(value: t.Any, kind: type) -> bool:
    """As isinstance, but true is no number."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def made(kind: t.Callable[..., Said], said: t.Any) -> Said | None:
    """A dataclass of what was said; None where that is nothing, or something else, or of other types."""
    # Most descriptions say nothing, and an info of a whole cluster asks each of them.
    if not said or not isinstance(said, dict):
        return None
    for one in fields(t.cast("t.Any", kind)):
        fits = TYPES.get(str(one.type), list)
        if one.name in said and not _is(said[one.name], fits):
            return None
    try:
        return kind(**said)
    except TypeError:
        return None


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
    # What Gluster would have cut is not ours, and to go through it would take long.
    start = description.find("{") if len(description) <= DESCRIPTION_LONGEST else -1
    while start >= 0:
        try:
            facts = parse_json(description[start:])
        except ValueError:
            facts = None
        if isinstance(facts, dict) and facts and OURS.issuperset(facts):
            return description[:start].rstrip(), facts
        start = description.find("{", start + 1)
    return description, {}


@dataclass(frozen=True)
class Tag:
    """What a member snapshot says of its set."""

    id: str
    name: str
    group: str  # the group's id
    group_name: str
    members: int
    held: bool = False  # taken while all was held, if that was proved afterwards

    @classmethod
    def of(cls, snapshot: Snapshot) -> Tag | None:
        return made(cls, facts_of(snapshot.description, "set"))
