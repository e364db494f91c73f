# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A volume mounted for a moment, where nobody else sees it, and only to read."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import typing as t


@contextlib.contextmanager
def mounted(host: str, volume: str, run: t.Callable[[t.Sequence[str]], str]) -> t.Iterator[str]:
    """The path of the mount; ``run`` returns what a program printed that has to succeed."""
    folder = tempfile.mkdtemp(prefix="gluster-georep-")
    mount, log = os.path.join(folder, "mount"), os.path.join(folder, "log")
    os.mkdir(mount)
    try:
        source = (f"--volfile-server={host}", f"--volfile-id=/{volume}")
        run(("glusterfs", *source, "--read-only", f"--log-file={log}", mount))
        try:
            yield mount
        finally:
            run(("umount", "-l", mount))
    finally:
        # Never through a mount that would not go.
        if not os.path.ismount(mount):
            shutil.rmtree(folder, ignore_errors=True)
