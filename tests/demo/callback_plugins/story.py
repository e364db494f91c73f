# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tour as a story: written to the file descriptor in DEMO_STORY, beside Ansible's own output."""

from __future__ import annotations

import json
import os
import re
import time
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: story
type: notification
short_description: Tells the tour of make demo
version_added: 1.0.0
description: What is declared, what it changed, the commands it took, and how long.
"""

OURS = "glusterfs.data_protection."
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|<uuid>")
WIDTH = 100
"""Of a command: those that set options carry a long line of JSON."""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "story"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        descriptor = int(os.environ["DEMO_STORY"])
        self.out = open(descriptor, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
        self.started = time.monotonic()
        self.waiting = False  # a line that will end with the seconds its task took
        self.quiet = False  # a play of which only the name is told
        self.planned: list[str] = []  # the commands of the last task in check mode

    def tell(self, text: str, indent: int = 4) -> None:
        self.out.write(" " * indent + text + "\n")

    def took(self) -> str:
        return f"({time.monotonic() - self.started:.0f} s)"

    def wait(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()
        self.started = time.monotonic()
        self.waiting = True

    def end_line(self) -> None:
        if self.waiting:
            self.out.write(f" {self.took()}\n")
        self.waiting = False

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self.end_line()
        self.quiet = "quiet" in play.tags
        if self.quiet:
            self.wait(play.get_name())
        else:
            self.tell(f"\n== {play.get_name()}", 0)

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        if self.quiet or task.action == "ansible.builtin.debug":
            return
        self.end_line()
        if task.action.startswith(OURS):
            words = (f"{key}: {plain(value)}" for key, value in task.args.items())
            self.tell(f"{task.get_name()}:", 2)
            self.tell(f"{task.action[len(OURS) :]}: {{{', '.join(words)}}}")
            self.started = time.monotonic()
        else:
            self.wait(f"  {task.get_name()}")

    def v2_runner_on_ok(self, result: t.Any) -> None:
        told, task = result._result, result._task
        if self.quiet:
            return
        if task.action == "ansible.builtin.debug":
            self.end_line()
            lines = told["msg"] if isinstance(told["msg"], list) else [told["msg"]]
            for line in lines:
                self.tell(f"-> {line}")
        elif "commands" in told:
            self.tell_change(told, task.check_mode)
        elif task.action.startswith(OURS):
            self.tell(f"read {self.took()}")

    def tell_change(self, told: dict[str, t.Any], check: bool) -> None:
        commands = [UUID.sub("<uuid>", line) for line in told["commands"]]
        if not told["changed"]:
            self.tell(f"unchanged {self.took()}")
        elif commands == self.planned:
            self.tell(f"changed {self.took()}, with the {len(commands)} commands of the plan")
        else:
            self.tell(f"{'would change' if check else 'changed'} {self.took()}, with:")
            for command in told["commands"]:
                line = f"$ {command}"
                self.tell(line if len(line) <= WIDTH else line[: WIDTH - 4] + " ...", 6)
        self.planned = commands if check else []
        if check and "diff" in told:
            before, after = (dict(leaves(told["diff"][key])) for key in ("before", "after"))
            for key in sorted(set(before) | set(after)):
                if before.get(key) != after.get(key):
                    self.tell(f"{key}: {plain(before.get(key))} -> {plain(after.get(key))}", 6)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self.end_line()
        told = result._result
        reason = str(told.get("stderr") or told.get("msg")).strip()
        self.out.write(f"  FAILED on {result._host.get_name()}: {reason}\n")

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self.v2_runner_on_failed(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self.end_line()


def plain(value: t.Any) -> str:
    """As in YAML."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def leaves(value: t.Any, path: str = "") -> t.Iterator[tuple[str, t.Any]]:
    """The values of nested mappings by their dotted paths."""
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner, f"{path}{key}.")
        else:
            yield path + key, inner
