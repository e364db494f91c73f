# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers of ``gluster volume info|status``."""

from __future__ import annotations

import typing as t

from .._model import Brick, BrickStatus, Volume, VolumeStatus
from .document import number, payload, text

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
