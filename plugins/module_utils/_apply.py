# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan being carried out, and the account of one that failed.

Loaded where there is something to do: most runs find all as it is wanted.
"""

from __future__ import annotations

import contextlib
import functools
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ._decide.plan import AtOnce, Awaited, Plan, Program, Step
from ._decide.steps.snapshot import DeleteSnapshot, DeleteSnapshotsOfVolume
from ._model import Cluster, Unknown
from ._module import settle
from ._run.errors import (
    ALREADY,
    NO_SNAPSHOT,
    SNAPSHOT_EXISTS,
    Failure,
    GlusterError,
    NotRun,
    clipped,
    sentence,
)

if t.TYPE_CHECKING:
    from ._hold.window import Window
    from ._read.reader import Reader

MANY = 4
"""Snapshots, from which on it takes less to read all there are than each of these."""


@dataclass
class Run:
    """A plan being carried out: what was run, what is done, what was taken back."""

    reader: Reader
    window: Window | None = None
    commands: list[str] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    # What was run and is not proved, and how Gluster failed at it.
    open: dict[Step, GlusterError | None] = field(default_factory=dict)
    # What is done, but by somebody who was faster and may rely on it.
    others: set[Step] = field(default_factory=set)
    undone: list[str] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    standing: list[Step] = field(default_factory=list)  # after a failure: what was not undone
    failed: dict[str, Failure] = field(default_factory=dict)  # of parts that are apart, by name
    volumes: set[str] = field(default_factory=set)  # that the plan is about
    unsure: set[Step] = field(default_factory=set)  # of what stands: nobody could be asked
    doubted: list[str] = field(default_factory=list)  # at tries that followed another one
    cluster: Cluster = field(default_factory=Cluster)

    def own(self, steps: t.Iterable[Step]) -> list[Step]:
        """Of these, what nobody else was faster with."""
        return [step for step in steps if step not in self.others]

    def doubts(self, cluster: Cluster) -> list[str]:
        """Of all that is done. What was seen before a command need not be so when it has ended."""
        return [*self.doubted, *(text for step in self.done for text in step.doubts(cluster))]

    def carry_out(self, plan: Plan, cluster: Cluster) -> Cluster:
        """Every step, each proved by a read; if one fails, those before it are taken back."""
        self.cluster, self.plan = cluster, plan
        self.volumes = {getattr(part, "volume", "") for part in plan.parts} - {""}
        for step in plan.steps:
            together = step if isinstance(step, AtOnce) else AtOnce((step,))
            try:
                self._together(together)
            except Failure:
                self._take_back([step for step in together.parts if step in self.open])
                raise
        return self.cluster

    def _together(self, together: AtOnce) -> None:
        """Run the commands of these steps as AtOnce says, and prove each."""
        left = [part for part in together.parts if getattr(part, "name", "") not in self.failed]
        window = self.window if together.held else None
        while left:
            if window:
                window.open(together.held)
            ran = self._start(together, left)
            broken = window.close(together.held) if window else None
            failures: list[Failure] = [broken] if broken else []
            proved = self._proved_together([step for step, failure in ran.items() if not failure])
            for step, failure in ran.items():
                try:
                    if step not in proved:
                        self._prove(step, failure)
                    self.done.append(step)
                    del self.open[step]
                    if failure and failure.already_so:
                        self.others.add(step)
                except GlusterError as error:
                    if together.apart:
                        self.failed[getattr(step, "name", "")] = error
                    else:
                        failures.append(error)
            if len(failures) > 1:
                raise Failure("; ".join(map(str, failures)), failures[0].advice)
            if failures:
                raise failures[0]
            left = [part for part in left if part not in ran]

    def _start(self, together: AtOnce, parts: t.Sequence[Step]) -> dict[Step, GlusterError | None]:
        """What was run, and what failed of it: nothing is run after a failure in the same queue."""

        def run(queue: t.Sequence[Step]) -> dict[Step, GlusterError | None]:
            removed = self._removed_together(queue) if len(queue) > 1 else 0
            ran: dict[Step, GlusterError | None] = dict.fromkeys(queue[:removed])
            for step in queue[removed:]:
                ran[step] = self._attempt(step, again=len(queue) > 1)
                if ran[step]:
                    break
            return ran

        queues = together.queues(parts)
        if len(queues) == 1:
            found = [run(queues[0])]
        else:
            with ThreadPoolExecutor(together.forks or len(queues)) as pool:
                found = list(pool.map(run, queues))
        every = {step: failure for ran in found for step, failure in ran.items()}
        ran = {step: every[step] for step in parts if step in every}
        self.commands += [step.line(self.cluster) for step in ran]
        self.open = dict(ran)
        return ran

    def _removed_together(self, queue: t.Sequence[Step]) -> int:
        """How many of the first are snapshots that one command has removed; the next one failed, if any."""
        names = [step.name for step in queue if isinstance(step, DeleteSnapshot)]
        return self.reader.gluster.delete_snapshots(names) if len(names) == len(queue) else 0

    def _proved_together(self, steps: t.Sequence[Step]) -> set[Step]:
        """Those of many that one read proves, instead of one for each."""
        topics = {topic for step in steps for topic in step.proof()}
        listed = ("all_snapshots", "")
        if len(steps) < MANY or {kind for kind, _name in topics} != {"snapshot"}:
            return set()
        cluster = self.cluster
        for step in steps:
            cluster = step.effect(cluster)
        try:
            self.cluster = self.reader.refresh(cluster, [listed])
        except GlusterError:
            return set()  # each is read by itself then, and says so
        return {step for step in steps if step.holds(self.cluster)}

    def wait_for(self, awaited: Awaited) -> Cluster:
        """What comes by itself, or an error that says what of it is missing."""
        deadline = time.monotonic() + awaited.patience
        seen = False
        while True:
            self.cluster = self.reader.refresh(self.cluster, awaited.proof())
            if awaited.holds(self.cluster):
                if seen or not awaited.steady:
                    return self.cluster
                seen = True
                time.sleep(awaited.steady)
                continue
            if time.monotonic() >= deadline:
                raise Failure(awaited.lacking(self.cluster))
            seen = False
            time.sleep(2.0)

    def _attempt(self, step: Step, again: bool = False) -> GlusterError | None:
        """How it failed; ``again`` where it may have been tried before."""
        words = step.words(self.cluster)
        try:
            if isinstance(step, Program):
                self.reader.run_program(words)
            else:
                check = functools.partial(self._check, step, again)
                self.reader.gluster.run(words, step.login, check=check)
        except GlusterError as error:
            return error
        return None

    def _check(self, step: Step, again: bool, tries: int) -> None:
        """Just before a command: a node may be gone since the plan was made, or since the last try."""
        if step.every_node:
            self._all_there(step.words(self.cluster))
        elif again or tries:
            # It is done without that node then, which may be back before the end.
            with contextlib.suppress(GlusterError):
                self.doubted += settle(self.reader, Cluster(), step.doubts)[1]

    def _all_there(self, words: t.Sequence[str]) -> None:
        try:
            self.cluster = self.reader.refresh(self.cluster, [("peers", "")])
            down = ", ".join(self.cluster.peers_down())
            why = f"nodes of the pool are down now ({down})" if down else ""
        except GlusterError as error:
            why = str(error)
        if why:
            raise NotRun(("gluster", *words), f"not run: {why}")

    def _prove(self, step: Step, failure: GlusterError | None) -> None:
        """Read until the step is seen to hold."""
        gluster = self.reader.gluster
        patience = step.patience
        if failure is not None:
            # The answer may be late, or somebody else was faster: the state tells.
            if not (failure.timed_out or failure.already_so):
                raise failure
            if failure.timed_out:
                patience = gluster.timeout
            elif failure.errno in ALREADY:
                patience = 0.0
        deadline = time.monotonic() + patience
        while True:
            cluster = self.reader.refresh(step.effect(self.cluster), step.proof())
            if step.holds(cluster):
                self.cluster = cluster
                return
            if time.monotonic() >= deadline:
                words = step.words(self.cluster)
                command = words if isinstance(step, Program) else ("gluster", *words)
                who = "The command" if isinstance(step, Program) else "Gluster"
                lie = f"{who} reported success, but {step.lacking(cluster)}"
                raise failure or GlusterError(command, lie)
            time.sleep(1.0)

    def _take_back(self, failed: t.Sequence[Step]) -> None:
        """Undo in reverse, unless a step that is final has been done, or may have been."""
        ours = (step for step in failed if self._is_changed(step) and not self._was_late(step))
        self.standing = [*self.done, *ours]
        if any(step.final for step in self.standing):
            return
        for step in reversed(list(self.standing)):
            # What a failed step seems to have made may be somebody else's.
            mine = step in self.done or step.is_own(self.cluster)
            undo = step.undo() if mine and step not in self.others else None
            if undo is None or self._is_for_nothing(undo):
                continue
            self.commands.append(undo.line(self.cluster))
            try:
                self._prove(undo, self._attempt(undo))
                self.undone.append(self.commands[-1])
            except GlusterError as error:
                if error.errno != NO_SNAPSHOT:  # what is gone is not as this run has left it
                    return
            self.standing.remove(step)

    def _is_for_nothing(self, undo: Step) -> bool:
        """A node that is down brings back a snapshot that is removed now.

        It could not be activated any more (10.3: "Commit failed on localhost"). As it is, it can be used.
        """
        try:
            return bool(settle(self.reader, Cluster(), undo.doubts)[1])
        except GlusterError:
            return False

    def _was_late(self, step: Step) -> bool:
        """Did Gluster say that the snapshot is there already, or no more? Then somebody else was faster."""
        failure = self.open[step]
        errno = failure.errno if failure else None
        is_there = errno == SNAPSHOT_EXISTS and not step.is_own(self.cluster)
        return is_there or errno == NO_SNAPSHOT

    def _is_changed(self, step: Step) -> bool:
        """Is anything it touches other than before? Yes, where that cannot be told."""
        if isinstance(self.open[step], NotRun):
            return False
        before = self.cluster
        try:
            known = [topic for topic in step.proof() if topic in before.known] or step.proof()
            self.cluster = self.reader.refresh(before, known)
            return any(self.cluster.get(*topic) != before.get(*topic) for topic in known)
        except (GlusterError, Unknown):
            self.unsure.add(step)
            return True

    def told(self, error: Failure) -> str:
        """What failed, what was taken back or stands, how the volumes are, and how to go on."""
        parts = [sentence(str(error)), error.advice]
        standing = self.standing or ([] if self.undone else self.done)
        halfway = self.plan.halfway if self.plan.is_halfway(standing) else ""
        apart = list(self.torn([error]))
        ours = self.own(standing)
        if not self.undone and not ours and not apart:
            parts.append("Nothing was changed.")
            if not halfway:
                return " ".join(part for part in parts if part)
        # What to do comes before the account of what was done: it is read at night.
        parts += [_state_of(name, self.reader, not halfway) for name in sorted(self.volumes)]
        parts += apart
        parts.append(halfway)
        parts.append("Run the same task again when the cause is mended: it goes on from there.")
        if self.undone:
            parts.append(
                f"Taken back with: {'; '.join(clipped(line, 400) for line in self.undone)}."
            )
        if ours:
            sure = [step for step in ours if step not in self.unsure]
            parts += [f"Left as it is, having had effect: {self._lines(sure)}."] if sure else []
            unsure = [step for step in ours if step in self.unsure]
            if unsure:
                parts.append(f"Nobody answers whether this had effect: {self._lines(unsure)}.")
            spared = [
                s.name
                for s in self.plan.parts
                if isinstance(s, DeleteSnapshot) and s not in standing
            ]
            parts += [f"Not removed: {', '.join(spared)}."] if spared else []
        return " ".join(part for part in parts if part)

    def _lines(self, steps: t.Iterable[Step]) -> str:
        return "; ".join(clipped(step.line(self.cluster), 400) for step in steps)

    def torn(self, failures: t.Iterable[Failure]) -> t.Iterator[str]:
        """Of volumes that it was tried to remove snapshots of: do their nodes know as many of them?

        Nothing of where an answer may be late: they may be at it.
        """
        if any(isinstance(failure, GlusterError) and failure.timed_out for failure in failures):
            return
        deleting = (DeleteSnapshot, DeleteSnapshotsOfVolume)
        parts = [part for part in self.plan.parts if isinstance(part, deleting)]
        for name in sorted(
            {part.volume for part in parts if part.line(self.cluster) in self.commands}
        ):
            try:
                counts = self.reader.snapshot_counts(name)
            except Failure:
                continue
            if len(set(counts.values())) > 1:
                known = ", ".join(f"{count} at {node}" for node, count in counts.items())
                yield (
                    f"The nodes do not know the same snapshots of volume {name} ({known}). If it is so when "
                    "nothing is at work any more, see A snapshot that only some nodes know in the guide on "
                    "troubleshooting: Gluster does not mend that."
                )


def _state_of(name: str, reader: Reader, startable: bool) -> str:
    try:
        volume = reader.volume(name)
    except GlusterError:
        return f"The state of volume {name} cannot be read now."
    if volume is None:
        return f"Volume {name} does not exist."
    hint = "" if volume.started or not startable else f" (gluster volume start {name} starts it)"
    return f"Volume {name} is {volume.status}{hint}."
