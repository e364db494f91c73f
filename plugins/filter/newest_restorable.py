# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshot to go back to: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
name: newest_restorable
short_description: The newest snapshot that can be gone back to
version_added: 1.0.0
description:
  - Of snapshots, or of the sets of consistency groups, it returns the newest one that a restore can go
    back to.
  - It leaves out sets of which a snapshot is missing, snapshots whose creation did not end, those that
    are activated and have a brick that is offline, those of which Gluster does not say when they were
    taken, and the safety snapshots of earlier restores.
  - Whether the volume can be restored now is decided by
    M(glusterfs.data_protection.gluster_snapshot), in check mode too.
author:
  - glusterfs.data_protection contributors (@glusterfs)
options:
  _input:
    description:
      - C(snapshots) or C(snapshot_sets) of M(glusterfs.data_protection.gluster_snapshot_info), or
        C(snapshot_sets) of M(glusterfs.data_protection.gluster_consistency_group_info).
      - Bricks are only looked at where they were gathered.
    type: list
    elements: dict
    required: true
  volume:
    description: Only snapshots of this volume.
    type: str
  consistency_group:
    description: Only snapshots and sets of this consistency group.
    type: str
  before:
    description: Only what was taken before this time, ISO 8601 in UTC as the modules return it.
    type: str
  safety:
    description: Take safety snapshots too, to which a restore is taken back.
    type: bool
    default: false
  proved:
    description: Only sets that were proved to be one point in time.
    type: bool
    default: false
seealso:
  - module: glusterfs.data_protection.gluster_snapshot_info
"""

EXAMPLES = r"""
- name: All snapshots
  glusterfs.data_protection.gluster_snapshot_info:
  register: found

- name: The newest one of a volume from before the accident
  ansible.builtin.debug:
    msg: "{{ newest.name if newest else 'There is none.' }}"
  vars:
    newest: >-
      {{ found.snapshots
      | glusterfs.data_protection.newest_restorable(volume='projects', before='2026-11-25T08:00:00Z') }}

- name: The newest point in time of a group
  ansible.builtin.debug:
    msg: "{{ newest.name if newest else 'There is none.' }}"
  vars:
    newest: >-
      {{ found.snapshot_sets
      | glusterfs.data_protection.newest_restorable(consistency_group='shop', proved=true) }}
"""

RETURN = r"""
_value:
  description: The snapshot or the set as it was given, or none.
  type: dict
"""

import typing as t

from ansible_collections.glusterfs.data_protection.plugins.plugin_utils import _choose
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._filter import (
    check_time,
    refusing,
)


@refusing
def newest_restorable(
    rows: list[dict[str, t.Any]],
    volume: str | None = None,
    consistency_group: str | None = None,
    before: str | None = None,
    safety: bool = False,
    proved: bool = False,
) -> dict[str, t.Any] | None:
    if before is not None:
        check_time("before", before)
    return _choose.newest_restorable(rows, volume, consistency_group, before, safety, proved)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"newest_restorable": newest_restorable}
