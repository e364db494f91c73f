# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reader of ``gluster snapshot info``."""

from __future__ import annotations

import typing as t

from .._model import Snapshot
from .document import payload, read_time, text

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_snapshots(root: Element) -> tuple[Snapshot, ...]:
    """All snapshots of an answer to ``snapshot info [NAME | volume V]``, by time and name."""
    # `info volume V` names the volume once, above the list; the other forms in each snapshot.
    common = text(root.find("snapInfo/originVolume"), "name")
    elements = payload(root, "snapInfo/snapshots").iterfind("snapshot")
    found = [_snapshot(element, common) for element in elements]
    return tuple(sorted(found, key=lambda snapshot: (snapshot.created or "", snapshot.name)))


def _snapshot(element: Element, common: str) -> Snapshot:
    # A path is looked up much slower than a child, and there may be 25,600 of these.
    hidden = element.find("snapVolume")
    origin = None if hidden is None else hidden.find("originVolume")
    return Snapshot(
        name=text(element, "name"),
        uuid=text(element, "uuid"),
        description=text(element, "description"),
        created=read_time(text(element, "createTime")),
        volume=text(origin, "name") or common,
        activated=text(hidden, "status") == "Started",
        snapshot_volume=text(hidden, "name"),
    )
