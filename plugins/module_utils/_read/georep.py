# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reader of ``gluster volume geo-replication ... status``; both old and new tag names."""

from __future__ import annotations

import typing as t

from .._model import Session
from .document import payload, text

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_sessions(root: Element) -> tuple[Session, ...]:
    """All sessions of an answer, sorted by volume and secondary (Gluster 9 says slave)."""
    sessions = []
    for volume in payload(root, "geoRep").iterfind("volume"):
        for session in volume.iterfind("sessions/session"):
            pairs = list(session.iterfind("pair"))
            names = [text(pair, "secondary") or text(pair, "slave") for pair in pairs]
            sessions.append(
                Session(
                    volume=text(volume, "name"),
                    secondary=names[0].replace("ssh://", "") if names else "",
                    statuses=tuple(text(pair, "status") for pair in pairs),
                )
            )
    return tuple(sorted(sessions, key=lambda session: (session.volume, session.secondary)))
