# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Room and files of a mounted volume, as df and find tell them."""

from __future__ import annotations

from .._georep_model import Room
from .._run.errors import Failure

IGNORED = ".trashcan"


def commands(mount: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those whose answers are read here."""
    top = ("find", mount, "-mindepth", "1", "-maxdepth", "1")
    return ("df", "-P", "-B1", mount), (*top, "-not", "-name", IGNORED, "-print", "-quit")


def read_room(table: str, found: str) -> Room:
    words = table.splitlines()[-1].split()
    if len(words) < 6 or ("glusterfs" not in words[0] and ":" not in words[0]):
        raise Failure(f"the volume is not mounted: {table.strip()[-200:]}")
    return Room(int(words[1]), int(words[3]), bool(found.strip()))
