# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program with its time and its output bounded.

AnsibleModule.run_command bounds neither, and `gluster volume info` after a failed restore of
Gluster 10.3 prints without end.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import tempfile
import time
import typing as t
from dataclasses import dataclass

CHUNK = 65536

GEOREP = "/var/lib/glusterd/geo-replication"
"""Where glusterd has the keys of gsyncd."""

KNOWN_HOSTS = f"{GEOREP}/known_hosts"
"""The host keys of destinations; gluster_georep_destination writes them."""

SSH = (
    *("ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=20"),
    f"-oGlobalKnownHostsFile=/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2 {KNOWN_HOSTS}",
)
"""Asks nobody for anything, and believes only hosts that are known: to root, to all, or to us."""

CLOSING = 5.0
"""Seconds a program may live on after it closed its output."""


@dataclass(frozen=True)
class Output:
    """What a program printed; ``rc`` is None where it was killed, or could not be run at all.

    Of one that was killed for size nobody reads what it printed, so that is not kept.
    """

    rc: int | None
    stdout: str
    stderr: str
    reason: str = ""  # "" or "time" or "size" or "run"


def execute(argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = "") -> Output:
    """Run ``argv`` in the C locale; kill it past ``seconds`` or ``max_bytes``.

    Its input is ``text``, from a file: a pipe would have to be fed while the answer is read.
    """
    if not text:
        return _execute(argv, seconds, max_bytes, subprocess.DEVNULL)
    with tempfile.TemporaryFile() as source:
        source.write(text.encode())
        source.seek(0)
        return _execute(argv, seconds, max_bytes, source)


def _execute(
    argv: t.Sequence[str], seconds: float, max_bytes: int, source: int | t.IO[bytes]
) -> Output:
    try:
        return _run(argv, seconds, max_bytes, source)
    except (OSError, ValueError) as error:
        # It is not there, or a word is too long for the kernel, or holds a NUL.
        return Output(None, "", f"{argv[0]} cannot be run: {error}", "run")


def _run(
    argv: t.Sequence[str], seconds: float, max_bytes: int, source: int | t.IO[bytes]
) -> Output:
    environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}
    # An argument list, never a shell; run_command could not be bounded.
    with subprocess.Popen(  # noqa: S603  # pylint: disable=ansible-bad-function
        list(argv),
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        try:
            texts, reason = _collect(process, time.monotonic() + seconds, max_bytes)
            if not reason:
                process.wait(timeout=CLOSING)
        except subprocess.TimeoutExpired:
            reason = "time"
        finally:
            process.kill()
    stdout, stderr = (_text_of(parts) for parts in texts)
    return Output(None if reason else process.returncode, stdout, stderr, reason)


def decoded(printed: bytes) -> str:
    """As text, in which there is no NUL: no path and no argument may have one."""
    return printed.decode("utf-8", "replace").replace("\0", "\ufffd")


def _text_of(parts: list[bytes]) -> str:
    """The parts are let go, so that an answer is not in memory twice."""
    printed = b"".join(parts)
    parts.clear()
    return decoded(printed)


def _collect(
    process: subprocess.Popen[bytes], deadline: float, max_bytes: int
) -> tuple[tuple[list[bytes], list[bytes]], str]:
    texts: tuple[list[bytes], list[bytes]] = ([], [])
    size = 0
    with selectors.DefaultSelector() as selector:
        for stream, parts in zip((process.stdout, process.stderr), texts):
            selector.register(t.cast(t.IO[bytes], stream), selectors.EVENT_READ, parts)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return texts, "time"
            for key, _mask in selector.select(left):
                chunk = os.read(key.fd, CHUNK)
                if not chunk:
                    selector.unregister(key.fileobj)
                key.data.append(chunk)
                size += len(chunk)
            if size > max_bytes:
                return ([], []), "size"
    return texts, ""
