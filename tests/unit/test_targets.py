# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a stranger says, it ends in an answer or in a refusal: targets.py, by hypothesis."""

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from ansible_collections.glusterfs.data_protection.tests.unit import targets
from ansible_collections.glusterfs.data_protection.tests.unit.targets import answer
from hypothesis import given
from hypothesis import strategies as st

SEEDS = [sorted(texts) for texts in targets.seeds()]

PIECES = (
    *("", "\0", "\n", "\ud7ff", "é", "²", "٣", "-", "--5", "::", "a b", "../x", "N/A", "0"),
    *("9" * 30, "9" * 5000, "-1", "1e999", "NaN", "[" * 2000, '{"a":' * 600, "null", "{}", '""'),
    *("<x/>", "</x>", "<name>x</name>", "&#0;", "<!DOCTYPE a>", "<![CDATA[x]]>", "<?xml?>"),
    *("0001-01-01 00:00:00 +1400", "9999-12-31 23:59:59 -1400", "1969-12-31 23:59:59"),
    *("nightly", "projects", "shop", "before-restore-nightly", "key=", "clock=", "clock=nan\n"),
    *("9999w9999w9999w", "+14:59", "[z-a]", "keep-until 0000-00-00", "x" * 10000),
)


@st.composite
def changed(draw: st.DrawFn, texts: t.Sequence[str]) -> str:
    """A text that was seen, with some of it cut out, doubled, or something else in its place."""
    text = draw(st.sampled_from(texts))
    for _time in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(start + draw(st.integers(0, 40)), len(text))
        put = draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=8), st.just(text[:end])))
        text = text[:start] + put + text[end:]
    return text


@pytest.mark.parametrize("number", range(len(targets.TARGETS)))
def test_what_was_seen_and_changed(number: int) -> None:
    target = targets.TARGETS[number]

    @hypothesis.settings(max_examples=150)
    @given(changed(SEEDS[number]))
    def always_ends(text: str) -> None:
        target(text)

    always_ends()


@pytest.mark.parametrize("number", range(len(targets.TARGETS)))
def test_anything(number: int) -> None:
    target = targets.TARGETS[number]

    @hypothesis.settings(max_examples=60)
    @given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=6).map("".join)))
    def always_ends(text: str) -> None:
        target(text)

    always_ends()


def snapshot(created: str = "2026-11-23 08:38:12 +0000", description: str = "") -> str:
    return answer(
        "<snapInfo><snapshots><snapshot><name>nightly</name>"
        f"<createTime>{created}</createTime><description>{description}</description>"
        "<snapVolume><originVolume><name>projects</name></originVolume></snapVolume>"
        "</snapshot></snapshots></snapInfo>"
    )


def failed(number: str) -> str:
    return answer("").replace("<opRet>0</opRet>", f"<opRet>-1</opRet><opErrno>{number}</opErrno>")


NEVER = '{"val": 1e999, "expires": 1}'
MOUNTBROKER = (
    '{"ok": true, "nodeid": "1", "output": {"mountbroker-root": "", '
    '"geo-replication-log-group": "", "users": []}}'
)

FOUND: tuple[tuple[t.Callable[[str], None], str], ...] = (
    # An encoding that Python does not know, and one that hides a document type.
    (targets.gluster, '<?xml version="1.0" encoding="nonsense"?><cliOutput/>'),
    (targets.gluster, '<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a+AD4-<cliOutput/>'),
    *((targets.gluster, failed(number)) for number in ("--5", "²", "9" * 5000)),
    *((targets.gluster, snapshot(time)) for time in ("0001-01-01 00:00:00 +1400",)),
    (targets.gluster, snapshot("9999-12-31 23:59:59 -1400")),
    (targets.gluster, snapshot(description='{"set":' + "[" * 1000)),
    (targets.gluster, snapshot(description="{" * 100_000)),
    (targets.notebook, '{"a":' + "[" * 5000),
    (targets.notebook, '{"volume":"id-projects","id":5,"name":"shop","members":5}'),
    (targets.notebook, '{"volume":"id-projects","id":"x","name":"shop","members":[{}]}'),
    (targets.notebook, '{"restore":{"snapshot":1,"uuid":[],"data":{}}}'),
    (targets.notebook, '{"set":{"id":7,"name":[],"group":"g","group_name":"shop","members":"2"}}'),
    (targets.notebook, "9" * 5000),
    (targets.programs, '{"nftables": [{"set": {"elem": [{"elem": ' + NEVER + "}]}}]}"),
    (targets.programs, f"add gluster_hold {'9' * 5000} timeout 3"),
    (targets.destinations, MOUNTBROKER),
    (targets.destinations, "clock=nan\nend=\n"),
    (targets.destinations, "identityfile ~\0a\n"),
    (targets.destinations, "{" + '"a":{' * 5000),
    (targets.options, "\ud800"),
    (targets.options, "[z-a]"),
    (targets.files, f"node4 ssh-ed25519 AAAA root@node4:{'9' * 5000}"),
)
"""What was found, by reading or by a fuzzer, and is mended."""


@pytest.mark.parametrize("number", range(len(FOUND)))
def test_what_was_found_once(number: int) -> None:
    target, text = FOUND[number]
    target(text)
