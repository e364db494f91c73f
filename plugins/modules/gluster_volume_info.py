#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What volumes there are, and whether they can be snapshotted: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_volume_info
short_description: List the volumes of a GlusterFS cluster and whether they can be snapshotted
version_added: 1.0.0
description:
  - Returns volumes as a flat list, sorted by name. It marks clones and says what they were made
    from.
  - With V(snapshottable) it says for each volume whether a snapshot can be taken now, and if not
    why.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  name:
    description: Only the volume of this name.
    type: str
    aliases: [volume, volname]
  uuid:
    description: Only the volume with this UUID.
    type: str
    aliases: [id]
  include_snapshots:
    description:
      - Also list the hidden volumes that are snapshots.
    type: bool
    default: false
  gather_subset:
    description:
      - V(list) - the volumes, one command for all of them.
      - V(bricks) - also which bricks are online, one command more.
      - V(snapshottable) - also whether a snapshot can be taken, one command more, 2 where volumes replicate.
      - V(thin_pools) - also how full the thin pools are under the bricks of this node.
      - V(leftovers) - also the logical volumes that restores and removed clones left on this node.
    type: list
    elements: str
    choices: [list, bricks, snapshottable, thin_pools, leftovers]
    default: [list]
notes:
  - Thin pools and left-over logical volumes are seen on the node that runs the module only. To see all
    of them, run it on every server.
seealso:
  - module: glusterfs.data_protection.gluster_snapshot_info
  - module: glusterfs.data_protection.gluster_snapshot_clone
"""

EXAMPLES = r"""
- name: All volumes, without snapshots
  glusterfs.data_protection.gluster_volume_info:
  register: cluster

- name: Which of them cannot be snapshotted, and why
  glusterfs.data_protection.gluster_volume_info:
    gather_subset: [snapshottable]
  register: checked

- name: Show the reasons
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.obstacles | join('; ') }}"
  loop: "{{ checked.volumes | rejectattr('snapshottable') }}"

- name: How full the thin pools are under one volume
  glusterfs.data_protection.gluster_volume_info:
    name: projects
    gather_subset: [thin_pools]
"""

RETURN = r"""
volumes:
  description: The volumes that were asked for.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the volume.
      type: str
      sample: projects
    uuid:
      description: UUID of the volume.
      type: str
      sample: 2f8c7f0b-0a39-4f5e-8d3a-5b2c7be5a9d4
    status:
      description: V(Created), V(Started) or V(Stopped).
      type: str
      sample: Started
    type:
      description: Type of the volume; empty for a snapshot.
      type: str
      sample: Replicate
    bricks:
      description: Host and path of each brick, in Gluster's order; empty for a snapshot.
      type: list
      elements: str
      sample: ["node1:/bricks/b1/brick", "node2:/bricks/b1/brick", "node3:/bricks/b1/brick"]
    options:
      description: The options that were set.
      type: dict
      sample: {"storage.fips-mode-rchecksum": "on"}
    snapshot_count:
      description: Number of its snapshots.
      type: int
      sample: 2
    is_snapshot:
      description: Whether it is the hidden volume of a snapshot.
      type: bool
      sample: false
    is_clone:
      description: Whether it is a clone of a snapshot.
      type: bool
      sample: false
    origin:
      description: What a snapshot or a clone was made from; null for others and where not known.
      type: dict
      contains:
        volume:
          description: The volume.
          type: str
          sample: projects
        snapshot:
          description: The snapshot.
          type: str
          sample: nightly
        uuid:
          description: UUID of the snapshot.
          type: str
          sample: 5c4e4cf5-9de6-4b9c-8a0b-0a3ec2ab1b4f
    consistency_group:
      description: The consistency group that the volume says it is in; null where it says none.
      type: dict
      contains:
        name:
          description: Name of the group.
          type: str
          sample: shop
        id:
          description: UUID of the group.
          type: str
          sample: 7d1f9a52-64d5-4c3e-9d0e-0a6c0b1d2f3a
    brick_status:
      description: Whether the bricks are online; empty where the volume is not started.
      returned: when O(gather_subset) has V(bricks)
      type: list
      elements: dict
      contains:
        brick:
          description: Host and path.
          type: str
          sample: node1:/bricks/b1/brick
        online:
          description: Whether it runs.
          type: bool
          sample: true
        pid:
          description: Its process, null where it does not run.
          type: int
          sample: 1034
    snapshottable:
      description: Whether a snapshot can be taken now, as far as this node can see.
      returned: when O(gather_subset) has V(snapshottable)
      type: bool
      sample: true
    obstacles:
      description: Why no snapshot can be taken.
      returned: when O(gather_subset) has V(snapshottable)
      type: list
      elements: str
      sample: []
    thin_pools:
      description: The thin pool under each brick of this node.
      returned: when O(gather_subset) has V(thin_pools)
      type: list
      elements: dict
      contains:
        brick:
          description: Host and path of the brick.
          type: str
          sample: node1:/bricks/b1/brick
        pool:
          description: Volume group and name of the pool; null where the brick is not thin.
          type: str
          sample: vg_bricks/pool
        data_percent:
          description: How full the pool's data is, in per cent; null where the brick is in no thin pool.
          type: float
          sample: 4.53
        metadata_percent:
          description: How full the pool's metadata is, in per cent; null where the brick is in no thin pool.
          type: float
          sample: 11.04
leftovers:
  description:
    - Logical volumes of this node that have the name of a snapshot's, and that no volume, no snapshot and
      nobody else uses. The names that you gave are not Gluster's, so the brick that a volume had before its
      first restore is not among them.
  returned: when O(gather_subset) has V(leftovers)
  type: list
  elements: dict
  contains:
    name:
      description: Volume group and name.
      type: str
      sample: vg_bricks/0c6d0d0b5ffb4a6a9c2d1ef4a2a1b9f2_0
    device:
      description: Its device.
      type: str
      sample: /dev/mapper/vg_bricks-0c6d0d0b5ffb4a6a9c2d1ef4a2a1b9f2_0
    size_bytes:
      description: Its size; it takes up to RV(leftovers[].data_percent) of that from the thin pool.
      type: int
      sample: 1073741824
    data_percent:
      description: How much of it is in use, in per cent; null where it is not active.
      type: float
      sample: 6.32
    mounts:
      description: Where glusterd left it mounted.
      type: list
      elements: str
      sample: []
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.names import (
    check_volume_name,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.snapshot import (
    CreateSnapshot,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.volume import (
    was_primary,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    inform,
    settle,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_results import (
    brick_status_result,
    leftover_result,
    snapshot_volume_result,
    thin_pool_result,
    volume_info_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import (
        Reader,
    )
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
        Volume,
    )


ASKED = {"snapshottable": ("peers", "config"), "thin_pools": ("peers",)}
"""What else is sure to be asked for these."""


def find(params: dict[str, t.Any], reader: Reader) -> tuple[Cluster, tuple[Volume, ...]]:
    """The volumes that are asked for, and all that has been read for it."""
    name = params["name"]
    if name is not None:
        check_volume_name(name)
    more = {kind for subset in params["gather_subset"] for kind in ASKED.get(subset, ())}
    of = ("all_volumes", "") if name is None else ("volume", name)
    cluster = reader.refresh(Cluster(), [of, *((kind, "") for kind in sorted(more))])
    found = cluster.volumes() if name is None else filter(None, [cluster.volume(name)])
    return cluster, tuple(volume for volume in found if params["uuid"] in (None, volume.uuid))


def obstacles_to(volume: str) -> t.Callable[[Cluster], list[str]]:
    """What would keep a snapshot of the volume from being taken."""
    return lambda cluster: list(CreateSnapshot("asked", volume).obstacles(cluster))


def read(
    cluster: Cluster, volumes: t.Sequence[Volume], subset: t.Collection[str], reader: Reader
) -> Cluster:
    """With what can be read at once for all of them."""
    if {"bricks", "snapshottable"} & set(subset):
        statuses = reader.statuses(volumes)
        for volume in volumes:
            cluster = cluster.put("status", volume.name, statuses.get(volume.name))
    if "snapshottable" in subset and sum(map(was_primary, volumes)) > 1:  # at once, for all
        sessions = reader.georep.sessions()
        for volume in volumes:
            own = tuple(session for session in sessions if session.volume == volume.name)
            cluster = cluster.put("sessions", volume.name, own)
    return cluster


def gather(params: dict[str, t.Any], reader: Reader) -> dict[str, t.Any]:
    subset = params["gather_subset"]
    cluster, volumes = find(params, reader)
    rows = [volume_info_result(volume) for volume in volumes]
    cluster = read(cluster, volumes, subset, reader)
    for volume, row in zip(volumes, rows):
        if "bricks" in subset:
            bricks = cluster.status(volume.name).bricks_of(volume) if volume.started else ()
            row["brick_status"] = [brick_status_result(brick) for brick in bricks]
        if "snapshottable" in subset:
            cluster, row["obstacles"] = settle(reader, cluster, obstacles_to(volume.name))
            row["snapshottable"] = not row["obstacles"]
        if "thin_pools" in subset:
            row["thin_pools"] = thin_pool_result(reader.node.thin_pools(volume, cluster.peers()))
    if params["include_snapshots"]:
        rows += [
            row
            for row in map(snapshot_volume_result, reader.snapshots())
            if params["name"] in (None, row["name"]) and params["uuid"] in (None, row["uuid"])
        ]
    told: dict[str, t.Any] = {"volumes": rows}
    if "leftovers" in subset:
        told["leftovers"] = [leftover_result(one) for one in reader.node.leftovers()]
    return told


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "aliases": ["volume", "volname"]},
            "uuid": {"type": "str", "aliases": ["id"]},
            "include_snapshots": {"type": "bool", "default": False},
            "gather_subset": {
                "type": "list",
                "elements": "str",
                "choices": ["list", "bricks", "snapshottable", "thin_pools", "leftovers"],
                "default": ["list"],
            },
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module.params, reader))


if __name__ == "__main__":
    main()
