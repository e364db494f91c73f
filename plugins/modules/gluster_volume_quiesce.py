#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make volumes stand still for some seconds: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_volume_quiesce
short_description: Let GlusterFS volumes stand still for some seconds
version_added: 1.0.0
description:
  - Holds what clients send to the bricks of volumes on this node. Reads and writes wait, none fails,
    and they go on about a second after the hold. So snapshots of several volumes can be of one
    moment.
  - The node's firewall turns the packets away. The kernel ends the hold by itself after
    O(hold_seconds), whatever becomes of this module and of the node that runs Ansible.
  - Run it on every node that has bricks of the volumes. Each holds its own bricks only.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
options:
  state:
    description:
      - V(held) - the bricks on this node are held. What is held already stays as it is, and no
        longer than it would have. Run the module again after the end to hold anew.
      - V(released) - nothing is held on this node, of any volume, and the rules are gone.
    type: str
    choices: [held, released]
    default: held
  volumes:
    description:
      - The volumes whose bricks are held. They have to be started, and their bricks on this node
        online.
      - This or O(bricks) is needed for O(state=held). They exclude each other.
    type: list
    elements: str
  bricks:
    description:
      - The bricks of the volumes, as M(glusterfs.data_protection.gluster_volume_quiesce_info)
        returns them, instead of O(volumes). Then no C(gluster) command is run here, and the hold begins
        sooner.
      - All bricks may be given on every node. Those of other nodes are left alone.
    type: list
    elements: dict
    suboptions:
      volume:
        description: Name of the volume.
        type: str
        required: true
      brick:
        description: Host and path.
        type: str
        required: true
      host:
        description: The host.
        type: str
        required: true
      port:
        description: The TCP port.
        type: int
      node_uuid:
        description: UUID of the node.
        type: str
        required: true
      disconnect_after:
        description: Seconds of silence after which clients of the port disconnect; 0 is never.
        type: int
        default: 42
      shared_with:
        description: Other volumes on the port.
        type: list
        elements: str
        default: []
      address_family:
        description: C(transport.address-family) of the volume.
        type: str
        default: ''
  hold_seconds:
    description:
      - Seconds after which the hold ends by itself. Clients disconnect after the smallest of
        C(network.ping-timeout), C(server.tcp-user-timeout) and C(client.tcp-user-timeout) of the
        volumes, where 0 is never. It must be less than that, less 10 (with the defaults of 42, 42
        and 0 less than 32).
    type: int
    default: 30
  release_with:
    description:
      - The host of a brick. The module holds, stays, and releases as soon as a brick of this host was
        seen held and then answers again; at the latest when the hold has ended.
      - Where this host is the node itself the module returns at once, and holds on.
    type: str
attributes:
  idempotent:
    support: partial
    details:
      - With O(release_with) nothing is held when the module returns, so that it holds again when run
        again.
requirements:
  - C(nft) with C(inet) tables in the kernel, or C(iptables) and C(ipset)
notes:
  - Unlike the other modules it acts on the node that runs it, not on the cluster.
  - A port that several volumes share (brick multiplexing) is held for all of them. The module warns
    and returns their names.
  - Everything of this module stands in the nftables table C(gluster_hold), or in the chain
    C(GLUSTER_HOLD) and the ipset C(gluster_hold). Rules of other programs are left as they are.
    Whoever flushes all rules ends the hold.
  - A mount that is begun during the hold waits for its end. Of a replicated volume it fails after
    10 seconds, when Gluster's client gives up waiting for the bricks.
  - What a program on this node reads from a brick's directory, and not through a mount, is not held.
seealso:
  - module: glusterfs.data_protection.gluster_volume_quiesce_info
  - module: glusterfs.data_protection.gluster_snapshot
"""

EXAMPLES = r"""
- name: Let two volumes stand still for 20 seconds at most
  glusterfs.data_protection.gluster_volume_quiesce:
    volumes: [projects, scratch]
    hold_seconds: 20

- name: Hold the bricks that gluster_volume_quiesce_info has returned
  glusterfs.data_protection.gluster_volume_quiesce:
    bricks:
      - volume: projects
        brick: node9:/bricks/b1/brick
        host: node9
        port: 49152
        node_uuid: 0f8f5f0e-5b5f-4d4b-8b1e-0d9c4a3a2f10

- name: Go on at once
  glusterfs.data_protection.gluster_volume_quiesce:
    state: released
"""

RETURN = r"""
held:
  description: The ports that are held on this node when the module returns.
  returned: success
  type: list
  elements: dict
  contains:
    port:
      description: The TCP port.
      type: int
      sample: 49152
    volumes:
      description: The volumes that are known to have bricks there.
      type: list
      elements: str
      sample: [projects]
    seconds_left:
      description: Seconds until the hold ends by itself.
      type: float
      sample: 29.0
held_seconds:
  description: How long the hold was, from its first command to its last; null where it goes on.
  returned: success
  type: float
  sample: 7.31
unbroken:
  description:
    - Whether all ports were held from begin to end - the rules and the ports with their time were
      still the same at the release. Where the hold goes on, whether all are held now.
    - Null where nothing was to be held, or in check mode.
  returned: success
  type: bool
  sample: true
shared_with:
  description: Volumes that nobody named, held too since they share a port.
  returned: success
  type: list
  elements: str
  sample: []
backend:
  description: V(nft) or V(iptables).
  returned: success
  type: str
  sample: nft
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample:
    - nft 'add element inet gluster_hold ports { 49152 timeout 30s }'
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold.node import (
    converge_hold,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
)

BRICK: dict[str, dict[str, t.Any]] = {
    "volume": {"type": "str", "required": True},
    "brick": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "port": {"type": "int"},
    "node_uuid": {"type": "str", "required": True},
    "disconnect_after": {"type": "int", "default": 42},
    "shared_with": {"type": "list", "elements": "str", "default": []},
    "address_family": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
            "volumes": {"type": "list", "elements": "str"},
            "bricks": {"type": "list", "elements": "dict", "options": BRICK},
            "hold_seconds": {"type": "int", "default": 30},
            "release_with": {"type": "str"},
            **COMMON_OPTIONS,
        },
        mutually_exclusive=[("volumes", "bricks")],
        required_if=[("state", "held", ("volumes", "bricks"), True)],
        supports_check_mode=True,
    )
    converge_hold(module)


if __name__ == "__main__":
    main()
