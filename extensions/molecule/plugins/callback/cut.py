# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a run of Ansible as a power failure of its machine would, at a task of one's choice.

So a procedure can be interrupted at every step, and be finished by running it again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import typing as t
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: cut
type: notification
short_description: Kills a run of Ansible at a task
version_added: 1.0.0
description:
  - Tasks are counted from 1, each once for every host that it starts on, be it skipped there or not.
  - It prints nothing, and does nothing without the variables of the environment that are its options.
options:
  at:
    description:
      - The number of the task. When it starts, C(ansible-playbook) and all that it has started here is
        killed with SIGKILL. What runs on other machines already goes on there.
    type: int
    default: 0
    env: [{name: CUT_AT}]
  task:
    description: The name of a task, instead of its number. The run is cut at its first start.
    type: str
    default: ""
    env: [{name: CUT_TASK}]
  after:
    description: Seconds to wait from then, so that the task is in the midst of its work.
    type: float
    default: 0
    env: [{name: CUT_AFTER}]
  count:
    description: A file. The number of tasks of the run is written there at its end.
    type: path
    env: [{name: CUT_COUNT}]
  changed:
    description: A file. The numbers of those that changed something are written there, in one line.
    type: path
    env: [{name: CUT_CHANGED}]
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "cut"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[tuple[str, str], int] = {}  # by host and task; a loop is one task
        self.started = 0
        self.changed: list[int] = []

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        self.started += 1
        self.numbers[host.get_name(), task._uuid] = self.started
        wanted = self.get_option("task")
        if self.started == self.get_option("at") or (wanted and task.name == wanted):
            cut(os.getpid(), self.get_option("after"))

    def v2_runner_on_ok(self, result: t.Any) -> None:
        if result._result.get("changed"):
            self.changed.append(self.numbers[result._host.get_name(), result._task._uuid])

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self.write("count", str(self.started))
        self.write("changed", " ".join(map(str, sorted(self.changed))))

    def write(self, option: str, text: str) -> None:
        path = self.get_option(option)
        if path:
            Path(path).write_text(text + "\n", encoding="utf-8")


def cut(process: int, after: float) -> None:
    """Kill a process and its descendants, by a child that is spared; it may have ended by then."""
    if os.fork() == 0:
        try:
            time.sleep(after)
            # Stopped first, so that it starts no others meanwhile.
            os.kill(process, signal.SIGSTOP)
            for one in [*descendants(process), process]:
                if one != os.getpid():
                    with contextlib.suppress(ProcessLookupError):  # it has ended since
                        os.kill(one, signal.SIGKILL)
        finally:
            os._exit(0)
    if not after:
        signal.pause()


def descendants(process: int) -> list[int]:
    """Workers are sessions of their own, so no process group has them all."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]
