# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be said of the tasks of roles without running them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import typing as t
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROLES = Path(__file__).parents[2] / "roles"


def tasks_of(said: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Each task, also those in blocks."""
    for task in said or ():
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_of(task.get(part))


SETTERS = [
    task
    for path in sorted((ROLES / "disaster_recovery/tasks").glob("*.yml"))
    for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8")))
    if "__disaster_recovery_set" in str(task.get("ansible.builtin.command"))
]


def test_whatever_sets_an_option_waits_for_the_lock_of_the_volume() -> None:
    assert len(SETTERS) == 8
    for task in SETTERS:
        assert task["register"] == "__disaster_recovery_done", task["name"]
        assert task["until"] == "__disaster_recovery_unlocked", task["name"]
        assert task["retries"] * task["delay"] == 60, task["name"]


def switches_of(role: Path) -> set[str]:
    said = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    entries = [entry["options"] for entry in said["argument_specs"].values()]
    return {
        name
        for options in entries
        for name, option in options.items()
        if option.get("type") == "bool"
    }


@pytest.mark.parametrize("role", sorted(ROLES.iterdir()), ids=lambda role: role.name)
def test_what_can_be_left_out_is_told(role: Path) -> None:
    """The README names each tag of a role, and no other."""
    tags = {
        tag
        for path in (role / "tasks").glob("*.yml")
        for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8")))
        for tag in task.get("tags", ())
    }
    told = (role / "README.md").read_text(encoding="utf-8").partition("--skip-tags")[2]
    assert set(re.findall(r"\w+_\w+", re.split("[:.]", told)[0])) == tags


@pytest.mark.parametrize("role", sorted(ROLES.iterdir()), ids=lambda role: role.name)
def test_all_hooks_can_be_left_out(role: Path) -> None:
    """Those that a user names; what mounts a snapshot for a backup is no such list."""
    for path in (role / "tasks").glob("*.yml"):
        for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
            hooks = str(task.get("vars", {}).get("hooks_list", ""))
            included = task.get("ansible.builtin.include_role", {})
            if "tasks_from" not in included and re.fullmatch(rf"{{{{ {role.name}_\w+ }}}}", hooks):
                assert task.get("tags") == [f"{role.name}_hooks"], f"{path.name}: {task['name']}"


def texts(said: t.Any) -> t.Iterator[str]:
    """What a task says, but for messages and for what it hands on as it is: modules convert that."""
    if isinstance(said, dict):
        for key, value in said.items():
            if key not in ("name", "msg"):
                yield from texts(value)
    elif isinstance(said, list):
        for value in said:
            yield from texts(value)
    elif isinstance(said, str) and not re.fullmatch(r"\{\{ \w+ \}\}", said):
        yield re.sub(r"'[^']*'", "''", said)


@pytest.mark.parametrize("role", sorted(ROLES.iterdir()), ids=lambda role: role.name)
def test_a_switch_is_one_in_words_too(role: Path) -> None:
    """``-e restore_again=false`` is a text, and a text that is not empty is true."""
    switches = switches_of(role)
    for path in [*sorted((role / "tasks").glob("*.yml")), *sorted(role.glob("vars/*.yml"))]:
        for text in texts(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for name in re.findall(r"\b\w+\b(?!:| *\| *bool)", text):
                assert name not in switches, f"{path.name}: {text}"


once = pytest.mark.skipif(
    "ansible_pytest" in os.environ.get("PYTEST_PLUGINS", ""),
    reason="ansible-test, which is run for each Python, and playbooks are the same for all",
)


class Play:
    """Tasks of a role, run by Ansible with what modules would have said, and what is asked meanwhile."""

    def __init__(self, folder: Path, role: str, **said: t.Any) -> None:
        self.folder, self.role = folder, ROLES / role
        self.said: dict[str, t.Any] = {}
        for name in ("defaults/main.yml", "vars/main.yml"):
            if (self.role / name).exists():
                self.said.update(yaml.safe_load((self.role / name).read_text(encoding="utf-8")))
        self.said.update(said)
        self.tasks: list[dict[str, t.Any]] = []

    def task(self, file: str, name: str) -> dict[str, t.Any]:
        said = yaml.safe_load((self.role / "tasks" / file).read_text(encoding="utf-8"))
        return next(task for task in tasks_of(said) if task["name"] == name)

    def do(self, task: dict[str, t.Any], **variables: t.Any) -> None:
        self.tasks.append({**task, "vars": {**task.get("vars", {}), **variables}})

    def ask(self, name: str, expression: str, **variables: t.Any) -> None:
        # As JSON, or set_fact would read it anew; and written down once, in the end.
        answer = (
            f"{{{{ (asked | default({{}})) | combine({{{name!r}: ({expression}) | to_json}}) }}}}"
        )
        self.do({"ansible.builtin.set_fact": {"asked": answer}}, **variables)

    def run(self, groups: dict[str, t.Any]) -> dict[str, t.Any]:
        hosts = {
            name: {"hosts": {host: said or None for host, said in members.items()}}
            for name, members in groups.items()
        }
        local = {"hosts": "localhost", "connection": "local", "gather_facts": False}
        write = {"content": "{{ asked | to_json }}", "dest": str(self.folder / "asked")}
        tasks = [*self.tasks, {"ansible.builtin.copy": write}]
        play = [{**local, "vars": self.said, "tasks": tasks}]
        (self.folder / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(hosts), encoding="utf-8")
        done = subprocess.run(
            ["ansible-playbook", "-i", "hosts.yml", "play.yml"],
            cwd=str(self.folder),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout
        asked = json.loads((self.folder / "asked").read_text(encoding="utf-8"))
        return {name: json.loads(said) for name, said in asked.items()}


def session_to(host: str, failures: int | None = None) -> dict[str, t.Any]:
    workers = [{"status": "Active", "failures": failures}]
    ends = {"volume": "projects", "destination_host": host, "destination_volume": "projects"}
    return {**ends, "workers": workers, "state": "started", "status": "STABLE"}


ENDS = {
    "disaster_recovery_volume": "projects",
    "disaster_recovery_secondary_volume": "projects",
    "disaster_recovery_primary_group": "ours",
    "disaster_recovery_secondary_group": "theirs",
}

TO_SEVERAL = {
    "its own, by georep_address": ([session_to("b1"), session_to("10.0.0.3")], "10.0.0.3", ""),
    "that of another cluster": ([session_to("b1")], "", "There is no session .* at .*b1"),
    "two": ([session_to("c1"), session_to("10.0.0.3")], "c1", "There are several sessions"),
    "one with failures": ([session_to("c1", 3)], "c1", "counts 3 failures: some files"),
    "none": ([], "", "There is no session"),
}


@once
def test_of_a_volume_that_is_replicated_to_several_clusters_the_right_session_counts(
    tmp_path: Path,
) -> None:
    volume = {"status": "Started", "options": {}, "brick_status": [{"online": True}]}
    play = Play(
        tmp_path,
        "disaster_recovery",
        **ENDS,
        disaster_recovery_accept_failures="false",
        __disaster_recovery_at="primary",
        __disaster_recovery_read={"volumes": [volume]},
        __disaster_recovery_sessions={"sessions": "{{ given }}"},
    )
    play.do(play.task("look.yml", "Know both ends"))
    for name, (given, _host, _problem) in TO_SEVERAL.items():
        play.do(play.task("look_end.yml", "Remember what was seen"), given=given)
        play.ask(name, "__disaster_recovery_seen.primary")
    theirs = {"c1": {"georep_address": "10.0.0.3"}, "c2": {}}
    answers = play.run({"ours": {"a1": {}}, "theirs": theirs})
    for name, (_given, host, problem) in TO_SEVERAL.items():
        seen = answers[name]
        assert seen["session"].get("destination_host", "") == host, name
        assert re.search(problem, " ".join(seen["not_syncing"])), name
        assert bool(seen["not_syncing"]) == bool(problem), name


@once
def test_a_file_that_was_given_up_ends_a_hand_over_or_is_remembered(tmp_path: Path) -> None:
    """Of a checkpoint that is complete all the same."""
    play = Play(tmp_path, "disaster_recovery", **ENDS)
    block = play.task("drain.yml", "Let all that was written arrive")
    judge = play.task("drain.yml", "See that nothing was given up")
    note = play.task("drain.yml", "Remember that it has")["ansible.builtin.command"]["argv"]
    cases = {"none": (None, "false"), "refused": (2, "false"), "accepted": (2, "true")}
    for name, (failures, accepted) in cases.items():
        variables = {
            **block["vars"],
            "__disaster_recovery_session": session_to("c1"),
            "__disaster_recovery_drained": {"session": session_to("c1", failures)},
            "disaster_recovery_accept_failures": accepted,
        }
        play.do({**judge, "register": "judged", "ignore_errors": True}, **variables)
        play.ask(name, "[judged is failed, judged.msg | default('')]")
        play.ask(f"{name}: noted", f"({note.strip()[2:-2]}) | last", **variables)
    answers = play.run({"ours": {"a1": {}}, "theirs": {"c1": {}}})
    assert answers["none"] == [False, ""]
    assert answers["accepted"][0] is False
    assert answers["refused"][0] is True
    assert "counts 2 failures" in answers["refused"][1]
    noted = [answers[f"{name}: noted"] for name in cases]
    assert noted == ["drained", "incomplete", "incomplete"]


@once
def test_a_failback_asks_before_it_gives_up_what_never_arrived(tmp_path: Path) -> None:
    play = Play(tmp_path, "disaster_recovery", **ENDS)
    judge = play.task("failback.yml", "See what stands against it")
    cases = {
        "handed over": ("drained", True, "false", ""),
        "handed over without some files": ("drained", False, "false", "had not arrived"),
        "that was agreed to": ("drained", False, "true", ""),
        "lost": ("-", True, "false", "was written to until it was lost"),
    }
    for name, (stage, complete, discard, _said) in cases.items():
        end = {"problems": [], "stage": "-", "complete": True, "promoted": "-", "read_only": False}
        seen = {
            "primary": {**end, "stage": stage, "complete": complete, "session": {}},
            "secondary": {**end, "promoted": "2026-11-26T15:05:12Z"},
        }
        said = {"__disaster_recovery_seen": seen, "disaster_recovery_discard": discard}
        play.ask(name, "__disaster_recovery_problems | select", **judge["vars"], **said)
    answers = play.run({"ours": {"a1": {}}, "theirs": {"c1": {}}})
    for name, (_stage, _complete, _discard, said) in cases.items():
        problems = " ".join(answers[name])
        assert said in problems, name
        assert bool(problems) == bool(said), name


@once
def test_a_test_failover_removes_only_what_a_test_has_left(tmp_path: Path) -> None:
    play = Play(tmp_path, "disaster_recovery", **ENDS)
    judge = play.task("test_failover.yml", "See what stands against it")
    ours = {"description": "Test failover", "volume": "projects"}
    clone = {"options": {"user.data-protection.origin": '{"snapshot": "tried"}'}}
    cases: dict[str, tuple[list[t.Any], list[t.Any], str]] = {
        "nothing": ([], [], ""),
        "of a test": ([ours], [clone], ""),
        "a test that was killed": ([ours], [{"options": {}}], ""),
        "a volume of a test": ([], [clone], ""),
        "a snapshot of somebody": ([{**ours, "description": "mine"}], [], "Snapshot tried exists"),
        "of another volume": ([{**ours, "volume": "other"}], [], "Snapshot tried exists"),
        "a volume of somebody": ([], [{"options": {}}], "Volume tried exists"),
    }
    seen = {
        "primary": {"not_syncing": []},
        "secondary": {"problems": [], "promoted": "-"},
    }
    for name, (snapshots, volumes, _said) in cases.items():
        said = {
            "__disaster_recovery_seen": seen,
            "__disaster_recovery_tested": {"snapshots": snapshots},
            "__disaster_recovery_tried": {"volumes": volumes},
            "disaster_recovery_test_name": "tried",
        }
        play.ask(name, "__disaster_recovery_problems | select", **judge["vars"], **said)
    answers = play.run({"ours": {"a1": {}}, "theirs": {"c1": {}}})
    for name, (_snapshots, _volumes, said) in cases.items():
        problems = " ".join(answers[name])
        assert said in problems, name
        assert bool(problems) == bool(said), name


@once
@pytest.mark.parametrize("needed", [True, False])
def test_a_destination_that_is_gone_does_not_end_a_restore_where_it_is(
    tmp_path: Path, needed: bool
) -> None:
    """Before anything is done it is a failure; when things are put back they have to be put back."""
    gone = {"inventory": "c1", "destination_host": "c1", "destination_volume": "copy"}
    here = {"name": "notes", "bricks": ["a1:/b"]}
    play = Play(
        tmp_path,
        "restore",
        __restore_destinations=[gone],
        __restore_chosen={"volumes": ["notes"]},
        __restore_needs_all=needed,
    )
    ask = play.task("bricks.yml", "See the volumes of the destinations")
    del ask["glusterfs.data_protection.gluster_volume_info"]
    play.do({**ask, "ansible.builtin.ping": {}})
    judge = play.task("bricks.yml", "All of them must answer")
    play.do({**judge, "register": "judged", "ignore_errors": True})
    play.do(play.task("bricks.yml", "Know their bricks"), __restore_seen={"volumes": [here]})
    play.ask("seen", "[judged is failed, __restore_bricks]")
    nobody = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"}
    answers = play.run({"theirs": {"c1": nobody}})
    assert answers["seen"] == [needed, {"notes": ["a1:/b"]}]


@once
def test_a_set_that_could_not_be_removed_is_not_left_for_a_good_one(tmp_path: Path) -> None:
    """It was noted as one point in time when it was taken, and the hold was seen broken after that."""
    play = Play(
        tmp_path,
        "consistency_group_snapshot",
        consistency_group_snapshot_name="nightly",
        __consistency_group_snapshot_initiator="localhost",
        __consistency_group_snapshot_broken=True,
        __consistency_group_snapshot_problem="The hold was not there all the time on node2.",
    )
    remove = play.task("try.yml", "Remove what may not be one point in time")
    del remove["block"][0]["glusterfs.data_protection.gluster_snapshot"]
    remove["block"][0]["ansible.builtin.fail"] = {"msg": "A worker has it mounted."}
    told = {"ansible.builtin.set_fact": {"told": "{{ ansible_failed_result.msg }}"}}
    play.do({"block": [remove], "rescue": [told]})
    play.ask("told", "told")
    said = play.run({"ours": {"node1": {}}})["told"]
    assert said.startswith(
        "The hold was not there all the time on node2. It could not be removed: A worker"
    )
    assert "Remove set nightly before anything else" in said


@once
def test_what_could_not_be_removed_of_a_snapshot_is_named_with_the_reason(tmp_path: Path) -> None:
    ends = {"volume": "projects", "name": "nightly", "host": "a1"}
    results = [
        {"item": {**ends, "host": "b1"}, "snapshot": None},
        {"item": ends, "failed": True, "msg": "A worker has it mounted."},
    ]
    play = Play(
        tmp_path, "snapshot", __snapshot_problems=[], __snapshot_removed={"results": results}
    )
    play.do(play.task("end.yml", "Remember what is left of it"))
    play.ask("told", "__snapshot_problems | join")
    told = play.run({"ours": {"a1": {}}})["told"]
    assert "nightly of projects on a1 (A worker has it mounted.)" in " ".join(told.split())
    assert "b1" not in told


@once
def test_trust_is_ended_where_ansible_does_not_reach_the_destination(tmp_path: Path) -> None:
    """Then nothing is done there, and Ansible wants a host to do it on even so."""
    key = {"destination_host": "backup1", "ssh_port": 22, "source_key": "ssh-ed25519 AAAA"}
    play = Play(
        tmp_path,
        "georep",
        georep_destination_user="geoaccount",
        __georep_server={"name": "backup1", "inventory": ""},
        __georep_looked={"destinations": [key]},
    )
    end = play.task("untrust.yml", "End it")
    remove = next(task for task in end["block"] if task["name"] == "Remove what was installed")
    del remove["glusterfs.data_protection.gluster_georep_destination"]
    remove.update({"ansible.builtin.ping": {}, "register": "removed"})
    play.do(end)
    play.ask("removed", "removed is success")
    assert play.run({"ours": {"node1": {}}})["removed"]
