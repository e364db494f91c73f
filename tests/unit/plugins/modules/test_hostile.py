# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrong answers and hostile values end in one clear error, never in a traceback."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    Recording,
    Replay,
    recordings,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import RunModule

XML = '<?xml version="1.0"?>'
NONSENSE = {
    "nothing": Output(0, "", ""),
    "text": Output(1, "Segmentation fault", "core dumped"),
    "half": Output(0, XML + "<cliOutput><opRet>0</opRet><snapIn", ""),
    "empty": Output(0, XML + "<cliOutput><opRet>0</opRet></cliOutput>", ""),
    "entity": Output(0, XML + '<!DOCTYPE x [<!ENTITY a "b">]><cliOutput>&a;</cliOutput>', ""),
    "time": Output(None, "", "", "time"),
    "size": Output(None, "x", "", "size"),
    "locked": Output(
        0, XML + "<cliOutput><opRet>-1</opRet><opErrno>30802</opErrno></cliOutput>", ""
    ),
}


class Failing(Replay):
    """Replays up to a call, and answers nonsense from there on."""

    def __init__(self, calls: list[dict[str, t.Any]], number: int, nonsense: Output) -> None:
        super().__init__(calls[:number])
        self.nonsense = nonsense

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        return super().__call__(argv, seconds, max_bytes, text) if self.left else self.nonsense


@pytest.mark.parametrize("nonsense", sorted(NONSENSE))
@pytest.mark.parametrize(
    "recording", recordings("restored", "clone", "config", "volumes", "absent"), ids=repr
)
def test_nonsense_from_any_call_on(
    recording: Recording, nonsense: str, run_module: RunModule
) -> None:
    for number in range(len(recording.calls)):
        failing = Failing(recording.calls, number, NONSENSE[nonsense])
        result = run_module(recording.module, recording.args, failing, mounts=recording.mounts)
        if nonsense == "empty" and "msg" not in result:
            continue  # "nothing there" is an answer too, where a list was asked for
        if recording.calls[number]["argv"][0] == "lvs" and "msg" not in result:
            continue
        assert result["failed"]
        assert "Traceback" not in result["msg"]
        assert len(result["msg"]) < 3000


HOSTILE = [
    "--force",
    "../x",
    "a;reboot",
    "$(reboot)",
    "a\nb",
    "é",
    "",
    " ",
    "a'b",
    'a"b',
    "x" * 10000,
]
SESSION = {"volume": "projects", "destination_host": "node4", "destination_volume": "mirror"}
NAMED = [
    ("gluster_georep_session", {**SESSION, "volume": "HOSTILE"}),
    ("gluster_georep_session", {**SESSION, "destination_host": "HOSTILE"}),
    ("gluster_georep_session", {**SESSION, "destination_volume": "HOSTILE", "state": "absent"}),
    ("gluster_georep_session", {**SESSION, "destination_user": "HOSTILE"}),
    ("gluster_georep_session_info", {"volume": "HOSTILE"}),
    ("gluster_snapshot", {"name": "HOSTILE", "volume": "projects"}),
    ("gluster_snapshot", {"name": "HOSTILE", "state": "absent"}),
    ("gluster_snapshot", {"name": "nightly", "volume": "HOSTILE"}),
    ("gluster_snapshot", {"name": "nightly", "volume": "HOSTILE", "state": "restored"}),
    ("gluster_snapshot", {"volume": "HOSTILE", "state": "absent", "delete_all": True}),
    ("gluster_snapshot", {"name": "nightly", "volume": "projects", "description": "a\nHOSTILE"}),
    ("gluster_snapshot_clone", {"name": "HOSTILE", "snapshot": "nightly"}),
    ("gluster_snapshot_clone", {"name": "lastnight", "snapshot": "HOSTILE"}),
    ("gluster_snapshot_clone", {"name": "HOSTILE", "state": "absent"}),
    ("gluster_snapshot_config", {"volume": "HOSTILE", "snap_max_hard_limit": 5}),
    ("gluster_snapshot_info", {"name": "HOSTILE"}),
    ("gluster_snapshot_info", {"volume": "HOSTILE"}),
    ("gluster_volume_info", {"name": "HOSTILE"}),
    ("gluster_volume_quiesce", {"volumes": ["projects", "HOSTILE"]}),
    ("gluster_volume_quiesce_info", {"volumes": ["projects", "HOSTILE"]}),
]


def fill(value: t.Any, hostile: str) -> t.Any:
    if isinstance(value, list):
        return [fill(item, hostile) for item in value]
    return value.replace("HOSTILE", hostile) if isinstance(value, str) else value


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize(("module", "args"), NAMED)
def test_hostile_names_reach_no_command(
    module: str, args: dict[str, t.Any], hostile: str, run_module: RunModule
) -> None:
    if module.startswith("gluster_snapshot") and hostile == "--force" and "name" in args:
        pytest.skip("a snapshot may have that name; `--` ends the options")
    filled = {key: fill(value, hostile) for key, value in args.items()}
    replay = Replay([])
    result = run_module(module, filled, replay)
    assert result["failed"]
    assert replay.asked == []
