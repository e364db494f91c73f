# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, checked before any command is run (the rules of the CLI's own parser)."""

from __future__ import annotations

import re

from .plan import Refusal

LEGAL = re.compile(r"[A-Za-z0-9_-]+\Z")
LONGEST = 254
LONGEST_IN_GROUP = 64
"""Of a group, and of a snapshot of one: both are in the names and descriptions of its members."""
RESERVED = frozenset({"description", "force", "volume", "all"})
DESCRIPTION_LONGEST = 1024


def check_snapshot_name(name: str, what: str = "snapshot") -> None:
    """Refuse a name that Gluster refuses, and what it would silently read as something else."""
    _check(name, what)
    if name in RESERVED:
        raise Refusal(f"{name!r} is a word of Gluster's own and cannot name a {what}")


def check_group_name(name: str, what: str = "consistency group") -> None:
    """A group, or a snapshot of a group."""
    check_snapshot_name(name, what)
    if len(name) > LONGEST_IN_GROUP:
        raise Refusal(
            f"the {what} name has {len(name)} characters, and {LONGEST_IN_GROUP} fit",
            "Choose a shorter name.",
        )


def check_volume_name(name: str) -> None:
    """Refuse what cannot be the name of a volume."""
    _check(name, "volume")
    if name == "all" or name.startswith("-"):
        raise Refusal(f"{name!r} cannot name a volume")


def _check(name: str, what: str) -> None:
    if len(name) > LONGEST:
        raise Refusal(
            f"the {what} name has {len(name)} characters: Gluster takes at most {LONGEST}",
            "Choose a shorter name.",
        )
    if not LEGAL.match(name):
        raise Refusal(
            f"{name!r} cannot name a {what}",
            'Use letters, digits, "-" and "_" only.',
        )


def check_description(description: str) -> None:
    """Gluster cuts descriptions at 1,024 bytes and loses all lines but the first."""
    if description and not description.isprintable():
        raise Refusal("the description has a line break or another control character")
    size = len(description.encode())
    if size > DESCRIPTION_LONGEST:
        raise Refusal(f"the description has {size} bytes, and Gluster keeps {DESCRIPTION_LONGEST}")
    if description != description.strip():
        raise Refusal("the description begins or ends with a blank")
