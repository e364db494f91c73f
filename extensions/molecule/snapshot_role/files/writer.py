# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes numbered files into a folder, one after the other, until there is a file /run/writer.stop."""

import os
import sys
import time

number = 0
while not os.path.exists("/run/writer.stop"):
    number += 1
    with open(os.path.join(sys.argv[1], str(number)), "w") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    time.sleep(1)
