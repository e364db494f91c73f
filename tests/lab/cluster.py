# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of one lab, and the namespaces they live in.

One process, the holder, is PID 1 of a PID namespace and owns a network and a mount namespace.
Every guest runs in them. When the holder is killed, the kernel kills all guests and removes the
bridge, the taps and the file system that holds the guests' memory: nothing is left to clean but
the state folder.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO, cast

from . import image
from .image import RELEASES, LabError, say

SUBNET = "198.18.0"
MEMORY_MB = 1024
MAX_NODES = 9
# What a node keeps of its system when it gets another one. Hooks belong to the packages.
KEPT = [
    "--exclude=var/lib/glusterd/hooks",
    *("etc/lab", "etc/hostname", "etc/hosts", "etc/shadow", "root/.ssh", "var/lib/glusterd"),
    *("etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key.pub"),
]
# A Unix socket's path has 107 characters; ssh adds 17 to that of a control socket while it binds.
MAX_STATE_PATH = 107 - 17 - len(f"/cm-{SUBNET}.9")


@dataclass(frozen=True)
class Node:
    index: int

    @property
    def name(self) -> str:
        return f"node{self.index}"

    @property
    def address(self) -> str:
        return f"{SUBNET}.{self.index}"


def groups(count: int) -> dict[str, list[str]]:
    """Inventory groups: the last node is the secondary site and the client; a lone node is all."""
    names = [Node(index).name for index in range(1, count + 1)]
    if count == 1:
        return {"primary": names, "secondary": [], "clients": names}
    return {"primary": names[:-1], "secondary": names[-1:], "clients": names[-1:]}


def state_base() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base).resolve() / "glusterfs.data_protection" / "lab"


def start_time(pid: int) -> str:
    """When a process started; with its pid this names it for good. Empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


class Lab:
    """One lab: its state folder says what it is, its holder (if alive) that it runs."""

    def __init__(self, name: str) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,15}", name):
            raise LabError(f"{name!r} is no lab name: 1 to 16 of a-z, 0-9 and '-'", 2)
        self.name = name
        self.state = state_base() / name
        self.ssh_config = self.state / "ssh_config"
        self.inventory = self.state / "inventory.yml"

    # -- what is there ---------------------------------------------------------------------------

    @property
    def holder(self) -> int:
        """The holder's pid, 0 if it does not run."""
        try:
            pid, started = (self.state / "holder").read_text().split()
        except (OSError, ValueError):
            return 0
        return int(pid) if start_time(int(pid)) == started else 0

    @property
    def facts(self) -> dict[str, str]:
        """Release, number of nodes and image of a lab that is up; empty if it is not."""
        try:
            facts: dict[str, str] = json.loads((self.state / "lab.json").read_text())
        except OSError:
            return {}
        return facts if self.holder else {}

    def require_up(self) -> dict[str, str]:
        facts = self.facts
        if not facts:
            raise LabError(f"lab {self.name} is not up; start it with: lab --name {self.name} up")
        return facts

    def nodes(self) -> list[Node]:
        return [Node(index + 1) for index in range(int(self.require_up()["nodes"]))]

    def node(self, name: str) -> Node:
        for node in self.nodes():
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes())
        raise LabError(f"lab {self.name} has no {name}; it has {known}", 2)

    def processes(self) -> list[int]:
        """Every process in the lab's network namespace: guests, and what `lab exec` left."""
        holder = self.holder
        if not holder:
            return []
        ours = os.readlink(f"/proc/{holder}/ns/net")
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(entry / "ns/net") == ours:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def guest(self, node: Node) -> int:
        """The pid of a node's guest kernel (also its process group), 0 if it does not run."""
        return next((pid for pid in self.processes() if guest_name(pid) == node.name), 0)

    # -- commands inside -------------------------------------------------------------------------

    def inside(self, *, all_namespaces: bool) -> list[str]:
        """Prefix of a command in the lab's network, or in all namespaces (ends with the holder)."""
        base = f"/proc/{self.holder}/ns"
        enter = ["nsenter", f"--net={base}/net"]
        if all_namespaces:
            enter += [f"--pid={base}/pid", f"--mount={base}/mnt"]
        return [*enter, "--"]

    def ssh(self, node: Node, command: list[str], *options: str) -> list[str]:
        quoted = [shlex.join(command)] if command else []
        return ["ssh", "-F", str(self.ssh_config), *options, node.name, *quoted]

    def watched(self, node: Node, command: list[str], tries: int) -> subprocess.Popen[str]:
        """Run a command on a node that may still be booting, from inside all namespaces."""
        own = ["-o", "ControlPath=none", "-o", f"ConnectionAttempts={tries}"]
        return subprocess.Popen(
            self.inside(all_namespaces=True) + self.ssh(node, command, *own),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def share_connection(self, node: Node) -> None:
        """Start the shared ssh connection to a node, which outlives the command that needed it.

        It gets no output of the caller's to hold open: whoever reads that would wait for its end.
        """
        if not (self.state / f"cm-{node.address}").exists():
            subprocess.run(
                self.inside(all_namespaces=False) + self.ssh(node, [], "-f", "-N"),
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def drop_connection(self, node: Node) -> None:
        """End the shared ssh connection to a node: it would hang on a node that is gone."""
        if (self.state / f"cm-{node.address}").exists():
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    self.ssh(node, [], "-O", "exit"),
                    check=False,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=20,
                )

    # -- up and down -----------------------------------------------------------------------------

    def up(self, release: str, count: int) -> None:
        if len(str(self.state)) > MAX_STATE_PATH:
            raise LabError(
                f"{self.state} is too long for ssh's control sockets (more than {MAX_STATE_PATH} "
                "characters); set XDG_STATE_HOME to a shorter folder",
                2,
            )
        with image.locked(self.state, f"another process that works on lab {self.name}"):
            facts = self.facts
            if facts:
                if facts["release"] != release or int(facts["nodes"]) != count:
                    raise LabError(
                        f"lab {self.name} is up with {facts['release']} on {facts['nodes']} nodes; "
                        "take it down first"
                    )
                say(f"lab {self.name} is already up")
                return
            self._clear()
            folder = image.find(release)
            lifeline: IO[bytes] | None = None
            try:
                self._prepare(release, count, folder)
                lifeline = self._start_holder(count, folder)
                nodes = [Node(index + 1) for index in range(count)]
                for node in nodes:
                    self._start_guest(node, folder)
                say(f"{count} guests started; waiting for ssh and glusterd on each")
                sizes = {name: len(names) for names in groups(count).values() for name in names}
                self._wait(nodes, sizes)
                facts = {"release": release, "nodes": str(count), "image": str(folder)}
                (self.state / "lab.json").write_text(json.dumps(facts))
                lifeline.write(b"k")
                lifeline.close()
            except BaseException:
                if lifeline:
                    lifeline.close()
                self._clear()
                self.state.rmdir()
                raise
        say(f"lab {self.name} is up: {release}, Gluster {RELEASES[release][0]}, {count} nodes")

    def down(self) -> None:
        if not self.state.exists():
            say(f"lab {self.name} is not there")
            return
        with image.locked(self.state, f"another process that works on lab {self.name}"):
            self._clear()
            self.state.rmdir()
        say(f"lab {self.name} is gone")

    def _clear(self) -> None:
        """Kill all that runs in the lab and empty its state folder."""
        for socket in self.state.glob("cm-*"):
            self.drop_connection(Node(int(socket.name.rpartition(".")[2])))
        holder = self.holder
        left = [pid for pid in self.processes() if pid != os.getpid()]
        if holder:
            os.kill(holder, signal.SIGKILL)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + 20
        while any(start_time(pid) for pid in left) and time.monotonic() < deadline:
            time.sleep(0.05)
        for entry in self.state.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def _prepare(self, release: str, count: int, folder: Path) -> None:
        """Keys, password, inventory, and what makes each guest a node of this lab."""
        os.chmod(self.state, 0o700)
        nodes = [Node(index + 1) for index in range(count)]
        key = self.state / "id_ed25519"
        for path in [key, *(self.state / f"{node.name}.hostkey" for node in nodes)]:
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path)],
                check=True,
            )
        password = secrets.token_urlsafe(12)
        private(self.state / "root-password", password + "\n")
        crypted = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"],
            input=password,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()
        shadow = f"root:{crypted}:20000:0:99999:7:::\n" + (folder / "shadow").read_text()
        hosts = "127.0.0.1 localhost\n" + "".join(f"{n.address} {n.name}\n" for n in nodes)
        identity = {node.name: str(uuid.uuid4()) for node in nodes}
        known = ""
        for node in nodes:
            host_key = self.state / f"{node.name}.hostkey"
            public = Path(f"{host_key}.pub").read_text()
            known += f"{node.name},{node.address} {public}"
            pool = next(names for names in groups(count).values() if node.name in names)
            files = {
                "etc/lab/net": f"link set vec0 up\naddress add {node.address}/24 dev vec0\n",
                "etc/hostname": node.name + "\n",
                "etc/hosts": hosts,
                "etc/shadow": shadow,
                "etc/ssh/ssh_host_ed25519_key": host_key.read_text(),
                "etc/ssh/ssh_host_ed25519_key.pub": public,
                "root/.ssh/authorized_keys": Path(f"{key}.pub").read_text(),
                # The files that glusterd itself writes after `gluster peer probe`.
                "var/lib/glusterd/glusterd.info": f"UUID={identity[node.name]}\n"
                f"operating-version={RELEASES[release][1]}\n",
            }
            for peer in pool:
                if peer != node.name:
                    files[f"var/lib/glusterd/peers/{identity[peer]}"] = (
                        f"uuid={identity[peer]}\nstate=3\nhostname1={peer}\n"
                    )
            files["etc/lab/seeded"] = ""
            seed(self.state / f"{node.name}.seed", files)
        (self.state / "known_hosts").write_text(known)
        self.ssh_config.write_text(self._ssh_config(nodes))
        self.inventory.write_text(self._inventory(count))

    def _ssh_config(self, nodes: list[Node]) -> str:
        names = "".join(f"Host {n.name}\n  HostName {n.address}\n" for n in nodes)
        return f"""{names}Host *
  User root
  IdentityFile "{self.state}/id_ed25519"
  IdentitiesOnly yes
  UserKnownHostsFile "{self.state}/known_hosts"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  ControlMaster auto
  ControlPersist 300
  ControlPath "{self.state}/cm-%h"
  ConnectTimeout 20
  ServerAliveInterval 10
  ServerAliveCountMax 3
  LogLevel ERROR
"""

    def _inventory(self, count: int) -> str:
        lines = [
            "all:",
            "  vars:",
            "    ansible_user: root",
            "    ansible_python_interpreter: /usr/bin/python3",
            "    ansible_pipelining: true",
            f"    ansible_ssh_private_key_file: {json.dumps(str(self.state / 'id_ed25519'))}",
            # Host keys, StrictHostKeyChecking and ControlPersist are in the lab's ssh_config.
            f"    ansible_ssh_args: {json.dumps('-F ' + shlex.quote(str(self.ssh_config)))}",
            "  hosts:",
        ]
        for index in range(1, count + 1):
            node = Node(index)
            lines += [f"    {node.name}:", f"      ansible_host: {node.address}"]
        lines.append("  children:")
        for group, names in groups(count).items():
            lines += [f"    {group}:", "      hosts:" + ("" if names else " {}")]
            lines += [f"        {name}: {{}}" for name in names]
        return "\n".join(lines) + "\n"

    # -- the holder and its guests ---------------------------------------------------------------

    def _start_holder(self, count: int, folder: Path) -> IO[bytes]:
        """Start the holder; it ends when the returned pipe closes without a byte written to it."""
        with open(self.state / "holder.log", "wb") as log:
            program = image.isolated("--net", "--propagation", "slave")
            process = subprocess.Popen(
                [*program, "_hold", str(self.state), str(count), str(folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self.holder:
            if process.poll() is not None:
                reason = (self.state / "holder.log").read_text().strip().splitlines()
                raise LabError(f"the lab's namespaces failed: {(reason or ['no reason'])[-1]}")
            time.sleep(0.02)
        return cast("IO[bytes]", process.stdin)

    def _start_guest(self, node: Node, folder: Path) -> None:
        # A copy, not a copy-on-write file: UML's block driver (6.1) shifts data by some sectors where
        # writes are smaller than 4 KiB, as those of XFS and LVM are (seen: a broken inode btree). The
        # ext4 root writes whole blocks of 4 KiB.
        bricks = self.state / f"{node.name}.data"
        if not bricks.exists():
            copy = ["cp", "--sparse=always", str(folder / "bricks.img"), str(bricks)]
            subprocess.run(copy, check=True)
        command = [
            *image.kernel_arguments(MEMORY_MB),
            f"uml_dir={self.state}/uml",
            f"umid={node.name}",
            f"systemd.hostname={node.name}",
            f"ubda={self.state}/{node.name}.root,{folder}/base.ext4",
            f"ubdb={bricks}",
            f"ubdcr={self.state}/{node.name}.seed",
            f"vec0:transport=tap,ifname=tap{node.index},mac=02:00:00:00:00:0{node.index},"
            "depth=128,gro=1",
        ]
        with open(self.state / f"{node.name}.console", "ab") as console:
            daemon = ["env", f"TMPDIR={self.state}/mem", "setsid", "--fork", *command]
            subprocess.run(
                self.inside(all_namespaces=True) + daemon,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                check=True,
            )

    def _wait(self, nodes: list[Node], sizes: dict[str, int]) -> None:
        """Wait until glusterd answers on every node and its pool is complete."""
        waiting = {
            node: self.watched(node, ["lab-ready", str(sizes.get(node.name, 1))], tries=150)
            for node in nodes
        }
        try:
            report(waiting)
        except LabError:
            for node in nodes:
                console = self.state / f"{node.name}.console"
                last = console.read_text(errors="replace").splitlines()[-5:]
                print(f"--- {console.name}", *last, sep="\n", file=sys.stderr)
            raise
        finally:
            for process in waiting.values():
                process.kill()

    def cut(self, node: Node) -> None:
        guest = self.guest(node)
        if not guest:
            raise LabError(f"{node.name} is not running")
        os.killpg(guest, signal.SIGKILL)
        while start_time(guest):
            time.sleep(0.02)
        self.drop_connection(node)
        say(f"{node.name} is cut")

    def boot(self, node: Node) -> None:
        if self.guest(node):
            raise LabError(f"{node.name} is running already")
        facts = self.require_up()
        self._start_guest(node, Path(facts.get(node.name, facts["image"])))
        say(f"{node.name} started; waiting for ssh and glusterd")
        self._wait([node], {})

    def upgrade(self, node: Node, release: str) -> None:
        """Put the system of another release under a node: what it needs to be that node is its new seed."""
        facts = {**self.require_up(), node.name: str(image.find(release))}
        end = (
            "systemctl stop glusterd; pkill gluster; sleep 1; sync; exec tar -C / -c "
            + shlex.join(KEPT)
        )
        with open(self.state / f"{node.name}.kept", "wb", opener=_private) as kept:
            subprocess.run(
                self.inside(all_namespaces=False) + self.ssh(node, ["sh", "-c", end]),
                stdin=subprocess.DEVNULL,
                stdout=kept,
                check=True,
            )
        self.cut(node)
        (self.state / f"{node.name}.kept").rename(self.state / f"{node.name}.seed")
        (self.state / f"{node.name}.root").unlink()
        (self.state / "lab.json").write_text(json.dumps(facts))
        self.boot(node)


def report(waiting: dict[Node, subprocess.Popen[str]]) -> None:
    """Print the stages that the nodes reach; raise if one cannot reach its last."""
    selector = DefaultSelector()
    for watched, process in waiting.items():
        selector.register(cast("IO[str]", process.stdout), EVENT_READ, watched)
    missing = {node.name for node in waiting}
    deadline = time.monotonic() + 600
    texts = {"ssh": "ssh answers", "glusterd": "glusterd answers", "pool": "pool is connected"}
    while missing:
        ready = selector.select(timeout=20)
        if not ready:
            say("still waiting for " + ", ".join(sorted(missing)))
            if time.monotonic() > deadline:
                raise LabError("gave up on " + ", ".join(sorted(missing)))
        for event, _mask in ready:
            node: Node = event.data
            stage = cast("IO[str]", event.fileobj).readline().strip()
            if not stage:
                if node.name in missing:
                    raise LabError(f"{node.name} did not come up (its console is shown above)")
                selector.unregister(event.fileobj)
                continue
            say(f"{node.name}: {texts.get(stage, stage)}")
            if stage == "pool":
                missing.discard(node.name)


def private(path: Path, text: str) -> None:
    with open(path, "w", opener=_private) as out:
        out.write(text)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def seed(path: Path, files: dict[str, str]) -> None:
    """Write the tar that a guest unpacks over its root at first boot."""
    private(path, "")
    with tarfile.open(path, "w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            entry.mode = 0o644 if name.startswith("etc/h") or name.endswith(".pub") else 0o600
            entry.mtime = int(time.time())
            archive.addfile(entry, io.BytesIO(text.encode()))


def hold(state: Path, count: int, folder: Path) -> None:
    """The holder: PID 1 of the lab's namespaces. Sets them up, then reaps, and keeps time going."""
    os.open(folder, os.O_RDONLY)  # tells builders that the image is in use
    pid = int(os.readlink("/proc/self"))  # still the host's /proc: the pid the host knows us by
    started = start_time(pid)
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=True)
    (state / "mem").mkdir()
    size = f"size={count * MEMORY_MB + 64}M"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(state / "mem")], check=True)
    network = [
        "link set lo up",
        "link add lab type bridge stp_state 0 forward_delay 0",
        f"address add {SUBNET}.254/24 dev lab",
        "link set lab up",
    ]
    for index in range(1, count + 1):
        network += [f"tuntap add dev tap{index} mode tap", f"link set tap{index} master lab up"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(network), text=True, check=True)
    (state / "holder.tmp").write_text(f"{pid} {started}\n")
    (state / "holder.tmp").rename(state / "holder")
    threading.Thread(target=keep_time_going, daemon=True).start()
    if os.read(0, 1) != b"k":
        return  # `lab up` is gone before it was done
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            time.sleep(1)


def keep_time_going() -> None:
    """Let the guest kernels look at their timers, for ever.

    UML (6.1) may lose the signal of its one timer. Then nothing in that guest that waits for a time goes
    on, and nobody is told of an error. One signal more than there should be does no harm.
    """
    while True:
        for entry in Path("/proc").glob("[0-9]*"):
            wake(int(entry.name))
        time.sleep(1)


def guest_name(pid: int) -> str:
    """The node whose guest kernel this process is; empty if it is none, or gone."""
    with suppress(OSError):
        if os.getpgid(pid) == pid:
            for argument in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                if argument.startswith("umid="):
                    return argument[len("umid=") :]
    return ""


def wake(pid: int) -> None:
    """If this is a guest kernel, and so far that the signal does not end it."""
    with suppress(OSError):
        if guest_name(pid):
            status = Path(f"/proc/{pid}/status").read_text()
            caught = int(status.partition("SigCgt:")[2].split()[0], 16)
            if caught >> (signal.SIGALRM - 1) & 1:
                os.kill(pid, signal.SIGALRM)
