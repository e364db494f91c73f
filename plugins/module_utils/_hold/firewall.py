# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hold: packets that come in for the ports of bricks are turned away for some seconds.

The ports stand in a set of the kernel, each with a timeout, so a hold ends even if nobody ends it.
What is turned away, in a place of our own that no other firewall program looks after:

* The begin of a connection is dropped: who wants to mount waits, and tries again.
* But a probe (probe.py) is refused: so a hold is told from a lost packet.
* Packets without data pass. Without them TCP's keepalive ends idle connections of Gluster's clients
  after 16 s, and what is written then fails.
* All else is answered with "no route". A connection survives that, as it survives a drop. But Linux
  then takes back the doubling of its waiting time (RFC 6069), so that clients go on soon after the
  hold. How soon depends on how often a server answers: CONTRIBUTING, what the lab taught.

Two backends make commands and read answers in pure functions; ``Firewall`` runs them.
"""

from __future__ import annotations

import json
import re
import shlex
import typing as t
from dataclasses import dataclass, field

from .._read.document import parse_json
from .._run.errors import MISREAD, Failure
from .probe import SOURCE_PORT

if t.TYPE_CHECKING:
    from .._run.process import Output

    Execute = t.Callable[..., Output]
    FindBinary = t.Callable[[str], t.Optional[str]]

NAME = "gluster_hold"
CHAIN = "GLUSTER_HOLD"
SECONDS = 30.0
MAX_OUTPUT = 1 << 26
TOLERANCE = 2.0
"""Firewalls tell in whole seconds when an element ends."""


class HoldError(Failure):
    """The firewall cannot do it."""


@dataclass(frozen=True)
class Command:
    """A command line and its input; one for IPv6 may fail where a node has only half of it."""

    argv: tuple[str, ...]
    text: str = ""
    optional: bool = False

    def __str__(self) -> str:
        line = " ".join(shlex.quote(word) for word in self.argv)
        return f"{line} <<< {shlex.quote(self.text.rstrip())}" if self.text else line


@dataclass(frozen=True)
class Seen:
    """What there is of ours: lines by program, and the ports with the seconds that they have left.

    ``whole``: the rules are all there and in their place. Without that nothing is held.
    """

    lines: t.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = False
    ports: t.Mapping[int, float] = field(default_factory=dict)

    @property
    def held(self) -> dict[int, float]:
        return dict(self.ports) if self.whole else {}

    @property
    def anything(self) -> bool:
        return any(self.lines.values())

    def is_unbroken(self, then: Seen, passed: tuple[float, float]) -> bool:
        """Is this the same hold as then, with all of its ports?

        ``passed`` are the fewest and the most seconds that may lie between the two.
        """
        least, most = passed
        return (
            self.whole
            and self.lines == then.lines
            and set(self.ports) == set(then.ports)
            and all(
                -TOLERANCE + least <= then.ports[port] - left <= most + TOLERANCE
                for port, left in self.ports.items()
            )
        )


class Firewall:
    """One node's hold. A backend says how to look, to hold and to release."""

    name = ""
    ipv6 = True

    def __init__(self, execute: Execute, find_binary: FindBinary) -> None:
        self.commands: list[str] = []
        self._execute = execute
        self._find_binary = find_binary

    @property
    def standing(self) -> Seen:
        """What is seen after a hold, as far as :meth:`to_release` goes by it."""
        raise NotImplementedError

    def try_out(self) -> None:
        """Raise HoldError where this backend does not work; change nothing."""
        raise NotImplementedError

    def look(self) -> Seen:
        raise NotImplementedError

    def to_hold(self, seen: Seen, ports: t.Iterable[int], seconds: int) -> list[Command]:
        """The commands that hold these ports too; those that are held stay as they are."""
        raise NotImplementedError

    def to_release(self, seen: Seen) -> list[Command]:
        """The commands that remove all that was seen of ours."""
        raise NotImplementedError

    def held(self) -> dict[int, float]:
        """Port and seconds left; nothing, where the rules are not all there."""
        return self.look().held

    def hold(self, ports: t.Iterable[int], seconds: int) -> None:
        seen = self.look()
        self.change(self.to_hold(seen, sorted(set(ports) - set(seen.held)), seconds))

    def release(self) -> None:
        self.change(self.to_release(self.look()))

    def change(self, commands: t.Iterable[Command]) -> None:
        for command in commands:
            self.commands.append(str(command))
            output = self.run(command)
            if output.rc == 0:
                continue
            if not command.optional:
                raise _failed(command, output)
            self.ipv6 = False

    def run(self, command: Command) -> Output:
        binary = self._find_binary(command.argv[0])
        if binary is None:
            raise HoldError(f"this node has no {command.argv[0]}", MISSING)
        argv = [binary, *command.argv[1:]]
        if not command.text:
            return self._execute(argv, SECONDS, MAX_OUTPUT)
        return self._execute(argv, SECONDS, MAX_OUTPUT, command.text)


MISSING = "Install nftables, or iptables with ipset, and load the modules that they need."


def find(execute: Execute, find_binary: FindBinary) -> Firewall:
    """nft where the kernel takes it, else iptables with ipset."""
    reasons = []
    backends: tuple[type[Firewall], ...] = (Nft, Iptables)
    for backend in backends:
        firewall = backend(execute, find_binary)
        try:
            firewall.try_out()
        except HoldError as error:
            reasons.append(error.text)
        else:
            return firewall
    raise HoldError(f"this node cannot hold packets: {'; '.join(reasons)}", MISSING)


def _failed(command: Command, output: Output) -> HoldError:
    said = " ".join((output.stderr or output.stdout).split())[:500]
    if output.reason == "time":
        said = f"no answer in {SECONDS:g} seconds"
    return HoldError(f"the command {command.argv[0]} failed: {said or f'exit code {output.rc}'}")


EMPTY = {"ipv4": 52, "ipv6": 72}
"""Bytes of a TCP packet without data: headers, and the time stamps that all but old ones carry."""

NFT_RULES = (
    (
        "probes",
        f"tcp dport @ports tcp sport {SOURCE_PORT} tcp flags & (fin|syn|rst|ack) == syn "
        "reject with tcp reset",
    ),
    ("connections", "tcp dport @ports tcp flags & (fin|syn|rst|ack) == syn drop"),
    *(
        (
            family,
            f"meta nfproto {family} meta length > {size} tcp dport @ports "
            "reject with icmpx type no-route",
        )
        for family, size in EMPTY.items()
    ),
)
"""Each with the comment by which it is known again."""


class Nft(Firewall):
    """A table of our own; a change is one transaction."""

    name = "nft"
    standing = Seen({"nft": (NAME,)})

    def try_out(self) -> None:
        # The kernel checks the rules, too.
        command = Command(("nft", "--check", nft_table([1], 1)))
        output = self.run(command)
        if output.rc != 0:
            raise _failed(command, output)
        self.look()

    def look(self) -> Seen:
        command = Command(("nft", "--json", "list", "table", "inet", NAME))
        output = self.run(command)
        if output.rc == 1 and "No such file" in output.stderr:
            return Seen()
        if output.rc != 0:
            raise _failed(command, output)
        return read_nft(output.stdout)

    def to_hold(self, seen: Seen, ports: t.Iterable[int], seconds: int) -> list[Command]:
        wanted = sorted(ports)
        if not wanted:
            return []
        if not seen.whole:
            return [Command(("nft", nft_table(wanted, seconds)))]
        elements = nft_elements(wanted, seconds)
        return [Command(("nft", f"add element inet {NAME} ports {elements}"))]

    def to_release(self, seen: Seen) -> list[Command]:
        return [Command(("nft", f"delete table inet {NAME}"))] if seen.anything else []


def nft_elements(ports: t.Iterable[int], seconds: int) -> str:
    return "{ " + ", ".join(f"{port} timeout {seconds}s" for port in ports) + " }"


def nft_table(ports: t.Iterable[int], seconds: int) -> str:
    """Our table anew, whatever was left of an earlier one."""
    rules = [f'  {rule} comment "{comment}"' for comment, rule in NFT_RULES]
    return "\n".join(
        [
            f"add table inet {NAME}",
            f"delete table inet {NAME}",
            f"table inet {NAME} {{",
            " set ports {",
            "  type inet_service; flags timeout;",
            f"  elements = {nft_elements(ports, seconds)}",
            " }",
            " chain input {",
            "  type filter hook input priority raw;",
            *rules,
            " }",
            "}",
        ]
    )


def read_nft(text: str) -> Seen:
    """``nft --json list table``: the handles in it tell a table from one like it made later."""
    lines: list[str] = []
    ports: dict[int, float] = {}
    comments = []
    hooked = False
    try:
        for entry in parse_json(text)["nftables"]:
            ((kind, thing),) = entry.items()
            if kind == "set":
                elements = thing.pop("elem", [])
                for element in (e["elem"] for e in elements if isinstance(e, dict)):
                    ports[int(element["val"])] = float(element["expires"])
            elif kind == "chain":
                hooked = thing.get("hook") == "input"
            elif kind == "rule":
                comments.append(thing.get("comment"))
            if kind != "metainfo":
                lines.append(json.dumps(entry, sort_keys=True))
    except MISREAD as error:
        raise HoldError(f"the answer of nft cannot be understood: {error!r}") from None
    whole = hooked and comments == [comment for comment, _rule in NFT_RULES]
    return Seen({"nft": tuple(lines)}, whole, ports)


MATCH = f"-m set --match-set {NAME} dst"
JUMP = f"-A INPUT -p tcp -j {CHAIN}"
WITH_DATA = {
    "iptables": f"-m length ! --length 0:{EMPTY['ipv4']}",
    "ip6tables": f"-m length ! --length 0:{EMPTY['ipv6']}",
}
NO_ROUTE = {"iptables": "icmp-net-unreachable", "ip6tables": "icmp6-no-route"}


class Iptables(Firewall):
    """A chain of our own for each family, and one ipset for both.

    Whether ip6tables works is only seen when it changes something: ip6tables-nft lists an empty
    table on a kernel that has none. So the rules for IPv6 are made first, and where there are none
    beside those for IPv4 they could not be made.
    """

    name = "iptables"

    def try_out(self) -> None:
        self._rules("iptables")
        self._set()
        try:
            self._rules("ip6tables")
        except HoldError:
            self.ipv6 = False

    @property
    def families(self) -> tuple[str, ...]:
        return ("ip6tables", "iptables") if self.ipv6 else ("iptables",)

    @property
    def standing(self) -> Seen:
        return Seen({**dict.fromkeys(self.families, (JUMP,)), "ipset": (NAME,)})

    def look(self) -> Seen:
        texts = {program: self._rules(program) for program in self.families}
        seen = read_iptables(texts, self._set())
        self.ipv6 = self.ipv6 and bool(seen.lines["ip6tables"] or not seen.whole)
        return seen

    def _rules(self, program: str) -> str:
        command = Command((program, "--wait=10", "--list-rules"))
        output = self.run(command)
        if output.rc != 0:
            raise _failed(command, output)
        return output.stdout

    def _set(self) -> str:
        command = Command(("ipset", "save", NAME))
        output = self.run(command)
        if output.rc == 1 and "does not exist" in output.stderr:
            return ""
        if output.rc != 0:
            raise _failed(command, output)
        return output.stdout

    def to_hold(self, seen: Seen, ports: t.Iterable[int], seconds: int) -> list[Command]:
        added = "".join(f"add {NAME} {port} timeout {seconds}\n" for port in sorted(ports))
        if not added:
            return []
        commands = []
        if not seen.whole:
            # An element that was never in force must not be taken for one that is.
            made = f"create {NAME} bitmap:port range 0-65535 timeout 60\nflush {NAME}\n"
            commands.append(Command(("ipset", "-exist", "restore"), made))
            commands += [
                _restore(
                    program, hold_rules(program, seen.lines.get(program, ())), program[2] == "6"
                )
                for program in self.families
            ]
        return [*commands, Command(("ipset", "-exist", "restore"), added)]

    def to_release(self, seen: Seen) -> list[Command]:
        commands = [
            _restore(program, release_rules(seen.lines[program]))
            for program in self.families
            if seen.lines.get(program)
        ]
        if seen.lines.get("ipset"):
            commands.append(Command(("ipset", "destroy", NAME)))
        return commands


def _restore(program: str, lines: t.Iterable[str], optional: bool = False) -> Command:
    text = "\n".join(["*filter", *lines, "COMMIT", ""])
    return Command((f"{program}-restore", "--wait=10", "--noflush"), text, optional)


def hold_rules(program: str, seen: t.Iterable[str]) -> list[str]:
    """Input of ``iptables-restore``: the chain anew, and the jump to it before all other rules."""
    return [
        f":{CHAIN} - [0:0]",
        *_without_jumps(seen),
        f"-A {CHAIN} -p tcp --syn --sport {SOURCE_PORT} {MATCH} -j REJECT --reject-with tcp-reset",
        f"-A {CHAIN} -p tcp --syn {MATCH} -j DROP",
        f"-A {CHAIN} -p tcp {WITH_DATA[program]} {MATCH} "
        f"-j REJECT --reject-with {NO_ROUTE[program]}",
        JUMP.replace("-A INPUT", "-I INPUT 1"),
    ]


def release_rules(seen: t.Iterable[str]) -> list[str]:
    return [f":{CHAIN} - [0:0]", *_without_jumps(seen), f"-X {CHAIN}"]


def _without_jumps(seen: t.Iterable[str]) -> list[str]:
    return [f"-D{line[2:]}" for line in seen if line.startswith("-A INPUT")]


def read_iptables(texts: t.Mapping[str, str], saved: str) -> Seen:
    """``iptables --list-rules`` of each family, and ``ipset save`` ("" where there is no set)."""
    lines: dict[str, tuple[str, ...]] = {}
    whole = bool(saved)
    ours = re.compile(rf"-N {CHAIN}\Z|-A {CHAIN} |-A INPUT .*-j {CHAIN}\Z")
    for program, text in texts.items():
        rules = text.splitlines()
        lines[program] = tuple(rule for rule in rules if ours.match(rule))
        if lines[program] or program == "iptables":
            whole = whole and _is_whole(program, rules)
    found = re.findall(rf"^add {NAME} (\d{{1,5}}) timeout (\d{{1,9}})", saved, re.MULTILINE)
    if saved:
        lines["ipset"] = tuple(line for line in saved.splitlines() if line.startswith("create "))
    return Seen(lines, whole, {int(port): float(left) for port, left in found})


def _is_whole(program: str, rules: t.Sequence[str]) -> bool:
    first = next((rule for rule in rules if rule.startswith("-A INPUT ")), "")
    chain = [rule for rule in rules if rule.startswith(f"-A {CHAIN} ")]
    ends = ("REJECT --reject-with tcp-reset", "DROP", f"REJECT --reject-with {NO_ROUTE[program]}")
    return (
        first == JUMP
        and len(chain) == len(ends)
        and all(MATCH in rule and rule.endswith(f"-j {end}") for rule, end in zip(chain, ends))
    )
