# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the CLI printed to an XML tree, refusing what no Gluster prints."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

if t.TYPE_CHECKING:
    from xml.etree.ElementTree import Element

START = "<?xml"
CHUNK = 65536
BETWEEN = re.compile(r">\s+<")
"""The indentation: kept as text of the elements it would take three quarters of the memory."""

FORBIDDEN = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


class NotXml(ValueError):
    """The CLI answered, but not with an XML document of its own."""


def parse(text: str) -> Element:
    """The cliOutput element of an answer; plain warnings before the XML are passed over."""
    start = text.find(START)
    if start < 0:
        raise NotXml("the answer holds no XML")
    xml = BETWEEN.sub("><", text[start:])
    if FORBIDDEN.search(xml):
        raise NotXml("the answer declares a document type or an entity")
    # Entities and document types are refused above and the size is bounded by the runner.
    parser = ElementTree.XMLParser()  # noqa: S314
    try:
        for place in range(0, len(xml), CHUNK):  # all at once it would be copied
            parser.feed(xml[place : place + CHUNK])
        root = parser.close()
    except ElementTree.ParseError as error:
        raise NotXml(f"the answer is broken XML: {error}") from None
    if root.tag != "cliOutput":
        raise NotXml(f"the answer is XML of something else: {root.tag}")
    return root


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
    return int(found.group()) if found else default


def boolean(value: str) -> bool:
    """Gluster stores booleans as the word that was typed."""
    return value.strip().lower() in ("enable", "enabled", "on", "yes", "true", "1")
