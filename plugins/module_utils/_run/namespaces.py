# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What processes of this node have mounted in mount namespaces of their own."""

from __future__ import annotations

import os
import typing as t


def tables(proc: str = "/proc") -> t.Iterator[tuple[str, str]]:
    """Of each other mount namespace its oldest process, and the text of mountinfo there.

    What ends meanwhile, or may not be read, is left out.
    """
    seen = {os.stat(os.path.join(proc, "self/ns/mnt")).st_ino}
    for process in sorted((name for name in os.listdir(proc) if name.isdigit()), key=int):
        try:
            space = os.stat(os.path.join(proc, process, "ns/mnt")).st_ino
            if space not in seen:
                table = _text(proc, process, "mountinfo")
                seen.add(space)
                yield f"{_name(proc, process)} (PID {process})", table
        except OSError:
            continue


def _name(proc: str, process: str) -> str:
    """A worker with its session. Of others the name alone: an argument may be a secret."""
    words = _text(proc, process, "cmdline").split("\0")
    for place, word in enumerate(words):
        if os.path.basename(word) == "gsyncd.py":
            return " ".join(("gsyncd", *words[place + 1 : place + 4]))
    return _text(proc, process, "comm").strip()


def _text(proc: str, process: str, name: str) -> str:
    with open(os.path.join(proc, process, name), encoding="utf-8", errors="replace") as source:
        return source.read()
