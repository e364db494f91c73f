# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make FOLDER/ansible_collections/glusterfs/data_protection a copy of the checkout.

ansible-test wants a real folder of that name, no symbolic link. What it has made there stays,
so that its next run is quick; everything else that is not in the checkout goes.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {
    ".build",
    ".collections",
    ".git",
    "ansible.cfg",
    "collections",
}  # for work in the checkout only
KEPT = "tests/output/"


def checkout_files() -> set[str]:
    """Paths of what git tracks and what it would; without git, of all there is."""
    git = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(git, check=True, capture_output=True, text=True).stdout.split("\0")
    except (FileNotFoundError, subprocess.CalledProcessError):
        listed = files_below(ROOT)
    return {
        name
        for name in listed
        if name.split("/")[0] not in LEFT_OUT
        and "__pycache__" not in name
        and not name.startswith(KEPT)
        and (ROOT / name).is_file()
    }


def files_below(top: Path) -> list[str]:
    return [
        os.path.relpath(os.path.join(folder, name), top)
        for folder, _folders, names in os.walk(top)
        for name in names
    ]


def copy(target: Path) -> None:
    wanted = checkout_files()
    for name in files_below(target):
        if name not in wanted and not name.startswith(KEPT):
            (target / name).unlink()
            with contextlib.suppress(OSError):  # not empty
                os.removedirs((target / name).parent)
    for name in wanted:
        source, copied = ROOT / name, target / name
        if not (copied.exists() and filecmp.cmp(source, copied)):
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copied)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    target = parser.parse_args().folder / "ansible_collections/glusterfs/data_protection"
    target.mkdir(parents=True, exist_ok=True)
    copy(target)
    print(target)


if __name__ == "__main__":
    main()
