# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read of a cluster as a report with findings: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report
short_description: What was read of a GlusterFS cluster, with what needs attention
version_added: 1.0.0
description:
  - Puts what the info modules returned into one report, and finds what in it needs attention.
  - The role P(glusterfs.data_protection.report#role) asks the modules, and writes the report. Its README
    describes what is in it.
author:
  - glusterfs.data_protection contributors (@glusterfs)
options:
  _input:
    description:
      - What was asked. C(read_at) is the time by the clock of the C(server) that was asked.
      - C(volumes), C(snapshots), C(snapshot settings), C(consistency groups) and C(sessions) are the
        results of info modules, failed ones too; that of the volumes with the subsets V(bricks) and
        V(snapshottable).
      - C(servers) is a list of pairs of a name and the result with the subset V(thin_pools) there.
      - C(retention) is a list of results in check mode, as a loop over the policies returns them.
    type: dict
    required: true
  lag_seconds:
    description: A session that is further behind than this is a finding.
    type: int
    default: 3600
  pool_warning:
    description: A thin pool that is this full, in per cent, is a finding.
    type: float
    default: 80
  pool_critical:
    description: A thin pool that is this full is a critical one.
    type: float
    default: 90
  snapshot_hours:
    description: A volume without a restorable snapshot of this many hours is a finding. V(0) is never.
    type: int
    default: 24
  without_snapshots:
    description: Names of volumes that need none.
    type: list
    elements: str
    default: []
  earlier:
    description: The report of an earlier run as JSON, or an empty text.
    type: str
    default: ""
  max_age:
    description:
      - The earlier report is returned while it says the same and is younger than this many minutes.
      - What moves by itself is not compared, such as the lag of a session and how full a thin pool is.
    type: int
    default: 0
seealso:
  - module: glusterfs.data_protection.gluster_volume_info
"""

EXAMPLES = r"""
- name: What needs attention at once
  ansible.builtin.debug:
    msg: "{{ urgent | map(attribute='text') | list }}"
  vars:
    # As the role has read it.
    asked:
      read_at: "2026-11-25T08:00:00Z"
      server: node1
      volumes: {volumes: []}
      snapshots: {snapshots: [], snapshot_sets: []}
      snapshot settings: {config: {auto_delete: false}, volumes: []}
      consistency groups: {consistency_groups: []}
      sessions: {msg: glusterd is not running}
      servers: []
      retention: []
    urgent: >-
      {{ (asked | glusterfs.data_protection.report).findings | selectattr('urgency', 'eq', 'critical') }}
"""

RETURN = r"""
_value:
  description: The report. C(findings) is its first part, the most urgent first.
  type: dict
"""

import json
import typing as t

from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._filter import refusing
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._findings import Limits
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._report import (
    report_of,
    says_the_same,
)


@refusing
def report(
    asked: dict[str, t.Any], earlier: t.Any = "", max_age: int = 0, **limits: t.Any
) -> dict[str, t.Any]:
    made = report_of(asked, Limits(**limits))
    if says_the_same(made, earlier, max_age):
        made = json.loads(earlier) if isinstance(earlier, str) else earlier
    return made


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"report": report}
