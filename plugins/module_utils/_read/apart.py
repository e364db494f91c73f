# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bricks of snapshots that a process has mounted for itself, from the mounts of its namespace.

A worker of geo-replication starts in a mount namespace of its own, with a copy of every mount there
is. glusterd does not unmount those of a snapshot that it deactivates, and then cannot remove its
logical volume (seen with Gluster 10.3).
"""

from __future__ import annotations

import typing as t

from .._volume_model import SNAPSHOT_BRICK

PROPAGATED = ("shared:", "master:")
"""Fields of a mount that goes when glusterd unmounts it (mount_namespaces(7))."""


def mounted_apart(tables: t.Iterable[tuple[str, str]]) -> dict[str, str]:
    """Snapshot volumes, and who has a brick of each mounted; see ``_run/namespaces.py``."""
    found: dict[str, str] = {}
    for who, table in tables:
        for line in table.splitlines():
            fields = line.split(" ")
            brick = SNAPSHOT_BRICK.search(f"{fields[4]}/") if len(fields) > 4 else None
            if brick and not any(field.startswith(PROPAGATED) for field in fields[6:]):
                found.setdefault(brick.group(1), who)
    return found
