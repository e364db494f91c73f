# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thin pools and left-over logical volumes of this node, from ``lvs`` and the table of mounts."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .document import parse_json

LVS = (
    "lvs",
    "--reportformat=json",
    "--options=vg_name,lv_name,lv_dm_path,pool_lv,data_percent,metadata_percent",
)

LVS_BY_SIZE = (
    "lvs",
    "--reportformat=json",
    "--units=b",
    "--nosuffix",
    "--options=vg_name,lv_name,lv_dm_path,lv_size,data_percent",
)

OF_SNAPSHOT = re.compile(r"([0-9a-f]{32})_[0-9]+\Z")
"""Gluster names the logical volume of a snapshot or a clone by its hidden volume and a number."""

GLUSTERS_OWN = "/run/gluster/snaps/"
"""Where glusterd mounts them; any other mount is somebody else's."""


@dataclass(frozen=True)
class LogicalVolume:
    """A logical volume: ``pool`` is empty where it is not thin, the fills are per cent."""

    group: str
    name: str
    device: str
    pool: str = ""
    data_percent: float | None = None
    metadata_percent: float | None = None


def _rows(text: str) -> t.Iterator[dict[str, str]]:
    """Of a report of LVM, one a logical volume."""
    return (row for report in parse_json(text)["report"] for row in report["lv"])


def read_logical_volumes(text: str) -> tuple[LogicalVolume, ...]:
    """All rows of an answer to :data:`LVS`."""
    return tuple(
        LogicalVolume(
            group=row["vg_name"],
            name=row["lv_name"],
            device=row["lv_dm_path"],
            pool=row["pool_lv"],
            data_percent=_percent(row["data_percent"]),
            metadata_percent=_percent(row["metadata_percent"]),
        )
        for row in _rows(text)
    )


def _percent(value: str) -> float | None:
    return float(value) if value else None


def device_of(path: str, mounts: str) -> str | None:
    """The device mounted above a path, by the text of /proc/self/mounts."""
    best: tuple[int, str | None] = (0, None)
    for line in mounts.splitlines():
        device, point = line.split(" ")[:2]
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best[0]:
            best = (len(point), device)
    return best[1]


def thin_pool(
    path: str, mounts: str, volumes: t.Iterable[LogicalVolume]
) -> tuple[bool, LogicalVolume | None]:
    """Is the brick at this path on a thin logical volume, and which pool is it in?"""
    device = device_of(path, mounts)
    by_device = {volume.device: volume for volume in volumes}
    brick = by_device.get(device or "")
    if brick is None or not brick.pool:
        return False, None
    pools = (v for v in by_device.values() if (v.group, v.name) == (brick.group, brick.pool))
    return True, next(pools, None)


@dataclass(frozen=True)
class Leftover:
    """A logical volume that Gluster made for a snapshot and does not know any more; bytes."""

    group: str
    name: str
    device: str
    size: int
    data_percent: float | None
    mounts: tuple[str, ...]  # those that glusterd left


def left_over(text: str, mounts: str, known: t.Iterable[str]) -> tuple[Leftover, ...]:
    """Those of an answer to :data:`LVS_BY_SIZE` that nobody uses.

    ``known`` are the hidden volumes of all snapshots, clones and restored volumes, read later than
    the logical volumes: so a snapshot that is being taken meanwhile is among them.
    """
    used = set(known)
    points: dict[str, list[str]] = {}
    for line in mounts.splitlines():
        device, point = line.split(" ")[:2]
        points.setdefault(device, []).append(re.sub(r"^/var/run/", "/run/", point))
    found = []
    for row in _rows(text):
        at = points.get(row["lv_dm_path"], [])
        others = [point for point in at if not point.startswith(GLUSTERS_OWN)]
        made = OF_SNAPSHOT.match(row["lv_name"])
        if made is None or made.group(1) in used or others:
            continue
        found.append(
            Leftover(
                group=row["vg_name"],
                name=row["lv_name"],
                device=row["lv_dm_path"],
                size=int(row["lv_size"]),
                data_percent=_percent(row["data_percent"]),
                mounts=tuple(at),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.group, one.name)))
