# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin, by ansible-inventory; ssh answers what a real Gluster was recorded to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.glusterfs.data_protection.tests.unit.recording import recordings
from ansible_collections.glusterfs.data_protection.tests.unit.test_documents import COLLECTIONS

(RECORDING,) = (one for one in recordings("volumes") if one.version == "10.3")
POOL = RECORDING.answers("pool", "list")[0]
VOLUMES = RECORDING.answers("volume", "info")[0]
SSH = """#!/bin/sh
cd "$(dirname "$0")"
for last; do :; done
echo "$*" >> asked
case "$last" in
*"pool list") cat pool ;;
*"volume info") cat volumes ;;
esac
[ ! -e broken ] || { echo "server1: Host key verification failed." >&2; exit 255; }
"""
PLAIN = "plugin: glusterfs.data_protection.gluster\nclusters: {storage: server1.example.com}\n"
KEYED = (
    PLAIN
    + """
keyed_groups:
  - key: gluster_bricks | map(attribute='volume') | unique
    prefix: volume
groups: {down: not gluster_connected}
compose: {ansible_host: gluster_uuid}
"""
)
CACHED = PLAIN + "cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: kept\n"


class Controller:
    """A folder with an inventory, and the machine that Ansible runs on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ssh = folder / "ssh"
        self.ssh.write_text(SSH, encoding="utf-8")
        self.ssh.chmod(0o755)
        self.say()

    def say(self, pool: str = POOL, volumes: str = VOLUMES) -> None:
        (self.folder / "pool").write_text(pool, encoding="utf-8")
        (self.folder / "volumes").write_text(volumes, encoding="utf-8")

    @property
    def asked(self) -> list[str]:
        kept = self.folder / "asked"
        return kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []

    def run(self, text: str, name: str = "gluster.yml") -> subprocess.CompletedProcess[str]:
        (self.folder / name).write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "ansible.cli.inventory", "-i", name, "--list", "--export"]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_SSH_EXECUTABLE": str(self.ssh),
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def inventory(self, text: str) -> dict[str, t.Any]:
        done = self.run(text)
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stderr
        return t.cast("dict[str, t.Any]", json.loads(done.stdout, object_hook=plain))


def plain(value: dict[str, t.Any]) -> t.Any:
    """Newer ansible-inventory marks what no plugin has declared to be a template."""
    return value.get("__ansible_unsafe", value)


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


def test_a_cluster_is_a_group_of_its_servers(controller: Controller) -> None:
    found = controller.inventory(KEYED)
    servers = ["server1.example.com", "node2", "node3"]
    assert sorted(found["storage"]["hosts"]) == sorted(servers)
    assert found["storage"]["vars"]["gluster_volumes"][0].keys() == {
        "name",
        "uuid",
        "type",
        "status",
    }
    hosts = found["_meta"]["hostvars"]
    asked = hosts["server1.example.com"]
    assert asked["gluster_connected"] is True
    assert asked["gluster_cluster"] == "storage"
    assert asked["ansible_host"] == asked["gluster_uuid"]
    volumes = {row["volume"] for name in servers for row in hosts[name]["gluster_bricks"]}
    assert volumes == {row["name"] for row in found["storage"]["vars"]["gluster_volumes"]}
    assert sorted(found["volume_projects"]["hosts"]) == sorted(
        name
        for name in servers
        if any(row["volume"] == "projects" for row in hosts[name]["gluster_bricks"])
    )
    assert "down" not in found


def test_each_question_is_one_line_without_a_password_or_a_host_key_that_is_waved_through(
    controller: Controller,
) -> None:
    controller.inventory(PLAIN + "become: true\nremote_user: admin\n")
    assert controller.asked == [
        "-oBatchMode=yes -l admin -- server1.example.com sudo -n gluster --mode=script --xml "
        f"--timeout=60 -- {words}"
        for words in ("pool list", "volume info")
    ]


def test_a_server_that_is_down_is_there_and_said_to_be(controller: Controller) -> None:
    before, found, after = POOL.rpartition("<connected>1</connected>")
    assert found
    controller.say(pool=f"{before}<connected>0</connected>{after}")
    assert len(controller.inventory(KEYED)["down"]["hosts"]) == 1


def test_the_cache_spares_the_questions(controller: Controller) -> None:
    first = controller.inventory(CACHED)
    assert controller.inventory(CACHED) == first
    hosts = first["storage"]["hosts"]
    assert hosts == sorted(hosts)  # older caches do not keep another order
    assert len(controller.asked) == 2


def test_what_a_cluster_says_is_no_template(controller: Controller) -> None:
    controller.say(volumes=VOLUMES.replace("/bricks/", "/{{ 1 + 1 }}/"))
    hosts = controller.inventory(PLAIN)["_meta"]["hostvars"]
    assert "{{ 1 + 1 }}" in json.dumps(hosts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.replace("server1.example.com", "-oProxyCommand=x"), "is not the name of a host"),
        (PLAIN.replace("server1.example.com", "[a]"), "is not the name of a host"),
        (PLAIN + "ssh_executable: /no/such/ssh\n", "cannot be run"),
    ],
)
def test_what_is_wrong_is_told(controller: Controller, text: str, said: str) -> None:
    done = controller.run(text)
    assert done.returncode
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_ssh_that_does_not_get_in_is_told(controller: Controller) -> None:
    (controller.folder / "broken").touch()
    done = controller.run(PLAIN)
    assert done.returncode
    assert "Host key verification failed" in " ".join(done.stderr.split())


def test_a_site_that_is_lost_can_be_left_out_and_is_asked_again(controller: Controller) -> None:
    text = CACHED + "skip_unreachable: true\n"
    (controller.folder / "broken").touch()
    done = controller.run(text)
    assert done.returncode == 0
    assert "Cluster storage is left out" in " ".join(done.stderr.split())
    (controller.folder / "broken").unlink()
    assert controller.inventory(text)["storage"]["hosts"]


def test_a_server_with_a_name_that_is_none_is_refused(controller: Controller) -> None:
    controller.say(pool=POOL.replace("<hostname>node2<", "<hostname>--flush-cache<"))
    assert "which is no name of a host" in " ".join(controller.run(PLAIN).stderr.split())


def test_other_files_are_left_to_others(controller: Controller) -> None:
    assert controller.run(PLAIN, "hosts.yml").returncode
    assert controller.asked == []
