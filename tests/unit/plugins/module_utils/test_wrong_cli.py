# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CLI that is slow, floods, lies or is cut short: the right answer, or one clear and bounded error."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
import tracemalloc
import typing as t
from xml.etree import ElementTree

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.document import (
    NotXml,
    parse,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.snapshots import (
    read_snapshots,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run import gluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    GlusterError,
    understood,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.tests.unit import targets
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    Recording,
    Replay,
    answers,
    apart,
    recordings,
)

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import RunModule

END = "</cliOutput>"
ANSWERS = sorted(
    {
        answer
        for recording in recordings()
        for call in recording.of_gluster
        for answer in answers(call)
        if END in answer
    }
)
WHOLE = "TEST_EVERY_TRUNCATION"
"""A variable of the environment: cut at every byte, which takes minutes, not at each 97th."""

STRIDE = 1 if os.environ.get(WHOLE) else 97

READING = (
    *("info", "status", "list", "config", "get"),
    *("pool", "system::", "--version"),
)


# Cut short


def refusal(printed: bytes) -> str:
    """Why it is no answer; "" if it is one. (``pytest.raises`` takes longer than the parser.)"""
    try:
        parse(printed.decode("utf-8", "replace"))
    except NotXml as error:
        return str(error)
    return ""


def test_every_recorded_answer_cut_short_is_refused() -> None:
    """At each 97th byte of all answers laid end to end, so that each run cuts the same; see WHOLE."""
    tried, begin = 0, 0
    for answer in ANSWERS:
        text = answer.encode()
        end = text.rindex(END.encode()) + len(END) - 1
        for length in range(-begin % STRIDE, end + 1, STRIDE):
            said = refusal(text[:length])
            assert 0 < len(said) < 200, text[:length]
            tried += 1
        begin += end + 1
    assert tried >= begin // STRIDE > 5000


@pytest.mark.parametrize("recording", recordings("volumes", "before-upgrade"), ids=repr)
def test_what_lvm_prints_cut_short_says_nothing(recording: Recording) -> None:
    for call in recording.calls:
        if call["argv"][0] == "lvs":
            text = "\n".join(call["stdout"])
            for length in range(0, text.rindex("}"), 1 if STRIDE == 1 else 7):
                targets.programs(text[:length])
                assert targets.reader_of(text[:length]).node.logical_volumes() == ()


def test_an_account_cut_short_is_refused() -> None:
    texts = {
        "\n".join(call["stdout"])
        for recording in recordings("destination", "destination-user", "destination-tested")
        for call in recording.calls
        if "end=" in call["stdout"]
    }
    assert texts
    for text in texts:
        for length in range(0, text.rindex("end="), 7):
            with pytest.raises(GlusterError, match="it ends with"), understood(("ssh",)):
                targets.facts.read_account(text[:length], targets.TARGET, 0.0)


# More than was asked for


def with_novelties(text: str) -> str:
    """The same answer of a Gluster to come, with elements and attributes that nobody knows."""
    if END not in text:
        return text
    root = parse(text)
    for element in list(root.iter()):
        if element.tag != "config":  # its elements are the keys themselves
            element.set("novel", "1")
            for place in (0, len(element)):
                # Text in front would be cut off from the element's own.
                if place or not (element.text or "").strip():
                    novelty = ElementTree.Element("novelty", {"a": "b"})
                    ElementTree.SubElement(novelty, "name").text = "unheard of"
                    element.insert(place, novelty)
    return '<?xml version="1.0"?>' + ElementTree.tostring(root, encoding="unicode")


class Altered(Replay):
    """Replays, with each answer of gluster as ``alter`` makes it."""

    def __init__(self, recording: Recording, alter: t.Callable[[str], str]) -> None:
        super().__init__(recording.calls, recording.files)
        self.alter = alter

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        output = super().__call__(argv, seconds, max_bytes, text)
        return Output(output.rc, "\n".join(map(self.alter, apart(output.stdout))), output.stderr)


ONE_OF_EACH = {
    recording.module: recording
    for recording in recordings()
    if recording.result.get("changed") and not recording.check
}
ONE_OF_EACH.update((recording.module, recording) for recording in recordings("volumes", "sets"))


def run(recording: Recording, execute: t.Any, run_module: RunModule) -> dict[str, t.Any]:
    result = run_module(recording.module, recording.args, execute, **recording.setting)
    result.pop("warnings", None)  # ansible-core 2.16 keeps those of earlier runs in this process
    return result


ALTERATIONS: dict[str, t.Callable[[str], str]] = {
    "novelties": with_novelties,
    "words before": lambda text: f"Warning: 'force' <b>&\n{text}" if END in text else text,
    "another encoding": lambda text: text.replace('encoding="UTF-8"', 'encoding="EBCDIC-X"'),
}


@pytest.mark.parametrize("alteration", sorted(ALTERATIONS))
@pytest.mark.parametrize(
    "recording",
    [*ONE_OF_EACH.values(), *recordings("restored", "set-restored", "georep-started")],
    ids=repr,
)
def test_what_does_not_matter_changes_nothing(
    recording: Recording, alteration: str, run_module: RunModule
) -> None:
    plain = run(recording, Altered(recording, lambda text: text), run_module)
    altered = run(recording, Altered(recording, ALTERATIONS[alteration]), run_module)
    assert altered == plain
    assert not altered.get("failed")


# Lies


class Lying:
    """Answers every question as before the first change, and calls all else a success."""

    SUCCESS = '<?xml version="1.0"?><cliOutput><opRet>0</opRet><opErrno>0</opErrno></cliOutput>'

    def __init__(self, recording: Recording) -> None:
        self.said: dict[str, dict[str, t.Any]] = {}
        for call in recording.calls:
            if call["argv"][0] == "gluster" and not all(map(is_question, recording.commands(call))):
                break
            self.said.setdefault(" ".join((*call["argv"], *call.get("stdin", []))), call)
        self.files: dict[str, str] = {}
        self.asked: list[list[str]] = []

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        words = [argv[0].rpartition("/")[2], *argv[1:]]
        self.asked.append(words)
        call = self.said.get(" ".join((*words, *text.splitlines())))
        if words[0] == "gluster" and "--xml" not in words:
            names = (line.split()[-1] for line in text.splitlines())
            lines = (f"snapshot delete: {name}: snap removed successfully" for name in names)
            return Output(0, "\n".join(lines), "")
        if "--" in words and not is_question(words[words.index("--") + 1 :]):
            return Output(0, self.SUCCESS, "")
        if call is None:
            return Output(0, self.SUCCESS if "--xml" in words else "", "")
        return Output(call["rc"], "\n".join(call["stdout"]), "\n".join(call["stderr"]))


def is_question(words: t.Sequence[str]) -> bool:
    return words[:2] == ["pool", "list"] or words[-1] in ("status", "config") or words[1] in READING


@pytest.mark.parametrize(
    "recording",
    [
        recording
        for recording in recordings()
        if recording.result.get("changed")
        and not recording.check
        and any("--xml" in call["argv"] for call in recording.calls)
        and not recording.module.endswith(("quiesce", "destination"))
    ],
    ids=repr,
)
def test_a_success_that_is_none_is_told(recording: Recording, run_module: RunModule) -> None:
    result = run(recording, Lying(recording), run_module)
    assert result["failed"]
    # What the recorded run did not ask gets an answer without anything in it.
    assert re.search(
        "reported success, but|the answer cannot be understood: it holds no", result["msg"]
    )
    assert len(result["msg"]) < 5000


# Thousands


def of_many(count: int) -> str:
    """``snapshot info`` as it was recorded, with so many of them."""
    (recording,) = [one for one in recordings("snapshots") if one.version == "10.3"]
    text = recording.answers("snapshot", "info")[0]
    begin, rest = text.split("<snapshot>")
    one, end = rest.split("</snapshot>")
    made = (
        f"<snapshot>{one}</snapshot>".replace(
            "<name>nightly</name>", f"<name>nightly-{number}</name>"
        )
        for number in range(count)
    )
    return begin + "".join(made) + end


def test_5000_snapshots_take_seconds_and_few_megabytes(run_module: RunModule) -> None:
    """Measured: 2.9 MB of XML, and 23 MB of memory while they are read."""
    text = of_many(5000)
    begun = time.process_time()
    tracemalloc.start()
    found = read_snapshots(parse(text))
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len({one.name for one in found}) == 5000
    assert most < 50_000_000

    def execute(argv: t.Sequence[str], seconds: float, max_bytes: int, given: str = "") -> Output:
        asked = [line.split() for line in given.splitlines()] or [argv[argv.index("--") + 1 :]]
        return Output(0, "\n".join(map(said, asked)), "")

    def said(words: t.Sequence[str]) -> str:
        if words[:2] == ["snapshot", "info"]:
            return text
        if words[:2] == ["pool", "list"]:
            return targets.answer("<peerStatus/>")
        return targets.answer("<volInfo><volumes/></volInfo>" + CONFIG)

    shown = run_module("gluster_snapshot_info", {}, execute)
    assert len(shown["snapshots"]) == 5000
    policy = {"pattern": "*", "keep_last": 10, "delete_activated": True}
    plan = run_module("gluster_snapshot_retention", policy, execute, check=True)
    assert len(plan["deleted"]) + 10 == 5000
    assert time.process_time() - begun < 60


CONFIG = (
    "<snapConfig><systemConfig><hardLimit>256</hardLimit><softLimit>90%</softLimit>"
    "<autoDelete>disable</autoDelete></systemConfig></snapConfig>"
)


# A real process

BEGIN = '<?xml version="1.0"?><cliOutput><opRet>0</opRet><volInfo><volumes>'
CLIS = {
    "hangs": ("import time; time.sleep(600)", "no answer in 1 seconds"),
    "hangs in the midst": (
        f"import time; print('{BEGIN}', flush=True); time.sleep(600)",
        "no answer in 1 seconds",
    ),
    # As 10.3 after a restore that failed: 866 MB in 6 minutes, and no end.
    "floods": (
        f"import sys; sys.stdout.write('{BEGIN}')\n"
        "while True: sys.stdout.write('<volume><name>projects</name></volume>' * 1000)",
        "it printed more than",
    ),
    "floods in words": ("while True: print('error ' * 10000)", "it printed more than"),
    "is killed": (f"import os; print('{BEGIN}', flush=True); os.kill(os.getpid(), 9)", "broken"),
    "has nothing to say": ("", "it printed nothing"),
    "is no text": ("import sys; sys.stdout.buffer.write(bytes(range(256)))", "gluster volume info"),
}

CHILD = """\
import json, re, sys
from ansible.module_utils import basic
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run import gluster
from ansible_collections.glusterfs.data_protection.plugins.modules import gluster_volume_info
gluster.GRACE = 0.2
args = {"timeout": int(sys.argv[2]), "_ansible_remote_tmp": "/tmp"}
try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode()
    from contextlib import nullcontext as patch_module_args
basic.AnsibleModule.get_bin_path = lambda self, name, *args: sys.argv[1]
basic.AnsibleModule.log = lambda *args, **words: None
try:
    with patch_module_args(args):
        gluster_volume_info.main()
finally:
    # Not ru_maxrss, which is also that of the process before its exec.
    print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1), file=sys.stderr)
"""


def in_a_process(source: str, folder: Path, seconds: int) -> tuple[dict[str, t.Any], int]:
    """What gluster_volume_info returns with such a CLI, and the most kilobytes that it had."""
    program = folder / "gluster"
    program.write_text(f"#!{sys.executable}\n{textwrap.dedent(source)}\n", encoding="utf-8")
    program.chmod(0o755)
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, str(program), str(seconds)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    return json.loads(ended.stdout), int(ended.stderr.splitlines()[-1])


@pytest.mark.parametrize("cli", sorted(CLIS))
def test_a_module_with_such_a_cli_ends_with_an_error(cli: str, tmp_path: Path) -> None:
    """It may take what it may read, beside Ansible itself. Measured: 64 MB, of which 31 are Ansible's."""
    source, said = CLIS[cli]
    result, kilobytes = in_a_process(source, tmp_path, 1 if "hangs" in cli else 120)
    assert result["failed"]
    assert said in result["msg"]
    assert len(result["msg"]) < 3000
    assert kilobytes < (gluster.MAX_OUTPUT >> 10) + 60_000


LARGEST = f"""
import sys
one = (
    "<volume><name>v</name><statusStr>Started</statusStr><options><option><name>a.b</name>"
    "<value>c</value></option></options></volume>"
) * 1000
sys.stdout.write('{BEGIN}' + ' ' * 1000)
for _number in range({gluster.MAX_OUTPUT} // len(one) - 1):
    sys.stdout.write(one)
sys.stdout.write("</volumes></volInfo>{END}")
"""


def test_the_largest_answer_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """Just below the limit, with small elements, which take the most. Measured: 318 MB."""
    source = LARGEST.replace("</volInfo>", "</volInfo><opErrstr>no</opErrstr>").replace(
        "<opRet>0", "<opRet>-1"
    )
    result, kilobytes = in_a_process(source, tmp_path, 120)
    assert result["msg"].startswith("gluster volume info failed: no.")
    assert kilobytes < 500_000
