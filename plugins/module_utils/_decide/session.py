# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a geo-replication session to be as wanted."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace

from .group import LONGEST_OPTION
from .names import check_volume_name
from .notes import UNSET, line, said_in
from .plan import Plan, Refusal
from .steps.georep import (
    CreateSession,
    DeleteSession,
    LetWrite,
    PauseSession,
    ResumeSession,
    SetCheckpoint,
    SetSessionConfig,
    StartSession,
    Syncing,
    TouchVolume,
)
from .steps.session import StopSession, find
from .steps.volume import SetVolumeOptions

if t.TYPE_CHECKING:
    from .._georep_model import Session, Setting
    from .._model import Cluster, Topic
    from .._volume_model import Volume
    from .plan import Step

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?\Z")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")
WORDS = {"true": "true", "yes": "true", "on": "true", "1": "true"}
WORDS.update({"false": "false", "no": "false", "off": "false", "0": "false"})

PAUSED_FOR = "user.data-protection.paused-for"
"""The option of the primary volume that says which sessions are paused, and for what."""

WELL = frozenset({"Active", "Passive", "Initializing..."})
"""Workers that need no help."""

OF_ITS_OWN = frozenset({"checkpoint", "stime_xattr_prefix"})
"""Settings that Gluster makes for each session."""

Settings = t.Mapping[str, "Setting"]


@dataclass(frozen=True)
class WantedSession:
    """A session as the task declares it."""

    volume: str
    host: str
    destination: str
    user: str = "root"
    state: str = "present"
    paused_for: str | None = None
    config: t.Mapping[str, t.Any] = field(default_factory=dict)
    ssh_port: int | None = None
    push_pem: bool = True
    force: bool = False
    reset_sync_time: bool = False
    reset_read_only: bool | None = None
    checkpoint: bool = False
    touch: bool = False
    wait_for: str | None = None  # active or checkpoint
    wait_timeout: int = 180
    max_lag: int | None = None

    OPTIONS: t.ClassVar[tuple[str, ...]] = (
        *("volume", "state", "paused_for", "ssh_port", "push_pem", "force", "reset_sync_time"),
        *("reset_read_only", "touch", "wait_for", "wait_timeout", "max_lag"),
    )
    """Those that have the same names as the options of the module."""

    @property
    def secondary(self) -> str:
        """As Gluster writes it; root goes without saying."""
        user = "" if self.user == "root" else f"{self.user}@"
        return f"{user}{self.host}::{self.destination}"

    def check(self) -> None:
        check_volume_name(self.volume)
        check_volume_name(self.destination)
        # Gluster writes HOST::VOLUME.
        if len(self.host) > 253 or not HOST.match(self.host) or "::" in self.host:
            raise Refusal(f"{self.host!r} cannot name a host")
        if not USER.match(self.user):
            raise Refusal(f"{self.user!r} cannot name a user")
        if self.ssh_port is not None and not 1 <= self.ssh_port <= 65535:
            raise Refusal(f"ssh_port is {self.ssh_port}, outside of 1 to 65535")
        if self.paused_for is not None:
            if self.state != "paused":
                raise Refusal("paused_for goes with state: paused")
            if not self.paused_for.isprintable() or not 1 <= len(self.paused_for.encode()) <= 300:
                raise Refusal("paused_for is one line of text, of up to 300 bytes")


def questions(wanted: WantedSession) -> tuple[Topic, ...]:
    """What is asked of each session. That there is none Gluster tells in text, so that comes last."""
    of = wanted.volume
    config = [("session_config", f"{of} {wanted.secondary}")] if _configures(wanted) else []
    return (("volume", of), *config, ("sessions", of))


def decide_session(wanted: WantedSession, cluster: Cluster) -> Plan:
    """The way from what is there to what is wanted, whatever both are."""
    wanted.check()
    session = find_session(wanted, cluster)
    if wanted.state == "absent":
        return _decide_absent(wanted, session, cluster)
    config = wanted_config(wanted, cluster.session_settings()) if _configures(wanted) else {}
    steps: list[Step] = []
    state = session.state if session else "created"
    target = state if wanted.state == "present" else wanted.state
    # Other nodes list it and this one does not know it, as after a creation that was ended: it has no
    # settings here, and is created again. Asked only where its settings are needed anyway.
    torn = bool(session and config) and not cluster.session_config(wanted.volume, wanted.secondary)
    if session is None or state == "created" or torn:
        create = _create(wanted, session, cluster)
        # A session that never ran may be one whose keys did not arrive.
        if session is None or torn or not all(cluster.get(*topic) for topic in create.keys):
            steps.append(create)
    # A setting restarts the workers: so set before the start, and after the stop.
    change = _changes(wanted, session, config, cluster)
    go = _go(wanted, session, target)
    steps += [*go, *change] if target == "stopped" else [*change, *go]
    if wanted.checkpoint:
        steps.append(SetCheckpoint(wanted.volume, wanted.secondary))
        steps += [TouchVolume(wanted.volume)] if wanted.touch else []
    awaited = _awaited(wanted, cluster)
    return Plan(tuple(_noted(wanted, session, steps, cluster)), (), awaited)


def notes_of_pauses(volume: Volume | None) -> dict[str, str]:
    """For what the sessions of the volume were paused, by destination, where that was said."""
    notes = said_in(volume, PAUSED_FOR)
    return {str(k): str(v) for k, v in notes.items()} if isinstance(notes, dict) else {}


def paused_for(session: Session, volume: Volume | None) -> str | None:
    """For what the session is paused; of one that runs, a note that was left counts for nothing."""
    return notes_of_pauses(volume).get(session.secondary) if session.state == "paused" else None


def _noted(
    wanted: WantedSession, session: Session | None, steps: list[Step], cluster: Cluster
) -> list[Step]:
    """With the note of a pause: there before it, so that a run that dies is found out; gone after it."""
    if wanted.paused_for is None and wanted.state != "started":
        return steps
    notes = notes_of_pauses(cluster.volume(wanted.volume))
    others = {key: text for key, text in notes.items() if key != wanted.secondary}
    before = ((PAUSED_FOR, line(notes) if notes else UNSET),)
    if wanted.state == "started":
        cleared = line(others) if others else UNSET
        step = SetVolumeOptions(wanted.volume, ((PAUSED_FOR, cleared),), before)
        return steps if others == notes else [*steps, step]
    if session is None or session.state not in ("started", "paused"):
        raise Refusal(
            f"the session of volume {wanted.volume} with {wanted.secondary} does not run, so it is "
            "not paused for anything",
            "Leave paused_for out, or start it first.",
        )
    if session.state == "paused":
        return steps  # by somebody else, or for this already
    told = line({**others, wanted.secondary: str(wanted.paused_for)})
    return [SetVolumeOptions(wanted.volume, ((PAUSED_FOR, told),), before), *steps]


def find_session(wanted: WantedSession, cluster: Cluster) -> Session | None:
    """The session; another user's between the same volumes is refused, as Gluster does."""
    for session in cluster.sessions(wanted.volume):
        ends = (session.host, session.destination_volume)
        if ends == (wanted.host, wanted.destination) and session.user != wanted.user:
            raise Refusal(
                f"there is a session of volume {wanted.volume} with {session.secondary}, "
                f"whose destination_user is {session.user}, not {wanted.user}",
                "Name that user, or remove that session first.",
            )
    return find(cluster, wanted.volume, wanted.secondary)


def _create(wanted: WantedSession, session: Session | None, cluster: Cluster) -> CreateSession:
    port = wanted.ssh_port
    if port is None and _port(wanted, session, cluster) != 22:
        port = _port(wanted, session, cluster)
    force = wanted.force or session is not None
    return CreateSession(wanted.volume, wanted.secondary, port, wanted.push_pem, force)


def _port(wanted: WantedSession, session: Session | None, cluster: Cluster) -> int:
    """Of sshd at the destination: as the task says, or else as the session has it."""
    if wanted.ssh_port is not None:
        return wanted.ssh_port
    config = cluster.session_config(wanted.volume, wanted.secondary) if session else {}
    found = config.get("ssh_port", "")
    return int(found) if re.match(r"\d{1,5}\Z", found) else 22


def _decide_absent(wanted: WantedSession, session: Session | None, cluster: Cluster) -> Plan:
    steps: list[Step] = []
    warnings: list[str] = []
    if session is not None:
        if session.state in ("started", "paused"):
            steps.append(StopSession(wanted.volume, wanted.secondary, wanted.force))
        steps.append(DeleteSession(wanted.volume, wanted.secondary, wanted.reset_sync_time))
        if wanted.reset_read_only is None:
            stays = f"Volume {wanted.destination} of {wanted.host} stays read-only"
            warnings.append(f"{stays}. Say with reset_read_only whether clients may write to it.")
    if wanted.reset_read_only:
        let = LetWrite(wanted.host, wanted.destination)
        if not let.holds(cluster):
            steps.append(replace(let, port=_port(wanted, session, cluster)))
    return Plan(tuple(steps), tuple(warnings))


def _go(wanted: WantedSession, session: Session | None, target: str) -> list[Step]:
    """From one state to another; a session that was only created does not run, like a stopped one."""
    ends = (wanted.volume, wanted.secondary)
    state = session.state if session else "created"
    statuses = set(session.statuses) if session else set()
    idle = state in ("created", "stopped")
    if target == "started":
        if state == "paused":
            # A pause is lost on a node that was booted: nothing is left there to be resumed.
            whole = statuses == {"Paused"}
            return [ResumeSession(*ends) if whole else StartSession(*ends, force=True)]
        if idle or (wanted.force and not statuses <= WELL):
            return [StartSession(*ends, wanted.force)]
    elif target == "paused" and state != "paused":
        return [*([StartSession(*ends, wanted.force)] if idle else []), PauseSession(*ends)]
    elif target == "stopped" and not idle:
        return [StopSession(*ends, wanted.force)]
    return []


def _changes(
    wanted: WantedSession,
    session: Session | None,
    config: t.Mapping[str, str | None],
    cluster: Cluster,
) -> list[Step]:
    """Only what differs: each key that is set restarts the workers."""
    if not config:
        return []
    settings = cluster.session_settings()
    defaults = {key: one.default for key, one in settings.items()}
    present = cluster.session_config(wanted.volume, wanted.secondary) if session else {}
    present = present or defaults  # of one that is yet to be created
    return [
        SetSessionConfig(wanted.volume, wanted.secondary, key, value)
        for key, value in config.items()
        if present.get(key, "") != (defaults[key] if value is None else value)
    ]


def _awaited(wanted: WantedSession, cluster: Cluster) -> Syncing | None:
    if wanted.state != "started" and wanted.wait_for is None and wanted.max_lag is None:
        return None
    cluster.volume(wanted.volume)  # so that it is known by which bricks to judge
    patience = float(wanted.wait_timeout)
    checkpoint = wanted.wait_for == "checkpoint"
    return Syncing(wanted.volume, wanted.secondary, patience, checkpoint, wanted.max_lag)


def _configures(wanted: WantedSession) -> bool:
    return bool(wanted.config) or wanted.ssh_port is not None


def wanted_config(wanted: WantedSession, settings: Settings) -> dict[str, str | None]:
    """The keys by the names of the installed Gluster, the values as it writes them."""
    given = dict(wanted.config)
    if wanted.ssh_port is not None:
        given["ssh_port"] = wanted.ssh_port
    config: dict[str, str | None] = {}
    problems: list[str] = []
    for name, value in given.items():
        key = key_of(name, settings)
        problem = _unfit(name, key, value, settings)
        if problem:
            problems.append(problem)
        else:
            config[key] = None if value is None else _written(value, settings[key])
    if problems:
        raise Refusal("; ".join(problems))
    return dict(sorted(config.items()))


def key_of(name: str, settings: Settings) -> str:
    """With underscores; Gluster 9 has other names for some."""
    key = str(name).replace("-", "_")
    for old, new in (("master", "primary"), ("slave", "secondary")):
        for one, other in ((old, new), (new, old)):
            if key not in settings and key.replace(one, other) in settings:
                key = key.replace(one, other)
    return key


def _unfit(name: str, key: str, value: t.Any, settings: Settings) -> str:
    setting = settings.get(key)
    if setting is None:
        return f"the setting {name} is unknown to this version of Gluster"
    if not setting.changeable:
        return f"the setting {name} cannot be changed"
    if value is None:
        return ""
    if key == "checkpoint":
        return "a checkpoint is set with the option checkpoint"
    word = str(value)
    if isinstance(value, (dict, list)) or not word or not word.isprintable():
        return f"the setting {name} is {value!r}: give it one line of text, or null for the default"
    if len(word.encode()) > LONGEST_OPTION:
        return f"the setting {name} has more than the {LONGEST_OPTION} bytes that are safe with Gluster"
    if setting.type == "bool":
        return (
            "" if word.lower() in WORDS else f"the setting {name} is {value!r}, not true or false"
        )
    if setting.type == "int":
        return _unfit_number(name, value, setting)
    if setting.choices and not _chosen(word, setting):
        return f"the setting {name} is {value!r}, not one of {', '.join(setting.choices)}"
    return ""


def _unfit_number(name: str, value: t.Any, setting: Setting) -> str:
    if isinstance(value, bool) or not re.match(r"\d{1,18}\Z", str(value)):
        return f"the setting {name} is {value!r}, not a whole number"
    low, high = setting.lowest, setting.highest
    if low is not None and high is not None and not low <= int(value) <= high:
        return f"the setting {name} is {value}, outside of {low} to {high}"
    return ""


def _chosen(word: str, setting: Setting) -> str:
    return next((choice for choice in setting.choices if choice.lower() == word.lower()), "")


def _written(value: t.Any, setting: Setting) -> str:
    word = str(value)
    if setting.type == "bool":
        return WORDS[word.lower()]
    if setting.type == "int":
        return str(int(word))
    return _chosen(word, setting) if setting.choices else word


def named_config(wanted: WantedSession, cluster: Cluster) -> dict[str, str] | None:
    """The settings that the task names, as they are; for what it returns."""
    if not _configures(wanted) or wanted.state == "absent":
        return None
    keys = wanted_config(wanted, cluster.session_settings())
    present = cluster.session_config(wanted.volume, wanted.secondary)
    return {key: present.get(key, "") for key in keys}


def changed_config(present: t.Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The settings by which a session that is created anew is like this one."""
    return {
        key: value
        for key, value in sorted(present.items())
        if key in settings
        and settings[key].changeable
        and key not in OF_ITS_OWN
        and value != settings[key].default
    }
