# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers, on every answer that was recorded and on damaged ones."""

from __future__ import annotations

import contextlib
import json
import os
import typing as t
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import (
    Session,
    Worker,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    BEFORE_11,
    CONSUMED,
    GONE,
    HALF_MADE,
    ONLY_LISTED,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read import (
    apart,
    georep,
    peers,
    snapshots,
    thin,
    volumes,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.document import (
    NotXml,
    boolean,
    parse,
    read_time,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import Reader
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run import namespaces
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import (
    GlusterError,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.gluster import Gluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import Output
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
    Brick,
    BrickStatus,
    Volume,
    VolumeStatus,
)
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    Recording,
    answers,
    recordings,
)
from ansible_collections.glusterfs.data_protection.tests.unit.targets import reader_of
from hypothesis import given
from hypothesis import strategies as st

READERS: t.Sequence[t.Callable[[t.Any], t.Any]] = (
    peers.read_peers,
    volumes.read_snapshot_bricks,
    snapshots.read_snapshots,
    volumes.read_volume_status,
    volumes.read_volumes,
)
ANSWERS = sorted(
    {
        answer
        for recording in recordings()
        for call in recording.of_gluster
        for answer in answers(call)
        if answer.count("\n") > 5
    }
)


@pytest.mark.parametrize("recording", recordings("snapshots"), ids=repr)
def test_snapshot_and_its_bricks(recording: Recording) -> None:
    (answer,) = recording.answers("snapshot", "info")
    (snapshot,) = snapshots.read_snapshots(parse(answer))
    assert (snapshot.name, snapshot.volume, snapshot.activated) == ("nightly", "projects", True)
    assert snapshot.description == "A \"quoted\" text, <b> & 'x' = y"
    assert snapshot.created is not None
    assert snapshot.created.endswith("Z")
    assert len(str(snapshot.uuid)) == 36
    assert len(str(snapshot.snapshot_volume)) == 32
    (answer,) = recording.answers("snapshot", "status")
    bricks = volumes.read_snapshot_bricks(parse(answer))
    assert [brick.online for brick in bricks] == [True, True, True]
    assert all(f"/snaps/{snapshot.snapshot_volume}/" in brick.name for brick in bricks)


@pytest.mark.parametrize("recording", recordings("snapshots-of-volume"), ids=repr)
def test_the_origin_is_read_where_it_stands_once(recording: Recording) -> None:
    (answer,) = recording.answers("snapshot", "info")
    assert [s.volume for s in snapshots.read_snapshots(parse(answer))] == ["projects"]


@pytest.mark.parametrize("recording", recordings("volumes"), ids=repr)
def test_volumes(recording: Recording) -> None:
    (answer,) = recording.answers("volume", "info")
    projects, scratch, thick = volumes.read_volumes(parse(answer))
    assert (projects.name, projects.type, projects.status) == ("projects", "Replicate", "Started")
    assert [str(brick) for brick in scratch.bricks] == [
        "node1:/bricks/b2/brick",
        "node2:/bricks/b2/brick",
    ]
    assert not thick.is_clone
    (answer,) = recording.answers("volume", "status")
    status = volumes.read_volume_status(parse(answer))
    assert {name: len(s.bricks) for name, s in status.items()} == {
        "projects": 3,
        "scratch": 2,
        "thick": 1,
    }
    assert status["projects"].offline(projects) == ()
    assert status["scratch"].offline(scratch) == ()


@pytest.mark.parametrize("recording", recordings("brick-down"), ids=repr)
def test_a_dead_brick(recording: Recording) -> None:
    (projects,) = volumes.read_volumes(parse(recording.answers("volume", "info")[0]))
    status = volumes.read_volume_status(parse(recording.answers("volume", "status")[0]))
    assert status["projects"].offline(projects) == (str(projects.bricks[0]),)


def test_a_brick_that_is_not_listed_is_not_online() -> None:
    bricks = (Brick("node1", "/b"), Brick("node3", "/b"))
    status = VolumeStatus((BrickStatus("node1:/b", True, 7),))
    assert status.offline(Volume("v", "id", "Started", "", bricks)) == ("node3:/b",)


@pytest.mark.parametrize("recording", recordings("clone-info"), ids=repr)
def test_a_clone_and_a_restored_volume_are_told_apart(recording: Recording) -> None:
    (answer,) = recording.answers("volume", "info")
    clones = [v.name for v in volumes.read_volumes(parse(answer)) if v.is_clone]
    assert clones == ["lastnight"]
    restored = Volume("v", "1" * 32, "Started", "", (Brick("n", f"/x/snaps/{'2' * 32}/brick1"),))
    assert restored.snapshot_volume == "2" * 32
    assert not restored.is_clone


@pytest.mark.parametrize("recording", recordings("volumes"), ids=repr)
def test_thin_pools_of_this_node(recording: Recording) -> None:
    text = next("\n".join(c["stdout"]) for c in recording.calls if c["argv"][0] == "lvs")
    known = thin.read_logical_volumes(text)
    is_thin, pool = thin.thin_pool("/bricks/b1/brick", recording.mounts, known)
    assert is_thin
    assert pool is not None
    assert (pool.group, pool.name) == ("vg_bricks", "pool")
    assert 0 < (pool.data_percent or 0) < 100
    assert 0 < (pool.metadata_percent or 0) < 100
    assert thin.thin_pool("/bricks/thick/brick", recording.mounts, known) == (False, None)


def test_left_over_logical_volumes() -> None:
    def row(number: int, percent: str = "6.36") -> dict[str, str]:
        name = f"{number:032x}_0"
        return {
            **{"vg_name": "vg", "lv_name": name, "lv_dm_path": f"/dev/mapper/vg-{name}"},
            **{"lv_size": "1073741824", "data_percent": percent},
        }

    rows = [row(1), row(2), row(3), row(4), row(5, percent=""), {**row(6), "lv_name": "brick1"}]
    mounts = "".join(
        f"/dev/mapper/vg-{number:032x}_0 {point} xfs rw 0 0\n"
        for number, point in (
            (1, f"/run/gluster/snaps/{1:032x}/brick1"),
            (3, f"/var/run/gluster/snaps/{3:032x}/brick1"),
            (4, "/mnt/mine"),
        )
    )
    found = thin.left_over(
        json.dumps({"report": [{"lv": rows}]}), mounts, [f"{number:032x}" for number in (1, 2)]
    )
    # 1 and 2 are known to Gluster, 4 is somebody's mount, 6 is not Gluster's.
    assert [int(one.name[:32], 16) for one in found] == [3, 5]
    assert found[0].mounts == (f"/run/gluster/snaps/{3:032x}/brick1",)
    assert (found[0].size, found[0].data_percent, found[1].data_percent) == (1 << 30, 6.36, None)


KEPT = "f8d0f48897384858ad30beda55a5f6ad"
MOUNT = (
    f"123 120 254:11 / /run/gluster/snaps/{KEPT}/brick1 rw,noatime {{}}- xfs "
    f"/dev/mapper/vg_bricks-{KEPT}_0 rw,nouuid,attr2"
)
"""As a node of 10.3 showed it: that of a worker has no tag, that of systemd-udevd follows glusterd."""


@pytest.mark.parametrize("tag", ["", "shared:47 master:46 ", "master:46 "])
def test_a_brick_that_a_process_has_mounted_for_itself(tag: str) -> None:
    other = "119 1 254:7 / /bricks/b1 rw,noatime - xfs /dev/mapper/vg_bricks-b1 rw"
    tables = [("one (PID 7)", f"{other}\n{MOUNT.format(tag)}\n\n"), ("two (PID 8)", other)]
    assert apart.mounted_apart(tables) == ({} if tag else {KEPT: "one (PID 7)"})


def test_each_mount_namespace_is_read_once(tmp_path: Path) -> None:
    def process(pid: str, space: str, words: str) -> None:
        (tmp_path / pid / "ns").mkdir(parents=True)
        (tmp_path / space).touch()
        os.link(tmp_path / space, tmp_path / pid / "ns/mnt")
        (tmp_path / pid / "cmdline").write_text(words.replace(" ", "\0"), encoding="utf-8")
        (tmp_path / pid / "comm").write_text(f"{words.split()[0]}\n", encoding="utf-8")
        (tmp_path / pid / "mountinfo").write_text(f"of {pid}\n", encoding="utf-8")

    process("self", "ours", "python3")
    process("1", "ours", "systemd")
    process("1397", "worker", "python3 /usr/lib/gsyncd.py worker ledger node4::ledger-mirror --x 9")
    process("201", "other", "daemon --password secret")
    process("1396", "worker", "glusterfs --aux-gfid-mount")
    process("900", "glusterd's", "glusterd -p /run/glusterd.pid")
    process("901", "glusterd's", "glusterfsd -s node1")
    process("1500", "ended", "sleep")
    (tmp_path / "1500/mountinfo").unlink()
    (tmp_path / "1600").mkdir()
    assert list(namespaces.tables(str(tmp_path))) == [
        ("daemon (PID 201)", "of 201\n"),
        ("gsyncd worker ledger node4::ledger-mirror (PID 1397)", "of 1397\n"),
    ]
    assert list(namespaces.tables(str(tmp_path / "nothing"))) == []


def test_a_brick_of_a_node_that_is_down_is_not_online() -> None:
    (brick,) = volumes.read_snapshot_bricks(
        ElementTree.XML(
            "<cliOutput><snapStatus><snapshots><snapshot><volume><brick/></volume></snapshot>"
            "</snapshots></snapStatus></cliOutput>"
        )
    )
    assert not brick.online


@pytest.mark.parametrize(
    ("word", "tag"), [("slave", "session_slave"), ("secondary", "session_secondary")]
)
def test_old_and_new_names_of_geo_replication(word: str, tag: str) -> None:
    root = ElementTree.XML(
        "<cliOutput><geoRep><volume><name>v1</name><sessions><session>"
        f"<{tag}>x</{tag}><pair><{word}>ssh://h::v2</{word}><status>Active</status></pair>"
        f"<pair><{word}>h::v2</{word}><status>Passive</status></pair>"
        "</session></sessions></volume></geoRep></cliOutput>"
    )
    (session,) = georep.read_sessions(root)
    assert (session.volume, session.secondary) == ("v1", "h::v2")
    assert session.statuses == ("Active", "Passive")
    assert session.key == "x"
    assert session.running


@pytest.mark.parametrize("status", ["Created", "Paused", "Stopped"])
def test_a_session_that_does_not_run(status: str) -> None:
    worker = Worker("node1", "id", "/brick", status)
    assert not Session("v", "h::v", (worker, worker)).running


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23 08:38:12 +0000", "2026-11-23T08:38:12Z"),
        ("2026-11-23 10:38:12 +0200", "2026-11-23T08:38:12Z"),
        ("2026-11-23 08:38:12", "2026-11-23T08:38:12Z"),
        ("", None),
        ("yesterday", None),
        ("2026-11-23", None),
        ("2026-13-23 08:38:12 +0000", None),
    ],
)
def test_times(value: str, expected: str | None) -> None:
    assert read_time(value) == expected


def test_only_the_indentation_is_left_out() -> None:
    root = parse('<?xml version="1.0"?>\n<cliOutput>\n  <a> x  > y\n z</a>\n  <b/>\n</cliOutput>')
    assert root.findtext("a") == " x  > y\n z"
    assert root.text is None


@pytest.mark.parametrize("word", ["enable", "on", "yes", "True", "1", " enabled "])
def test_booleans_are_the_word_that_was_typed(word: str) -> None:
    assert boolean(word)
    assert not boolean("disable")


def test_every_truncation_is_refused() -> None:
    for answer in ANSWERS:
        end = answer.rindex("</cliOutput>")
        for length in range(0, end + len("</cliOutput>"), max(1, end // 200)):
            with pytest.raises(NotXml):
                parse(answer[:length])


def test_every_reader_takes_its_own_answers_and_refuses_the_others() -> None:
    taken = dict.fromkeys(READERS, 0)
    for answer in ANSWERS:
        for reader in READERS:
            with contextlib.suppress(ValueError):
                reader(parse(answer))
                taken[reader] += 1
    assert all(taken.values())


@given(st.text())
def test_no_text_is_taken_for_an_answer(text: str) -> None:
    with pytest.raises(NotXml):
        parse(text)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=60))
def test_any_text_in_the_answer_is_read_as_it_is(text: str) -> None:
    root = ElementTree.Element("cliOutput")
    snapshot = ElementTree.SubElement(
        ElementTree.SubElement(ElementTree.SubElement(root, "snapInfo"), "snapshots"), "snapshot"
    )
    ElementTree.SubElement(snapshot, "description").text = text
    xml = '<?xml version="1.0"?>' + ElementTree.tostring(root, encoding="unicode")
    (read,) = snapshots.read_snapshots(parse(xml))
    assert read.description == text.strip()


STOPPED = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cliOutput>
  <opRet>-1</opRet>
  <opErrno>30800</opErrno>
  <opErrstr>Volume lastnight is not started</opErrstr>
  <cliOp>volStatus</cliOp>
  <output>Volume lastnight is not started</output>
</cliOutput>
"""
"""As Gluster 10.3 says it."""


def test_nothing_of_a_stopped_volume_is_online() -> None:
    assert reader_of(STOPPED).status("lastnight") == {"lastnight": VolumeStatus()}


def test_the_status_of_a_volume_that_is_not_there_is_an_error() -> None:
    with pytest.raises(GlusterError, match="does not exist"):
        reader_of(STOPPED.replace("is not started", "does not exist")).status("lastnight")


def test_a_session_that_this_node_does_not_know_has_no_settings() -> None:
    """As Gluster 10.3 says it."""
    reader = reader_of(
        """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cliOutput>
  <opRet>-1</opRet>
  <opErrno>30800</opErrno>
  <opErrstr>Geo-replication session between ledger and node4::mirror does not exist.</opErrstr>
  <geoRep/>
</cliOutput>
"""
    )
    assert reader.georep.session_config("ledger", "node4::mirror") == {}


PEER = "<peer><uuid>{0}</uuid><hostname>{0}</hostname><connected>{1}</connected></peer>"
POOL_ANSWERS = {
    "pool list": "<peerStatus>"
    + "".join(PEER.format(*row) for row in (("node2", 1), ("node3", 0), ("localhost", 1)))
    + "</peerStatus>",
    "volume info v": "<volInfo><volumes><volume><name>v</name><statusStr>Started</statusStr>"
    "<snapshotCount>{}</snapshotCount></volume></volumes></volInfo>",
}


def test_how_many_snapshots_each_node_knows() -> None:
    """A node that does not answer says nothing of them."""

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int) -> Output:
        words, there = " ".join(argv).rpartition(" -- ")[2], "--remote-host=node2" in argv
        if "--remote-host=node3" in argv:
            return Output(
                1, "", "Connection failed. Please check if gluster daemon is operational."
            )
        body = POOL_ANSWERS[words].format(2 if there else 1)
        body = f"<?xml version='1.0'?><cliOutput><opRet>0</opRet><opErrno>0</opErrno>{body}</cliOutput>"
        return Output(0, body, "")

    reader = Reader(Gluster(lock_timeout=0, run=run), run, lambda: "")
    assert reader.snapshot_counts("v") == {"this node": 1, "node2": 2}


def listing(*names: str) -> str:
    snapshots = "".join(
        f"<snapshot><name>{name}</name><snapVolume><name>ef18</name><status>Stopped</status>"
        "<originVolume><name>projects</name></originVolume></snapVolume></snapshot>"
        for name in names
    )
    return (
        "<?xml version='1.0'?><cliOutput><opRet>0</opRet><opErrno>0</opErrno>"
        f"<snapInfo><snapshots>{snapshots}</snapshots></snapInfo></cliOutput>"
    )


def on_node(
    answer: str,
    text_of: t.Callable[[str], str],
    names_in: t.Callable[[str], t.Iterable[str]] = lambda path: ["nightly"],
) -> Reader:
    """Gluster always answers this, and the node has these files."""
    return Reader(
        reader_of(answer).gluster,
        lambda *asked: Output(0, "", ""),
        lambda: "",
        text_of=text_of,
        names_in=names_in,
    )


def test_what_a_restore_that_was_cut_off_has_left_is_told_by_its_folder() -> None:
    names = {"/var/lib/glusterd/trash": ["vols-projects.deleted", "snaps-nightly.deleted", "x"]}
    reader = on_node("", lambda path: "", lambda path: names.get(path, []))
    assert reader.node.cut_restores() == {
        "projects": "/var/lib/glusterd/trash/vols-projects.deleted"
    }


@pytest.mark.parametrize(
    ("stored", "status", "broken"),
    [
        ("nightly", 1, HALF_MADE),
        ("nightly", 2, ""),
        ("missed_snaps_list", 2, ONLY_LISTED),
    ],
)
def test_what_is_no_snapshot_is_told_by_what_glusterd_wrote_down(
    stored: str, status: int, broken: str
) -> None:
    """As 10.3 did, when glusterd of a node was killed in the midst of a `snapshot create`.

    After that each node had the first, and after its removal that node the last.
    """
    asked = []

    def text_of(path: str) -> str:
        asked.append(path)
        return f"snap-id=b3716f0f\nstatus={status}\nsnap-restored=0\ntime-stamp=1795752094\n"

    reader = on_node(
        listing("nightly"),
        text_of,
        lambda path: [stored],
    )
    found = reader.snapshot("nightly")
    assert found is not None
    assert found.broken == broken
    assert reader.snapshots() == (found,)
    assert set(asked) <= {
        "/var/lib/glusterd/glusterd.info",
        "/var/lib/glusterd/snaps/nightly/info",
        "/var/lib/glusterd/vols/projects/info",
    }


ANSWER = (
    "<?xml version='1.0'?><cliOutput><opRet>{}</opRet><opErrno>0</opErrno><opErrstr>{}</opErrstr>"
    "<volStatus><volumes><volume><volName>projects</volName><nodeCount>0</nodeCount></volume></volumes>"
    "</volStatus></cliOutput>"
)
LOCK_LEFT = "Another transaction is in progress for projects. Please try again after some time."


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("other_ends_it", [True, False])
@pytest.mark.parametrize("status", [ANSWER.format(0, ""), ANSWER.format(-1, LOCK_LEFT)])
def test_a_snapshot_that_another_run_is_creating_is_awaited(
    many: bool, other_ends_it: bool, status: str
) -> None:
    """The volume is locked until the creation has ended: two runs on the lab, asked for the same snapshot."""
    ran = []

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int) -> Output:
        ran.append(" ".join(argv).rpartition(" -- ")[2])
        return Output(0, status if ran[-1] == "volume status projects" else listing("nightly"), "")

    def text_of(path: str) -> str:
        ended = other_ends_it and "volume status projects" in ran
        return f"status={2 if ended else 1}\n"

    reader = Reader(
        Gluster(lock_timeout=0, run=run),
        run,
        lambda: "",
        text_of=text_of,
        names_in=lambda path: ["nightly"],
    )
    found = reader.snapshots()[0] if many else reader.snapshot("nightly")
    assert found is not None
    assert found.broken == ("" if other_ends_it else HALF_MADE)
    info = "snapshot info" if many else "snapshot info nightly"
    assert ran == [info, "volume status projects", info]


@pytest.mark.parametrize(
    ("version", "plugin", "broken"),
    [
        (110000, "", BEFORE_11),
        (110000, "snap_plugin=LVM\n", ""),
        (100000, "", ""),
    ],
)
def test_a_snapshot_of_10_is_told_on_11(version: int, plugin: str, broken: str) -> None:
    """As the files were on the lab: glusterd 11.1 ended at `snapshot activate` of the first."""
    files = {
        "/var/lib/glusterd/glusterd.info": f"UUID=bf1e9306\noperating-version={version}\n",
        "/var/lib/glusterd/snaps/nightly/info": "snap-id=d4c4aa36\nstatus=2\n",
        "/var/lib/glusterd/snaps/nightly/ef18/info": f"type=2\n{plugin}nfs.disable=on\n",
    }
    reader = on_node(
        listing("nightly"),
        lambda path: files.get(path, ""),
    )
    (found,) = reader.snapshots()
    assert found.broken == broken


@pytest.mark.parametrize(("lies_on", "broken"), [("ef18", CONSUMED), ("fe81", "")])
def test_what_a_volume_lies_on_is_no_snapshot_of_it(lies_on: str, broken: str) -> None:
    """As 10.3 lists one whose folder is there again when glusterd of a node starts."""
    brick = f"brick-0=node1:-run-gluster-snaps-{lies_on}-brick1-brick\n"
    files = {"/var/lib/glusterd/vols/projects/info": f"type=2\nstatus=1\n{brick}"}
    reader = on_node(
        listing("nightly"),
        lambda path: files.get(path, ""),
    )
    (found,) = reader.snapshots()
    assert found.broken == broken


def test_a_removal_that_failed_is_told_by_what_glusterd_wrote_down() -> None:
    """As 10.3 did after a `snapshot delete` that could not remove the logical volume."""
    wrote = {"nightly": "status=2", "held": "status=3", "missed_snaps_list": ""}
    reader = on_node(
        listing("nightly", "held"),
        lambda path: f"snap-id=0fffe2ac\n{wrote.get(path.split('/')[-2])}\nsnap-restored=0\n",
        lambda path: list(wrote),
    )
    assert {one.name for one in reader.snapshots() if one.removal_failed} == {"held"}


BRICK = "uuid={}\nhostname=node1\nlisten-port=0\ndevice_path={}\nmount_dir=/brick\nfs-type=xfs\n"
SNAPSHOT_VOLUME = "0e7b6d1844984e9380377c6dc1e65d27"
DEVICE = f"/dev/vg_bricks/{SNAPSHOT_VOLUME}_0"


@pytest.mark.parametrize(
    ("node", "device", "active", "broken"),
    [
        ("891c03ec", DEVICE, ("control", "vg_bricks-b1"), GONE),
        ("891c03ec", DEVICE, ("control", f"vg_bricks-{SNAPSHOT_VOLUME}_0"), ""),
        ("a1763af3", DEVICE, ("control",), ""),  # a brick of another node
        ("891c03ec", "pool/snapshot", ("control",), ""),  # no logical volume
        ("891c03ec", DEVICE, (), ""),  # no device mapper
    ],
)
def test_a_snapshot_that_a_node_brought_back_without_its_data_is_told(
    node: str, device: str, active: tuple[str, ...], broken: str
) -> None:
    """As 10.3 had it after a `snapshot delete` while glusterd of another node was stopped."""
    folder = "/var/lib/glusterd/snaps/nightly"
    files = {
        "/var/lib/glusterd/glusterd.info": "UUID=891c03ec\noperating-version=100000\n",
        f"{folder}/info": "snap-id=c3f5bba2\nstatus=2\nsnap-restored=0\n",
        f"{folder}/{SNAPSHOT_VOLUME}/bricks/node1:-run-gluster": BRICK.format(node, device),
    }
    folders = {
        "/var/lib/glusterd/snaps": ("nightly",),
        f"{folder}/{SNAPSHOT_VOLUME}/bricks": ("node1:-run-gluster",),
        "/dev/mapper": active,
    }
    reader = on_node(
        listing("nightly").replace("ef18", SNAPSHOT_VOLUME),
        lambda path: files.get(path, ""),
        lambda path: folders.get(path, ()),
    )
    (found,) = reader.snapshots()
    assert found.broken == broken
