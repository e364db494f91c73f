#!/usr/bin/python
# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention of snapshots: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gluster_snapshot_retention
short_description: Remove GlusterFS snapshots that no rule keeps any more
version_added: 1.0.0
description:
  - Says which snapshots of a policy are to stay, and removes the others, the oldest first.
  - The snapshots of a volume are one series, and the sets of a consistency group are one. Each
    series is judged by itself. One rule is enough for a snapshot to stay.
  - In check mode with diff mode it shows for every snapshot whether it stays or goes, and why.
  - Which rule keeps what depends only on the times at which the snapshots were taken. It is the
    same at whatever hour the task runs, and however often. When no snapshots are taken any more, none
    are removed either. Only O(min_age) and a hold look at the clock.
  - The newest snapshot of a series always stays.
author:
  - glusterfs.data_protection contributors (@glusterfs)
extends_documentation_fragment:
  - glusterfs.data_protection.gluster
  - glusterfs.data_protection.gluster.state
options:
  volume:
    description:
      - The volume whose snapshots are judged.
      - Without it and without O(consistency_group) all volumes and all groups are, each by itself.
    type: str
    aliases: [volname]
  consistency_group:
    description:
      - The consistency group whose sets are judged, instead of O(volume). A set goes with all its
        snapshots, or stays with all of them. Snapshots of sets are never judged by themselves.
      - A set of which some snapshots are missing is judged as if it were whole, but a whole one
        never goes because of it.
    type: str
    aliases: [cg_name]
  prefix:
    description:
      - How the names of the snapshots begin that the policy is about. It is the name of the set
        where they are of a group. All others are left alone, and do not count.
      - This or O(pattern) is required.
    type: str
  pattern:
    description:
      - The same as a pattern of the shell, for instance V(*-nightly). V(*) is all snapshots.
      - The safety snapshots that M(glusterfs.data_protection.gluster_snapshot) takes before a
        restore are left alone, unless O(pattern) or O(prefix) itself begins with V(before-restore-).
    type: str
  keep_last:
    description:
      - Keep this many of the newest.
      - At least one C(keep_*) is required. With none the task fails.
    type: int
  keep_hourly:
    description: For this many hours, the last ones that have a snapshot, keep the newest of each.
    type: int
  keep_daily:
    description: For this many days, the last ones that have a snapshot, keep the newest of each.
    type: int
  keep_weekly:
    description:
      - For this many weeks, the last ones that have a snapshot, keep the newest of each. Weeks
        begin on Monday.
    type: int
  keep_monthly:
    description: For this many months, the last ones that have a snapshot, keep the newest of each.
    type: int
  keep_yearly:
    description: For this many years, the last ones that have a snapshot, keep the newest of each.
    type: int
  keep_within:
    description:
      - Keep all that were taken within this time before the newest one.
      - Weeks, days and hours, as in V(36h), V(14d) or V(1w2d).
    type: str
  min_age:
    description:
      - Keep all that are younger than this by the clock of the node, whatever the rules say. In the
        form of O(keep_within).
    type: str
  timezone:
    description:
      - Where hours, days, weeks, months and years begin, V(UTC) or an offset from it such as
        V("+01:00"). Write it in quotes.
      - There are no names of zones, and no summer time.
    type: str
    default: UTC
  delete_activated:
    description:
      - Remove also activated snapshots that no rule keeps. A client that has one mounted loses it.
      - By default they stay, since Gluster does not tell whether a client has one mounted. Use this
        where O(glusterfs.data_protection.gluster_snapshot_config#module:activate_on_create) is on.
    type: bool
    default: false
notes:
  - A snapshot is held by C(keep-until=YYYY-MM-DD) in its description, to the end of that day in
    O(timezone). Gluster cannot change a description, so it is said when the snapshot is taken. This
    is advice to this module only. Everything else that removes snapshots does not know of it.
  - A snapshot stays while there is a clone that M(glusterfs.data_protection.gluster_snapshot_clone)
    made from it. A clone that was made by hand does not say what it was made from. With LVM it does
    not need that snapshot.
  - A snapshot stays while a worker of geo-replication on this node has it mounted, see
    M(glusterfs.data_protection.gluster_snapshot). Where nothing else keeps it, a warning says so.
  - While a restore of a volume is not finished, all snapshots of that volume stay.
  - A snapshot that a restore has taken again
    (O(glusterfs.data_protection.gluster_snapshot#module:keep_snapshot)) counts by its new time.
  - Nothing is removed while a node of the pool is down, since it would be listed there again.
  - Gluster removes one snapshot after the other. If it fails at one, those before it are gone. The
    message names them and those that are left, and the same task goes on from there.
seealso:
  - module: glusterfs.data_protection.gluster_snapshot
  - module: glusterfs.data_protection.gluster_snapshot_info
  - module: glusterfs.data_protection.gluster_snapshot_config
"""

EXAMPLES = r"""
- name: Keep the nightly snapshots of a volume for a week, then one a week and one a month
  glusterfs.data_protection.gluster_snapshot_retention:
    volume: projects
    prefix: nightly-
    keep_daily: 7
    keep_weekly: 4
    keep_monthly: 12
    timezone: "+01:00"

- name: Keep the last three snapshots of a group, and all of its last two days
  glusterfs.data_protection.gluster_snapshot_retention:
    consistency_group: shop
    pattern: "*"
    keep_last: 3
    keep_within: 2d

- name: Thin out what a schedule takes every hour, of all volumes, and never one of today
  glusterfs.data_protection.gluster_snapshot_retention:
    pattern: Scheduled-*
    keep_hourly: 24
    keep_daily: 30
    min_age: 24h

- name: Remove all but the last safety snapshot of a volume
  glusterfs.data_protection.gluster_snapshot_retention:
    volume: projects
    prefix: before-restore-
    keep_last: 1
"""

RETURN = r"""
snapshots:
  description: Every snapshot that the policy is about, by series and time, also those that went.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the snapshot.
      type: str
      sample: nightly-20261122
    uuid:
      description: UUID of the snapshot.
      type: str
      sample: 5c4e4cf5-9de6-4b9c-8a0b-0a3ec2ab1b4f
    volume:
      description: The volume it is a snapshot of.
      type: str
      sample: projects
    consistency_group:
      description: The group of its set; null for any other.
      type: str
      sample: null
    snapshot_set:
      description: Name of the set that it is one of; null for any other.
      type: str
      sample: null
    taken:
      description: When it was taken, ISO 8601 in UTC.
      type: str
      sample: "2026-11-22T02:00:04Z"
    keep:
      description: Whether it stays.
      type: bool
      sample: true
    reasons:
      description: Why it stays, or why none of the rules keeps it.
      type: list
      elements: str
      sample: ["keep_daily 7: the newest in 2026-11-22"]
deleted:
  description: The snapshots that were removed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the snapshot.
      type: str
      sample: nightly-20261021
    uuid:
      description: UUID of the snapshot.
      type: str
      sample: 0b1f3c5e-38f4-4c0b-9a4e-4e2ab91c5f27
remaining:
  description: Names of the snapshots of the policy that are there afterwards, as read back.
  returned: success
  type: list
  elements: str
  sample: [nightly-20261122]
commands:
  description: The changing commands that were run, or in check mode would be run, in their order.
  returned: always
  type: list
  elements: str
  sample:
    - gluster snapshot delete nightly-20261021
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.retention import (
    COUNTS,
    Policy,
    decide_retention,
    present,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    ALL,
    COMMON_OPTIONS,
    converge,
)


def policy_of(params: dict[str, t.Any]) -> Policy:
    """The policy as the task declares it."""
    return Policy(
        prefix=params["prefix"],
        pattern=params["pattern"],
        keep={option: params[option] or 0 for option in COUNTS},
        keep_within=params["keep_within"] or "",
        min_age=params["min_age"] or "",
        zone=params["timezone"],
        delete_activated=params["delete_activated"],
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "volume": {"type": "str", "aliases": ["volname"]},
            "consistency_group": {"type": "str", "aliases": ["cg_name"]},
            "prefix": {"type": "str"},
            "pattern": {"type": "str"},
            **{option: {"type": "int"} for option in COUNTS},
            "keep_within": {"type": "str"},
            "min_age": {"type": "str"},
            "timezone": {"type": "str", "default": "UTC"},
            "delete_activated": {"type": "bool", "default": False},
            **COMMON_OPTIONS,
        },
        required_one_of=[("prefix", "pattern")],
        mutually_exclusive=[("volume", "consistency_group"), ("prefix", "pattern")],
        supports_check_mode=True,
    )
    policy = policy_of(module.params)
    of = (module.params["volume"], module.params["consistency_group"])
    converge(
        module,
        lambda cluster: decide_retention(*of, policy, cluster),
        lambda cluster: {"remaining": present(*of, policy, cluster)},
        together=(*ALL, ("config", "")),
    )


if __name__ == "__main__":
    main()
