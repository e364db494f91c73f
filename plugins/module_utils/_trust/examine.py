# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would a session to this destination work? What stands against it, each as a code and a text."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._decide.steps.destination import at
from .._read.document import parse, text
from .._read.rsync import TRIAL, drops_data, shows_its_mount, told
from .._read.volumes import read_volumes
from .._run.errors import Failure, understood
from .facts import Account, Mountbroker, Target, gsyncd_fault
from .reader import GSYNCD

if t.TYPE_CHECKING:
    from .._read.reader import Reader
    from .._volume_model import Volume
    from .reader import TrustReader

REASONS: t.Mapping[str, str] = {
    "unreachable": "nothing answers at the host and port",
    "host_key_unknown": "this node does not know the host key",
    "host_key_changed": "the host key is not the one that is known",
    "authentication_refused": "root of this node cannot log in without a password",
    "gluster_missing": "the user finds no gluster command",
    "version_mismatch": "the two clusters run different versions of Gluster",
    "sftp_missing": "sshd has no sftp subsystem: push-pem of OpenSSH 9 or newer fails without a word",
    "rsync_drops_data": "rsync of the destination writes none of what gsyncd sends it",
    "gsyncd_broken": "gsyncd cannot work at one of the two ends",
    "mountbroker_incomplete": "the user may not mount, or not yet",
    "clock_skew": "the clocks are apart",
    "volume_missing": "the volume of the destination does not exist",
    "volume_stopped": "the volume of the destination is not started",
    "volume_unreadable": "the volume cannot be mounted from this node",
    "volume_not_empty": "the volume of the destination has files",
    "volume_too_small": "the volume of the destination has less room than the source",
}
"""Every code that there is."""

SKEW = 10.0
"""Seconds. Geo-replication goes by the times of files, which each cluster takes from its clocks."""


@dataclass(frozen=True)
class Reason:
    code: str
    text: str

    def __post_init__(self) -> None:
        if self.code not in REASONS:
            raise ValueError(self.code)


@dataclass(frozen=True)
class Volumes:
    """The pair that a session is to join; each may be empty."""

    source: str = ""
    destination: str = ""
    have_session: bool = False


def examine(target: Target, volumes: Volumes, reader: Reader) -> list[Reason]:
    """All reasons that can be seen; behind a closed door only those of this node."""
    trust = t.cast("TrustReader", reader.trust)
    login = trust.login(target)
    if not login.ok:
        closed = Reason(login.code, f"{REASONS[login.code]}: {login.text}")
        return [closed, *_own_gsyncd(trust)]
    account = trust.account(target)
    reasons = [
        *judge_account(account, target, volumes.destination),
        *_versions(account, trust),
        *_sftp(target, trust),
        *_own_gsyncd(trust),
        *_rsync(target, volumes, account, reader),
    ]
    # Without gluster there nobody can be asked for its volumes.
    if volumes.destination and account.gluster:
        reasons += _volumes(target, volumes, account, reader)
    return reasons


def judge_account(account: Account, target: Target, volume: str) -> t.Iterator[Reason]:
    """What is plain from the account."""
    if not account.gluster:
        yield Reason("gluster_missing", f"{target.user} of {target.host} finds no gluster command")
    if account.gsyncd:
        yield Reason("gsyncd_broken", f"{target.host}: {account.gsyncd}")
    if abs(account.clock) > SKEW:
        yield Reason(
            "clock_skew",
            f"the clock of {target.host} is {abs(account.clock):.0f} seconds "
            f"{'ahead of' if account.clock > 0 else 'behind'} this node's",
        )
    if target.user != "root":
        lacking = mountbroker_lacks(account, target.user, volume)
        if lacking:
            yield Reason("mountbroker_incomplete", f"{target.host}: {'; '.join(lacking)}")


def mountbroker_lacks(account: Account, user: str, volume: str) -> list[str]:
    broker = account.mountbroker or Mountbroker()
    found = {
        "its root is not set": not broker.root,
        f"its root {broker.root} is not there": bool(broker.root) and not broker.root_exists,
        "its group is not set": not broker.group,
        f"its group {broker.group} is not there": bool(broker.group) and not broker.group_exists,
        f"{user} is not in the group {broker.group}": bool(broker.group)
        and broker.group not in account.groups,
        f"{user} has no shell": not account.can_log_in,
        f"{user} may mount no volume": not broker.volumes_of(user),
        f"{user} may not mount {volume}": bool(volume and broker.volumes_of(user))
        and volume not in broker.volumes_of(user),
        "glusterd was not restarted since that was set": account.stale,
    }
    return [text for text, lacks in found.items() if lacks]


def _versions(account: Account, trust: TrustReader) -> t.Iterator[Reason]:
    here = trust.ssh.output(("gluster", "--version")).stdout.partition("\n")[0].split()
    there = account.gluster.split()
    if here and there and here[-1] != there[-1]:
        yield Reason("version_mismatch", f"Gluster {here[-1]} here, and {there[-1]} there")


def _sftp(target: Target, trust: TrustReader) -> t.Iterator[Reason]:
    """Asked for really; it ends by itself, as its input is empty."""
    words = ("ssh", "-s", *target.words, "sftp")
    output = trust.ssh.output(words)
    if output.rc != 0:
        said = " ".join(output.stderr.split()) or f"exit code {output.rc}"
        yield Reason("sftp_missing", f"{REASONS['sftp_missing']}: {said}")


def _rsync(
    target: Target, volumes: Volumes, account: Account, reader: Reader
) -> t.Iterator[Reason]:
    """Tried really, which only root can; a session that has the setting is well."""
    if volumes.have_session:
        user = "" if target.user == "root" else f"{target.user}@"
        secondary = f"{user}{target.host}::{volumes.destination}"
        config = reader.georep.session_config(volumes.source, secondary)
        if shows_its_mount(config):
            return
    if not account.by_root:
        return
    trust = t.cast("TrustReader", reader.trust)
    output = trust.ssh.output(at(account.seen_by, TRIAL))
    if drops_data(output):
        yield Reason(
            "rsync_drops_data",
            told(target.host),
        )


def _own_gsyncd(trust: TrustReader) -> t.Iterator[Reason]:
    said = trust.ssh.output(("sh", "-c", GSYNCD)).stdout.strip()
    fault = gsyncd_fault(said.partition("=")[2])
    if fault:
        yield Reason("gsyncd_broken", f"this node: {fault}")


def _volumes(
    target: Target, volumes: Volumes, account: Account, reader: Reader
) -> t.Iterator[Reason]:
    name = volumes.destination
    trust = t.cast("TrustReader", reader.trust)
    volume = _volume_there(name, account, target, trust)
    if volume is None:
        yield Reason("volume_missing", f"{target.host} has no volume {name}")
        return
    if not volume.started:
        yield Reason("volume_stopped", f"volume {name} of {target.host} is {volume.status}")
        return
    try:
        there = reader.georep.room(target.host, name)
        here = reader.georep.room("localhost", volumes.source) if volumes.source else None
    except Failure as error:
        yield Reason("volume_unreadable", error.text)
        return
    if there.has_files and not volumes.have_session:
        yield Reason("volume_not_empty", f"volume {name} of {target.host} has files")
    if here and there.is_too_small_for(here):
        yield Reason(
            "volume_too_small",
            f"volume {name} has {there.size} bytes, {there.free} of them free, and "
            f"{volumes.source} has {here.size} and {here.free}",
        )


def _volume_there(name: str, account: Account, target: Target, trust: TrustReader) -> Volume | None:
    """As glusterd there tells anybody."""
    command = (
        'PATH=$PATH:/usr/sbin; exec gluster --mode=script --xml --remote-host=localhost -- "$@"'
    )
    words = at(account.seen_by, ("sh", "-c", command, "sh", "volume", "info", name))
    output = trust.ssh.output(words)
    with understood(words[:2]):
        root = parse(output.stdout)
        if text(root, "opRet") != "0":
            return None
        return next(iter(read_volumes(root)), None)
