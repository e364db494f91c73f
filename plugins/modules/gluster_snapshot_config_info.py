#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the limits and switches are: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_snapshot_config_info
short_description: Show limits and switches of GlusterFS snapshots
version_added: 1.0.0
description:
  - Returns the snapshot settings of the cluster and of its volumes, read with one command.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  volume:
    description: Only this volume, beside the settings of the cluster.
    type: str
    aliases: [volname]
seealso:
  - module: glusterfs.data_protection.gluster_snapshot_config
"""

EXAMPLES = r"""
- name: Read the settings of the cluster and of every volume
  glusterfs.data_protection.gluster_snapshot_config_info:
  register: settings

- name: Refuse to go on while Gluster deletes snapshots by itself
  ansible.builtin.assert:
    that: not settings.config.auto_delete

- name: Read the limit of one volume
  glusterfs.data_protection.gluster_snapshot_config_info:
    volume: projects
"""

RETURN = r"""
config:
  description: The settings of the cluster.
  returned: success
  type: dict
  contains:
    volume:
      description: Always null, as in RV(volumes).
      type: str
      sample:
    snap_max_hard_limit:
      description: The hard limit, a number of snapshots.
      type: int
      sample: 256
    snap_max_soft_limit:
      description: The soft limit, per cent of the hard limit.
      type: int
      sample: 90
    auto_delete:
      description: Whether Gluster deletes past the soft limit.
      type: bool
      sample: false
    activate_on_create:
      description: Whether a new snapshot is activated.
      type: bool
      sample: false
volumes:
  description: The limits of the volumes, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    volume:
      description: Name of the volume.
      type: str
      sample: projects
    snap_max_hard_limit:
      description: The volume's own hard limit, a number of snapshots.
      type: int
      sample: 256
    effective_hard_limit:
      description: The smaller of the volume's and the cluster's hard limit.
      type: int
      sample: 256
    soft_limit_count:
      description: The soft limit as a number of snapshots.
      type: int
      sample: 230
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    inform,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_results import (
    config_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import (
        Reader,
    )


def gather(volume: str | None, reader: Reader) -> dict[str, t.Any]:
    config = reader.config()
    if volume is not None and volume not in config.volumes:
        raise Refusal(f"volume {volume} does not exist", "Check the name (gluster volume list).")
    names = sorted(config.volumes) if volume is None else [volume]
    return {
        "config": config_result(config, None),
        "volumes": [config_result(config, name) for name in names],
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={"volume": {"type": "str", "aliases": ["volname"]}, **COMMON_OPTIONS},
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module.params["volume"], reader))


if __name__ == "__main__":
    main()
