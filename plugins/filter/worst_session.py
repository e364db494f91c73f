# Copyright (c) 2026, glusterfs.data_protection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The session that needs attention most: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
name: worst_session
short_description: The geo-replication session that is worst off
version_added: 1.0.0
description:
  - Of several sessions it returns the one that is worst off. C(FAULTY) is worse than C(INITIALIZING), that
    is worse than C(NOT_STARTED), and that is worse than C(STABLE).
  - Of several with the same status it is the one that is furthest behind. A lag that is not known is
    worse than any other.
author:
  - glusterfs.data_protection contributors (@glusterfs)
options:
  _input:
    description: C(sessions) of M(glusterfs.data_protection.gluster_georep_session_info).
    type: list
    elements: dict
    required: true
seealso:
  - module: glusterfs.data_protection.gluster_georep_session_info
"""

EXAMPLES = r"""
- name: All sessions
  glusterfs.data_protection.gluster_georep_session_info:
  register: found

- name: Fail if the worst of them is not well, or an hour behind
  ansible.builtin.assert:
    that:
      - worst.status == 'STABLE'
      - worst.lag_seconds < 3600
    fail_msg: "{{ worst.volume }}: {{ worst.status }}, {{ worst.lag_seconds }} seconds behind"
  when: found.sessions | length > 0
  vars:
    worst: "{{ found.sessions | glusterfs.data_protection.worst_session }}"
"""

RETURN = r"""
_value:
  description: The session as it was given, or none where there is no session.
  type: dict
"""

import typing as t

from ansible_collections.glusterfs.data_protection.plugins.plugin_utils import _choose
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils._filter import refusing


@refusing
def worst_session(sessions: list[dict[str, t.Any]]) -> dict[str, t.Any] | None:
    return _choose.worst_session(sessions)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"worst_session": worst_session}
