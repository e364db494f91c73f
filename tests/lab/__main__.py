# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Gluster cluster in User-Mode Linux guests; `lab --help` tells how to use it."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parent.parent)  # this folder is the package `lab`

from lab.cli import main  # type: ignore[import-not-found]  # noqa: E402

sys.exit(main())
