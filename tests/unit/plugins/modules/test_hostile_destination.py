# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A destination host that means harm: what it says is read, and believed in nothing that matters."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import typing as t

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.destination import (
    targets,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.destination import (
    edit,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import Session
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import (
    Output,
    decoded,
    execute,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust import (
    facts,
    password,
)
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    Recording,
    Replay,
    recordings,
)

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import RunModule

NAMES = ("destination", "destination-again", "destination-user", "destination-absent")
RUNS = [*recordings(*NAMES), *recordings("destination-tested", "destination-user-tested")]

SAYINGS: dict[str, str] = {
    "banner": "@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nPermission denied\n\x1b[2J\x07",
    "no text": "".join(map(chr, range(256))) * 40,
    "long": "x" * 1_000_000,
    "many": "key=ssh-ed25519 AAAA\n" * 20_000,
    "xml": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "&a;&a;">]><cliOutput>&a;</cliOutput>',
    "account": "passwd=root:x:0:0:$(reboot):/;reboot:`reboot`\nkeys_file=/etc/\0passwd\nclock=inf\nend=\n",
    "home": "passwd=root:x:0:0:::/bin/sh\nkeys_file=" + "/a" * 200_000 + "\nclock=1\nend=\n",
    "nodes": '{"ok": true, "nodeid": [], "output": {"mountbroker-root": {}, "users": []}}\n',
    "deep": "{" + '"a":[' * 100_000 + "\n",
    "nothing": "",
}


class Malicious(Replay):
    """The recorded run; but whatever ssh brings from the other end is the saying, from a call on."""

    def __init__(self, recording: Recording, first: int, saying: str, rc: int) -> None:
        super().__init__(recording.calls, recording.files)
        self.first, self.saying, self.rc = first, saying, rc
        self.number = 0
        self.ran: list[list[str]] = []

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        self.ran.append(list(argv))
        words = [argv[0].rpartition("/")[2], *argv[1:]]
        if words[0] in ("ssh", "ssh-keyscan") and "-G" not in words:
            self.number += 1
            if self.number > self.first:
                # So that what the kernel would refuse is seen.
                refused = execute(["true", *argv[1:]], 10.0, 1 << 10)
                if refused.reason:
                    return refused
                said = decoded(self.saying.encode())
                return Output(self.rc, said, said)
        for place, call in enumerate(self.left):
            if call["argv"][0] == words[0] and call["argv"][-2:] == words[-2:]:
                self.left = self.left[place:]
                return super().__call__(call["argv"], seconds, max_bytes, text)
        return Output(1, "", "does not exist")


@pytest.mark.parametrize("saying", sorted(SAYINGS))
@pytest.mark.parametrize("recording", RUNS, ids=repr)
def test_what_it_says_ends_in_an_answer_or_a_clear_error(
    recording: Recording, saying: str, run_module: RunModule
) -> None:
    secret = "s3cret pass word"  # noqa: S105
    args = dict(recording.args)
    if not recording.module.endswith("_info"):
        args["destination_root_password"] = secret
    for first in (0, 1, 3):
        for rc in (0, 255):
            cli = Malicious(recording, first, SAYINGS[saying] + secret, rc)
            result = run_module(recording.module, args, cli, recording.check, recording.mounts)
            assert "Traceback" not in str(result)
            assert len(result.get("msg", "")) < 6000
            assert "\x1b" not in result.get("msg", "")
            assert not any(secret in word for words in cli.ran for word in words)
            for words in cli.ran:
                assert not words[0].startswith("ssh") or "reboot" not in words[1:-1]


def test_a_banner_does_not_say_how_a_login_ended() -> None:
    banner = SAYINGS["banner"] + "No ED25519 host key is known for you\n"
    closed = facts.read_login(255, f"{banner}\n\nConnection closed by 192.0.2.1 port 22\n")
    assert closed == facts.Login("unreachable", "Connection closed by 192.0.2.1 port 22")
    refused = facts.read_login(255, f"{banner}root@node3: Permission denied (publickey).\n")
    assert refused == facts.Login(
        "authentication_refused", "root@node3: Permission denied (publickey)."
    )
    two = "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\n"
    ended = facts.read_login(255, f"{banner}{two}Disconnected from 192.0.2.1 port 22\n")
    assert ended.code == "authentication_refused"
    assert len(facts.read_login(255, "x" * 100_000).text) <= 300


def test_a_session_that_gluster_made_up_is_no_option_of_ssh() -> None:
    sessions = [
        Session("a", secondary)
        for secondary in (
            *("-oProxyCommand=reboot@node3::b", "geo@-oProxyCommand=reboot::b", "a b@node3::b"),
            *("geo@node3 -x::b", "geo@node3\n-x::b", "geo@::b", "x@-x@node3::b"),
        )
    ]
    assert targets([], sessions) == []
    assert targets([], [Session("a", "Geo.1@node3::b")]) == [facts.Target("node3", "Geo.1")]


FLOODING = """\
import os, sys, time
if os.fork():
    time.sleep(0.3)
    sys.exit(0)
while True:
    os.write(1, b"more of it " * 100)
"""


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_what_goes_on_printing_in_the_background_is_left_behind() -> None:
    begun = time.monotonic()
    output = password.run_on_terminal([sys.executable, "-c", FLOODING], "", 2.0)
    assert time.monotonic() - begun < 30.0
    assert len(output.stderr) <= password.MAX_OUTPUT


# Its files, by the script that edits them there

KEY = "ssh-ed25519 AAAA mine"


def edited(file: Path, **words: t.Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        edit(str(file), KEY, **words), capture_output=True, text=True, timeout=20, check=False
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home/.ssh"
    folder.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return tmp_path / "home"


def test_a_link_is_followed_only_by_whom_its_end_lets(home: Path) -> None:
    """The file is written as its owner (``_as_owner``): so what the owner may not write stays."""
    outside = home.parent / "outside"
    (outside / "shadow").write_text("root:*\n", encoding="utf-8")
    outside.chmod(0o555)
    (outside / "shadow").chmod(0o444)
    link = home / ".ssh/authorized_keys"
    link.symlink_to(outside / "shadow")
    words = edit(str(link), KEY)
    if os.geteuid() == 0:
        for folder in (home.parent, *home.parent.parents):
            if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o011)
        os.chown(home, 65534, 65534)
        os.chown(home / ".ssh", 65534, 65534)
        words = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", *words)
    ended = subprocess.run(words, capture_output=True, timeout=20, check=False)
    assert ended.returncode != 0
    assert (outside / "shadow").read_text(encoding="utf-8") == "root:*\n"
    assert [path.name for path in outside.iterdir()] == ["shadow"]


@pytest.mark.parametrize("kind", ["loop", "folder", "parent is a file", "home is a file"])
def test_what_is_no_file_is_an_error_and_stays(home: Path, kind: str) -> None:
    file = home / ".ssh/authorized_keys"
    if kind == "loop":
        file.symlink_to(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file = file / "authorized_keys"
        file.parent.write_text("kept\n", encoding="utf-8")
    before = sorted((str(path), path.is_symlink()) for path in home.rglob("*"))
    assert edited(file).returncode != 0
    after = sorted((str(path), path.is_symlink()) for path in home.rglob("*"))
    assert [entry for entry in after if not entry[0].endswith(".new")] == before


def test_a_home_that_others_may_write_to_is_mended_where_asked(home: Path) -> None:
    file = home / ".ssh/authorized_keys"
    file.write_text("other\n", encoding="utf-8")
    for path in (home, file.parent, file):
        path.chmod(0o777)
    assert edited(file).returncode == 0
    assert home.stat().st_mode & 0o022  # nobody asked for it
    assert edited(file, owned=map(str, (home, file.parent, file))).returncode == 0
    assert not any(path.stat().st_mode & 0o022 for path in (home, file.parent, file))
    assert file.read_text(encoding="utf-8") == f"other\n{KEY}\n"


@pytest.mark.parametrize(
    "line", ["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "-e x", "%s\\n"]
)
def test_lines_of_the_file_are_lines(home: Path, line: str) -> None:
    file = home / ".ssh/authorized_keys"
    file.write_text(f"{line}\nother\n", encoding="utf-8")
    assert edited(file, remove=[line]).returncode == 0
    assert file.read_text(encoding="utf-8") == f"other\n{KEY}\n"
    assert not (home / "pwned").exists()
