# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in for get-pip.py: pip as Python brings it, then the packages that ansible-test names."""

from __future__ import annotations

import subprocess
import sys

packages = [arg for arg in sys.argv[1:] if arg not in ("--no-setuptools", "--no-wheel")]
python = sys.executable
subprocess.check_call([python, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
sys.exit(subprocess.call([python, "-m", "pip", "install", *packages]))
