#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshots there are: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_snapshot_info
short_description: List the snapshots of a GlusterFS cluster
version_added: 1.0.0
description:
  - Returns snapshots as a flat list, sorted by the time they were taken.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  name:
    description: Only the snapshot of this name.
    type: str
    aliases: [snapshot, snapname]
  uuid:
    description: Only the snapshot with this UUID.
    type: str
    aliases: [id]
  volume:
    description: Only snapshots of this volume.
    type: str
    aliases: [volname]
  gather_subset:
    description:
      - V(list) - the snapshots, one command for all of them.
      - V(bricks) - also the state of their bricks, one more command a snapshot.
    type: list
    elements: str
    choices: [list, bricks]
    default: [list]
seealso:
  - module: glusterfs.data_protection.gluster_snapshot
"""

EXAMPLES = r"""
- name: All snapshots of a volume
  glusterfs.data_protection.gluster_snapshot_info:
    volume: projects
  register: found

- name: The name of the newest one
  ansible.builtin.debug:
    msg: "{{ (found.snapshots | last).name }}"
  when: found.snapshots | length > 0

- name: One snapshot, and whether its bricks run
  glusterfs.data_protection.gluster_snapshot_info:
    name: nightly
    gather_subset: [bricks]
"""

RETURN = r"""
snapshots:
  description: The snapshots that were asked for, oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the snapshot.
      type: str
      sample: nightly
    uuid:
      description: UUID of the snapshot.
      type: str
      sample: 5c4e4cf5-9de6-4b9c-8a0b-0a3ec2ab1b4f
    volume:
      description: The volume it is a snapshot of.
      type: str
      sample: projects
    description:
      description: Its description, or an empty string.
      type: str
      sample: Before the upgrade of the wiki
    created:
      description: When it was taken, ISO 8601 in UTC.
      type: str
      sample: "2026-11-23T08:40:12Z"
    activated:
      description: Whether it is activated.
      type: bool
      sample: false
    snapshot_volume:
      description: Gluster's hidden volume that holds the data; part of its bricks' paths.
      type: str
      sample: 0c6d0d0b5ffb4a6a9c2d1ef4a2a1b9f2
    bricks:
      description: The bricks of the snapshot.
      returned: when O(gather_subset) has V(bricks)
      type: list
      elements: dict
      contains:
        brick:
          description: Host and path; null for a brick of a node that is down.
          type: str
          sample: node1:/run/gluster/snaps/0c6d0d0b5ffb4a6a9c2d1ef4a2a1b9f2/brick1/brick
        online:
          description: Whether it runs.
          type: bool
          sample: true
        pid:
          description: Its process, null where it does not run.
          type: int
          sample: 2117
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.names import (
    check_snapshot_name,
    check_volume_name,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    inform,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._results import (
    brick_status_result,
    snapshot_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Snapshot
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import (
        Reader,
    )


def find(params: dict[str, t.Any], reader: Reader) -> tuple[Snapshot, ...]:
    """One command, for the narrowest question that answers."""
    if params["name"] is not None:
        check_snapshot_name(params["name"])
        snapshot = reader.snapshot(params["name"])
        found: tuple[Snapshot, ...] = (snapshot,) if snapshot else ()
    else:
        if params["volume"] is not None:
            check_volume_name(params["volume"])
        found = reader.snapshots(params["volume"] or "")
    return tuple(
        snapshot
        for snapshot in found
        if params["uuid"] in (None, snapshot.uuid) and params["volume"] in (None, snapshot.volume)
    )


def gather(params: dict[str, t.Any], reader: Reader) -> dict[str, t.Any]:
    snapshots = []
    for snapshot in find(params, reader):
        row: dict[str, t.Any] = {**(snapshot_result(snapshot) or {})}
        if "bricks" in params["gather_subset"]:
            bricks = reader.snapshot_bricks(snapshot.name)
            row["bricks"] = [brick_status_result(brick) for brick in bricks]
        snapshots.append(row)
    return {"snapshots": snapshots}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "aliases": ["snapshot", "snapname"]},
            "uuid": {"type": "str", "aliases": ["id"]},
            "volume": {"type": "str", "aliases": ["volname"]},
            "gather_subset": {
                "type": "list",
                "elements": "str",
                "choices": ["list", "bricks"],
                "default": ["list"],
            },
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module.params, reader))


if __name__ == "__main__":
    main()
