# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record what the modules ask of a real Gluster and what it answers, for the unit tests to replay.

    tests/tools/with tools python tests/tools/record.py bookworm     (or bullseye, or trixie)
    tests/tools/with tools python tests/tools/record.py bookworm hold

It brings a lab up, plays the stories below (or those named) with the documented examples of their
modules, and writes one file a module run to tests/unit/recorded/VERSION: the task, the result, and
each call with its answer.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LAB = [str(ROOT / "tests/lab/lab"), "--name", os.environ.get("LAB_NAME", "record")]
CALLS = "/run/recorded"
WRAPPER = f"""#!/bin/sh
# Stands before the real program: the same, written down.
# Several may come at once: whoever makes the folder has the number.
number=$(ls {CALLS} | wc -l)
until call={CALLS}/$(printf %03d "$number"); mkdir "$call" 2>/dev/null; do number=$((number + 1)); done
printf '%s\\n' "$(basename "$0")" "$@" > "$call/argv"
# Who else calls these programs may leave an input open that never ends.
case "$(basename "$0") $*" in *"-restore "*|ipset*" restore"*) cat ;; esac > "$call/stdin"
env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$(basename "$0")" "$@" \\
    > "$call/stdout" 2> "$call/stderr" < "$call/stdin"
code=$?
echo "$code" > "$call/rc"
cat "$call/stdout"
cat "$call/stderr" >&2
exit "$code"
"""

WRAPPED = (
    "gluster",
    "lvs",
    "ipset",
    *("iptables", "iptables-restore", "ip6tables", "ip6tables-restore"),
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


# A step is a module run, or a shell text for node1 that prepares the next one.
Story = t.List[t.Union[Run, str]]

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
    "examples",
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
    "examples",
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
    "examples",
]

STORIES: dict[str, tuple[Story, t.Callable[[str], bool]]] = {
    "snapshot": (SNAPSHOTS, lambda module: not ("quiesce" in module or "retention" in module)),
    "hold": (HOLDS, lambda module: "quiesce" in module),
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
    for path in folder.iterdir():
        if plays(json.loads(path.read_text(encoding="utf-8"))["module"]):
            path.unlink()
    for step in story:
        if step == "examples":
            for name, module, args in examples():
                if plays(module):
                    record(folder, name, module, args)
        elif isinstance(step, str):
            print(f"-- {' '.join(step.split())[:90]}", flush=True)
            node(step)
        elif release == "bookworm" or not told_again(step[0]):
            record(folder, *step)


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
    time = node("date -u +%FT%TZ").strip()
    check = "_check" in args
    args = {key: value for key, value in args.items() if key != "_check"}
    ansible = ["ansible", "-i", inventory(), "node1", "-m", f"glusterfs.data_protection.{module}"]
    options = ["-a", json.dumps(args) if args else "", *(["--check"] if check else [])]
    result = subprocess.run(
        [*LAB, "exec", "--", *ansible, *options],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        },
    ).stdout
    outcome = json.loads(result[result.index("=> {") + 3 : result.rindex("}") + 1])
    outcome.pop("stderr_lines", None)  # an addition of Ansible
    task = {"module": module, "args": args, "check": check}
    mounts = node("grep -E '/bricks/|/snaps/| / ' /proc/self/mounts").splitlines()
    uuid = node("sed -n s/^UUID=//p /var/lib/glusterd/glusterd.info").strip()
    content = {**task, "result": outcome, "calls": calls(), "mounts": mounts, "uuid": uuid}
    content["time"] = time
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def calls() -> list[dict[str, t.Any]]:
    """What the wrapper wrote down, in order."""
    text = node(
        f"cd {CALLS} && for call in *; do [ -d $call ] || continue; for part in argv rc stdin stdout stderr; "
        'do echo "$(wc -l < $call/$part) $part"; cat $call/$part; done; done'
    )
    lines = text.splitlines()
    found: list[dict[str, t.Any]] = []
    while lines:
        count, part = lines.pop(0).split()
        body, lines = lines[: int(count)], lines[int(count) :]
        if part == "argv":
            found.append({})
        found[-1][part] = int(body[0]) if part == "rc" else body
    for call in found:
        if not call["stdin"]:
            del call["stdin"]
    # glusterd and its hooks call gluster and lvs too.
    ours = {"--xml", "--reportformat=json"}
    return [call for call in found if call["argv"][0] in WRAPPED[2:] or ours & set(call["argv"])]


def inventory() -> str:
    return subprocess.check_output([*LAB, "inventory", "--path"], text=True).strip()


def node(*command: str, text: str | None = None) -> str:
    """Run a shell text on node1."""
    shell = ["sh", "-c", " ".join(command)]
    return subprocess.run(
        [*LAB, "run", "node1", "--", *shell],
        check=True,
        input=text,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


if __name__ == "__main__":
    main()
