# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Callable

from . import cluster, image
from .cluster import Lab
from .image import RELEASES, LabError, say

# Command: the Debian package that has it.
TOOLS = {
    "linux.uml": "user-mode-linux",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "fallocate": "util-linux",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setsid": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "openssl": "openssl",
}


def check_host() -> None:
    """Say in one sentence what is missing on this machine."""
    tools = {**TOOLS, **({"gcc": "gcc libc6-dev"} if image.has_amx() else {})}
    missing = sorted({package for tool, package in tools.items() if not shutil.which(tool)})
    if missing:
        raise LabError(
            f"something is missing; install it with: apt-get install {' '.join(missing)}", 2
        )
    if os.geteuid() != 0:
        raise LabError("the lab makes namespaces and taps: run it as root (sudo)", 2)
    if not Path("/dev/net/tun").exists():
        raise LabError("/dev/net/tun is missing: load the kernel's module with: modprobe tun", 2)
    if not (image.UML_MODULES / image.kernel_release()).is_dir():
        raise LabError(
            f"user-mode-linux has no modules in {image.UML_MODULES}; "
            "install Debian's: apt-get install user-mode-linux",
            2,
        )


def status(lab: Lab) -> int:
    facts = lab.require_up()
    nodes = lab.nodes()
    print(f"lab {lab.name}: {facts['release']}, Gluster {RELEASES[facts['release']][0]}")
    print(f"{'NODE':8}{'PID':>8}  {'BOOTED':10}{'SSH':5}{'GLUSTERD':10}ADDRESS")
    question = "systemctl is-system-running; gluster pool list >/dev/null && echo answers"
    asked = {
        node: lab.watched(node, ["sh", "-c", question], tries=1) if lab.guest(node) else None
        for node in nodes
    }
    well = True
    for node, process in asked.items():
        answer: list[str] = []
        if process:
            try:
                answer = process.communicate(timeout=60)[0].split()
            except subprocess.TimeoutExpired:
                process.kill()
        booted = answer[0] if answer else "no"
        glusterd = "yes" if "answers" in answer else "no"
        well = well and booted == "running" and glusterd == "yes"
        pid = lab.guest(node) or "-"
        ssh = "yes" if answer else "no"
        print(f"{node.name:8}{pid:>8}  {booted:10}{ssh:5}{glusterd:10}{node.address}")
    return 0 if well else 1


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab",
        description="A real Gluster cluster in User-Mode Linux guests on a private network.",
        epilog="Start with: lab up; lab status; lab run node1 -- gluster pool list; "
        'lab exec -- ansible -i "$(lab inventory --path)" all -m ping; lab down',
    )
    parser.add_argument(
        "--name",
        default=os.environ.get("LAB_NAME") or "default",
        help="which lab (default: $LAB_NAME or 'default'); labs do not see each other",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    def with_release(sub: argparse.ArgumentParser, default: str | None) -> None:
        sub.add_argument(
            "--release",
            choices=sorted(RELEASES),
            default=default,
            required=default is None,
            help="Debian release of the guests: "
            + ", ".join(f"{name} has Gluster {has[0]}" for name, has in RELEASES.items()),
        )

    for name, text in (
        ("build", "build the cached image of a release"),
        ("up", "start the guests and wait until glusterd answers on each"),
    ):
        sub = command(name, text)
        with_release(sub, "bookworm")
        if name == "up":
            sub.add_argument(
                "--nodes",
                type=int,
                choices=range(1, cluster.MAX_NODES + 1),
                default=4,
                help="how many; of two and more the last is the secondary site and client "
                "(default: 4)",
            )
    command("status", "show each node; exit 0 only if all is well")
    sub = command("run", "run a command on a node (without a command: a shell)")
    sub.add_argument("node")
    sub.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND...")
    sub = command("exec", "run a command of this machine inside the lab's network")
    sub.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND...")
    command("cut", "power cut: kill a node's guest").add_argument("node")
    command("boot", "boot a node that was cut, with its disks as they were").add_argument("node")
    sub = command("upgrade", "put another release under a node: bricks and glusterd's files stay")
    sub.add_argument("node")
    with_release(sub, None)
    sub = command("inventory", "print the Ansible inventory")
    sub.add_argument("--path", action="store_true", help="print only where it is")
    command("down", "remove the lab; does nothing if there is none")
    return parser


def replace_this_process(command: list[str]) -> None:
    os.execvp(command[0], command)  # noqa: S606 - no shell is what is wanted


def run(lab: Lab, options: argparse.Namespace) -> None:
    node = lab.node(options.node)
    lab.share_connection(node)
    terminal = [] if options.words else ["-t"]
    call = lab.ssh(node, options.words, "-o", "ControlMaster=no", *terminal)
    replace_this_process(lab.inside(all_namespaces=False) + call)


def execute(lab: Lab, options: argparse.Namespace) -> None:
    lab.require_up()
    if not options.words:
        raise LabError("exec needs a command: lab exec -- COMMAND...", 2)
    replace_this_process(lab.inside(all_namespaces=False) + options.words)


def inventory(lab: Lab, options: argparse.Namespace) -> None:
    lab.require_up()
    print(lab.inventory if options.path else lab.inventory.read_text().rstrip())


def build(_lab: Lab, options: argparse.Namespace) -> None:
    check_host()
    say(f"the image is in {image.find(options.release)}")


def up(lab: Lab, options: argparse.Namespace) -> None:
    check_host()
    lab.up(options.release, options.nodes)


COMMANDS: dict[str, Callable[[Lab, argparse.Namespace], int | None]] = {
    "build": build,
    "up": up,
    "status": lambda lab, _options: status(lab),
    "run": run,
    "exec": execute,
    "cut": lambda lab, options: lab.cut(lab.node(options.node)),
    "boot": lambda lab, options: lab.boot(lab.node(options.node)),
    "upgrade": lambda lab, options: lab.upgrade(lab.node(options.node), options.release),
    "inventory": inventory,
    "down": lambda lab, _options: lab.down(),
}


def stop(signum: int, _frame: FrameType | None) -> None:
    """Let a signal end the program the ordinary way, through every `finally`."""
    raise SystemExit(128 + signum)


def main() -> int:
    if sys.argv[1:2] == ["_hold"]:
        cluster.hold(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
        return 0
    for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signum, stop)
    try:
        if sys.argv[1:2] == ["_build"]:
            image.build(sys.argv[2], Path(sys.argv[3]))
            return 0
        options = arguments().parse_args()
        if getattr(options, "words", [])[:1] == ["--"]:
            del options.words[0]
        return COMMANDS[options.command](Lab(options.name), options) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.code
