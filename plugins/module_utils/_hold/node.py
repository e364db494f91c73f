# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hold on the node that it is run on: what gluster_volume_quiesce does, and returns."""

from __future__ import annotations

import re
import time
import typing as t

from .. import _module
from .._decide.plan import Refusal
from .._decide.quiesce import (
    NO_IPV6,
    HoldBrick,
    Quiesce,
    check_bricks,
    check_names,
    decide_hold,
    hold_bricks,
)
from .._read.reader import GLUSTERD_INFO
from .._run.errors import Failure, sentence
from .._run.process import execute
from . import probe
from .firewall import Firewall, HoldError, Seen, find

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from .._read.reader import Reader

PAUSE = 0.2
SERVER = "Run the task on a server of the cluster, as root."

Result = t.Dict[str, t.Any]


def converge_hold(module: AnsibleModule) -> t.NoReturn:
    """Hold or release, or in check mode say what would be done."""
    commands: list[str] = []
    quiesce = Quiesce(())
    try:
        bricks = () if module.params["state"] == "released" else _bricks(module)
        firewall = firewall_of(module)
        firewall.commands = commands
        seen = firewall.look()
        if module.params["state"] == "released":
            result = _release(module, firewall, seen)
        else:
            seconds, sign = module.params["hold_seconds"], module.params["release_with"]
            quiesce = decide_hold(bricks, node_uuid(), seconds, sign, seen.held, firewall.ipv6)
            result = _hold(module, firewall, seen, quiesce)
    except Refusal as refusal:
        msg = f"{sentence(refusal.problem)} Nothing was changed. {refusal.remedy}"
        module.fail_json(msg=msg.strip(), commands=commands)
    except Failure as error:
        left = "" if commands else "Nothing was changed."
        msg = " ".join(filter(None, (sentence(error.text), error.advice, left)))
        module.fail_json(msg=msg, commands=commands)
    if quiesce.shared_with:
        module.warn(
            "Bricks of other volumes share a process and a port with these (brick multiplexing), "
            f"so that they are held too: {', '.join(quiesce.shared_with)}"
        )
    shown = {"shared_with": list(quiesce.shared_with), "backend": firewall.name}
    module.exit_json(**{"commands": commands, **shown, **result})


def firewall_of(module: AnsibleModule) -> Firewall:
    return find(execute, module.get_bin_path)


def _bricks(module: AnsibleModule) -> tuple[HoldBrick, ...]:
    """Those that were given; else those of the volumes."""
    params = module.params
    if params["bricks"] is None:
        check_names(params["volumes"])
        return read_bricks(params["volumes"], _module._reader(module))
    rows = [{**row, "shared_with": tuple(row["shared_with"])} for row in params["bricks"]]
    bricks = tuple(HoldBrick(**row) for row in rows)
    check_bricks(bricks)
    return bricks


def _release(module: AnsibleModule, firewall: Firewall, seen: Seen) -> Result:
    commands = firewall.to_release(seen)
    if not module.check_mode:
        firewall.change(commands)
    return {
        **_outcome(module, seen, {}, {}, ()),
        "changed": bool(commands),
        "commands": [str(command) for command in commands],
    }


def _hold(module: AnsibleModule, firewall: Firewall, seen: Seen, quiesce: Quiesce) -> Result:
    seconds = module.params["hold_seconds"]
    commands = firewall.to_hold(seen, quiesce.missing, seconds)
    stays = bool(quiesce.watched and quiesce.bricks)
    then = {**seen.held, **dict.fromkeys(quiesce.missing, float(seconds))}
    result: Result = {"changed": bool(commands)}
    if module.check_mode:
        commands += firewall.to_release(firewall.standing) if stays else []
        result["commands"] = [str(command) for command in commands]
        now = {} if stays else then
    else:
        begun = time.monotonic()
        try:
            firewall.change(commands)
            if quiesce.needs_ipv6 and not firewall.ipv6:
                raise HoldError("the rules for IPv6 cannot be made", NO_IPV6)
        except HoldError as error:
            if not seen.held:
                firewall.release()
                error.advice = f"Nothing is held. {error.advice}"
            raise
        looked = time.monotonic()
        standing, at = firewall.look(), time.monotonic()
        result["unbroken"] = set(quiesce.ports) <= set(standing.held) if quiesce.ports else None
        now = standing.held
        if stays:
            stay(quiesce, at + min(standing.held.get(port, 0.0) for port in quiesce.ports))
            # On a busy server a look takes seconds, and the firewall tells at some moment within it.
            again = time.monotonic()
            end = firewall.look()
            passed = (again - at, time.monotonic() - looked)
            result["unbroken"] &= end.is_unbroken(standing, passed)
            firewall.change(firewall.to_release(end))
            result["held_seconds"] = round(time.monotonic() - begun, 2)
            now = {}
    return {**_outcome(module, seen, now, {} if stays else then, quiesce.bricks), **result}


def _outcome(
    module: AnsibleModule,
    seen: Seen,
    now: t.Mapping[int, float],
    predicted: t.Mapping[int, float],
    bricks: t.Sequence[HoldBrick],
) -> Result:
    """What is returned of every run; the diff has no seconds, which pass."""
    result: Result = {
        "held": held_result(now, bricks),
        "held_seconds": None,
        "unbroken": None,
    }
    if module._diff:
        result["diff"] = {
            "before": {"held": _ports(seen.held, bricks), "rules": seen.anything},
            "after": {"held": _ports(predicted, bricks), "rules": bool(predicted)},
        }
    return result


def _ports(held: t.Mapping[int, float], bricks: t.Iterable[HoldBrick]) -> list[Result]:
    rows = held_result(held, bricks)
    return [{"port": row["port"], "volumes": row["volumes"]} for row in rows]


def stay(quiesce: Quiesce, deadline: float) -> None:
    """Until a watched brick was held and is not any more, or this node's own hold is gone.

    A watched brick that does not answer, or still refuses, says nothing: the hold ends by itself.
    """
    held = set(quiesce.own)
    while time.monotonic() < deadline:
        answers = probe.ask({*quiesce.watched, *quiesce.own})
        if any(answers[address] == probe.OPEN for address in held):
            return
        held |= {address for address, answer in answers.items() if answer == probe.HELD}
        time.sleep(PAUSE)


def node_uuid() -> str:
    """By which bricks of this node are known; no command is run for it."""
    try:
        found = re.search(r"^UUID=(\S+)", _glusterd_info(), re.MULTILINE)
    except (OSError, ValueError) as error:
        raise HoldError(f"{GLUSTERD_INFO} cannot be read: {error}", SERVER) from None
    if not found:
        raise HoldError(f"{GLUSTERD_INFO} holds no UUID", SERVER)
    return found.group(1)


def _glusterd_info() -> str:
    with open(GLUSTERD_INFO, encoding="utf-8") as file:
        return file.read()


def read_bricks(names: t.Sequence[str], reader: Reader) -> tuple[HoldBrick, ...]:
    """Of all volumes, since others may share a port with these."""
    volumes = reader.volumes()
    return hold_bricks(names, volumes, reader.statuses(volumes))


def held_result(held: t.Mapping[int, float], bricks: t.Iterable[HoldBrick]) -> list[Result]:
    """Ports that are held, and the volumes that are known to have bricks there."""
    volumes: dict[int | None, set[str]] = {}
    for brick in bricks:
        volumes.setdefault(brick.port, set()).update((brick.volume, *brick.shared_with))
    return [
        {"port": port, "volumes": sorted(volumes.get(port, ())), "seconds_left": left}
        for port, left in sorted(held.items())
    ]


def brick_result(brick: HoldBrick) -> Result:
    return {**brick.__dict__, "shared_with": list(brick.shared_with)}
