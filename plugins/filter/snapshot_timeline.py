# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where snapshots stand on a time line: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
name: snapshot_timeline
short_description: Where snapshots stand on a time line
version_added: 1.0.0
description:
  - Places snapshots between the oldest of them and now, in per cent, for pages that draw it.
author:
  - glusterfs.data_protection contributors (@glusterfs)
options:
  _input:
    description: C(snapshots) of M(glusterfs.data_protection.gluster_snapshot_info).
    type: list
    elements: dict
    required: true
  until:
    description: Where the line ends, ISO 8601 in UTC. No earlier than the newest snapshot.
    type: str
    required: true
seealso:
  - module: glusterfs.data_protection.gluster_snapshot_info
"""

EXAMPLES = r"""
- name: All snapshots
  glusterfs.data_protection.gluster_snapshot_info:
  register: found

- name: Where each stands
  ansible.builtin.debug:
    msg: "{{ found.snapshots | glusterfs.data_protection.snapshot_timeline(until=moment) }}"
  vars:
    moment: "{{ now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ') }}"
"""

RETURN = r"""
_value:
  description: The line.
  type: dict
  contains:
    since:
      description: Where it begins, at least an hour before its end.
      type: str
      sample: "2026-10-01T02:00:00Z"
    until:
      description: Where it ends.
      type: str
      sample: "2026-11-25T08:00:00Z"
    ticks:
      description: A few whole hours or days, each with its place C(at) and its C(label).
      type: list
      elements: dict
      sample: [{at: 12.5, label: "2026-10-08"}]
    volumes:
      description:
        - Of each C(volume) its C(snapshots) as they were given, oldest first, each with its
          place C(at).
      type: list
      elements: dict
"""

import typing as t

from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._filter import (
    check_time,
    refusing,
)
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._report import timeline_of


@refusing
def snapshot_timeline(snapshots: list[dict[str, t.Any]], until: str) -> dict[str, t.Any]:
    check_time("until", until)
    return timeline_of(snapshots, until)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"snapshot_timeline": snapshot_timeline}
