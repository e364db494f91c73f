# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan is an ordered tuple of steps. The same plan is the check-mode answer and what is run.

A step is one ``gluster`` command with what is known of it: the words, the effect it will have on
the cluster, the state that proves it, why it would be refused, and the step that takes it back.
Everything here is pure: a step never runs anything.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass, field, replace

from .._run.errors import clipped

if t.TYPE_CHECKING:
    from .._model import Cluster, Topic


class Refusal(Exception):
    """Nothing was run: what is wrong, and what to do about it."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = clipped(problem)
        super().__init__(self.problem)
        self.remedy = remedy


@dataclass(frozen=True)
class Step:
    """One command. Subclasses say what it is; the defaults are those of a step without traps."""

    patience: t.ClassVar[float] = 0.0
    """Seconds to wait until the proof holds (a brick takes a while to come up)."""

    final: t.ClassVar[bool] = False
    """After this step nothing before it is taken back: the way is forward."""

    every_node: t.ClassVar[bool] = False
    """Only while all nodes of the pool are connected, also when it is tried again after a wait for a lock."""

    login: t.ClassVar[tuple[str, ...]] = ()
    """The words by which ssh reaches a host of another cluster, to run it there; none is here."""

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        """The words after ``gluster``; ``<uuid>`` where only the real run can know one."""
        raise NotImplementedError

    def effect(self, cluster: Cluster) -> Cluster:
        """The cluster as it will be."""
        raise NotImplementedError

    def holds(self, cluster: Cluster) -> bool:
        """Is the cluster as this step leaves it?"""
        raise NotImplementedError

    def lacking(self, cluster: Cluster) -> str:
        """What of the proof is missing, after a command that Gluster called a success."""
        return "it is not so when read back"

    def proof(self) -> tuple[Topic, ...]:
        """What to read after the command for :meth:`holds` to be judged by."""
        raise NotImplementedError

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        """Why Gluster would refuse the command, or why it must not be run."""
        return iter(())

    def doubts(self, cluster: Cluster) -> tuple[str, ...]:
        """Why it may not last, by the cluster as it is read just then."""
        return ()

    def undo(self) -> Step | None:
        """The step that takes this one back."""
        return None

    def is_own(self, cluster: Cluster) -> bool:
        """After a failure: is what is there now surely the work of this step, not somebody else's?

        Asked before a step that failed is undone.
        """
        return True

    def line(self, cluster: Cluster) -> str:
        """The command as a person would type it."""
        line = command_line(self.words(cluster))
        return f"ssh {' '.join(self.login)} {shlex.quote(line)}" if self.login else line

    def lines(self, cluster: Cluster) -> list[str]:
        return [self.line(cluster)]


class Program(Step):
    """A step that is another program, or ``gluster`` where it knows no XML.

    Its words are the whole command, and its exit code counts. ``ssh`` is run as ``_trust/ssh.py``
    has it: host keys checked, no password asked for.
    """

    def line(self, cluster: Cluster) -> str:
        return " ".join(map(shlex.quote, self.words(cluster)))


class Awaited:
    """What comes by itself, and is waited for; see the methods of a step."""

    patience: float

    steady: t.ClassVar[float] = 0.0
    """Seconds after which it must hold still: what ends a moment later has not come."""

    def holds(self, cluster: Cluster) -> bool:
        raise NotImplementedError

    def lacking(self, cluster: Cluster) -> str:
        raise NotImplementedError

    def proof(self) -> tuple[Topic, ...]:
        raise NotImplementedError


FORKS = 8
"""Commands of several volumes that run at a time, where nobody says how many."""


@dataclass(frozen=True)
class AtOnce(Step):
    """Steps whose commands are started together; with ``held`` only while these bricks are held.

    ``held`` are addresses (host, port) whose client I/O is stopped by gluster_volume_quiesce on
    their nodes. That they are is proved before the first command and after the last one.
    """

    parts: tuple[Step, ...]
    held: tuple[tuple[str, int], ...] = ()
    forks: int = 0
    """How many commands run at a time, and those of one volume in turn: each locks it. 0: all."""

    apart: bool = False
    """A part that fails concerns no other one: they go on, and stand."""

    def effect(self, cluster: Cluster) -> Cluster:
        for part in self.parts:
            cluster = part.effect(cluster)
        return cluster

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        for part in self.parts:
            yield from part.obstacles(cluster)

    def lines(self, cluster: Cluster) -> list[str]:
        return [line for part in self.parts for line in part.lines(cluster)]

    def queues(self, parts: t.Iterable[Step]) -> list[list[Step]]:
        """What runs beside each other, each in its order."""
        found: dict[t.Any, list[Step]] = {}
        for number, part in enumerate(parts):
            volume = getattr(part, "volume", None) if self.forks else None
            found.setdefault(volume or number, []).append(part)
        return list(found.values())


@dataclass(frozen=True)
class Plan:
    """The steps in their order, and what the user should hear about them."""

    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    awaited: Awaited | None = None
    """What has to be seen in the end, also where nothing had to be done."""
    told: t.Mapping[str, t.Any] = field(default_factory=dict)
    """What is returned of the decision itself, beside the state that it leads to."""

    account: tuple[str, ...] = ()
    """Why it is this plan, line by line: shown in diff mode."""

    refused: t.Mapping[str, str] = field(default_factory=dict)
    """Of several that are wanted, those that nothing is done for, and why."""

    halfway: str = ""
    """What a person must know when it fails behind a step that is final, or all of it is behind one."""

    def is_halfway(self, standing: t.Collection[Step]) -> bool:
        """Does a failure leave the cluster between two states, when these steps had effect?"""
        final = [part for part in self.parts if part.final]
        return not final or any(step in standing for step in final)

    def without_what_is_there(self, cluster: Cluster) -> Plan:
        """Nothing is awaited that was read just now, unless there are steps that may change it."""
        if self.steps or self.awaited is None or not self.awaited.holds(cluster):
            return self
        return replace(self, awaited=None)

    def preflight(self, cluster: Cluster) -> Cluster:
        """Walk the steps over the cluster as it will be; refuse if any of them would be refused.

        Every obstacle of every step is found before the first step is run. Returns the predicted
        end.
        """
        problems: list[str] = []
        for step in self.steps:
            problems.extend(text for text in step.obstacles(cluster) if text not in problems)
            cluster = step.effect(cluster)
        if problems:
            raise Refusal("; ".join(problems))
        return cluster

    @property
    def parts(self) -> list[Step]:
        """Each command's step."""
        steps = (step.parts if isinstance(step, AtOnce) else (step,) for step in self.steps)
        return [part for parts in steps for part in parts]

    def commands(self, cluster: Cluster) -> list[str]:
        """The command lines as they would be run, for check mode."""
        lines = []
        for step in self.steps:
            lines += step.lines(cluster)
            cluster = step.effect(cluster)
        return lines


def command_line(words: t.Sequence[str]) -> str:
    """One command as a person would type it in a POSIX shell."""
    return " ".join(["gluster", *(shlex.quote(word) for word in words)])
