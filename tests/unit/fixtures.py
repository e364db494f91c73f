# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module run in this process: the real AnsibleModule, and a gluster that replays a recording."""

from __future__ import annotations

import contextlib
import importlib
import json
import time
import types
import typing as t
from pathlib import Path

import hypothesis
import pytest
from ansible.module_utils import basic
from ansible_collections.glusterfs.data_protection.plugins.module_utils import _module
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold import (
    node,
    probe,
    window,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust import (
    reader as trust,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust import ssh
from ansible_collections.glusterfs.data_protection.tests.unit.recording import SAME_FOLDER

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # ansible-core before 2.19
    patch_module_args = None

# The same examples in every run: a test that turns red has a change to blame. Search for new ones
# with `pytest --hypothesis-profile=default`.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")

PACKAGE = "ansible_collections.glusterfs.data_protection.plugins.modules"


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "sleep", clock.sleep)
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    return clock


def _binary(_module: basic.AnsibleModule, name: str, *_args: t.Any) -> str | None:
    """The lab has no nft: the guests' kernel has only half of it."""
    return None if name == "nft" else f"/usr/sbin/{name}"


def _let_trust_read(
    monkeypatch: pytest.MonkeyPatch, execute: t.Callable[..., Output], clock: float
) -> None:
    """What the modules of destinations read of node1 and run on a terminal."""

    def files() -> t.Mapping[str, str]:
        return getattr(execute, "files", {})

    taken: list[str] = []

    def take(self: ssh.Ssh, name: str, keys: t.Any) -> None:
        taken.append(name)
        really_take(self, name, keys)

    def exists(path: str) -> bool:
        return path in files() or bool(taken and path == f"{SAME_FOLDER}/known_hosts")

    really_take = ssh.Ssh.take
    monkeypatch.setattr(ssh.Ssh, "take", take)
    on_terminal = getattr(execute, "on_terminal", None)
    monkeypatch.setattr(trust, "execute", execute)
    monkeypatch.setattr(trust, "_text", lambda path: files().get(path, ""))
    monkeypatch.setattr(trust, "_exists", exists)
    monkeypatch.setattr(trust, "_home", lambda path: path.replace("~", "/root", 1))
    monkeypatch.setattr(trust, "this_host", lambda: "node1")
    monkeypatch.setattr(trust, "time", types.SimpleNamespace(time=lambda: clock))
    monkeypatch.setattr(ssh, "run_on_terminal", on_terminal)


RunModule = t.Callable[..., t.Dict[str, t.Any]]


@pytest.fixture
def run_module(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    clock: Clock,
    tmp_path: Path,
) -> RunModule:
    """Run a module's main() with a stand-in for ``execute`` and return what it printed."""

    def run(
        module: str,
        args: dict[str, t.Any],
        execute: t.Callable[..., Output],
        check: bool = False,
        mounts: str = "",
        uuid: str = "",
        fresh: str = "",
        texts: t.Mapping[str, str] | None = None,
        now: str = "",
        tables: t.Sequence[tuple[str, str]] = (),
        clock_there: float = 0.0,
    ) -> dict[str, t.Any]:
        monkeypatch.setattr(_module, "execute", execute)
        monkeypatch.setattr(_module, "_mounts", lambda: mounts)
        monkeypatch.setattr(_module, "_text_of", lambda path: (texts or {}).get(path, ""))
        monkeypatch.setattr(_module, "_now", lambda: now)
        folders = [Path(path).parent for path in texts or {}]
        monkeypatch.setattr(
            _module,
            "_names_in",
            lambda path: [one.name for one in folders if str(one.parent) == path],
        )
        monkeypatch.setattr(_module, "_tables", lambda: tables)
        monkeypatch.setattr(_module.gc, "disable", lambda: None)  # this process goes on
        monkeypatch.setattr(node, "execute", execute)
        _let_trust_read(monkeypatch, execute, clock_there)
        if fresh:
            monkeypatch.setattr("uuid.uuid4", lambda: fresh)
        monkeypatch.setattr(node, "_glusterd_info", lambda: f"UUID={uuid}\n")
        monkeypatch.setattr(basic.AnsibleModule, "get_bin_path", _binary)
        # The set that was recorded as quiesced was one that nobody held.
        answer = "open" if args.get("quiesced") else "held"
        for asking in (probe, window):
            monkeypatch.setattr(
                asking, "ask", lambda addresses, *a: dict.fromkeys(addresses, answer)
            )
        monkeypatch.setattr(window, "WAITING", str(tmp_path / "waiting"))
        monkeypatch.setattr(_module, "ONE_AT_A_TIME", str(tmp_path / "lock"))
        monkeypatch.setattr(basic.AnsibleModule, "log", lambda *a, **kw: None)
        params = {
            **args,
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            "_ansible_remote_tmp": "/tmp",  # noqa: S108
            "_ansible_keep_remote_files": False,
        }
        main = importlib.import_module(f"{PACKAGE}.{module}").main
        if patch_module_args is None:
            content = json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode()
            monkeypatch.setattr(basic, "_ANSIBLE_ARGS", content)
            arguments: t.Any = contextlib.nullcontext()
        else:
            arguments = patch_module_args(params)
        with arguments, pytest.raises(SystemExit):
            main()
        return t.cast("dict[str, t.Any]", json.loads(capsys.readouterr().out))

    return run
