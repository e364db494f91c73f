# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Between AnsibleModule and the three layers: settle on a plan, show it or run it, report.

``converge`` serves every module that changes something, ``inform`` every info module.
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.basic import AnsibleModule

from ._decide.plan import Plan, Refusal, Step, command_line
from ._model import Cluster, Unknown
from ._read.reader import Reader
from ._run.errors import ALREADY, GlusterError
from ._run.gluster import Gluster
from ._run.process import execute

COMMON_OPTIONS: dict[str, dict[str, t.Any]] = {
    "timeout": {"type": "int", "default": 600},
    "lock_timeout": {"type": "int", "default": 120},
}

ONLY_GLUSTER_KNOWS = ("uuid", "created", "snapshot_volume")
"""Fields that no plan can predict: without them the diff is the same in check mode."""

Show = t.Callable[[Cluster], t.Dict[str, t.Any]]
Answer = t.TypeVar("Answer")


def converge(module: AnsibleModule, decide: t.Callable[[Cluster], Plan], show: Show) -> t.NoReturn:
    """Bring the cluster to what the task declares, or in check mode say what would be done.

    ``show`` gives the return values of a cluster; asked before and after, they are the diff.
    """
    reader = _reader(module)
    run = Run(reader)

    def settled(cluster: Cluster) -> tuple[Plan, list[str], t.Any, t.Any]:
        plan = decide(cluster)
        end = plan.preflight(cluster)
        return plan, plan.commands(cluster), show(cluster), show(end)

    try:
        cluster, (plan, lines, before, after) = settle(reader, Cluster(), settled)
        result: dict[str, t.Any] = {"changed": bool(plan.steps)}
        if module._diff:
            result["diff"] = {"before": _predictable(before), "after": _predictable(after)}
        if module.check_mode or not plan.steps:
            result.update(after, commands=lines)
        else:
            cluster = run.carry_out(plan, cluster)
            result.update(settle(reader, cluster, show)[1], commands=run.commands)
    except Refusal as refusal:
        _fail(module, f"{_sentence(refusal.problem)} Nothing was changed. {refusal.remedy}", run)
    except GlusterError as error:
        _fail(module, _told(error, run, reader), run, error)
    for warning in plan.warnings:
        module.warn(warning)
    module.exit_json(**result)


def inform(module: AnsibleModule, gather: t.Callable[[Reader], dict[str, t.Any]]) -> t.NoReturn:
    """Read, and return what was read."""
    reader = _reader(module)
    try:
        result = gather(reader)
    except Refusal as refusal:
        module.fail_json(msg=f"{_sentence(refusal.problem)} {refusal.remedy}".strip())
    except GlusterError as error:
        _fail(module, f"{_sentence(str(error))} {error.advice}", Run(reader), error)
    module.exit_json(changed=False, **result)


def settle(
    reader: Reader, cluster: Cluster, question: t.Callable[[Cluster], Answer]
) -> tuple[Cluster, Answer]:
    """Answer a question, reading what it turns out to need and nothing else."""
    while True:
        try:
            return cluster, question(cluster)
        except Unknown as gap:
            cluster = reader.refresh(cluster, [gap.topic])


@dataclass
class Run:
    """A plan being carried out: what was run, what is done, what was taken back."""

    reader: Reader
    commands: list[str] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    standing: list[Step] = field(default_factory=list)  # after a failure: what was not undone
    cluster: Cluster = field(default_factory=Cluster)

    def carry_out(self, plan: Plan, cluster: Cluster) -> Cluster:
        """Every step, each proved by a read; if one fails, those before it are taken back."""
        self.cluster = cluster
        for step in plan.steps:
            try:
                self.cluster = self._step(step, self.cluster)
            except GlusterError:
                self._take_back(step)
                raise
            self.done.append(step)
        return self.cluster

    def _step(self, step: Step, cluster: Cluster) -> Cluster:
        gluster = self.reader.gluster
        words = step.words(cluster)
        self.commands.append(command_line(words))
        failure: GlusterError | None = None
        patience = step.patience
        try:
            gluster.run(words)
        except GlusterError as error:
            # The answer may be late, or somebody else was faster: the state tells.
            if not (error.timed_out or error.errno in ALREADY):
                raise
            failure = error
            patience = gluster.timeout if error.timed_out else 0.0
        deadline = time.monotonic() + patience
        while True:
            cluster = self.reader.refresh(step.effect(cluster), step.proof())
            if step.holds(cluster):
                return cluster
            if time.monotonic() >= deadline:
                lie = f"Gluster reported success, but {step.lacking(cluster)}"
                raise failure or GlusterError(["gluster", *words], lie)
            time.sleep(1.0)

    def _take_back(self, failed: Step) -> None:
        """Undo in reverse, unless a step that is final has been done, or may have been."""
        self.standing = [*self.done, *([failed] if self._is_changed(failed) else [])]
        if any(step.final for step in self.standing):
            return
        for step in reversed(list(self.standing)):
            # What a failed step seems to have made may be somebody else's.
            undo = None if step is failed and failed.creates else step.undo()
            if undo is None:
                continue
            try:
                self.cluster = self._step(undo, self.cluster)
            except GlusterError:
                return
            self.undone.append(self.commands[-1])
            self.standing.remove(step)

    def _is_changed(self, step: Step) -> bool:
        """Is anything it touches other than before? Yes, where that cannot be told."""
        try:
            now = self.reader.refresh(self.cluster, step.proof())
            return any(now.get(*topic) != self.cluster.get(*topic) for topic in step.proof())
        except (GlusterError, Unknown):
            return True


def _reader(module: AnsibleModule) -> Reader:
    binary = module.get_bin_path("gluster")
    if binary is None:
        module.fail_json(
            msg="This host has no gluster command: run the task on a server of the cluster "
            "(Debian: glusterfs-server and glusterfs-cli). Nothing was changed."
        )
    gluster = Gluster(binary, module.params["timeout"], module.params["lock_timeout"], execute)
    return Reader(gluster, execute, _mounts)


def _mounts() -> str:
    with open("/proc/self/mounts", encoding="utf-8") as table:
        return table.read()


def _predictable(shown: t.Any) -> t.Any:
    if isinstance(shown, dict):
        return {k: _predictable(v) for k, v in shown.items() if k not in ONLY_GLUSTER_KNOWS}
    if isinstance(shown, list):
        return [_predictable(item) for item in shown]
    return shown


def _sentence(text: str) -> str:
    begin = text if text.startswith("gluster ") else text[:1].upper() + text[1:]
    return begin.rstrip(". ") + "."


def _told(error: GlusterError, run: Run, reader: Reader) -> str:
    """What failed, what was taken back or stands, how the volumes are, and how to go on."""
    parts = [_sentence(str(error)), error.advice]
    standing = run.standing or ([] if run.undone else run.done)
    if not run.undone and not standing:
        return " ".join(part for part in [*parts, "Nothing was changed."] if part)
    if run.undone:
        parts.append(f"Taken back with: {'; '.join(run.undone)}.")
    if standing:
        lines = [command_line(step.words(run.cluster)) for step in standing]
        parts.append(f"Left as it is, having had effect: {'; '.join(lines)}.")
    for kind, name in sorted(run.cluster.known):
        if kind == "volume":
            parts.append(_state_of(name, reader))
    parts.append("Run the same task again when the cause is mended: it goes on from there.")
    return " ".join(part for part in parts if part)


def _state_of(name: str, reader: Reader) -> str:
    try:
        volume = reader.volume(name)
    except GlusterError:
        return f"The state of volume {name} cannot be read now."
    if volume is None:
        return f"Volume {name} does not exist."
    hint = "" if volume.started else f" (gluster volume start {name} starts it)"
    return f"Volume {name} is {volume.status}{hint}."


def _fail(
    module: AnsibleModule, msg: str, run: Run, error: GlusterError | None = None
) -> t.NoReturn:
    details: dict[str, t.Any] = {"commands": run.commands, "undone": run.undone}
    if error is not None:
        details.update(command=error.command, errno=error.errno, rc=error.rc, stderr=error.text)
    module.fail_json(msg=msg.strip(), **details)
