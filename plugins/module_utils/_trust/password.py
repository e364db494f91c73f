# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give a password to a program that asks for it on its terminal, as ssh does, and nowhere else.

So the password is in no argument, no environment and no file: only in this process, in the
terminal's buffer for a moment, and in ssh.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import termios
import time
import typing as t

from .._run.process import Output, decoded

PROMPT = re.compile(rb"password[^\n:]*:\s*\Z", re.IGNORECASE)
MAX_OUTPUT = 1 << 16


def run_on_terminal(argv: t.Sequence[str], password: str, seconds: float) -> Output:
    """Run ``argv`` on a terminal of its own; answer its first question for a password, once.

    It is answered only while the terminal does not echo. A second question means that the password
    was wrong, and ends the program. What it printed is returned as ``stderr``. It is not waited for
    what it leaves in the background, which may keep the terminal open.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        _become(argv)
    try:
        talk = _Talk(pid, terminal, password.encode())
        reason = talk.until(time.monotonic() + seconds)
        if talk.status is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    finally:
        os.close(terminal)
    said = talk.said.replace(talk.password, b"********") if password else talk.said
    return Output(talk.exit_code, "", decoded(said).replace("\r\n", "\n"), reason)


def _become(argv: t.Sequence[str]) -> t.NoReturn:  # pragma: no cover (in the child)
    try:
        environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C"}
        for name in ("SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY"):
            environment.pop(name, None)
        os.execvpe(argv[0], list(argv), environment)  # noqa: S606
    finally:
        os._exit(127)


class _Talk:
    """With a program at the other end of a terminal."""

    def __init__(self, pid: int, terminal: int, password: bytes) -> None:
        self.said = b""
        self.status: int | None = None
        self.password = password
        self._pid = pid
        self._terminal = terminal
        self._line = b""
        self._given = not password

    @property
    def exit_code(self) -> int | None:
        if self.status is None:
            return None
        if os.WIFEXITED(self.status):
            return os.WEXITSTATUS(self.status)
        return -os.WTERMSIG(self.status)

    def until(self, deadline: float) -> str:
        """Go on until the program has ended; else why it has to be ended."""
        while time.monotonic() < deadline:
            if self._read():
                continue
            done, status = os.waitpid(self._pid, os.WNOHANG)
            if done:
                self.status = status
                # What it left in the background may go on printing.
                while self._read() and time.monotonic() < deadline:
                    pass
                return ""
            if self._asks():
                if self._given:
                    return "refused" if self.password else "asks"
                os.write(self._terminal, self.password + b"\n")
                self._given, self._line = True, b""
        return "time"

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], 0.1)[0]:
            return False
        try:
            chunk = os.read(self._terminal, 4096)
        except OSError:  # Linux says EIO when nobody has the other end open
            chunk = b""
        if not chunk:
            time.sleep(0.05)
            return False
        self.said = (self.said + chunk)[-MAX_OUTPUT:]
        self._line = (self._line + chunk)[-4096:]
        return True

    def _asks(self) -> bool:
        """Only once it does not echo: else the answer would be printed."""
        try:
            echoes = bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)
        except termios.error:
            return False
        return bool(PROMPT.search(self._line)) and not echoes
