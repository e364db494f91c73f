# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disturb an operation at each command of gluster that it runs, run it again, and judge by the data.

    make faults                             all, going on where an earlier run ended
    make faults FAULTS="--only restore/"    those of one operation
    make faults-short                       ten
    python tests/faults/faults.py --table   the page of the documentation, from what was kept

An operation (operations.yml) runs on node1, where a stand-in of gluster tells of each command and waits
for leave. So a fault has its place by a command (its number is that of a run on volumes that were restored
before), and not by a time: before it, after it, and of a command that changes something also at half of
the time that it took undisturbed.

When the fault is over, the same task runs again. Judged is:

* The end of the first run: a success that a second run still finds something to do for was a lie, unless
  it warned of that.
* The end of the second run: it succeeds and a third changes nothing. Where it fails, what it says is done
  (ADVICE), and it runs again. Where it says nothing that can be done here the page has it, for a person.
* The cluster: volumes started, not read-only, nothing held, the same snapshots known to each node.
* The data: each file that a client had acknowledged before is in its volume or in a snapshot.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import faulthandler
import itertools
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml
from ansible_runner.interface import run as run_ansible

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs/docsite/rst/guide_faults.rst"
RESULTS = HERE / "results.json"
OPERATIONS: dict[str, dict[str, t.Any]] = yaml.safe_load(
    (HERE / "operations.yml").read_text(encoding="utf-8")
)
MODULES = "glusterfs.data_protection"
HOST, PORT = "198.18.0.254", 7077
SERVERS = ("node1", "node2", "node3")
REPLICATED = "ledger"
"""To node4."""

VOLUMES = {"projects": "b1", "scratch": "b2", REPLICATED: "b3"}
"""Each has a copy on each of the servers, on that brick."""
STORE = "/var/lib/glusterd"
START = "systemctl reset-failed glusterd; systemctl start glusterd"
HELD = "features.read-only on"
SPARE = ("/bricks/b4/brick", "/bricks/b5/brick", "/bricks/b6/brick")
OF_A_CASE = r"^(user|features)\."
"""Options."""

READS = re.compile(r"(snapshot (info|list|status|config$)|volume (info|status)|pool|peer status)")
TRACEBACK = re.compile(
    r"Traceback|MODULE FAILURE|unexpected failure|see stdout/stderr", re.IGNORECASE
)
SHORT = (
    (
        "snapshot",
        "snapshot create nightly",
        "during",
        ("node", "peer", "glusterd", "module", "network"),
    ),
    ("restore", "snapshot activate nightly", "after", ("node", "network")),
    ("restore", "snapshot restore nightly", "after", ("glusterd", "module")),
    ("retention", "snapshot delete nightly-1", "during", ("module",)),
)
"""What the short run disturbs: operations, their commands, when, and by what. All are well, if Gluster is.

A command is waited for by its words, so that no undisturbed run has to tell its number.
"""

SHORT_LASTING = 2.0
"""Seconds that such a command takes at least."""

UNFIT = 3
"""How the program ends where the others need another cluster."""

CUT_OFF = 15.0
"""Seconds for which the network is away."""

BAD = ("failed", "lost", "hung")
"""How a play ends badly: it said so, its node was gone, or it did not end by itself."""

LONGEST = 600
"""Seconds that a play may take: the longest case, of three plays and more, took 418 (159 of them)."""

TRIES = 3
"""How often what a message says is done, before it is taken for none."""

TRIED_AGAIN = "nothing, but to run it again"


@dataclass(frozen=True)
class Case:
    operation: str
    number: int
    """Of the command, from 1."""

    command: str
    moment: str  # before, during or after
    fault: str
    lasting: float = 0.0
    """Seconds that the command took undisturbed."""

    nth: int = 1
    """Of the commands that are the same, if those of a run are counted anew: one is told to wait, and tried
    again, or there is something more to read."""

    @property
    def key(self) -> str:
        return f"{self.operation}/{self.number}/{self.moment}/{self.fault}"


@dataclass
class Result:
    case: Case
    first: str = ""
    second: str = ""
    said: str = ""
    """By the last run that failed."""

    done: tuple[str, ...] = ()
    """What the messages said that a human must do."""

    problems: tuple[str, ...] = ()
    seconds: int = 0


class Lab:
    """The commands of tests/lab that are needed here."""

    def __init__(self) -> None:
        self.program = str(ROOT / "tests/lab/lab")

    def __call__(self, *words: str, check: bool = True, seconds: float = 300) -> str:
        done = subprocess.run(
            [self.program, *words],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout}")
        return done.stdout

    def on(self, node: str, script: str, *, check: bool = True, seconds: float = 300) -> str:
        return self("run", node, "--", "sh", "-c", script, check=check, seconds=seconds)

    def gluster(self, *commands: str) -> str:
        script = " && ".join(f"/usr/sbin/gluster --mode=script {command}" for command in commands)
        return self.on("node1", script) if commands else ""


lab = Lab()


# -- faults ------------------------------------------------------------------------------------------


RETURNS: list[threading.Thread] = []
"""What a fault has left to end by itself."""


def cut_node() -> None:
    lab("cut", "node1")


def cut_peer() -> None:
    lab("cut", "node2")
    # It comes back while the operation goes on, as after a power cut of one rack.
    later(threading.Thread(target=boot, args=("node2",)))


def kill_glusterd() -> None:
    lab.on("node1", "pkill -9 -x glusterd; true")


def kill_module() -> None:
    lab.on("node1", "pkill -9 -f '[A]nsiballZ|[_]_main__.py'; pkill -9 -x python3; true")


def drop_network() -> None:
    """node2 is away, and comes back while the operation goes on."""
    link("nomaster")
    later(threading.Timer(CUT_OFF, link, ["master", "lab"]))


def boot(node: str) -> None:
    """One whose glusterd does not start any more has booted all the same, then."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        lab("boot", node, check=False, seconds=60)


def later(what: threading.Thread) -> None:
    RETURNS.append(what)
    what.start()


def link(*state: str) -> None:
    subprocess.run(["ip", "link", "set", "tap2", *state], check=True)


FAULTS: dict[str, tuple[str, t.Callable[[], None]]] = {
    "node": ("the node that it runs on is cut off its power", cut_node),
    "peer": ("another node is cut off its power, and boots again", cut_peer),
    "glusterd": ("glusterd of the node that it runs on is killed", kill_glusterd),
    "module": ("the module's Python is killed", kill_module),
    "network": (f"another node has no network for {CUT_OFF:.0f} s", drop_network),
}


# -- an operation ------------------------------------------------------------------------------------


class Listener:
    """Hears of each command, and does what is to be done at one of them."""

    def __init__(self, case: Case | None) -> None:
        self.case = case
        self.commands: list[tuple[str, float]] = []  # and how long each took
        self.struck = False
        self.ended = False
        self.server = socket.create_server((HOST, PORT), reuse_port=True)
        self.server.settimeout(0.5)
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True
        self.thread.join()
        self.server.close()

    def _listen(self) -> None:
        while not self.ended:
            with contextlib.suppress(TimeoutError):
                talk, _address = self.server.accept()
                threading.Thread(target=self._follow, args=(talk,), daemon=True).start()

    def _follow(self, talk: socket.socket) -> None:
        number = nth = 0
        begun = 0.0
        with talk, contextlib.suppress(OSError), talk.makefile("rw") as said:
            for line in said:
                moment, _blank, words = line.strip().partition(" ")
                if moment == "before":
                    self.commands.append((words.partition(" -- ")[2] or words, 0.0))
                    number = len(self.commands)
                    nth = alike(self.commands)
                elif moment == "begun":
                    begun = time.monotonic()
                else:
                    command = self.commands[number - 1][0]
                    self.commands[number - 1] = (command, time.monotonic() - begun)
                self._strike(number, nth, "during" if moment == "begun" else moment)
                said.write("go\n")
                said.flush()

    def _strike(self, number: int, nth: int, moment: str) -> None:
        case = self.case
        if case is None or self.struck or (case.nth, case.moment) != (nth, moment):
            return
        if plain(self.commands[number - 1][0]).startswith(plain(case.command)):
            self.struck = True
            if moment == "during":
                time.sleep(case.lasting / 2)
            FAULTS[case.fault][1]()


def play(said: t.Mapping[str, t.Any], folder: Path) -> tuple[str, str]:
    """How a play ended ("changed", "unchanged" or one of BAD) and what it said then."""
    done = run_ansible(
        private_data_dir=str(folder),
        inventory=lab("inventory", "--path").strip(),
        playbook=[{"hosts": "node1", "gather_facts": False, **said}],
        quiet=True,
        timeout=LONGEST,
    )
    if done.status == "timeout":
        return "hung", f"nothing for {LONGEST} s"
    failures = [
        str(event["event_data"]["res"].get("msg", ""))
        for event in done.events
        if event["event"] in ("runner_on_failed", "runner_on_unreachable")
        and not event["event_data"].get("ignore_errors")
    ]
    stats = done.stats or {}
    if done.rc:
        lost = stats.get("dark")
        return "lost" if lost else "failed", " ".join((failures or ["nothing"])[-1].split())
    warnings = [
        text
        for event in done.events
        for text in event["event_data"].get("res", {}).get("warnings", ())
    ]
    changed = any(stats.get("changed", {}).values())
    return "changed" if changed else "unchanged", " ".join(warnings)


# -- the cluster -------------------------------------------------------------------------------------


def give(node: str, script: str, what: str) -> None:
    """Run it there with that as its input."""
    command = [lab.program, "run", node, "--", "sh", "-c", script]
    subprocess.run(command, input=what, check=True, text=True, timeout=60)


def make_cluster(restored: bool) -> None:
    """Its volumes; a volume that was restored is asked for more, as each is after the first restore."""
    lab("up", "--release", "bookworm", seconds=1800)
    # A power cut soon after leaves an empty file otherwise.
    place = "cat >/usr/local/sbin/gluster && chmod +x /usr/local/sbin/gluster && sync"
    give("node1", place, (HERE / "gluster").read_text(encoding="utf-8"))
    lab.on("node1", "rm -f /run/faults")
    known = lab.gluster("volume list")
    for name, brick in VOLUMES.items():
        if name not in known:
            bricks = " ".join(f"{node}:/bricks/{brick}/brick" for node in SERVERS)
            lab.gluster(f"volume create {name} replica 3 {bricks}", f"volume start {name}")
        # Not so any more where a brick of it was lost, and replaced.
        on_snapshots = all(
            path.startswith("/run/gluster/snaps/") for _node, path in bricks_of(name)
        )
        if restored and name != REPLICATED and not on_snapshots:
            lab.gluster(
                f"snapshot create first {name} no-timestamp",
                f"volume stop {name}",
                "snapshot restore first",
                f"volume start {name}",
            )
    lab.on(
        "node4",
        "gluster volume info mirror >/dev/null 2>&1 || { "
        "gluster --mode=script volume create mirror node4:/bricks/b3/brick && "
        "gluster --mode=script volume start mirror; }",
    )
    # A brick that was just made is not on the disk yet, and gone with the power.
    on_all("sync")


def wait_until_well(seconds: float = 300) -> str:
    """Until all nodes know each other and all bricks are online; what is missing, if it does not come.

    Bricks of a volume that is stopped, and one that is on its node no more, are not waited for: they do not
    come. What they mean is judged by the runs that follow.
    """
    deadline = time.monotonic() + seconds
    said = ""
    while time.monotonic() < deadline:
        said = "no answer"
        with contextlib.suppress(subprocess.TimeoutExpired):
            said = missing_now()
        if not said:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if "failed\n" in on_all("systemctl is-failed glusterd; true").values():
                return f"glusterd does not start; {said}"
        time.sleep(1)
    return said


def missing_now() -> str:
    """node1 tells of all bricks, by what each glusterd says of its own; the others, whom they know."""
    pool = "/usr/sbin/gluster pool list | grep -c Connected; "
    told = lab.on(
        "node1",
        pool + "/usr/sbin/gluster volume info | grep -c '^Status: Started'; "
        "/usr/sbin/gluster --xml volume status all",
        check=False,
        seconds=60,
    )
    counts = told.split()[:2]
    if counts[:1] != [str(len(SERVERS))] or not counts[1:]:
        return f"node1 knows {told[:100]!r}"
    # Only bricks have a path. Of the daemon that heals, 10.3 may say "N" where it is at work: after
    # a node has come back whose volume is of a newer version.
    bricks = re.findall(
        r"<hostname>(\S+)</hostname>\s*<path>(/\S+)</path>.*?<status>(\d)</status>", told, re.DOTALL
    )
    away = [(node, path) for node, path, status in bricks if status != "1" and is_there(node, path)]
    if away or len(bricks) < int(counts[1]) * len(SERVERS):
        return f"{counts[1]} volumes are started; bricks: {len(bricks)}, of these offline: {away}"
    for node in SERVERS[1:]:
        known = lab.on(node, pool, check=False, seconds=60).strip()
        if known != str(len(SERVERS)):
            return f"{node} knows {known!r}"
    return ""


def mend(off: t.Iterable[str]) -> str:
    """The fault is over, and nothing of the harness is in the way; what is missing even so."""
    while RETURNS:
        RETURNS.pop().join()
    for node in off:
        boot(node)
    link("master", "lab")
    # After it was killed the unit would wait for a minute, and a start for that (RestartSec).
    lab.on(
        "node1",
        "rm -f /run/faults; systemctl is-active --quiet glusterd || "
        f"{{ systemctl stop glusterd; {START}; }}",
        check=False,
    )
    return wait_until_well()


def restart(nodes: t.Iterable[str]) -> str:
    nodes = sorted(nodes)
    for node in nodes:
        lab.on(node, "systemctl reset-failed glusterd; systemctl restart glusterd")
    wait_until_well()
    return f"glusterd restarted on {' and '.join(nodes)}"


# -- what a message says -----------------------------------------------------------------------------


def restart_named(said: str, _folder: Path) -> str:
    named = set(re.findall(r"failed on (node\d|localhost)", said))
    return restart("node1" if name == "localhost" else name for name in named)


def restart_silent(_said: str, _folder: Path) -> str:
    """Those that do not answer, if any: a node that was gone may be back."""
    told = on_all("timeout 30 /usr/sbin/gluster pool list >/dev/null && echo answers; true")
    nodes = [node for node, answer in told.items() if not answer]
    return restart(nodes) if nodes else TRIED_AGAIN


def remove(module: str, name: str, folder: Path) -> str:
    """How that ended."""
    task = {f"{MODULES}.{module}": {"name": name, "state": "absent"}}
    return play({"tasks": [task]}, folder)[0]


def remove_half_made(said: str, folder: Path) -> str:
    name = re.findall(r"Snapshot (\S+) is half made", said)[-1]
    return f"the half made snapshot removed ({remove('gluster_snapshot', name, folder)})"


def activate_again(said: str, _folder: Path) -> str:
    cloned = re.findall(r"snapshot clone \S+ (\S+) failed", said)
    for name in cloned:
        lab.gluster(f"snapshot deactivate {name}", f"snapshot activate {name}")
    return f"{cloned[0]} deactivated and activated" if cloned else ""


def on_all(script: str) -> dict[str, str]:
    """What each of the servers says, at the same time."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return dict(zip(SERVERS, pool.map(lambda node: lab.on(node, script), SERVERS)))


def forget(said: str, _folder: Path) -> str:
    """What the guide tells of a snapshot that its volume lies on."""
    name = re.findall(r"[Ss]napshot (\S+?):? (?:is )?what its volume lies on", said)[-1]
    on_all("systemctl stop glusterd")
    on_all(f"rm -rf {STORE}/snaps/{name}")
    on_all(START)
    wait_until_well()
    return "the snapshot forgotten by all servers"


def end_restore(_said: str, _folder: Path) -> str:
    """What the guide tells of a restore that was cut off in its midst."""
    told = on_all(
        f"cd {STORE}; grep -l ^status=4 snaps/*/info | xargs -r dirname; "
        "grep -H ^brick-0= vols/*/info; true"
    )
    unfinished = re.search(r"^snaps/(\S+)$", "\n".join(told.values()), re.MULTILINE)
    name = unfinished[1] if unfinished else ""
    listed = "\n".join(on_all(f"ls {STORE}/snaps/{name}; true").values())
    digits = re.findall(r"^[0-9a-f]{32}$", listed, re.MULTILINE)
    if not name or not digits:
        return ""
    lies = re.compile(rf"vols/(\S+)/info:.*-{digits[0]}-")
    having = {node: found[1] for node in SERVERS for found in [lies.search(told[node])] if found}
    on_all("systemctl stop glusterd")
    if not having:
        return put_back(name)
    good, volume = min(having.items())
    on_all(f"rm -rf {STORE}/snaps/{name} {STORE}/trash/vols-{volume}.deleted")
    files_of_it = lab.on(good, f"tar -C {STORE}/vols -c {volume} | base64 -w0")
    for node in set(SERVERS) - {good}:
        give(node, f"rm -rf {STORE}/vols/{volume}; base64 -d | tar -C {STORE}/vols -x", files_of_it)
    on_all(START)
    wait_until_well()
    put_identity_back(volume)
    return "the restore ended by hand"


def put_back(name: str) -> str:
    """No server has restored: each has its files of the volume of before in the trash."""
    on_all(
        f"cd {STORE}; for old in trash/vols-*.deleted; do "
        "new=${old#trash/vols-}; new=vols/${new%.deleted}; "
        "rmdir $new; test -e $new || mv $old $new; done; "
        f"sed -i s/^status=4/status=2/ snaps/{name}/info; {START}"
    )
    wait_until_well()
    return "the restore taken back by hand"


def mend_start(said: str, folder: Path) -> str:
    """Of a clone that was never started, or of a volume that was restored."""
    name = re.findall(r"volume start (\S+) failed", said)[-1]
    if name not in VOLUMES:
        return remove_half_cloned(name, folder)
    return replace_lost_bricks(name) if "Failed to find" in said else put_identity_back(name)


def bricks_of(volume: str) -> list[tuple[str, str]]:
    """Their nodes and paths."""
    return re.findall(
        r"^Brick\d+: (\S+?):(/\S+)", lab.gluster(f"volume info {volume}"), re.MULTILINE
    )


def lost_bricks(volume: str) -> list[tuple[str, str]]:
    """Those that are on their nodes no more."""
    return [(node, path) for node, path in bricks_of(volume) if not is_there(node, path)]


def is_there(node: str, path: str) -> bool:
    return "yes" in lab.on(node, f"test -d {path} && echo yes; true")


REPLACED = "the lost brick replaced"


def replace_lost_bricks(volume: str) -> str:
    """What the guide tells of a brick that a power cut took in the moment of a restore."""
    gone = lost_bricks(volume)
    lab.gluster(f"volume set {volume} {HELD}", f"volume start {volume} force")
    used = lab.gluster("volume info")
    for node, path in gone:
        free = next(b for b in SPARE if f"{node}:{b}" not in used)
        # That of an earlier time has files, and snapshots taken of it, which are other logical volumes.
        lab.on(node, f"rm -rf {free}")
        lab.gluster(f"volume replace-brick {volume} {node}:{path} {node}:{free} commit force")
    wait_until_well(60)  # a new brick is online after some seconds
    return f"{REPLACED} on {' and '.join(node for node, _path in gone)}"


def bring_online(said: str, _folder: Path) -> str:
    """What the message says of bricks that are offline, of nodes that are up."""
    (name,) = set(re.findall(r"[Bb]ricks of volume (\S+) are offline", said))
    if lost_bricks(name):
        return replace_lost_bricks(name)
    offline = re.findall(r"(node\d):(/[^\s,]+)", said.partition(" are offline: ")[2])
    if not any(is_run(node, path) for node, path in offline):
        lab.gluster(f"volume start {name} force")
        if not wait_until_well(60):
            return "the volume started by force"
    return restart({node for node, _path in offline})


def is_run(node: str, brick: str) -> bool:
    """Has it a process, whatever glusterd knows of that?"""
    return "yes" in lab.on(node, f"pgrep -f '[-]-brick-name {brick} ' >/dev/null && echo yes; true")


def healed(volume: str, seconds: float = 120) -> list[str]:
    """What is not, after that time. While the volume is read-only nothing is (10.3)."""
    deadline = time.monotonic() + seconds
    while True:
        # The daemon that heals looks by itself every ten minutes.
        heal = f"/usr/sbin/gluster volume heal {volume}"
        told = lab.on("node1", f"{heal} >/dev/null; {heal} info; true")
        left = re.findall(r"Number of entries: (\S+)", told)
        if set(left) == {"0"}:
            return []
        if time.monotonic() > deadline:
            return [f"{volume} is not healed: {left}"]
        time.sleep(2)


def put_identity_back(volume: str) -> str:
    known = re.findall(r"Volume ID: (\S+)", lab.gluster(f"volume info {volume}"))
    value = known[0].replace("-", "")
    for node, path in bricks_of(volume):
        # One that is gone is another matter.
        lab.on(node, f"setfattr -n trusted.glusterfs.volume-id -v 0x{value} {path}", check=False)
    return "the volume's id given to its bricks"


def remove_half_cloned(name: str, folder: Path) -> str:
    return f"the clone removed ({remove('gluster_snapshot_clone', name, folder)})"


def remove_empty_keys(_said: str, _folder: Path) -> str:
    script = "find /var/lib/glusterd/geo-replication -name '*.pem*' -size 0 -print -delete"
    found = [node for node in SERVERS if lab.on(node, script)]
    return f"empty keys removed on {', '.join(found)}" if found else ""


ADVICE: dict[str, t.Callable[[str, Path], str]] = {
    "deactivate it, and activate it again": activate_again,
    "systemctl restart glusterd on the named node": restart_named,
    "remove it (state: absent), and take it again": remove_half_made,
    "Restart that glusterd (systemctl restart glusterd)": lambda _said, _folder: restart(["node1"]),
    "remove it (gluster_snapshot_clone, state: absent), and make it again": mend_start,
    "tells how to make glusterd forget it": forget,
    "If none is, a node was cut off amid one": end_restore,
    "glusterd does not answer on this node": end_restore,
    "has 0 bytes, remove it and its .pub": remove_empty_keys,
    "or that was in vain, systemctl restart glusterd": bring_online,
    "restart glusterd there: systemctl restart glusterd": restart_silent,
    "Try again when the cluster has less to do": lambda _said, _folder: TRIED_AGAIN,
}
"""What a message has in it, and what a human does then."""


def follow(said: str, folder: Path) -> str:
    """Do what is said; what that was."""
    return next((do(said, folder) for words, do in ADVICE.items() if words in said), "")


# -- the start ---------------------------------------------------------------------------------------


def clear() -> None:
    """No snapshot, no clone and no option: what each case begins with."""
    gluster = "/usr/sbin/gluster --mode=script volume"
    for told in lab.gluster("volume info").split("Volume Name: ")[1:]:
        name = told.split()[0]
        if name not in VOLUMES:
            lab.on("node1", f"yes | {gluster} stop {name} force; {gluster} delete {name}")
        elif "Status: Started" not in told or re.search(OF_A_CASE, told, re.MULTILINE):
            # A failover leaves it read-only; a restore that was not finished too, with a note. The other
            # options of a volume that is replicated are those of its session.
            which = " features.read-only" if name == REPLICATED else ""
            lab.on("node1", f"{gluster} reset {name}{which}; {gluster} start {name}; true")
    if not delete_snapshots():
        return
    # What a node lists without a file of it, until its glusterd is restarted.
    restart(SERVERS)
    left = delete_snapshots()
    if left:
        raise RuntimeError(f"snapshots cannot be removed: {left}")


def snapshots() -> set[str]:
    """Those that any of the nodes knows."""
    said = on_all("/usr/sbin/gluster snapshot list").values()
    return {name for one in said for name in one.splitlines()} - {"No snapshots present"}


def delete_snapshots() -> set[str]:
    """All of them; those that are left."""
    known = snapshots()
    if not known:
        return known
    deletions = (f"/usr/sbin/gluster --mode=script snapshot delete {name}; " for name in known)
    lab.on("node1", "".join(deletions) + "true")
    return snapshots()


MOUNT = (
    "mkdir -p /mnt/faults; mount -t glusterfs -o backup-volfile-servers=node2:node3 {} /mnt/faults"
)


def sources(operation: t.Mapping[str, t.Any], done: bool = False) -> dict[str, str]:
    """Where clients mount its volumes: elsewhere when it has moved them."""
    moved = operation.get("moved", {}) if done else {}
    return {volume: moved.get(volume, f"node1:/{volume}") for volume in operation["volumes"]}


READ = "(cd /mnt/faults && grep -H . -- *)"
UNMOUNT = "code=$?; umount /mnt/faults; exit $code"


def write(name: str, source: str) -> str:
    """A file in it, acknowledged by the disk; what is in it then."""
    done = f"echo {name} > /mnt/faults/{name} && sync /mnt/faults/{name} && {READ}"
    return lab.on("node4", f"{MOUNT.format(source)} && {done}; {UNMOUNT}")


def files(source: str, told: str = "") -> set[str]:
    """Those of a volume, or of a snapshot, that hold what was written."""
    said = told or lab.on("node4", f"{MOUNT.format(source)} && {READ}; {UNMOUNT}", check=False)
    pairs = (line.split(":", 1) for line in said.splitlines() if ":" in line)
    return {pair[0] for pair in pairs if pair[0] == pair[1]}


def lost(
    acknowledged: t.Iterable[str], where: t.Mapping[str, str], read: t.Mapping[str, str]
) -> list[str]:
    """What is neither in its volume, which was read already or is now, nor in a snapshot."""
    found = []
    for volume, source in where.items():
        missing = set(acknowledged) - files(source, read.get(source, ""))
        names = lab.gluster(f"snapshot list {volume}").split() if missing else []
        # What a restore has kept has most.
        for name in sorted(names, key=lambda one: not one.startswith("before-restore")):
            if missing:
                lab.on("node1", f"/usr/sbin/gluster --mode=script snapshot activate {name}; true")
                missing -= files(f"node1:/snaps/{name}/{volume}")
        found += [f"{name} of {volume} is lost" for name in sorted(missing)]
    return found


def state(operation: t.Mapping[str, t.Any], read: dict[str, str]) -> list[str]:
    """What is not as it should be, and what volumes have, into ``read``."""
    found = []
    told = on_all("/usr/sbin/gluster snapshot list; echo; nft list tables 2>&1; true")
    lists = {node: one.partition("\n\n")[0] for node, one in told.items()}
    if len(set(lists.values())) > 1:
        found.append(f"nodes know other snapshots: {lists}")
    found += [
        f"{node} holds packets" for node, one in told.items() if "gluster" in one.split("\n\n")[-1]
    ]
    for volume, source in sources(operation, done=True).items():
        if "Status: Started" not in lab.gluster(f"volume info {volume}"):
            found.append(f"{volume} is not started")
        try:
            read[source] = write("after", source)
        except RuntimeError as error:
            found.append(f"{source} cannot be written: {error}")
    for command, expected in operation["wanted"].items():
        if not re.search(expected, lab.gluster(command), re.MULTILINE):
            found.append(f"gluster {command} does not say {expected!r}")
    return found


# -- a case ------------------------------------------------------------------------------------------


def start(operation: t.Mapping[str, t.Any], name: str, folder: Path) -> list[str]:
    clear()
    old, new = f"{name}-old", f"{name}-new"
    for source in sources(operation).values():
        write(old, source)
    try:
        lab.gluster(*operation.get("before", ()))
    except RuntimeError:
        # After a restore, a glusterd that was restarted may have no quota.cksum, and fails at each (10.3).
        restart(SERVERS)
        clear()
        lab.gluster(*operation.get("before", ()))
    if "prepare" in operation:
        end, said = play(operation["prepare"], folder)
        if end in BAD:
            raise RuntimeError(f"the start cannot be made: {said}")
    for source in sources(operation).values():
        write(new, source)
    return [old, new]


def disturbed(
    case: Case | None, operation: t.Mapping[str, t.Any], folder: Path
) -> tuple[tuple[str, str], Listener]:
    lab.on("node1", f"echo {HOST} {PORT} > /run/faults")
    with Listener(case) as listener:
        end = play(operation["play"], folder)
    return end, listener


def commands_of(name: str, folder: Path) -> list[tuple[str, float]]:
    """Those of an undisturbed run."""
    operation = OPERATIONS[name]
    start(operation, "undisturbed", folder)
    end, listener = disturbed(None, operation, folder)
    lab.on("node1", "rm -f /run/faults")
    if end[0] != "changed":
        raise RuntimeError(f"{name} does not run undisturbed: {end}")
    return listener.commands


def alike(commands: t.Sequence[tuple[str, float]]) -> int:
    """How many of them are the same as the last one, with it."""
    return [plain(command) for command, _seconds in commands].count(plain(commands[-1][0]))


def cases_of(name: str, commands: t.Sequence[tuple[str, float]]) -> list[Case]:
    """Of an operation, first what may do most harm: changing commands."""
    found = []
    for number, (command, seconds) in enumerate(commands, 1):
        # After a command that only reads is before the next one.
        moments = ("before",) if READS.match(command) else ("before", "during", "after")
        nth = alike(commands[:number])
        found += [
            Case(name, number, command, moment, fault, round(seconds, 1), nth)
            for moment in moments
            for fault in FAULTS
        ]
    return sorted(found, key=lambda case: bool(READS.match(case.command)))


def judge(case: Case, folder: Path) -> Result:
    begun = time.monotonic()
    result = Result(case)
    operation = OPERATIONS[case.operation]
    acknowledged = start(operation, f"{int(time.time())}", folder)
    problems = []
    read: dict[str, str] = {}
    (result.first, result.said), listener = disturbed(case, operation, folder)
    # Of the first run alone: below is what others said.
    warned = "Run the task again" in result.said
    if not listener.struck:
        problems.append("the fault had no place: the command was not run")
    missing = mend(["node1"] if case.fault == "node" else [])
    if TRACEBACK.search(result.said) and case.fault != "module":
        problems.append(f"a traceback: {result.said[:400]}")
    problems += second_of(result, folder)
    # Where its node is cut off the module is gone: then it was ssh that waited.
    if result.second == "hung" or (result.first == "hung" and case.fault != "node"):
        problems.append("a run did not end by itself")
    if result.second not in BAD:
        if result.first not in BAD and result.second == "changed" and not warned:
            problems.append(
                "the first run said that it had succeeded, and the second changed something"
            )
        if missing and missing_now():
            problems.append(f"the cluster is not well again: {missing}")
        # One that finds nothing to do is what a third is to be.
        if result.second == "changed" and play(operation["play"], folder)[0] != "unchanged":
            problems.append("a third run is not unchanged")
        problems += state(operation, read)
        if any(REPLACED in did for did in result.done):
            problems += [text for volume in operation["volumes"] for text in healed(volume)]
    problems += lost(acknowledged, sources(operation, result.second not in BAD), read)
    result.problems = tuple(problems)
    result.seconds = round(time.monotonic() - begun)
    return result


def second_of(result: Result, folder: Path) -> t.Iterator[str]:
    """The run after the fault, and others while what a message says can be done; what is wrong with them."""
    wanted = OPERATIONS[result.case.operation]["play"]
    result.second, said = play(wanted, folder)
    while result.second in BAD:
        result.said = said
        if TRACEBACK.search(said):
            yield f"a traceback: {said[:400]}"
        did = follow(said, folder) if len(result.done) < TRIES else ""
        if not did:
            return
        result.done += (did,)
        result.second, said = play(wanted, folder)


def in_turn(rows: t.Iterable[t.Iterable[Case]]) -> t.Iterator[Case]:
    """One of each operation, then the next of each."""
    waiting = collections.deque(iter(row) for row in rows)
    while waiting:
        row = waiting.popleft()
        for case in itertools.islice(row, 1):
            yield case
            waiting.append(row)


def short() -> list[Case]:
    return [
        Case(operation, number, command, moment, fault, SHORT_LASTING)
        for number, (operation, command, moment, faults) in enumerate(SHORT, 1)
        for fault in faults
    ]


def main() -> None:
    # Where it waits, if somebody has waited for it for too long.
    faulthandler.register(signal.SIGTERM, chain=True)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="ten of them")
    parser.add_argument("--table", action="store_true", help="write the page, run nothing")
    parser.add_argument("--only", default="", help="those whose key has this in it")
    parser.add_argument("--results", type=Path, help="where they are kept, and were")
    options = parser.parse_args()
    results = options.results or (RESULTS if options.table else None)
    kept = json.loads(results.read_text(encoding="utf-8")) if results and results.exists() else {}
    if options.table:
        PAGE.write_text(page(kept), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(run(options, kept, Path(folder)))


def run(options: argparse.Namespace, kept: dict[str, t.Any], folder: Path) -> int:
    make_cluster(restored=not options.short)
    # What a run that was ended left.
    running = lab("status", check=False)
    missing = mend(node for node in SERVERS if re.search(rf"^{node} +- ", running, re.MULTILINE))
    if missing:
        print(f"the cluster is not well: {missing}", flush=True)
        return 1
    only = options.only.partition("/")[0]
    out: list[str] = []

    def cases(name: str) -> t.Iterator[Case]:
        """Known when the first of them is asked for: an undisturbed run takes a minute."""
        try:
            commands = commands_of(name, folder)
        except RuntimeError as error:
            print(f"{name} is left out: {error}", flush=True)
            out.append(name)
            return
        found = [case for case in cases_of(name, commands) if options.only in case.key]
        left = [case for case in found if case.key not in kept]
        told = "; ".join(f"{command} ({seconds:.1f} s)" for command, seconds in commands)
        print(f"{name}: {told}: {len(left)} of {len(found)} faults are left", flush=True)
        yield from left

    left = in_turn([cases(name) for name in OPERATIONS if only in ("", name)])
    if options.short:
        left = (case for case in short() if not kept.get(case.key, {}).get("first"))
    for case in left:
        try:
            result = judge(case, folder)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            # At the start of this one, or at a look after it.
            result = Result(case, problems=(f"the cluster does not do as it is told: {error}",))
        kept[case.key] = asdict(result)
        if options.results:
            text = json.dumps(kept, indent=1, sort_keys=True) + "\n"
            options.results.write_text(text, encoding="utf-8")
        well = is_well(kept[case.key])
        told = "; ".join(result.problems) or ("well" if well else "the last run failed too")
        print(
            f"{case.key} ({case.command}): {result.first}, again {result.second}, {result.seconds} s: {told}"
            + (f" [{result.said[:300]}]" if result.said else ""),
            flush=True,
        )
        if not result.first:
            return UNFIT
        if options.short and not well:
            return 1
    # Also what an earlier run has found, or one that ended with another code.
    found = [key for key, one in kept.items() if options.only in key and not is_well(one)]
    return 1 if found or out else 0


HEAD = """\
..
  Copyright (c) 2026, glusterfs.data_protection contributors
  SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.glusterfs.data_protection.docsite.guide_faults:

Faults, one by one
==================

What became of each operation where something went wrong at one of its commands. The table is made by
``make faults``, on a cluster of three servers (Gluster 10.3) in virtual machines. {total} faults were run.

After the fault the same task was run again. *Well* means: it succeeded, and found nothing to do after a
success that had not warned of it; one more run changed nothing, all
volumes were started and could be written, nothing was held, each server knew the same snapshots, and each
file that a client had written before was in its volume or in a snapshot. A number tells how many of the
faults before, during and after that command ended like that. Where a person had to do something, as a message
said, and the task was run once more after that, it counts as well too, and stands below the table.

The faults are:

{faults}

.. list-table::
   :header-rows: 1
   :widths: 16 34 10 10 10 10 10

{rows}
"""


def page(kept: t.Mapping[str, t.Any]) -> str:
    """The page of the documentation: a row a command, a column a fault."""
    places: dict[tuple[str, int, str], dict[str, list[t.Any]]] = {}
    for one in kept.values():
        case = Case(**one["case"])
        place = places.setdefault((case.operation, case.number, plain(case.command)), {})
        place.setdefault(case.fault, []).append(one)
    order = list(OPERATIONS)
    rows = [("operation", "command of ``gluster``", *FAULTS)]
    notes = []
    for where in sorted(places, key=lambda one: (order.index(one[0]), one[1])):
        cells = []
        for fault in FAULTS:
            found = places[where].get(fault, [])
            well = sum(map(is_well, found))
            cells.append(f"{well} of {len(found)}" if found else "")
            notes += [one for one in found if not is_well(one) or one["done"]]
        rows.append((where[0].replace("_", " "), f"``{where[2]}``", *cells))
    table = "\n".join(
        f"   {'*' if not column else ' '} - {cell}".rstrip()
        for row in rows
        for column, cell in enumerate(row)
    )
    faults = "\n".join(f"* {name}: {text}." for name, (text, _do) in FAULTS.items())
    return HEAD.format(total=len(kept), faults=faults, rows=table) + told_below(notes)


def is_well(one: t.Mapping[str, t.Any]) -> bool:
    return not one["problems"] and one["second"] not in BAD


def told_below(found: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """How those ended that were not well by themselves: each way once, with the last of the messages."""
    alike: dict[tuple[str, str], list[t.Mapping[str, t.Any]]] = {}
    for one in found:
        did = "; ".join(sorted({text.partition(" on ")[0] for text in one["done"]}))
        failed = "; ".join(one["problems"]) or "The last run failed too"
        advice = next((words for words in ADVICE if words in one["said"]), "")
        alike.setdefault(
            (f"Well after this: {did}" if is_well(one) else failed, advice), []
        ).append(one)
    return "".join(
        f"\n{end}:\n\n"
        + "".join(f"* {place_of(one)}\n" for one in those)
        + f"\nwhere the last message was: {those[-1]['said']}\n"
        for (end, _advice), those in alike.items()
    )


def place_of(one: t.Mapping[str, t.Any]) -> str:
    case = Case(**one["case"])
    return f"{case.operation}, {case.fault}, {case.moment} ``{plain(case.command)}``"


def plain(command: str) -> str:
    """Without what has the ids of a run in it: a description, a note, the end of a safety snapshot's name."""
    said = re.sub(r" (description|user\.data-protection\.\w+) .*", "", command)
    return re.sub(r"(before-restore-\w+)-[0-9a-f]{12}", r"\1", said)


if __name__ == "__main__":
    main()
