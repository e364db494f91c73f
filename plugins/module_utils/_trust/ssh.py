# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""ssh and its tools, as this collection runs them: host keys are checked, nothing is asked.

There is one connection to a destination host, which all commands share. A password, where one is
needed, opens it, so that it is used once. It is closed with the module.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import typing as t

from .._run.errors import said_by
from .facts import Login, PublicKey, Target, read_login
from .password import run_on_terminal

if t.TYPE_CHECKING:
    from .._run.gluster import Execute
    from .._run.process import Output

CONNECT_SECONDS = 20
SECONDS = 300.0
MAX_OUTPUT = 1 << 24

CHECKED = (
    *("-o", "StrictHostKeyChecking=yes"),
    *("-o", "UpdateHostKeys=no"),  # what is added to known_hosts is for the module to say
    *("-o", "CheckHostIP=no"),
    *("-o", f"ConnectTimeout={CONNECT_SECONDS}"),
    *("-o", "ServerAliveInterval=10"),
    *("-o", "LogLevel=INFO"),
    *("-o", "EscapeChar=none"),
    *("-o", "ForwardAgent=no"),
    *("-o", "ForwardX11=no"),
    *("-o", "PermitLocalCommand=no"),
)
QUIET = (*CHECKED, "-o", "BatchMode=yes")
BY_PASSWORD = (
    *CHECKED,
    *("-o", "PubkeyAuthentication=no"),
    *("-o", "PreferredAuthentications=password,keyboard-interactive"),
    *("-o", "NumberOfPasswordPrompts=1"),
)
LIKE_GLUSTERD = (
    *("-o", "ControlPath=none"),
    *("-o", "IdentityAgent=none"),
    *("-o", "PreferredAuthentications=publickey"),
)
"""glusterd has no agent, and shares no connection with anybody."""


class Ssh:
    """Connections to destinations, for as long as a module runs."""

    def __init__(self, execute: Execute, record: str, password: str = "") -> None:
        self._execute = execute
        self._record = record
        self._password = password
        self._folder = ""
        self._taken: list[str] = []  # host keys, lines of known_hosts, right for this run
        self._tried = False
        self.known_hosts: tuple[str, ...] = ()
        self.identity: tuple[str, ...] = ()

    def __enter__(self) -> Ssh:
        self._folder = tempfile.mkdtemp(prefix="gluster-georep-")
        return self

    def __exit__(self, *_error: object) -> None:
        for name in os.listdir(self._folder):
            if name != "known_hosts":
                path = os.path.join(self._folder, name)
                self._execute(
                    ["ssh", "-o", f"ControlPath={path}", "-O", "exit", "localhost"], 10.0, 1 << 16
                )
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, name: str, keys: t.Iterable[PublicKey]) -> None:
        """Take these keys of a host for right, as long as the module runs."""
        self._taken += [f"{name} {key}" for key in keys]
        with open(self._own, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in self._taken))

    @property
    def _own(self) -> str:
        return os.path.join(self._folder, "known_hosts")

    def _options(self) -> tuple[str, ...]:
        files = " ".join((self._own, self._record, *self.known_hosts))
        return ("-o", f"UserKnownHostsFile={files}")

    @property
    def _shared(self) -> tuple[str, ...]:
        return ("-o", f"ControlPath={self._folder}/%C")

    def argv(self, words: t.Sequence[str]) -> list[str]:
        """``ssh``, a destination and a command, with all that makes it safe; other programs as is."""
        if words[0] != "ssh":
            return list(words)
        return ["ssh", *QUIET, *self._options(), *self._shared, *words[1:]]

    def output(self, words: t.Sequence[str], text: str = "") -> Output:
        arguments = (text,) if text else ()
        return self._execute(self.argv(words), SECONDS, MAX_OUTPUT, *arguments)

    def run(self, words: t.Sequence[str]) -> str:
        """What a command printed that has to succeed."""
        return said_by(words, self.output(words))

    def try_login(self, target: Target) -> Login:
        """Would glusterd get in?"""
        argv = ["ssh", *LIKE_GLUSTERD, *QUIET, *self._options(), *self.identity]
        output = self._execute([*argv, *target.words, "true"], SECONDS, MAX_OUTPUT)
        return read_login(output.rc, output.stderr)

    def open(self, target: Target) -> Login:
        """The connection that the commands share: by a key, else by the password."""
        master = ("-o", "ControlMaster=yes", "-o", f"ControlPersist={int(SECONDS)}")
        last = ("-n", *self._options(), *self._shared, *master, *target.words, "true")
        output = run_on_terminal(["ssh", *QUIET, *last], "", 90.0)
        login = read_login(output.rc, output.stderr)
        if login.code != "authentication_refused" or not self._password or target.user != "root":
            return login
        if self._tried:
            return login  # the password is used once
        self._tried = True
        output = run_on_terminal(["ssh", *BY_PASSWORD, *last], self._password, 90.0)
        login = read_login(output.rc, output.stderr)
        if output.reason == "refused" or login.code == "authentication_refused":
            return Login("authentication_refused", "neither a key nor the password opens the door")
        return login
