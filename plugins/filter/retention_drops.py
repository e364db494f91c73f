# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules of retention would drop: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
name: retention_drops
short_description: The snapshots that rules of retention would drop
version_added: 1.0.0
description:
  - Judges snapshots by the rules of M(glusterfs.data_protection.gluster_snapshot_retention) and returns those
    that would go. So rules can be tried on what is there, or on what another cluster has, without asking
    Gluster again.
  - It knows only what is in the list. The module also keeps what a clone was made from, and every
    snapshot of a volume whose restore is not finished. What it would really remove it says in check mode,
    in C(deleted).
  - Each volume and each group is judged by itself. Snapshots of a set are judged as a set only.
author:
  - glusterfs.data_protection contributors (@glusterfs)
options:
  _input:
    description: What M(glusterfs.data_protection.gluster_snapshot_info) returned.
    type: dict
    required: true
  now:
    description: What time it is, ISO 8601 in UTC. Holds and O(min_age) go by it. By default it is now.
    type: str
  prefix:
    description:
      - How the names of the snapshots begin that the rules are about. This or O(pattern) is
        required.
    type: str
  pattern:
    description: The same as a pattern of the shell; V(*) is all.
    type: str
  keep_last:
    description: Keep this many of the newest. At least one C(keep_*) is required.
    type: int
  keep_hourly:
    description: For this many hours that have a snapshot, keep the newest of each.
    type: int
  keep_daily:
    description: For this many days that have a snapshot, keep the newest of each.
    type: int
  keep_weekly:
    description: For this many weeks that have a snapshot, keep the newest of each.
    type: int
  keep_monthly:
    description: For this many months that have a snapshot, keep the newest of each.
    type: int
  keep_yearly:
    description: For this many years that have a snapshot, keep the newest of each.
    type: int
  keep_within:
    description:
      - Keep all that were taken within this time before the newest one, as in V(36h), V(14d) or
        V(1w2d).
    type: str
  min_age:
    description: Keep all that are younger than this.
    type: str
  timezone:
    description: Where days, weeks, months and years begin, V(UTC) or an offset such as V("+01:00").
    type: str
    default: UTC
  delete_activated:
    description: Drop activated snapshots too.
    type: bool
    default: false
seealso:
  - module: glusterfs.data_protection.gluster_snapshot_retention
  - module: glusterfs.data_protection.gluster_snapshot_info
"""

EXAMPLES = r"""
- name: All snapshots
  glusterfs.data_protection.gluster_snapshot_info:
  register: found

- name: How many would go if only a week were kept
  ansible.builtin.debug:
    msg: >-
      {{ found | glusterfs.data_protection.retention_drops(prefix='nightly-', keep_daily=7) | length }} of
      {{ found.snapshots | length }} snapshots would go.
"""

RETURN = r"""
_value:
  description:
    - The snapshots that would go as they were given, each with RV(_value[].reasons), by series
      and age.
  type: list
  elements: dict
  contains:
    reasons:
      description: Why no rule keeps it.
      type: list
      elements: str
"""

import time
import typing as t

from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils import _drops
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._filter import (
    check_time,
    refusing,
)


@refusing
def retention_drops(
    info: dict[str, t.Any], now: str | None = None, timezone: str = "UTC", **rules: t.Any
) -> list[dict[str, t.Any]]:
    if bool(rules.get("prefix")) == bool(rules.get("pattern")):
        raise Refusal("it wants one of prefix and pattern", "Say which snapshots are meant.")
    if now is None:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    check_time("now", now)
    return _drops.retention_drops(info, now, zone=timezone, **rules)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"retention_drops": retention_drops}
