#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is held, and what a hold would have to reach: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_volume_quiesce_info
short_description: Show which GlusterFS bricks are held, and where those of volumes are
version_added: 1.0.0
description:
  - Returns which ports of this node are held by M(glusterfs.data_protection.gluster_volume_quiesce),
    and whether this node can hold any.
  - With O(volumes) it returns their bricks on all nodes, in the form that
    M(glusterfs.data_protection.gluster_volume_quiesce) takes.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  volumes:
    description:
      - Also return the bricks of these volumes. The volumes have to be started.
      - Without it, no C(gluster) command is run.
    type: list
    elements: str
notes:
  - What is held is seen on the node that runs the module only. The bricks are the same on all.
seealso:
  - module: glusterfs.data_protection.gluster_volume_quiesce
"""

EXAMPLES = r"""
- name: What this node holds at the moment
  glusterfs.data_protection.gluster_volume_quiesce_info:
  register: node

- name: The bricks of two volumes, and with whom they share a port
  glusterfs.data_protection.gluster_volume_quiesce_info:
    volumes: [projects, scratch]
  register: members

- name: Refuse to hold volumes that nobody named
  ansible.builtin.assert:
    that: members.bricks | map(attribute='shared_with') | flatten | length == 0
"""

RETURN = r"""
node_uuid:
  description: Gluster's UUID of this node.
  returned: success
  type: str
  sample: 56718f26-e1b5-4e9b-9b6a-7e3dc93b0114
backend:
  description: V(nft) or V(iptables); null where this node cannot hold.
  returned: success
  type: str
  sample: nft
reason:
  description: Why this node cannot hold; null where it can.
  returned: success
  type: str
  sample:
held:
  description: The ports that are held now on this node.
  returned: success
  type: list
  elements: dict
  contains:
    port:
      description: The TCP port.
      type: int
      sample: 49152
    volumes:
      description: The volumes that have bricks there, as far as O(volumes) lets the module know.
      type: list
      elements: str
      sample: [projects]
    seconds_left:
      description: Seconds until the hold ends by itself.
      type: float
      sample: 21.0
bricks:
  description: The bricks of O(volumes) on all nodes, sorted by volume.
  returned: with O(volumes)
  type: list
  elements: dict
  contains:
    volume:
      description: Name of the volume.
      type: str
      sample: projects
    brick:
      description: Host and path.
      type: str
      sample: node1:/bricks/b1/brick
    host:
      description: The host.
      type: str
      sample: node1
    port:
      description: The TCP port, null where the brick is not online.
      type: int
      sample: 49152
    node_uuid:
      description: UUID of the node.
      type: str
      sample: 56718f26-e1b5-4e9b-9b6a-7e3dc93b0114
    disconnect_after:
      description:
        - Seconds of silence after which clients of this port disconnect; 0 is never.
        - The smallest of C(network.ping-timeout), C(server.tcp-user-timeout) and
          C(client.tcp-user-timeout) of the volumes on it, leaving out those that are 0.
      type: int
      sample: 42
    shared_with:
      description: Volumes that are not in O(volumes), and would be held too (brick multiplexing).
      type: list
      elements: str
      sample: []
    address_family:
      description: C(transport.address-family) of the volume, empty where it is not set.
      type: str
      sample: inet
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.quiesce import (
    check_names,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold import node
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold.firewall import (
    HoldError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    inform,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import (
        Reader,
    )


def gather(module: AnsibleModule, reader: Reader) -> dict[str, t.Any]:
    names = module.params["volumes"]
    if names is not None:
        check_names(names)
    result: dict[str, t.Any] = {"node_uuid": node.node_uuid(), "backend": None, "reason": None}
    held: dict[int, float] = {}
    try:
        firewall = node.firewall_of(module)
        held = firewall.held()
        result["backend"] = firewall.name
    except HoldError as error:
        result["reason"] = f"{error.text}. {error.advice}".strip()
    bricks = node.read_bricks(names, reader) if names else ()
    here = [brick for brick in bricks if brick.node_uuid == result["node_uuid"]]
    result["held"] = node.held_result(held, here)
    if names:
        result["bricks"] = [node.brick_result(brick) for brick in bricks]
    return result


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "volumes": {"type": "list", "elements": "str"},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module, reader))


if __name__ == "__main__":
    main()
