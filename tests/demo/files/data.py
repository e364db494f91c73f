# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""data.py write|damage|show FOLDER [VOLUME]: the files of the tour, through a mount of Gluster.

Mounts VOLUME (projects) of node1 on FOLDER where nothing is mounted, and prints what is there.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

COUNT = 30
SIZE = 20_000


def write(folder: Path) -> None:
    for number in range(COUNT):
        file = folder / f"{number % 6}" / f"report-{number:02}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(os.urandom(SIZE))


def damage(folder: Path) -> None:
    """Of six folders one is deleted, two are overwritten, and somebody leaves a note."""
    for file in folder.glob("0/*"):
        file.unlink()
    for file in [*folder.glob("1/*"), *folder.glob("2/*")]:
        file.write_bytes(os.urandom(SIZE))
    (folder / "PAY-TO-GET-YOUR-FILES-BACK.txt").write_text("You have three days.\n")


def show(folder: Path) -> str:
    """One line that changes with every name and every byte."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder)} {hashlib.sha256(content).hexdigest()}\n".encode())
    return f"{len(files)} files, sha256 of all: {total.hexdigest()[:16]}"


def main() -> None:
    verb, folder, volume = sys.argv[1], Path(sys.argv[2]), "".join(sys.argv[3:]) or "/projects"
    folder.mkdir(exist_ok=True)
    if not folder.is_mount():
        subprocess.run(["mount", "-t", "glusterfs", f"node1:{volume}", str(folder)], check=True)
    if verb != "show":
        {"write": write, "damage": damage}[verb](folder)
        os.sync()
    print(show(folder))


if __name__ == "__main__":
    main()
