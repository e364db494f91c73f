# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the lab. The live ones (`-m lab`) start labs of their own, with two nodes each."""

from __future__ import annotations

import importlib
import os
import secrets
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "lab"

sys.path.insert(0, str(HERE.parent))  # the folder is the package `lab`
cluster = importlib.import_module("lab.cluster")
image = importlib.import_module("lab.image")
sys.path.pop(0)


def lab(name: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "--name", name, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=check,
    )


def traces(name: str) -> list[str]:
    """Processes and mounts that name the lab's state folder."""
    state = str(cluster.Lab(name).state)
    found = [line for line in Path("/proc/mounts").read_text().splitlines() if state in line]
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if state in words:
            found.append(words)
    return found


def until_none(name: str) -> list[str]:
    deadline = time.monotonic() + 10
    while traces(name) and time.monotonic() < deadline:
        time.sleep(0.1)
    return traces(name)


# -- without a lab -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "a" * 17, "-a"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(image.LabError):
        cluster.Lab(name)


@pytest.mark.parametrize(
    ("count", "primary", "secondary", "clients"),
    [
        (1, ["node1"], [], ["node1"]),
        (2, ["node1"], ["node2"], ["node2"]),
        (4, ["node1", "node2", "node3"], ["node4"], ["node4"]),
    ],
)
def test_groups(count: int, primary: list[str], secondary: list[str], clients: list[str]) -> None:
    assert cluster.groups(count) == {
        "primary": primary,
        "secondary": secondary,
        "clients": clients,
    }


def test_the_seed_of_a_node_is_private(tmp_path: Path) -> None:
    cluster.seed(
        tmp_path / "seed", {"etc/shadow": "root:x\n", "etc/hosts": "127.0.0.1 localhost\n"}
    )
    assert (tmp_path / "seed").stat().st_mode & 0o077 == 0
    with tarfile.open(tmp_path / "seed") as archive:
        assert archive.getmember("etc/shadow").mode == 0o600
        assert archive.getmember("etc/hosts").mode == 0o644


CATCHES = """
import signal, sys, time
signal.signal(signal.SIGALRM, lambda *_: sys.exit("awake"))
print(flush=True)
time.sleep(float(sys.argv[2]))
"""
DOES_NOT_YET = CATCHES.replace("signal.signal", "#")


@pytest.mark.parametrize(
    ("program", "argument", "ends"),
    [
        (CATCHES, "umid=node1", "awake\n"),
        (CATCHES, "other", ""),
        (DOES_NOT_YET, "umid=node1", ""),
    ],
)
def test_only_a_guest_that_can_take_it_is_woken(program: str, argument: str, ends: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", program, argument, "0.5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        cluster.wake(process.pid)
        assert process.communicate()[1] == ends
    assert process.returncode == (1 if ends else 0)
    cluster.wake(process.pid)


def test_a_missing_tool_gives_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, HERE, "up"],
        env={**os.environ, "PATH": "/nonexistent"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "apt-get install" in done.stderr
    assert "user-mode-linux" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_lab_that_is_not_there() -> None:
    assert lab("nosuchlab", "down").returncode == 0
    for words in (["status"], ["run", "node1", "--", "true"], ["exec", "--", "true"]):
        done = lab("nosuchlab", *words, check=False)
        assert done.returncode == 1
        assert "not up" in done.stdout


# -- with labs -----------------------------------------------------------------------------------


@pytest.fixture
def name() -> Iterator[str]:
    name = f"test-{secrets.token_hex(4)}"
    yield name
    lab(name, "down")


ABORTED = [(signal.SIGKILL, "guests started"), (signal.SIGINT, "ssh answers")]
MORE_ABORTED = [
    *((signum, "guests started") for signum in (signal.SIGINT, signal.SIGTERM)),
    *((signum, "ssh answers") for signum in (signal.SIGTERM, signal.SIGKILL)),
]


@pytest.mark.lab
@pytest.mark.parametrize(
    ("signum", "stage"), ABORTED + (MORE_ABORTED if os.environ.get("LAB_WHOLE") else [])
)
def test_an_aborted_up_leaves_nothing(name: str, signum: int, stage: str) -> None:
    lab(name, "build")
    with subprocess.Popen(
        [PROGRAM, "--name", name, "up", "--nodes", "2"],
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stderr
        assert any(stage in line for line in up.stderr)
        assert traces(name)
        up.send_signal(signum)
        up.wait(30)
    assert until_none(name) == []
    if signum != signal.SIGKILL:
        assert not cluster.Lab(name).state.exists()


@pytest.mark.lab
def test_an_aborted_build_is_no_image(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with subprocess.Popen([PROGRAM, "build"], env=environment, stderr=subprocess.PIPE) as build:
        time.sleep(5)
        build.kill()
    cache = tmp_path / "glusterfs.data_protection" / "lab"
    assert [entry.suffix for entry in cache.iterdir()] == [".tmp"]
    time.sleep(1)
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    running = subprocess.run(["ps", "ax"], stdout=subprocess.PIPE, text=True, check=True)
    assert str(cache) not in running.stdout


@pytest.mark.lab
def test_a_life(name: str) -> None:
    lab(name, "up", "--nodes", "2")
    assert "already up" in lab(name, "up", "--nodes", "2").stdout
    assert lab(name, "up", "--release", "trixie", check=False).returncode == 1
    lab(name, "status")
    assert lab(name, "run", "node1", "--", "sh", "-c", "exit 7", check=False).returncode == 7
    assert lab(name, "exec", "--", "sh", "-c", "exit 8", check=False).returncode == 8

    # Its time goes on: the holder wakes what looks like a guest.
    sleeper = ["setsid", sys.executable, "-c", CATCHES, "umid=sleeper", "30"]
    woken = subprocess.run(
        cluster.Lab(name).inside(all_namespaces=True) + sleeper,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert woken.stderr == "awake\n"

    # A cut node comes back with what was on its disks, written and synced before.
    write = (
        "mkdir /bricks/b1/brick; echo kept > /bricks/b1/brick/file; echo kept > /root/file; sync"
    )
    lab(name, "run", "node2", "--", "sh", "-c", write)
    lab(name, "cut", "node2")
    assert lab(name, "status", check=False).returncode == 1
    lab(name, "boot", "node2")
    files = lab(name, "run", "node2", "--", "cat", "/bricks/b1/brick/file", "/root/file").stdout
    assert files == "kept\nkept\n"
    lab(name, "status")

    # A second lab has the same addresses and is another.
    other = f"{name[:14]}-2"
    try:
        lab(other, "up", "--nodes", "1")
        assert lab(other, "run", "node1", "--", "ls", "/root").stdout == ""
        known = [cluster.Lab(which).state / "known_hosts" for which in (name, other)]
        assert known[0].read_text() != known[1].read_text()
    finally:
        lab(other, "down")
    lab(name, "status")

    # What was started inside goes with the lab, the shared ssh connection too.
    lab(name, "exec", "--", "sh", "-c", "sleep 600 >/dev/null 2>&1 &")
    inside = cluster.Lab(name).processes()
    lab(name, "down")
    assert traces(name) == []
    assert [pid for pid in inside if cluster.start_time(pid)] == []
    assert not cluster.Lab(name).state.exists()
