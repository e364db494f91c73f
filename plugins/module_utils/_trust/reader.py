# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which command answers which question about a destination; what it prints is read in facts.py."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
import typing as t

from .._decide.destination import HostKeyPolicy, must_scan, right_keys
from .._decide.plan import Refusal
from .._decide.steps.destination import at
from .._run.errors import GlusterError, understood
from .._run.process import GEOREP, KNOWN_HOSTS, execute
from .facts import (
    Account,
    HostKeys,
    Identity,
    Login,
    Mountbroker,
    PublicKey,
    SecretKeys,
    Target,
    keys_of,
    known_name,
    read_account,
    read_configuration,
    read_mountbroker,
    read_record,
    read_secret_keys,
)
from .ssh import Ssh

if t.TYPE_CHECKING:
    from .._model import Topic


PAIRS = ("id_ed25519", "id_ecdsa", "id_rsa")
NODE_STATUS = ("gluster", "system::", "execute", "mountbroker.py", "node-status")

GSYNCD = r"""
for g in /usr/libexec/glusterfs/gsyncd /usr/lib/*/glusterfs/gsyncd /usr/local/libexec/glusterfs/gsyncd; do
  [ ! -x "$g" ] || break
done
said=$("$g" config-check sync-jobs --value 3 2>&1 | tail -n 1)
if grep -qs 'isAlive()' "${g%/*}/python/syncdaemon/resource.py"; then
  python3 -c 'from threading import Thread; Thread.isAlive' 2> /dev/null || said=isAlive
fi
echo "gsyncd=$said"
"""
"""What gsyncd says last when it has to read its configuration, or what its Python does not have."""

LOOK = r"""
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
yes() { if "$@" > /dev/null 2>&1; then echo yes; else echo no; fi; }
entry=$(getent passwd "$1"); home=$(echo "$entry" | cut -d: -f6)
echo "passwd=$entry"
echo "has_home=$(yes test -d "$home")"
echo "groups=$(id -Gn "$1" 2>/dev/null)"
f=$(sshd -T -C "user=$1,host=localhost,addr=127.0.0.1" 2>/dev/null |
  sed -n 's/^authorizedkeysfile \([^ ]*\).*/\1/p')
f=$(echo "${f:-.ssh/authorized_keys}" | sed "s|%h|$home|g; s|%u|$1|g")
case $f in /*) ;; *) f=$home/$f ;; esac
echo "keys_file=$f"
[ ! -f "$f" ] || sed 's/^/key=/' "$f"
for v in /etc/glusterfs/glusterd.vol /usr/local/etc/glusterfs/glusterd.vol; do [ ! -f "$v" ] || break; done
[ ! -r "$v" ] || sed 's/^/volfile=/' "$v"
root=$(sed -n 's/^ *option mountbroker-root  *//p' "$v" 2>/dev/null)
group=$(sed -n 's/^ *option geo-replication-log-group  *//p' "$v" 2>/dev/null)
echo
echo "root_exists=$(yes test -d "${root:-/nosuch}")"
echo "group_exists=$(yes getent group "${group:-/}")"
echo "wanted_group_exists=$(yes getent group "${2:-${group:-geogroup}}")"
for p in /run/glusterd.pid /var/run/glusterd.pid; do [ ! -f "$p" ] || break; done
echo "stale=$(yes test "$v" -nt "$p")"
echo "gluster_path=$(command -v gluster)"
version='. /etc/profile; gluster --version | head -n 1'
who=$1; [ -n "$entry" ] || who=nobody
if [ "$who" = "$(id -un)" ]; then said=$(bash -c "$version" 2>/dev/null)
else said=$(runuser -u "$who" -- bash -c "$version" 2>/dev/null); fi
echo "gluster=$said"
GSYNCD
echo "clock=$(date +%s.%N)"
echo "end="
""".replace("\nGSYNCD\n", GSYNCD)
"""USER GROUP. Changes nothing."""


class TrustReader:
    """Topics of destinations; their name is ``USER@HOST:PORT``, or empty for this node's own."""

    def __init__(self, ssh: Ssh, policy: HostKeyPolicy, group: str = "") -> None:
        self.ssh = ssh
        self.policy = policy
        self.group = group
        self._offered: dict[Target, tuple[PublicKey, ...]] = {}
        self._configurations: dict[Target, dict[str, list[str]]] = {}
        self._doors: dict[Target, tuple[Login, Target]] = {}
        self._ready: set[Target] = set()

    kinds = frozenset(
        {"record", "secret_keys", "host_keys", "offered", "identity"}
        | {"login", "door", "account", "mountbroker"}
    )

    def learn(self, topic: Topic) -> t.Any:
        kind, name = topic
        read = getattr(self, kind)
        found = read(Target.of(name)) if name else read()
        return found[0] if kind == "door" else found

    def record(self) -> dict[Target, tuple[str, ...]]:
        return read_record(_text(KNOWN_HOSTS))

    def secret_keys(self) -> SecretKeys:
        names = ("common_secret.pem.pub", "secret.pem.pub", "tar_ssh.pem.pub")
        common, own, own_tar = (_text(f"{GEOREP}/{name}") for name in names)
        return read_secret_keys(common, own, own_tar)

    def host_keys(self, target: Target) -> HostKeys:
        """What is known of the host in our record, and where root's ssh looks."""
        configured = self._configured(target)
        name = known_name(
            (configured.get("hostkeyalias") or configured.get("hostname") or [target.host])[0],
            target.port,
        )
        recorded = self.record().get(target, ())
        known = list(keys_of(recorded))
        words = [
            *configured.get("userknownhostsfile", ()),
            *configured.get("globalknownhostsfile", ()),
        ]
        self.ssh.known_hosts = tuple(" ".join(configured.get("userknownhostsfile", ())).split())
        for file in " ".join(words).split():
            if not known and _exists(_home(file)):
                found = self.ssh.output(("ssh-keygen", "-F", name, "-f", _home(file)))
                known += keys_of(found.stdout.splitlines())
        return HostKeys(name, recorded, tuple(dict.fromkeys(known)))

    def offered(self, target: Target) -> tuple[PublicKey, ...]:
        """The keys that the host shows, asked for once."""
        if target.root not in self._offered:
            hostname = self._configured(target).get("hostname", [target.host])[0]
            scan = self.ssh.output(("ssh-keyscan", "-T", "10", "-p", str(target.port), hostname))
            self._offered[target.root] = keys_of(scan.stdout.splitlines())
        return self._offered[target.root]

    def _configured(self, target: Target) -> dict[str, list[str]]:
        """Of ssh, for this destination; asked for once."""
        if target not in self._configurations:
            output = self.ssh.output(("ssh", "-G", *target.words))
            self._configurations[target] = read_configuration(output.stdout)
        return self._configurations[target]

    def identity(self, target: Target) -> Identity:
        """That of glusterd: the key that its environment names, or the first that ssh would try."""
        host = this_host()
        named = _of_glusterd("GR_SSH_IDENTITY_KEY")
        configured = self._configured(target).get("identityfile", [])
        paths = [named] if named else [_home(path) for path in configured]
        self.ssh.identity = ("-i", named) if named else ()
        for path in paths:
            if not _exists(path):
                continue
            shown = self.ssh.output(("ssh-keygen", "-y", "-P", "", "-f", path))
            if shown.rc == 0 and PublicKey.of(shown.stdout):
                return Identity(path, host, _with_comment(shown.stdout.strip(), path), False)
        usual = [path for path in paths if os.path.basename(path) in PAIRS]
        free = [path for path in usual if not _exists(path)]
        first = [path for path in free if path.endswith(PAIRS[0])]
        path = (first or free or paths or [_home(f"~/.ssh/{PAIRS[0]}")])[0]
        return Identity(path, host, "", not _exists(path))

    def _prepare(self, target: Target) -> None:
        """Host keys that the task vouches for are right before they are in the record."""
        if target in self._ready:
            return
        self._ready.add(target)
        known = self.host_keys(target)
        self.identity(target)
        offered = self.offered(target) if must_scan(known, self.policy) else ()
        try:
            self.ssh.take(known.name, right_keys(target.host, known, offered, self.policy))
        except Refusal:
            return  # ssh finds the same

    def login(self, target: Target) -> Login:
        self._prepare(target)
        self.identity(target)
        return self.ssh.try_login(target)

    def door(self, target: Target) -> tuple[Login, Target]:
        """The way in, and who comes in: root if possible, else the user itself."""
        if target not in self._doors:
            self._prepare(target)
            way, who = self.ssh.open(target.root), target.root
            if way.code == "authentication_refused" and target.user != "root":
                other = self.ssh.open(target)
                if other.ok:
                    way, who = other, target
            self._doors[target] = (way, who)
        return self._doors[target]

    def account(self, target: Target) -> Account:
        way, who = self.door(target)
        if not way.ok:
            raise GlusterError(("ssh", *who.words), way.text)
        begun = time.time()
        said = self.ssh.run(at(who, ("sh", "-c", LOOK, "sh", target.user, self.group)))
        # The clock is read last, so that what is sure is that it was not read before.
        with understood(("ssh", *who.words)):
            return read_account(said, who, min(time.time(), begun + 3600))

    def mountbroker(self, target: Target) -> tuple[Mountbroker, ...]:
        """Of all nodes of the destination pool."""
        said = self.ssh.run(at(target.root, NODE_STATUS))
        with understood(NODE_STATUS):
            return read_mountbroker(said)


@contextlib.contextmanager
def opened(policy: HostKeyPolicy, password: str = "", group: str = "") -> t.Iterator[TrustReader]:
    """For as long as a module runs."""
    with Ssh(execute, KNOWN_HOSTS, password) as ssh:
        yield TrustReader(ssh, policy, group)


def this_host() -> str:
    return platform.node().partition(".")[0]


def _text(path: str) -> str:
    """Of a file; nothing where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _exists(path: str) -> bool:
    return os.path.exists(path)


def _home(path: str) -> str:
    return os.path.expanduser(path)


def _with_comment(public: str, path: str) -> str:
    """Of old pairs only the file beside the private key has the comment."""
    if len(public.split()) > 2:
        return public
    beside = _text(f"{path}.pub").strip()
    return beside if beside.startswith(public) else public


def _of_glusterd(name: str) -> str:
    """A variable of the environment that glusterd runs in."""
    pid = _text("/run/glusterd.pid").strip()
    if not pid.isdigit():
        return ""
    found = re.search(rf"(?:^|\0){name}=([^\0]+)", _text(f"/proc/{pid}/environ"))
    return found.group(1) if found else ""
