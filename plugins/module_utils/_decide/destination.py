# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a destination of geo-replication to trust this node, or not any more."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._trust.facts import MARK, Target, record_line
from .names import check_volume_name
from .plan import Plan, Refusal
from .steps.destination import (
    AddGroup,
    AddUser,
    AllowVolume,
    DenyVolumes,
    GatherSecretKeys,
    InstallKey,
    LinkGluster,
    MakeHome,
    MakeKeyPair,
    MendUser,
    RecordHost,
    RemoveKey,
    RemoveKeyPair,
    RemoveUser,
    RestartGlusterd,
    SetUpMountbroker,
    account_of,
    broker_of,
    has_all_secret_keys,
    secrets_for,
)

if t.TYPE_CHECKING:
    from .._georep_model import Session
    from .._model import Cluster
    from .._trust.facts import Account, HostKeys, Identity, Login, PublicKey
    from .plan import Step

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?\Z")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")
ACCOUNT = re.compile(r"[A-Za-z0-9_][^\s@]*@[A-Za-z0-9][A-Za-z0-9_.:-]*\Z")
PATH = re.compile(r"(?:/[A-Za-z0-9_.-]+)+\Z")
LONGEST_PASSWORD = 1000
MOUNTBROKER_ROOT = "/var/mountbroker-root"
MOUNTBROKER_GROUP = "geogroup"


@dataclass(frozen=True)
class HostKeyPolicy:
    """Which host keys are taken for right."""

    host_key: str = ""
    accept_new: bool = False
    replace: bool = False  # one that has changed, if it is the one that was given


@dataclass(frozen=True)
class Wanted:
    """What the task says."""

    target: Target
    state: str = "present"
    policy: HostKeyPolicy = HostKeyPolicy()
    volumes: tuple[str, ...] = ()
    mountbroker_root: str = ""
    mountbroker_group: str = ""
    remove_in_use: bool = False
    forget_unreachable: bool = False


def check_target(target: Target) -> None:
    """Before anything is run: these become words of ssh, and of a shell at the other end."""
    if not HOST.match(target.host) or "::" in target.host or len(target.host) > 253:
        raise Refusal(
            f"{target.host[:260]!r} cannot name a destination host", "Give a name or an address."
        )
    if not USER.match(target.user):
        raise Refusal(
            f"{target.user[:40]!r} cannot name a user",
            'Use lower-case letters, digits, "-" and "_" only.',
        )
    if not 0 < target.port < 65536:
        raise Refusal(f"{target.port} is no TCP port")


def check_password(password: str) -> None:
    """It is typed on a terminal, where a line break would end it and begin another answer."""
    if password and not password.isprintable():
        raise Refusal("the password has a line break or another control character")
    if len(password.encode()) > LONGEST_PASSWORD:
        raise Refusal(f"the password has more than the {LONGEST_PASSWORD} bytes that ssh reads")


def check_wanted(wanted: Wanted) -> None:
    check_target(wanted.target)
    for volume in wanted.volumes:
        check_volume_name(volume)
    if wanted.mountbroker_root and not PATH.match(wanted.mountbroker_root):
        raise Refusal(
            f"{wanted.mountbroker_root!r} cannot be the root of the mountbroker",
            "Give an absolute path.",
        )
    if wanted.mountbroker_group and not USER.match(wanted.mountbroker_group):
        raise Refusal(f"{wanted.mountbroker_group!r} cannot name a group")
    if wanted.target.user != "root":
        return
    for name in ("volumes", "mountbroker_root", "mountbroker_group"):
        if getattr(wanted, name):
            raise Refusal(f"{name} is for a destination_user other than root", f"Leave {name} out.")


def decide_destination(wanted: Wanted, cluster: Cluster) -> Plan:
    check_wanted(wanted)
    return _absent(wanted, cluster) if wanted.state == "absent" else _present(wanted, cluster)


# Host keys


def must_scan(known: HostKeys, policy: HostKeyPolicy) -> bool:
    """Must the host be asked for its keys, or is what is known enough?"""
    return bool(policy.host_key) or policy.replace or not known.known


def right_keys(
    host: str, known: HostKeys, offered: t.Sequence[PublicKey], policy: HostKeyPolicy
) -> tuple[PublicKey, ...]:
    """The keys that this host may be known by; a Refusal where there is no reason to believe any."""
    if not must_scan(known, policy):
        return known.known
    if not offered:
        raise Refusal(
            f"{host} offers no host key: sshd does not answer there",
            "Check name, ssh_port and firewall (ssh-keyscan shows what a host offers).",
        )
    fingerprints = _told(offered)
    meant = tuple(key for key in offered if policy.host_key and key.is_meant_by(policy.host_key))
    if policy.host_key and not meant:
        raise Refusal(
            f"the host key of {host} is not the one that was given: it offers {fingerprints}",
            "Do not go on before you know why. Somebody may be in between, or host_key be wrong.",
        )
    same = tuple(key for key in offered if key in known.known)
    if known.known and not same and not (policy.replace and meant):
        raise Refusal(
            f"the host key of {host} has changed: {_told(known.known)} is known, and it offers "
            f"{fingerprints}",
            CHANGED,
        )
    if meant or same:
        return meant or same
    if policy.accept_new:
        return tuple(offered)
    raise Refusal(
        f"this node does not know the host key of {host}, which offers {fingerprints}",
        "Compare it with the key on that host (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) "
        "and give it as host_key; or take the word of the network for it once, with "
        "accept_new_host_key.",
    )


CHANGED = (
    "Somebody may be in between. Only if you know that the host was installed anew: take its new "
    "fingerprint from its console and give it as host_key, with state reestablished."
)


def _told(keys: t.Iterable[PublicKey]) -> str:
    return ", ".join(f"{key.fingerprint} ({key.type})" for key in keys)


# Present, and again


def _present(wanted: Wanted, cluster: Cluster) -> Plan:
    target, name = wanted.target, str(wanted.target)
    again = wanted.state == "reestablished"
    source = _source(cluster)
    known: HostKeys = cluster.get("host_keys", name)
    scans = must_scan(known, wanted.policy)
    offered = cluster.get("offered", name) if scans else ()
    keys = right_keys(target.host, known, offered, wanted.policy)
    record = tuple(record_line(known.name, key, target) for key in keys)
    identity: Identity = cluster.get("identity", name)
    login: Login = cluster.get("login", name)
    _refuse_changed(target, login)
    steps: list[Step] = []
    if set(record) != set(known.recorded):
        steps.append(RecordHost(target, record, known.recorded))
    if identity.key is None:
        steps.append(MakeKeyPair(target, identity.path))
    gathers = again or not has_all_secret_keys(cluster)
    if gathers:
        steps.append(GatherSecretKeys())
    warnings: tuple[str, ...] = ()
    if target.user != "root":
        _open(wanted, cluster)
        steps += _unprivileged(wanted, cluster)
        warnings = _elsewhere(wanted, cluster)
    if again or not login.ok or _lacks_secrets(target, gathers, cluster):
        _open(wanted, cluster)
        account = account_of(cluster, target)
        own = account.own_lines(source)
        mend = not login.ok and any(str(identity.key) in line for line in own)
        steps.append(InstallKey(target, source, bool(own), mend))
    return Plan(tuple(steps), warnings)


def _lacks_secrets(target: Target, gathers: bool, cluster: Cluster) -> bool:
    """Those that are still to be gathered are lacking too."""
    if target.user == "root":
        return False
    return gathers or not set(secrets_for(target, cluster)) <= set(account_of(cluster, target).keys)


def _refuse_changed(target: Target, login: Login) -> None:
    if login.code == "host_key_changed":
        raise Refusal(f"the host key of {target.host} has changed: {login.text}", CHANGED)
    if login.code == "unreachable":
        raise Refusal(
            f"{target.host} cannot be reached at port {target.port}: {login.text}",
            "Check name, ssh_port, sshd and firewall of the destination.",
        )


def _open(wanted: Wanted, cluster: Cluster) -> None:
    """Is there a way in, by which the account can be read?"""
    door: Login = cluster.get("door", str(wanted.target))
    if not door.ok:
        raise Refusal(
            f"this node is not let in by {wanted.target.host}: {door.text}",
            "Give the right destination_root_password, or let root of this node log in there by key "
            "(sshd there may refuse passwords for root: PermitRootLogin).",
        )


def _unprivileged(wanted: Wanted, cluster: Cluster) -> list[Step]:
    """The account, and its leave to mount."""
    target = wanted.target
    account = account_of(cluster, target)
    broker = broker_of(cluster, target)
    root = wanted.mountbroker_root or broker.root or MOUNTBROKER_ROOT
    group = wanted.mountbroker_group or broker.group or MOUNTBROKER_GROUP
    steps: list[Step] = []
    if not account.group_exists:
        steps.append(AddGroup(target, group))
    if not account.exists:
        steps.append(AddUser(target, group))
    else:
        if not account.can_log_in or group not in account.groups:
            steps.append(MendUser(target, group))
        if not account.has_home:
            steps.append(MakeHome(target))
    before = len(steps)
    if (broker.root, broker.group) != (root, group) or not broker.root_exists:
        steps.append(SetUpMountbroker(target, root, group))
    allowed = broker.volumes_of(target.user)
    steps += [AllowVolume(target, name) for name in wanted.volumes if name not in allowed]
    if len(steps) > before or account.stale:
        steps.append(RestartGlusterd(target))
    if not account.gluster and account.gluster_path:
        steps.append(LinkGluster(target, account.gluster_path))
    if steps and not account.by_root:
        raise Refusal(
            f"the account {target.user} of {target.host} is not as it has to be, and only root "
            "there can change that",
            "Give destination_root_password, or let root of this node log in there by key.",
        )
    return steps


def _elsewhere(wanted: Wanted, cluster: Cluster) -> tuple[str, ...]:
    """Other nodes of the destination pool, whose users and groups are not seen from here."""
    if not account_of(cluster, wanted.target).by_root:
        return ()
    nodes = cluster.get("mountbroker", str(wanted.target))
    lacking = [node.node for node in nodes[1:] if not node.group_exists]
    if not lacking:
        return ()
    return (
        f"The group of the mountbroker is missing on nodes of the destination pool "
        f"({', '.join(lacking)}): run this task for each of them as destination_host.",
    )


# Absent


def _absent(wanted: Wanted, cluster: Cluster) -> Plan:
    target, name = wanted.target, str(wanted.target)
    using = sessions_of(target, cluster.sessions(""))
    known: HostKeys = cluster.get("host_keys", name)
    steps: list[Step] = []
    warnings: list[str] = []
    if known.known:
        login: Login = cluster.get("login", name)
        door: Login = cluster.get("door", name) if known.is_recorded or login.ok else login
        if door.ok:
            steps += _leave(wanted, cluster)
        elif known.is_recorded and not wanted.forget_unreachable:
            raise Refusal(
                f"the key that was installed at {target.host} cannot be removed, since this node is "
                f"not let in: {door.text}",
                f"{CHANGED if door.code == 'host_key_changed' else 'Give destination_root_password.'} "
                "Or, where the host is gone for good, give forget_unreachable.",
            )
        elif known.is_recorded:
            warnings.append(
                f"{target.host} was not reached. If it comes back, this node's key is still in the "
                f"authorized_keys of {target.user} there."
            )
    if known.is_recorded:
        steps.append(RecordHost(target, (), known.recorded))
    if steps:
        steps += _last(target, using, cluster)
    if steps and using and not wanted.remove_in_use:
        raise Refusal(
            f"{len(using)} geo-replication sessions use {target.user}@{target.host}: "
            f"{', '.join(f'{one.volume} to {one.secondary}' for one in using)}",
            "Remove them first, or give remove_in_use.",
        )
    return Plan(tuple(steps), tuple(warnings))


def _leave(wanted: Wanted, cluster: Cluster) -> list[Step]:
    """What was installed at the destination, in reverse."""
    target, source = wanted.target, _source(cluster)
    account: Account = account_of(cluster, target)
    steps: list[Step] = []
    mine = account.own_lines(source)
    shared = any(f"{MARK}:" in line for line in account.keys if line not in mine)
    ours = bool(mine) or cluster.get("host_keys", str(target)).is_recorded
    remove = RemoveKey(target, source, ours and not shared)
    if not remove.holds(cluster):
        steps.append(remove)
    if target.user == "root" or shared:
        return steps  # another node of the cluster may still log in
    if broker_of(cluster, target).volumes_of(target.user) and (steps or account.is_ours):
        steps += [DenyVolumes(target), RestartGlusterd(target)]
    if account.exists and account.is_ours:
        steps.append(RemoveUser(target))
    if any(not isinstance(step, RemoveKey) for step in steps) and not account.by_root:
        raise Refusal(
            f"only root of {target.host} can remove the account {target.user} and its leave to mount",
            "Give destination_root_password, or let root of this node log in there by key.",
        )
    return steps


def _last(target: Target, using: t.Sequence[Session], cluster: Cluster) -> list[Step]:
    """The key pair that was made for the first destination goes with the last one."""
    identity: Identity = cluster.get("identity", str(target))
    others = [other for other in cluster.get("record") if other != target]
    if not identity.is_ours or others or len(cluster.sessions("")) > len(using):
        return []
    return [RemoveKeyPair(target, identity.path)]


def sessions_of(target: Target, sessions: t.Iterable[Session]) -> tuple[Session, ...]:
    """Those that log in there as this user. No session tells its port."""
    return tuple(one for one in sessions if (one.host, one.user) == (target.host, target.user))


def targets(
    record: t.Iterable[Target],
    sessions: t.Iterable[Session],
    host: str | None = None,
    user: str | None = None,
    port: int | None = None,
) -> list[Target]:
    """The destinations of the record and of sessions; a host that is asked for is one in any case.

    Where there is no record a session does not tell the port.
    """
    found = set(record)
    for session in sessions:
        if not any(sessions_of(target, (session,)) for target in found):
            found.add(Target(session.host, session.user))
    # What Gluster told becomes a word of ssh, and must not be an option there.
    found = {one for one in found if ACCOUNT.match(f"{one.user}@{one.host}")}
    chosen = [
        one
        for one in found
        if host in (None, one.host) and user in (None, one.user) and port in (None, one.port)
    ]
    if host is not None and not chosen:
        chosen = [Target(host, user or "root", port or 22)]
    return sorted(chosen, key=lambda one: (one.host, one.user, one.port))


def _source(cluster: Cluster) -> str:
    """The UUID of this node, by which the destination knows its lines."""
    return next((peer.uuid for peer in cluster.peers() if peer.host == "localhost"), "")
