# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Between AnsibleModule and the three layers: settle on a plan, show it or run it, report.

``converge`` serves every module that changes something, ``inform`` every info module.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import time
import typing as t
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ansible.module_utils.basic import AnsibleModule

from ._decide.plan import AtOnce, Awaited, Plan, Program, Refusal, Step
from ._decide.steps.snapshot import DeleteSnapshot, DeleteSnapshotsOfVolume
from ._hold.firewall import find
from ._hold.window import Window
from ._model import Cluster, Unknown
from ._read.reader import Reader
from ._run.errors import ALREADY, NO_SNAPSHOT, SNAPSHOT_EXISTS, Failure, GlusterError, clipped
from ._run.gluster import Gluster
from ._run.namespaces import tables
from ._run.process import execute

if t.TYPE_CHECKING:
    from ._read.reader import Trust

COMMON_OPTIONS: dict[str, dict[str, t.Any]] = {
    "timeout": {"type": "int", "default": 600},
    "lock_timeout": {"type": "int", "default": 120},
}

SECONDS = {"timeout": 1, "lock_timeout": 0, "wait_timeout": 0, "hold_wait": 0}
"""Options that say how long to wait, and the least that each may be."""

LONGEST = 7 * 24 * 3600
"""The most: what somebody waits for has to end, and Python waits for no number of seconds."""

ONLY_GLUSTER_KNOWS = ("uuid", "id", "created", "skew_seconds", "snapshot_volume")
"""Fields that no plan can predict: without them the diff is the same in check mode."""

TAIL = 256 * 1024
"""Bytes of a file that are read."""

TOLD = 5
"""Failures that are told in the message, of several."""

MANY = 4
"""Snapshots, from which on it takes less to read all there are than each of these."""

ONE_AT_A_TIME = "/run/gluster_data_protection.lock"
"""A file that is locked, see :func:`alone`."""

Show = t.Callable[[Cluster], t.Dict[str, t.Any]]
Answer = t.TypeVar("Answer")


def converge(
    module: AnsibleModule,
    decide: t.Callable[[Cluster], Plan],
    show: Show,
    unpredictable: t.Sequence[str] = (),
    trust: Trust | None = None,
) -> t.NoReturn:
    """Bring the cluster to what the task declares, or in check mode say what would be done.

    ``show`` gives the return values of a cluster; asked before and after, they are the diff, without
    those that are ``unpredictable``.
    """
    unknown = (*ONLY_GLUSTER_KNOWS, *unpredictable)
    reader = _reader(module)
    reader.trust = trust
    window = Window(lambda: find(execute, module.get_bin_path), module.params.get("hold_wait", 0))
    run = Run(reader, window)

    def settled(cluster: Cluster) -> tuple[Plan, list[str], t.Any, t.Any]:
        plan = decide(cluster).without_what_is_there(cluster)
        end = plan.preflight(cluster)
        return plan, plan.commands(cluster), show(cluster), show(end)

    try:
        cluster, (plan, lines, before, after) = settle(reader, Cluster(), settled)
        warnings = [*plan.warnings]
        result: dict[str, t.Any] = {"changed": bool(plan.steps)}
        if module._diff:
            result["diff"] = {
                "before": _predictable(before, unknown),
                "after": _predictable(after, unknown),
            }
            if plan.account:
                result["diff"]["prepared"] = "".join(f"{line}\n" for line in plan.account)
        if module.check_mode or not (plan.steps or plan.awaited):
            result.update(after, commands=lines)
        else:
            cluster = run.carry_out(plan, cluster)
            if plan.awaited:
                cluster = run.wait_for(plan.awaited)
            result.update(settle(reader, cluster, show)[1], commands=run.commands)
            result["changed"] = bool(run.own(run.done))
            warnings += settle(reader, Cluster(), run.doubts)[1]
            if window.seconds is not None:
                result["window_seconds"] = window.seconds
        result.update(plan.told)
    except Refusal as refusal:
        _fail(module, f"{_sentence(refusal.problem)} Nothing was changed. {refusal.remedy}", run)
    except Failure as error:
        _fail(module, _told(error, run, reader), run, error)
    for warning in dict.fromkeys(warnings):
        module.warn(warning)
    _tell_each(module, result, run, plan)
    module.exit_json(**result)


def _tell_each(module: AnsibleModule, result: dict[str, t.Any], run: Run, plan: Plan) -> None:
    """Of several that are wanted, what became of each; it ends here if one of them failed."""
    steps = run.own(run.done) if run.commands else plan.parts
    changed = {getattr(step, "name", "") for step in steps}
    failed = {
        **plan.refused,
        **{name: f"{_sentence(str(error))} {error.advice}" for name, error in run.failed.items()},
    }
    for row in result.get("results", []):
        name = row["name"]
        row.update(changed=name in changed, failed=name in failed)
        if row["failed"]:
            row["msg"] = failed[name].strip()
    if failed:
        rows = [clipped(f"{name}: {text.strip()}", 400) for name, text in failed.items()]
        told = " ".join(rows[:TOLD])
        more = f" And {len(failed) - TOLD} more, see results." if len(failed) > TOLD else ""
        more += "".join(f" {text}" for text in _torn(run.failed.values(), run))
        module.fail_json(
            msg=f"{len(failed)} of {len(result['results'])} failed, and the others did not. "
            f"{told}{more} Run the same task again when the cause is mended.",
            **result,
        )


@contextlib.contextmanager
def alone(module: AnsibleModule) -> t.Iterator[None]:
    """Not while such a module is at work on this node: one whose controller died goes on by itself.

    In check mode neither: what it would say is not so any more when the other one is done. Nobody
    without the rights to lock could run ``gluster``.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(PermissionError):
            lock = stack.enter_context(open(ONE_AT_A_TIME, "w", encoding="utf-8"))
            _lock(module, lock)
        yield


def _lock(module: AnsibleModule, lock: t.IO[str]) -> None:
    deadline = time.monotonic() + module.params["timeout"]
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                module.fail_json(
                    msg="A restore or a change of a session that was begun before is still at work on "
                    f"this node after {module.params['timeout']} seconds. Nothing was changed. See "
                    "what it waits for (ps), and run the task again when it has ended."
                )
            time.sleep(1.0)


def fresh_uuid(module: AnsibleModule) -> str:
    """The UUID of something new; check mode cannot know it."""
    return "<uuid>" if module.check_mode else str(uuid.uuid4())


def inform(module: AnsibleModule, gather: t.Callable[[Reader], dict[str, t.Any]]) -> t.NoReturn:
    """Read, and return what was read."""
    gc.disable()  # it would look through 25,600 snapshots many times, and all is given back at once
    reader = _reader(module)
    try:
        result = gather(reader)
    except Refusal as refusal:
        module.fail_json(msg=f"{_sentence(refusal.problem)} {refusal.remedy}".strip())
    except Failure as error:
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
    window: Window | None = None
    commands: list[str] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    # What was run and is not proved, and how Gluster failed at it.
    open: dict[Step, GlusterError | None] = field(default_factory=dict)
    # What is done, but by somebody who was faster and may rely on it.
    others: set[Step] = field(default_factory=set)
    undone: list[str] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    standing: list[Step] = field(default_factory=list)  # after a failure: what was not undone
    failed: dict[str, Failure] = field(default_factory=dict)  # of parts that are apart, by name
    volumes: set[str] = field(default_factory=set)  # that the plan is about
    cluster: Cluster = field(default_factory=Cluster)

    def own(self, steps: t.Iterable[Step]) -> list[Step]:
        """Of these, what nobody else was faster with."""
        return [step for step in steps if step not in self.others]

    def doubts(self, cluster: Cluster) -> list[str]:
        """Of all that is done. What was seen before a command need not be so when it has ended."""
        return [text for step in self.done for text in step.doubts(cluster)]

    def carry_out(self, plan: Plan, cluster: Cluster) -> Cluster:
        """Every step, each proved by a read; if one fails, those before it are taken back."""
        self.cluster, self.plan = cluster, plan
        self.volumes = {getattr(part, "volume", "") for part in plan.parts} - {""}
        for step in plan.steps:
            together = step if isinstance(step, AtOnce) else AtOnce((step,))
            try:
                self._together(together)
            except Failure:
                self._take_back([step for step in together.parts if step in self.open])
                raise
        return self.cluster

    def _together(self, together: AtOnce) -> None:
        """Run the commands of these steps as AtOnce says, and prove each."""
        left = [part for part in together.parts if getattr(part, "name", "") not in self.failed]
        window = self.window if together.held else None
        while left:
            if window:
                window.open(together.held)
            ran = self._start(together, left)
            broken = window.close(together.held) if window else None
            failures: list[Failure] = [broken] if broken else []
            proved = self._proved_together([step for step, failure in ran.items() if not failure])
            for step, failure in ran.items():
                try:
                    if step not in proved:
                        self._prove(step, failure)
                    self.done.append(step)
                    del self.open[step]
                    if failure and failure.already_so:
                        self.others.add(step)
                except GlusterError as error:
                    if together.apart:
                        self.failed[getattr(step, "name", "")] = error
                    else:
                        failures.append(error)
            if len(failures) > 1:
                raise Failure("; ".join(map(str, failures)), failures[0].advice)
            if failures:
                raise failures[0]
            left = [part for part in left if part not in ran]

    def _start(self, together: AtOnce, parts: t.Sequence[Step]) -> dict[Step, GlusterError | None]:
        """What was run, and what failed of it: nothing is run after a failure in the same queue."""

        def run(queue: t.Sequence[Step]) -> dict[Step, GlusterError | None]:
            ran: dict[Step, GlusterError | None] = {}
            for step in queue:
                ran[step] = self._attempt(step)
                if ran[step]:
                    break
            return ran

        queues = together.queues(parts)
        if len(queues) == 1:
            found = [run(queues[0])]
        else:
            with ThreadPoolExecutor(together.forks or len(queues)) as pool:
                found = list(pool.map(run, queues))
        every = {step: failure for ran in found for step, failure in ran.items()}
        ran = {step: every[step] for step in parts if step in every}
        self.commands += [step.line(self.cluster) for step in ran]
        self.open = dict(ran)
        return ran

    def _proved_together(self, steps: t.Sequence[Step]) -> set[Step]:
        """Those of many that one read proves, instead of one for each."""
        topics = {topic for step in steps for topic in step.proof()}
        listed = ("all_snapshots", "")
        if len(steps) < MANY or {kind for kind, _name in topics} != {"snapshot"}:
            return set()
        cluster = self.cluster
        for step in steps:
            cluster = step.effect(cluster)
        try:
            self.cluster = self.reader.refresh(cluster, [listed])
        except GlusterError:
            return set()  # each is read by itself then, and says so
        return {step for step in steps if step.holds(self.cluster)}

    def wait_for(self, awaited: Awaited) -> Cluster:
        """What comes by itself, or an error that says what of it is missing."""
        deadline = time.monotonic() + awaited.patience
        seen = False
        while True:
            self.cluster = self.reader.refresh(self.cluster, awaited.proof())
            if awaited.holds(self.cluster):
                if seen or not awaited.steady:
                    return self.cluster
                seen = True
                time.sleep(awaited.steady)
                continue
            if time.monotonic() >= deadline:
                raise Failure(awaited.lacking(self.cluster))
            seen = False
            time.sleep(2.0)

    def _attempt(self, step: Step) -> GlusterError | None:
        words = step.words(self.cluster)
        try:
            if isinstance(step, Program):
                self.reader.run_program(words)
            else:
                self.reader.gluster.run(words, *([step.login] if step.login else []))
        except GlusterError as error:
            return error
        return None

    def _prove(self, step: Step, failure: GlusterError | None) -> None:
        """Read until the step is seen to hold."""
        gluster = self.reader.gluster
        patience = step.patience
        if failure is not None:
            # The answer may be late, or somebody else was faster: the state tells.
            if not (failure.timed_out or failure.already_so):
                raise failure
            if failure.timed_out:
                patience = gluster.timeout
            elif failure.errno in ALREADY:
                patience = 0.0
        deadline = time.monotonic() + patience
        while True:
            cluster = self.reader.refresh(step.effect(self.cluster), step.proof())
            if step.holds(cluster):
                self.cluster = cluster
                return
            if time.monotonic() >= deadline:
                words = step.words(self.cluster)
                command = words if isinstance(step, Program) else ("gluster", *words)
                who = "The command" if isinstance(step, Program) else "Gluster"
                lie = f"{who} reported success, but {step.lacking(cluster)}"
                raise failure or GlusterError(command, lie)
            time.sleep(1.0)

    def _take_back(self, failed: t.Sequence[Step]) -> None:
        """Undo in reverse, unless a step that is final has been done, or may have been."""
        ours = (step for step in failed if self._is_changed(step) and not self._was_late(step))
        self.standing = [*self.done, *ours]
        if any(step.final for step in self.standing):
            return
        for step in reversed(list(self.standing)):
            # What a failed step seems to have made may be somebody else's.
            mine = step in self.done or step.is_own(self.cluster)
            undo = step.undo() if mine and step not in self.others else None
            if undo is None or self._is_for_nothing(undo):
                continue
            self.commands.append(undo.line(self.cluster))
            try:
                self._prove(undo, self._attempt(undo))
                self.undone.append(self.commands[-1])
            except GlusterError as error:
                if error.errno != NO_SNAPSHOT:  # what is gone is not as this run has left it
                    return
            self.standing.remove(step)

    def _is_for_nothing(self, undo: Step) -> bool:
        """A node that is down brings back a snapshot that is removed now.

        It could not be activated any more (10.3: "Commit failed on localhost"). As it is, it can be used.
        """
        try:
            return bool(settle(self.reader, Cluster(), undo.doubts)[1])
        except GlusterError:
            return False

    def _was_late(self, step: Step) -> bool:
        """Did Gluster say that the snapshot is there already, or no more? Then somebody else was faster."""
        failure = self.open[step]
        errno = failure.errno if failure else None
        is_there = errno == SNAPSHOT_EXISTS and not step.is_own(self.cluster)
        return is_there or errno == NO_SNAPSHOT

    def _is_changed(self, step: Step) -> bool:
        """Is anything it touches other than before? Yes, where that cannot be told."""
        before = self.cluster
        try:
            known = [topic for topic in step.proof() if topic in before.known] or step.proof()
            self.cluster = self.reader.refresh(before, known)
            return any(self.cluster.get(*topic) != before.get(*topic) for topic in known)
        except (GlusterError, Unknown):
            return True


def _reader(module: AnsibleModule) -> Reader:
    for option, least in SECONDS.items():
        seconds = module.params.get(option)
        if seconds is not None and not least <= seconds <= LONGEST:
            module.fail_json(
                msg=f"{option} is {seconds}. Say {least} to {LONGEST} seconds. Nothing was changed."
            )
    binary = module.get_bin_path("gluster")
    if binary is None:
        module.fail_json(
            msg="This host has no gluster command: run the task on a server of the cluster "
            "(Debian: glusterfs-server and glusterfs-cli). Nothing was changed."
        )
    gluster = Gluster(binary, module.params["timeout"], module.params["lock_timeout"], execute)
    return Reader(gluster, execute, _mounts, _text_of, _now, _names_in, tables)


def _mounts() -> str:
    with open("/proc/self/mounts", encoding="utf-8") as table:
        return table.read()


def _text_of(path: str) -> str:
    """The end of a file, "" where there is none."""
    try:
        source = os.open(path, os.O_RDONLY)  # half the time of open(), of each of 25,600 snapshots
        try:
            size = os.fstat(source).st_size
            return os.pread(source, min(size, TAIL), max(size - TAIL, 0)).decode("utf-8", "replace")
        finally:
            os.close(source)
    except OSError:
        return ""


def _names_in(path: str) -> list[str]:
    """Of a folder; none where there is none."""
    try:
        return os.listdir(path)
    except OSError:
        return []


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _predictable(shown: t.Any, unknown: t.Sequence[str]) -> t.Any:
    if isinstance(shown, dict):
        return {k: _predictable(v, unknown) for k, v in shown.items() if k not in unknown}
    if isinstance(shown, list):
        return [_predictable(item, unknown) for item in shown]
    return shown


def _sentence(text: str) -> str:
    begin = text if text.startswith(("gluster ", "ssh")) else text[:1].upper() + text[1:]
    return begin.rstrip(". ") + "."


def _told(error: Failure, run: Run, reader: Reader) -> str:
    """What failed, what was taken back or stands, how the volumes are, and how to go on."""
    parts = [_sentence(str(error)), error.advice]
    standing = run.standing or ([] if run.undone else run.done)
    halfway = run.plan.halfway if run.plan.is_halfway(standing) else ""
    torn = list(_torn([error], run))
    ours = run.own(standing)
    if not run.undone and not ours and not torn:
        parts.append("Nothing was changed.")
        if not halfway:
            return " ".join(part for part in parts if part)
    # What to do comes before the account of what was done: it is read at night.
    parts += [_state_of(name, reader, not halfway) for name in sorted(run.volumes)]
    parts += torn
    parts.append(halfway)
    parts.append("Run the same task again when the cause is mended: it goes on from there.")
    if run.undone:
        parts.append(f"Taken back with: {'; '.join(clipped(line, 400) for line in run.undone)}.")
    if ours:
        lines = [clipped(step.line(run.cluster), 400) for step in ours]
        parts.append(f"Left as it is, having had effect: {'; '.join(lines)}.")
        spared = [
            s.name for s in run.plan.parts if isinstance(s, DeleteSnapshot) and s not in standing
        ]
        parts += [f"Not removed: {', '.join(spared)}."] if spared else []
    return " ".join(part for part in parts if part)


def _torn(failures: t.Iterable[Failure], run: Run) -> t.Iterator[str]:
    """Of volumes that it was tried to remove snapshots of: do their nodes know as many of them?

    Nothing of where an answer may be late: they may be at it.
    """
    if any(isinstance(failure, GlusterError) and failure.timed_out for failure in failures):
        return
    deleting = (DeleteSnapshot, DeleteSnapshotsOfVolume)
    parts = [part for part in run.plan.parts if isinstance(part, deleting)]
    for name in sorted({part.volume for part in parts if part.line(run.cluster) in run.commands}):
        try:
            counts = run.reader.snapshot_counts(name)
        except Failure:
            continue
        if len(set(counts.values())) > 1:
            known = ", ".join(f"{count} at {node}" for node, count in counts.items())
            yield (
                f"The nodes do not know the same snapshots of volume {name} ({known}). If it is so when "
                "nothing is at work any more, see A snapshot that only some nodes know in the guide on "
                "troubleshooting: Gluster does not mend that."
            )


def _state_of(name: str, reader: Reader, startable: bool) -> str:
    try:
        volume = reader.volume(name)
    except GlusterError:
        return f"The state of volume {name} cannot be read now."
    if volume is None:
        return f"Volume {name} does not exist."
    hint = "" if volume.started or not startable else f" (gluster volume start {name} starts it)"
    return f"Volume {name} is {volume.status}{hint}."


def _fail(module: AnsibleModule, msg: str, run: Run, error: Failure | None = None) -> t.NoReturn:
    details: dict[str, t.Any] = {"commands": run.commands, "undone": run.undone}
    if isinstance(error, GlusterError):
        details.update(command=error.command, errno=error.errno, rc=error.rc, stderr=error.text)
    module.fail_json(msg=msg.strip(), **details)
