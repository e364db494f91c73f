# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record what the modules ask of a real Gluster and what it answers, for the unit tests to replay.

    tests/tools/with tools python tests/tools/record.py bookworm     (or bullseye, or trixie)
    tests/tools/with tools python tests/tools/record.py bookworm georep

It brings a lab up, plays the stories below (or those named) with the documented examples of their
modules, and writes one file a module run to tests/unit/recorded/VERSION: the task, the result, and
each call with its answer.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).resolve().parents[2]
LAB = [str(ROOT / "tests/lab/lab"), "--name", os.environ.get("LAB_NAME", "record")]
CALLS = "/run/recorded"
GEOREP_FOLDER = "/var/lib/glusterd/geo-replication"
FILES = " ".join(
    [
        *(f"{GEOREP_FOLDER}/{name}" for name in ("known_hosts", "common_secret.pem.pub")),
        *(f"{GEOREP_FOLDER}/{name}" for name in ("secret.pem.pub", "tar_ssh.pem.pub")),
        *("/root/.ssh/known_hosts", "/root/.ssh/id_ed25519.pub", "/run/glusterd.pid"),
    ]
)
PRIVATE = "/root/.ssh/id_ed25519"
TOGETHER = "gluster --mode=script --"
"""With commands on its input, or with one behind a "--" and no input."""

WRAPPER = f"""#!/bin/sh
# Stands before the real program: the same, written down. The workers of geo-replication talk through the
# input and output of an ssh of theirs: that is none of ours. Nor is what others do with these programs.
case "${{0##*/}} $*" in
"ssh "*StrictHostKeyChecking=yes* | "sh -c "*umask* | "sh -c "*gsyncd* | *gluster-georep-* | "rm "*/.ssh/*) ;;
"ssh "* | "sh "* | "rm "* | "df "* | "find "* | "umount "* | "glusterfs "*)
    PATH=/usr/sbin:/usr/bin:/sbin:/bin exec "${{0##*/}}" "$@" ;;
esac
# Several may come at once: whoever makes the folder has the number.
number=$(ls {CALLS} | wc -l)
until call={CALLS}/$(printf %03d "$number"); mkdir "$call" 2>/dev/null; do number=$((number + 1)); done
printf '%s\\0' "${{0##*/}}" "$@" > "$call/argv"
# What a module could read before this call; of private keys only that they are there.
for file in {FILES}; do [ ! -f "$file" ] || cp "$file" "$call/file$(echo "$file" | tr / +)"; done
for file in {PRIVATE}; do [ ! -f "$file" ] || : > "$call/file$(echo "$file" | tr / +)"; done
# Who else calls these programs may leave an input open that never ends.
case "${{0##*/}} $*" in *"-restore "*|ipset*" restore"*|"{TOGETHER}"*) cat ;; esac > "$call/stdin"
env PATH=/usr/sbin:/usr/bin:/sbin:/bin "${{0##*/}}" "$@" \\
    > "$call/stdout" 2> "$call/stderr" < "$call/stdin"
code=$?
echo "$code" > "$call/rc"
cat "$call/stdout"
cat "$call/stderr" >&2
exit "$code"
"""

FOLDER = "/tmp/gluster-georep-folder"  # noqa: S108
RANDOM = re.compile(r"/tmp/gluster-georep-\w+")  # noqa: S108
EMPTY = ("stdin", "files")
"""Left out where there is nothing."""

OWN_GLUSTER = (["--version"], ["system::", "execute", "gsec_create"])

GSYNCD_CONF = "/etc/glusterfs/gsyncd.conf"

WRAPPED = (
    "gluster",
    "lvs",
    "ipset",
    *("iptables", "iptables-restore", "ip6tables", "ip6tables-restore"),
    *("ssh", "ssh-keygen", "ssh-keyscan", "sh", "rm", "glusterfs", "df", "find", "umount"),
)

VOLUMES = """
set -e
bricks() { for node in $2; do echo "$node:/bricks/$1/brick"; done; }
create() { /usr/sbin/gluster --mode=script volume create "$@" force; }
create projects replica 3 $(bricks b1 "node1 node2 node3")
create scratch $(bricks b2 "node1 node2")
create thick node1:/bricks/thick/brick
for volume in projects scratch thick; do /usr/sbin/gluster volume start $volume; done
"""

SNAPSHOT, CONFIG, CLONE = "gluster_snapshot", "gluster_snapshot_config", "gluster_snapshot_clone"
GROUP, RETENTION = "gluster_consistency_group", "gluster_snapshot_retention"
SHOP = {"name": "shop", "volumes": ["projects", "scratch"]}
WEEKLY = {"name": "weekly", "consistency_group": "shop"}
QUIESCE, HOLD = "gluster_volume_quiesce", {"volumes": ["projects", "scratch"], "hold_seconds": 79}
NIGHTLY = {"name": "nightly", "volume": "projects"}
RESTORE = {**NIGHTLY, "state": "restored", "stop_volume": True}
SCRATCH = {"name": "evening", "volume": "scratch"}
LASTNIGHT = {"name": "lastnight", "snapshot": "nightly"}

Run = t.Tuple[str, str, t.Dict[str, t.Any]]


def thrice(name: str, module: str, args: dict[str, t.Any]) -> list[Run]:
    """In check mode, for real, and once more."""
    return [
        (f"{name}-check", module, {**args, "_check": True}),
        (name, module, args),
        (f"{name}-again", module, args),
    ]


# A volume, one to replicate it to, and the name that the examples have for node4.
PAIR = """
set -e
/usr/sbin/gluster --mode=script volume create projects replica 3 node1:/bricks/b1/brick \\
    node2:/bricks/b1/brick node3:/bricks/b1/brick
/usr/sbin/gluster --mode=script volume start projects
sed -n 's/ node4.*/ backup1.example.com/p' /etc/hosts >> /etc/hosts
"""
MIRROR_THERE = """
set -e
gluster --mode=script volume create mirror node4:/bricks/b1/brick >&2
gluster --mode=script volume start mirror >&2
cat > /etc/ssh/recorded_key
chmod 600 /etc/ssh/recorded_key
for key in recorded_key ssh_host_ed25519_key; do echo "HostKey /etc/ssh/$key"; done \\
    > /etc/ssh/sshd_config.d/recorded.conf
systemctl restart ssh
ssh-keygen -lf /etc/ssh/recorded_key
"""

# A step is a module run, or a shell text for node1 that prepares the next one.
Story = t.List[t.Union[Run, str, t.Callable[[], None]]]
EXAMPLES: Run = ("examples", "", {})

SNAPSHOTS: Story = [
    ("info-empty", "gluster_volume_info", {}),
    ("snapshots-empty", "gluster_snapshot_info", {}),
    VOLUMES,
    ("config-info", "gluster_snapshot_config_info", {}),
    (
        "volumes",
        "gluster_volume_info",
        {"gather_subset": ["list", "bricks", "snapshottable", "thin_pools"]},
    ),
    *thrice("present", SNAPSHOT, {**NIGHTLY, "description": "A \"quoted\" text, <b> & 'x' = y"}),
    ("description", SNAPSHOT, {**NIGHTLY, "description": "Another one"}),
    *thrice("activated", SNAPSHOT, {"name": "nightly", "state": "activated"}),
    ("snapshots", "gluster_snapshot_info", {"gather_subset": ["bricks"]}),
    ("snapshots-of-volume", "gluster_snapshot_info", {"volume": "projects"}),
    ("snapshots-of-none", "gluster_snapshot_info", {"volume": "nosuch"}),
    *thrice("deactivated", SNAPSHOT, {"name": "nightly", "state": "deactivated"}),
    *thrice("config", CONFIG, {"snap_max_hard_limit": 100, "activate_on_create": True}),
    ("config-back", CONFIG, {"snap_max_hard_limit": 256, "activate_on_create": False}),
    *thrice("clone", CLONE, LASTNIGHT),
    ("clone-of-other", CLONE, {**LASTNIGHT, "snapshot": "other"}),
    ("clone-info", "gluster_volume_info", {"include_snapshots": True}),
    ("clone-started", CLONE, {"name": "lastnight", "state": "absent"}),
    *thrice("clone-absent", CLONE, {"name": "lastnight", "state": "absent", "stop_volume": True}),
    ("clone-ordinary", CLONE, {"name": "projects", "state": "absent", "stop_volume": True}),
    ("restored-started", SNAPSHOT, {**NIGHTLY, "state": "restored"}),
    *thrice("restored", SNAPSHOT, RESTORE),
    *thrice("present-scratch", SNAPSHOT, SCRATCH),
    "/usr/sbin/gluster --mode=script volume stop scratch",
    *thrice(
        "restored-bare",
        SNAPSHOT,
        {**SCRATCH, "state": "restored", "safety_snapshot": False, "keep_snapshot": False},
    ),
    *thrice("group", GROUP, {**SHOP, "description": "Orders and the scans of their papers"}),
    ("group-second", GROUP, {"name": "bank", "volumes": ["scratch"]}),
    ("group-missing", SNAPSHOT, {**WEEKLY, "consistency_group": "bank"}),
    *thrice("set", SNAPSHOT, {**WEEKLY, "description": "A 'quoted' {text}"}),
    ("set-not-held", SNAPSHOT, {**WEEKLY, "name": "now", "quiesced": True, "hold_wait": 0}),
    ("sets", "gluster_snapshot_info", {"consistency_group": "shop"}),
    ("all-sets", "gluster_snapshot_info", {}),
    ("group-info", f"{GROUP}_info", {}),
    *thrice("set-activated", SNAPSHOT, {**WEEKLY, "state": "activated"}),
    *thrice("set-deactivated", SNAPSHOT, {**WEEKLY, "state": "deactivated"}),
    ("set-started", SNAPSHOT, {**WEEKLY, "state": "restored"}),
    *thrice("set-restored", SNAPSHOT, {**WEEKLY, "state": "restored", "stop_volume": True}),
    *thrice("group-append", GROUP, {"name": "shop", "volumes": ["thick"], "append": True}),
    ("set-thick", SNAPSHOT, {**WEEKLY, "name": "other"}),
    ("set-of-others", SNAPSHOT, {**WEEKLY, "state": "restored", "restore_again": True}),
    "/usr/sbin/gluster volume set scratch user.data-protection.group -",
    ("group-drift", f"{GROUP}_info", {"name": "shop"}),
    ("set-drift", SNAPSHOT, {**WEEKLY, "name": "other"}),
    *thrice("group-mended", GROUP, SHOP),
    *thrice("set-absent", SNAPSHOT, {**WEEKLY, "state": "absent"}),
    *thrice("group-absent", GROUP, {"name": "shop", "state": "absent"}),
    *thrice(
        "sets-absent",
        SNAPSHOT,
        {"consistency_group": "shop", "state": "absent", "delete_all": True},
    ),
    ("restored-missing", SNAPSHOT, {**SCRATCH, "name": "nosuch", "state": "restored"}),
    ("missing-volume", SNAPSHOT, {**NIGHTLY, "name": "other", "volume": "nosuch"}),
    ("other-volume", SNAPSHOT, {**NIGHTLY, "volume": "scratch"}),
    ("long-name", SNAPSHOT, {**NIGHTLY, "name": "n" * 255}),
    ("thick", SNAPSHOT, {"name": "other", "volume": "thick"}),
    ("limit", CONFIG, {"volume": "projects", "snap_max_hard_limit": 2}),
    ("limit-full", SNAPSHOT, {**NIGHTLY, "name": "other"}),
    ("limit-back", CONFIG, {"volume": "projects", "snap_max_hard_limit": 256}),
    "pkill -9 -f '[g]lusterfsd.*projects' && sleep 2",
    ("brick-down", SNAPSHOT, {**NIGHTLY, "name": "other"}),
    "/usr/sbin/gluster volume start projects force",
    *thrice("absent", SNAPSHOT, {"name": "nightly", "state": "absent"}),
    ("before-upgrade", SNAPSHOT, {"name": "before-upgrade", "volume": "projects"}),
    *thrice("delete-all", SNAPSHOT, {"volume": "projects", "state": "absent", "delete_all": True}),
    ("examples-upgrade", SNAPSHOT, {"name": "before-upgrade", "volume": "projects"}),
    ("examples-nightly", SNAPSHOT, {**NIGHTLY, "state": "activated"}),
    ("examples-shop", GROUP, SHOP),
    ("examples-shop-nightly", SNAPSHOT, {"name": "nightly", "consistency_group": "shop"}),
    "/usr/sbin/gluster --mode=script volume start scratch force",
    EXAMPLES,
    "systemctl stop glusterd",
    ("glusterd-down", SNAPSHOT, NIGHTLY),
    "systemctl start glusterd",
]

# A hold must not end between two runs that are compared, on a busy machine either.
PATIENCE = """
for volume in projects scratch; do for option in network.ping-timeout server.tcp-user-timeout; do
    /usr/sbin/gluster --mode=script volume set $volume $option 90
done; done
"""

HOLDS: Story = [
    VOLUMES,
    PATIENCE,
    ("hold-info-empty", f"{QUIESCE}_info", {}),
    *thrice("held", QUIESCE, HOLD),
    ("hold-info", f"{QUIESCE}_info", {"volumes": ["projects"]}),
    "sleep 79",
    ("held-anew", QUIESCE, HOLD),
    *thrice("released", QUIESCE, {"state": "released"}),
    ("hold-too-long", QUIESCE, {**HOLD, "hold_seconds": 80}),
    ("hold-missing", QUIESCE, {"volumes": ["nosuch"]}),
    EXAMPLES,
]

SESSION = "gluster_georep_session"
SETTINGS = {"sync_jobs": 4, "secondary_access_mount": True}
MIRROR = {"volume": "projects", "destination_host": "node4", "destination_volume": "mirror"}

DESTINATION = "gluster_georep_destination"
BACKUP = {"destination_host": "node4"}
PASSWORD = {"destination_root_password": "{{ lab_root_password }}"}
PASSWORDS = ("lab_root_password", "vault_backup1_root_password")
NAME = "backup1.example.com"
USER = {**BACKUP, "destination_user": "geoaccount"}
PAIRED = {"volume": "projects", "destination_volume": "mirror"}


def destination() -> None:
    """node4 has a volume to replicate to, and a host key that is always the same."""
    seed = int.from_bytes(hashlib.sha256(b"the host key of the examples").digest(), "big")
    key = ec.derive_private_key(seed, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    print(node(MIRROR_THERE, text=key.decode(), name="node4"))


GEOREP: Story = [
    PAIR,
    destination,
    ("destination-none", f"{DESTINATION}_info", {}),
    ("destination-unknown", DESTINATION, BACKUP),
    ("destination-untested", f"{DESTINATION}_info", {**BACKUP, "test": True}),
    *thrice("destination", DESTINATION, {**BACKUP, **PASSWORD, "accept_new_host_key": True}),
    ("destination-tested", f"{DESTINATION}_info", {**BACKUP, **PAIRED, "test": True}),
    ("georep-none", f"{SESSION}_info", {}),
    ("georep-none-absent", SESSION, {**MIRROR, "state": "absent"}),
    ("georep-unknown", SESSION, {**MIRROR, "config": {"no_such": 1, "working-dir": "/x"}}),
    ("georep-no-volume", SESSION, {**MIRROR, "destination_volume": "nosuch"}),
    ("georep-hidden", SESSION, {**MIRROR, "state": "started"}),
    *thrice("georep-started", SESSION, {**MIRROR, "state": "started", "config": SETTINGS}),
    ("georep-info", f"{SESSION}_info", {"gather_subset": ["config"]}),
    *thrice("georep-paused", SESSION, {**MIRROR, "state": "paused"}),
    *thrice("georep-resumed", SESSION, {**MIRROR, "state": "started"}),
    *thrice("georep-reset", SESSION, {**MIRROR, "config": {"sync-jobs": None}}),
    ("destination-used", DESTINATION, {**BACKUP, "state": "absent"}),
    ("examples-backup1", DESTINATION, {"destination_host": NAME, "accept_new_host_key": True}),
    EXAMPLES,
    *thrice("georep-stopped", SESSION, {**MIRROR, "state": "stopped"}),
    *thrice("georep-absent", SESSION, {**MIRROR, "state": "absent", "reset_read_only": True}),
    ("destination-anew", DESTINATION, {**BACKUP, "state": "reestablished"}),
    *thrice("destination-user", DESTINATION, {**USER, "volumes": ["mirror"]}),
    ("destination-user-tested", f"{DESTINATION}_info", {**USER, **PAIRED, "test": True}),
    *thrice("destination-user-absent", DESTINATION, {**USER, "state": "absent"}),
    *thrice("destination-absent", DESTINATION, {**BACKUP, "state": "absent"}),
    ("destination-last", DESTINATION, {**PASSWORD, "destination_host": NAME, "state": "absent"}),
]

SERIES = """
set -e
take() { /usr/sbin/gluster --mode=script snapshot create $1 $2 no-timestamp description "$3"; }
take nightly-1 projects 'Before the audit, keep-until=2099-12-31'
for number in 2 3 4 5; do take nightly-$number projects 'of the night'; done
/usr/sbin/gluster snapshot activate nightly-2
for set in one two; do for volume in projects scratch; do
    take shop_${set}_$volume $volume \\
        '{"set":{"group":"g","group_name":"shop","held":false,"id":"'$set'","members":2,"name":"'$set'"}}'
done; done
"""

NIGHTLIES = {"volume": "projects", "prefix": "nightly-"}
SETS = {"consistency_group": "shop", "pattern": "*"}
RETENTIONS: Story = [
    VOLUMES,
    ("retention-empty", RETENTION, {**NIGHTLIES, "keep_last": 2}),
    SERIES,
    ("retention-without-rule", RETENTION, {**NIGHTLIES, "min_age": "1d"}),
    ("retention-of-none", RETENTION, {**NIGHTLIES, "volume": "nosuch", "keep_last": 2}),
    ("retention-young", RETENTION, {**NIGHTLIES, "keep_last": 1, "min_age": "1h"}),
    *thrice("retention", RETENTION, {**NIGHTLIES, "keep_last": 2}),
    *thrice("retention-sets", RETENTION, {**SETS, "keep_last": 1}),
    *thrice(
        "retention-activated",
        RETENTION,
        {"pattern": "*", "keep_yearly": 3, "delete_activated": True, "timezone": "+01:00"},
    ),
    EXAMPLES,
]

OTHERS = {"quiesce", "georep", "retention"}
STORIES: dict[str, tuple[Story, t.Callable[[str], bool]]] = {
    "snapshot": (SNAPSHOTS, lambda module: not OTHERS & set(module.split("_"))),
    "hold": (HOLDS, lambda module: "quiesce" in module),
    "georep": (GEOREP, lambda module: "georep" in module),
    "retention": (RETENTIONS, lambda module: "retention" in module),
}
"""Each with the modules that it plays."""

OURS = frozenset(
    [
        "description",
        "snapshots-of-none",
        "clone-of-other",
        "clone-started",
        "clone-ordinary",
        "restored-started",
        "restored-missing",
        "missing-volume",
        "other-volume",
        "long-name",
        "group-second",
        "group-missing",
        "all-sets",
        "set-started",
        "set-of-others",
        "group-drift",
        "set-drift",
        "georep-none-absent",
        "georep-unknown",
        "destination-unknown",
        "destination-used",
        "retention-without-rule",
        "retention-of-none",
    ]
)
"""Answers of the modules that no version of Gluster has a part in."""


def told_again(name: str) -> bool:
    """Is this of one release enough? For the others the runs are recorded once, not three times."""
    return name in OURS or name.endswith(("-check", "-again"))


def main() -> None:
    release, *names = sys.argv[1:] or ["bookworm"]
    for name in names or STORIES:
        story, plays = STORIES[name]
        subprocess.run([*LAB, "up", "--release", release], check=True)
        play(release, story, plays)
        subprocess.run([*LAB, "down"], check=True)


def play(release: str, story: Story, plays: t.Callable[[str], bool]) -> None:
    """On a new lab. The runs of other stories stay as they are."""
    node("mkdir -p", CALLS)
    for program in WRAPPED:
        node(
            f"cat > /usr/local/sbin/{program} && chmod 755 /usr/local/sbin/{program}", text=WRAPPER
        )
    version = node("/usr/sbin/gluster --version").split()[1]
    folder = ROOT / "tests/unit/recorded" / version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gsyncd.conf").write_text(node("cat", GSYNCD_CONF), encoding="utf-8")
    for path in folder.glob("*.json"):
        if plays(json.loads(path.read_text(encoding="utf-8"))["module"]):
            path.unlink()
    for step in story:
        if callable(step):
            step()
        elif isinstance(step, str):
            print(f"-- {' '.join(step.split())[:90]}", flush=True)
            node(step)
        else:
            for run in (run for run in examples() if plays(run[1])) if step == EXAMPLES else [step]:
                if release == "bookworm" or not told_again(run[0]):
                    record(folder, *run)


def examples() -> t.Iterator[Run]:
    """Every task of ours in the documentation of the modules, in check mode."""
    sys.path.insert(0, str(ROOT / ".collections"))
    for path in sorted((ROOT / "plugins/modules").glob("*.py")):
        package = "ansible_collections.glusterfs.data_protection.plugins.modules"
        module = importlib.import_module(f"{package}.{path.stem}")
        for number, task in enumerate(yaml.safe_load(module.EXAMPLES), 1):
            args = task.get(f"glusterfs.data_protection.{path.stem}", False)
            if args is not False:
                yield f"example-{path.stem}-{number}", path.stem, {**(args or {}), "_check": True}


def record(folder: Path, name: str, module: str, args: dict[str, t.Any]) -> None:
    """Run a module on node1 with Ansible and keep the task, its calls and its result."""
    print(f"-- {name}", flush=True)
    node(f"rm -rf {CALLS}/*")
    now = node("date -u +%FT%TZ").strip()
    check = "_check" in args
    args = {key: value for key, value in args.items() if key != "_check"}
    ansible = ["ansible", "-i", inventory(), "node1", "-m", f"glusterfs.data_protection.{module}"]
    options = ["-a", json.dumps(args) if args else "", *(["--check"] if check else [])]
    password = inventory().replace("inventory.yml", "root-password")
    options += ["-e", json.dumps(dict.fromkeys(PASSWORDS, Path(password).read_text().strip()))]
    result = subprocess.run(
        [*LAB, "exec", "--", *ansible, *options],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "BACKUP1_ROOT_PASSWORD": Path(password).read_text().strip(),
        },
    ).stdout
    outcome = json.loads(result[result.index("=> {") + 3 : result.rindex("}") + 1])
    outcome.pop("stderr_lines", None)  # an addition of Ansible
    task = {"module": module, "args": args, "check": check}
    mounts = node("grep -E '/bricks/|/snaps/| / ' /proc/self/mounts").splitlines()
    uuid = node("sed -n s/^UUID=//p /var/lib/glusterd/glusterd.info").strip()
    content = {**task, "result": outcome, "calls": calls(), "mounts": mounts, "uuid": uuid}
    content["now"] = now
    if module.startswith(DESTINATION):
        content["files"] = files_now()
    else:
        for call in content["calls"]:
            call.pop("files", None)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def calls() -> list[dict[str, t.Any]]:
    """What the wrapper wrote down, in order; "files" are those that differ from the call before."""
    packed = base64.b64decode(node(f"tar -C {CALLS} -c . | base64"))
    parts: dict[str, dict[str, str]] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for member in tar.getmembers():
            source = tar.extractfile(member)
            if source:
                _dot, number, part = member.name.split("/")
                text = RANDOM.sub(FOLDER, source.read().decode())
                parts.setdefault(number, {})[part] = text
    found: list[dict[str, t.Any]] = []
    files: dict[str, str] = {}
    for _number, said in sorted(parts.items()):
        argv = said["argv"].split("\0")[:-1]
        if not ours(argv):
            continue
        now = {n[len("file") :].replace("+", "/"): v for n, v in said.items() if n[:5] == "file+"}
        changed = {
            name: now.get(name) for name in {*now, *files} if now.get(name) != files.get(name)
        }
        files = now
        call: dict[str, t.Any] = {
            "argv": argv,
            "rc": int(said["rc"]),
            "stdin": said["stdin"].splitlines(),
        }
        call.update(stdout=said["stdout"].splitlines(), stderr=said["stderr"].splitlines())
        call["files"] = dict(sorted(changed.items()))
        found.append({key: value for key, value in call.items() if key not in EMPTY or value})
    return found


def files_now() -> dict[str, str]:
    """As the wrapper writes them down."""
    text = node(
        f'for f in {FILES}; do [ ! -f "$f" ] || echo "$f $(base64 -w0 "$f")"; done; '
        f'for f in {PRIVATE}; do [ ! -f "$f" ] || echo "$f "; done'
    )
    rows = (line.partition(" ") for line in text.splitlines())
    return {name: base64.b64decode(content).decode() for name, _blank, content in rows}


def ours(argv: list[str]) -> bool:
    """glusterd and its scripts call gluster, lvs and ssh-keygen too."""
    if argv[0] == "ssh-keygen":
        return not any("pem" in word for word in argv)
    if argv[0] == "sh":
        return argv[2].startswith("set -e; umask") or "config-check" in argv[2]
    if argv[0] == "gluster":
        return argv[1:] in OWN_GLUSTER or " ".join(argv).startswith(TOGETHER)
    marks = {"lvs": {"--reportformat=json"}}
    return marks.get(argv[0], set()) <= set(argv)


def inventory() -> str:
    return subprocess.check_output([*LAB, "inventory", "--path"], text=True).strip()


def node(*command: str, text: str | None = None, name: str = "node1") -> str:
    """Run a shell text on a node."""
    shell = ["sh", "-c", " ".join(command)]
    return subprocess.run(
        [*LAB, "run", name, "--", *shell],
        check=True,
        input=text,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


if __name__ == "__main__":
    main()
