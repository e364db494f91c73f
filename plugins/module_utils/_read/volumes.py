# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers of ``gluster volume info|status``, and of ``gluster snapshot status|config``."""

from __future__ import annotations

import typing as t

from .._volume_model import Brick, BrickStatus, SnapshotConfig, Volume, VolumeLimits, VolumeStatus
from .document import boolean, number, payload, text

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_volumes(root: Element) -> tuple[Volume, ...]:
    """All volumes of an answer to ``volume info``, sorted by name."""
    volumes = [
        Volume(
            name=text(element, "name"),
            uuid=text(element, "id"),
            status=text(element, "statusStr"),
            type=text(element, "typeStr"),
            bricks=tuple(_brick(brick) for brick in element.iterfind("bricks/brick")),
            options={
                text(option, "name"): text(option, "value")
                for option in element.iterfind("options/option")
            },
            snapshot_count=number(element, "snapshotCount"),
            distribution=number(element, "distCount", 1),
        )
        for element in payload(root, "volInfo/volumes").iterfind("volume")
    ]
    return tuple(sorted(volumes, key=lambda volume: volume.name))


def _brick(element: Element) -> Brick:
    host, _colon, path = text(element, "name").partition(":")
    return Brick(host, path, text(element, "hostUuid"))


def read_volume_status(root: Element) -> dict[str, VolumeStatus]:
    """Volumes of an answer to ``volume status [detail]`` by name; daemons are left out."""
    return {
        text(volume, "volName"): VolumeStatus(
            bricks=tuple(
                BrickStatus(
                    name=f"{text(node, 'hostname')}:{text(node, 'path')}",
                    online=text(node, "status") == "1",
                    pid=number(node, "pid", -1) if number(node, "pid", -1) > 0 else None,
                    port=number(node, "port") or None,
                )
                for node in volume.iterfind("node")
                if text(node, "path").startswith("/")
            ),
            tasks=tuple(
                text(task, "type")
                for task in volume.iterfind("tasks/task")
                if text(task, "statusStr") == "in progress"
            ),
        )
        for volume in payload(root, "volStatus/volumes").iterfind("volume")
    }


def read_snapshot_bricks(root: Element) -> tuple[BrickStatus, ...]:
    """The bricks of an answer to ``snapshot status NAME``.

    A brick whose node is down comes as an empty element: it is there, and not online.
    """
    return tuple(
        BrickStatus(
            name=text(brick, "path"),
            online=text(brick, "brick_running") == "Yes",
            pid=number(brick, "pid") or None,
        )
        for brick in payload(root, "snapStatus/snapshots").iterfind("snapshot/volume/brick")
    )


def read_config(root: Element) -> SnapshotConfig:
    """An answer to ``snapshot config`` for the whole cluster."""
    system = payload(root, "snapConfig/systemConfig")
    return SnapshotConfig(
        hard_limit=number(system, "hardLimit"),
        soft_limit=number(system, "softLimit"),
        auto_delete=boolean(text(system, "autoDelete")),
        activate_on_create=boolean(text(system, "activateOnCreate")),
        volumes={
            text(volume, "name"): VolumeLimits(
                hard_limit=number(volume, "hardLimit"),
                effective_hard_limit=number(volume, "effectiveHardLimit"),
                soft_limit=number(volume, "softLimit"),
            )
            for volume in root.iterfind("snapConfig/volumeConfig/volume")
        },
    )
