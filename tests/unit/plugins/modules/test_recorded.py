# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every recorded module run, replayed: the same calls in the same order give the same result."""

from __future__ import annotations

import copy
import importlib
import re
import typing as t

import pytest
import yaml
from ansible.module_utils import basic
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.document import parse
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.snapshots import (
    read_snapshots,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    PLUGINS,
    Recording,
    Replay,
    recordings,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import RunModule

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHORT = re.compile(r"'?(?:<uuid>|\b[0-9a-f]{8})([+-])'?$")
KEY = re.compile(r"ssh-\S+ AAAA\S+")
READING = {
    ("snapshot", "info"),
    ("snapshot", "status"),
    ("snapshot", "config"),
    ("volume", "info"),
    ("volume", "status"),
    ("volume", "geo-replication"),
    ("pool", "list"),
}
SCENARIOS = PLUGINS.parent / "extensions/molecule"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("gluster_*.py"))
CHANGING = [module for module in MODULES if not module.endswith("_info")]
ADDED = ("warnings", "failed", "exception", "diff", "deprecations", "invocation")


def played(recording: Recording, run_module: RunModule) -> tuple[dict[str, t.Any], Replay]:
    replay = Replay(recording.calls, recording.files)
    result = run_module(recording.module, recording.args, replay, **recording.setting)
    return result, replay


def bare(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """Without what Ansible adds on the way or takes off."""
    return {"changed": False, **{key: v for key, v in result.items() if key not in ADDED}}


@pytest.mark.parametrize("recording", recordings(), ids=repr)
def test_the_same_result(recording: Recording, run_module: RunModule) -> None:
    result, replay = played(recording, run_module)
    assert bare(result) == bare(recording.result)
    assert not replay.left


@pytest.mark.parametrize(
    ("name", "option", "rows", "place"),
    [
        ("example-gluster_georep_destination_info-1", "id", "destinations", 0),
        ("clone-info", "uuid", "volumes", -1),  # the hidden volume of a snapshot
    ],
)
def test_one_is_found_by_its_id(
    name: str, option: str, rows: str, place: int, run_module: RunModule
) -> None:
    for recording in recordings(name):
        wanted = recording.result[rows][place]
        for identity, found in ((wanted[option], [wanted]), ("nobody", [])):
            replay = Replay(recording.calls, recording.files)
            args = {**recording.args, option: identity}
            result = run_module(recording.module, args, replay, **recording.setting)
            assert result[rows] == found


@pytest.mark.parametrize("recording", recordings("absent", "delete-all", "retention"), ids=repr)
def test_a_node_that_went_down_while_it_removed_is_told(
    recording: Recording, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = copy.deepcopy(recording.calls)
    last = [call for call in calls if call["argv"][-2:] == ["pool", "list"]][-1]
    up, down = "<connected>1</connected>", "<connected>0</connected>"
    last["stdout"] = "\n".join(last["stdout"]).replace(up, down, 1).splitlines()
    warnings: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text: warnings.append(text))
    for answers, told in ((recording.calls, 0), (calls, 1)):
        setting = recording.setting
        result = run_module(recording.module, recording.args, Replay(answers), **setting)
        assert result["changed"]
        assert sum("may be listed there again" in text for text in warnings) == told


@pytest.mark.parametrize("recording", recordings("absent"), ids=repr)
def test_what_its_node_has_mounted_is_not_removed(
    recording: Recording, run_module: RunModule
) -> None:
    """The commands of a removal, on a node that had it mounted apart, or where it had failed before."""
    name = recording.args["name"]
    (before, *_after) = recording.answers("snapshot", "info")
    hidden = read_snapshots(parse(before))[0].snapshot_volume
    (running,) = recordings("georep-info")[0].answers("volume", "geo-replication", "status")
    mount = f"1 1 1:1 / /run/gluster/snaps/{hidden}/brick1 rw - xfs /dev/x rw"
    failed = {f"/var/lib/glusterd/snaps/{name}/info": "status=3\n"}
    for node, said in (
        ({"tables": [("gsyncd worker (PID 7)", mount)]}, "mounted by gsyncd worker (PID 7)"),
        ({"texts": failed}, "a removal failed before"),
    ):
        replay = Replay(recording.calls, recording.files)

        def answers(argv: t.Sequence[str], *bounds: t.Any, replay: Replay = replay) -> Output:
            return Output(0, running, "") if "geo-replication" in argv else replay(argv, *bounds)

        result = run_module(recording.module, recording.args, answers, **node)
        assert said in result["msg"]
        assert not [call for call in replay.asked if "delete" in call]


@pytest.mark.parametrize("recording", [r for r in recordings() if r.check], ids=repr)
def test_check_mode_only_reads(recording: Recording) -> None:
    assert not [call for call in recording.calls if "umask" in " ".join(call["argv"])]  # an edit
    for call in recording.calls:
        for words in recording.commands(call) if call["argv"][0] == "gluster" else []:
            assert tuple(words[:2]) in READING
            assert words[:2] != ["snapshot", "config"] or len(words) == 2


def pairs() -> list[tuple[Recording, Recording, Recording]]:
    """The check-mode run, the run, and the run again of the same task."""
    found = {(r.version, r.name): r for r in recordings()}
    return [
        (found[(version, f"{name}-check")], run, found[(version, f"{name}-again")])
        for (version, name), run in found.items()
        if (version, f"{name}-check") in found
    ]


def masked(lines: t.Iterable[str]) -> list[str]:
    """Without what only the real run can know: UUIDs, the short ones of sets, and new keys."""
    plain = [KEY.sub("<public key>", line) for line in lines]
    return [SHORT.sub(r"<uuid>\1", UUID.sub("<uuid>", line)) for line in plain]


@pytest.mark.parametrize(("checked", "real", "again"), pairs(), ids=repr)
def test_check_mode_tells_what_the_run_does(
    checked: Recording, real: Recording, again: Recording, run_module: RunModule
) -> None:
    told, _replay = played(checked, run_module)
    done, _replay = played(real, run_module)
    assert told["changed"] is True
    assert told["changed"] == done["changed"]
    assert told["diff"] == done["diff"]
    assert masked(told["commands"]) == masked(done["commands"])
    unchanged, _replay = played(again, run_module)
    assert unchanged["changed"] is False
    assert unchanged["commands"] == []
    assert unchanged["diff"]["before"] == unchanged["diff"]["after"]


def versions_of(module: str) -> set[str]:
    """On which its runs are recorded; gsyncd of 11.1 does not run with the Python of its Debian."""
    found = {recording.version for recording in recordings()}
    return found & {"10.3"} if "georep" in module or "retention" in module else found


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_recorded(module: str) -> None:
    for version in versions_of(module):
        assert [r for r in recordings() if (r.module, r.version) == (module, version)]


@pytest.mark.parametrize("module", CHANGING)
def test_every_changing_module_has_check_and_idempotence_tests(module: str) -> None:
    assert [real for _checked, real, _again in pairs() if real.module == module]


@pytest.mark.parametrize("module", MODULES)
def test_every_example_is_recorded_as_it_stands(module: str) -> None:
    documented = importlib.import_module(
        f"ansible_collections.glusterfs.data_protection.plugins.modules.{module}"
    )
    tasks = yaml.safe_load(documented.EXAMPLES)
    assert len(tasks) >= 3
    name = f"glusterfs.data_protection.{module}"
    for version in versions_of(module):
        for number, task in enumerate(tasks, 1):
            if name in task:
                (found,) = (
                    r for r in recordings(f"example-{module}-{number}") if r.version == version
                )
                assert found.args == (task[name] or {})
                assert "msg" not in found.result, found.result["msg"]


@pytest.mark.skipif(not SCENARIOS.exists(), reason="only a checkout has the scenarios")
@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_in_a_molecule_scenario(module: str) -> None:
    task = f"glusterfs.data_protection.{module}:"
    assert any(task in path.read_text(encoding="utf-8") for path in SCENARIOS.rglob("*.yml"))


def test_the_action_group_holds_every_module() -> None:
    runtime = (PLUGINS.parent / "meta/runtime.yml").read_text(encoding="utf-8")
    assert sorted(yaml.safe_load(runtime)["action_groups"]["gluster"]) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_return_documents_what_is_returned(module: str) -> None:
    documented = yaml.safe_load(
        importlib.import_module(
            f"ansible_collections.glusterfs.data_protection.plugins.modules.{module}"
        ).RETURN
    )
    for recording in recordings():
        if recording.module == module and "msg" not in recording.result:
            _assert_documented(
                recording.result, {**documented, "changed": {"type": "bool"}}, repr(recording)
            )


TYPES: dict[str, t.Any] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "list": list,
    "dict": dict,
}


def _assert_documented(value: t.Any, documented: dict[str, t.Any], where: str) -> None:
    """Each key is there, with that type, and null only where it says so."""
    for row in value if isinstance(value, list) else [value]:
        for key, inner in (row or {}).items():
            assert key in documented, f"{where}: {key} is not in RETURN"
            told = documented[key]
            if inner is None:
                assert "null" in str(told["description"]).lower(), f"{where}: {key} is null"
            else:
                assert isinstance(inner, TYPES[told["type"]]), f"{where}: {key} is {inner!r}"
                assert isinstance(inner, bool) == (told["type"] == "bool"), f"{where}: {key}"
            for item in inner if isinstance(inner, list) else ():
                assert isinstance(item, TYPES[told["elements"]]), f"{where}: {key} has {item!r}"
            if "contains" in told:
                _assert_documented(inner, told["contains"], where)
