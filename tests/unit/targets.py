# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that reads a stranger's words, as functions of one text.

Each may answer or refuse. Whatever else it raises would be a traceback in a module. hypothesis calls them
in the unit tests, and a fuzzer that is guided by coverage in ``tests/fuzz``.
"""

from __future__ import annotations

import contextlib
import typing as t
from xml.etree import ElementTree

from ansible_collections.glusterfs.data_protection.plugins.module_utils import (
    _module,
    _results,
    _session_results,
    _volume_results,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide import (
    clone,
    config,
    destination,
    group,
    mark,
    names,
    notes,
    quiesce,
    restore,
    retention,
    session,
    sets,
    snapshot,
    snapshot_set,
    volume_notes,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import (
    Plan,
    Refusal,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._georep_model import Setting
from ansible_collections.glusterfs.data_protection.plugins.module_utils._hold.firewall import (
    read_iptables,
    read_nft,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._model import (
    Cluster,
    Snapshot,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read import (
    apart,
    georep,
    thin,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.document import (
    NotXml,
    parse,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._read.reader import Reader
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.errors import Failure
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.gluster import Gluster
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run.process import (
    Output,
    decoded,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust import (
    examine,
    facts,
    reader,
    ssh,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._volume_model import (
    Brick,
    SnapshotConfig,
    Volume,
    VolumeLimits,
    VolumeStatus,
)
from ansible_collections.glusterfs.data_protection.plugins.modules import (
    gluster_consistency_group_info,
    gluster_georep_session_info,
    gluster_snapshot_info,
    gluster_volume_info,
)
from ansible_collections.glusterfs.data_protection.tests.unit.recording import (
    RECORDED,
    Recording,
    answers,
    recordings,
)

ENDS = (Failure, Refusal)

NOW = "2026-11-23T09:00:00Z"
CONF = (RECORDED / "10.3" / "gsyncd.conf").read_text(encoding="utf-8")
TARGET = facts.Target("node4", "geoacct", 2222)
WANTED = session.WantedSession("projects", "node4", "mirror", config={"sync_jobs": 3})
POLICY = retention.Policy(pattern="*", keep={"keep_daily": 1}, keep_within="1w", min_age="1h")

LIMITS = SnapshotConfig(256, 90, False, False, {"projects": VolumeLimits(256, 256, 230)})

Decide = t.Callable[[Cluster], Plan]
DECIDERS: tuple[Decide, ...] = (
    lambda c: snapshot.decide_present(snapshot.WantedSnapshot("nightly", "projects"), c),
    lambda c: snapshot.decide_absent("nightly", None, c),
    lambda c: snapshot.decide_none_of("projects", c),
    lambda c: clone.decide_clone("lastnight", "nightly", True, c),
    lambda c: clone.decide_no_clone("lastnight", True, c),
    lambda c: config.decide_config("projects", 9, None, None, None, c),
    lambda c: config.decide_config(None, 9, 80, True, True, c),
    lambda c: restore.decide_restored(restore.WantedRestore("nightly", "projects", True), c),
    lambda c: group.decide_group(group.WantedGroup("shop", ("projects",)), c),
    lambda c: snapshot_set.decide_set(snapshot_set.WantedSet("nightly", "shop"), "id", c),
    lambda c: snapshot_set.decide_set_restored(
        snapshot_set.WantedSetRestore("nightly", "shop", True), "id", c
    ),
    lambda c: snapshot_set.decide_group_absent("shop", True, c),
    lambda c: retention.decide_retention(None, None, POLICY, c),
    lambda c: retention.decide_retention(None, "shop", POLICY, c),
    lambda c: session.decide_session(session.WantedSession("projects", "node4", "mirror"), c),
    lambda c: session.decide_session(WANTED, c),
)

Show = t.Callable[[Cluster], t.Any]
SHOWS: tuple[Show, ...] = (
    lambda c: [_results.snapshot_result(one) for one in c.snapshots()],
    lambda c: [_results.set_result(one) for one in sets.sets_of_group("shop", c)],
    lambda c: snapshot_set.restored_volumes(c, "shop", "nightly"),
    lambda c: [_volume_results.volume_info_result(one) for one in c.volumes()],
    lambda c: [
        _session_results.session_result(one, c.volume("projects"), NOW)
        for one in c.sessions("projects")
    ],
)

GATHER: tuple[tuple[t.Any, dict[str, t.Any]], ...] = (
    (
        gluster_snapshot_info,
        {
            **dict.fromkeys(("name", "uuid", "volume", "consistency_group")),
            "gather_subset": ["bricks"],
        },
    ),
    (
        gluster_volume_info,
        {
            **{"name": None, "uuid": None, "include_snapshots": True},
            "gather_subset": ["bricks", "snapshottable", "thin_pools", "leftovers"],
        },
    ),
    (gluster_consistency_group_info, {"name": None, "id": None}),
    (
        gluster_georep_session_info,
        {
            **dict.fromkeys(("volume", "config_keys", *gluster_georep_session_info.CHOOSING)),
            "gather_subset": ["config", "changed_config"],
        },
    ),
)


def printed(text: str) -> str:
    """As the runner would have it from a program."""
    return decoded(text.encode("utf-8", "replace"))


def reader_of(text: str) -> Reader:
    """Every program of this node prints the text."""

    said = printed(text)

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int, on_input: str = "") -> Output:
        return Output(0, said, "")

    return Reader(Gluster(lock_timeout=0, run=run), run, lambda: "", lambda path: CONF, lambda: NOW)


def gluster(text: str) -> None:
    """All answers of Gluster: what is read of them, decided by them and shown of them."""
    with contextlib.suppress(*ENDS):
        reader_of(text).gluster.run(("volume", "start", "projects"))
    for module, params in GATHER:
        with contextlib.suppress(*ENDS):
            module.gather(params, reader_of(text))
    for question in (*DECIDERS, *SHOWS):
        with contextlib.suppress(*ENDS):
            _module.settle(reader_of(text), Cluster(), _whole(question))


def _whole(question: t.Callable[[Cluster], t.Any]) -> t.Callable[[Cluster], t.Any]:
    """A plan as a module uses it, or anything else as it is."""

    def asked(cluster: Cluster) -> t.Any:
        found = question(cluster)
        return found.commands(found.preflight(cluster)) if isinstance(found, Plan) else found

    return asked


def programs(text: str) -> None:
    """What LVM, df and the firewalls print."""
    for ask in (
        lambda one: one.logical_volumes(),
        lambda one: thin.read_logical_volumes(text),
        lambda one: thin.left_over(text, text, ()),
        lambda one: apart.mounted_apart([("", text)]),
        lambda one: thin.thin_pool("/bricks/b1", text, ()),
    ):
        with contextlib.suppress(*ENDS, ValueError, LookupError, TypeError, AttributeError):
            ask(reader_of(text))
    for read in (
        read_nft,
        lambda said: read_iptables({"iptables": said, "ip6tables": said}, said),
    ):
        with contextlib.suppress(*ENDS):
            read(text)


def destinations(text: str) -> None:
    """What another host says, or ssh of it, and what is decided by that."""
    said = printed(text)

    def run(argv: t.Sequence[str], seconds: float, max_bytes: int, given: str = "") -> Output:
        return Output(0, said, said)

    for rc in (None, 0, 1, 255):
        facts.read_login(rc, text)
    for target in (TARGET, TARGET.root):
        _destination(target, reader_of(text), run)


def _destination(target: facts.Target, known: Reader, run: t.Any) -> None:
    policy = destination.HostKeyPolicy(accept_new=True)
    known.trust = trust = reader.TrustReader(_OpenDoor(run, reader.KNOWN_HOSTS), policy)
    cluster = Cluster().put("sessions", "", ()).put("peers", "", ())
    present, absent = (
        _whole(
            lambda c, state=state: destination.decide_destination(
                destination.Wanted(target, state, policy), c
            )
        )
        for state in ("present", "absent")
    )
    asks: tuple[t.Callable[[], t.Any], ...] = (
        lambda: _module.settle(known, cluster, present),
        lambda: _module.settle(known, cluster, absent),
        lambda: trust.mountbroker(target),
        lambda: examine.examine(target, examine.Volumes("projects", "mirror"), known),
    )
    for ask in asks:
        with contextlib.suppress(*ENDS):
            ask()


class _OpenDoor(ssh.Ssh):
    """Without a terminal, and without files."""

    def open(self, target: facts.Target) -> facts.Login:
        return facts.Login()

    def take(self, name: str, keys: t.Iterable[facts.PublicKey]) -> None:
        list(keys)


def notebook(text: str) -> None:
    """Options of volumes and descriptions of snapshots, which anybody may set."""
    options = dict.fromkeys(
        (
            *(volume_notes.MEMBERSHIP, notes.TAKEN, mark.MARK, mark.READ_ONLY, volume_notes.ORIGIN),
            *(session.PAUSED_FOR, *quiesce.DISCONNECT_AFTER),
        ),
        text,
    )
    volumes = {
        name: Volume(name, f"id-{name}", "Started", "", (Brick("node1", "/b"),), options)
        for name in ("projects", "web")
    }
    described = {
        name: Snapshot(name, "projects", text, True, f"id-{name}", NOW, "1" * 32)
        for name in ("nightly", "shop_nightly_projects")
    }
    cluster = Cluster()
    for kind, value in (
        *(("all_volumes", volumes), ("all_snapshots", described), ("peers", ()), ("now", NOW)),
        *(("config", LIMITS), ("sessions", ())),
        ("all_statuses", dict.fromkeys(volumes, VolumeStatus())),
    ):
        cluster = cluster.put(kind, "", value)
    for name in volumes:
        cluster = cluster.put("sessions", name, ()).put("thick_bricks", name, ())
    for name in described:
        cluster = cluster.put("snapshot_bricks", name, ())
    known = list(volumes.values())
    asks: tuple[t.Callable[[], t.Any], ...] = (
        lambda: quiesce.hold_bricks(["projects"], known, {}),
        lambda: session.notes_of_pauses(known[0]),
        lambda: [_volume_results.volume_info_result(volume) for volume in known],
        lambda: notes.words_of(text),
    )
    for ask in asks:
        with contextlib.suppress(*ENDS):
            ask()
    for question in (*DECIDERS[:14], *SHOWS[:4]):
        with contextlib.suppress(*ENDS):
            _module.settle(reader_of(""), cluster, _whole(question))


def options(text: str) -> None:
    """Values of a task, before anything is run."""
    setting = {"rsync_options": Setting(), "sync_jobs": Setting("3", "int", (), 1, 100)}
    setting["use_meta_volume"] = Setting("false", "bool")
    setting["sync_method"] = Setting("rsync", "str", ("tarssh", "rsync"))
    asks: tuple[t.Callable[[], t.Any], ...] = (
        lambda: names.check_snapshot_name(text),
        lambda: names.check_group_name(text),
        lambda: names.check_volume_name(text),
        lambda: names.check_description(text),
        lambda: _covers(retention.Policy(pattern=text, keep={"keep_last": 1})),
        lambda: retention.Policy(prefix="a", keep_within=text).check(),
        lambda: retention.Policy(prefix="a", keep_within="1w", min_age=text).check(),
        lambda: retention.Policy(prefix="a", keep_within="1w", zone=text).check(),
        lambda: session.WantedSession(text, text, text, text).check(),
        lambda: session.WantedSession(
            *("projects", "node4", "mirror", "root", "paused"), paused_for=text
        ).check(),
        *(
            lambda key=key: session.wanted_config(
                session.WantedSession("projects", "node4", "mirror", config={key: text}), setting
            )
            for key in (*setting, text)
        ),
        lambda: destination.check_wanted(destination.Wanted(facts.Target(text, text))),
        lambda: destination.check_wanted(
            destination.Wanted(TARGET, "present", destination.HostKeyPolicy(text), (text,))
        ),
        lambda: destination.check_wanted(destination.Wanted(TARGET, mountbroker_root=text)),
        lambda: destination.check_wanted(destination.Wanted(TARGET, mountbroker_group=text)),
        lambda: destination.check_password(text),
        lambda: facts.PublicKey("ssh-ed25519", "AAAA").is_meant_by(text),
    )
    for ask in asks:
        with contextlib.suppress(*ENDS):
            ask()


def _covers(policy: retention.Policy) -> bool:
    policy.check()
    return policy.covers("nightly")


def files(text: str) -> None:
    """Those of Gluster and of ssh on this node."""
    known = reader_of("")
    known.text_of = lambda path: text
    with contextlib.suppress(*ENDS):
        known.georep.session_settings()
    georep.read_errors(text)
    facts.read_record(text)
    facts.read_secret_keys(text, text, text)
    facts.read_configuration(text)


TARGETS: tuple[t.Callable[[str], None], ...] = (
    *(gluster, programs, destinations, notebook, options, files),
)


def answer(inner: str) -> str:
    """A success of Gluster."""
    return f'<?xml version="1.0"?><cliOutput><opRet>0</opRet>{inner}</cliOutput>'


def merged(recording: Recording) -> str:
    """One answer that holds what each answer of a recording has to say."""
    root = ElementTree.XML("<cliOutput><opRet>0</opRet><opErrno>0</opErrno></cliOutput>")
    for call in recording.calls:
        for answer in answers(call):
            with contextlib.suppress(NotXml):
                for child in parse(answer):
                    if root.find(child.tag) is None:
                        root.append(child)
    return '<?xml version="1.0"?>' + ElementTree.tostring(root, encoding="unicode")


def seeds() -> list[set[str]]:
    """For each target texts to begin with."""
    found: list[set[str]] = [set() for _target in TARGETS]
    for recording in recordings():
        found[0].add(merged(recording))
        for call in recording.calls:
            text = "\n".join(call["stdout"])
            program = call["argv"][0]
            if program.startswith("ssh"):
                found[2].update((text, "\n".join(call["stderr"])))
            elif "<?xml" not in text:
                found[1].add(text)
        for volume in ElementTree.XML(merged(recording)).iter("option"):
            found[3].add((volume.findtext("value") or "")[:4000])
        for one in ElementTree.XML(merged(recording)).iter("description"):
            found[3].add(one.text or "")
        found[4].update(str(value) for value in recording.args.values())
        found[5].update(recording.files.values())
    found[5].add(CONF)
    return found
