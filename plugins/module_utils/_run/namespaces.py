# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What processes of this node have mounted in mount namespaces of their own."""

from __future__ import annotations

import contextlib
import os
import typing as t

WORKER = "gsyncd"


def tables(proc: str = "/proc") -> t.Iterator[tuple[str, str]]:
    """Of each other mount namespace than this one and glusterd's: who is in it, and its mountinfo.

    What ends meanwhile, or may not be read, is left out.
    """
    ours: set[int] = set()
    others: dict[int, list[str]] = {}
    names = os.listdir(proc) if os.path.isdir(proc) else []
    for process in ("self", *sorted((name for name in names if name.isdigit()), key=int)):
        with contextlib.suppress(OSError):
            space = os.stat(os.path.join(proc, process, "ns/mnt")).st_ino
            if process == "self" or _text(proc, process, "comm").strip() == "glusterd":
                ours.add(space)
            else:
                others.setdefault(space, []).append(process)
    for space in others:
        if space not in ours:
            yield from _one_of(proc, others[space])


def _one_of(proc: str, processes: t.Iterable[str]) -> t.Iterator[tuple[str, str]]:
    """A worker of geo-replication where there is one, else the first: a namespace is theirs together."""
    found: tuple[str, str] | None = None
    for process in processes:
        with contextlib.suppress(OSError):
            name = _name(proc, process)
            is_worker = name.startswith(WORKER)
            if is_worker or found is None:
                found = f"{name} (PID {process})", _text(proc, process, "mountinfo")
            if is_worker:
                break
    if found:
        yield found


def _name(proc: str, process: str) -> str:
    """A worker with its session. Of others the name alone: an argument may be a secret."""
    words = _text(proc, process, "cmdline").split("\0")
    for place, word in enumerate(words):
        if os.path.basename(word) == "gsyncd.py":
            return " ".join((WORKER, *words[place + 1 : place + 4]))
    return _text(proc, process, "comm").strip()


def _text(proc: str, process: str, name: str) -> str:
    with open(os.path.join(proc, process, name), encoding="utf-8", errors="replace") as source:
        return source.read()
