# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the CLI printed to an XML tree, refusing what no Gluster prints."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime, timezone
from xml.etree import ElementTree

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element

START = "<?xml"
LONGEST_NUMBER = 20
CHUNK = 65536
BETWEEN = re.compile(r">\s+<")
"""The indentation: kept as text of the elements it would take three quarters of the memory."""

FORBIDDEN = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


class NotXml(ValueError):
    """The CLI answered, but not with an XML document of its own.

    ``is_text``: with none at all, so that what it printed is what it has to say.
    """

    def __init__(self, problem: str, is_text: bool = False) -> None:
        super().__init__(problem)
        self.is_text = is_text


def parse(text: str) -> Element:
    """The cliOutput element of an answer; plain warnings before the XML are passed over."""
    start = text.find(START)
    if start < 0:
        raise NotXml("the answer holds no XML", is_text=True)
    xml = BETWEEN.sub("><", text[start:])
    if FORBIDDEN.search(xml):
        raise NotXml("the answer declares a document type or an entity")
    # Entities and document types are refused above and the size is bounded by the runner.
    parser = ElementTree.XMLParser()  # noqa: S314
    try:
        for place in range(0, len(xml), CHUNK):  # all at once it would be copied
            # Text already: so the encoding that it claims to have is not heeded.
            parser.feed(xml[place : place + CHUNK])
        root = parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise NotXml(f"the answer is broken XML: {error}") from None
    if root.tag != "cliOutput":
        raise NotXml(f"the answer is XML of something else: {root.tag[:100]}")
    return root


def parse_json(text: str) -> t.Any:
    """Any value, or ValueError: also of what is nested so deep that Python gives up."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def payload(root: Element, path: str) -> Element:
    """The part of an answer that holds what was asked for; without it the answer is none."""
    found = root.find(path)
    if found is None:
        raise ValueError(f"it holds no {path.rpartition('/')[2]}")
    return found


def text(element: Element | None, tag: str) -> str:
    """The text of a child, "" where there is none."""
    return "" if element is None else (element.findtext(tag) or "").strip()


def number(element: Element, tag: str, default: int = 0) -> int:
    """The whole number at the start of a child's text ("90%" is 90)."""
    found = re.match(r"-?\d+", text(element, tag))
    return whole(found.group()) if found else default


def whole(word: str) -> int:
    """Of a length that Gluster's numbers have: Python takes long for long ones, or refuses them."""
    if len(word) > LONGEST_NUMBER:
        raise ValueError(f"a number has {len(word)} digits")
    return int(word)


def boolean(value: str) -> bool:
    """Gluster stores booleans as the word that was typed."""
    return value.strip().lower() in ("enable", "enabled", "on", "yes", "true", "1")


def read_time(value: str) -> str | None:
    """ISO 8601 in UTC; up to Gluster 8 the zone is missing and is UTC.

    None also of a time that no snapshot can be of: with years as these no one could reckon.
    """
    try:
        if value[19:] in ("", " +0000"):
            moment = datetime.fromisoformat(value[:19])  # strptime takes ten times as long
            if moment.isoformat(" ") != value[:19]:
                return None  # a date alone, or another form of ISO 8601
        else:
            there = datetime.strptime(value, "%Y-%m-%d %H:%M:%S %z")
            moment = there.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return f"{moment.isoformat()}Z" if 1970 <= moment.year < 9999 else None
