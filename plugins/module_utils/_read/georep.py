# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers of ``gluster volume geo-replication ... status|config`` and of gsyncd.conf.

Gluster 9 says master and slave where 10 and 11 say primary and secondary: tags of both are read.
"""

from __future__ import annotations

import configparser
import re
import string
import typing as t

from .._georep_model import Session, Setting, Worker
from .document import payload, read_time, text, whole

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element

RESERVED = frozenset({"gluster_command", "state_socket_unencoded"})
"""Keys that glusterd itself refuses, besides those that gsyncd.conf calls not configurable."""


def read_sessions(root: Element) -> tuple[Session, ...]:
    """All sessions of an answer, sorted by volume and secondary."""
    sessions = []
    for volume in payload(root, "geoRep").iterfind("volume"):
        for session in volume.iterfind("sessions/session"):
            pairs = list(session.iterfind("pair"))
            names = [_named(pair, "secondary") for pair in pairs]
            sessions.append(
                Session(
                    volume=text(volume, "name"),
                    secondary=names[0].replace("ssh://", "") if names else "",
                    workers=tuple(_worker(pair) for pair in pairs),
                    key=_named(session, "session_secondary"),
                )
            )
    return tuple(sorted(sessions, key=lambda session: (session.volume, session.secondary)))


def _named(element: Element, tag: str) -> str:
    """The text of a child under its new name, or under that of Gluster 9."""
    old = tag.replace("primary", "master").replace("secondary", "slave")
    return text(element, tag) or text(element, old)


def _worker(pair: Element) -> Worker:
    """Its times are in UTC, whatever the time zone of the nodes (seen on 10.3)."""
    completed = {"Yes": True, "No": False}
    return Worker(
        node=_named(pair, "primary_node"),
        node_uuid=_named(pair, "primary_node_uuid"),
        brick=_named(pair, "primary_brick"),
        status=text(pair, "status"),
        crawl=_known(text(pair, "crawl_status")),
        secondary_node=_known(_named(pair, "secondary_node")),
        last_synced=read_time(text(pair, "last_synced")),
        entry=_count(text(pair, "entry")),
        data=_count(text(pair, "data")),
        meta=_count(text(pair, "meta")),
        failures=_count(text(pair, "failures")),
        checkpoint=read_time(text(pair, "checkpoint_time")),
        checkpoint_completed=completed.get(text(pair, "checkpoint_completed")),
        checkpoint_completed_at=read_time(text(pair, "checkpoint_completion_time")),
    )


def _known(word: str) -> str | None:
    return None if word in ("", "N/A") else word


def _count(word: str) -> int | None:
    return whole(word) if word.isdecimal() else None


def read_session_config(root: Element) -> dict[str, str]:
    """Every key with its value. An answer for one key leaves out values of one character."""
    return {child.tag: (child.text or "").strip() for child in payload(root, "geoRep/config")}


def read_settings(conf: str) -> dict[str, Setting]:
    """The keys that gsyncd.conf declares: what sessions may have, and what they have by default."""
    parser = configparser.RawConfigParser()
    parser.read_string(conf)
    sections = {name.replace("-", "_"): parser[name] for name in parser.sections()}
    defaults = {key: section.get("value", "") for key, section in sections.items()}
    return {
        key: Setting(
            default=string.Template(defaults[key]).safe_substitute(defaults)
            if section.get("template") == "true"
            else defaults[key],
            type=section.get("type", "str"),
            choices=tuple(re.findall(r"[^,\s]+", section.get("allowed_values", ""))),
            lowest=section.getint("min"),
            highest=section.getint("max"),
            changeable=section.get("configurable") != "false" and key not in RESERVED,
        )
        for key, section in sections.items()
        if key != "__meta__"
    }


def read_errors(log: str) -> tuple[str, ...]:
    """The last three errors of gsyncd's log, without time and place, each once.

    gsyncd names a command of ssh that failed by its exit code; what ssh said is lost when gsyncd fails as
    it reads it.
    """
    found = re.findall(r"^\[[^\]]+\] [EC] \[[^\]]+\] (.*[^:\s])\s*$", log, re.MULTILINE)
    refused = r"\[{cmd=(ssh .*)}, {error=255}\]$"
    told = [re.sub(refused, r"ssh was not let in, or not answered (255): \1", one) for one in found]
    return tuple(dict.fromkeys(reversed(told)))[:3]
