# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option that takes a text, with texts that nobody should give.

Each recorded run is played again with one of its options, or of one that it lacks, set to such a text.
The CLI answers as it did, with the text wherever the recorded value was: as if Gluster had such an object.
Whatever comes of it, the text reaches a command as one whole word or in one, and nothing else.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import sys
import tempfile
import typing as t
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils import _module
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    FOLDER,
    PLUGINS,
    SAME_FOLDER,
    Recording,
    recordings,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import Clock, RunModule

yaml = pytest.importorskip("yaml")

MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("gluster_*.py"))
PACKAGE = "ansible_collections.glusterfs.data_protection.plugins.modules"

SIGN = "pwned"
"""In each text: by it a text is found again. (Half a surrogate pair is refused by Ansible itself.)"""

HOSTILE = [
    f"--force={SIGN}",
    f"-oProxyCommand={SIGN}",
    f"../../../tmp/{SIGN}",
    f"/etc/{SIGN}",
    f"a; touch {SIGN}",
    f"$(touch {SIGN})",
    f"`touch {SIGN}`",
    f"a' '{SIGN}",
    f'a" "{SIGN}',
    f"a\n{SIGN}",
    f"a\0{SIGN}",
    f"{SIGN}é\u202e",
    f"{SIGN}::{SIGN}",
    f"<!DOCTYPE {SIGN}>&{SIGN};",
    f"{{{{ {SIGN} }}}}",
    f"[z-a]{SIGN}",
    SIGN * 2000,
    "",
]


def options_of(
    options: t.Mapping[str, t.Any],
    fits: t.Callable[[t.Mapping[str, t.Any]], bool],
    above: tuple[str, ...] = (),
) -> t.Iterator[tuple[str, ...]]:
    """The way to each option that fits; in a list it is that of an element."""
    for name, option in options.items():
        if option.get("suboptions"):
            yield from options_of(option["suboptions"], fits, (*above, name))
        elif fits(option):
            yield (*above, name)


def is_text(option: t.Mapping[str, t.Any]) -> bool:
    """Does it take any text?"""
    if "choices" in option:
        return False
    return option.get("type", "str") in ("str", "path", "dict") or option.get("elements") == "str"


def is_number(option: t.Mapping[str, t.Any]) -> bool:
    return option.get("type") == "int"


def documented(module: str) -> dict[str, t.Any]:
    text = importlib.import_module(f"{PACKAGE}.{module}").DOCUMENTATION
    return t.cast("dict[str, t.Any]", yaml.safe_load(text)["options"])


def options_that(
    fits: t.Callable[[t.Mapping[str, t.Any]], bool],
) -> list[tuple[str, tuple[str, ...]]]:
    return [(module, way) for module in MODULES for way in options_of(documented(module), fits)]


OPTIONS = options_that(is_text)
NUMBERS = options_that(is_number)


def is_fit(recording: Recording) -> bool:
    return recording.calls != [] and not recording.result.get("failed")


RUNS: dict[str, list[Recording]] = {module: [] for module in MODULES}
for one in recordings():
    if one.version == "10.3" and is_fit(one):
        RUNS[one.module].append(one)


def runs_for(module: str, option: tuple[str, ...]) -> list[Recording]:
    """Two recorded runs that have it, or else two that are given it besides."""
    has = [run for run in RUNS[module] if option[0] in run.args]
    changing = sorted(has or RUNS[module], key=lambda run: (run.check, -len(run.calls)))
    return changing[:2]


def given(recording: Recording, option: tuple[str, ...], text: str) -> tuple[dict[str, t.Any], str]:
    """The arguments with the text in the option, and the value that was there."""
    args = json.loads(json.dumps(recording.args))
    there = args
    for name in option[:-1]:
        there = there.setdefault(name, [{}])[0]
    last = option[-1]
    before = there.get(last)
    kind = documented(recording.module)
    for name in option[:-1]:
        kind = kind[name]["suboptions"]
    if kind[last].get("type") == "dict":
        there[last] = {**(before or {}), "rsync_options": text}
        return args, "--bwlimit=no-such-value"
    if kind[last].get("elements"):
        there[last] = [*(before or [])[1:], text]
        return args, str((before or ["no such value"])[0])
    there[last] = text
    return args, str(before) if before else "no such value"


class Echo:
    """Answers as it was recorded, with another text where one was; and keeps what was asked."""

    def __init__(self, recording: Recording, old: str, new: str) -> None:
        self.old, self.new = old, new
        self.files = recording.files
        self.asked: list[list[str]] = []
        self.calls: dict[str, list[dict[str, t.Any]]] = {}
        for call in recording.calls:
            asked = [*call["argv"], *call.get("stdin", [])]
            self.calls.setdefault("\0".join(asked), []).append(call)

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        words = [Path(argv[0]).name, *argv[1:]]
        self.asked.append(words)
        asked = (*words, *text.splitlines())
        was = [FOLDER.sub(SAME_FOLDER, self.replaced(word, self.new, self.old)) for word in asked]
        found = self.calls.get("\0".join(was))
        if not found:
            return Output(1, "", "does not exist")
        call = found.pop(0) if len(found) > 1 else found[0]
        said = self.replaced("\n".join(call["stdout"]), self.old, escape(self.new))
        return Output(call["rc"], said, "\n".join(call["stderr"]))

    def on_terminal(self, argv: t.Sequence[str], password: str, seconds: float) -> Output:
        assert not password or password not in " ".join(argv)
        output = self(argv, seconds, 0)
        return Output(output.rc, "", output.stdout + output.stderr)

    @staticmethod
    def replaced(text: str, old: str, new: str) -> str:
        return text.replace(old, new) if old else text


def shell_words(line: str) -> list[str]:
    """What a shell makes of it; one that would run a second command, or anything in it, is no good."""
    found = shlex.shlex(line, posix=True, punctuation_chars=True)
    found.whitespace_split = True
    return list(found)


def check_commands(asked: list[list[str]], text: str) -> None:
    """As one word, or in one: after the options, and quoted where a shell reads it."""
    for words in asked:
        assert all(isinstance(word, str) and "\0" not in word for word in words)
        if words[0] == "gluster" and "--" in words:
            head = words[: words.index("--")]
            assert SIGN not in " ".join(head) or re.search(r"--remote-host=[\w.:-]+\Z", head[-1])
        if words[0] in ("ssh", "sh") and SIGN in " ".join(words):
            line = words[-1]
            assert SIGN in "".join(words[:-1]) or text in "\0".join(shlex.split(line))
            # Quoted so that no character of it is one of the shell's.
            assert line == " ".join(map(shlex.quote, shlex.split(line))) or words[0] == "sh"


class Written:
    """Files that this process opens to write, or removes; Python cannot be told to forget a hook."""

    hook: t.ClassVar[Written | None] = None
    names = ("open", "os.remove", "os.rename", "os.mkdir", "os.chmod", "os.link", "os.symlink")

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.on = False

    @classmethod
    def of_this_process(cls) -> Written:
        if cls.hook is None:
            cls.hook = cls()
            sys.addaudithook(cls.hook.heard)
        return cls.hook

    def heard(self, event: str, args: tuple[t.Any, ...]) -> None:
        if not self.on or event not in self.names:
            return
        if event == "open" and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if event == "os.remove" and args[1] != -1:
            return  # of rmtree, in a folder that it has open
        self.paths.append(str(args[0]))


@pytest.mark.skipif(sys.version_info < (3, 8), reason="there are no audit hooks")
@pytest.mark.parametrize(
    ("module", "option"), OPTIONS, ids=[f"{m}-{'.'.join(o)}" for m, o in OPTIONS]
)
def test_hostile_texts(
    module: str,
    option: tuple[str, ...],
    run_module: RunModule,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/root")
    written = Written.of_this_process()
    for recording in runs_for(module, option):
        for text in HOSTILE:
            args, old = given(recording, option, text)
            cli = Echo(recording, old, text)
            written.paths.clear()
            written.on = True
            try:
                result = run_module(module, args, cli, **recording.setting)
            finally:
                written.on = False
            check_commands(cli.asked, text)
            assert len(result.get("msg", "")) < 7000
            assert "Traceback" not in str(result)
            ours = (str(tmp_path), "/dev/", tempfile.gettempdir())
            assert [path for path in written.paths if not path.startswith(ours)] == []
            assert not [path for path in written.paths if SIGN in path]
            if "password" in option[-1] and text:
                assert SIGN not in str(result)


def test_all_options_with_a_text_are_tried() -> None:
    assert {module for module, _option in OPTIONS} == set(MODULES)
    assert all(runs_for(module, option) for module, option in OPTIONS)
    assert len(OPTIONS) > 40


@pytest.mark.parametrize(
    ("module", "option"), NUMBERS, ids=[f"{m}-{'.'.join(o)}" for m, o in NUMBERS]
)
@pytest.mark.parametrize("number", [-5, 0, 10**30])
def test_hostile_numbers(
    module: str, option: tuple[str, ...], number: int, run_module: RunModule, clock: Clock
) -> None:
    recording = runs_for(module, option)[0]
    args, _old = given(recording, option, t.cast("t.Any", number))
    cli = Echo(recording, "", "")
    result = run_module(module, args, cli, **recording.setting)
    assert "Traceback" not in str(result)
    for words in cli.asked:
        assert not [word for word in words if re.fullmatch(r"--timeout=(0|-.*|\d{7,})", word)]
    least = _module.SECONDS.get(option[-1])
    if least is not None and (number < least or number > _module.LONGEST):
        assert f"{option[-1]} is {number}. Say {least} to 604800 seconds" in result["msg"]
        assert cli.asked == []
