# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for a snapshot to be as wanted (all states but restored: see ``restore``).

The steps are loaded where there are any: most runs find the snapshot as it is wanted.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .names import check_description, check_snapshot_name, check_volume_name
from .notes import facts_of, words_of
from .plan import AtOnce, Plan, Refusal

if t.TYPE_CHECKING:
    from .._model import Cluster, Snapshot
    from .plan import Step


@dataclass(frozen=True)
class WantedSnapshot:
    """A snapshot as the task declares it; ``activated`` None leaves it as it is."""

    name: str
    volume: str | None = None
    description: str | None = None
    activated: bool | None = None
    georep_paused: bool = False

    def check(self) -> None:
        check_snapshot_name(self.name)
        if self.volume is not None:
            check_volume_name(self.volume)
        check_description(self.description or "")


def find_snapshot(cluster: Cluster, name: str, volume: str | None) -> Snapshot | None:
    """The snapshot of that name; a snapshot of another volume is refused, not taken for it."""
    snapshot = cluster.snapshot(name)
    if snapshot is not None and volume is not None and snapshot.volume != volume:
        raise Refusal(
            f"snapshot {name} exists, but of volume {snapshot.volume} and not of {volume}",
            "Snapshot names are unique in a cluster: choose another name.",
        )
    return snapshot


def decide_present(wanted: WantedSnapshot, cluster: Cluster) -> Plan:
    """There, and activated or deactivated where that is wanted."""
    wanted.check()
    snapshot = find_snapshot(cluster, wanted.name, wanted.volume)
    warnings: list[str] = []
    if snapshot is not None:
        said = words_of(snapshot.description)
        warnings += description_warning(wanted.name, said, wanted.description)
        if snapshot.complete and wanted.activated in (None, snapshot.activated):
            return Plan(warnings=tuple(warnings))

    from .steps.snapshot import ActivateSnapshot, CreateSnapshot, DeactivateSnapshot, broken

    steps: list[Step] = []
    if snapshot is None:
        if wanted.volume is None:
            raise Refusal(
                f"snapshot {wanted.name} does not exist",
                "Name its volume, and it is created.",
            )
        description = wanted.description or ""
        create = CreateSnapshot(wanted.name, wanted.volume, description, wanted.georep_paused)
        steps.append(create)
        warnings += auto_delete_warning(wanted.volume, cluster)
        activated: bool | None = None
        if wanted.activated is not None:
            activated = cluster.config().activate_on_create
    elif not snapshot.complete:
        raise Refusal(broken(snapshot))
    else:
        activated = snapshot.activated
    if wanted.activated is True and not activated:
        steps.append(ActivateSnapshot(wanted.name))
    if wanted.activated is False and activated:
        steps.append(DeactivateSnapshot(wanted.name))
    return Plan(tuple(steps), tuple(warnings))


def decide_several(
    wanted: t.Sequence[WantedSnapshot], absent: bool, forks: int, cluster: Cluster
) -> Plan:
    """Each as wanted, whatever becomes of the others. The number of reads does not depend on how many."""
    names = [one.name for one in wanted]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refusal(
            f"listed more than once: {', '.join(twice)}", "Names are unique in a cluster."
        )
    if forks < 1:
        raise Refusal(f"forks is {forks}", "Say 1 or more.")
    there = {snapshot.name for snapshot in cluster.snapshots()}
    if not absent and not there.issuperset(names):
        cluster.volumes()
        cluster.get("all_statuses")
    stages: list[list[Step]] = [[], []]
    warnings: dict[str, None] = {}
    refused = {}
    end = cluster
    for one in wanted:
        try:
            plan = decide_absent(one.name, one.volume, end) if absent else decide_present(one, end)
            end = plan.preflight(end)
        except Refusal as refusal:
            refused[one.name] = f"{refusal.problem}. {refusal.remedy}".strip()
            continue
        warnings.update(dict.fromkeys(plan.warnings))
        for stage, step in zip(stages, plan.steps):
            stage.append(step)
    steps = [AtOnce(tuple(stage), forks=forks, apart=True) for stage in stages if stage]
    return Plan(tuple(steps), tuple(warnings), refused=refused)


def description_warning(name: str, present: str, wanted: str | None) -> list[str]:
    """A description is given once."""
    if wanted is None or wanted == present:
        return []
    return [
        f"Snapshot {name} has the description {present!r}, not {wanted!r}: Gluster cannot change "
        "the description of a snapshot."
    ]


def auto_delete_warning(volume: str, cluster: Cluster) -> list[str]:
    """Past the soft limit Gluster deletes the oldest snapshot without a word to the caller."""
    config = cluster.config()
    limits = config.volumes.get(volume)
    known = cluster.volume(volume)
    if not config.auto_delete or limits is None or known is None:
        return []
    if known.snapshot_count + 1 <= limits.soft_limit:
        return []
    return [
        f"auto_delete is on and volume {volume} passes its soft limit of {limits.soft_limit} "
        "snapshots: Gluster deletes its oldest snapshot."
    ]


def decide_absent(name: str, volume: str | None, cluster: Cluster) -> Plan:
    """Gone. A snapshot of another volume is refused rather than deleted."""
    WantedSnapshot(name, volume).check()
    snapshot = find_snapshot(cluster, name, volume)
    if snapshot is None:
        return Plan()

    from .steps.snapshot import DeleteSnapshot, peers_down_warning

    warnings = peers_down_warning(cluster)
    one_of = facts_of(snapshot.description, "set")
    if one_of:
        warnings += (
            f"Snapshot {name} is one of set {one_of.get('name')} of consistency group "
            f"{one_of.get('group_name')}, which is not whole without it.",
        )
    return Plan((DeleteSnapshot(name, snapshot.volume),), warnings)


def decide_none_of(volume: str, cluster: Cluster) -> Plan:
    """Every snapshot of the volume gone."""
    check_volume_name(volume)
    if cluster.get("snapshots", volume) is None:
        raise Refusal(f"volume {volume} does not exist", "Check the name (gluster volume list).")
    if not cluster.snapshots_of(volume):
        return Plan()

    from .steps.snapshot import DeleteSnapshotsOfVolume, peers_down_warning

    return Plan((DeleteSnapshotsOfVolume(volume),), peers_down_warning(cluster))
