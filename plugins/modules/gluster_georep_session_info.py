#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What geo-replication sessions there are: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_georep_session_info
short_description: List the geo-replication sessions of a GlusterFS cluster
version_added: 1.0.0
description:
  - Returns the sessions whose primary volume is in this cluster, with their workers, sorted by volume
    and destination.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.info
options:
  volume:
    description: Only sessions of this primary volume.
    type: str
    aliases: [primary_volume, mastervol]
  destination_host:
    description: Only sessions with this host.
    type: str
  destination_volume:
    description: Only sessions with this secondary volume.
    type: str
    aliases: [secondary_volume, slavevol]
  id:
    description: Only the session with this UUID.
    type: str
    aliases: [uuid]
  gather_subset:
    description:
      - What to return besides, with one more command for all sessions.
      - V(config) - the settings.
      - V(changed_config) - those that are not as by default and can be set, so that they can be given to a
        session that is created anew.
    type: list
    elements: str
    choices: [config, changed_config]
    default: []
  config_keys:
    description: Of the settings only these, with C(-) or C(_) in their names.
    type: list
    elements: str
notes:
  - A destination that has lost its power is not noticed by gsyncd for minutes. The session is V(STABLE)
    until then, and only its C(lag_seconds) grows.
seealso:
  - module: glusterfs.data_protection.gluster_georep_session
"""

EXAMPLES = r"""
- name: All sessions
  glusterfs.data_protection.gluster_georep_session_info:
  register: found

- name: Those that do not do what they should
  ansible.builtin.debug:
    msg: "{{ item.volume }} to {{ item.destination_host }}: {{ item.status }}"
  loop: "{{ found.sessions | rejectattr('status', 'eq', 'STABLE') }}"

- name: How one is set
  glusterfs.data_protection.gluster_georep_session_info:
    volume: projects
    gather_subset: [config]
    config_keys: [sync-jobs, rsync-options]
"""

RETURN = r"""
sessions:
  description: The sessions; none is an empty list.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: UUID of the session, the same as long as it exists.
      type: str
      sample: 3d2a4a0e-3a3e-5d43-9b77-0d3b5f9d6a2b
    volume:
      description: The primary volume.
      type: str
      sample: projects
    source_host:
      description: The first node of the primary cluster that has a worker.
      type: str
      sample: node1
    destination_host:
      description: The host of the secondary cluster, as it was named when the session was created.
      type: str
      sample: node4
    destination_volume:
      description: The secondary volume.
      type: str
      sample: mirror
    destination_user:
      description: As whom the workers log in there.
      type: str
      sample: root
    state:
      description: What was last asked of it, V(created), V(started), V(paused) or V(stopped).
      type: str
      sample: started
    paused_for:
      description:
        - For what it is paused, where
          O(glusterfs.data_protection.gluster_georep_session#module:paused_for) said that; else null.
      type: str
      sample: null
    status:
      description:
        - V(STABLE) - every worker is well and all data are synced by one.
        - V(FAULTY) - a worker is not well, or nothing is known of one.
        - V(INITIALIZING) - workers are coming up.
        - V(NOT_STARTED) - the session was only created, or is stopped or paused.
      type: str
      sample: STABLE
    syncing:
      description: Whether each replica or disperse set of the volume has an Active worker.
      type: bool
      sample: true
    bricks_without_worker:
      description: Bricks of which nothing is known, since their node is down.
      type: list
      elements: str
      sample: []
    servers:
      description: The same status for each node of the primary cluster.
      type: list
      elements: dict
      contains:
        node:
          description: Name of the node.
          type: str
          sample: node1
        node_id:
          description: UUID of the node.
          type: str
          sample: c1b59803-c59c-4e29-b65b-4487d1fbf744
        status:
          description: As RV(sessions[].status), of the workers of this node.
          type: str
          sample: STABLE
    workers:
      description: The workers, one a brick.
      type: list
      elements: dict
      contains:
        node:
          description: Name of the node.
          type: str
          sample: node1
        node_id:
          description: UUID of the node.
          type: str
          sample: c1b59803-c59c-4e29-b65b-4487d1fbf744
        brick:
          description: Path of the brick.
          type: str
          sample: /bricks/b1/brick
        status:
          description: Gluster's own word.
          type: str
          sample: Active
        crawl:
          description: How it looks for changes; null where it does not.
          type: str
          sample: Changelog Crawl
        secondary_node:
          description: The node of the secondary cluster it is connected to; null where Gluster does not say.
          type: str
          sample: node4
        last_synced:
          description:
            - All that was changed until then is synced, ISO 8601 in UTC; null where it does not
              run, or is Passive.
          type: str
          sample: "2026-11-23T22:20:19Z"
        entry:
          description: Number of entries waiting to be synced; null where it does not run, or is Passive.
          type: int
          sample: 0
        data:
          description: Number of files whose data wait; null as RV(sessions[].workers[].entry).
          type: int
          sample: 0
        meta:
          description: Number of files whose metadata wait; null as RV(sessions[].workers[].entry).
          type: int
          sample: 0
        failures:
          description: Number of failures; null as RV(sessions[].workers[].entry).
          type: int
          sample: 0
        checkpoint:
          description: When the checkpoint was set, ISO 8601 in UTC; null where there is none.
          type: str
          sample: "2026-11-23T22:27:58Z"
        checkpoint_completed:
          description: Whether all that was written before the checkpoint is synced; null where there is none.
          type: bool
          sample: true
        checkpoint_completed_at:
          description: Since when, ISO 8601 in UTC; null where it is not.
          type: str
          sample: "2026-11-23T22:28:21Z"
    lag_seconds:
      description:
        - Seconds since the last_synced of the Active worker that is furthest behind; null where not
          all data are being synced.
        - It grows on a volume that nobody writes to, since nothing is synced there.
      type: int
      sample: 12
    lag_from:
      description: How RV(sessions[].lag_seconds) was derived; null where that is.
      type: str
      sample: last_synced of node1:/bricks/b1/brick
    read_at:
      description: When this was read, ISO 8601 in UTC.
      type: str
      sample: "2026-11-23T22:20:31Z"
    config:
      description: The settings, with O(gather_subset=config); else null.
      type: dict
      sample: {sync_jobs: "3"}
    changed_config:
      description: The settings that are not as by default, without the checkpoint.
      returned: when O(gather_subset) has V(changed_config)
      type: dict
      sample: {sync_jobs: "5"}
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.names import (
    check_volume_name,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.session import (
    changed_config,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    inform,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._session_results import (
    session_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import (
        Session,
    )
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import (
        Reader,
    )

CHOOSING = ("destination_host", "destination_volume", "id")
"""Options that choose by what is returned under the same name."""


def gather(params: dict[str, t.Any], reader: Reader) -> dict[str, t.Any]:
    if params["volume"] is not None:
        check_volume_name(params["volume"])
    of = params["volume"] or ""
    cluster = reader.refresh(Cluster(), [("all_volumes", ""), ("sessions", of)])
    sessions = cluster.sessions(of)
    read_at = reader.now()
    shown = []
    for one in sessions:
        row = session_result(one, cluster.volume(one.volume), read_at)
        if row and all(params[key] in (None, row[key]) for key in CHOOSING):
            shown.append((one, row))
    asked = [("session_config", f"{one.volume} {one.secondary}") for one, _row in shown]
    with reader.together(asked if params["gather_subset"] else []):
        return {"sessions": [{**row, **settings(params, one, reader)} for one, row in shown]}


def settings(params: dict[str, t.Any], session: Session, reader: Reader) -> dict[str, t.Any]:
    """What gather_subset asks for, and null for the settings if it does not."""
    subset = params["gather_subset"]
    present = reader.georep.session_config(session.volume, session.secondary) if subset else {}
    config = dict(sorted(named(params, present).items())) if "config" in subset else None
    told: dict[str, t.Any] = {"config": config}
    if "changed_config" in subset:
        told["changed_config"] = changed_config(present, reader.georep.session_settings())
    return told


def named(params: dict[str, t.Any], present: dict[str, str]) -> dict[str, str]:
    """The settings that were asked for, by the names that were asked for."""
    if params["config_keys"] is None:
        return present
    keys = [key.replace("-", "_") for key in params["config_keys"]]
    return {key: present[key] for key in keys if key in present}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "volume": {"type": "str", "aliases": ["primary_volume", "mastervol"]},
            "destination_host": {"type": "str"},
            "destination_volume": {"type": "str", "aliases": ["secondary_volume", "slavevol"]},
            "id": {"type": "str", "aliases": ["uuid"]},
            "gather_subset": {
                "type": "list",
                "elements": "str",
                "choices": ["config", "changed_config"],
                "default": [],
            },
            # Names of settings, no keys of anything else.
            "config_keys": {"type": "list", "elements": "str", "no_log": False},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    inform(module, lambda reader: gather(module.params, reader))


if __name__ == "__main__":
    main()
