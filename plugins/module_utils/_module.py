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

from ansible.module_utils.basic import AnsibleModule

from ._decide.plan import Plan, Refusal
from ._model import Cluster, Unknown
from ._read.reader import Reader
from ._run.errors import Failure, GlusterError, clipped, sentence
from ._run.gluster import Gluster
from ._run.process import execute

if t.TYPE_CHECKING:
    from ._apply import Run
    from ._hold.firewall import Firewall
    from ._model import Topic
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

ONE_AT_A_TIME = "/run/gluster_data_protection.lock"
"""A file that is locked, see :func:`alone`."""

ALL = (("all_volumes", ""), ("all_snapshots", ""))
"""Topics of who has to do with groups: the volumes tell of groups, the snapshots of sets."""

Show = t.Callable[[Cluster], t.Dict[str, t.Any]]
Answer = t.TypeVar("Answer")


def converge(
    module: AnsibleModule,
    decide: t.Callable[[Cluster], Plan],
    show: Show,
    unpredictable: t.Sequence[str] = (),
    trust: Trust | None = None,
    together: t.Sequence[Topic] = (),
) -> t.NoReturn:
    """Bring the cluster to what the task declares, or in check mode say what would be done.

    ``show`` gives the return values of a cluster; asked before and after, they are the diff, without
    those that are ``unpredictable``. What is sure to be asked is asked ``together``.
    """
    unknown = (*ONLY_GLUSTER_KNOWS, *unpredictable)
    reader = _reader(module)
    reader.trust = trust
    run: Run | None = None

    def settled(cluster: Cluster) -> tuple[Plan, list[str], t.Any, t.Any]:
        plan = decide(cluster).without_what_is_there(cluster)
        end = plan.preflight(cluster)
        return plan, plan.commands(cluster), show(cluster), show(end)

    try:
        cluster, (plan, lines, before, after) = settle(reader, Cluster(), settled, together)
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
            run = _run(module, reader)
            cluster = run.carry_out(plan, cluster)
            if plan.awaited:
                cluster = run.wait_for(plan.awaited)
            result.update(settle(reader, cluster, show)[1], commands=run.commands)
            result["changed"] = bool(run.own(run.done))
            warnings += settle(reader, Cluster(), run.doubts)[1]
            if run.window and run.window.seconds is not None:
                result.update(window_seconds=run.window.seconds, held_seconds=run.window.held)
        result.update(plan.told)
    except Refusal as refusal:
        _fail(module, f"{sentence(refusal.problem)} Nothing was changed. {refusal.remedy}", run)
    except Failure as error:
        run = run or _run(module, reader)
        _fail(module, run.told(error), run, error)
    for warning in dict.fromkeys(warnings):
        module.warn(warning)
    _tell_each(module, result, run, plan)
    module.exit_json(**result)


def _run(module: AnsibleModule, reader: Reader) -> Run:
    """What carries out a plan. With all that it needs it is loaded when it is known to be needed."""
    from ._apply import Run
    from ._hold.window import Window

    return Run(reader, Window(lambda: _firewall(module), module.params.get("hold_wait", 0)))


def _firewall(module: AnsibleModule) -> Firewall:
    from ._hold.firewall import find

    return find(execute, module.get_bin_path)


def _tell_each(
    module: AnsibleModule, result: dict[str, t.Any], run: Run | None, plan: Plan
) -> None:
    """Of several that are wanted, what became of each; it ends here if one of them failed."""
    steps = run.own(run.done) if run else plan.parts
    changed = {getattr(step, "name", "") for step in steps}
    failures = run.failed if run else {}
    failed = {
        **plan.refused,
        **{name: f"{sentence(str(error))} {error.advice}" for name, error in failures.items()},
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
        more += "".join(f" {text}" for text in run.torn(failures.values())) if run else ""
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
    if module.check_mode:
        return "<uuid>"
    import uuid

    return str(uuid.uuid4())


def inform(module: AnsibleModule, gather: t.Callable[[Reader], dict[str, t.Any]]) -> t.NoReturn:
    """Read, and return what was read."""
    gc.disable()  # it would look through 25,600 snapshots many times, and all is given back at once
    reader = _reader(module)
    try:
        result = gather(reader)
    except Refusal as refusal:
        module.fail_json(msg=f"{sentence(refusal.problem)} {refusal.remedy}".strip())
    except Failure as error:
        _fail(module, f"{sentence(str(error))} {error.advice}", error=error)
    module.exit_json(changed=False, **result)


def settle(
    reader: Reader,
    cluster: Cluster,
    question: t.Callable[[Cluster], Answer],
    together: t.Sequence[Topic] = (),
) -> tuple[Cluster, Answer]:
    """Answer a question, reading what it turns out to need and nothing else.

    With the first of ``together`` Gluster is asked for the others too. An answer that is not needed, nobody
    judges.
    """
    with contextlib.ExitStack() as stack:
        while True:
            try:
                return cluster, question(cluster)
            except Unknown as gap:
                if gap.topic in together:
                    stack.enter_context(reader.together(together))
                    together = ()
                cluster = reader.refresh(cluster, [gap.topic])


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
    return Reader(gluster, execute, _mounts, _text_of, _now, _names_in, _tables)


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


def _tables() -> t.Iterator[tuple[str, str]]:
    from ._run.namespaces import tables

    return tables()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _predictable(shown: t.Any, unknown: t.Sequence[str]) -> t.Any:
    if isinstance(shown, dict):
        return {k: _predictable(v, unknown) for k, v in shown.items() if k not in unknown}
    if isinstance(shown, list):
        return [_predictable(item, unknown) for item in shown]
    return shown


def _fail(
    module: AnsibleModule, msg: str, run: Run | None = None, error: Failure | None = None
) -> t.NoReturn:
    details: dict[str, t.Any] = {
        "commands": run.commands if run else [],
        "undone": run.undone if run else [],
    }
    if isinstance(error, GlusterError):
        details.update(command=error.command, errno=error.errno, rc=error.rc, stderr=error.text)
    module.fail_json(msg=msg.strip(), **details)
