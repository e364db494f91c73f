# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask bricks from afar whether they are held: a TCP connection from a port of our own.

A held port refuses what comes from ``SOURCE_PORT`` and only that (see firewall.py), so that a hold
can be told from a lost packet. No byte is sent. A port where nothing listens refuses too: that a
brick is online must be known from elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import struct
import time
import typing as t

SOURCE_PORT = 24006
"""Beside those of glusterd (24007, 24008), and below the ports that Linux hands out."""

HELD, OPEN, SILENT = "held", "open", "silent"

Address = t.Tuple[str, int]

BUSY = (errno.EADDRNOTAVAIL, errno.EADDRINUSE)
"""Another probe from this node asks the same brick at this moment."""


def ask(addresses: t.Iterable[Address], seconds: float = 1.0) -> dict[Address, str]:
    """All at once: what each host and port answers within ``seconds``."""
    deadline = time.monotonic() + seconds
    waiting = set(addresses)
    answers = dict.fromkeys(waiting, SILENT)
    targets = {address: _resolve(*address) for address in waiting}
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        waiting = {address for address in waiting if targets[address]}
        while True:
            for address in list(waiting):
                asked, code = _connect(*targets[address])
                if asked is None or code in BUSY:
                    continue
                waiting.discard(address)
                if code == errno.EINPROGRESS:
                    stack.callback(asked.close)
                    selector.register(asked, selectors.EVENT_WRITE, address)
                else:
                    answers[address] = _meaning(code)
                    asked.close()
            left = deadline - time.monotonic()
            if left <= 0 or not (waiting or selector.get_map()):
                return answers
            for key, _events in selector.select(min(left, 0.05) if waiting else left):
                asked = t.cast("socket.socket", key.fileobj)
                selector.unregister(asked)
                answers[key.data] = _meaning(asked.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                asked.close()


def _resolve(host: str, port: int) -> t.Any:
    """Family and address; IPv4 first, as Gluster does unless it is told otherwise."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return (found[0][0], found[0][4])


def _connect(family: int, target: t.Any) -> tuple[socket.socket | None, int]:
    """A connection that has begun, and the errno of that; without one, of what is in the way."""
    try:
        asked = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        return None, error.errno or errno.EIO
    try:
        asked.setblocking(False)
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A reset ends the connection: TIME_WAIT would keep the next probe from the same port.
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        asked.bind(("", SOURCE_PORT))
        code = asked.connect_ex(target)
    except OSError as error:
        code = error.errno or errno.EIO
    if code in BUSY:
        asked.close()
    return asked, code


def _meaning(code: int) -> str:
    return {0: OPEN, errno.ECONNREFUSED: HELD}.get(code, SILENT)
