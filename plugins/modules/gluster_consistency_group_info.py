#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What consistency groups there are: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_consistency_group_info
short_description: List the consistency groups of a GlusterFS cluster
version_added: 1.0.0
description:
  - Returns consistency groups, their members, and their snapshots, sorted by name.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  name:
    description: Only the group of this name.
    type: str
    aliases: [cg_name]
  id:
    description: Only the group with this UUID.
    type: str
    aliases: [uuid]
notes:
  - Snapshots of a group that is not there any more are shown by
    M(glusterfs.data_protection.gluster_snapshot_info).
seealso:
  - module: glusterfs.data_protection.gluster_consistency_group
  - module: glusterfs.data_protection.gluster_snapshot_info
"""

EXAMPLES = r"""
- name: All groups
  glusterfs.data_protection.gluster_consistency_group_info:
  register: found

- name: Their newest snapshot that is one point in time
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ proved | map(attribute='name') | list | last | default('none') }}"
  loop: "{{ found.consistency_groups }}"
  vars:
    proved: "{{ item.snapshot_sets | selectattr('consistency', 'eq', 'crash') }}"

- name: Those whose members disagree, and in what
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.drift | join('; ') }}"
  loop: "{{ found.consistency_groups | selectattr('drift') }}"
"""

RETURN = r"""
consistency_groups:
  description: The groups that were asked for.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the group.
      type: str
      sample: shop
    id:
      description: UUID of the group, the same as long as it exists.
      type: str
      sample: 7d1f9a52-64d5-4c3e-9d0e-0a6c0b1d2f3a
    description:
      description: Its description, or an empty string.
      type: str
      sample: Orders and the scans of their papers
    volumes:
      description: The members, by name.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the volume.
          type: str
          sample: projects
        uuid:
          description: UUID of the volume; null where it does not exist any more.
          type: str
          sample: 2f8c7f0b-0a39-4f5e-8d3a-5b2c7be5a9d4
    drift:
      description: In what the members disagree; empty when all is well.
      type: list
      elements: str
      sample: []
    snapshot_sets:
      description: The snapshots of the group, oldest first.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the snapshot.
          type: str
          sample: nightly
        id:
          description: UUID of the snapshot.
          type: str
          sample: 0b4f0a86-4c2f-4df4-8e0d-4f6d8f0b7c11
        created:
          description: When its first member was taken, ISO 8601 in UTC.
          type: str
          sample: "2026-11-23T08:40:12Z"
        complete:
          description: Whether there is a snapshot of every volume.
          type: bool
          sample: true
        consistency:
          description: V(crash) where it was proved to be one point in time, else V(none).
          type: str
          sample: crash
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.group import (
    groups_of,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.names import (
    check_group_name,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.sets import sets_of
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    ALL,
    COMMON_OPTIONS,
    inform,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._results import group_result

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import (
        Reader,
    )


def gather(params: dict[str, t.Any], reader: Reader) -> dict[str, t.Any]:
    if params["name"] is not None:
        check_group_name(params["name"])
    cluster = reader.refresh(Cluster(), ALL)
    volumes = cluster.volumes()
    sets = sets_of(cluster.snapshots(), volumes)
    return {
        "consistency_groups": [
            group_result(group, sets)
            for group in groups_of(volumes)
            if params["name"] in (None, group.name) and params["id"] in (None, group.id)
        ]
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "aliases": ["cg_name"]},
            "id": {"type": "str", "aliases": ["uuid"]},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module.params, reader))


if __name__ == "__main__":
    main()
