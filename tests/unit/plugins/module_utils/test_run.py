# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner: what counts as success, what is tried again, what is cut short."""

from __future__ import annotations

import sys
import typing as t

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    ADVICE,
    LOCKED,
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.gluster import Gluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import (
    Output,
    execute,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import Clock

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def answer(ret: str = "0", errno: int = 0, text: str = "") -> str:
    return (
        f"{HEAD}<cliOutput><opRet>{ret}</opRet><opErrno>{errno}</opErrno>"
        f"<opErrstr>{text}</opErrstr></cliOutput>"
    )


def runner(*outputs: Output, lock_timeout: int = 60) -> tuple[Gluster, list[list[str]]]:
    asked: list[list[str]] = []
    left = list(outputs)

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int) -> Output:
        asked.append(list(argv))
        return left.pop(0) if len(left) > 1 else left[0]

    return Gluster("gluster", 600, lock_timeout, run), asked


def test_options_come_first_and_are_ended() -> None:
    gluster, asked = runner(Output(0, answer(), ""))
    gluster.run(("snapshot", "info", "--xml"))
    assert asked == [
        ["gluster", "--mode=script", "--xml", "--timeout=600", "--", "snapshot", "info", "--xml"]
    ]


def test_text_before_the_xml_is_passed_over() -> None:
    gluster, _asked = runner(Output(0, "Warning: 'force' option is deprecated\n" + answer(), ""))
    assert gluster.run(("snapshot", "create")).tag == "cliOutput"


@pytest.mark.parametrize(
    "output",
    [
        Output(0, answer("-1", 30807, "Snapshot (s) does not exist"), ""),
        Output(0, answer("1"), ""),
        Output(0, answer("-3"), ""),
        Output(0, answer(""), ""),
        Output(1, answer(), "an exit code"),
        Output(0, "", ""),
        Output(1, "Connection failed. Please check if gluster daemon is operational.", ""),
        Output(0, answer()[:-20], ""),
        Output(0, HEAD + '<!DOCTYPE a [<!ENTITY b "c">]><cliOutput/>', ""),
        Output(0, HEAD + "<html/>", ""),
        Output(None, answer(), "", "time"),
        Output(None, answer(), "", "size"),
    ],
)
def test_all_else_is_an_error(output: Output) -> None:
    gluster, asked = runner(output)
    with pytest.raises(GlusterError) as caught:
        gluster.run(("snapshot", "info"))
    assert caught.value.command == ["gluster", "snapshot", "info"]
    assert caught.value.text
    assert "\n" not in str(caught.value)
    assert len(asked) == 1


def test_the_error_carries_number_text_and_advice() -> None:
    gluster, _asked = runner(Output(0, answer("-1", 30805, "limit of 2"), ""))
    with pytest.raises(
        GlusterError, match=r"gluster snapshot create failed: limit of 2 \(errno 30805\)"
    ) as e:
        gluster.run(("snapshot", "create"))
    assert e.value.advice == ADVICE[30805]


@pytest.mark.parametrize(
    "locked",
    [
        answer("-1", LOCKED, "Another transaction is in progress. Please try again"),
        answer("-1", 30800, "Locking failed on node2. Please check log file for details."),
        answer("-1", 30800, "Failed to reconfigure barrier."),
    ],
)
def test_lock_contention_is_waited_out(locked: str, clock: Clock) -> None:
    gluster, asked = runner(Output(0, locked, ""), Output(0, locked, ""), Output(0, answer(), ""))
    gluster.run(("volume", "start", "v"))
    assert len(asked) == 3
    assert clock.now == 1001.5


REMOVED = """Welcome to gluster prompt, type 'help' to see the available commands.
snapshot delete: night-1: snap removed successfully
snapshot delete: night-2: snap removed successfully
"""
REFUSED = """Welcome to gluster prompt, type 'help' to see the available commands.
snapshot delete: night-1: snap removed successfully
snapshot delete: failed: Snapshot (night-2) does not exist
Snapshot command failed
"""


@pytest.mark.parametrize(
    ("output", "removed"),
    [
        (Output(0, REMOVED, ""), 2),
        (Output(1, REFUSED, ""), 1),
        (Output(None, REFUSED[:130], "", "time"), 1),
        (Output(1, "", "Connection failed. Please check if gluster daemon is operational."), 0),
    ],
)
def test_many_are_removed_by_one_gluster_up_to_the_first_that_fails(
    output: Output, removed: int
) -> None:
    """As 10.3 printed it."""
    asked = []

    def run(*call: t.Any) -> Output:
        asked.append(call)
        return output

    gluster = Gluster("gluster", 600, 60, run)
    assert gluster.delete_snapshots(["night-1", "night-2"]) == removed
    (call,) = asked
    assert call[0] == ["gluster", "--mode=script", "--timeout=600"]
    assert call[3] == "snapshot delete night-1\nsnapshot delete night-2\n"


@pytest.mark.parametrize(
    "name", ["", "two words", "a\nvolume delete projects", "a;b", "ä'", "--xml"]
)
def test_a_name_that_is_no_plain_word_is_in_no_line(name: str) -> None:
    gluster, asked = runner(Output(0, REMOVED, ""))
    assert gluster.delete_snapshots(["night-1", name]) == 0
    assert asked == []


GREETING = "Welcome to gluster prompt, type 'help' to see the available commands.\n"
GONE = answer("-1", 30806, "Volume does not exist")
QUESTIONS = [("volume", "info", "v"), ("snapshot", "info"), ("volume", "geo-replication", "status")]


def asked_together(output: Output, *later: Output) -> tuple[list[str], list[t.Any]]:
    """What became of three questions, and what was run."""
    calls: list[t.Any] = []
    left = [output, *later]

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = "") -> Output:
        calls.append((seconds, text) if text else list(argv[argv.index("--") + 1 :]))
        return left.pop(0)

    gluster = Gluster("gluster", 600, 0, run)
    told = []
    with gluster.together(QUESTIONS):
        for words in QUESTIONS:
            try:
                told.append(gluster.run(words).tag)
            except GlusterError as error:
                told.append(error.text)
    return told, calls


def test_several_questions_are_answered_by_one_gluster() -> None:
    """As 9.2 to 11.1 print it: an error in XML is one answer among others, one in text is the last."""
    told, calls = asked_together(Output(0, "\n".join([GONE, answer(), answer()]), GREETING))
    assert told == ["Volume does not exist", "cliOutput", "cliOutput"]
    lines = "volume info v\nsnapshot info\nvolume geo-replication status\n"
    assert calls == [(1830.0, lines)]


def test_an_error_in_text_is_that_of_the_question_that_came_to_it() -> None:
    failed = Output(2, f"{answer()}\n{answer()}\ngeo-replication command failed\n", GREETING)
    plain = Output(1, "No active geo-replication sessions", "")
    told, calls = asked_together(failed, plain)
    assert told == ["cliOutput", "cliOutput", "No active geo-replication sessions"]
    assert calls[1:] == [["volume", "geo-replication", "status"]]


def test_what_it_did_not_come_to_is_asked_by_itself() -> None:
    failed = Output(2, "volume info: failed: no\n", GREETING)
    told, calls = asked_together(failed, Output(0, answer(), ""), Output(0, answer(), ""))
    assert told == ["volume info: failed: no", "cliOutput", "cliOutput"]
    assert calls[1:] == [list(words) for words in QUESTIONS[1:]]


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (Output(None, answer()[:90], "", "time"), "no answer in 600 seconds"),
        (Output(1, "", f"{GREETING}Connection failed."), "Connection failed."),
    ],
)
def test_a_gluster_that_does_not_answer_is_not_waited_for_twice(output: Output, error: str) -> None:
    told, calls = asked_together(output, Output(0, answer(), ""), Output(0, answer(), ""))
    assert told[0].startswith(error)
    assert len(calls) == 3


def test_an_answer_is_not_kept_over_a_wait(clock: Clock) -> None:
    """Who had the lock may have changed it."""
    locked = answer("-1", LOCKED, "Another transaction is in progress. Please try again")
    calls: list[str] = []

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = "") -> Output:
        calls.append(text or " ".join(argv[-2:]))
        return Output(0, f"{locked}\n{answer()}" if text else answer(), "")

    gluster = Gluster("gluster", 600, 60, run)
    with gluster.together([("pool", "list"), ("volume", "info")]):
        gluster.run(("pool", "list"))
        gluster.run(("volume", "info"))
    assert calls[1:] == ["pool list", "volume info"]


def test_what_is_too_much_together_is_asked_one_by_one() -> None:
    told, calls = asked_together(Output(None, "", "", "size"), *[Output(0, answer(), "")] * 3)
    assert told == ["cliOutput"] * 3
    assert calls[1:] == [list(words) for words in QUESTIONS]


def test_an_answer_is_used_once_and_not_for_long() -> None:
    """What is asked after a change is not to be told as it was before."""
    outputs = [Output(0, answer(), ""), Output(0, answer(), ""), Output(0, answer(), "")]
    output = Output(0, f"{answer()}\n{answer()}", GREETING)
    calls: list[t.Any] = []

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = "") -> Output:
        calls.append(text or " ".join(argv[-2:]))
        return output if text else outputs.pop(0)

    gluster = Gluster("gluster", 600, 0, run)
    with gluster.together([("volume", "info"), ("snapshot", "info")]):
        gluster.run(("volume", "info"), options=("--remote-host=elsewhere",))
        gluster.run(("volume", "info"))
        gluster.run(("volume", "info"))
    gluster.run(("snapshot", "info"))
    assert calls[1:] == ["volume info", "volume info", "snapshot info"]


@pytest.mark.parametrize(
    "name", ["", "two words", "a\nvolume delete projects", "a;b", "ä'", "--xml"]
)
def test_a_question_with_what_is_no_plain_word_is_asked_by_itself(name: str) -> None:
    gluster, asked = runner(Output(0, answer(), ""))
    with gluster.together([("volume", "info", name), ("snapshot", "info")]):
        assert asked == []
        gluster.run(("volume", "info", name))
    assert [words[-3:] for words in asked] == [["volume", "info", name]]


def test_a_check_comes_before_each_try(clock: Clock) -> None:
    """A node that is lost makes the first try fail at its lock, and is left out of the second (10.3)."""
    locked = Output(0, answer("-1", 30800, "Locking failed on node2. Please check log file."), "")
    gluster, asked = runner(locked, Output(0, answer(), ""))

    def check(tries: int) -> None:
        assert tries == len(asked)
        if asked:
            raise GlusterError(("gluster",), "node2 is down")

    with pytest.raises(GlusterError, match="node2 is down"):
        gluster.run(("snapshot", "restore", "nightly"), check=check)
    assert len(asked) == 1
    assert clock.now == 1000.5


def test_a_restore_that_is_at_work_is_waited_out(clock: Clock) -> None:
    """As 10.3 answered for 1.7 seconds, of each snapshot; of a change the same words are a failure."""
    restoring = Output(0, answer("-1", 30800, "Operation failed"), "")
    gluster, asked = runner(restoring, restoring, Output(0, answer(), ""))
    gluster.run(("snapshot", "info", "volume", "projects"))
    assert len(asked) == 3
    gluster, asked = runner(restoring)
    with pytest.raises(GlusterError) as caught:
        gluster.run(("snapshot", "info"))
    assert "put back to a snapshot" in caught.value.advice
    assert clock.now <= 1062
    gluster, asked = runner(restoring)
    with pytest.raises(GlusterError):
        gluster.run(("snapshot", "restore", "monday"))
    assert len(asked) == 1


def test_lock_contention_is_waited_out_within_a_bound(clock: Clock) -> None:
    gluster, asked = runner(Output(0, answer("-1", LOCKED, "Another transaction"), ""))
    with pytest.raises(GlusterError) as caught:
        gluster.run(("volume", "start", "v"))
    assert caught.value.errno == LOCKED
    assert clock.now <= 1060
    assert len(asked) > 5


def test_a_locked_cluster_is_not_one_without_sessions(clock: Clock) -> None:
    """As 10.3 answered 6 of 25 times while options were being set: in XML both look the same."""
    untold = Output(2, "geo-replication command failed\n", "")
    locked = Output(
        1,
        "geo-replication command failed\n",
        "Another transaction is in progress for source. Please try again after some time.\n",
    )
    none = Output(
        1,
        "geo-replication command failed\n",
        "No active geo-replication sessions for source\n",
    )
    words = ("volume", "geo-replication", "source", "status")
    gluster, asked = runner(untold, locked, untold, locked, Output(0, answer(), ""))
    gluster.run(words)
    assert len(asked) == 5
    assert asked[1] == [word for word in asked[0] if word != "--xml"]
    passed = Output(0, "PRIMARY NODE    PRIMARY VOL\n", "")
    gluster, asked = runner(untold, passed, Output(0, answer(), ""))
    gluster.run(words)
    assert len(asked) == 3
    gluster, asked = runner(untold, none)
    with pytest.raises(GlusterError, match="No active geo-replication sessions"):
        gluster.run(words)


def test_a_late_answer_is_told_apart() -> None:
    gluster, _asked = runner(Output(1, "Error : Request timed out\nSnapshot command failed\n", ""))
    with pytest.raises(GlusterError) as caught:
        gluster.run(("snapshot", "create"))
    assert caught.value.timed_out


def test_a_daemon_that_is_down_is_told_apart() -> None:
    gluster, _asked = runner(Output(1, "Connection failed. Please check if gluster daemon\n", ""))
    with pytest.raises(GlusterError) as caught:
        gluster.run(("snapshot", "info"))
    assert "systemctl start glusterd" in caught.value.advice


@pytest.mark.parametrize(
    ("errno", "advice"),
    [
        (30800, "glusterd.log"),
        (107, "gluster pool list"),
        (30803, "deactivate it, and activate it"),
    ],
)
def test_a_failed_commit_names_where_to_look(errno: int, advice: str) -> None:
    """The second as 10.3 answered when node2 was cut off its power in the midst of `snapshot activate`.

    A number that has advice of its own says more than the text.
    """
    text = "Commit failed on node2. Please check log file for details."
    gluster, _asked = runner(Output(0, answer("-1", errno, text), ""))
    with pytest.raises(GlusterError) as caught:
        gluster.run(("snapshot", "activate"))
    assert advice in caught.value.advice


@pytest.mark.parametrize(
    "said",
    [
        "Volume id mismatch for brick "
        "node1:/run/gluster/snaps/70250f5be5b24773bbc8838fd48dbb2d/brick1/brick. "
        "Expected volume id 70250f5b-e5b2-4773-bbc8-838fd48dbb2d, volume id "
        "de8a4c53-51e7-4042-9bff-4a7622d6eeb7 found",
        "Pre Validation failed on node2. Failed to find brick directory "
        "/run/gluster/snaps/77bf7d1469104dbd984a84ec1eca9882/brick2/brick for volume lastnight. "
        "Reason : No such file or directory",
    ],
)
def test_a_brick_that_a_power_cut_took_is_mended_or_its_clone_made_again(said: str) -> None:
    """As 10.3 answered to the first start; this node, or another, was cut off amid `snapshot clone`.

    It answers the same of a volume that was restored.
    """
    gluster, _asked = runner(Output(0, answer("-1", 30800, said), ""))
    with pytest.raises(GlusterError) as caught:
        gluster.run(("volume", "start", "lastnight"))
    mended, clone = caught.value.advice.split("A clone that was never started")
    assert "remove nothing, mend that brick" in mended
    assert "remove it (gluster_snapshot_clone, state: absent)" in clone


def test_a_snapshot_that_a_worker_has_mounted_says_so() -> None:
    """As 10.3 answered; the second text is that of the next try, when one node had let it go."""
    said = "Snapshot tuesday might not be in an usable state."
    for text in (said, f"Commit failed on node2. {said}"):
        gluster, _asked = runner(Output(0, answer("-1", 30800, text), ""))
        with pytest.raises(GlusterError) as caught:
            gluster.run(("snapshot", "delete", "tuesday"))
        assert "nothing uses it on any node" in caught.value.advice


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_execute_returns_what_was_printed() -> None:
    text = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert execute(python(text), 30, 1000) == Output(3, "out\n", "err\n")


def test_execute_gives_no_input_and_the_c_locale() -> None:
    text = "import os, sys; print(os.environ['LC_ALL'], sys.stdin.read() == '')"
    assert execute(python(text), 30, 1000).stdout == "C True\n"


def test_execute_stops_at_the_time() -> None:
    output = execute(python("import time; print('x', flush=True); time.sleep(60)"), 1, 1000)
    assert (output.rc, output.reason) == (None, "time")


def test_execute_stops_at_the_size() -> None:
    output = execute(python("while True: print('x' * 1000)"), 30, 100_000)
    assert (output.rc, output.reason) == (None, "size")
    assert len(output.stdout) < 400_000


def test_execute_stops_what_closed_its_output_and_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.glusterfs.data_protection.plugins.module_utils._run import process

    monkeypatch.setattr(process, "CLOSING", 0.1)
    text = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    assert execute(python(text), 30, 1000).reason == "time"


def test_a_command_on_another_host_is_quoted_for_its_shell() -> None:
    argv = Gluster(timeout=5).argv(("volume", "reset", "a b"), login=("-p", "2222", "root@far"))
    assert argv[0] == "ssh"
    assert "-oBatchMode=yes" in argv
    assert "-oStrictHostKeyChecking=yes" in argv
    assert argv[-2:] == [
        "root@far",
        "gluster --mode=script --xml --timeout=5 -- volume reset 'a b'",
    ]
