# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of a destination, and the readers of what ssh and its tools print. All pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
import typing as t
import uuid
from dataclasses import dataclass, field

from .._read.document import parse_json

MARK = "glusterfs.data_protection"
"""In the comment of what is installed: by it ``absent`` knows its own."""

NAMESPACE = uuid.UUID("5f8ab5b6-6d0a-4c0c-9a0f-6b9f0b6d8f57")

KEY = re.compile(r"(?P<type>(?:ssh|ecdsa|sk)-[\w@.-]+) (?P<blob>AAAA[\w+/]+=*)")
"""A public key wherever it stands: in authorized_keys, in known_hosts, or by itself."""


@dataclass(frozen=True)
class Target:
    """Where a destination is: the account that root of this node logs in to."""

    host: str
    user: str = "root"
    port: int = 22

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"

    @classmethod
    def of(cls, text: str) -> Target:
        user, _at, address = text.partition("@")
        host, _colon, port = address.rpartition(":")
        return cls(host, user, int(port))

    @property
    def root(self) -> Target:
        return Target(self.host, "root", self.port)

    @property
    def words(self) -> tuple[str, ...]:
        port = () if self.port == 22 else ("-p", str(self.port))
        return (*port, f"{self.user}@{self.host}")

    @property
    def id(self) -> str:
        """The same wherever it is asked for: nobody has to keep it."""
        return str(uuid.uuid5(NAMESPACE, f"ssh://{self}"))


@dataclass(frozen=True)
class PublicKey:
    """A key without what stands around it."""

    type: str
    blob: str

    def __str__(self) -> str:
        return f"{self.type} {self.blob}"

    @classmethod
    def of(cls, text: str) -> PublicKey | None:
        found = KEY.search(text)
        return cls(found["type"], found["blob"]) if found else None

    @property
    def fingerprint(self) -> str:
        """As ssh prints it: SHA256 and base64 without padding."""
        try:
            content = base64.b64decode(self.blob)
        except (binascii.Error, ValueError):
            return ""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        return "SHA256:" + digest.rstrip("=")

    def is_meant_by(self, text: str) -> bool:
        """By a fingerprint, a known_hosts line or a public key."""
        given = PublicKey.of(text)
        return given == self if given else text.strip() == self.fingerprint


def keys_of(lines: t.Iterable[str]) -> tuple[PublicKey, ...]:
    """The keys of lines of known_hosts or ssh-keyscan; comments and certificates are none."""
    found = (PublicKey.of(line) for line in lines if not line.startswith(("#", "@")))
    return tuple(dict.fromkeys(key for key in found if key))


@dataclass(frozen=True)
class HostKeys:
    """The keys by which this node knows a host."""

    name: str  # as it stands in known_hosts
    recorded: tuple[str, ...] = ()  # lines of our own record for this destination
    known: tuple[PublicKey, ...] = ()  # in root's and the system's known_hosts, or in the record

    @property
    def is_recorded(self) -> bool:
        return bool(self.recorded)


@dataclass(frozen=True)
class Identity:
    """The key pair by which root of this node, and so glusterd, logs in elsewhere."""

    path: str
    host: str  # this node's name
    public: str = ""  # type, key and comment; empty where there is no pair
    free: bool = True  # may a pair be made at the path?

    @property
    def key(self) -> PublicKey | None:
        return PublicKey.of(self.public)

    @property
    def is_ours(self) -> bool:
        return self.public.endswith(MARK)


@dataclass(frozen=True)
class Login:
    """How a login without a password ended: a code of REASONS, or none where it went well."""

    code: str = ""
    text: str = ""

    @property
    def ok(self) -> bool:
        return not self.code


@dataclass(frozen=True)
class SecretKeys:
    """The keys of gsyncd that are handed to destinations: of how many nodes, and of this one?"""

    nodes: int = 0
    has_own: bool = False
    lines: tuple[str, ...] = ()  # as they go into authorized_keys


@dataclass(frozen=True)
class Account:
    """What is seen on the destination host of the account that sessions log in to."""

    seen_by: Target
    exists: bool = True
    comment: str = ""
    home: str = ""
    has_home: bool = True
    shell: str = ""
    groups: tuple[str, ...] = ()
    group_exists: bool = True
    keys_file: str = ""
    keys: tuple[str, ...] = ()  # lines of authorized_keys
    gluster: str = ""  # what `gluster --version` says to this user, if anything
    gluster_path: str = ""
    gsyncd: str = ""  # what is wrong with it
    clock: float = 0.0  # seconds ahead of this node
    mountbroker: Mountbroker | None = None  # of the destination host
    stale: bool = False  # glusterd has not read its volfile since that was changed

    @property
    def by_root(self) -> bool:
        return self.seen_by.user == "root"

    @property
    def can_log_in(self) -> bool:
        return bool(self.shell) and not self.shell.endswith(("/nologin", "/false"))

    @property
    def is_ours(self) -> bool:
        return self.comment == MARK

    def own_lines(self, source: str) -> tuple[str, ...]:
        """Lines that were installed from the node with this UUID."""
        return tuple(line for line in self.keys if f" {MARK}:{source} " in f"{line} ")


@dataclass(frozen=True)
class Mountbroker:
    """A node's leave for unprivileged users to mount."""

    root: str = ""
    group: str = ""
    users: t.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    root_exists: bool = False
    group_exists: bool = False
    node: str = ""  # UUID

    def volumes_of(self, user: str) -> tuple[str, ...]:
        return tuple(self.users.get(user, ()))


SETTING = re.compile(r"^\s*option (\S+) (\S+)", re.MULTILINE)
ALLOWED = "mountbroker-geo-replication."


def read_volfile(text: str, root_exists: bool, group_exists: bool) -> Mountbroker:
    """The mountbroker's part of glusterd.vol."""
    options = dict(SETTING.findall(text))
    return Mountbroker(
        options.get("mountbroker-root", ""),
        options.get("geo-replication-log-group", ""),
        {
            name[len(ALLOWED) :]: tuple(sorted(filter(None, value.split(","))))
            for name, value in options.items()
            if name.startswith(ALLOWED)
        },
        root_exists,
        group_exists,
    )


def read_mountbroker(text: str) -> tuple[Mountbroker, ...]:
    """What each node of the pool answers to ``gluster-mountbroker status``, before it is a table."""
    nodes = []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        answer = parse_json(line)
        output = answer.get("output")
        if not answer.get("ok") or not isinstance(output, dict):
            raise ValueError(f"a node answered {line[:200]}")
        root = str(output["mountbroker-root"])
        nodes.append(
            Mountbroker(
                "" if root == "None" else root,
                str(output["geo-replication-log-group"]),
                {user: tuple(sorted(volumes)) for user, volumes in output["users"].items()},
                bool(output["path_exists"]),
                bool(output["group_exists"]),
                str(answer["nodeid"]),
            )
        )
    if not nodes:
        raise ValueError(f"no node answered: {text.strip()[:200] or 'nothing was printed'}")
    return tuple(sorted(nodes, key=lambda node: node.node))


def read_account(text: str, seen_by: Target, now: float) -> Account:
    """The answer of the script LOOK: a name and a value in each line, keys and volfile in many."""
    said: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            said.setdefault(name, []).append(value)
    if "end" not in said:
        raise ValueError(f"it ends with {text.strip()[-200:]!r}")

    def one(name: str) -> str:
        return said.get(name, [""])[0].strip()

    clock = float(one("clock") or now) - now
    if not math.isfinite(clock):
        raise ValueError(f"its clock shows {one('clock')}")
    entry = (one("passwd").split(":") + [""] * 7)[:7]
    volfile = "\n".join(said.get("volfile", ()))
    broker = read_volfile(volfile, one("root_exists") == "yes", one("group_exists") == "yes")
    return Account(
        seen_by=seen_by,
        exists=bool(one("passwd")),
        comment=entry[4],
        home=entry[5],
        has_home=one("has_home") == "yes",
        shell=entry[6],
        groups=tuple(one("groups").split()),
        group_exists=one("wanted_group_exists") == "yes",
        keys_file=one("keys_file"),
        keys=tuple(line for line in said.get("key", ()) if line.strip()),
        gluster=one("gluster"),
        gluster_path=one("gluster_path"),
        gsyncd=gsyncd_fault(one("gsyncd")),
        clock=clock,
        mountbroker=broker if volfile else None,
        stale=one("stale") == "yes",
    )


def gsyncd_fault(said: str) -> str:
    """What its last word means; being denied its log is no fault of its own."""
    if "readfp" in said:
        return (
            "gsyncd cannot read its configuration (readfp): Gluster up to 11.1 does not work with "
            "Python 3.12 or newer"
        )
    if said == "isAlive":
        return (
            "gsyncd asks Python for Thread.isAlive: Gluster up to 9.2 does not work with "
            "Python 3.9 or newer"
        )
    if "not found" in said or "No such file" in said or "ModuleNotFoundError" in said:
        return f"gsyncd cannot be run: {said}"
    return ""


LONGEST_LINE = 300

LOGIN_ENDS: tuple[tuple[str, str], ...] = (
    ("has changed and you have requested strict checking", "host_key_changed"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "host_key_changed"),
    ("host key is known for", "host_key_unknown"),
    ("Host key verification failed", "host_key_unknown"),
    ("Permission denied", "authentication_refused"),
    ("Too many authentication failures", "authentication_refused"),
)


def read_login(rc: int | None, stderr: str) -> Login:
    """How ssh ended that was to run ``true``; 255 is its own failure, all else is the shell's."""
    if rc == 0:
        return Login()
    lines = [_told(line) for line in stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if rc is None:
        missing = last.startswith("ssh cannot be run")
        return Login("unreachable", last if missing else "no answer in time")
    # What the host itself has to say (Banner) comes before the end; one with a wrong key says nothing.
    ends = [last]
    if "Host key verification failed" in last:
        ends = lines
    elif last.startswith("Disconnected from"):
        ends = lines[-2:]
    for sign, code in LOGIN_ENDS:
        found = next((line for line in ends if sign in line), "")
        if found:
            return Login(code, found.strip("@ "))
    if rc == 255:
        return Login("unreachable", last or "ssh said nothing")
    return Login("authentication_refused", last or f"the shell ended with exit code {rc}")


def _told(line: str) -> str:
    """A line that may be a stranger's, for a message."""
    return "".join(c if c.isprintable() else " " for c in line[:LONGEST_LINE]).strip()


def read_secret_keys(common: str, own: str, own_tar: str) -> SecretKeys:
    """common_secret.pem.pub holds two lines of each node."""
    lines = tuple(line for line in dict.fromkeys(common.splitlines()) if PublicKey.of(line))
    keys = {PublicKey.of(line) for line in lines}
    mine = {PublicKey.of(own), PublicKey.of(own_tar)}
    return SecretKeys(len(keys) // 2, None not in mine and mine <= keys, lines)


def read_configuration(text: str) -> dict[str, list[str]]:
    """What ``ssh -G`` prints: a word and its values; a word may come again."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        word, _blank, value = line.partition(" ")
        found.setdefault(word.lower(), []).append(value)
    return found


def known_name(host: str, port: int) -> str:
    """How known_hosts writes it."""
    return host if port == 22 else f"[{host}]:{port}"


def record_line(name: str, key: PublicKey, target: Target) -> str:
    return f"{name} {key} {target}"


def read_record(text: str) -> dict[Target, tuple[str, ...]]:
    """The destinations of the record, each with its lines."""
    found: dict[Target, tuple[str, ...]] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 4 and re.fullmatch(r"[^@]+@.+:\d{1,5}", words[3]):
            target = Target.of(words[3])
            found[target] = (*found.get(target, ()), line)
    return found
