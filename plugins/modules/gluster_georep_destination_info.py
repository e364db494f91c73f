#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Destinations of geo-replication, and whether they would work: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_georep_destination_info
short_description: Show and test the destinations of GlusterFS geo-replication
version_added: 1.0.0
description:
  - Returns the destinations that this node has a record of, and those of the geo-replication sessions
    of the cluster.
  - With O(test) each is tried, and what stands against a session is returned, as codes and as text.
    Nothing is changed at either end.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  destination_host:
    description:
      - Only destinations with this host. One that nobody has a record of is returned too, so that it
        can be tested before it is set up.
    type: str
    aliases: [secondary_host, slavehost]
  destination_user:
    description: Only destinations with this user. With O(destination_host), V(root) by default.
    type: str
  ssh_port:
    description: Only destinations with this port. With O(destination_host), V(22) by default.
    type: int
  id:
    description: Only the destination with this UUID.
    type: str
    aliases: [uuid]
  test:
    description: Try the destinations.
    type: bool
    default: false
  volume:
    description:
      - With O(test), the volume of this cluster that is to be replicated. Its size is compared.
    type: str
    aliases: [primary_volume, mastervol]
  destination_volume:
    description: With O(test), the volume that is to receive. It is looked into.
    type: str
    aliases: [secondary_volume, slavevol]
notes:
  - For O(destination_volume) the volumes are mounted for a moment on this node, read-only.
seealso:
  - module: glusterfs.data_protection.gluster_georep_destination
"""

EXAMPLES = r"""
- name: List all destinations
  glusterfs.data_protection.gluster_georep_destination_info:
  register: found

- name: Test one
  glusterfs.data_protection.gluster_georep_destination_info:
    destination_host: backup1.example.com
    test: true
  register: tested

- name: Stop here if a session would not work
  ansible.builtin.assert:
    that: tested.destinations[0].valid
    fail_msg: "{{ tested.destinations[0].reasons | map(attribute='text') | join('; ') }}"

- name: Test whether a volume can be replicated there
  glusterfs.data_protection.gluster_georep_destination_info:
    destination_host: backup1.example.com
    destination_volume: projects
    volume: projects
    test: true
"""

RETURN = r"""
destinations:
  description: The destinations, sorted by host, user and port.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: UUID made from user, host and port, so that it is the same wherever it is asked for.
      type: str
      sample: 3e4a5b2c-8ad0-5a59-8a77-0d1f8d1f0a55
    source_host:
      description: The node that was asked, which logs in there.
      type: str
      sample: node1
    destination_host:
      description: Name or address of the destination.
      type: str
      sample: backup1.example.com
    destination_user:
      description: The account that sessions log in to.
      type: str
      sample: root
    ssh_port:
      description: TCP port of C(sshd) there.
      type: int
      sample: 22
    host_keys:
      description: Fingerprints by which this node knows the host; empty where it has no record of it.
      type: list
      elements: str
      sample: ["SHA256:x+NEvqjuE2fr4jNgvyvoUfC8CrrJsLXHAqn+PKBSpBs"]
    sessions:
      description: The geo-replication sessions that use it.
      type: list
      elements: dict
      contains:
        volume:
          description: Volume of this cluster.
          type: str
          sample: projects
        destination_volume:
          description: Volume of the destination.
          type: str
          sample: projects
    source_key:
      description:
        - The public key by which root of this node logs in there, as the line of C(authorized_keys) that
          M(glusterfs.data_protection.gluster_georep_destination) installs; null where root has no key.
      type: str
      sample: ssh-ed25519 AAAA... glusterfs.data_protection:c1b59803-c59c-4e29-b65b-4487d1fbf744 root@node1
    valid:
      description: Whether nothing stands against a session.
      returned: with O(test)
      type: bool
      sample: false
    reasons:
      description: What stands against it. Behind a login that fails nothing more can be seen.
      returned: with O(test)
      type: list
      elements: dict
      contains:
        code:
          description:
            - V(unreachable), V(host_key_unknown), V(host_key_changed), V(authentication_refused),
              V(gluster_missing), V(version_mismatch), V(sftp_missing), V(gsyncd_broken),
              V(rsync_drops_data), V(mountbroker_incomplete), V(clock_skew) (more than 10 seconds), and with
              O(destination_volume) V(volume_missing), V(volume_stopped), V(volume_unreadable),
              V(volume_not_empty), V(volume_too_small).
          type: str
          sample: sftp_missing
        text:
          description: The same in words.
          type: str
          sample: "sshd has no sftp subsystem: push-pem of OpenSSH 9 or newer fails without a word"
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.destination import (
    HostKeyPolicy,
    check_target,
    targets,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.names import (
    check_volume_name,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.destination import (
    key_line,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._destination_results import (
    destination_row,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    inform,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust.examine import (
    Volumes,
    examine,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust.facts import Target
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust.reader import (
    opened,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import (
        Reader,
    )


def gather(params: dict[str, t.Any], reader: Reader) -> dict[str, t.Any]:
    host, user, port = (params[k] for k in ("destination_host", "destination_user", "ssh_port"))
    if host is not None:
        check_target(Target(host, user or "root", port or 22))
    for name in (params["volume"], params["destination_volume"]):
        if name is not None:
            check_volume_name(name)
    with opened(HostKeyPolicy()) as trust:
        reader.trust = trust
        cluster = reader.refresh(Cluster(), [("peers", ""), ("sessions", "")])
        record, sessions = trust.record(), cluster.sessions()
        source = next((peer.uuid for peer in cluster.peers() if peer.host == "localhost"), "")
        rows = []
        for target in targets(record, sessions, host, user, port):
            if params["id"] not in (None, target.id):
                continue
            identity = trust.identity(target)
            row = destination_row(target, identity.host, record.get(target, ()), sessions)
            row["source_key"] = key_line(identity, source) if identity.key else None
            if params["test"]:
                pair = (params["volume"] or "", params["destination_volume"] or "")
                taken = pair in [(s["volume"], s["destination_volume"]) for s in row["sessions"]]
                reasons = examine(target, Volumes(*pair, taken), reader)
                row["valid"] = not reasons
                row["reasons"] = [{"code": one.code, "text": one.text} for one in reasons]
            rows.append(row)
    return {"destinations": rows}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "destination_host": {"type": "str", "aliases": ["secondary_host", "slavehost"]},
            "destination_user": {"type": "str"},
            "ssh_port": {"type": "int"},
            "id": {"type": "str", "aliases": ["uuid"]},
            "test": {"type": "bool", "default": False},
            "volume": {"type": "str", "aliases": ["primary_volume", "mastervol"]},
            "destination_volume": {"type": "str", "aliases": ["secondary_volume", "slavevol"]},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module.params, reader))


if __name__ == "__main__":
    main()
