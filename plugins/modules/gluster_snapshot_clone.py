#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writable volumes made from snapshots: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_snapshot_clone
short_description: Make and remove writable volumes cloned from GlusterFS snapshots
version_added: 1.0.0
description:
  - Declares a clone, a writable volume that begins as the data of a snapshot and shares its space.
  - A snapshot that is not activated is activated for the clone and deactivated again.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
options:
  name:
    description: Name of the clone, a new volume.
    type: str
    required: true
    aliases: [clonename]
  snapshot:
    description:
      - The snapshot to clone. Required with O(state=present).
      - A clone of another snapshot under that name is refused.
    type: str
    aliases: [snapname]
  state:
    description:
      - V(present) - the clone is there.
      - V(absent) - the clone is not there. Its data is gone. A volume that is not a clone is
        refused.
    type: str
    choices: [present, absent]
    default: present
  started:
    description: With O(state=present), whether the clone is started.
    type: bool
    default: true
  stop_volume:
    description: With O(state=absent), allow that a started clone is stopped to be removed.
    type: bool
    default: false
notes:
  - Gluster keeps the logical volumes of a removed clone; the module warns where they are.
  - A clone made by this module says in its option C(user.data-protection.origin) where it is from.
seealso:
  - module: glusterfs.data_protection.gluster_snapshot
  - module: glusterfs.data_protection.gluster_snapshot_retention
  - module: glusterfs.data_protection.gluster_volume_info
"""

EXAMPLES = r"""
- name: Look into last night's data without touching the volume
  glusterfs.data_protection.gluster_snapshot_clone:
    name: projects-lastnight
    snapshot: nightly

- name: Prepare a clone that is started later
  glusterfs.data_protection.gluster_snapshot_clone:
    name: projects-lastnight
    snapshot: nightly
    started: false

- name: Remove the clone and what was written to it
  glusterfs.data_protection.gluster_snapshot_clone:
    name: projects-lastnight
    state: absent
    stop_volume: true
"""

RETURN = r"""
clone:
  description: The clone as it is now, or null where there is none.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the volume.
      type: str
      sample: projects-lastnight
    uuid:
      description: UUID of the volume; null in check mode for one that is not there yet.
      type: str
      sample: 2f8c7f0b-0a39-4f5e-8d3a-5b2c7be5a9d4
    status:
      description: V(Created), V(Started) or V(Stopped).
      type: str
      sample: Started
    origin:
      description: The snapshot it was made from, null where that is not known.
      type: dict
      contains:
        volume:
          description: The volume of the snapshot.
          type: str
          sample: projects
        snapshot:
          description: Name of the snapshot.
          type: str
          sample: nightly
        uuid:
          description: UUID of the snapshot.
          type: str
          sample: 5c4e4cf5-9de6-4b9c-8a0b-0a3ec2ab1b4f
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample:
    - gluster snapshot activate nightly
    - gluster snapshot clone projects-lastnight nightly
    - gluster snapshot deactivate nightly
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.clone import (
    decide_clone,
    decide_no_clone,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    converge,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_results import (
    clone_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True, "aliases": ["clonename"]},
            "snapshot": {"type": "str", "aliases": ["snapname"]},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "started": {"type": "bool", "default": True},
            "stop_volume": {"type": "bool", "default": False},
            **COMMON_OPTIONS,
        },
        required_if=[("state", "present", ("snapshot",))],
        supports_check_mode=True,
    )
    params = module.params

    def decide(cluster: Cluster) -> Plan:
        if params["state"] == "absent":
            return decide_no_clone(params["name"], params["stop_volume"], cluster)
        return decide_clone(params["name"], params["snapshot"], params["started"], cluster)

    converge(module, decide, lambda c: {"clone": clone_result(c.volume(params["name"]))})


if __name__ == "__main__":
    main()
