# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner: the only place that runs ``gluster``.

Exit codes say nothing in XML mode and opRet 0 is not always a success, so a command has succeeded
only if its exit code is 0, it answered in XML and opRet is 0; what it changed is proved by a read
afterwards (``_module.apply``).
"""

from __future__ import annotations

import contextlib
import re
import shlex
import time
import typing as t
from xml.etree.ElementTree import Element

from .._read.document import NotXml, number, parse, text
from .errors import LOCKED, GlusterError, understood
from .process import SSH, Output, execute

MAX_OUTPUT = 32 * 1024 * 1024
"""Bytes of one answer: without a bound a bug of Gluster fills the memory.

A snapshot takes about 600 of them in ``snapshot info``, so it is enough for 50,000. Memory of ten times its
size is what an answer takes.
"""

GRACE = 30.0
"""Seconds the process may outlive the --timeout it was given before it is killed."""

PASSES = re.compile(
    r"Another transaction|Locking failed|Failed to acquire lock|Failed to reconfigure barrier",
    re.IGNORECASE,
)
"""What the next try may not meet. The last is left by a ``snapshot create`` whose node lost its
power, and ended by the create that is refused for it (10.3)."""

UNTOLD = "geo-replication command failed"
"""All that ``volume geo-replication ... status --xml`` prints where it fails, whatever the reason:
that there is no session, or that the cluster is locked. Without ``--xml`` it tells."""

IS_REMOVED = r"(?m)^snapshot delete: .*: snap removed successfully$"
"""In text, of each (9.2 to 11.1). This and the next are compiled where something is removed."""

PLAIN = r"[\w.][\w.:@-]*"
"""What is one word wherever it is written, and no option."""

DECLARATION, END = "<?xml ", "</cliOutput>"
"""Of each answer in XML."""

GREETING = "Welcome to gluster prompt"
"""What it says first, to whoever gives it commands on its input."""

if t.TYPE_CHECKING:

    class Execute(t.Protocol):
        def __call__(
            self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
        ) -> Output:
            """As :func:`.process.execute`."""


class Gluster:
    """Runs ``gluster`` sub-commands given as words.

    ``timeout`` bounds one command, ``lock_timeout`` how long lock contention is waited out; both
    in seconds.
    """

    def __init__(
        self,
        binary: str = "gluster",
        timeout: int = 600,
        lock_timeout: int = 120,
        run: Execute = execute,
    ) -> None:
        self.binary = binary
        self.timeout = timeout
        self.lock_timeout = lock_timeout
        self._run = run
        self._ahead: dict[tuple[str, ...], Output] = {}

    def argv(
        self, words: t.Sequence[str], login: t.Sequence[str] = (), options: t.Sequence[str] = ()
    ) -> list[str]:
        """The whole command line; ``--`` keeps words that look like options from being eaten."""
        options = ["--mode=script", "--xml", f"--timeout={self.timeout}", *options, "--"]
        if login:
            return [
                *SSH,
                *login,
                " ".join(shlex.quote(word) for word in ("gluster", *options, *words)),
            ]
        return [self.binary, *options, *words]

    def run(
        self,
        words: t.Sequence[str],
        login: t.Sequence[str] = (),
        options: t.Sequence[str] = (),
        check: t.Callable[[int], None] | None = None,
    ) -> Element:
        """Run one command and return its cliOutput; raise GlusterError if it did not succeed.

        With ``login``, words of ssh, it is run on another host. ``check`` is called before each try, with how
        many there were, and may raise: after a wait for a lock the cluster may not be what it was.
        """
        deadline = time.monotonic() + self.lock_timeout
        pause, tries = 0.5, 0
        while True:
            if check:
                check(tries)
            try:
                return self._once(words, self.argv(words, login, options))
            except GlusterError as error:
                passes = error.errno == LOCKED or error.restoring or PASSES.search(error.text)
                if not passes or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            self._ahead = {}  # older than this wait
            pause, tries = min(pause * 2, 8.0), tries + 1

    def delete_snapshots(self, names: t.Sequence[str]) -> int:
        """Remove them by one ``gluster``, which takes time to start; how many of the first it has removed.

        It ends where one fails, and there is no XML of that: to run that one by itself tells why. Who
        says --xml has the others removed even so, also where a node has gone.
        """
        output = self._by_input([("snapshot", "delete", name) for name in names])
        return len(re.findall(IS_REMOVED, output.stdout)) if output else 0

    @contextlib.contextmanager
    def together(self, questions: t.Sequence[tuple[str, ...]]) -> t.Iterator[None]:
        """Within, the first run of each of these is answered by one ``gluster``.

        To start is what takes it time. It goes on after an error in XML, and ends at one in text (9.2 to
        11.1). What it did not come to is asked by itself.
        """
        output = self._by_input(questions, "--xml") if len(questions) > 1 else None
        if output is None:
            yield
            return
        asked = (tuple(self.argv(words)) for words in questions)
        self._ahead = dict(zip(asked, _answers(output)))
        try:
            yield
        finally:
            self._ahead = {}  # what is so for longer is not known

    def _by_input(self, commands: t.Sequence[tuple[str, ...]], *options: str) -> Output | None:
        """What one ``gluster`` printed that reads them there; None, with none run, if a word is not plain."""
        if not all(re.fullmatch(PLAIN, word) for words in commands for word in words):
            return None
        argv = [self.binary, "--mode=script", *options, f"--timeout={self.timeout}"]
        lines = "".join(f"{' '.join(words)}\n" for words in commands)
        return self._run(argv, self.timeout * len(commands) + GRACE, MAX_OUTPUT, lines)

    def _once(self, words: t.Sequence[str], argv: t.Sequence[str]) -> Element:
        command = ["gluster", *words]
        output = self._ahead.pop(tuple(argv), None) or self._run(
            argv, self.timeout + GRACE, MAX_OUTPUT
        )
        if output.reason == "size":
            raise GlusterError(command, f"it printed more than {MAX_OUTPUT} bytes and was stopped")
        if output.reason == "time":
            raise GlusterError(command, f"no answer in {self.timeout} seconds", timed_out=True)
        try:
            root = parse(output.stdout)
        except NotXml as error:
            said = _plain(output) if error.is_text else str(error)
            if said == UNTOLD:
                raise self._told_plainly(words) from None
            raise GlusterError(
                command, said, rc=output.rc, timed_out="request timed out" in said.lower()
            ) from None
        if text(root, "opRet") != "0" or output.rc != 0:
            with understood(command):
                errno = number(root, "opErrno") if text(root, "opErrno") else None
            said = text(root, "opErrstr") or text(root, "output") or output.stderr
            raise GlusterError(command, said, errno=errno, rc=output.rc)
        return root

    def _told_plainly(self, words: t.Sequence[str]) -> GlusterError:
        """Why a command that only reads failed, by what it says without ``--xml``."""
        argv = [word for word in self.argv(words) if word != "--xml"]
        output = self._run(argv, self.timeout + GRACE, MAX_OUTPUT)
        command = ["gluster", *words]
        if output.rc == 0:
            return GlusterError(command, "it was in the way of another command", errno=LOCKED)
        return GlusterError(command, _plain(output), rc=output.rc)


def _answers(output: Output) -> t.Iterator[Output]:
    """To one question each, as if it had been asked by itself."""
    before, *documents = output.stdout.split(DECLARATION)
    rest = before
    for document in documents:
        document, end, rest = document.partition(END)
        if not end:
            break
        yield Output(0, f"{DECLARATION}{document}{end}", "")
    if output.rc != 0 and output.reason != "size":  # each by itself may be small enough
        greeting = output.stderr.startswith(GREETING)
        stderr = output.stderr.partition("\n")[2] if greeting else output.stderr
        yield Output(output.rc, rest, stderr, output.reason)


def _plain(output: Output) -> str:
    """What was printed that is no XML, in one line."""
    said = f"{output.stdout[:2000]}\n{output.stderr[:2000]}"
    return " ".join(said.split())[:1000] or "it printed nothing"
