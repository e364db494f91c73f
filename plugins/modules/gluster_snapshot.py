#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of a volume or of a consistency group: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_snapshot
short_description: Take, activate, restore and remove snapshots of GlusterFS volumes
version_added: 1.0.0
description:
  - Declares a snapshot of a volume or of a consistency group, or that a volume or all volumes of a
    group hold the data of a snapshot.
  - A snapshot of one volume is crash-consistent. All bricks must be online and on thin logical
    volumes.
  - A snapshot of a consistency group is a I(set), one snapshot of each member, all or none. They are
    one point in time only with O(quiesced).
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
options:
  name:
    description:
      - Name of the snapshot, unique in the cluster. It is taken as it is, without Gluster's
        time stamp.
      - Up to 254 letters, digits, V(-) and V(_).
      - With O(consistency_group) up to 64 of them, and unique in the group. The snapshot of each
        member volume is named C(GROUP_NAME_VOLUME).
      - Required but for O(delete_all=true) and O(snapshots).
    type: str
    aliases: [snapshot, snapname]
  volume:
    description:
      - The volume of the snapshot. It or O(consistency_group) is required to take one, to restore,
        and with O(delete_all).
      - With any other state, a snapshot of that name of another volume is refused.
    type: str
    aliases: [volname]
  snapshots:
    description:
      - Several snapshots in one task, instead of O(name) and O(volume), of volumes that have nothing to
        do with each other. O(state) is that of all; V(restored) is not possible.
      - To take one its O(snapshots[].volume) is needed.
      - What stands against one concerns no other. The task fails in the end if any of them failed, and
        RV(results) has what became of each, as of a loop.
      - What is there is read once for all, and commands of several volumes run at a time, see O(forks).
    type: list
    elements: dict
    suboptions:
      name:
        description: As O(name).
        type: str
        required: true
      volume:
        description: As O(volume).
        type: str
      description:
        description: As O(description).
        type: str
  forks:
    description: With O(snapshots), how many commands run at a time.
    type: int
    default: 8
  consistency_group:
    description:
      - The consistency group of the snapshot, instead of O(volume).
      - Everything is checked for all members before anything is done to the first. If one member's
        snapshot cannot be taken, those of the others are removed again.
      - A set that an interrupted run left half is removed by the next one, and taken anew.
    type: str
    aliases: [cg_name]
  quiesced:
    description:
      - With O(consistency_group), take the set only while client I/O to every brick of every member
        is held by M(glusterfs.data_protection.gluster_volume_quiesce), so that it is one point in
        time. Whether all is held is proved before the first snapshot and after the last one. If it
        is not so, the set is removed again.
      - When the last snapshot is taken, the hold of this node is released. Those of the others end
        with it, see O(glusterfs.data_protection.gluster_volume_quiesce#module:release_with).
      - The role P(glusterfs.data_protection.consistency_group_snapshot#role) does it all.
    type: bool
    default: false
  hold_wait:
    description: With O(quiesced), how many seconds to wait until everything is held, from 0 to 604800.
    type: int
    default: 60
  georep_paused:
    description:
      - Take the geo-replication sessions of the volumes for paused, whatever they are now. For check
        mode, where they would be paused before the task.
      - Gluster itself takes no snapshot of the primary of a session that runs.
    type: bool
    default: false
  accept_auto_delete:
    description:
      - With O(consistency_group), take a set although
        O(glusterfs.data_protection.gluster_snapshot_config#module:auto_delete) is on. Gluster may then
        remove the snapshot of one member, and leave a set that cannot be restored.
    type: bool
    default: false
  accept_other_members:
    description:
      - With O(consistency_group) and O(state=restored), restore a set that was taken when the group
        had other members. The volumes of the set are restored, and membership stays as it is now.
    type: bool
    default: false
  description:
    description:
      - Description kept with a snapshot when it is taken, one line of up to 1,024 bytes. With
        O(consistency_group) some 250 bytes less.
      - Gluster cannot change it; one that differs from O(description) is reported by a warning.
    type: str
  state:
    description:
      - V(present) - the snapshot is there.
      - V(activated) - the snapshot is there and its bricks run, so that it can be mounted. Whether they
        still do is not asked of one that is activated already, but
        M(glusterfs.data_protection.gluster_snapshot_info) tells it. Where a node lost its power just after
        the activation, its brick runs only after V(deactivated) and V(activated).
      - V(deactivated) - the snapshot is there and its bricks do not run.
      - V(absent) - the snapshot is not there. What it kept is gone.
      - V(restored) - the volume holds the data of the snapshot and is started. Everything written
        since the snapshot was taken leaves the volume, and stays in the safety snapshot.
        A volume that was restored to this snapshot is not restored again, see O(restore_again).
    type: str
    choices: [present, activated, deactivated, absent, restored]
    default: present
  delete_all:
    description:
      - With O(state=absent), remove every snapshot of O(volume) or of O(consistency_group). O(name)
        must be left out.
    type: bool
    default: false
  stop_volume:
    description:
      - With O(state=restored), allow that a started volume is stopped for the restore. Clients
        lose it until it is started again.
    type: bool
    default: false
  stop_sessions:
    description:
      - With O(state=restored), stop the geo-replication sessions of which a volume is the primary. They
        stay stopped. Without it such a volume is not restored.
      - A session does not survive the restore. Restore the volume of the destination too, remove the
        session with O(glusterfs.data_protection.gluster_georep_session#module:reset_sync_time), and
        create it anew. The role P(glusterfs.data_protection.restore#role) does it all.
    type: bool
    default: false
  safety_snapshot:
    description:
      - With O(state=restored), first take a snapshot of the present, with the volume read-only, so
        that it holds every write that was acknowledged.
      - It is returned as RV(safety_snapshot) and is yours to remove.
      - With O(consistency_group) it is a set, and it is always taken. An interrupted restore is
        finished from it.
    type: bool
    default: true
  keep_snapshot:
    description:
      - With O(state=restored), take the snapshot again under its name and description, before
        clients can write. Gluster's own restore consumes it.
      - The new snapshot has a UUID and a creation time of its own. It is activated if the consumed
        one was.
    type: bool
    default: true
  restore_again:
    description:
      - With O(state=restored), restore although the volume was already restored to this snapshot.
      - With this the task is not idempotent.
    type: bool
    default: false
attributes:
  idempotent:
    support: partial
    details:
      - Not with O(restore_again=true).
notes:
  - A restore is refused while the volume is the primary of a geo-replication session, see O(stop_sessions).
  - A restore waits, as long as O(timeout), while another one is at work on the same node. A task whose
    controller died goes on there by itself.
  - While a restore is on its way the volume is read-only (C(features.read-only)). The safety and
    the kept snapshot carry that option; if you restore one of them by hand, set it off afterwards.
  - A snapshot is not removed while a worker of geo-replication has it mounted (its mount namespace is as
    old as the worker). Only workers of the node that runs the module are seen. The guide on
    troubleshooting says how to let go of it.
  - After a restore Gluster leaves the logical volumes of the former bricks behind.
  - Seen with Gluster 10.3. After a restore, when glusterd of one node is restarted, the other nodes
    may fail to take further snapshots of the volume (C(quota.cksum not found) in their log).
    Restart glusterd on them once.
seealso:
  - module: glusterfs.data_protection.gluster_consistency_group
  - module: glusterfs.data_protection.gluster_volume_quiesce
  - module: glusterfs.data_protection.gluster_snapshot_info
  - module: glusterfs.data_protection.gluster_snapshot_clone
  - module: glusterfs.data_protection.gluster_snapshot_config
"""

EXAMPLES = r"""
- name: Take a snapshot before an upgrade
  glusterfs.data_protection.gluster_snapshot:
    name: before-upgrade
    volume: projects
    description: Before the upgrade of the wiki

- name: Have it ready to be mounted read-only
  glusterfs.data_protection.gluster_snapshot:
    name: before-upgrade
    volume: projects
    state: activated

- name: Put the volume back to where it was, keeping the present and the snapshot
  glusterfs.data_protection.gluster_snapshot:
    name: before-upgrade
    volume: projects
    state: restored
    stop_volume: true

- name: Take snapshots of volumes that have nothing to do with each other
  glusterfs.data_protection.gluster_snapshot:
    snapshots:
      - {name: projects-friday, volume: projects}
      - {name: scratch-friday, volume: scratch}

- name: Take a snapshot of all volumes of a group
  glusterfs.data_protection.gluster_snapshot:
    name: nightly
    consistency_group: shop

- name: Put all volumes of the group back
  glusterfs.data_protection.gluster_snapshot:
    name: nightly
    consistency_group: shop
    state: restored
    stop_volume: true

- name: Remove a snapshot
  glusterfs.data_protection.gluster_snapshot:
    name: before-upgrade
    state: absent

- name: Remove every snapshot of a volume that is given up
  glusterfs.data_protection.gluster_snapshot:
    volume: scratch
    state: absent
    delete_all: true
"""

RETURN = r"""
snapshot:
  description: The snapshot as it is now, or null where there is none.
  returned: success, when O(name) is given, without O(consistency_group)
  type: dict
  contains: &snapshot
    name:
      description: Name of the snapshot.
      type: str
      sample: before-upgrade
    uuid:
      description: UUID of the snapshot; null in check mode for one that is not there yet.
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
      description: When it was taken, ISO 8601 in UTC; null as RV(snapshot.uuid).
      type: str
      sample: "2026-11-23T08:40:12Z"
    activated:
      description: Whether its bricks run.
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
      description:
        - Gluster's hidden volume that holds the data, part of its bricks' paths; null as
          RV(snapshot.uuid).
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
snapshot_set:
  description: The snapshot of the group as it is now, or null where there is none.
  returned: success, when O(name) and O(consistency_group) are given
  type: dict
  contains:
    name:
      description: Name of the set.
      type: str
      sample: nightly
    id:
      description: UUID of the set; in check mode V(<uuid>) for one that is not there yet.
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
      description:
        - When the first of its snapshots was taken, ISO 8601 in UTC; null in check mode for a new
          one.
      type: str
      sample: "2026-11-23T08:40:12Z"
    skew_seconds:
      description:
        - Whole seconds between the first and the last of its snapshots, by Gluster's clock; null as
          C(created).
      type: int
      sample: 2
    snapshots:
      description: Its snapshots, by volume.
      type: list
      elements: dict
      contains: *snapshot
window_seconds:
  description: From the proof that all was held, before the first snapshot, to that after the last.
  returned: when O(quiesced=true) and a set was taken
  type: float
  sample: 1.83
held_seconds:
  description:
    - From the last look at which nothing was held to the release of this node. The hold of each
      other node ends some moments later, see
      M(glusterfs.data_protection.gluster_volume_quiesce).
  returned: when O(quiesced=true) and a set was taken
  type: float
  sample: 2.46
safety_snapshot:
  description: Name of the snapshot of the state before the restore; null where none was taken.
  returned: when O(state=restored)
  type: str
  sample: before-restore-before-upgrade-0c6d0d0b5ffb
restored_to:
  description: Name of the snapshot whose data the volume holds; null while a restore is unfinished.
  returned: when O(state=restored)
  type: str
  sample: before-upgrade
volume_status:
  description: State of the volume after the restore.
  returned: when O(state=restored), without O(consistency_group)
  type: str
  sample: Started
volumes:
  description: Name and state of each volume of the group.
  returned: when O(state=restored) and O(consistency_group)
  type: dict
  sample: {"projects": "Started", "scratch": "Started"}
results:
  description: What became of each of O(snapshots), in their order. Also where the task failed.
  returned: when O(snapshots) is given
  type: list
  elements: dict
  contains:
    name:
      description: Name of the snapshot.
      type: str
      sample: projects-friday
    changed:
      description: Whether it was changed, or in check mode would be.
      type: bool
      sample: true
    failed:
      description: Whether it is not as wanted.
      type: bool
      sample: false
    msg:
      description: What is wrong and what to do about it.
      type: str
      returned: when it failed
      sample: Bricks of volume scratch are offline
    snapshot:
      description: The snapshot as it is now, or null where there is none.
      type: dict
      contains: *snapshot
snapshots:
  description: Names of the snapshots of the volume or of the group that are left.
  returned: when O(delete_all=true)
  type: list
  elements: str
  sample: []
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample:
    - gluster snapshot create before-upgrade projects no-timestamp
"""

import contextlib
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import (
    FORKS,
    Refusal,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot import (
    WantedSnapshot,
    decide_absent,
    decide_none_of,
    decide_present,
    decide_several,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    ALL,
    COMMON_OPTIONS,
    alone,
    converge,
    fresh_uuid,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._results import (
    set_result,
    snapshot_result,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
        Cluster,
        Topic,
    )

ACTIVATED = {"present": None, "activated": True, "deactivated": False}
RESTORE = ("stop_volume", "stop_sessions", "keep_snapshot", "restore_again")
"""Options of every restore."""


def decide(params: dict[str, t.Any], fresh: str, cluster: Cluster) -> Plan:
    """The plan for the wanted state."""
    name, volume, state = params["name"], params["volume"], params["state"]
    if params["delete_all"] and (state != "absent" or name or params["snapshots"]):
        raise Refusal("delete_all goes with state: absent and without a name")
    if params["consistency_group"] is not None:
        return decide_group(params, fresh, cluster)
    for option in ("quiesced", "accept_auto_delete", "accept_other_members"):
        if params[option]:
            raise Refusal(f"{option} goes with consistency_group")
    if params["delete_all"]:
        return decide_none_of(volume, cluster)

    def wanted_of(one: dict[str, t.Any]) -> WantedSnapshot:
        said = (one["name"], one["volume"], one["description"])
        return WantedSnapshot(*said, ACTIVATED.get(state), params["georep_paused"])

    if params["snapshots"] is not None:
        several = [wanted_of(one) for one in params["snapshots"]]
        return decide_several(several, state == "absent", params["forks"], cluster)
    if state == "absent":
        return decide_absent(name, volume, cluster)
    if state == "restored":
        from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.restore import (
            WantedRestore,
            decide_restored,
        )

        options = (*RESTORE, "safety_snapshot")
        wanted = WantedRestore(name, volume, **{option: params[option] for option in options})
        return decide_restored(wanted, cluster)
    return decide_present(wanted_of(params), cluster)


def decide_group(params: dict[str, t.Any], fresh: str, cluster: Cluster) -> Plan:
    """The plan for the wanted state of a set."""
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot_set import (
        WantedSet,
        WantedSetRestore,
        decide_no_set,
        decide_no_sets,
        decide_set,
        decide_set_restored,
    )

    name, group, state = params["name"], params["consistency_group"], params["state"]
    if params["delete_all"]:
        return decide_no_sets(group, cluster)
    if state == "absent":
        return decide_no_set(group, name, cluster)
    if state == "restored":
        if not params["safety_snapshot"]:
            raise Refusal(
                "a restore of a consistency group always takes its safety snapshot",
                "Leave safety_snapshot out, and remove the snapshot afterwards.",
            )
        options = (*RESTORE, "accept_other_members")
        restore = WantedSetRestore(name, group, **{option: params[option] for option in options})
        return decide_set_restored(restore, fresh, cluster)
    wanted = WantedSet(
        name,
        group,
        params["description"],
        ACTIVATED[state],
        params["quiesced"],
        params["accept_auto_delete"],
        params["georep_paused"],
    )
    return decide_set(wanted, fresh, cluster)


def show(params: dict[str, t.Any], cluster: Cluster) -> dict[str, t.Any]:
    """What is returned, and compared for the diff."""
    if params["consistency_group"] is not None:
        return show_group(params, cluster)
    if params["delete_all"]:
        return {"snapshots": [s.name for s in cluster.snapshots_of(params["volume"])]}
    if params["snapshots"] is not None:
        names = [one["name"] for one in params["snapshots"]]
        return {
            "results": [
                {"name": name, "snapshot": snapshot_result(cluster.snapshot(name))}
                for name in names
            ]
        }
    shown: dict[str, t.Any] = {"snapshot": snapshot_result(cluster.snapshot(params["name"]))}
    if params["state"] == "restored":
        from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.mark import (
            Mark,
        )

        volume = cluster.volume(params["volume"])
        mark = Mark.of(volume) if volume else None
        shown["safety_snapshot"] = mark.safety or None if mark else None
        shown["restored_to"] = mark.snapshot if mark and mark.done else None
        shown["volume_status"] = volume.status if volume else None
    return shown


def together(params: dict[str, t.Any]) -> tuple[Topic, ...]:
    """What is sure to be asked, where that is more than one question."""
    if params["consistency_group"] is not None:
        return ALL
    if params["state"] == "restored":
        return (("volume", params["volume"]), ("snapshot", params["name"]))
    return ()


def show_group(params: dict[str, t.Any], cluster: Cluster) -> dict[str, t.Any]:
    """The same for a set."""
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.sets import (
        find_set,
        sets_of_group,
    )
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.snapshot_set import (
        restored_volumes,
    )

    name, group = params["name"], params["consistency_group"]
    if params["delete_all"]:
        sets = sets_of_group(group, cluster)
        return {"snapshots": [snapshot.name for one in sets for snapshot in one.snapshots]}
    shown: dict[str, t.Any] = {"snapshot_set": set_result(find_set(cluster, group, name))}
    if params["state"] == "restored":
        volumes, safety, done = restored_volumes(cluster, group, name)
        shown["safety_snapshot"] = safety
        shown["restored_to"] = name if done else None
        shown["volumes"] = {volume.name: volume.status for volume in volumes}
    return shown


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "aliases": ["snapshot", "snapname"]},
            "volume": {"type": "str", "aliases": ["volname"]},
            "snapshots": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "volume": {"type": "str"},
                    "description": {"type": "str"},
                },
            },
            "forks": {"type": "int", "default": FORKS},
            "consistency_group": {"type": "str", "aliases": ["cg_name"]},
            "quiesced": {"type": "bool", "default": False},
            "hold_wait": {"type": "int", "default": 60},
            "georep_paused": {"type": "bool", "default": False},
            "accept_auto_delete": {"type": "bool", "default": False},
            "accept_other_members": {"type": "bool", "default": False},
            "description": {"type": "str"},
            "state": {
                "type": "str",
                "choices": ["present", "activated", "deactivated", "absent", "restored"],
                "default": "present",
            },
            "delete_all": {"type": "bool", "default": False},
            "stop_volume": {"type": "bool", "default": False},
            "stop_sessions": {"type": "bool", "default": False},
            "safety_snapshot": {"type": "bool", "default": True},
            "keep_snapshot": {"type": "bool", "default": True},
            "restore_again": {"type": "bool", "default": False},
            **COMMON_OPTIONS,
        },
        required_if=[
            ("delete_all", False, ("name", "snapshots"), True),
            ("delete_all", True, ("volume", "consistency_group"), True),
            ("state", "restored", ("volume", "consistency_group"), True),
        ],
        mutually_exclusive=[
            ("volume", "consistency_group", "snapshots"),
            ("name", "snapshots"),
            ("description", "snapshots"),
        ],
        supports_check_mode=True,
    )
    fresh = fresh_uuid(module)
    with alone(module) if module.params["state"] == "restored" else contextlib.nullcontext():
        converge(
            module,
            lambda c: decide(module.params, fresh, c),
            lambda c: show(module.params, c),
            together=together(module.params),
        )


if __name__ == "__main__":
    main()
