#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions of geo-replication: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_georep_session
short_description: Geo-replication sessions of GlusterFS volumes
version_added: 1.0.0
description:
  - Declares that a volume is replicated to a volume of another cluster, how, and whether it runs now.
  - Any state is reached from any other. What Gluster calls a success is believed when the workers
    say so.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
attributes:
  idempotent:
    support: partial
    details:
      - O(checkpoint=now) sets a checkpoint each time.
options:
  volume:
    description: The primary volume, which is replicated.
    type: str
    required: true
    aliases: [primary_volume, mastervol]
  destination_host:
    description: A host of the secondary cluster, as the primary nodes know it.
    type: str
    required: true
  destination_volume:
    description: The secondary volume. It has to exist, to be started, and to be empty.
    type: str
    required: true
    aliases: [secondary_volume, slavevol]
  destination_user:
    description:
      - The user there as whom the workers log in.
      - One without the rights of root cannot set every extended attribute on Debian 12. All files arrive,
        but each C(rsync) fails, and no checkpoint completes, unless O(config) has C(sync_xattrs) and
        C(sync_acls) off.
    type: str
    default: root
  state:
    description:
      - V(present) - the session is there. Whether it runs is left as it is.
      - V(started) - it syncs. Every brick is seen to have a worker that is well, and each replica or
        disperse set one that is Active, within O(wait_timeout).
      - V(paused) - its workers stand still, and go on where they were.
      - V(stopped) - it has no workers. A session that was only created is stopped.
      - V(absent) - it is not there. A running one is stopped first. The data stay.
    type: str
    choices: [present, started, paused, stopped, absent]
    default: present
  paused_for:
    description:
      - With O(state=paused), for what a session that runs is paused, one line of text. It is noted in
        an option of the primary volume before the pause, so that it can be seen later who has to
        start it again, see RV(session.paused_for). O(state=started) removes the note.
      - A session that is paused already is left as it is, without a note. One that does not run is
        refused.
    type: str
  config:
    description:
      - Settings of the session, with C(-) or C(_) in their names, and C(null) for Gluster's default.
        Settings that are not named stay as they are.
      - What the installed Gluster does not know, or does not take, is refused before anything is run.
        Gluster itself takes much of it.
      - To set one restarts the workers.
    type: dict
  ssh_port:
    description: The port of sshd at the destination. It is kept, for the workers to use.
    type: int
  push_pem:
    description:
      - When the session is created, Gluster checks the destination and installs the keys of the
        primary nodes there. For that root of this node has to be able to log in there.
      - Without it neither is done.
    type: bool
    default: true
  force:
    description:
      - Create the session although the secondary volume is not empty, is smaller, or has 100 MB
        less free.
      - With O(state=started), start the workers anew where some are not well.
      - Stop the session although a node of the primary cluster is down.
    type: bool
    default: false
  checkpoint:
    description:
      - V(now) - mark this moment. When all that was written until then is synced, the checkpoint is
        complete.
    type: str
    choices: [now]
  touch:
    description:
      - With O(checkpoint=now), change the times of the root directory of the volume after that, by a
        mount on this node. A checkpoint becomes complete only by what is written after it, so without
        this never on a volume that nobody writes to.
    type: bool
    default: false
  wait_for:
    description:
      - V(active) - wait until the session syncs, as O(state=started) always does.
      - V(checkpoint) - and until its checkpoint is complete. See O(touch).
    type: str
    choices: [active, checkpoint]
  wait_timeout:
    description: Seconds to wait for that, from 0 to 604800.
    type: int
    default: 180
  max_lag:
    description: Fail if the session, in the end, is more than this number of seconds behind.
    type: int
  reset_sync_time:
    description:
      - With O(state=absent), forget how far the session has come. One that is created between the same
        volumes later looks at all files again.
    type: bool
    default: false
  reset_read_only:
    description:
      - With O(state=absent), let clients write to the secondary volume again. Gluster makes it
        read-only with O(push_pem) and leaves it so. This is done by ssh as root.
      - Where this is not said, it stays read-only, with a warning.
    type: bool
notes:
  - rsync 3.5.0 at the destination writes none of what gsyncd sends it, and reports success. The session
    would be Active, and each file of the mirror empty. So the start is refused where that is seen, unless
    O(config) has C(secondary_access_mount=true) or C(sync_method=tarssh).
  - A worker may be Active, and miss all that changes after its start, by a race of Gluster. That is seen
    with O(checkpoint=now), O(touch) and O(wait_for=checkpoint), and mended by a stop and a start. The role
    P(glusterfs.data_protection.georep#role) does it.
  - With a O(destination_user) other than root, M(glusterfs.data_protection.gluster_georep_destination)
    has to be run before, and the secondary volume is not made read-only.
  - It waits, as long as O(timeout), while another such task or a restore is at work on the same node. One
    whose controller died goes on there by itself.
  - With O(state=absent) the keys stay at the destination. Other sessions may need them.
seealso:
  - module: glusterfs.data_protection.gluster_georep_session_info
"""

EXAMPLES = r"""
- name: Replicate a volume, and see it run
  glusterfs.data_protection.gluster_georep_session:
    volume: projects
    destination_host: node4
    destination_volume: mirror
    state: started

- name: With more threads, and less of the line
  glusterfs.data_protection.gluster_georep_session:
    volume: projects
    destination_host: node4
    destination_volume: mirror
    config:
      sync_jobs: 5
      rsync_options: "--bwlimit=10000"

- name: Stand still for an hour
  glusterfs.data_protection.gluster_georep_session:
    volume: projects
    destination_host: node4
    destination_volume: mirror
    state: paused

- name: Wait until all that was written until now has arrived
  glusterfs.data_protection.gluster_georep_session:
    volume: projects
    destination_host: node4
    destination_volume: mirror
    state: started
    checkpoint: now
    touch: true
    wait_for: checkpoint

- name: Give it up, and let the mirror be written to
  glusterfs.data_protection.gluster_georep_session:
    volume: projects
    destination_host: node4
    destination_volume: mirror
    state: absent
    reset_read_only: true
"""

RETURN = r"""
session:
  description: The session as it is now, or null where there is none.
  returned: success
  type: dict
  contains:
    id:
      description: UUID of the session, the same as long as it exists; null in check mode for a new one.
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
      description: For what it is paused, where O(paused_for) said that; else null.
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
          description: As RV(session.status), of the workers of this node.
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
          description: Number of files whose data wait; null as RV(session.workers[].entry).
          type: int
          sample: 0
        meta:
          description: Number of files whose metadata wait; null as RV(session.workers[].entry).
          type: int
          sample: 0
        failures:
          description: Number of failures; null as RV(session.workers[].entry).
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
      description: How RV(session.lag_seconds) was derived; null where that is.
      type: str
      sample: last_synced of node1:/bricks/b1/brick
    read_at:
      description: When this was read, ISO 8601 in UTC.
      type: str
      sample: "2026-11-23T22:20:31Z"
    config:
      description: The settings that O(config) and O(ssh_port) name; null where they name none.
      type: dict
      sample: {sync_jobs: "3"}
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample:
    - gluster volume geo-replication projects node4::mirror start
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.session import (
    WantedSession,
    decide_session,
    find_session,
    named_config,
    questions,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
    alone,
    converge,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._session_results import (
    session_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster

UNPREDICTABLE = (
    *("source_host", "status", "syncing", "bricks_without_worker", "servers", "workers"),
    *("lag_seconds", "lag_from", "read_at"),
)
"""What the workers say is their own."""


def show(wanted: WantedSession, cluster: Cluster) -> dict[str, t.Any]:
    """What is returned, and compared for the diff."""
    session = find_session(wanted, cluster)
    if session is None:
        return {"session": None}
    volume = cluster.volume(wanted.volume)
    config = named_config(wanted, cluster)
    return {"session": session_result(session, volume, cluster.get("now"), config)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "volume": {
                "type": "str",
                "required": True,
                "aliases": ["primary_volume", "mastervol"],
            },
            "destination_host": {"type": "str", "required": True},
            "destination_volume": {
                "type": "str",
                "required": True,
                "aliases": ["secondary_volume", "slavevol"],
            },
            "destination_user": {"type": "str", "default": "root"},
            "state": {
                "type": "str",
                "choices": ["present", "started", "paused", "stopped", "absent"],
                "default": "present",
            },
            "paused_for": {"type": "str"},
            "config": {"type": "dict"},
            "ssh_port": {"type": "int"},
            "push_pem": {"type": "bool", "default": True},
            "force": {"type": "bool", "default": False},
            "checkpoint": {"type": "str", "choices": ["now"]},
            "touch": {"type": "bool", "default": False},
            "wait_for": {"type": "str", "choices": ["active", "checkpoint"]},
            "wait_timeout": {"type": "int", "default": 180},
            "max_lag": {"type": "int"},
            "reset_sync_time": {"type": "bool", "default": False},
            "reset_read_only": {"type": "bool"},
            **COMMON_OPTIONS,
        },
        supports_check_mode=True,
    )
    given = {key: module.params[key] for key in WantedSession.OPTIONS}
    wanted = WantedSession(
        **given,
        host=module.params["destination_host"],
        destination=module.params["destination_volume"],
        user=module.params["destination_user"],
        config=module.params["config"] or {},
        checkpoint=module.params["checkpoint"] == "now",
    )
    with alone(module):
        converge(
            module,
            lambda c: decide_session(wanted, c),
            lambda c: show(wanted, c),
            UNPREDICTABLE,
            together=questions(wanted),
        )


if __name__ == "__main__":
    main()
