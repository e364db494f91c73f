# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of a large cluster: what a small one was recorded to say, said again for each object."""

from __future__ import annotations

import re

from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    RECORDED,
    Recording,
)

VERSION = "10.3"
"""Of the Gluster whose answers are multiplied."""

SNAPSHOT = "retention-again"
SESSION = "georep-info"
STATUS = "volumes"
"""Names of recordings, of a cluster with the volume ``projects``."""

PROJECTS = re.compile("(<name>|<volName>)projects<")
UUID = re.compile(r"\b[0-9a-f]{8}(?=-[0-9a-f]{4}-)|\b[0-9a-f]{8}(?=[0-9a-f]{24}\b)")
"""The first digits of a UUID, with and without hyphens."""


def snapshots(volumes: int, each: int) -> str:
    """``snapshot info`` of that many volumes with that many snapshots each."""
    answer = _recorded(SNAPSHOT, "snapshot", "info")
    before, one, after = _parted(answer, "snapshot")
    name = re.search("<name>(.*?)</name>", one)
    assert name
    rows = [
        UUID.sub(f"{volume * each + number:08x}", one)
        .replace(name.group(), f"<name>nightly-{number:03}-{volume:03}</name>")
        .replace("<name>projects<", f"<name>volume-{volume:03}<")
        for volume in range(volumes)
        for number in range(each)
    ]
    return f"{before}{''.join(rows)}{after}"


def sessions(count: int) -> str:
    """``volume geo-replication status`` of that many volumes with a session each."""
    return _volumes(_recorded(SESSION, "volume", "geo-replication", "status"), count)


def volumes(count: int) -> str:
    """``volume info`` of the volumes of :func:`sessions`."""
    return _volumes(_recorded(SESSION, "volume", "info"), count)


def statuses(count: int) -> str:
    """``volume status all`` of as many volumes, whose bricks have other names."""
    return _volumes(_recorded(STATUS, "volume", "status", "all"), count)


def _volumes(answer: str, count: int) -> str:
    before, one, after = _parted(answer, "volume")
    rows = [PROJECTS.sub(rf"\g<1>volume-{number:03}<", one) for number in range(count)]
    return f"{before}{''.join(rows)}{after}"


def _recorded(name: str, *words: str) -> str:
    answer = Recording(RECORDED / VERSION / f"{name}.json").answers(*words)[0]
    assert "projects" in answer
    return answer


def _parted(answer: str, tag: str) -> tuple[str, str, str]:
    """What stands before the first element of that name, the element, and what follows the last."""
    found = re.search(rf"(?s)(.*?)([ ]*<{tag}>.*?</{tag}>\n)(?:.*</{tag}>\n)?(.*)", answer)
    assert found
    return found.group(1), found.group(2), found.group(3)
