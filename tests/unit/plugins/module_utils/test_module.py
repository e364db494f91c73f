# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying a plan out: proof, late answers, races, and taking back."""

from __future__ import annotations

import os
import types
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils import _module
from ansible_collections.glusterfs.data_protection.plugins.module_utils._apply import Run
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Plan
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.snapshot import (
    ActivateSnapshot,
    CloneSnapshot,
    CreateSnapshot,
    DeleteSnapshot,
    DeleteSnapshotsOfVolume,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.volume import (
    StartVolume,
    StopVolume,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import Reader
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    INVALID,
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.gluster import Gluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import Peer
from ansible_collections.glusterfs.data_protection.tests.unit.targets import answer
from ansible_collections.glusterfs.data_protection.tests.unit.world import World

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Step
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import Clock

CREATE = CreateSnapshot("nightly", "projects")


class Odd(World):
    """A world whose answers can be wrong: late, lost, or a lie."""

    late: bool = False
    done: bool = True

    def run(self, words: t.Sequence[str], *_args: t.Any, **_named: t.Any) -> None:
        if self.done:
            super().run(words)
        else:
            self.lines.append(" ".join(words[:3]))
        if self.late:
            raise GlusterError(["gluster", *words], "no answer in 600 seconds", timed_out=True)


def odd(**answers: bool) -> Odd:
    made = Odd()
    made.add_volume("projects")
    for name, value in answers.items():
        setattr(made, name, value)
    return made


def carry_out(made: World, *steps: Step) -> Run:
    run = Run(t.cast("t.Any", made))
    topics = [("config", ""), ("volume", "projects"), ("snapshot", "nightly")]
    run.carry_out(Plan(steps), made.refresh(Cluster(), topics))
    return run


def test_an_answer_that_comes_late_is_no_failure(clock: Clock) -> None:
    run = carry_out(odd(late=True), CREATE)
    assert run.commands == ["gluster snapshot create nightly projects no-timestamp"]


def test_an_answer_that_never_comes_is_waited_for_within_a_bound(clock: Clock) -> None:
    made = odd(late=True, done=False)
    with pytest.raises(GlusterError, match="no answer"):
        carry_out(made, CREATE)
    assert 600 <= clock.now - 1000 <= 610


def test_a_false_success_is_a_failure(clock: Clock) -> None:
    with pytest.raises(GlusterError, match="it is not so when read back"):
        carry_out(odd(done=False), CREATE)


def test_somebody_was_faster(clock: Clock) -> None:
    made = odd()
    cluster = made.refresh(
        Cluster(), [("config", ""), ("volume", "projects"), ("snapshot", "nightly")]
    )
    for step, theirs in (
        (CREATE, ("snapshot", "create", "nightly", "projects", "no-timestamp")),
        (DeleteSnapshot("nightly", "projects"), ("snapshot", "delete", "nightly")),
    ):
        made.run(theirs)
        run = Run(t.cast("t.Any", made))
        run.carry_out(Plan((step,)), cluster)
        assert run.done == [step]
        assert run.own(run.done) == []


def test_somebody_was_faster_to_start_and_to_stop(clock: Clock) -> None:
    made = odd()
    topics = [("config", ""), ("volume", "projects"), ("snapshot", "nightly")]
    for mine, theirs in ((StopVolume, "stop"), (StartVolume, "start")):
        cluster = made.refresh(Cluster(), topics)
        made.run(("volume", theirs, "projects"))
        Run(t.cast("t.Any", made)).carry_out(Plan((mine("projects"),)), cluster)


def test_what_is_refused_is_not_waited_for(clock: Clock) -> None:
    """Gluster has one number for what is so already and for what it does not take."""
    made = odd()
    made.run(("snapshot", "create", "nightly", "projects", "no-timestamp"))
    cluster = made.refresh(Cluster(), [("config", ""), ("snapshot", "nightly")])
    made._snapshot_activate = lambda words, _name: made._fail(words, INVALID)  # type: ignore[method-assign]
    begun = clock.now
    with pytest.raises(GlusterError, match="refused"):
        Run(t.cast("t.Any", made)).carry_out(Plan((ActivateSnapshot("nightly"),)), cluster)
    assert clock.now == begun


def test_what_somebody_else_made_is_not_taken_back(clock: Clock) -> None:
    """Seen in a race of two on the lab: one removed the clone that the other had started."""
    made = odd()
    made.run(("snapshot", "create", "nightly", "projects", "no-timestamp"))
    made.run(("snapshot", "activate", "nightly"))
    topics = [("config", ""), ("volume", "projects"), ("volume", "copy"), ("snapshot", "nightly")]
    cluster = made.refresh(Cluster(), topics)
    made.run(("snapshot", "clone", "copy", "nightly"))
    made.refused = frozenset({"volume start copy"})
    run = Run(t.cast("t.Any", made))
    with pytest.raises(GlusterError) as error:
        run.carry_out(Plan((CloneSnapshot("copy", "nightly"), StartVolume("copy"))), cluster)
    assert run.undone == []
    assert "copy" in made.volumes
    assert "Nothing was changed." in run.told(error.value)


def test_somebody_took_the_name_for_another_volume(clock: Clock) -> None:
    made = odd()
    made.add_volume("scratch")
    cluster = made.refresh(
        Cluster(), [("config", ""), ("volume", "projects"), ("snapshot", "nightly")]
    )
    made.run(("snapshot", "create", "nightly", "scratch", "no-timestamp"))
    with pytest.raises(GlusterError):
        Run(t.cast("t.Any", made)).carry_out(Plan((CREATE,)), cluster)
    assert made.snapshots["nightly"].snapshot.volume == "scratch"


def test_an_undo_that_fails_leaves_the_rest_named(clock: Clock) -> None:
    made = odd()
    cluster = made.refresh(
        Cluster(), [("config", ""), ("volume", "projects"), ("snapshot", "nightly")]
    )
    run = Run(t.cast("t.Any", made))
    activate = ActivateSnapshot("nightly")
    refusing = frozenset(("snapshot deactivate nightly", "volume stop projects"))
    made.refused = refusing
    with pytest.raises(GlusterError):
        run.carry_out(Plan((CREATE, activate, StopVolume("projects"))), cluster)
    assert run.undone == []
    assert run.standing == [CREATE, activate]


def test_what_was_done_is_taken_back_in_reverse(clock: Clock) -> None:
    made = odd()
    made.fail_at = 2
    run = Run(t.cast("t.Any", made))
    cluster = made.refresh(
        Cluster(), [("config", ""), ("volume", "projects"), ("snapshot", "nightly")]
    )
    plan = Plan((CREATE, ActivateSnapshot("nightly"), StopVolume("projects")))
    with pytest.raises(GlusterError, match="refused"):
        run.carry_out(plan, cluster)
    assert run.undone == ["gluster snapshot deactivate nightly", "gluster snapshot delete nightly"]
    assert made.snapshots == {}


@pytest.mark.parametrize("up", [True, False])
def test_a_snapshot_is_not_taken_back_while_a_node_is_down(up: bool, clock: Clock) -> None:
    """On the lab: a peer cut while it was activated. It brought it back, and nobody could activate it."""

    class Pool(Odd):
        def learn(self, kind: str, name: str) -> t.Any:
            return (Peer("2", "node2", up),) if kind == "peers" else super().learn(kind, name)

    made = odd()
    made.__class__ = Pool
    made.refused = frozenset({"snapshot activate nightly"})
    run = Run(t.cast("t.Any", made))
    topics = [("config", ""), ("volume", "projects"), ("snapshot", "nightly")]
    plan = Plan((CREATE, ActivateSnapshot("nightly")))
    with pytest.raises(GlusterError):
        run.carry_out(plan, made.refresh(Cluster(), topics))
    assert ("nightly" in made.snapshots) == (not up)
    assert run.standing == ([] if up else [CREATE])


def test_what_is_final_is_not_taken_back(clock: Clock) -> None:
    made = odd()
    made.run(("snapshot", "create", "old", "projects", "no-timestamp"))
    made.fail_at = 3
    run = Run(t.cast("t.Any", made))
    topics = [("config", ""), ("volume", "projects"), ("snapshot", "nightly"), ("snapshot", "old")]
    plan = Plan((CREATE, DeleteSnapshot("old", "projects"), StopVolume("projects")))
    with pytest.raises(GlusterError):
        run.carry_out(plan, made.refresh(Cluster(), topics))
    assert run.undone == []
    assert set(made.snapshots) == {"nightly"}


@pytest.mark.parametrize(
    "step", [DeleteSnapshot("nightly", "projects"), DeleteSnapshotsOfVolume("projects")]
)
def test_a_node_that_went_down_while_a_snapshot_was_removed_is_told(
    step: Step, clock: Clock
) -> None:
    """Seen with a peer cut at the command: it is a success, and the snapshot is listed again later."""
    made = odd()
    made.run(("snapshot", "create", "nightly", "projects", "no-timestamp"))
    run = carry_out(made, step)
    here, there = Peer("1", "localhost", True), Peer("2", "node2", True)
    assert not run.doubts(Cluster().put("peers", "", (here, there)))
    (doubt,) = run.doubts(Cluster().put("peers", "", (here, replace(there, connected=False))))
    assert "(node2)" in doubt


def test_what_a_controller_that_died_has_begun_is_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(msg: str) -> None:
        raise TimeoutError(msg)

    monkeypatch.setattr(_module, "ONE_AT_A_TIME", str(tmp_path / "lock"))
    module: t.Any = types.SimpleNamespace(params={"timeout": 600}, fail_json=fail)
    with _module.alone(module):
        with pytest.raises(TimeoutError, match="still at work"), _module.alone(module):
            pass
        assert clock.now == 1600
    with _module.alone(module):
        assert clock.now == 1600


NO_CONFIG = (
    "<cliOutput><opRet>-1</opRet><opErrno>30800</opErrno>"
    "<opErrstr>Staging failed on localhost. Please check the log file for more details.</opErrstr>"
    "</cliOutput>"
)


def test_an_answer_that_nobody_needs_is_no_error() -> None:
    """As 11.1 says of the settings of a session that is not there."""
    calls: list[str] = []

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = "") -> Output:
        calls.append(text or " ".join(argv[-3:]))
        said = [answer("<volInfo><volumes/></volInfo>"), f"<?xml version='1.0'?>{NO_CONFIG}"]
        return Output(0, "\n".join([*said, answer("<peerStatus/>")]), "")

    reader = Reader(Gluster(lock_timeout=0, run=run), run, lambda: "")
    together = [("all_volumes", ""), ("session_config", "v node4::m"), ("peers", "")]
    _cluster, told = _module.settle(reader, Cluster(), lambda c: (c.peers(), c.volumes()), together)
    assert told == ((), ())
    with pytest.raises(GlusterError, match="Staging failed"):
        _module.settle(reader, Cluster(), lambda c: c.session_config("v", "node4::m"), together)
    lines = "volume info\nvolume geo-replication v node4::m config\npool list\n"
    assert calls == [lines, lines]


def test_of_a_file_its_end_is_read(tmp_path: Path) -> None:
    """A log may have grown for years; no file, a folder and odd bytes are no error."""
    log = tmp_path / "gsyncd.log"
    log.write_bytes(b"old" + b"." * (_module.TAIL - 4) + b"\xff new")
    assert len(log.read_bytes()) == _module.TAIL + 4
    text = _module._text_of(str(log))
    assert (len(text), text[0], text[-5:]) == (_module.TAIL, ".", "\ufffd new")
    log.write_bytes(b"status=1")
    before = len(os.listdir("/proc/self/fd"))
    assert _module._text_of(str(log)) == "status=1"
    assert _module._text_of(str(tmp_path / "none")) == _module._text_of(str(tmp_path)) == ""
    assert len(os.listdir("/proc/self/fd")) == before
