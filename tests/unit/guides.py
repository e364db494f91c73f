# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides tell to type, and to write into files; and typing it.

    python tests/unit/guides.py FOLDER GUIDE...

types each command of these guides, in their order, in FOLDER. There an inventory says where the hosts of
the guides are, see the scenario `guides`.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs/docsite/rst"
LAB = str(ROOT / "tests/lab/lab")


@dataclass(frozen=True)
class Block:
    """A block of code, and where it stands."""

    guide: str
    language: str
    text: str
    before: str
    """The paragraph that leads to it."""

    def __str__(self) -> str:
        return f"{self.guide}: {self.text.strip().splitlines()[0][:60]}"

    @property
    def file(self) -> str:
        """The file that it is to be written into, "" for none."""
        named = re.findall(r"``([\w.-]+\.yml)``", self.before)
        return named[-1] if named and self.language == "yaml" else ""

    @property
    def commands(self) -> list[list[str]]:
        """As words."""
        if self.language != "shell":
            return []
        return [shlex.split(line) for line in self.text.replace("\\\n", " ").splitlines()]


def blocks_of(guide: str, text: str) -> t.Iterator[Block]:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        begin = re.match(r"( *)\.\. code-block:: (\S+)$", line)
        if begin:
            inner = []
            for following in lines[number + 1 :]:
                if following.strip() and not following.startswith(begin[1] + " "):
                    break
                inner.append(following)
            width = min(len(x) - len(x.lstrip()) for x in inner if x.strip())
            before = "\n".join(lines[:number]).rstrip().rpartition("\n\n")[2]
            code = "\n".join(x[width:] for x in inner).strip() + "\n"
            yield Block(guide, begin[2], code, before)


class Walk:
    """Types what a guide says, at the machine that runs Ansible."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def guide(self, name: str) -> None:
        blocks = list(blocks_of(name, (GUIDES / f"{name}.rst").read_text(encoding="utf-8")))
        for place, block in enumerate(blocks):
            if block.file:
                (self.folder / block.file).write_text(block.text, encoding="utf-8")
            for words in block.commands:
                # In the console is typed what the next block says.
                typed = blocks[place + 1].text if words[0] == "ansible-console" else ""
                self.type(words, typed)

    def type(self, words: list[str], typed: str) -> None:
        print(f"\n$ {shlex.join(words)}", flush=True)
        started = time.monotonic()
        command = [self.as_it_is_here(word) for word in words]
        if words[0] == "mount":  # by a client
            command = [LAB, "run", "node4", "--", *command]
        done = subprocess.run(
            command,
            cwd=self.folder,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(done.stdout, f"({time.monotonic() - started:.0f} s)", flush=True)
        # ansible-console has no code for a task that failed.
        failed = re.search(r"FAILED!|UNREACHABLE!|\[ERROR\]|Traceback", done.stdout)
        if done.returncode or (typed and failed):
            sys.exit(f"the command ended with {done.returncode}")
        if words[0] == "mount":
            subprocess.run([LAB, "run", "node4", "--", "umount", words[-1]], check=True)

    def as_it_is_here(self, word: str) -> str:
        """With the real id in the name of a safety snapshot, and what is written in the folder."""
        found = re.search(r"before-restore-(\w+)-[0-9a-f]{12}", word)
        if found:
            listed = subprocess.run(
                [LAB, "run", "node1", "--", "gluster", "snapshot", "list"],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            there = re.search(rf"before-restore-{found[1]}-[0-9a-f]{{12}}", listed)
            word = word.replace(found[0], there[0] if there else "no safety snapshot")
        return word.replace("/srv/www", str(self.folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("guide", nargs="+")
    options = parser.parse_args()
    for guide in options.guide:
        Walk(options.folder).guide(guide)


if __name__ == "__main__":
    main()
