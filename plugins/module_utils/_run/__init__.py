# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the CLI: processes, the `gluster` runner and its one error class."""
