# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reader of ``gluster pool list``."""

from __future__ import annotations

import typing as t

from .._volume_model import Peer
from .document import payload, text

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_peers(root: Element) -> tuple[Peer, ...]:
    """All nodes, this one among them."""
    return tuple(
        Peer(text(peer, "uuid"), text(peer, "hostname"), text(peer, "connected") == "1")
        for peer in payload(root, "peerStatus").iterfind("peer")
    )
