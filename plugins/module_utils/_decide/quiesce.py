# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports of a node must be held for volumes to stand still, and for how long at most."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .names import check_volume_name
from .plan import Refusal

if t.TYPE_CHECKING:
    from .._volume_model import Volume, VolumeStatus

DISCONNECT_AFTER = {
    "network.ping-timeout": 42,
    "server.tcp-user-timeout": 42,
    "client.tcp-user-timeout": 0,
}
"""Options that end a connection after so many seconds of silence, with their defaults; 0 is never.

By server.tcp-user-timeout the brick ends it, where the client's acknowledgement of its last answer
came with a request and so was turned away: on Gluster 11.1 one of seven connections, after 42.5 s.
"""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
"""The units of times that Gluster takes in options, each in a short form and a long one."""

MARGIN = 10
"""Seconds that a hold must end before that: clients take a moment to be heard again."""

NO_IPV6 = "Install nftables, or load the modules of ip6tables."


@dataclass(frozen=True)
class HoldBrick:
    """A brick as a hold needs to know it; the modules return it and take it in this form."""

    volume: str
    brick: str  # host:path
    host: str
    port: int | None
    node_uuid: str
    disconnect_after: int = (
        42  # seconds of silence, the least of all volumes on the port; 0 is never
    )
    shared_with: tuple[str, ...] = ()
    address_family: str = ""


@dataclass(frozen=True)
class Quiesce:
    """What is to be done on a node: hold ``missing``, and stay for ``watched`` where there are."""

    bricks: tuple[HoldBrick, ...]  # those of the node
    missing: tuple[int, ...] = ()
    watched: tuple[tuple[str, int], ...] = ()

    @property
    def shared_with(self) -> tuple[str, ...]:
        return tuple(sorted({name for brick in self.bricks for name in brick.shared_with}))

    @property
    def needs_ipv6(self) -> bool:
        return any(brick.address_family == "inet6" for brick in self.bricks)

    @property
    def own(self) -> tuple[tuple[str, int], ...]:
        """One address of this node, by which it can be seen from outside."""
        return tuple((brick.host, brick.port) for brick in self.bricks[:1] if brick.port)

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(sorted({brick.port for brick in self.bricks if brick.port}))


def check_names(volumes: t.Sequence[str]) -> None:
    for name in volumes:
        check_volume_name(name)
    if not volumes:
        raise Refusal("volumes is empty", "Name the volumes that are to stand still.")


def check_bricks(bricks: t.Sequence[HoldBrick]) -> None:
    for brick in bricks:
        check_volume_name(brick.volume)
        if brick.port is not None and not 0 < brick.port < 65536:
            raise Refusal(f"{brick.port} is no TCP port ({brick.brick})")
    if not bricks:
        raise Refusal("bricks is empty", "Give those of gluster_volume_quiesce_info.")


def hold_bricks(
    names: t.Iterable[str],
    volumes: t.Iterable[Volume],
    statuses: t.Mapping[str, VolumeStatus],
) -> tuple[HoldBrick, ...]:
    """All bricks of the named volumes; bricks of one process share a port (multiplexing)."""
    known = {volume.name: volume for volume in volumes}
    wanted = sorted(set(names))
    for name in wanted:
        if name not in known:
            raise Refusal(f"volume {name} does not exist", "Check the name (gluster volume list).")
        if not known[name].started:
            raise Refusal(f"volume {name} is not started", f"Start it: gluster volume start {name}")
    port_of: dict[tuple[str, str], int | None] = {}
    users: dict[tuple[str, int | None], set[str]] = {}
    for volume in known.values():
        status = statuses.get(volume.name)
        for brick, seen in zip(volume.bricks, status.bricks_of(volume) if status else ()):
            port = seen.port if seen.online else None
            port_of[(volume.name, str(brick))] = port
            users.setdefault((brick.node_uuid, port), set()).add(volume.name)
    found = []
    for name in wanted:
        for brick in known[name].bricks:
            port = port_of.get((name, str(brick)))
            others = users[(brick.node_uuid, port)] - {name} if port else set()
            times = [time for other in (name, *others) for time in _disconnect_after(known[other])]
            found.append(
                HoldBrick(
                    volume=name,
                    brick=str(brick),
                    host=brick.host,
                    port=port,
                    node_uuid=brick.node_uuid,
                    disconnect_after=min(times, default=0),
                    shared_with=tuple(sorted(others - set(wanted))),
                    address_family=known[name].options.get("transport.address-family", ""),
                )
            )
    return tuple(found)


def _disconnect_after(volume: Volume) -> t.Iterator[int]:
    for option, default in DISCONNECT_AFTER.items():
        value = volume.options.get(option, str(default))
        time = re.fullmatch(r"(\d{1,9})(?:(s)(?:ec)?|(m)(?:in)?|(h)r?|(d)(?:ays)?|(w)k?)?", value)
        if not time:
            raise Refusal(
                f"volume {volume.name} has {option} {value}, which is no time in seconds",
                f"Set it to one: gluster volume set {volume.name} {option} {default}",
            )
        number, *units = time.groups()
        seconds = int(number) * UNITS[next(filter(None, units), "s")]
        if seconds:
            yield seconds


def decide_hold(
    bricks: tuple[HoldBrick, ...],
    node_uuid: str,
    seconds: int,
    release_with: str | None,
    held: t.Mapping[int, float],
    ipv6: bool,
) -> Quiesce:
    """Hold what is not held yet. What is held stays as it is: it is never made longer."""
    _check_seconds(seconds, bricks)
    here = tuple(brick for brick in bricks if brick.node_uuid == node_uuid)
    offline = [brick.brick for brick in here if brick.port is None]
    if offline:
        raise Refusal(
            f"not online: {', '.join(sorted(offline))}",
            "A brick without a port cannot be held. Bring it online (gluster volume status).",
        )
    quiesce = Quiesce(here)
    if quiesce.needs_ipv6 and not ipv6:
        raise Refusal(
            "a volume is reached over IPv6 (transport.address-family), and ip6tables does not work "
            "on this node",
            NO_IPV6,
        )
    return Quiesce(
        here,
        tuple(port for port in quiesce.ports if port not in held),
        _watched(bricks, here, release_with),
    )


def _check_seconds(seconds: int, bricks: t.Iterable[HoldBrick]) -> None:
    if seconds < 1:
        raise Refusal(f"a hold of {seconds} seconds is none", "Give hold_seconds of 1 or more.")
    times = (brick.disconnect_after for brick in bricks)
    shortest = min((time for time in times if time), default=0)
    if shortest and seconds >= shortest - MARGIN:
        raise Refusal(
            f"a hold of {seconds} seconds is too long: clients disconnect after {shortest} seconds "
            f"of silence ({' or '.join(DISCONNECT_AFTER)}), and {MARGIN} seconds are kept clear of that",
            f"Let hold_seconds be less than {shortest - MARGIN}, or raise these options.",
        )


def _watched(
    bricks: t.Iterable[HoldBrick], here: t.Iterable[HoldBrick], release_with: str | None
) -> tuple[tuple[str, int], ...]:
    """The bricks whose release is the sign for that of this node."""
    if release_with is None:
        return ()
    of_host = [brick for brick in bricks if brick.host == release_with]
    if not of_host:
        raise Refusal(
            f"release_with is {release_with}, and no brick has this host",
            "Give the host of a brick, as gluster_volume_quiesce_info returns it.",
        )
    if any(brick in here for brick in of_host):
        return ()
    watched = sorted({(brick.host, brick.port) for brick in of_host if brick.port})
    if not watched:
        raise Refusal(f"no brick of {release_with} is online (release_with)")
    return tuple(watched)
