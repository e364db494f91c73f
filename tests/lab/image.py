# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cached image of a release: a root file system, and a disk of ready bricks.

An image is a folder named by the digest of all that shapes it. It is made in a folder beside it
and renamed when whole, so a folder with an image's name is always a whole image.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

HERE = Path(__file__).resolve().parent
ROOTFS = HERE / "rootfs"
UML_MODULES = Path("/usr/lib/uml/modules")

# Debian release: the Gluster it ships, and the operating version that glusterd writes for it.
RELEASES = {"bullseye": ("9.2", 90000), "bookworm": ("10.3", 100000), "trixie": ("11.1", 110000)}

PACKAGES = [
    *("systemd-sysv", "udev", "dbus", "kmod", "procps", "iproute2", "iptables", "ipset", "attr"),
    *("glusterfs-server", "glusterfs-client", "lvm2", "thin-provisioning-tools", "xfsprogs"),
    *("openssh-server", "openssh-client", "sshpass", "rsync", "python3", "python3-prettytable"),
]

# The only units that the targets of a guest want; everything else is dropped at build time.
WANTS = {
    "sysinit.target": [
        "systemd-journald.service",
        "systemd-udevd.service",
        "systemd-tmpfiles-setup.service",
        "lab-node.service",
    ],
    "sockets.target": [
        "dbus.socket",
        "systemd-journald.socket",
        "systemd-journald-dev-log.socket",
        "systemd-udevd-control.socket",
        "systemd-udevd-kernel.socket",
    ],
    "multi-user.target": ["ssh.service", "glusterd.service"],
}


class LabError(Exception):
    """One sentence for the user; `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


_started = time.monotonic()


def say(message: str) -> None:
    """Print one line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _started:6.1f} s] {message}", file=sys.stderr, flush=True)


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base).resolve() / "glusterfs.data_protection" / "lab"


def kernel_release() -> str:
    run = subprocess.run(["linux.uml", "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.split()[-1]


def isolated(*options: str) -> list[str]:
    """Prefix of this program inside new PID and mount namespaces.

    With unshare dies PID 1 of the namespace, with that every process, with the last the mounts.
    """
    unshare = ["unshare", "--pid", "--mount", "--fork", "--kill-child", *options]
    return [*unshare, sys.executable, str(HERE)]


def has_amx() -> bool:
    """Has the processor registers that this User-Mode Linux does not know? See registers.c."""
    return "amx_tile" in Path("/proc/cpuinfo").read_text().split()


def kernel() -> list[str]:
    """The program of a guest."""
    if not has_amx():
        return ["linux.uml"]
    source = HERE / "registers.c"
    name = f"registers-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}.so"
    library = cache_folder() / name
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        made = library.with_name(f"{name}.{os.getpid()}")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", made, source], check=True)
        made.rename(library)
    return ["env", f"LD_PRELOAD={library}", "linux.uml"]


def kernel_arguments(memory_mb: int) -> list[str]:
    """What every guest's kernel is told, at bake time too."""
    return [
        *kernel(),
        f"mem={memory_mb}M",
        "root=/dev/ubda",
        "rootfstype=ext4",
        "rw",
        "lsm=none",
        "audit=0",
        "net.ifnames=0",
        "con=null",
        "con0=fd:0,fd:1",
    ]


def digest(release: str) -> str:
    """Names the image: release, kernel, recipe (this file) and the files laid over the root."""
    total = hashlib.sha256(f"{release} {kernel_release()}".encode())
    for path in [Path(__file__), *sorted(ROOTFS.rglob("*"))]:
        if path.is_file():
            total.update(f"{path.relative_to(HERE)} {path.stat().st_mode & 0o111}\n".encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


@contextmanager
def locked(folder: Path, waiting_for: str) -> Iterator[None]:
    """Hold a lock on a folder (on the folder itself: no lock file is left behind)."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for {waiting_for}")
                fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.exists() and os.path.samestat(os.fstat(handle), os.stat(folder)):
                yield
                return
            # The one that held the lock has removed the folder: lock the new one.
        finally:
            os.close(handle)


def find(release: str) -> Path:
    """The folder of the release's image; builds it if it is not there yet."""
    cache = cache_folder()
    wanted = cache / f"{release}-{digest(release)}"
    if wanted.is_dir():
        return wanted
    with locked(cache, "another lab that builds an image"):
        for stale in cache.glob("*.tmp"):
            shutil.rmtree(stale)
        if wanted.is_dir():
            return wanted
        say(f"no image of {release} yet: building it, once")
        work = Path(tempfile.mkdtemp(dir=cache, suffix=".tmp"))
        try:
            with_us = ["setpriv", "--pdeathsig", "KILL"]  # if this process dies, so does the build
            subprocess.run(
                [*with_us, *isolated("--mount-proc"), "_build", release, str(work)],
                stdin=subprocess.DEVNULL,
                check=True,
            )
            (work / "mem").rmdir()
            shutil.rmtree(work / "root")
            work.rename(wanted)
        except subprocess.CalledProcessError:
            raise LabError(f"building the image of {release} failed; see above") from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
        for old in cache.glob(f"{release}-*"):
            if old != wanted and not in_use(old):
                shutil.rmtree(old)
    say(f"image ready: {wanted.name}")
    return wanted


def in_use(image_folder: Path) -> bool:
    """Whether a lab's holder has this image open (one that was started by an older checkout)."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link).startswith(str(image_folder)):
                return True
        except OSError:
            continue
    return False


def build(release: str, work: Path) -> None:
    """Make base.ext4 and bricks.img in `work`; runs in namespaces of its own."""
    root = work / "root"
    (work / "mem").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(work / "mem")], check=True)
    os.environ["TMPDIR"] = str(work / "mem")
    say(f"mmdebstrap {release} (log: {work}/mmdebstrap.log)")
    with open(work / "mmdebstrap.log", "wb") as log:
        hook = 'chroot "$1" update-alternatives --set iptables /usr/sbin/iptables-legacy'
        done = subprocess.run(
            [
                *("mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
                *(f"--dpkgopt=path-exclude=/usr/share/{dir}/*" for dir in ("man", "doc", "locale")),
                *(f"--customize-hook={hook}", release, str(root)),
            ],
            check=False,
            stdout=log,
            stderr=log,
        )
    if done.returncode != 0:
        sys.stderr.write("".join((work / "mmdebstrap.log").read_text().splitlines(True)[-15:]))
        raise LabError("mmdebstrap failed")
    say("laying the lab's files over the root")
    trim(root)
    furnish(root)
    (work / "shadow").write_text(
        "".join(
            line
            for line in (root / "etc/shadow").read_text().splitlines(True)
            if not line.startswith("root:")
        )
    )
    (work / "shadow").chmod(0o600)
    (work / "mmdebstrap.log").unlink()
    say("making the root disk")
    # Blocks of 4 KiB: a guest's copy-on-write file must never see smaller writes (cluster.py).
    subprocess.run(
        [*("mke2fs", "-q", "-t", "ext4", "-b", "4096"), "-d", root, work / "base.ext4", "3G"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    say("making the brick disk in a guest")
    bake(work)


def trim(root: Path) -> None:
    """Leave only what a guest needs: each program started at boot costs 50-110 ms."""
    for system in (root / "etc/systemd/system", root / "lib/systemd/system"):
        for link in system.glob("*.wants/*"):
            link.unlink()
    for target, units in WANTS.items():
        wants = root / f"etc/systemd/system/{target}.wants"
        wants.mkdir(exist_ok=True)
        for unit in units:
            (wants / unit).symlink_to(f"/lib/systemd/system/{unit}")
    for generator in (root / "lib/systemd/system-generators").iterdir():
        generator.unlink()
    for rule in ("69-lvm.rules", "69-lvm-metad.rules", "96-e2scrub.rules"):
        (root / "lib/udev/rules.d" / rule).unlink(missing_ok=True)


def furnish(root: Path) -> None:
    """Turn a plain Debian root into a node's: the lab's files, UML's modules."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    shutil.copytree(ROOTFS, root, dirs_exist_ok=True)
    for gsyncd in (*root.glob("usr/lib/*/glusterfs/gsyncd"), root / "usr/libexec/glusterfs/gsyncd"):
        if gsyncd.exists():
            gsyncd.rename(gsyncd.with_name("gsyncd.real"))
            gsyncd.symlink_to("/usr/local/lib/lab/gsyncd")
    for brick in ("b1", "b2", "b3", "b4", "b5", "b6", "thick"):
        (root / "bricks" / brick).mkdir(parents=True)
    (root / "etc/lab").mkdir()
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    mtab = root / "etc/mtab"
    mtab.unlink(missing_ok=True)
    mtab.symlink_to("../proc/self/mounts")
    modules = root / "lib/modules" / kernel_release()
    shutil.copytree(UML_MODULES / modules.name, modules, symlinks=True)


def bake(work: Path) -> None:
    """Boot once with rootfs/usr/local/lib/lab/bake as init, on a brick disk that is still empty."""
    bricks = work / "bricks.img"
    with open(bricks, "wb") as disk:
        disk.truncate(8 << 30)
    try:
        done = subprocess.run(
            [
                *kernel_arguments(512),
                *(f"ubda={work}/scratch.cow,{work}/base.ext4", f"ubdb={bricks}"),
                *(f"uml_dir={work}/mem", "umid=bake", "init=/usr/local/lib/lab/bake", "panic=1"),
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=300,
        )
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output = str(late.stdout)
    if "LAB-BAKED" not in output:
        sys.stderr.write(output[-3000:])
        raise LabError("the guest that makes the brick disk failed")
    (work / "scratch.cow").unlink()
    subprocess.run(["fallocate", "--dig-holes", str(bricks)], check=True)
