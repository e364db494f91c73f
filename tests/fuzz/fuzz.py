# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fuzzer that is guided by coverage, for everything in ``tests/unit/targets.py``; see CONTRIBUTING.

    fuzz.py CORPUS [OPTION OF LIBFUZZER...]

The first byte of an input says which target it is for, the rest is its text. The recordings are what it
begins with. An input that ends in anything but an answer or a refusal is a finding: it is kept in a file,
which given in place of CORPUS is tried again.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ansible_collections.glusterfs"]):
    from ansible_collections.glusterfs.data_protection.tests.unit.targets import TARGETS, seeds


def try_out(data: bytes) -> None:
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:].decode("utf-8", "replace"))


def plant(corpus: Path) -> None:
    """The recordings, where they are not yet."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, texts in enumerate(seeds()):
        for text in texts:
            data = bytes([number]) + text.encode()
            name = hashlib.sha256(data).hexdigest()[:16]
            (corpus / name).write_bytes(data)


if __name__ == "__main__":
    if Path(sys.argv[1]).is_dir() or not Path(sys.argv[1]).exists():
        plant(Path(sys.argv[1]))
    atheris.Setup(sys.argv, try_out)
    atheris.Fuzz()
