# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read it: pure functions from what the CLI prints to the dataclasses of ``_model``."""
