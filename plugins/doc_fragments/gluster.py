# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation shared by the modules."""

from __future__ import annotations


class ModuleDocFragment:
    # For every module. The options are COMMON_OPTIONS in module_utils/_module.py.
    DOCUMENTATION = r"""
options:
  timeout:
    description:
      - Seconds that one C(gluster) command may take, from 1 to 604800 (a week).
      - After this time the state is read again, since glusterd may have finished the work.
    type: int
    default: 600
  lock_timeout:
    description:
      - Seconds for which a command that meets another one's cluster lock is tried again, from 0 to 604800.
    type: int
    default: 120
attributes:
  platform:
    support: full
    description: The systems it runs on.
    platforms: posix
  action_group:
    support: full
    description: Use C(group/glusterfs.data_protection.gluster) in C(module_defaults).
    membership:
      - glusterfs.data_protection.gluster
requirements:
  - Python 3.7 or newer on the managed node
  - GlusterFS 9, 10 or 11, with its C(gluster) command, on the managed node
notes:
  - Run the task on one server of the cluster, with the privileges of root. Use C(run_once) for a
    group of servers.
"""

    # Attributes of modules that bring something to a state.
    STATE = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return what the real run would do, commands included.
  diff_mode:
    support: full
    description: Returns the object before and after; in check mode the same as in the real run.
  idempotent:
    support: full
    description: Run again on the state it left, it changes nothing.
"""

    # Attributes of modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: N/A
    description: Changes nothing.
  idempotent:
    support: full
    description: Only reads.
"""
