# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where pytest-ansible is installed, it says where collections are, and not before it is configured."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Only then may something of the collection be imported, as the fixtures do."""
    config.pluginmanager.import_plugin(
        "ansible_collections.glusterfs.data_protection.tests.unit.fixtures"
    )
