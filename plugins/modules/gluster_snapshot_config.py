#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits and switches of snapshots: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_snapshot_config
short_description: Limits and switches of GlusterFS snapshots
version_added: 1.0.0
description:
  - Declares how many snapshots the volumes of a cluster, or one volume, may have, and what Gluster
    does by itself when one is taken.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
options:
  volume:
    description:
      - The volume whose limit is set. Without it the settings are those of the cluster.
      - A volume has only O(snap_max_hard_limit).
    type: str
    aliases: [volname]
  snap_max_hard_limit:
    description:
      - Number of snapshots past which Gluster refuses to take another one, 1 to 256. For a volume
        not more than for the cluster.
    type: int
  snap_max_soft_limit:
    description:
      - Per cent of the hard limit past which Gluster warns, or with O(auto_delete) deletes.
    type: int
  auto_delete:
    description:
      - Past the soft limit Gluster deletes the oldest snapshot of a volume when one is taken. It
        asks nobody, and a restore is refused where this would happen.
    type: bool
  activate_on_create:
    description: A new snapshot is activated.
    type: bool
seealso:
  - module: glusterfs.data_protection.gluster_snapshot_config_info
  - module: glusterfs.data_protection.gluster_snapshot
"""

EXAMPLES = r"""
- name: Keep at most 100 snapshots of any volume, and never delete one unasked
  glusterfs.data_protection.gluster_snapshot_config:
    snap_max_hard_limit: 100
    snap_max_soft_limit: 80
    auto_delete: false

- name: Activate snapshots as they are taken
  glusterfs.data_protection.gluster_snapshot_config:
    activate_on_create: true

- name: Keep at most 20 snapshots of one volume
  glusterfs.data_protection.gluster_snapshot_config:
    volume: projects
    snap_max_hard_limit: 20
"""

RETURN = r"""
config:
  description: The settings as they are now.
  returned: success
  type: dict
  contains:
    volume:
      description: The volume, or null for the settings of the cluster.
      type: str
      sample: projects
    snap_max_hard_limit:
      description: The hard limit, a number of snapshots.
      type: int
      sample: 20
    snap_max_soft_limit:
      description: The soft limit, per cent of the hard limit.
      type: int
      returned: without O(volume)
      sample: 90
    auto_delete:
      description: Whether Gluster deletes past the soft limit.
      type: bool
      returned: without O(volume)
      sample: false
    activate_on_create:
      description: Whether a new snapshot is activated.
      type: bool
      returned: without O(volume)
      sample: false
    effective_hard_limit:
      description: The smaller of the volume's and the cluster's hard limit.
      type: int
      returned: with O(volume)
      sample: 20
    soft_limit_count:
      description: The soft limit as a number of snapshots.
      type: int
      returned: with O(volume)
      sample: 18
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample:
    - gluster snapshot config projects snap-max-hard-limit 20
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.config import (
    decide_config,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    converge,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_results import (
    config_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "volume": {"type": "str", "aliases": ["volname"]},
            "snap_max_hard_limit": {"type": "int"},
            "snap_max_soft_limit": {"type": "int"},
            "auto_delete": {"type": "bool"},
            "activate_on_create": {"type": "bool"},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    params = module.params

    def decide(cluster: Cluster) -> Plan:
        return decide_config(
            params["volume"],
            params["snap_max_hard_limit"],
            params["snap_max_soft_limit"],
            params["auto_delete"],
            params["activate_on_create"],
            cluster,
        )

    converge(module, decide, lambda c: {"config": config_result(c.config(), params["volume"])})


if __name__ == "__main__":
    main()
