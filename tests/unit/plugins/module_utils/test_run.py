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
def test_a_clone_whose_node_was_cut_off_is_to_be_made_again(said: str) -> None:
    """As 10.3 answered to the first start; this node, or another, was cut off amid `snapshot clone`."""
    gluster, _asked = runner(Output(0, answer("-1", 30800, said), ""))
    with pytest.raises(GlusterError) as caught:
        gluster.run(("volume", "start", "lastnight"))
    assert "remove it (gluster_snapshot_clone, state: absent)" in caught.value.advice


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
