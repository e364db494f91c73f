# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hold: what it is decided by, what the firewalls are told and answer, and that it holds."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import textwrap
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.quiesce import (
    HoldBrick,
    Quiesce,
    decide_hold,
    hold_bricks,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold import (
    node,
    probe,
    window,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold.firewall import (
    Command,
    HoldError,
    Iptables,
    Nft,
    Seen,
    find,
    read_iptables,
    read_nft,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import (
    Output,
    execute,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
    Brick,
    BrickStatus,
    Volume,
    VolumeStatus,
)

if t.TYPE_CHECKING:
    from ansible_collections.glusterfs.data_protection.tests.unit.fixtures import Clock, RunModule

HERE, THERE = "uuid-1", "uuid-2"
ONE = HoldBrick("projects", "node1:/b/1", "node1", 49152, HERE)
OTHER = HoldBrick("projects", "node2:/b/1", "node2", 49153, THERE)
BRICKS = (ONE, OTHER)

# Answers of iptables 1.8.9 and ipset 7.17 on a node of the lab, while two bricks were held.
RULES = """\
-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-N GLUSTER_HOLD
-A INPUT -p tcp -j GLUSTER_HOLD
-A INPUT -i lo -j ACCEPT
-A GLUSTER_HOLD -p tcp -m tcp --sport 24006 --tcp-flags FIN,SYN,RST,ACK SYN -m set --match-set gluster_hold dst -j REJECT --reject-with tcp-reset
-A GLUSTER_HOLD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m set --match-set gluster_hold dst -j DROP
-A GLUSTER_HOLD -p tcp -m length ! --length 0:52 -m set --match-set gluster_hold dst -j REJECT --reject-with icmp-net-unreachable
"""  # noqa: E501
RULES6 = RULES.replace("icmp-net-unreachable", "icmp6-no-route")
EMPTY = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
SET = """\
create gluster_hold bitmap:port range 0-65535 timeout 60
add gluster_hold 51189 timeout 24
add gluster_hold 58701 timeout 23
"""
NO_SET = Output(1, "", "ipset v7.17: The set with the given name does not exist\n")

# nft 1.0.6 on Linux 6.18.
TABLE = """\
{"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "gluster_hold", "handle": 4}},
{"set": {"family": "inet", "name": "ports", "table": "gluster_hold", "type": "inet_service", "handle": 2, "flags": ["timeout"],
 "elem": [{"elem": {"val": 49152, "timeout": 10, "expires": 9}}, {"elem": {"val": 49153, "timeout": 10, "expires": 8}}]}},
{"chain": {"family": "inet", "table": "gluster_hold", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": -300, "policy": "accept"}},
{"rule": {"family": "inet", "table": "gluster_hold", "chain": "input", "handle": 3, "comment": "probes", "expr": [{"reject": {"type": "tcp reset"}}]}},
{"rule": {"family": "inet", "table": "gluster_hold", "chain": "input", "handle": 4, "comment": "connections", "expr": [{"drop": null}]}},
{"rule": {"family": "inet", "table": "gluster_hold", "chain": "input", "handle": 5, "comment": "ipv4", "expr": [{"reject": {"type": "icmpx", "expr": "no-route"}}]}},
{"rule": {"family": "inet", "table": "gluster_hold", "chain": "input", "handle": 6, "comment": "ipv6", "expr": [{"reject": {"type": "icmpx", "expr": "no-route"}}]}}]}
"""  # noqa: E501


# What is to be held


def test_only_bricks_of_this_node_are_held_and_only_what_is_not_yet() -> None:
    more = replace(ONE, volume="scratch", brick="node1:/b/2", port=49160)
    quiesce = decide_hold((*BRICKS, more), HERE, 30, None, {49160: 3.0}, True)
    assert (quiesce.ports, quiesce.missing) == ((49152, 49160), (49152,))
    assert decide_hold(BRICKS, "uuid-3", 30, None, {}, True) == Quiesce(())


@pytest.mark.parametrize(
    ("bricks", "seconds", "text"),
    [
        (BRICKS, 0, "a hold of 0 seconds"),
        (BRICKS, 32, "after 42 seconds"),
        ((ONE, replace(OTHER, disconnect_after=20)), 10, "after 20 seconds"),
        ((replace(ONE, port=None),), 30, "not online: node1:/b/1"),
    ],
)
def test_what_cannot_be_held_is_refused(
    bricks: tuple[HoldBrick, ...], seconds: int, text: str
) -> None:
    with pytest.raises(Refusal, match=text):
        decide_hold(bricks, HERE, seconds, None, {}, True)


def test_the_longest_hold_is_just_below_the_limit() -> None:
    decide_hold(BRICKS, HERE, 31, None, {}, True)
    decide_hold((replace(ONE, disconnect_after=0),), HERE, 3600, None, {}, True)


def test_ipv6_is_refused_where_it_cannot_be_held() -> None:
    bricks = (replace(ONE, address_family="inet6"), OTHER)
    decide_hold(bricks, HERE, 30, None, {}, True)
    decide_hold(bricks, THERE, 30, None, {}, False)
    with pytest.raises(Refusal, match="ip6tables does not work"):
        decide_hold(bricks, HERE, 30, None, {}, False)


def test_the_sign_is_watched_from_other_nodes() -> None:
    assert decide_hold(BRICKS, THERE, 30, "node1", {}, True).watched == (("node1", 49152),)
    assert decide_hold(BRICKS, HERE, 30, "node1", {}, True).watched == ()
    with pytest.raises(Refusal, match="release_with is node9"):
        decide_hold(BRICKS, HERE, 30, "node9", {}, True)
    with pytest.raises(Refusal, match="no brick of node1 is online"):
        decide_hold((replace(ONE, port=None), OTHER), THERE, 30, "node1", {}, True)


def volume(name: str, *nodes: str, **options: str) -> Volume:
    bricks = tuple(Brick(node, f"/b/{name}", f"uuid-{node[-1]}") for node in nodes)
    return Volume(name, name, "Started", "Replicate", bricks, options)


def status(of: Volume, *ports: int) -> VolumeStatus:
    return VolumeStatus(
        tuple(BrickStatus(str(b), True, 7, port) for b, port in zip(of.bricks, ports))
    )


def test_bricks_of_one_process_are_seen_by_their_port() -> None:
    projects = volume("projects", "node1", "node2")
    scratch = volume("scratch", "node1", **{"network.ping-timeout": "20"})
    apart = volume("apart", "node2", "node3")
    all_of = {
        "projects": status(projects, 49152, 49152),
        "scratch": status(scratch, 49152),
        "apart": status(apart, 49153, 49152),
    }
    found = hold_bricks(["projects"], (projects, scratch, apart), all_of)
    assert [(b.brick, b.shared_with, b.disconnect_after) for b in found] == [
        ("node1:/b/projects", ("scratch",), 20),
        ("node2:/b/projects", (), 42),
    ]
    both = hold_bricks(["scratch", "projects"], (projects, scratch, apart), all_of)
    assert {b.shared_with for b in both} == {()}
    assert decide_hold(found, HERE, 5, None, {}, True).shared_with == ("scratch",)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, 42),
        ({"network.ping-timeout": "90"}, 42),  # the brick still disconnects
        ({"network.ping-timeout": "90", "server.tcp-user-timeout": "2m"}, 90),
        ({"network.ping-timeout": "1min", "server.tcp-user-timeout": "0"}, 60),
        ({"client.tcp-user-timeout": "15sec"}, 15),
        ({"network.ping-timeout": "0", "server.tcp-user-timeout": "0"}, 0),
    ],
)
def test_whatever_ends_a_connection_first_limits_a_hold(
    options: dict[str, str], seconds: int
) -> None:
    (found,) = hold_bricks(["projects"], (volume("projects", "node1", **options),), {})
    assert found.disconnect_after == seconds


def test_a_time_that_cannot_be_read_is_not_guessed() -> None:
    strange = volume("projects", "node1", **{"network.ping-timeout": "0x20"})
    with pytest.raises(Refusal, match="timeout 0x20, which is no time"):
        hold_bricks(["projects"], (strange,), {})


def test_volumes_that_do_not_run_are_refused() -> None:
    stopped = replace(volume("projects", "node1"), status="Stopped")
    with pytest.raises(Refusal, match="projects is not started"):
        hold_bricks(["projects"], (stopped,), {})
    with pytest.raises(Refusal, match="nosuch does not exist"):
        hold_bricks(["nosuch"], (stopped,), {})
    (brick,) = hold_bricks(["projects"], (volume("projects", "node1"),), {})
    assert brick.port is None


# What firewalls answer


def seen(rules: str = RULES, rules6: str = RULES6, saved: str = SET) -> Seen:
    return read_iptables({"ip6tables": rules6, "iptables": rules}, saved)


def test_iptables_is_read() -> None:
    assert seen().held == {51189: 24.0, 58701: 23.0}
    assert seen(EMPTY, EMPTY, "") == Seen({"iptables": (), "ip6tables": ()})
    assert not seen(EMPTY, EMPTY, "").anything


def without(rules: str, part: str) -> str:
    kept = [line for line in rules.splitlines() if part not in line]
    assert len(kept) < len(rules.splitlines())
    return "\n".join(kept) + "\n"


@pytest.mark.parametrize(
    "broken",
    [
        seen(rules=without(RULES, "-A INPUT -p tcp")),
        seen(rules=without(RULES, "tcp-reset")),
        seen(rules=without(RULES, "-j DROP")),
        seen(rules6=without(RULES6, "icmp6-no-route")),
        seen(rules6=without(RULES6, "-A INPUT -p tcp")),
        seen(rules=RULES.replace("-A INPUT -p tcp -j", "-A INPUT -j ACCEPT\n-A INPUT -p tcp -j")),
        seen(rules=EMPTY),
    ],
)
def test_half_of_the_rules_hold_nothing_and_are_made_anew(broken: Seen) -> None:
    assert broken.held == {}
    assert broken.anything
    assert not broken.is_unbroken(seen(), (0.0, 0.0))
    assert not broken.is_unbroken(broken, (0.0, 0.0))
    commands = iptables().to_hold(broken, [51189], 30)
    assert [command.argv[0] for command in commands] == [
        "ipset",
        "ip6tables-restore",
        "iptables-restore",
        "ipset",
    ]


def test_without_ip6tables_the_rest_is_a_hold() -> None:
    assert set(seen(rules6=EMPTY).held) == {51189, 58701}


def test_a_hold_is_the_same_only_with_the_same_rules_ports_and_end() -> None:
    later = SET.replace("timeout 24", "timeout 19").replace("timeout 23", "timeout 18")
    assert seen(saved=later).is_unbroken(seen(), (5.0, 5.0))
    assert not seen().is_unbroken(seen(), (5.0, 5.0))
    # Each look may itself take a while.
    assert seen(saved=later).is_unbroken(seen(), (1.0, 12.0))
    assert not seen().is_unbroken(seen(), (5.0, 12.0))
    assert not seen(saved=without(later, "51189")).is_unbroken(seen(), (5.0, 5.0))
    assert not seen(rules6=EMPTY, saved=later).is_unbroken(seen(), (5.0, 5.0))


def test_nft_is_read() -> None:
    assert read_nft(TABLE).held == {49152: 9.0, 49153: 8.0}
    assert read_nft(TABLE.replace('"comment": "ipv6", ', "")).held == {}
    assert read_nft(TABLE.replace('"hook": "input"', '"hook": "output"')).held == {}
    assert not read_nft(TABLE.replace('"handle": 5', '"handle": 9')).is_unbroken(
        read_nft(TABLE), (0.0, 0.0)
    )
    assert read_nft(TABLE).is_unbroken(read_nft(TABLE), (0.0, 0.0))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"nftables": [{"set": {"elem": [{}]}}]}', "5"])
def test_nonsense_of_nft_is_an_error(text: str) -> None:
    with pytest.raises(HoldError, match="cannot be understood"):
        read_nft(text)


# What firewalls are told


class Answers:
    """Stands for ``execute``: answers by the begin of the command line, else with success."""

    def __init__(self, **answers: Output) -> None:
        self.answers = {key.replace("_", " "): value for key, value in answers.items()}
        self.run: list[str] = []

    def __call__(
        self, argv: t.Sequence[str], seconds: float, max_bytes: int, text: str = ""
    ) -> Output:
        line = str(Command((Path(argv[0]).name, *argv[1:]), text))
        self.run.append(line)
        found = [answer for begin, answer in self.answers.items() if line.startswith(begin)]
        return found[0] if found else Output(0, EMPTY, "")


def no_nft(name: str) -> str | None:
    return None if name == "nft" else f"/sbin/{name}"


def iptables(**answers: Output) -> Iptables:
    return Iptables(Answers(**{"ipset_save": NO_SET, **answers}), no_nft)


def test_a_hold_begins_when_all_rules_stand() -> None:
    made = iptables().to_hold(Seen({"iptables": (), "ip6tables": ()}), [2, 1], 30)
    assert [(command.argv[0], "add" in command.text.split()) for command in made] == [
        ("ipset", False),
        ("ip6tables-restore", False),
        ("iptables-restore", False),
        ("ipset", True),
    ]
    assert made[3].text == "add gluster_hold 1 timeout 30\nadd gluster_hold 2 timeout 30\n"
    again = iptables().to_hold(seen(), [2], 30)
    assert [command.text for command in again] == ["add gluster_hold 2 timeout 30\n"]
    assert iptables().to_hold(seen(), [], 30) == []


def test_leftovers_are_replaced_and_only_ours_are_removed() -> None:
    twice = RULES.replace(
        "-A INPUT -i lo", "-A INPUT -p tcp -m tcp --dport 1:9 -j GLUSTER_HOLD\n-A INPUT -i lo"
    )
    for text in (
        iptables().to_hold(seen(twice, RULES6, ""), [1], 30)[2].text,
        iptables().to_release(seen(twice))[1].text,
    ):
        gone = [line for line in text.splitlines() if line.startswith("-D")]
        assert gone == [
            "-D INPUT -p tcp -j GLUSTER_HOLD",
            "-D INPUT -p tcp -m tcp --dport 1:9 -j GLUSTER_HOLD",
        ]
        assert ":GLUSTER_HOLD - [0:0]" in text
    assert iptables().to_release(seen(EMPTY, EMPTY, "")) == []
    assert [str(c) for c in iptables().to_release(seen(EMPTY, EMPTY))] == [
        "ipset destroy gluster_hold"
    ]


def test_where_ip6tables_only_lists_the_hold_is_without_it() -> None:
    firewall = iptables(ip6tables_restore=Output(4, "", "TABLE_ADD failed"))
    firewall._execute.answers["ip6tables-restore"] = Output(4, "", "TABLE_ADD failed")  # type: ignore[attr-defined]
    firewall.hold([1], 30)
    assert firewall.ipv6 is False
    assert firewall.commands[-1].startswith("ipset -exist restore")


def test_find_says_why_there_is_none() -> None:
    assert find(Answers(ipset_save=NO_SET), no_nft).name == "iptables"
    only = find(Answers(ipset_save=NO_SET, ip6tables=Output(3, "", "no ip6_tables")), no_nft)
    assert only.ipv6 is False
    with pytest.raises(HoldError, match="no nft; this node has no iptables"):
        find(Answers(), lambda name: None)
    with pytest.raises(HoldError, match="Cannot open session to kernel") as caught:
        find(Answers(ipset_save=Output(1, "", "ipset: Cannot open session to kernel.")), no_nft)
    assert "Install nftables" in caught.value.advice
    with pytest.raises(HoldError, match="no answer in 30 seconds"):
        find(Answers(iptables=Output(None, "", "", "time")), no_nft)


def test_input_reaches_the_program() -> None:
    text = "x" * 200_000
    program = [sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read())"]
    assert execute(program, 30, 1 << 20, text).stdout == text


# The window


def test_a_hold_is_counted_from_the_last_look_at_which_nothing_was_held(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path
) -> None:
    """The node that takes the snapshots may hold first: then its hold is longer than each other one."""
    looks = iter([("open", "open"), ("open", "silent"), ("held", "open"), *[("held", "held")] * 2])

    def ask(addresses: t.Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        clock.now += 1
        return dict(zip(addresses, next(looks)))

    class Wall:
        def release(self) -> None:
            clock.now += 2

    monkeypatch.setattr(window, "ask", ask)
    monkeypatch.setattr(window, "WAITING", str(tmp_path / "waiting"))
    made = window.Window(lambda: t.cast("t.Any", Wall()), 60)
    bricks = [("node1", 49152), ("node2", 49152)]
    made.open(bricks)
    clock.now += 5
    assert made.close(bricks) is None
    assert made.seconds == 6
    # From the begin of the second look: three more, a pause between two each, the snapshots, the release.
    assert made.held == pytest.approx(4 + 0.2 + 5 + 2 + 0)


# The module

GIVEN = [{key: value for key, value in brick.__dict__.items() if value != ()} for brick in BRICKS]


def test_the_module_stays_until_it_sees_the_sign(
    run_module: RunModule, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    signs = iter(["open", "silent", "held", "silent", "held", "open"])
    asked = []

    def ask(addresses: t.Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
        asked.append(sorted(addresses))
        return {("node1", 49152): next(signs), ("node2", 49153): "held"}

    class Kernel(Answers):
        """Nothing there, then the hold."""

        def __call__(self, argv: t.Sequence[str], *args: t.Any) -> Output:
            output = super().__call__(argv, *args)
            if any("add gluster_hold" in line for line in self.run):
                left = 30 - int(clock.now - 1000)
                saved = SET.splitlines()[0] + f"\nadd gluster_hold 49153 timeout {left}\n"
                name = Path(argv[0]).name
                texts = {"iptables": RULES, "ip6tables": RULES6, "ipset": saved}
                return Output(0, texts.get(name, ""), "")
            return output

    def run(args: dict[str, t.Any]) -> dict[str, t.Any]:
        kernel = Kernel(ipset_save=NO_SET)
        monkeypatch.setattr(node, "stay", lambda *a: (patch_ask(), stay(*a)))
        return run_module("gluster_volume_quiesce", args, kernel, uuid=THERE)

    def patch_ask() -> None:
        monkeypatch.setattr(probe, "ask", ask)

    stay = node.stay
    result = run({"bricks": GIVEN, "release_with": "node1"})
    assert next(signs, None) is None
    assert asked[0] == [("node1", 49152), ("node2", 49153)]
    assert result["changed"] is True
    assert result["unbroken"] is True
    assert result["held"] == []
    assert result["held_seconds"] == 1.0
    assert result["commands"][-1] == "ipset destroy gluster_hold"
    at_once = run({"bricks": GIVEN})
    assert at_once["held_seconds"] is None
    assert [row["port"] for row in at_once["held"]] == [49153]


def test_no_sign_is_waited_for_past_the_end_of_the_hold(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(probe, "ask", lambda addresses: dict.fromkeys(addresses, "held"))
    quiesce = decide_hold(BRICKS, THERE, 30, "node1", {}, True)
    node.stay(quiesce, clock.now + 30)
    assert 1030 <= clock.now < 1031


def test_the_own_hold_gone_is_a_sign_too(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(probe, "ask", lambda addresses: dict.fromkeys(addresses, "open"))
    node.stay(decide_hold(BRICKS, THERE, 30, "node1", {}, True), clock.now + 30)
    assert clock.now == 1000


def test_a_hold_that_fails_half_way_is_taken_back(run_module: RunModule) -> None:
    answers = Answers(ipset_save=NO_SET)
    answers.answers["iptables-restore"] = Output(1, "", "no xt_set")
    result = run_module("gluster_volume_quiesce", {"bricks": GIVEN}, answers, uuid=HERE)
    assert result["failed"]
    assert "iptables-restore failed: no xt_set" in result["msg"]
    # What can be seen of it is removed: here, nothing.
    assert answers.run[-3:] == [
        "ip6tables --wait=10 --list-rules",
        "iptables --wait=10 --list-rules",
        "ipset save gluster_hold",
    ]


@pytest.mark.parametrize(
    ("change", "text"),
    [({"port": 70000}, "no TCP port"), ({"volume": "--x"}, "cannot name"), (None, "empty")],
)
def test_bricks_are_checked(
    change: dict[str, t.Any] | None, text: str, run_module: RunModule
) -> None:
    bricks = [] if change is None else [{**GIVEN[0], **change}]
    answers = Answers()
    result = run_module("gluster_volume_quiesce", {"bricks": bricks}, answers, uuid=HERE)
    assert text in result["msg"]
    assert answers.run == []


def test_a_node_that_cannot_hold_says_so(run_module: RunModule) -> None:
    broken = Answers(iptables=Output(3, "", "no kernel"))
    result = run_module("gluster_volume_quiesce_info", {}, broken, uuid=HERE)
    assert result["backend"] is None
    assert "no kernel" in result["reason"]
    failed = run_module("gluster_volume_quiesce", {"bricks": GIVEN}, broken, uuid=HERE)
    assert "no kernel" in failed["msg"]
    assert "Nothing was changed" in failed["msg"]
    stranger = run_module("gluster_volume_quiesce_info", {}, Answers(), uuid="")
    assert "holds no UUID" in stranger["msg"]


# The real thing


def namespace() -> str:
    """Why no network namespace with nft can be had here; "" where it can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("nft", "unshare", "ip"):
        if shutil.which(program) is None:
            return f"needs {program}"
    tried = subprocess.run(
        ["unshare", "-n", "nft", "add", "table", "inet", "x"], check=False, capture_output=True
    )
    return "" if tried.returncode == 0 else "needs a kernel with nf_tables"


NAMESPACE = namespace()
inside = pytest.mark.skipif(bool(NAMESPACE), reason=NAMESPACE)

BEGIN = '''
import contextlib, shutil, socket, subprocess, threading, time
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold import firewall, probe
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import execute

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
listener = socket.socket()
listener.bind(("127.0.0.1", 49152))
listener.listen(128)
address = ("127.0.0.1", 49152)


def echo(peer):
    with contextlib.suppress(ConnectionError):
        for data in iter(lambda: peer.recv(100), b""):
            peer.sendall(data)


def serve():
    while True:
        peer = listener.accept()[0]
        threading.Thread(target=echo, args=(peer,), daemon=True).start()


threading.Thread(target=serve, daemon=True).start()
client = socket.create_connection(address)


def answer(client):
    begun = time.monotonic()
    client.sendall(b"x")
    assert client.recv(1) == b"x"
    return time.monotonic() - begun


def ruleset():
    return subprocess.check_output(["nft", "list", "ruleset"], text=True)


USERS = """
add table inet gluster
add chain inet gluster input { type filter hook input priority filter; }
add rule inet gluster input tcp dport 49152 accept
"""
subprocess.run(["nft", USERS], check=True)
users = ruleset()
wall = firewall.find(execute, shutil.which)
assert wall.name == "nft" and wall.held() == {}
assert ruleset() == users
assert answer(client) < 0.5
'''


def in_namespace(text: str) -> None:
    """Run a Python text in a network namespace of its own, with a server, a client and nft."""
    module = sys.modules[Nft.__module__].__file__
    assert module
    top = next(path.parent for path in Path(module).parents if path.name == "ansible_collections")
    ran = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", BEGIN + textwrap.dedent(text)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(top)},
    )
    assert ran.returncode == 0, ran.stdout


@inside
def test_a_client_stalls_and_goes_on_when_the_kernel_ends_the_hold() -> None:
    in_namespace(
        """
        wall.hold([49152, 49160], 2)
        assert set(wall.held()) == {49152, 49160}
        took = answer(client)
        assert 1.5 < took < 5, took
        assert wall.held() == {}
        wall.hold([49152], 30)
        assert set(wall.held()) == {49152}
        wall.release()
        wall.release()
        assert ruleset() == users
        assert answer(client) < 1
        assert len(wall.commands) == 3
        """
    )


@inside
def test_the_probe_tells_held_from_open_and_silent() -> None:
    in_namespace(
        """
        subprocess.run(["nft", "add rule inet gluster input tcp dport 49153 drop"], check=True)
        asked = [address, ("127.0.0.1", 49153), ("nosuch.invalid", 1)]
        alias = ("localhost", 49152)
        for _again in range(20):
            assert probe.ask([address, alias]) == {address: "open", alias: "open"}
        wall.hold([49152], 20)
        begun = time.monotonic()
        assert probe.ask(asked, 0.5) == dict(zip(asked, ["held", "silent", "silent"]))
        assert time.monotonic() - begun < 3
        wall.release()
        assert probe.ask([address]) == {address: "open"}
        busy = subprocess.check_output(["cat", "/proc/net/tcp"], text=True)
        assert f":{24006:04X} " not in busy, busy
        """
    )


@inside
def test_who_connects_waits() -> None:
    in_namespace(
        """
        wall.hold([49152], 2)
        begun = time.monotonic()
        late = socket.create_connection(address, timeout=20)
        took = time.monotonic() - begun
        assert 1 < took < 8, took
        assert answer(late) < 0.5
        """
    )


@inside
def test_an_idle_connection_is_kept() -> None:
    in_namespace(
        """
        idle = socket.create_connection(address)
        assert answer(idle) < 0.5
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT):
            idle.setsockopt(socket.IPPROTO_TCP, option, 1)
        wall.hold([49152], 5)
        time.sleep(5)
        assert answer(idle) < 1
        """
    )


@inside
def test_a_broken_hold_is_seen_and_mended() -> None:
    in_namespace(
        """
        wall.hold([49152], 20)
        then = wall.look()
        assert wall.look().is_unbroken(then, (0.0, 0.0))
        subprocess.run(["nft", "flush chain inet gluster_hold input"], check=True)
        assert answer(client) < 2
        assert wall.held() == {}
        wall.hold([49152], 20)
        assert set(wall.held()) == {49152}
        assert not wall.look().is_unbroken(then, (0.0, 0.0))
        subprocess.run(["nft", "flush ruleset"], check=True)
        assert wall.held() == {}
        wall.release()
        wall.hold([49152], 20)
        wall.hold([49152, 49155], 5)
        held = wall.held()
        assert held[49152] > 15 and held[49155] <= 5, held
        """
    )


def test_a_probe_needs_no_hold_to_be_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
        assert probe.ask([address]) == {address: "held"}
