# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps that make and end the trust between this node and a destination of geo-replication."""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass, replace

from ..._run.process import GEOREP, KNOWN_HOSTS
from ..._trust.facts import MARK, Login, Mountbroker, PublicKey, SecretKeys, Target, keys_of
from ..plan import Program, Step

if t.TYPE_CHECKING:
    from ..._model import Cluster, Topic
    from ..._trust.facts import Account, HostKeys, Identity

SHELL = "/bin/bash"

NEW_KEY = "<public key>"
"""In check mode, where the pair is still to be made."""

EDIT = (
    'set -e; umask 077; mkdir -p "${1%/*}"; f=$(readlink -f "$1"); touch "$f"; cp -p "$f" "$f.new"; '
    '{ grep -vxF -e "$3" "$f" || [ $? = 1 ]; [ -z "$2" ] || printf "%s\\n" "$2"; } > "$f.new"; '
    'mv "$f.new" "$f"; shift 3; for p; do [ ! -e "$p" ] || chmod go-w "$p"; done; '
    '! command -v restorecon > /dev/null || restorecon -F "${f%/*}" "$f"'
)
"""FILE, the line to add, the lines to remove, paths that only their owner may change. Atomic."""


def edit(
    file: str, add: str = "", remove: t.Iterable[str] = (), owned: t.Iterable[str] = ()
) -> tuple[str, ...]:
    gone = "\n".join(line for line in (*remove, add) if line)
    return ("sh", "-c", EDIT, "sh", file, add, gone, *owned)


def told(file: str, add: t.Iterable[str] = (), remove: t.Iterable[str] = ()) -> str:
    """An edit is no command that a person would type: it is named, as a comment of a shell."""
    lines = [*(f"- {line}" for line in remove), *(f"+ {line}" for line in add)]
    return f"# edit {file}: {'; '.join(lines)}"


def at(target: Target, words: t.Iterable[str]) -> tuple[str, ...]:
    """The words, run on the destination host by its login shell."""
    return ("ssh", *target.words, " ".join(map(shlex.quote, words)))


@dataclass(frozen=True)
class MakeKeyPair(Program):
    """The pair by which root of this node logs in; marked, so that it is known to be ours."""

    target: Target
    path: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        comment = f"root@{_identity(cluster, self.target).host} {MARK}"
        return ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", self.path)

    def effect(self, cluster: Cluster) -> Cluster:
        identity = _identity(cluster, self.target)
        return cluster.put(
            "identity", str(self.target), replace(identity, public=f"{NEW_KEY} {MARK}", free=False)
        )

    def holds(self, cluster: Cluster) -> bool:
        return _identity(cluster, self.target).key is not None

    def proof(self) -> tuple[Topic, ...]:
        return (("identity", str(self.target)),)

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        if not _identity(cluster, self.target).free:
            yield (
                f"{self.path} is there, but root cannot use it without a passphrase, nor can "
                "glusterd: take the passphrase off (ssh-keygen -p), or move the file away"
            )

    def undo(self) -> Step:
        return RemoveKeyPair(self.target, self.path)

    def is_own(self, cluster: Cluster) -> bool:
        return _identity(cluster, self.target).is_ours


@dataclass(frozen=True)
class RemoveKeyPair(Program):
    target: Target
    path: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("rm", "-f", self.path, f"{self.path}.pub")

    def effect(self, cluster: Cluster) -> Cluster:
        identity = _identity(cluster, self.target)
        return cluster.put("identity", str(self.target), replace(identity, public="", free=True))

    def holds(self, cluster: Cluster) -> bool:
        return not _identity(cluster, self.target).is_ours

    def proof(self) -> tuple[Topic, ...]:
        return (("identity", str(self.target)),)


@dataclass(frozen=True)
class GatherSecretKeys(Program):
    """The keys of gsyncd, made on each node where missing and gathered on this one.

    They are the cluster's own, for all of its sessions. So nothing takes this back.
    """

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return ("gluster", "system::", "execute", "gsec_create")

    def effect(self, cluster: Cluster) -> Cluster:
        return cluster.put("secret_keys", "", SecretKeys(len(cluster.peers()), True))

    def holds(self, cluster: Cluster) -> bool:
        return has_all_secret_keys(cluster)

    def lacking(self, cluster: Cluster) -> str:
        keys: SecretKeys = cluster.get("secret_keys")
        return (
            f"common_secret.pem.pub has the keys of {keys.nodes} nodes, and the pool has "
            f"{len(cluster.peers())}. A node that lost its power when its keys were made has them empty: "
            f"where secret.pem or tar_ssh.pem in {GEOREP} has 0 bytes, remove it and its .pub"
        )

    def proof(self) -> tuple[Topic, ...]:
        return (("secret_keys", ""),)

    def obstacles(self, cluster: Cluster) -> t.Iterator[str]:
        if cluster.peers_down():
            yield f"the keys of nodes that are down cannot be gathered: {', '.join(cluster.peers_down())}"


def has_all_secret_keys(cluster: Cluster) -> bool:
    """A node that left may still have its keys in there; that is mended by ``reestablished``."""
    keys: SecretKeys = cluster.get("secret_keys")
    return keys.has_own and keys.nodes >= len(cluster.peers())


@dataclass(frozen=True)
class RecordHost(Program):
    """The host keys of the destination, as this node knows them from now on; no line forgets it."""

    target: Target
    record: tuple[str, ...]
    before: tuple[str, ...] = ()

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return edit(KNOWN_HOSTS, "\n".join(self.record), self.before)

    def line(self, cluster: Cluster) -> str:
        return told(KNOWN_HOSTS, self.record, self.before)

    def effect(self, cluster: Cluster) -> Cluster:
        now = _host_keys(cluster, self.target)
        known = keys_of(self.record) or now.known
        after = replace(now, recorded=self.record, known=known)
        return cluster.put("host_keys", str(self.target), after)

    def holds(self, cluster: Cluster) -> bool:
        return set(_host_keys(cluster, self.target).recorded) == set(self.record)

    def proof(self) -> tuple[Topic, ...]:
        return (("host_keys", str(self.target)),)

    def undo(self) -> Step:
        return RecordHost(self.target, self.before, self.record)


@dataclass(frozen=True)
class _AtDestination(Program):
    """A step on the destination host, by whom its account was read: root, or the user itself."""

    target: Target

    def proof(self) -> tuple[Topic, ...]:
        return (("account", str(self.target)),)

    def _at(self, cluster: Cluster, *words: str) -> tuple[str, ...]:
        return at(account_of(cluster, self.target).seen_by, words)

    def _as_owner(self, cluster: Cluster, words: tuple[str, ...]) -> tuple[str, ...]:
        """Root does not write to what a user could have put a link into."""
        account = account_of(cluster, self.target)
        is_theirs = account.home and account.keys_file.startswith(f"{account.home}/")
        if account.by_root and self.target.user != "root" and is_theirs:
            return self._at(cluster, "runuser", "-u", self.target.user, "--", *words)
        return self._at(cluster, *words)

    def _told(self, cluster: Cluster, add: t.Iterable[str], remove: t.Iterable[str]) -> str:
        file = account_of(cluster, self.target).keys_file
        return told(f"{file} of {self.target.host}", add, remove)

    def _changed(self, cluster: Cluster, **changes: t.Any) -> Cluster:
        account = replace(account_of(cluster, self.target), **changes)
        return cluster.put("account", str(self.target), account)


@dataclass(frozen=True)
class InstallKey(_AtDestination):
    """Root's public key, once, in place of what this node had there before; and it opens the door.

    A user other than root gets the keys of gsyncd with it: ``create push-pem`` hands them to root only.
    """

    source: str  # UUID of this node
    again: bool = False  # a line of this node was there, and is not to be missed after a failure
    mend: bool = False  # the line is there and is not heeded: see to who may write to it

    patience: t.ClassVar[float] = 5.0

    def _lines(self, cluster: Cluster) -> tuple[str, ...]:
        line = key_line(_identity(cluster, self.target), self.source)
        return (line, *secrets_for(self.target, cluster))

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        account = account_of(cluster, self.target)
        file = account.keys_file
        owned = (account.home, file.rpartition("/")[0], file) if self.mend else ()
        gone = (*account.own_lines(self.source), *self._lines(cluster))
        return self._as_owner(cluster, edit(file, "\n".join(self._lines(cluster)), gone, owned))

    def line(self, cluster: Cluster) -> str:
        account = account_of(cluster, self.target)
        before = account.own_lines(self.source)
        return self._told(cluster, self._lines(cluster), before)

    def effect(self, cluster: Cluster) -> Cluster:
        account = account_of(cluster, self.target)
        gone = {*account.own_lines(self.source), *self._lines(cluster)}
        keys = (*(line for line in account.keys if line not in gone), *self._lines(cluster))
        return self._changed(cluster, keys=keys).put("login", str(self.target), Login())

    def holds(self, cluster: Cluster) -> bool:
        login: Login = cluster.get("login", str(self.target))
        return login.ok and self._has(cluster)

    def _has(self, cluster: Cluster) -> bool:
        return set(self._lines(cluster)) <= set(account_of(cluster, self.target).keys)

    def lacking(self, cluster: Cluster) -> str:
        login: Login = cluster.get("login", str(self.target))
        if login.ok:
            return f"{account_of(cluster, self.target).keys_file} does not have the keys"
        return (
            f"{self.target.user} still cannot log in with the key: {login.text} (the log of sshd on "
            f"{self.target.host} tells why; a locked account, AllowUsers and home directories that "
            "others may write to are usual)"
        )

    def proof(self) -> tuple[Topic, ...]:
        return (("account", str(self.target)), ("login", str(self.target)))

    def undo(self) -> Step | None:
        return None if self.again else RemoveKey(self.target, self.source)

    def is_own(self, cluster: Cluster) -> bool:
        return bool(account_of(cluster, self.target).own_lines(self.source))


@dataclass(frozen=True)
class RemoveKey(_AtDestination):
    """The lines that were installed from this node, and no other."""

    source: str
    secrets: bool = False  # those of gsyncd too: no other node of this cluster logs in there

    def _gone(self, cluster: Cluster) -> tuple[str, ...]:
        account = account_of(cluster, self.target)
        keys: SecretKeys = cluster.get("secret_keys")
        # Gluster itself may have written them otherwise: the keys count.
        secrets = keys_of(keys.lines) if self.secrets else ()
        own = account.own_lines(self.source)
        return tuple(line for line in account.keys if line in own or PublicKey.of(line) in secrets)

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        file = account_of(cluster, self.target).keys_file
        return self._as_owner(cluster, edit(file, "", self._gone(cluster)))

    def line(self, cluster: Cluster) -> str:
        return self._told(cluster, (), self._gone(cluster))

    def effect(self, cluster: Cluster) -> Cluster:
        gone = self._gone(cluster)
        keys = tuple(line for line in account_of(cluster, self.target).keys if line not in gone)
        refused = Login("authentication_refused", "the key was removed")
        return self._changed(cluster, keys=keys).put("login", str(self.target), refused)

    def holds(self, cluster: Cluster) -> bool:
        return not self._gone(cluster)


@dataclass(frozen=True)
class AddGroup(_AtDestination):
    group: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return self._at(cluster, "groupadd", self.group)

    def effect(self, cluster: Cluster) -> Cluster:
        return self._changed(cluster, group_exists=True)

    def holds(self, cluster: Cluster) -> bool:
        return account_of(cluster, self.target).group_exists


@dataclass(frozen=True)
class AddUser(_AtDestination):
    """The comment marks it as ours. No password fits, which is not the same as a locked account."""

    group: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        options = ("-m", "-g", self.group, "-s", SHELL, "-p", "*", "-c", MARK)
        return self._at(cluster, "useradd", *options, self.target.user)

    def effect(self, cluster: Cluster) -> Cluster:
        home = f"/home/{self.target.user}"
        return self._changed(
            cluster,
            exists=True,
            comment=MARK,
            home=home,
            has_home=True,
            shell=SHELL,
            groups=(self.group,),
            keys_file=f"{home}/.ssh/authorized_keys",
            keys=(),
        )

    def holds(self, cluster: Cluster) -> bool:
        account = account_of(cluster, self.target)
        return account.exists and account.can_log_in and account.has_home

    def undo(self) -> Step:
        return RemoveUser(self.target)

    def is_own(self, cluster: Cluster) -> bool:
        return account_of(cluster, self.target).is_ours


@dataclass(frozen=True)
class RemoveUser(_AtDestination):
    """With its home directory, where the keys are."""

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return self._at(cluster, "userdel", "-r", "-f", self.target.user)

    def effect(self, cluster: Cluster) -> Cluster:
        return self._changed(
            cluster, exists=False, comment="", home="", shell="", groups=(), keys=()
        )

    def holds(self, cluster: Cluster) -> bool:
        return not account_of(cluster, self.target).exists


@dataclass(frozen=True)
class MendUser(_AtDestination):
    """What an account that was there before lacks: membership of the group, or a real shell."""

    group: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        account = account_of(cluster, self.target)
        group = () if self.group in account.groups else ("-a", "-G", self.group)
        shell = () if account.can_log_in else ("-s", SHELL)
        return self._at(cluster, "usermod", *group, *shell, self.target.user)

    def effect(self, cluster: Cluster) -> Cluster:
        account = account_of(cluster, self.target)
        shell = account.shell if account.can_log_in else SHELL
        groups = tuple(dict.fromkeys((*account.groups, self.group)))
        return self._changed(cluster, shell=shell, groups=groups)

    def holds(self, cluster: Cluster) -> bool:
        account = account_of(cluster, self.target)
        return account.can_log_in and self.group in account.groups


@dataclass(frozen=True)
class MakeHome(_AtDestination):
    def words(self, cluster: Cluster) -> tuple[str, ...]:
        home = account_of(cluster, self.target).home
        return self._at(cluster, "install", "-d", "-m", "700", "-o", self.target.user, home)

    def effect(self, cluster: Cluster) -> Cluster:
        return self._changed(cluster, has_home=True)

    def holds(self, cluster: Cluster) -> bool:
        return account_of(cluster, self.target).has_home


@dataclass(frozen=True)
class SetUpMountbroker(_AtDestination):
    """On all nodes of the destination pool; judged by the destination host's own."""

    root: str
    group: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return self._at(cluster, "gluster-mountbroker", "setup", self.root, self.group)

    def effect(self, cluster: Cluster) -> Cluster:
        broker = broker_of(cluster, self.target)
        after = replace(
            broker, root=self.root, group=self.group, root_exists=True, group_exists=True
        )
        return self._changed(cluster, mountbroker=after, stale=True)

    def holds(self, cluster: Cluster) -> bool:
        broker = broker_of(cluster, self.target)
        return (broker.root, broker.group) == (self.root, self.group) and broker.root_exists


@dataclass(frozen=True)
class AllowVolume(_AtDestination):
    volume: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return self._at(cluster, "gluster-mountbroker", "add", self.volume, self.target.user)

    def effect(self, cluster: Cluster) -> Cluster:
        broker = broker_of(cluster, self.target)
        volumes = tuple(sorted({*broker.volumes_of(self.target.user), self.volume}))
        users = {**broker.users, self.target.user: volumes}
        return self._changed(cluster, mountbroker=replace(broker, users=users), stale=True)

    def holds(self, cluster: Cluster) -> bool:
        return self.volume in broker_of(cluster, self.target).volumes_of(self.target.user)


@dataclass(frozen=True)
class DenyVolumes(_AtDestination):
    """All volumes of the user."""

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return self._at(cluster, "gluster-mountbroker", "remove", "--user", self.target.user)

    def effect(self, cluster: Cluster) -> Cluster:
        broker = broker_of(cluster, self.target)
        users = {name: v for name, v in broker.users.items() if name != self.target.user}
        return self._changed(cluster, mountbroker=replace(broker, users=users), stale=True)

    def holds(self, cluster: Cluster) -> bool:
        return not broker_of(cluster, self.target).volumes_of(self.target.user)


@dataclass(frozen=True)
class RestartGlusterd(_AtDestination):
    """glusterd reads the mountbroker's part of its volfile only as it starts. Bricks go on."""

    patience: t.ClassVar[float] = 60.0

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return self._at(cluster, "systemctl", "restart", "glusterd")

    def effect(self, cluster: Cluster) -> Cluster:
        return self._changed(cluster, stale=False)

    def holds(self, cluster: Cluster) -> bool:
        return not account_of(cluster, self.target).stale

    def lacking(self, cluster: Cluster) -> str:
        return "glusterd is older than its volfile, so that it does not know the user yet"


@dataclass(frozen=True)
class LinkGluster(_AtDestination):
    """Debian's PATH of users has no /usr/sbin, and glusterd wants gluster in it."""

    path: str

    def words(self, cluster: Cluster) -> tuple[str, ...]:
        return self._at(cluster, "ln", "-s", self.path, "/usr/local/bin/gluster")

    def effect(self, cluster: Cluster) -> Cluster:
        return self._changed(cluster, gluster="glusterfs")

    def holds(self, cluster: Cluster) -> bool:
        return bool(account_of(cluster, self.target).gluster)

    def lacking(self, cluster: Cluster) -> str:
        return f"{self.target.user} still finds no gluster command"


def key_line(identity: Identity, source: str) -> str:
    """Of authorized_keys; by it the node with the UUID ``source`` knows its own."""
    return f"{identity.key or NEW_KEY} {MARK}:{source} root@{identity.host}"


def secrets_for(target: Target, cluster: Cluster) -> tuple[str, ...]:
    """The keys of gsyncd that this module hands to the account."""
    keys: SecretKeys = cluster.get("secret_keys")
    return keys.lines if target.user != "root" else ()


def account_of(cluster: Cluster, target: Target) -> Account:
    return t.cast("Account", cluster.get("account", str(target)))


def broker_of(cluster: Cluster, target: Target) -> Mountbroker:
    return account_of(cluster, target).mountbroker or Mountbroker()


def _identity(cluster: Cluster, target: Target) -> Identity:
    return t.cast("Identity", cluster.get("identity", str(target)))


def _host_keys(cluster: Cluster, target: Target) -> HostKeys:
    return t.cast("HostKeys", cluster.get("host_keys", str(target)))
