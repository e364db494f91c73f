# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can fail, and the one error of the runner: which command, errno and text, what to do next."""

from __future__ import annotations

import contextlib
import typing as t

if t.TYPE_CHECKING:
    from .process import Output

INTERNAL = 30800
LOCKED = 30802
BRICK_DOWN = 30803
NODE_DOWN = 30804
HARD_LIMIT = 30805
NO_VOLUME = 30806
NO_SNAPSHOT = 30807
REBALANCE_RUNNING = 30808
VOLUME_STARTED = 30809
VOLUME_STOPPED = 30810
VOLUME_EXISTS = 30811
SNAPSHOT_EXISTS = 30812
GEOREP_RUNNING = 30814
NOT_THIN = 30815
INVALID = 22
NOT_CONNECTED = 107
"""Numbers of glusterd-errno.h; EINVAL, with which Gluster also says "already so"; ENOTCONN, where a
node goes away meanwhile."""

BRING_BACK = "Bring the missing nodes back (gluster pool list) and run the task again."

ALREADY = frozenset({INVALID, NO_SNAPSHOT, VOLUME_EXISTS, SNAPSHOT_EXISTS})
"""What a command answers when somebody else has just done the same: believe the state instead."""

SO_ALREADY = ("already started", "is not in the started state")
"""Ends of what the start and the stop of a volume answer then, with a number that is for all (10.3)."""

ADVICE: t.Mapping[int, str] = {
    LOCKED: "Another command holds the cluster's lock: try again, or raise lock_timeout.",
    BRICK_DOWN: (
        "Bring all bricks online (gluster volume status VOLUME; of an activated snapshot: deactivate "
        "it, and activate it again) and run the task again."
    ),
    NODE_DOWN: BRING_BACK,
    NOT_CONNECTED: BRING_BACK,
    SNAPSHOT_EXISTS: "Somebody else has taken it meanwhile: run the task again.",
    HARD_LIMIT: "Remove snapshots of the volume, or raise its snap_max_hard_limit.",
    NO_VOLUME: "Check the name of the volume (gluster volume list).",
    NO_SNAPSHOT: "Check the name of the snapshot (gluster snapshot list).",
    REBALANCE_RUNNING: "Wait for the rebalance to end, or stop it.",
    VOLUME_STOPPED: "Start the volume or activate the snapshot first.",
    GEOREP_RUNNING: (
        "Pause or stop the geo-replication session, then run the task again. If it shows as Stopped "
        "already, its monitor has died: gluster volume geo-replication ... stop force."
    ),
    NOT_THIN: "Each brick has to be on a thin logical volume of its own (lvs -o lv_name,pool_lv).",
}


COMMIT_FAILED = (
    "/var/log/glusterfs/glusterd.log of the node it names (localhost: this one) tells why. Where "
    "that is a missing quota.cksum (Gluster 10.3, after a restore and then a restart of glusterd on "
    "another node), systemctl restart glusterd on the named node mends it."
)


STILL_MOUNTED = (
    "A logical volume of it is in use on a node, mostly by a worker of geo-replication. The next "
    "try may leave it on some nodes only: first make sure that nothing uses it on any node (guide on "
    "troubleshooting, under these words)."
)


RESTORING = (
    "Gluster says so while a volume is put back to a snapshot: run the task again after that. If none "
    "is, a node was cut off amid one (the guide on troubleshooting has it, by this message)."
)


BRICK_CUT = (
    "A node was cut off. Of a volume that was in use: remove nothing, mend that brick (the guide on "
    "troubleshooting has it, by this message). A clone that was never started: nothing is in it yet; "
    "remove it (gluster_snapshot_clone, state: absent), and make it again."
)

CUT = ("Volume id mismatch for brick", "Failed to find brick directory /run/gluster/snaps/")
"""At a start of the volume (10.3), of this node, of another."""


GSYNCD_BROKEN = (
    "gsyncd does not run on this node: Gluster up to 11.1 does not work with Python 3.12 or newer "
    "(gluster_georep_destination_info tells, with test)."
)


MISREAD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a reader raises on an answer that is not what it should be."""


def sentence(text: str) -> str:
    """It as one, with a full stop."""
    begin = text if text.startswith(("gluster ", "ssh")) else text[:1].upper() + text[1:]
    return begin.rstrip(". ") + "."


def clipped(text: str, longest: int = 2000) -> str:
    """Both ends of a text that goes into a message: somebody is to read it, on a terminal."""
    if len(text) > longest:
        text = f"{text[: longest // 2]} ... {text[-(longest // 4) :]}"
    return "".join(c if c.isprintable() or c.isspace() else "?" for c in text)


class Failure(Exception):
    """Something that was run failed: the text, and what to do next."""

    def __init__(self, text: str, advice: str = "") -> None:
        self.text = clipped(text)
        super().__init__(self.text)
        self.advice = advice


class GlusterError(Failure):
    """A ``gluster`` command that failed, was cut short, or did not answer in XML."""

    def __init__(
        self,
        command: t.Sequence[str],
        text: str,
        errno: int | None = None,
        rc: int | None = None,
        timed_out: bool = False,
    ) -> None:
        super().__init__(text.strip() or "no message")
        self.command = list(command)
        self.errno = errno
        self.rc = rc
        self.timed_out = timed_out
        self.advice = self._advice()

    @property
    def daemon_down(self) -> bool:
        return "Connection failed" in self.text

    @property
    def already_so(self) -> bool:
        """Does it look as if somebody else has just done the same? Then the state is believed."""
        return self.errno in ALREADY or self.text.endswith(SO_ALREADY)

    @property
    def restoring(self) -> bool:
        """All that 10.3 answers, of any snapshot, for the seconds in which a volume is put back to one."""
        return self.command[1:3] == ["snapshot", "info"] and self.text == "Operation failed"

    def _advice(self) -> str:
        if self.daemon_down:
            return "glusterd does not answer on this node: start it (systemctl start glusterd)."
        if self.timed_out:
            return (
                "glusterd may still be at it, or wait for a node that is gone without a word, or where "
                "gluster pool list does not answer (restart glusterd there: systemctl restart glusterd). "
                "Look again in a while, or raise timeout."
            )
        if "might not be in an usable state" in self.text:
            return STILL_MOUNTED
        if self.restoring:
            return RESTORING
        by_number = ADVICE.get(self.errno or 0)
        if by_number:
            return by_number
        if "Commit failed on" in self.text:
            return COMMIT_FAILED
        if any(words in self.text for words in CUT):
            return BRICK_CUT
        return GSYNCD_BROKEN if "Unable to get statefile's name" in self.text else ""

    def __str__(self) -> str:
        number = f" (errno {self.errno})" if self.errno else ""
        command = " ".join(clipped(word, 100) for word in self.command)
        return f"{command} failed: {' '.join(self.text.split())}{number}"


class NotRun(GlusterError):
    """The command was not even tried."""


@contextlib.contextmanager
def understood(command: t.Sequence[str]) -> t.Iterator[None]:
    """While an answer is read: where it is not what it should be, that is the command's failure."""
    try:
        yield
    except MISREAD as error:
        said = " ".join(str(error).split())
        raise GlusterError(command, f"the answer cannot be understood: {said}") from None


STOPPED = {
    "time": "it did not end in time and was stopped",
    "size": "it printed too much and was stopped",
}


def said_by(words: t.Sequence[str], output: Output) -> str:
    """What a program printed that had to succeed."""
    if output.rc == 0:
        return output.stdout
    said = " ".join((output.stderr or output.stdout).split())[-1000:]
    raise GlusterError(
        [clipped(word, 100) for word in words],
        STOPPED.get(output.reason) or said or f"exit code {output.rc}",
        rc=output.rc,
        timed_out=output.reason == "time",
    )
