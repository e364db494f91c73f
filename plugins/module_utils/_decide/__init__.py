# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide: pure functions from wanted and observed to an ordered plan."""
