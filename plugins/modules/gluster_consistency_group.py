#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Consistency groups: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_consistency_group
short_description: Keep GlusterFS volumes in a consistency group
version_added: 1.0.0
description:
  - Declares which volumes belong together, so that M(glusterfs.data_protection.gluster_snapshot)
    takes, restores and removes their snapshots together.
  - Gluster itself has no such groups. The group is kept in the cluster, in the option
    C(user.data-protection.group) of each member volume, so that every node knows it.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
options:
  name:
    description: Name of the group. Up to 64 letters, digits, V(-) and V(_).
    type: str
    required: true
    aliases: [cg_name]
  description:
    description:
      - What the group is for, one line. Left out, it stays as it is.
    type: str
  volumes:
    description:
      - The volumes of the group. Left out, the members stay as they are, and the group is mended if
        they disagree.
      - A volume is in one group at most.
    type: list
    elements: str
  append:
    description: Add O(volumes) to the members, instead of making them the whole membership.
    type: bool
    default: false
  state:
    description:
      - V(present) - the group is there.
      - V(absent) - the group is not there. Its volumes stay, and so do its snapshots.
    type: str
    choices: [present, absent]
    default: present
  delete_snapshots:
    description:
      - With O(state=absent), remove every snapshot of the group as well. What they kept is gone.
    type: bool
    default: false
notes:
  - A restore of a single volume, or a power cut in the middle of a change, may leave members that
    disagree. RV(consistency_group.drift) shows it, and the next run mends it.
seealso:
  - module: glusterfs.data_protection.gluster_consistency_group_info
  - module: glusterfs.data_protection.gluster_snapshot
"""

EXAMPLES = r"""
- name: The database and its files belong together
  glusterfs.data_protection.gluster_consistency_group:
    name: shop
    description: Orders and the scans of their papers
    volumes: [projects, scratch]

- name: So does one more volume
  glusterfs.data_protection.gluster_consistency_group:
    name: shop
    volumes: [thick]
    append: true

- name: Give up the group, and keep its snapshots
  glusterfs.data_protection.gluster_consistency_group:
    name: shop
    state: absent
"""

RETURN = r"""
consistency_group:
  description: The group as it is now, or null where there is none.
  returned: success
  type: dict
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
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample: []
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.group import (
    WantedGroup,
    decide_group,
    find_group,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.sets import sets_of
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    ALL,
    COMMON_OPTIONS,
    converge,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._results import group_result

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster


def decide(params: dict[str, t.Any], cluster: Cluster) -> Plan:
    """The plan for the wanted state."""
    if params["state"] == "absent":
        from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot_set import (
            decide_group_absent,
        )

        return decide_group_absent(params["name"], params["delete_snapshots"], cluster)
    volumes = params["volumes"]
    wanted = WantedGroup(
        params["name"],
        None if volumes is None else tuple(volumes),
        params["description"],
        params["append"],
    )
    return decide_group(wanted, cluster)


def show(params: dict[str, t.Any], cluster: Cluster) -> dict[str, t.Any]:
    """What is returned, and compared for the diff."""
    group = find_group(params["name"], cluster)
    sets = sets_of(cluster.snapshots(), cluster.volumes())
    return {"consistency_group": group_result(group, sets)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True, "aliases": ["cg_name"]},
            "description": {"type": "str"},
            "volumes": {"type": "list", "elements": "str"},
            "append": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "delete_snapshots": {"type": "bool", "default": False},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    params = module.params
    converge(module, lambda c: decide(params, c), lambda c: show(params, c), together=ALL)


if __name__ == "__main__":
    main()
