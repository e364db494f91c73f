# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is slow in the lab, on this machine's own kernel: a set at one point in time, and a removal.

    make bench-namespaces                     the figures are kept in tests/bench/namespaces.json
    make bench-namespaces BENCH="--pairs 1"   quicker, and less sure
    python tests/bench/namespaces.py --page   the table of the documentation, from what was kept

Three nodes of a real pool, each with network, mounts, processes and name of its own, and a
controller that reaches them by ssh. The role consistency_group_snapshot takes a set of three volumes.
Beside it, in turn: the creates by plain commands with nothing held, and two tasks that do nothing.
And retention removes 100 of 150 snapshots, beside a loop of tasks, a script, and one gluster for all.

The kernel need not have device-mapper. So a thin logical volume is a sparse file here, and LVM is a
script that copies it. All else is as anywhere, and the copies are on both sides.

Everything is in namespaces, files too. They go with the last process, and all processes with the
first.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ansible_runner.interface import run as run_ansible

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = HERE / "namespaces.json"
GUIDES = ROOT / "docs/docsite/rst"
OURS = "glusterfs.data_protection."
NODES = {f"node{number}": f"198.18.1.{number}" for number in (1, 2, 3)}
INITIATOR = "node1"
CONTROLLER = "198.18.1.254"
VOLUMES = ("one", "two", "three")
"""Of the set: each has a brick on every node."""

MANY = {f"many{number:02}": node for number, node in zip(range(1, 11), itertools.cycle(NODES))}
"""Of the removal, with the node of the only brick: NIGHTS snapshots each, of which the last are kept."""

NIGHTS, KEPT = 15, 5
GROUP = "shop"
WANTED = 1.3
WANTED_BY_LOOP, WANTED_BY_SCRIPT = 0.2, 1.0
PATIENCE = 60.0
"""Seconds for the pool to come together."""

OWN = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Runs a command with mounts and processes of its own, which end with it."""

VOLUME_GROUP = "/dev/shm"  # noqa: S108
"""Among the devices, and a folder of each node's own: its snapshots are in a group `shm`."""

LVM = r"""#!/bin/sh
# What glusterd asks of LVM.
set -e
for last; do :; done
case ${0##*/}\ $* in
    "lvs --noheadings -o pool_lv "*) echo pool ;;
    "lvs --noheadings -o vg_name "*) echo shm ;;
    "lvcreate --help") echo --setactivationskip ;;
    "lvcreate -s "*)
        mount=$(findmnt -f -n -o TARGET -S "$2")
        fsfreeze -f "$mount"
        trap 'fsfreeze -u "$mount"' EXIT
        cp --sparse=always "$(cat "/sys/block/${2##*/}/loop/backing_file")" "$last"
        ;;
    "lvremove "*) rm -- "$last" ;;
    *) exit 5 ;;
esac
"""
SIZE = str(320 << 20)
"""Bytes of a brick: little more than the least that XFS takes."""

SSHD = "/usr/sbin/sshd"
SSHD_CONFIG = """
HostKey {folder}/{node}/host_key
AuthorizedKeysFile {folder}/key.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
StrictModes no
PidFile none
Subsystem sftp internal-sftp
"""
SSH_CONFIG = """
Host *
  User root
  IdentityFile {folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  ControlMaster auto
  ControlPersist 300
  ControlPath {folder}/cm-%h
  ConnectionAttempts 30
  LogLevel ERROR
"""

Event = t.Dict[str, t.Any]
Task = t.Dict[str, t.Any]


@dataclass(frozen=True)
class Pair:
    """Seconds."""

    hold: float
    """The longest of the nodes, from the first change of its firewall to the last."""

    told: float
    """The longest as the role tells it."""

    creates: float
    """The same snapshots, started at once and with nothing held."""

    empty: float
    """Two tasks that do nothing, on the same nodes."""

    @property
    def ratio(self) -> float:
        return self.hold / (self.creates + self.empty)


@dataclass(frozen=True)
class Removal:
    """Seconds: of a task, but for the last two, which need no Ansible."""

    ours: float
    loop: float
    script: float
    least: float
    """One gluster that reads all commands: what is Gluster's own."""


@dataclass(frozen=True)
class Figures:
    cores: int
    load: float
    """Of this machine, before."""

    pairs: tuple[Pair, ...]
    removals: tuple[Removal, ...]

    @property
    def by_loop(self) -> float:
        return round(statistics.median(one.ours / one.loop for one in self.removals), 2)

    @property
    def by_script(self) -> float:
        return round(statistics.median(one.ours / one.script for one in self.removals), 2)

    @property
    def ratio(self) -> float:
        return round(statistics.median(pair.ratio for pair in self.pairs), 2)


def run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def be_node(name: str, folder: Path) -> t.NoReturn:
    """The first process of a node, with all that is to be its own: it becomes its sshd."""
    own = folder / name
    for there in ("/var/lib/glusterd", "/var/log/glusterfs"):
        here = own / Path(there).name
        here.mkdir()
        run("mount", "--bind", str(here), there)
    for there in ("/run", VOLUME_GROUP):
        run("mount", "-t", "tmpfs", "none", there)
    run("mount", "--bind", str(folder / "hosts"), "/etc/hosts")
    run("mount", "--bind", str(folder / "lvm"), os.path.realpath("/sbin/lvcreate"))
    # Were the images on the file system below which they are mounted, they would keep each other.
    images = own / "images"
    images.mkdir()
    run("mount", "-t", "tmpfs", "none", str(images))
    for volume in (*VOLUMES, *(volume for volume, node in MANY.items() if node == name)):
        image, mount = images / volume, own / volume
        run("truncate", "--size", SIZE, str(image))
        run("mkfs.xfs", "-q", "-K", "-i", "size=512", str(image))
        mount.mkdir()
        run("mount", "-o", "loop", str(image), str(mount))
    run("hostname", name)
    for interface in ("lo", "eth0"):
        run("ip", "link", "set", interface, "up")
    run("ip", "address", "add", f"{NODES[name]}/24", "dev", "eth0")
    Path("/run/sshd").mkdir()
    subprocess.Popen(["glusterd", "--no-daemon"])
    os.execv(SSHD, [SSHD, "-D", "-e", "-f", str(own / "sshd_config")])  # noqa: S606


class Pool:
    """Nodes on this machine. What they are goes with the process that made them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        run("mount", "-t", "tmpfs", "none", str(folder))
        run("mount", "-t", "tmpfs", "none", "/run")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "pool", "type", "bridge")
        run("ip", "address", "add", f"{CONTROLLER}/24", "dev", "pool")
        run("ip", "link", "set", "pool", "up")
        self._key(folder / "key")
        lines = [f"{address} {name}" for name, address in NODES.items()]
        (folder / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
        (folder / "lvm").write_text(LVM, encoding="utf-8")
        (folder / "lvm").chmod(0o755)
        (folder / "ssh_config").write_text(SSH_CONFIG.format(folder=folder))
        with open(folder / "known_hosts", "w", encoding="utf-8") as known:
            for name, address in NODES.items():
                known.write(f"{address} {self._start(name)}")

    def _key(self, file: Path) -> str:
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file))
        return file.with_name(f"{file.name}.pub").read_text(encoding="utf-8")

    def _start(self, name: str) -> str:
        """What ssh has to know of it."""
        own = self.folder / name
        own.mkdir()
        key = self._key(own / "host_key")
        (own / "sshd_config").write_text(SSHD_CONFIG.format(folder=self.folder, node=name))
        run("ip", "netns", "add", name)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", name, "master", "pool", "up")
        program = [sys.executable, __file__, "--folder", str(self.folder), "--node", name]
        with open(own / "log", "wb") as log:
            subprocess.Popen(
                ["ip", "netns", "exec", name, *OWN, "--uts", *program],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return key

    def on_node(self, *command: str, node: str = INITIATOR) -> str:
        return run("ssh", "-F", str(self.folder / "ssh_config"), NODES[node], shlex.join(command))

    def gluster(self, *words: str, node: str = INITIATOR) -> str:
        return self.on_node("gluster", "--mode=script", *words, node=node)

    def wait_for(self, seen: str, times: int, *words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                said = self.gluster(*words)
            except RuntimeError as error:
                said = str(error)
            if said.count(seen) == times:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"gluster {' '.join(words)}: {said}")
            time.sleep(0.5)

    def make_volumes(self) -> None:
        """Each with a brick on every node."""
        self.wait_for("localhost", 1, "pool", "list")
        others = [name for name in NODES if name != INITIATOR]
        for name in others:
            self.gluster("peer", "probe", name)
        self.wait_for("Peer in Cluster (Connected)", len(others), "peer", "status")
        self.gluster("peer", "probe", INITIATOR, node=others[0])
        for volume in VOLUMES:
            bricks = [f"{name}:{self.folder}/{name}/{volume}/brick" for name in NODES]
            shape = ("replica", str(len(NODES)))
            self.gluster("volume", "create", volume, *shape, *bricks)
            self.gluster("volume", "start", volume)
        for volume, name in MANY.items():
            brick = f"{name}:{self.folder}/{name}/{volume}/brick"
            self.gluster("volume", "create", volume, brick)
            self.gluster("volume", "start", volume)

    def play(self, *tasks: Task) -> list[Event]:
        """Run these on all nodes; what is known of each task on each node."""
        run_variables = {
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_pipelining": True,
            "ansible_ssh_args": f"-F {self.folder}/ssh_config",
            "ansible_remote_tmp": "/run/ansible",
            "ansible_async_dir": "/run/ansible_async",
        }
        hosts = {name: {"ansible_host": address} for name, address in NODES.items()}
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            done = run_ansible(
                private_data_dir=folder,
                inventory={"all": {"hosts": hosts, "vars": run_variables}},
                playbook=[{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}],
                quiet=True,
            )
            if done.rc:
                raise RuntimeError(done.stdout.read())
            ended = [event for event in done.events if event["event"] == "runner_on_ok"]
            return [event["event_data"] for event in ended]

    @contextlib.contextmanager
    def watched(self) -> t.Iterator[dict[str, list[tuple[float, str]]]]:
        """When the table of the hold came and went on each node; all is there at the end."""
        seen: dict[str, list[tuple[float, str]]] = {name: [] for name in NODES}

        def follow(told: t.Iterable[str], into: list[tuple[float, str]]) -> None:
            into += ((time.monotonic(), line.split()[0]) for line in told if "table inet" in line)

        with contextlib.ExitStack() as stack:
            for name, into in seen.items():
                monitor = subprocess.Popen(
                    ["ip", "netns", "exec", name, "nft", "monitor", "tables"],
                    stdout=subprocess.PIPE,
                    text=True,
                )
                stack.enter_context(monitor)
                thread = threading.Thread(target=follow, args=(monitor.stdout, into))
                thread.start()
                stack.callback(thread.join)
                stack.callback(monitor.terminate)
            yield seen


def set_taken(pool: Pool) -> tuple[float, float]:
    """The longest hold of the nodes, by their firewalls and by what the role says."""
    role = {
        "ansible.builtin.include_role": {"name": f"{OURS}consistency_group_snapshot"},
        "vars": {
            "consistency_group_snapshot_group": GROUP,
            "consistency_group_snapshot_name": "measured",
        },
    }
    with pool.watched() as seen:
        events = pool.play(role)
    facts = [event["res"].get("ansible_facts", {}) for event in events]
    (told, *_others) = [
        fact["consistency_group_snapshot_result"]
        for fact in facts
        if "consistency_group_snapshot_result" in fact
    ]
    lengths = []
    for name, changes in seen.items():
        # A table is made anew: it comes, goes and comes in one change.
        if [change for _time, change in changes] != ["add", "delete", "add", "delete"]:
            raise RuntimeError(f"{name} was not held once and released: {changes}")
        lengths.append(changes[-1][0] - changes[0][0])
    return round(max(lengths), 2), float(told["longest_hold_seconds"])


def plain_creates(pool: Pool) -> float:
    """With plain commands, as quick as they can be."""
    create = "gluster --mode=script snapshot create bare-{0} {0} no-timestamp >/dev/null &"
    creates = map(create.format, VOLUMES)
    script = "\n".join(["date +%s.%N", *creates, "wait", "date +%s.%N"])
    begun, ended = map(float, pool.on_node("sh", "-c", script).split())
    known = pool.gluster("snapshot", "list").split()
    if sorted(known) != sorted(f"bare-{volume}" for volume in VOLUMES):
        raise RuntimeError(f"not all were created: {known}")
    return round(ended - begun, 2)


def two_empty_tasks(pool: Pool) -> float:
    """From the begin of the first to the end of the last."""
    told = pool.play({"ansible.builtin.ping": {}}, {"ansible.builtin.ping": {}})
    begun, ended = ([datetime.fromisoformat(one[key]) for one in told] for key in ("start", "end"))
    return round((max(ended) - min(begun)).total_seconds(), 2)


FIRST = {"when": f"inventory_hostname == '{INITIATOR}'"}


def removed(pool: Pool, work: t.Callable[[], float | None]) -> float:
    """How long that took, where it is right: its own seconds, or all."""
    pool.gluster("snapshot", "delete", "all")
    night = "gluster --mode=script snapshot create {0}-night-{1:02} {0} no-timestamp >/dev/null"
    lines = ("; ".join(night.format(name, one) for one in range(NIGHTS)) for name in MANY)
    pool.on_node("sh", "-c", "\n".join([*(f"({line}) &" for line in lines), "wait"]))
    begun = time.monotonic()
    seconds = work()
    whole = time.monotonic() - begun
    left = set(pool.gluster("snapshot", "list").split())
    if left != {f"{name}-night-{one:02}" for name in MANY for one in range(NIGHTS - KEPT, NIGHTS)}:
        raise RuntimeError(f"these are left: {sorted(left)}")
    return round(whole if seconds is None else seconds, 2)


def removal(pool: Pool) -> Removal:
    old = [f"{name}-night-{one:02}" for name in MANY for one in range(NIGHTS - KEPT)]
    delete = "gluster --mode=script snapshot delete {}"
    lines = "".join(f"snapshot delete {name}\n" for name in old)

    def task(task: Task) -> t.Callable[[], float]:
        return lambda: max(float(event["duration"]) for event in pool.play({**task, **FIRST}))

    def script(text: str) -> t.Callable[[], None]:
        def work() -> None:
            pool.on_node("sh", "-ec", text)

        return work

    policy = {"pattern": "*-night-*", "keep_last": KEPT}
    loop = {"ansible.builtin.command": {"cmd": delete.format("{{ item }}")}, "loop": old}
    return Removal(
        removed(pool, task({f"{OURS}gluster_snapshot_retention": policy})),
        removed(pool, task(loop)),
        removed(pool, script("\n".join(f"{delete.format(name)} >/dev/null" for name in old))),
        removed(pool, script(f"gluster --mode=script >/dev/null <<'EOF'\n{lines}EOF")),
    )


def measured(pairs: int, folder: Path) -> Figures:
    cores, load = len(os.sched_getaffinity(0)), round(os.getloadavg()[0], 2)
    pool = Pool(folder)
    pool.make_volumes()
    group = {"name": GROUP, "volumes": list(VOLUMES)}
    pool.play({f"{OURS}gluster_consistency_group": group, **FIRST})
    found = []
    for _pair in range(pairs):
        taken = set_taken(pool)
        pool.gluster("snapshot", "delete", "all")
        found.append(Pair(*taken, plain_creates(pool), two_empty_tasks(pool)))
        pool.gluster("snapshot", "delete", "all")
        print(f"{found[-1]}: {found[-1].ratio:.2f}", flush=True)
    removals = []
    for _pair in range(pairs):
        removals.append(removal(pool))
        print(removals[-1], flush=True)
    return Figures(cores, load, tuple(found), tuple(removals))


def table(figures: Figures) -> str:
    lines = [f"{'hold':>8} {'told':>8} {'creates':>8} {'2 empty':>8} {'ratio':>8}"]
    for pair in figures.pairs:
        cells = (pair.hold, pair.told, pair.creates, pair.empty, pair.ratio)
        lines.append(" ".join(f"{cell:8.2f}" for cell in cells))
    lines.append(
        f"median of the ratios: {figures.ratio}, at most {WANTED}; {figures.cores} processors, "
        f"load {figures.load} before and {os.getloadavg()[0]:.2f} now"
    )
    lines.append(
        f"removal: {figures.by_loop} of a loop, at most {WANTED_BY_LOOP}; {figures.by_script} of a script, "
        f"at most {WANTED_BY_SCRIPT}"
    )
    return "\n".join(lines)


def kept() -> Figures:
    told = json.loads(RESULTS.read_text(encoding="utf-8"))
    pairs = tuple(Pair(**pair) for pair in told["pairs"])
    removals = tuple(Removal(**removal) for removal in told["removals"])
    return Figures(**{**told, "pairs": pairs, "removals": removals})


def show(guide: str, medians: t.Sequence[float], *more: str) -> None:
    """In the row of a guide's table that is of this program."""
    path = GUIDES / f"{guide}.rst"
    row = "".join(f"     - {cell}\n" for cell in (*(f"{one:.1f} s" for one in medians), *more))
    pattern = r"(?<=   \* - Namespaces\n)(     - .*\n)+"
    new, count = re.subn(pattern, row, path.read_text(encoding="utf-8"))
    if count != 1:
        raise RuntimeError(f"{path} has {count} such rows")
    path.write_text(new, encoding="utf-8")


def medians(rows: t.Sequence[t.Any], *keys: str) -> list[float]:
    return [statistics.median(getattr(row, key) for row in rows) for key in keys]


def page(figures: Figures) -> None:
    show(
        "guide_consistency_groups",
        medians(figures.pairs, "hold", "creates", "empty"),
        f"{figures.ratio:.2f}",
        f"{figures.load:.0f}",
    )
    show(
        "guide_scale",
        medians(figures.removals, "ours", "loop", "script", "least"),
        f"{figures.by_loop:.2f}",
        f"{figures.by_script:.2f}",
    )


def isolated(options: t.Sequence[str]) -> int:
    """Run this program with a network, mounts and processes of its own, which all end with it."""
    signal.signal(signal.SIGTERM, lambda *_what: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory() as folder:
        again = [sys.executable, __file__, *options, "--folder", folder]
        command = ["setpriv", "--pdeathsig", "KILL", *OWN, "--net", *again]
        return subprocess.run(command, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--node", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.page:
        page(kept())
        return
    if options.node:
        be_node(options.node, options.folder)
    if not options.folder:
        sys.exit(isolated(sys.argv[1:]))
    figures = measured(options.pairs, options.folder)
    print(table(figures))
    RESULTS.write_text(json.dumps(asdict(figures), indent=1) + "\n", encoding="utf-8")
    slow = figures.by_loop >= WANTED_BY_LOOP or figures.by_script >= WANTED_BY_SCRIPT
    sys.exit(figures.ratio > WANTED or slow)


if __name__ == "__main__":
    main()
