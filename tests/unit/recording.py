# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests/tools/record wrote down on the lab, and a stand-in for the CLI that replays it."""

from __future__ import annotations

import functools
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
        self.calls: list[dict[str, t.Any]] = [
            call for call in content["calls"] if self._is_replayed(call["argv"])
        ]
        self.mounts = "\n".join(content["mounts"])
        self.uuid: str = content.get("uuid", "")  # of the node
        self.now = self._read_at() or content.get("now", "2026-11-23T00:00:00Z")
        self.files: dict[str, str] = content.get("files", {})  # after the last call
        self.texts: dict[str, str] = {}
        conf = path.parent / "gsyncd.conf"
        if conf.exists():
            self.texts["/etc/glusterfs/gsyncd.conf"] = conf.read_text(encoding="utf-8")

    def _is_replayed(self, argv: list[str]) -> bool:
        """In a replay there is no connection to be ended; and gverify asks for the version too."""
        if argv == ["gluster", "--version"]:
            return "destination" in self.module
        return argv[-3:-1] != ["-O", "exit"]

    @property
    def setting(self) -> dict[str, t.Any]:
        """How it was run, and what its node had beside programs: arguments of ``run_module``."""
        return {
            "check": self.check,
            "mounts": self.mounts,
            "uuid": self.uuid,
            "fresh": self.fresh,
            "texts": self.texts,
            "now": self.now,
            "clock_there": self.clock,
        }

    @property
    def fresh(self) -> str:
        """The UUID that was made up in this run, if one was: it is told first where it is new."""
        words = (word for call in self.calls for word in call["argv"])
        found = (re.search(r'"(?:attempt|id)":"([0-9a-f-]{36})"', word) for word in words)
        return next((match.group(1) for match in found if match), "")

    @property
    def clock(self) -> float:
        """That of the destination when it was first looked at: so that of this node is as good."""
        lines = (line for call in self.calls for line in call["stdout"])
        return next((float(line[6:]) for line in lines if line.startswith("clock=")), 0.0)

    def _read_at(self) -> str:
        """When the status was read on which the result is built; "" if it does not tell."""
        found = re.search(r'"read_at": "([^"]+)"', json.dumps(self.result))
        return found.group(1) if found else ""

    def __repr__(self) -> str:
        return f"{self.version}-{self.name}"

    @property
    def of_gluster(self) -> list[dict[str, t.Any]]:
        """The calls that tell in XML."""
        return [call for call in self.calls if "--xml" in call["argv"]]

    @staticmethod
    def commands(call: dict[str, t.Any]) -> list[list[str]]:
        """The sub-commands of a call of gluster: one, or those on its input."""
        argv: list[str] = call["argv"]
        if "--" not in argv:
            return [line.split() for line in call.get("stdin", [])]
        return [argv[argv.index("--") + 1 :]]

    def answers(self, *words: str) -> list[str]:
        """What gluster printed each time the words began a sub-command."""
        return [
            answer
            for call in self.of_gluster
            for command, answer in zip(self.commands(call), answers(call))
            if command[: len(words)] == list(words)
        ]


def answers(call: dict[str, t.Any]) -> list[str]:
    """What a call printed, to each sub-command."""
    return apart("\n".join(call["stdout"]))


def apart(text: str) -> list[str]:
    """The answers in XML, and what follows them."""
    return re.split(r"(?<=</cliOutput>)\n(?=.)", text)


def recordings(*names: str) -> list[Recording]:
    """All recordings, or those of a name, of every version."""
    paths = sorted(RECORDED.glob("*/*.json"))
    assert paths, "no recordings: run tests/tools/record"
    return [_recording(path) for path in paths if not names or path.stem in names]


@functools.lru_cache(maxsize=None)
def _recording(path: Path) -> Recording:
    """Read once: many tests ask for all of them."""
    return Recording(path)


SAME_FOLDER = "/tmp/gluster-georep-folder"  # noqa: S108
FOLDER = re.compile(r"[^\s=]*/gluster-georep-\w+")
"""Of a module, for as long as it runs; its name is another one each time."""


class Replay:
    """Stands for ``execute``: gives the recorded answers and insists on the recorded calls.

    ``files`` are those of the node, as the next call would find them.
    """

    def __init__(
        self, calls: t.Sequence[dict[str, t.Any]], files: t.Mapping[str, str] | None = None
    ) -> None:
        self.left = list(calls)
        self.asked: list[list[str]] = []
        self.files: dict[str, str] = {}
        self._last = dict(files or {})
        self._lock = threading.Lock()
        self._pass_on()

    def _pass_on(self) -> None:
        """To the files of the next call, or to those of the end."""
        if not self.left:
            self.files = self._last
            return
        for name, text in self.left[0].get("files", {}).items():
            self.files[name] = text
        self.files = {name: text for name, text in self.files.items() if text is not None}

    def on_terminal(self, argv: t.Sequence[str], password: str, seconds: float) -> Output:
        """Stands for ``run_on_terminal``: on a terminal all is one stream."""
        assert not password or password not in " ".join(argv)
        output = self(argv, seconds, 0)
        return Output(output.rc, "", output.stdout + output.stderr)

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        words = [Path(argv[0]).name, *argv[1:]]
        words = [FOLDER.sub(SAME_FOLDER, word) for word in words]
        with self._lock:
            self.asked.append(words)
            assert self.left, f"not recorded: {words}"
            call = self.left.pop(self._place(words))
            self._pass_on()
        assert words == call["argv"]
        assert text.splitlines() == call.get("stdin", [])
        return Output(call["rc"], "\n".join(call["stdout"]), "\n".join(call["stderr"]))

    def _place(self, words: list[str]) -> int:
        """The next one, except that snapshots that are taken or removed at once come in any order."""
        for place, call in enumerate(self.left):
            if call["argv"] == words:
                return place
            if not {"create", "delete"} & set(call["argv"]):
                break
        return 0
