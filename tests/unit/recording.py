# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests/tools/record wrote down on the lab, and a stand-in for the CLI that replays it."""

from __future__ import annotations

import json
import re
import threading
import typing as t
from pathlib import Path

from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output

RECORDED = Path(__file__).parent / "recorded"
PLUGINS = Path(__file__).parents[2] / "plugins"


class Recording:
    """One file of tests/unit/recorded, see tests/tools/record."""

    def __init__(self, path: Path) -> None:
        content = json.loads(path.read_text(encoding="utf-8"))
        self.version = path.parent.name
        self.name = path.stem
        self.module: str = content["module"]
        self.args: dict[str, t.Any] = content["args"]
        self.check: bool = content["check"]
        self.result: dict[str, t.Any] = content["result"]
        self.calls: list[dict[str, t.Any]] = content["calls"]
        self.mounts = "\n".join(content["mounts"])
        self.uuid: str = content.get("uuid", "")  # of the node
        self.time: str = content.get("time", "")

    @property
    def fresh(self) -> str:
        """The UUID that was made up in this run, if one was: it is told first where it is new."""
        words = (word for call in self.calls for word in call["argv"])
        found = (re.search(r'"(?:attempt|id)":"([0-9a-f-]{36})"', word) for word in words)
        return next((match.group(1) for match in found if match), "")

    def __repr__(self) -> str:
        return f"{self.version}-{self.name}"

    @staticmethod
    def words(call: dict[str, t.Any]) -> list[str]:
        """The sub-command of a call of gluster."""
        argv: list[str] = call["argv"]
        return argv[argv.index("--") + 1 :]

    def answers(self, *words: str) -> list[str]:
        """What gluster printed each time the words began its sub-command."""
        return [
            "\n".join(call["stdout"])
            for call in self.calls
            if "--" in call["argv"] and self.words(call)[: len(words)] == list(words)
        ]


def recordings(*names: str) -> list[Recording]:
    """All recordings, or those of a name, of every version."""
    paths = sorted(RECORDED.glob("*/*.json"))
    assert paths, "no recordings: run tests/tools/record"
    return [Recording(path) for path in paths if not names or path.stem in names]


class Replay:
    """Stands for ``execute``: gives the recorded answers and insists on the recorded calls."""

    def __init__(self, calls: t.Sequence[dict[str, t.Any]]) -> None:
        self.left = list(calls)
        self.asked: list[list[str]] = []
        self._lock = threading.Lock()

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        words = [Path(argv[0]).name, *argv[1:]]
        with self._lock:
            self.asked.append(words)
            assert self.left, f"not recorded: {words}"
            call = self.left.pop(self._place(words))
        assert words == call["argv"]
        assert text.splitlines() == call.get("stdin", [])
        return Output(call["rc"], "\n".join(call["stdout"]), "\n".join(call["stderr"]))

    def _place(self, words: list[str]) -> int:
        """The next one, except that snapshots that are taken at once come in any order."""
        for place, call in enumerate(self.left):
            if call["argv"] == words:
                return place
            if "create" not in call["argv"]:
                break
        return 0
