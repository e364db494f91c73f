# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time in which bricks are held, as the node sees it that takes the snapshots.

Other nodes hold theirs with gluster_volume_quiesce. Nobody has to tell this node that they do, and
it has to tell nobody that it is done: a held brick refuses the probe, an open one answers it.
"""

from __future__ import annotations

import contextlib
import os
import time
import typing as t
from dataclasses import dataclass

from .._run.errors import Failure
from .probe import HELD, ask

if t.TYPE_CHECKING:
    from .firewall import Firewall

Address = t.Tuple[str, int]

WAITING = "/run/gluster_hold.waiting"
"""There while this node waits for the hold: whoever holds sooner makes clients wait for nothing."""


@dataclass
class Window:
    """``patience`` is how many seconds to wait until all is held.

    ``seconds`` are those in which all was held, ``held`` those in which anything was, up to the release of
    this node: it counts from the last look at which nothing was held yet.
    """

    find: t.Callable[[], Firewall]
    patience: float
    seconds: float | None = None
    held: float | None = None
    _firewall: Firewall | None = None
    _opened: float = 0.0
    _begun: float = 0.0

    def open(self, addresses: t.Sequence[Address]) -> None:
        """Wait until every brick is held."""
        self._firewall = self.find()  # now, since it takes a moment
        with contextlib.suppress(OSError), open(WAITING, "w", encoding="utf-8"):
            pass
        self._begun = time.monotonic()
        deadline = self._begun + self.patience
        while True:
            asked, answers = time.monotonic(), ask(addresses)
            free = _not_held(answers)
            if HELD not in answers.values():
                self._begun = asked
            self._opened = time.monotonic()
            if not free:
                return
            if self._opened >= deadline:
                self._release()
                raise Failure(
                    f"after {self.patience:g} seconds these bricks are not held: {free}",
                    "Run gluster_volume_quiesce with state: held on every node of the volumes, "
                    "beside this task.",
                )
            time.sleep(0.1)

    def _release(self) -> None:
        with contextlib.suppress(OSError):
            os.remove(WAITING)
        if self._firewall:
            self._firewall.release()

    def close(self, addresses: t.Sequence[Address]) -> Failure | None:
        """Are all of them held still? Then release this node, the sign for the others."""
        free = _not_held(ask(addresses))
        self.seconds = round(time.monotonic() - self._opened, 2)
        self._release()
        self.held = round(time.monotonic() - self._begun, 2)
        if not free:
            return None
        return Failure(
            f"the hold of these bricks ended before the last snapshot was taken, after "
            f"{self.seconds:g} seconds: {free}",
            "Try again when the cluster has less to do, or raise hold_seconds.",
        )


def _not_held(answers: t.Mapping[Address, str]) -> str:
    return ", ".join(
        f"{host}:{port} ({answer})"
        for (host, port), answer in sorted(answers.items())
        if answer != HELD
    )
