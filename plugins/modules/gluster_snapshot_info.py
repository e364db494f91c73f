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
  - Returns snapshots as a flat list, sorted by the time they were taken, and the snapshots of
    consistency groups as sets.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  name:
    description: Only the snapshot of this name; with O(consistency_group) only the set.
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
  consistency_group:
    description: Only snapshots of this consistency group, be it still there or not.
    type: str
    aliases: [cg_name]
  gather_subset:
    description:
      - V(list) - the snapshots, one command for all of them.
      - V(bricks) - also the state of their bricks, one more command for all of them.
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

- name: All snapshots of a consistency group
  glusterfs.data_protection.gluster_snapshot_info:
    consistency_group: shop
  register: of_shop

- name: The newest of them that all its volumes can be restored to
  ansible.builtin.debug:
    msg: "{{ (of_shop.snapshot_sets | selectattr('complete') | last).name }}"
  when: of_shop.snapshot_sets | selectattr('complete') | length > 0

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
  contains: &snapshot
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
    complete:
      description:
        - Whether anything can be had from it. It is V(false) while its creation is going on, and for good
          where a node lost its power in the midst of that; where it was removed while a node was away
          that brought it back; and where its logical volume on this node is not active.
        - It is what this node says, from files of glusterd and the devices that there are.
      type: bool
      sample: true
    snapshot_volume:
      description: Gluster's hidden volume that holds the data; part of its bricks' paths.
      type: str
      sample: 0c6d0d0b5ffb4a6a9c2d1ef4a2a1b9f2
    before_restore_of:
      description: The snapshot before whose restore this one was taken; null for any other.
      type: str
      sample: null
    snapshot_set:
      description: The snapshot of a consistency group that it is one of; null for any other.
      type: dict
      contains:
        name:
          description: Name of the set.
          type: str
          sample: nightly
        id:
          description: UUID of the set.
          type: str
          sample: 0b4f0a86-4c2f-4df4-8e0d-4f6d8f0b7c11
        consistency_group:
          description: Name of the group.
          type: str
          sample: shop
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
snapshot_sets:
  description: Snapshots of consistency groups, oldest first; empty when O(volume), O(uuid), or
    O(name) without O(consistency_group) chooses single ones.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the set.
      type: str
      sample: nightly
    id:
      description: UUID of the set.
      type: str
      sample: 0b4f0a86-4c2f-4df4-8e0d-4f6d8f0b7c11
    consistency_group:
      description: Name of the group.
      type: str
      sample: shop
    group_id:
      description: UUID of the group.
      type: str
      sample: 7d1f9a52-64d5-4c3e-9d0e-0a6c0b1d2f3a
    description:
      description: Its description, or an empty string.
      type: str
      sample: Before the upgrade of the shop
    complete:
      description: Whether there is a snapshot of every volume that was a member then, and each is complete.
      type: bool
      sample: true
    consistency:
      description: V(crash) where it was proved to be one point in time, else V(none).
      type: str
      sample: crash
    activated:
      description: Whether all of its snapshots are activated.
      type: bool
      sample: false
    created:
      description: When the first of its snapshots was taken, ISO 8601 in UTC.
      type: str
      sample: "2026-11-23T08:40:12Z"
    skew_seconds:
      description: Whole seconds between the first and the last of its snapshots, by Gluster's clock.
      type: int
      sample: 2
    snapshots:
      description: Its snapshots, by volume.
      type: list
      elements: dict
      contains: *snapshot
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.names import (
    check_group_name,
    check_snapshot_name,
    check_volume_name,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.notes import Tag
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.sets import (
    SnapshotSet,
    sets_of,
    sets_of_group,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    inform,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._results import (
    set_result,
    snapshot_result,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_results import (
    brick_status_result,
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


def find_sets(params: dict[str, t.Any], reader: Reader) -> list[SnapshotSet]:
    """Sets by group and name; what was noted of them is in options of the volumes."""
    group, name = params["consistency_group"], params["name"]
    check_group_name(group)
    if name is not None:
        check_group_name(name, "snapshot")
    volumes = {volume.name: volume for volume in reader.volumes()}
    snapshots = {snapshot.name: snapshot for snapshot in reader.snapshots()}
    cluster = Cluster().put("all_volumes", "", volumes).put("all_snapshots", "", snapshots)
    return [one for one in sets_of_group(group, cluster) if name in (None, one.tag.name)]


def gather(params: dict[str, t.Any], reader: Reader) -> dict[str, t.Any]:
    if params["consistency_group"] is not None:
        sets = find_sets(params, reader)
        found = [snapshot for one in sets for snapshot in one.snapshots]
    else:
        found = list(find(params, reader))
        narrowed = any(params[option] is not None for option in ("name", "uuid", "volume"))
        is_there = not narrowed and any(Tag.of(snapshot) for snapshot in found)
        sets = sets_of(found, reader.volumes()) if is_there else []
    snapshots: list[dict[str, t.Any]] = [{**(snapshot_result(one) or {})} for one in found]
    if "bricks" in params["gather_subset"]:
        with reader.together([("snapshot_bricks", one.name) for one in found]):
            for row in snapshots:
                bricks = reader.snapshot_bricks(row["name"])
                row["bricks"] = [brick_status_result(brick) for brick in bricks]
    return {"snapshots": snapshots, "snapshot_sets": [set_result(one) for one in sets]}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "aliases": ["snapshot", "snapname"]},
            "uuid": {"type": "str", "aliases": ["id"]},
            "volume": {"type": "str", "aliases": ["volname"]},
            "consistency_group": {"type": "str", "aliases": ["cg_name"]},
            "gather_subset": {
                "type": "list",
                "elements": "str",
                "choices": ["list", "bricks"],
                "default": ["list"],
            },
            **COMMON_OPTIONS,
        },
        mutually_exclusive=[("consistency_group", "volume"), ("consistency_group", "uuid")],
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module.params, reader))


if __name__ == "__main__":
    main()
