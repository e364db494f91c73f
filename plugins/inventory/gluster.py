# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of running clusters: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gluster
short_description: The servers of running GlusterFS clusters
version_added: 1.0.0
description:
  - Takes hosts from the trusted pool that each cluster itself knows, so that one server of it is all that
    has to be told.
  - Each cluster is a group. Its variable C(gluster_volumes) has the volumes, each with C(name), C(uuid),
    C(type) and C(status).
  - Each host has C(gluster_cluster), C(gluster_uuid), C(gluster_connected), which is false for a server
    that the one that was asked does not reach, and C(gluster_bricks), each with C(volume) and C(path).
  - Hosts are named as the pool names them, and the one that is asked as it is told here. Use names that
    the machine that runs Ansible knows too, or C(compose) an C(ansible_host).
  - The server is asked over ssh by C(gluster pool list) and C(gluster volume info), which change nothing and
    take no lock. Host keys are checked, and no password is asked for.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: This plugin.
    type: str
    required: true
    choices: [glusterfs.data_protection.gluster]
  clusters:
    description: For each cluster the name of its group, and one of its servers.
    type: dict
    required: true
  remote_user:
    description: Who to log in as; as ssh itself has it where this is left out.
    type: str
    ini:
      - section: defaults
        key: remote_user
    env:
      - name: ANSIBLE_REMOTE_USER
  private_key_file:
    description: The key to log in with; as ssh itself has it where this is left out.
    type: path
    ini:
      - section: defaults
        key: private_key_file
    env:
      - name: ANSIBLE_PRIVATE_KEY_FILE
  ssh_executable:
    description: The program.
    type: str
    default: ssh
    ini:
      - section: ssh_connection
        key: ssh_executable
    env:
      - name: ANSIBLE_SSH_EXECUTABLE
  ssh_args:
    description: Further arguments of it.
    type: str
    default: ""
    ini:
      - section: ssh_connection
        key: ssh_args
    env:
      - name: ANSIBLE_SSH_ARGS
  become:
    description: Run C(gluster) by C(sudo), which must not ask for a password.
    type: bool
    default: false
  skip_unreachable:
    description:
      - Leave out a cluster that cannot be asked, with a warning. Without it this whole inventory fails.
      - For the inventory that is needed when a site is lost. Such an answer is not kept in the cache.
    type: bool
    default: false
  timeout:
    description: Seconds that an answer may take.
    type: int
    default: 60
notes:
  - The name of the file has to end in C(gluster.yml) or C(gluster.yaml).
seealso:
  - plugin: ansible.builtin.constructed
    plugin_type: inventory
"""

EXAMPLES = r"""
# storage.gluster.yml: both clusters, of each one server
plugin: glusterfs.data_protection.gluster
clusters:
  storage: server1.example.com
  backup: backup1.example.com
# What was told is kept for an hour.
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/gluster-inventory
# The other site may be lost.
skip_unreachable: true
# Log in as somebody who may run gluster by sudo, here and in all tasks.
remote_user: admin
become: true
compose:
  ansible_user: "'admin'"
  ansible_become: true
# A group for each volume, of the servers that have a brick of it, and one of those that are down.
keyed_groups:
  - key: gluster_bricks | map(attribute='volume') | unique
    prefix: volume
groups:
  down: not gluster_connected
"""

import json
import re
import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._pool import Pool, Unfit

HOW = ("ssh_executable", "ssh_args", "remote_user", "private_key_file", "become", "timeout")

TEMPLATE = re.compile(r"\{[{%#]")


def data(value: t.Any) -> t.Any:
    """What a cluster says is no template; only what looks like one is marked, as it would show."""
    return wrap_var(value) if TEMPLATE.search(json.dumps(value)) else value


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "glusterfs.data_protection.gluster"

    def verify_file(self, path: str) -> bool:
        ours = path.endswith(("gluster.yml", "gluster.yaml"))
        return ours and bool(super().verify_file(path))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        for group, pool in self._pools(path, cache).items():
            self._add(inventory, group, pool)

    def _pools(self, path: str, cache: bool) -> dict[str, t.Any]:
        """By group; from the cache where there is one that may be used."""
        self.load_cache_plugin()
        key = self.get_cache_key(path)
        kept = self.get_option("cache")
        if cache and kept and key in self._cache:
            return t.cast("dict[str, t.Any]", self._cache[key])
        pool = Pool(*(self.get_option(option) for option in HOW))
        pools = {}
        for name, node in self.get_option("clusters").items():
            try:
                pools[name] = pool.of(node)
            except Unfit as error:
                if not self.get_option("skip_unreachable"):
                    raise AnsibleParserError(str(error)) from None
                self.display.warning(f"Cluster {name} is left out: {error}")
                kept = False
        if kept:
            self._cache[key] = pools
        return pools

    def _add(self, inventory: t.Any, name: str, pool: dict[str, t.Any]) -> None:
        group = inventory.add_group(self._sanitize_group_name(name))
        inventory.set_variable(group, "gluster_volumes", data(pool["volumes"]))
        strict = self.get_option("strict")
        # Up to ansible-core 2.18 a cache does not keep their order, and the first of a group is who is asked.
        for host, found in sorted(pool["hosts"].items()):
            inventory.add_host(host, group)
            variables = {"gluster_cluster": group, **found}
            for variable, value in variables.items():
                inventory.set_variable(host, variable, data(value))
            self._set_composite_vars(self.get_option("compose"), variables, host, strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict)
            keyed = self.get_option("keyed_groups")
            self._add_host_to_keyed_groups(keyed, variables, host, strict)
