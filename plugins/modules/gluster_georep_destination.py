#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A destination of geo-replication, and the trust it takes: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_georep_destination
short_description: Let a GlusterFS cluster reach a destination of geo-replication
version_added: 1.0.0
description:
  - Makes what a geo-replication session needs before it can be created, and takes it away again. Root
    of this node, and so glusterd, logs in to the destination host without a password; the secret keys
    of all nodes of the cluster are gathered; for a user other than root the account and its leave to
    mount (mountbroker) are set up.
  - The root password of the destination is needed only where no key of this node opens the door, and
    used once, on the terminal of one C(ssh). It is in no argument, environment, file, log or result
    of this module.
  - Host keys are checked, always. Those of destinations are kept in
    C(/var/lib/glusterd/geo-replication/known_hosts). This is also the record of destinations. What
    root's own C(known_hosts) says is believed too.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
options:
  destination_host:
    description:
      - Name or address of a server of the destination cluster, as sessions will name it.
    type: str
    required: true
    aliases: [secondary_host, slavehost]
  destination_user:
    description:
      - The account that sessions log in to. With another one than V(root) data are received without
        the rights of root, by way of the mountbroker.
    type: str
    default: root
  destination_root_password:
    description:
      - Password of root at the destination, for the case that no key of this node opens the door.
      - The environment variable E(GLUSTER_GEOREP_DESTINATION_ROOT_PASSWORD) is read where the module
        runs. A value in the environment of the controller, as AWX injects it, is given to the task
        with P(ansible.builtin.env#lookup). Do not use the keyword C(environment) of a task for
        it, since Ansible writes that into command lines.
    type: str
    aliases: [destination_root_passwd]
  ssh_port:
    description: TCP port of C(sshd) at the destination.
    type: int
    default: 22
  host_key:
    description:
      - The destination's host key, as a fingerprint (V(SHA256:...), see C(ssh-keygen -lf)), as a line
        of C(known_hosts) or as a public key. If the host offers another one, nothing is done.
    type: str
  accept_new_host_key:
    description:
      - Take the host key of a host that is not known yet for right, once. A key that has changed is
        refused nevertheless.
    type: bool
    default: false
  state:
    description:
      - V(present) makes what is missing and mends what is broken.
      - V(reestablished) exchanges all keys again, for instance after a node was added to the source
        cluster or the destination was installed anew. It always changes something. With O(host_key) a
        changed host key is taken in place of the old one.
      - V(absent) removes what was installed, and only that. This node's key and host key record, and
        for a user other than root its leave to mount and the account itself, if this module made it.
        The key pair of root, if this module made it, goes with the last destination.
    type: str
    choices: [present, reestablished, absent]
    default: present
  volumes:
    description:
      - Volumes of the destination that a O(destination_user) other than root may receive. Those that
        it may receive already stay.
    type: list
    elements: str
    default: []
  mountbroker_root:
    description:
      - Directory at the destination under which volumes are mounted for users. Without it what is set
        there, or else V(/var/mountbroker-root).
    type: path
  mountbroker_group:
    description:
      - Group at the destination of users that may mount. Without it what is set there, or else
        V(geogroup).
    type: str
  remove_in_use:
    description: With O(state=absent), remove it although sessions use it. They stop to work.
    type: bool
    default: false
  forget_unreachable:
    description:
      - With O(state=absent), forget a destination that does not let this node in any more. What was
        installed there stays there.
    type: bool
    default: false
attributes:
  idempotent:
    support: partial
    details:
      - Except O(state=reestablished), which always exchanges keys.
notes:
  - Without pipelining Ansible writes the arguments of a module, and so the password, into a file that
    it removes afterwards, on the managed node. Set C(pipelining) for this task, or let the key of root
    be authorized before and give no password.
  - For a user other than root, account and group are made on O(destination_host) only. Run the task
    for each server of the destination cluster.
  - glusterd reads who may mount as it starts. So it is restarted on O(destination_host) after a
    change. Clients go on; Debian's unit restarts the bricks of that host with it.
  - The mountbroker's root and group, the link C(/usr/local/bin/gluster) that a user without
    C(/usr/sbin) in its path is given, and the secret keys of the cluster are not removed by
    O(state=absent). All destinations and users share them.
  - Until told otherwise, glusterd and gsyncd themselves do not check host keys
    (C(StrictHostKeyChecking=no)).
seealso:
  - module: glusterfs.data_protection.gluster_georep_destination_info
  - module: glusterfs.data_protection.gluster_georep_session
"""

EXAMPLES = r"""
- name: Trust a destination, with its root password and its fingerprint
  glusterfs.data_protection.gluster_georep_destination:
    destination_host: backup1.example.com
    destination_root_password: "{{ vault_backup1_root_password }}"
    host_key: SHA256:x+NEvqjuE2fr4jNgvyvoUfC8CrrJsLXHAqn+PKBSpBs

- name: The same where root of this node has a key there already
  glusterfs.data_protection.gluster_georep_destination:
    destination_host: backup1.example.com
    accept_new_host_key: true

- name: Receive two volumes without the rights of root
  glusterfs.data_protection.gluster_georep_destination:
    destination_host: backup1.example.com
    destination_user: geoaccount
    destination_root_password: "{{ lookup('ansible.builtin.env', 'BACKUP1_ROOT_PASSWORD') }}"
    accept_new_host_key: true
    volumes: [projects, scratch]

- name: Exchange the keys again, after a server was added to the cluster
  glusterfs.data_protection.gluster_georep_destination:
    destination_host: backup1.example.com
    state: reestablished

- name: Take the trust away again
  glusterfs.data_protection.gluster_georep_destination:
    destination_host: backup1.example.com
    state: absent
"""

RETURN = r"""
destination:
  description: The destination as it is now, or null where neither end knows of it.
  returned: success
  type: dict
  contains:
    id:
      description: UUID made from user, host and port, so that it is the same wherever it is asked for.
      type: str
      sample: 3e4a5b2c-8ad0-5a59-8a77-0d1f8d1f0a55
    source_host:
      description: The node of the source cluster that logs in there.
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
      description: Fingerprints by which this node knows the host.
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
    reachable:
      description: Whether root of this node can log in without a password.
      type: bool
      sample: true
    secret_keys_complete:
      description: Whether the secret keys of all nodes of the cluster are gathered on this one.
      type: bool
      sample: true
    mountbroker:
      description: What the user may mount, as the destination host has it; null for root.
      type: dict
      contains:
        root:
          description: Directory under which volumes are mounted.
          type: str
          sample: /var/mountbroker-root
        group:
          description: Group of the users that may mount.
          type: str
          sample: geogroup
        volumes:
          description: Volumes that this user may mount.
          type: list
          elements: str
          sample: [projects]
        user_exists:
          description: Whether the account exists.
          type: bool
          sample: true
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample:
    - gluster system:: execute gsec_create
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import env_fallback
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.destination import (
    HostKeyPolicy,
    Wanted,
    check_password,
    check_wanted,
    decide_destination,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal
from ansible_collections.glusterfs.data_protection.plugins.module_utils._destination_results import (
    destination_result,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    converge,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust.facts import Target
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust.reader import (
    opened,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster

PASSWORD = "GLUSTER_GEOREP_DESTINATION_ROOT_PASSWORD"  # noqa: S105  (its name)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "destination_host": {
                "type": "str",
                "required": True,
                "aliases": ["secondary_host", "slavehost"],
            },
            "destination_user": {"type": "str", "default": "root"},
            "destination_root_password": {
                "type": "str",
                "aliases": ["destination_root_passwd"],
                "no_log": True,
                "fallback": (env_fallback, [PASSWORD]),
            },
            "ssh_port": {"type": "int", "default": 22},
            # Public, as its name may not tell.
            "host_key": {"type": "str", "no_log": False},
            "accept_new_host_key": {"type": "bool", "default": False, "no_log": False},
            "state": {
                "type": "str",
                "choices": ["present", "reestablished", "absent"],
                "default": "present",
            },
            "volumes": {"type": "list", "elements": "str", "default": []},
            "mountbroker_root": {"type": "path"},
            "mountbroker_group": {"type": "str"},
            "remove_in_use": {"type": "bool", "default": False},
            "forget_unreachable": {"type": "bool", "default": False},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    os.environ.pop(PASSWORD, None)  # no child needs it
    params = module.params
    target = Target(params["destination_host"], params["destination_user"], params["ssh_port"])
    wanted = Wanted(
        target,
        params["state"],
        HostKeyPolicy(
            params["host_key"] or "",
            params["accept_new_host_key"],
            params["state"] == "reestablished",
        ),
        tuple(params["volumes"]),
        params["mountbroker_root"] or "",
        params["mountbroker_group"] or "",
        params["remove_in_use"],
        params["forget_unreachable"],
    )

    def decide(cluster: Cluster) -> Plan:
        return decide_destination(wanted, cluster)

    def show(cluster: Cluster) -> dict[str, t.Any]:
        return {"destination": destination_result(target, cluster)}

    password = params["destination_root_password"] or ""
    try:
        check_wanted(wanted)
        check_password(password)
    except Refusal as refusal:
        module.fail_json(msg=f"{refusal.problem}. Nothing was changed. {refusal.remedy}".strip())
    with opened(wanted.policy, password, wanted.mountbroker_group) as trust:
        converge(module, decide, show, trust=trust, together=(("peers", ""), ("sessions", "")))


if __name__ == "__main__":
    main()
