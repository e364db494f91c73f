# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a consistency group to be as wanted.

Gluster knows no groups. Each member volume says in an option of its own which group it is in and
which volumes are the members, so every node knows, and no file of ours is kept anywhere. Members
may disagree: a power cut in the middle of a change, a restore that brought an old value back, a
clone that inherited it. Then the newest word of those whom nobody else claims is taken for true,
the rest is *drift*, and the next run mends it.
"""

from __future__ import annotations

import itertools
import typing as t
import uuid
from dataclasses import dataclass, replace

from .names import check_description, check_group_name, check_volume_name
from .notes import UNSET, facts_of
from .plan import Plan, Refusal
from .volume_notes import MEMBERSHIP, Membership

if t.TYPE_CHECKING:
    from .._model import Cluster
    from .._volume_model import Volume
    from .plan import Step
    from .steps.volume import SetVolumeOptions

LONGEST_OPTION = 3500
"""Bytes; 4,000 were kept by Gluster 10.3, and 6,000 killed its glusterd."""


@dataclass(frozen=True)
class Group:
    """A consistency group as its members tell of it."""

    id: str
    name: str
    members: tuple[str, ...]  # names, sorted; ``volumes`` are those that exist
    volumes: tuple[Volume, ...] = ()
    revision: int = 1
    description: str = ""
    drift: tuple[str, ...] = ()

    def membership(self, volume: Volume) -> str:
        """What a member is to say."""
        identity = volume.uuid or ""
        return Membership(
            identity, self.id, self.name, self.members, self.revision, self.description
        ).text()


@dataclass(frozen=True)
class WantedGroup:
    """A group as the task declares it; None leaves what is there."""

    name: str
    volumes: tuple[str, ...] | None = None
    description: str | None = None
    append: bool = False


def groups_of(volumes: t.Iterable[Volume]) -> tuple[Group, ...]:
    """All groups of a cluster by name, from what its volumes say."""
    by_name = {volume.name: volume for volume in volumes}
    said = {name: Membership.of(volume) for name, volume in by_name.items()}
    own = {n: m for n, m in said.items() if m is not None and m.volume == by_name[n].uuid}
    newest: dict[str, Membership] = {}
    for membership in own.values():
        known = newest.get(membership.id)
        if known is None or membership.revision > known.revision:
            newest[membership.id] = membership

    def standing(identity: str) -> tuple[int, int, int, str]:
        """The group with more members whom no other group claims is the true one."""
        truth = newest[identity]
        holders = [n for n in truth.members if n in own and own[n].id == identity]
        others = {n for i, m in newest.items() if i != identity for n in m.members}
        return len(set(holders) - others), len(holders), truth.revision, identity

    claimed: dict[str, str] = {}
    groups = []
    for identity in sorted(newest, key=standing, reverse=True):
        truth = newest[identity]
        members = [n for n in truth.members if n not in claimed]
        if not any(n in own and own[n].id == identity for n in members):
            continue  # an echo: its last witness belongs to another group by now
        claimed.update(dict.fromkeys(members, identity))
        groups.append(
            Group(
                identity,
                truth.name,
                tuple(sorted(truth.members)),
                tuple(by_name[n] for n in sorted(members) if n in by_name),
                truth.revision,
                truth.description,
            )
        )
    return tuple(
        replace(group, drift=tuple(_drift(group, by_name, said, claimed)))
        for group in sorted(groups, key=lambda group: (group.name, group.id))
    )


def _drift(
    group: Group,
    volumes: t.Mapping[str, Volume],
    said: t.Mapping[str, Membership | None],
    claimed: t.Mapping[str, str],
) -> t.Iterator[str]:
    for name in group.members:
        membership = said.get(name)
        if name not in volumes:
            yield f"volume {name} does not exist"
        elif claimed[name] != group.id:
            yield f"volume {name} is in another group"
        elif membership is None:
            yield f"volume {name} does not say that it is a member"
        elif membership.text() != group.membership(volumes[name]):
            yield f"volume {name} says something else or something older"
    for name in _strangers(group, volumes.values()):
        yield f"volume {name} says that it is a member and is not"


def _strangers(group: Group, volumes: t.Iterable[Volume]) -> list[str]:
    """Volumes that left in a change that was cut, and clones of members."""
    found = ((volume.name, Membership.of(volume)) for volume in volumes)
    return sorted(n for n, m in found if m and m.id == group.id and n not in group.members)


def find_group(name: str, cluster: Cluster) -> Group | None:
    """The group of that name."""
    found = [group for group in groups_of(cluster.volumes()) if group.name == name]
    if len(found) > 1:
        raise Refusal(
            f"there are {len(found)} consistency groups named {name}: "
            + "; ".join(f"{group.id} with {', '.join(group.members)}" for group in found),
            f"Take the volumes of one of them out: gluster volume set VOLUME {MEMBERSHIP} {UNSET}",
        )
    return found[0] if found else None


def find_whole_group(name: str, cluster: Cluster) -> Group:
    """The group of that name, whose members agree."""
    check_group_name(name)
    group = find_group(name, cluster)
    if group is None:
        raise Refusal(
            f"consistency group {name} does not exist",
            "Declare it with gluster_consistency_group.",
        )
    if group.drift:
        raise Refusal(
            f"consistency group {name} has drifted: {'; '.join(group.drift)}",
            "Run gluster_consistency_group with its volumes: it mends the group.",
        )
    return group


def decide_group(wanted: WantedGroup, cluster: Cluster) -> Plan:
    """Every member says so, and nobody else."""
    check_group_name(wanted.name)
    check_description(wanted.description or "")
    group = find_group(wanted.name, cluster)
    members = _wanted_members(wanted, group, cluster)
    _refuse_members_of_others(wanted.name, members, group, cluster)
    target = group or Group(
        _new_id(wanted.name, cluster.volume(members[0]), cluster),
        wanted.name,
        members,
        description=wanted.description or "",
    )
    description = target.description if wanted.description is None else wanted.description
    if (members, description) != (target.members, target.description):
        target = replace(
            target, members=members, description=description, revision=target.revision + 1
        )
    steps: list[Step] = []
    # Those that stay come first: who is told last to leave is still known by the others' word.
    for name in members:
        volume = cluster.volume(name)
        if volume is not None:
            steps += _say(volume, target.membership(volume))
    for name in _strangers(target, cluster.volumes()):
        volume = cluster.volume(name)
        if volume is not None and volume.status != "Created":
            steps += _say(volume, UNSET)
    return Plan(tuple(steps))


def _new_id(name: str, first: Volume | None, cluster: Cluster) -> str:
    """The UUID that whoever founds this group now comes to: two who do at once write the same.

    It is not that of an earlier group of the name, as long as there is a snapshot of it.
    """
    tags = (facts_of(snapshot.description, "set") for snapshot in cluster.snapshots())
    used = {str(tag.get("group")) for tag in tags}
    texts = (f"{first.uuid if first else None} {name} {n}" for n in itertools.count())
    ids = (str(uuid.uuid5(uuid.NAMESPACE_OID, text)) for text in texts)
    return next(identity for identity in ids if identity not in used)


def _wanted_members(wanted: WantedGroup, group: Group | None, cluster: Cluster) -> tuple[str, ...]:
    named = tuple(sorted(set(wanted.volumes or ())))
    for name in named:
        check_volume_name(name)
        if cluster.volume(name) is None:
            raise Refusal(f"volume {name} does not exist", "Check the name (gluster volume list).")
    present = tuple(volume.name for volume in group.volumes) if group else ()
    if wanted.volumes is None:
        members = present
    elif wanted.append:
        members = tuple(sorted({*present, *named}))
    else:
        members = named
    if not members:
        raise Refusal(
            f"consistency group {wanted.name} would have no volume",
            "Name its volumes, or say state: absent.",
        )
    return members


def _refuse_members_of_others(
    name: str, members: tuple[str, ...], group: Group | None, cluster: Cluster
) -> None:
    for other in groups_of(cluster.volumes()):
        taken = [volume.name for volume in other.volumes if volume.name in members]
        if taken and (group is None or other.id != group.id):
            raise Refusal(
                f"volume {taken[0]} is in consistency group {other.name} already",
                f"A volume is in one group at most: take it out of {other.name} first.",
            )


def _say(volume: Volume, text: str) -> tuple[SetVolumeOptions, ...]:
    before = volume.options.get(MEMBERSHIP, UNSET)
    if before == text:
        return ()
    size = len(text.encode())
    if size > LONGEST_OPTION:
        raise Refusal(
            f"what volume {volume.name} would have to say of its group has {size} bytes, and "
            f"{LONGEST_OPTION} are safe with Gluster",
            "Shorten the description, or make two groups of it.",
        )
    from .steps.volume import SetVolumeOptions

    options = ((MEMBERSHIP, text),)
    return (SetVolumeOptions(volume.name, options, ((MEMBERSHIP, before),)),)


def decide_no_group(name: str, cluster: Cluster) -> tuple[Step, ...]:
    """No volume says that it is in the group."""
    check_group_name(name)
    steps: list[Step] = []
    for volume in cluster.volumes():
        membership = Membership.of(volume)
        if membership and membership.name == name and volume.status != "Created":
            steps += _say(volume, UNSET)
    return tuple(steps)
