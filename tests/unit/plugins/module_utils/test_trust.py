# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust: what is decided, what ssh and Gluster answered on the lab, and the password's one way."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import textwrap
import typing as t
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.destination import (
    HostKeyPolicy,
    Wanted,
    check_password,
    decide_destination,
    targets,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import (
    Plan,
    Refusal,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.steps.destination import (
    edit,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import (
    Room,
    Session,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import Cluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.room import read_room
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import (
    KNOWN_HOSTS,
    Output,
    execute,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust import (
    examine,
    facts,
    password,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust.ssh import Ssh
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import Peer

# OpenSSH 9.2 and Gluster 10.3 on nodes of the lab.
SCAN = """\
# node3:22 SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
node3 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH5OFN+rGVM1ynivBVrbuzHIzFHkSIK3YYraln8b04Rf
# node3:22 SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
"""
FINGERPRINT = "SHA256:bPu07N74f//5nuv7gEh1mHX94sbqCIaBG1M41j8GJhk"
OWN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBMpT9iq2wK+wM7AMVmWFB3DDgkAHQGxaoUYCKtmlInj"
SOURCE = "340c9124-6e34-4fad-a53c-55acc8060b25"
LINE = f"{OWN} glusterfs.data_protection:{SOURCE} root@node1"
LAB = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH0U7UZo7kvChaHdTW9jTnNNdb7W7yevj1QXGqPOCX3r lab"
LOOK = f"""\
passwd=geoacct:x:1000:1000:glusterfs.data_protection:/home/geoacct:/bin/bash
has_home=yes
groups=geogroup
keys_file=/home/geoacct/.ssh/authorized_keys
key={LINE}
volfile=volume management
volfile=    type mgmt/glusterd
volfile=    option working-directory /var/lib/glusterd
volfile=    option max-port 60999
volfile=    option mountbroker-root /var/mountbroker-root
volfile=    option geo-replication-log-group geogroup
volfile=    option mountbroker-geo-replication.geoacct secondary,other
volfile=    #   option lock-timer 180
volfile=end-volume
root_exists=yes
group_exists=yes
wanted_group_exists=yes
stale=no
gluster_path=/usr/local/bin/gluster
gluster=glusterfs 10.3
gsyncd=
clock=1795476146.845258911
end=
"""
NODE_STATUS = """\
{"ok": true, "nodeid": "a611f1c4-527e-4f1e-b3ac-9d316ad9695b", "output": {"mountbroker-root": "/var/mountbroker-root", "geo-replication-log-group": "geogroup", "users": {"geoacct": ["secondary", "other"]}, "group_exists": true, "path_exists": true}}
{"ok": true, "nodeid": "340c9124-6e34-4fad-a53c-55acc8060b25", "output": {"mountbroker-root": "None", "geo-replication-log-group": "", "users": {}, "group_exists": false, "path_exists": false}}
"""  # noqa: E501
CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Host key for node3 has changed and you have requested strict checking.
Host key verification failed.
"""
LOGINS = [
    (0, "", ""),
    (255, CHANGED, "host_key_changed"),
    (
        255,
        "No ED25519 host key is known for node3 and you have requested strict checking.\n"
        "Host key verification failed.\n",
        "host_key_unknown",
    ),
    (255, "root@node3: Permission denied (publickey,password).\n", "authentication_refused"),
    (255, "ssh: connect to host node3 port 23: Connection refused\n", "unreachable"),
    (
        255,
        "ssh: Could not resolve hostname nosuch: Temporary failure in name resolution\n",
        "unreachable",
    ),
    (None, "", "unreachable"),
    (1, "This account is currently not available.\n", "authentication_refused"),
]

TARGET = facts.Target("node3")
USER = facts.Target("node3", "geoacct", 2222)
(HOST_KEY,) = facts.keys_of(SCAN.splitlines())
OTHER_KEY = facts.PublicKey("ssh-ed25519", OWN.split()[1])
ACCEPT = HostKeyPolicy(accept_new=True)


# Readers


def test_host_keys_are_read_and_recognized() -> None:
    assert HOST_KEY.fingerprint == FINGERPRINT
    assert HOST_KEY.is_meant_by(FINGERPRINT)
    assert HOST_KEY.is_meant_by(SCAN.splitlines()[1])
    assert HOST_KEY.is_meant_by(str(HOST_KEY))
    assert not HOST_KEY.is_meant_by("SHA256:x")
    assert not HOST_KEY.is_meant_by(OWN)
    assert not HOST_KEY.is_meant_by("")
    assert facts.keys_of([f"@cert-authority * {HOST_KEY}", "# nothing", "|1|a=|b= nonsense"]) == ()
    assert facts.keys_of([f"|1|c2FsdA==|aGFzaA== {HOST_KEY}"]) == (HOST_KEY,)


@pytest.mark.parametrize("target", [TARGET, USER, facts.Target("2001:db8:0:0:0:0:0:3")])
def test_the_record_is_read_as_it_was_written(target: facts.Target) -> None:
    assert facts.Target.of(str(target)) == target
    name = facts.known_name(target.host, target.port)
    line = facts.record_line(name, HOST_KEY, target)
    assert facts.read_record(f"# mine\n{line}\nnode9 {HOST_KEY}\n") == {target: (line,)}


def test_ids_are_stable_and_differ() -> None:
    assert TARGET.id == facts.Target("node3", "root", 22).id
    assert len({TARGET.id, USER.id, facts.Target("node4").id}) == 3


def test_an_account_as_it_was_seen() -> None:
    account = facts.read_account(LOOK, USER.root, 1795476140.0)
    assert account.exists
    assert account.is_ours
    assert account.can_log_in
    assert account.groups == ("geogroup",)
    assert account.keys == (LINE,)
    assert account.own_lines(SOURCE) == (LINE,)
    assert account.own_lines("another") == ()
    assert account.gluster == "glusterfs 10.3"
    assert account.clock == pytest.approx(6.8, abs=0.1)
    assert account.mountbroker
    assert account.mountbroker.volumes_of("geoacct") == ("other", "secondary")
    assert examine.mountbroker_lacks(account, "geoacct", "secondary") == []
    assert list(examine.judge_account(account, USER, "")) == []
    with pytest.raises(ValueError, match="it ends with"):
        facts.read_account(LOOK[:300], USER.root, 0.0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"gluster": ""}, "gluster_missing"),
        ({"clock": -90.0}, "clock_skew"),
        ({"stale": True}, "mountbroker_incomplete"),
        ({"groups": ()}, "mountbroker_incomplete"),
        ({"shell": "/usr/sbin/nologin"}, "mountbroker_incomplete"),
        ({"mountbroker": None}, "mountbroker_incomplete"),
        ({"gsyncd": facts.gsyncd_fault("no attribute 'readfp'")}, "gsyncd_broken"),
        ({"gsyncd": facts.gsyncd_fault("isAlive")}, "gsyncd_broken"),
    ],
)
def test_reasons_of_an_account(changes: dict[str, t.Any], code: str) -> None:
    account = replace(facts.read_account(LOOK, USER.root, 1795476146.0), **changes)
    assert [reason.code for reason in examine.judge_account(account, USER, "secondary")] == [code]


def test_where_there_is_no_gluster_nobody_is_asked_for_volumes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = replace(facts.read_account(LOOK, USER.root, 1795476146.0), gluster="")
    trust = SimpleNamespace(
        login=lambda _target: facts.read_login(0, ""), account=lambda _target: account
    )
    for name in ("_versions", "_sftp", "_own_gsyncd", "_rsync"):
        monkeypatch.setattr(examine, name, lambda *_args: [])
    monkeypatch.setattr(examine, "_volumes", lambda *_args: pytest.fail("they were asked for"))
    volumes = examine.Volumes("source", "secondary")
    reasons = examine.examine(USER, volumes, t.cast("t.Any", SimpleNamespace(trust=trust)))
    assert [reason.code for reason in reasons] == ["gluster_missing"]


def test_being_denied_its_log_is_no_fault_of_gsyncd() -> None:
    said = "PermissionError: [Errno 13] Permission denied: '/var/log/glusterfs/geo-replication/cli.log'"
    assert facts.gsyncd_fault(said) == ""
    assert "cannot be run" in facts.gsyncd_fault("sh: 1: /usr/libexec/gsyncd: not found")


def test_the_mountbroker_of_each_node() -> None:
    nodes = facts.read_mountbroker(NODE_STATUS)
    assert [(node.root, node.group_exists) for node in nodes] == [
        ("", False),
        ("/var/mountbroker-root", True),
    ]
    with pytest.raises(ValueError, match="no node answered"):
        facts.read_mountbroker("Unable to end. Error : Success\n")


@pytest.mark.parametrize(("rc", "stderr", "code"), LOGINS)
def test_how_ssh_ends(rc: int | None, stderr: str, code: str) -> None:
    login = facts.read_login(rc, stderr)
    assert login.code == code
    assert login.ok is (not code)
    assert not code or (login.text and code in examine.REASONS)


def test_secret_keys_are_counted_by_node() -> None:
    one, two = "ssh-rsa AAAA1 root@node1", "ssh-rsa AAAA2 root@node1"
    common = "\n".join(
        [f'command="/g" {one}', f'command="tar" {two}', "ssh-rsa AAAA3", "ssh-rsa AAAA4"]
    )
    lines = tuple(common.splitlines())
    assert facts.read_secret_keys(common, one, two) == facts.SecretKeys(2, True, lines)
    assert facts.read_secret_keys(common, "ssh-rsa AAAA9", two) == facts.SecretKeys(2, False, lines)
    assert facts.read_secret_keys("", "", "") == facts.SecretKeys(0, False)


def test_room_of_a_mount() -> None:
    head = "Filesystem 1-blocks Used Available Capacity Mounted on\n"
    room = read_room(f"{head}node3:secondary 1063256064 50921472 1012334592 5% /m\n", "")
    assert room == Room(1063256064, 1012334592, False)
    with pytest.raises(Exception, match="not mounted"):
        read_room(f"{head}/dev/ubda 3 1 2 5% /\n", "")


# Decisions


def known(target: facts.Target, *keys: facts.PublicKey, recorded: bool = True) -> facts.HostKeys:
    name = facts.known_name(target.host, target.port)
    lines = tuple(facts.record_line(name, key, target) for key in keys)
    return facts.HostKeys(name, lines if recorded else (), keys)


def cluster(target: facts.Target = TARGET, **changes: t.Any) -> Cluster:
    """All set up and well, except for the changes, by topic."""
    account = facts.Account(target.root, home="/root", keys=(LAB, LINE))
    account = replace(account, keys_file="/root/.ssh/authorized_keys")
    if target.user != "root":
        account = facts.read_account(LOOK, target.root, 0.0)
    found = {
        "host_keys": known(target, HOST_KEY),
        "offered": (HOST_KEY,),
        "identity": facts.Identity("/root/.ssh/id_ed25519", "node1", f"{OWN} root@node1", False),
        "login": facts.Login(),
        "door": facts.Login(),
        "account": account,
        "mountbroker": facts.read_mountbroker(NODE_STATUS)[:1],
        **changes,
    }
    made = Cluster()
    for kind in ("secret_keys", "peers", "sessions", "record"):
        default: t.Any = {
            "secret_keys": facts.SecretKeys(1, True),
            "peers": (Peer(SOURCE, "localhost", True),),
            "sessions": (),
            "record": {target: ()},
        }[kind]
        made = made.put(kind, "", found.pop(kind, default))
    for kind, value in found.items():
        made = made.put(kind, str(target), value)
    return made


def steps(plan: Plan) -> list[str]:
    return [type(step).__name__ for step in plan.steps]


GSYNCD_KEY = 'command="/usr/lib/gsyncd"  ssh-rsa AAAAB3 root@node1'
REFUSED = facts.Login("authentication_refused", "Permission denied (publickey).")
NOTHING = {
    "host_keys": facts.HostKeys("node3"),
    "identity": facts.Identity("/root/.ssh/id_ed25519", "node1"),
    "login": REFUSED,
    "secret_keys": facts.SecretKeys(),
    "account": facts.Account(
        TARGET, home="/root", keys_file="/root/.ssh/authorized_keys", keys=(LAB,)
    ),
}


def test_from_nothing_and_again() -> None:
    start = cluster(**NOTHING)
    wanted = Wanted(TARGET, policy=ACCEPT)
    plan = decide_destination(wanted, start)
    assert steps(plan) == ["RecordHost", "MakeKeyPair", "GatherSecretKeys", "InstallKey"]
    end = plan.preflight(start)
    assert all(step.holds(end) for step in plan.steps if step.proof()[0][0] != "identity")
    made = end.put("identity", str(TARGET), cluster().get("identity", str(TARGET)))
    assert decide_destination(wanted, made) == Plan()
    lines = plan.commands(start)
    assert lines[0] == f"# edit {KNOWN_HOSTS}: + node3 {HOST_KEY} root@node3:22"
    assert lines[2] == "gluster system:: execute gsec_create"
    assert lines[3].startswith("# edit /root/.ssh/authorized_keys of node3: + ")
    assert "<public key> glusterfs.data_protection" in lines[3]


def test_what_is_well_stays_and_nothing_needless_is_read() -> None:
    made = cluster()
    few = {
        topic: value for topic, value in made.known.items() if topic[0] not in ("account", "door")
    }
    few = {topic: value for topic, value in few.items() if topic[0] != "offered"}
    assert decide_destination(Wanted(TARGET), Cluster(few)) == Plan()


def test_what_is_broken_is_mended() -> None:
    gone = replace(cluster().get("account", str(TARGET)), keys=(LAB,))
    plan = decide_destination(Wanted(TARGET), cluster(login=REFUSED, account=gone))
    assert steps(plan) == ["InstallKey"]
    there = decide_destination(Wanted(TARGET), cluster(login=REFUSED))
    assert "/root/.ssh" in there.steps[0].words(cluster())[-1].split()
    without_keys = cluster(secret_keys=facts.SecretKeys(1, False))
    plan = decide_destination(Wanted(TARGET), without_keys)
    assert steps(plan) == ["GatherSecretKeys"]
    assert "/var/lib/glusterd/geo-replication has 0 bytes" in plan.steps[0].lacking(without_keys)


def test_a_node_that_was_added_needs_keys_and_must_be_up() -> None:
    peers = (Peer(SOURCE, "localhost", True), Peer("u2", "node2", False))
    plan = decide_destination(Wanted(TARGET), cluster(peers=peers))
    assert steps(plan) == ["GatherSecretKeys"]
    with pytest.raises(Refusal, match="node2"):
        plan.preflight(cluster(peers=peers))


def test_reestablished_exchanges_all_again() -> None:
    plan = decide_destination(Wanted(TARGET, "reestablished"), cluster())
    assert steps(plan) == ["GatherSecretKeys", "InstallKey"]
    after = plan.preflight(cluster()).get("account", str(TARGET))
    assert sorted(after.keys) == sorted((LAB, LINE))


@pytest.mark.parametrize(
    ("state", "keys", "policy", "problem"),
    [
        ("present", facts.HostKeys("node3"), HostKeyPolicy(), "does not know the host key"),
        ("present", facts.HostKeys("node3"), HostKeyPolicy("SHA256:x", True), "not the one"),
        ("present", known(TARGET, OTHER_KEY), HostKeyPolicy(FINGERPRINT, True), "has changed"),
        ("reestablished", known(TARGET, OTHER_KEY), HostKeyPolicy("", True, True), "has changed"),
        (
            "reestablished",
            known(TARGET, OTHER_KEY),
            HostKeyPolicy(OTHER_KEY.fingerprint, True, True),
            "not the one",
        ),
    ],
)
def test_host_keys_that_are_refused(
    state: str, keys: facts.HostKeys, policy: HostKeyPolicy, problem: str
) -> None:
    with pytest.raises(Refusal, match=problem) as refused:
        decide_destination(Wanted(TARGET, state, policy), cluster(host_keys=keys))
    assert refused.value.remedy


def test_a_changed_host_key_is_taken_with_two_words() -> None:
    policy = HostKeyPolicy(FINGERPRINT, False, True)
    start = cluster(host_keys=known(TARGET, OTHER_KEY))
    plan = decide_destination(Wanted(TARGET, "reestablished", policy), start)
    assert steps(plan)[0] == "RecordHost"
    assert plan.preflight(start).get("host_keys", str(TARGET)).known == (HOST_KEY,)


def test_what_ssh_says_of_a_changed_key_counts_too() -> None:
    login = facts.read_login(255, CHANGED)
    with pytest.raises(Refusal, match="has changed"):
        decide_destination(Wanted(TARGET), cluster(login=login))


def test_a_password_that_ssh_would_not_read_whole_is_refused() -> None:
    check_password("ü" * 500)
    with pytest.raises(Refusal, match="more than the 1000 bytes"):
        check_password("ü" * 500 + "x")
    with pytest.raises(Refusal, match="control character"):
        check_password("first\nsecond")


def test_without_a_way_in_nothing_is_done() -> None:
    with pytest.raises(Refusal, match="is not let in by node3"):
        decide_destination(Wanted(TARGET), cluster(login=REFUSED, door=REFUSED))
    login = facts.Login("unreachable", "Connection refused")
    with pytest.raises(Refusal, match="cannot be reached"):
        decide_destination(Wanted(TARGET), cluster(login=login))


def test_a_user_from_nothing_and_again() -> None:
    bare = facts.Account(
        USER.root, exists=False, group_exists=False, gluster_path="/usr/sbin/gluster"
    )
    start = cluster(USER, login=REFUSED, account=bare)
    wanted = Wanted(USER, volumes=("secondary",))
    plan = decide_destination(wanted, start)
    assert steps(plan) == [
        *("AddGroup", "AddUser", "SetUpMountbroker", "AllowVolume", "RestartGlusterd"),
        *("LinkGluster", "InstallKey"),
    ]
    assert decide_destination(wanted, plan.preflight(start)) == Plan()
    *commands, last = plan.commands(start)
    for line in commands:
        assert line.startswith("ssh -p 2222 root@node3 ")
    assert last.startswith("# edit /home/geoacct/.ssh/authorized_keys of node3: + ssh-ed25519 ")


def test_a_user_is_changed_by_root_only() -> None:
    account = replace(cluster(USER).get("account", str(USER)), seen_by=USER)
    assert decide_destination(Wanted(USER), cluster(USER, account=account)) == Plan()
    with pytest.raises(Refusal, match="only root"):
        decide_destination(Wanted(USER, volumes=("third",)), cluster(USER, account=account))


def test_keys_of_a_user_are_written_by_the_user() -> None:
    plan = decide_destination(Wanted(USER), cluster(USER, login=REFUSED))
    words = shlex.split(plan.steps[0].words(cluster(USER))[-1])
    assert words[:4] == ["runuser", "-u", "geoacct", "--"]


def test_absent_removes_what_was_installed_and_no_more() -> None:
    start = cluster()
    plan = decide_destination(Wanted(TARGET, "absent"), start)
    assert steps(plan) == ["RemoveKey", "RecordHost"]
    end = plan.preflight(start)
    assert end.get("account", str(TARGET)).keys == (LAB,)
    assert end.get("host_keys", str(TARGET)).recorded == ()
    again = end.put("host_keys", str(TARGET), facts.HostKeys("node3"))
    assert decide_destination(Wanted(TARGET, "absent"), again) == Plan()


def test_keys_of_gsyncd_are_handed_to_a_user_and_go_with_the_last_node() -> None:
    secrets = facts.SecretKeys(1, True, (GSYNCD_KEY,))
    start = cluster(USER, secret_keys=secrets)
    plan = decide_destination(Wanted(USER), start)
    assert steps(plan) == ["InstallKey"]
    end = plan.preflight(start)
    assert GSYNCD_KEY in end.get("account", str(USER)).keys
    assert decide_destination(Wanted(USER), end) == Plan()
    # push-pem hands them to root.
    assert decide_destination(Wanted(TARGET), cluster(secret_keys=secrets)) == Plan()
    account = facts.Account(TARGET, home="/root", keys=(LAB, LINE, GSYNCD_KEY))
    absent = Wanted(TARGET, "absent")
    start = cluster(secret_keys=secrets, account=account)
    end = decide_destination(absent, start).preflight(start)
    assert end.get("account", str(TARGET)).keys == (LAB,)
    other = LINE.replace(SOURCE, "another")
    start = cluster(secret_keys=secrets, account=replace(account, keys=(*account.keys, other)))
    end = decide_destination(absent, start).preflight(start)
    assert end.get("account", str(TARGET)).keys == (LAB, GSYNCD_KEY, other)


def test_our_key_pair_goes_with_the_last_destination() -> None:
    ours = facts.Identity("/root/.ssh/id_ed25519", "node1", f"{OWN} root@node1 {facts.MARK}", False)
    absent = Wanted(TARGET, "absent")
    assert steps(decide_destination(absent, cluster(identity=ours)))[-1] == "RemoveKeyPair"
    others = {TARGET: (), facts.Target("node4"): ()}
    plan = decide_destination(absent, cluster(identity=ours, record=others))
    assert steps(plan) == ["RemoveKey", "RecordHost"]
    session = (Session("projects", "node4::projects"),)
    plan = decide_destination(absent, cluster(identity=ours, sessions=session))
    assert steps(plan) == ["RemoveKey", "RecordHost"]


def test_a_user_that_was_made_is_removed() -> None:
    plan = decide_destination(Wanted(USER, "absent"), cluster(USER))
    assert steps(plan) == [
        "RemoveKey",
        "DenyVolumes",
        "RestartGlusterd",
        "RemoveUser",
        "RecordHost",
    ]
    theirs = replace(cluster(USER).get("account", str(USER)), comment="A person")
    plan = decide_destination(Wanted(USER, "absent"), cluster(USER, account=theirs))
    assert "RemoveUser" not in steps(plan)


def test_absent_is_refused_in_use_and_unreached() -> None:
    session = (Session("projects", "node3::projects"),)
    with pytest.raises(Refusal, match="projects to node3::projects"):
        decide_destination(Wanted(TARGET, "absent"), cluster(sessions=session))
    plan = decide_destination(
        Wanted(TARGET, "absent", remove_in_use=True), cluster(sessions=session)
    )
    assert steps(plan) == ["RemoveKey", "RecordHost"]
    closed = cluster(door=facts.Login("unreachable", "Connection refused"))
    with pytest.raises(Refusal, match="cannot be removed"):
        decide_destination(Wanted(TARGET, "absent"), closed)
    plan = decide_destination(Wanted(TARGET, "absent", forget_unreachable=True), closed)
    assert steps(plan) == ["RecordHost"]
    assert "still in the authorized_keys" in plan.warnings[0]


HOSTILE = ["-oProxyCommand=reboot", "a b", "$(reboot)", "a;b", "", "a::b", "a\nb", "é", "x" * 300]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda value: repr(value)[:12])
def test_hostile_names_are_refused_before_anything_is_asked(hostile: str) -> None:
    for wanted in (
        Wanted(facts.Target(hostile)),
        Wanted(facts.Target("node3", hostile)),
        Wanted(USER, volumes=(hostile,)),
        Wanted(USER, mountbroker_root=hostile or "x"),
        Wanted(USER, mountbroker_group=hostile or "-"),
        Wanted(facts.Target("node3", "root", 0)),
        Wanted(TARGET, volumes=("secondary",)),
    ):
        with pytest.raises(Refusal):
            decide_destination(wanted, Cluster())


def test_destinations_are_those_of_the_record_and_of_sessions() -> None:
    sessions = [Session("a", "node3::b"), Session("c", "geo@node4::d")]
    assert targets([TARGET], sessions) == [TARGET, facts.Target("node4", "geo")]
    assert targets([TARGET], sessions, "node4") == [facts.Target("node4", "geo")]
    assert targets([], [], "node9", None, 2222) == [facts.Target("node9", "root", 2222)]


# What is run


def test_files_are_edited_exactly(tmp_path: Path) -> None:
    file = tmp_path / "new/authorized_keys"
    subprocess.run(edit(str(file), "one $x"), check=True)
    assert file.read_text() == "one $x\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    file.write_text("# by hand\n\none $x\nother one $x\nlast")
    file.chmod(0o640)
    subprocess.run(edit(str(file), "two\\n", ["one $x"], [str(file)]), check=True)
    assert file.read_text() == "# by hand\n\nother one $x\nlast\ntwo\\n\n"
    assert file.stat().st_mode & 0o777 == 0o640
    subprocess.run(edit(str(file), "", ["two\\n", "last"]), check=True)
    assert file.read_text() == "# by hand\n\nother one $x\n"
    assert [path.name for path in file.parent.iterdir()] == ["authorized_keys"]
    link = tmp_path / "link"
    link.symlink_to(file)
    subprocess.run(edit(str(link), "", ["# by hand", "other one $x"]), check=True)
    assert link.is_symlink()
    assert file.read_text() == "\n"


ASKING = """\
import getpass, os, sys, time
for number in range(int(sys.argv[1])):
    said = getpass.getpass("root@node3's password: ")
    if said == "s3cret word":
        print("welcome", os.environ.get("SSH_ASKPASS"), flush=True)
        if len(sys.argv) > 2 and os.fork() == 0:
            time.sleep(30)
        sys.exit(0)
    print("Permission denied, please try again.")
sys.exit(255)
"""


def ask(answer: str, *arguments: str, seconds: float = 20.0) -> Output:
    return password.run_on_terminal([sys.executable, "-c", ASKING, *arguments], answer, seconds)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_the_password_is_given_once_and_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_ASKPASS", "/bin/true")
    output = ask("s3cret word", "1")
    assert (output.rc, output.reason) == (0, "")
    assert "welcome None" in output.stderr
    assert "s3cret" not in output.stderr
    wrong = ask("another", "3")
    assert (wrong.rc, wrong.reason) == (None, "refused")
    assert wrong.stderr.count("password: ") == 2
    assert ask("", "1").reason == "asks"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_what_goes_on_in_the_background_is_not_waited_for() -> None:
    assert ask("s3cret word", "1", "fork", seconds=15.0).rc == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_question_that_is_no_password_gets_none() -> None:
    asking = 'import sys; print(input("Are you sure (yes/no/[fingerprint])? "))'
    output = password.run_on_terminal([sys.executable, "-c", asking], "s3cret word", 1.5)
    assert output.reason == "time"
    echoing = textwrap.dedent('import sys; print(input("password: "))')
    output = password.run_on_terminal([sys.executable, "-c", echoing], "s3cret word", 1.5)
    assert output.reason == "time"


def test_ssh_is_run_with_checks_and_without_the_password() -> None:
    asked: list[list[str]] = []

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = "") -> Output:
        asked.append(list(argv))
        return execute(["true"], seconds, max_bytes)

    with Ssh(run, KNOWN_HOSTS, "s3cret word") as ssh:
        ssh.take("node3", [HOST_KEY])
        folder = ssh._folder
        assert Path(folder, "known_hosts").read_text() == f"node3 {HOST_KEY}\n"
        assert os.stat(folder).st_mode & 0o777 == 0o700
        assert ssh.try_login(TARGET).ok
        ssh.run(("ssh", "root@node3", "true"))
        ssh.run(("ssh-keygen", "-y"))
    assert not Path(folder).exists()
    for argv in asked[:2]:
        assert "StrictHostKeyChecking=yes" in argv
        assert "BatchMode=yes" in argv
    assert asked[2] == ["ssh-keygen", "-y"]
    assert "s3cret" not in str(asked)
