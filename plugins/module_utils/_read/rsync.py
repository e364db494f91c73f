# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does rsync of a destination write what gsyncd has it write?

Into the working directory of a process, that is, on a mount that is hidden already. rsync 3.5.0 goes by the
name of that directory, which is "/" then, finds no such file there, and because of --existing writes none.
It reports success, the session is Active, its checkpoint complete, and every file of the mirror empty.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .._run.process import Output

TRIAL = (
    "sh",
    "-c",
    r"""
set -e
there=$(mktemp -d); here=$(mktemp -d)
trap 'set +e; kill $! 2>/dev/null; umount -l "$there" 2>/dev/null; rm -rf "$there" "$here"' EXIT
mount -t tmpfs none "$there"
echo old > "$there/file"
echo newer > "$here/file"
cd "$there"
sleep 60 > /dev/null 2>&1 &
cd "$here"
umount -l "$there"
printf 'file\0' | rsync -aR0 --inplace --existing --files-from=- . "/proc/$!/cwd" > /dev/null
cat "/proc/$!/cwd/file"
""",
)
"""The same with a mount of its own, by root; nothing is left of it."""

UNHIDDEN = (
    *(("secondary_access_mount", "true"), ("slave_access_mount", "true")),
    ("sync_method", "tarssh"),
)
"""Settings of a session with which that does not matter."""


def drops_data(output: Output) -> bool:
    return output.rc == 0 and output.stdout.strip() == "old"


def shows_its_mount(config: t.Mapping[str, str]) -> bool:
    return any(config.get(key) == value for key, value in UNHIDDEN)


def told(host: str) -> str:
    return (
        f"rsync of {host} writes none of what gsyncd sends it, and reports success: give the session "
        "the config secondary_access_mount: true, or sync_method: tarssh"
    )
