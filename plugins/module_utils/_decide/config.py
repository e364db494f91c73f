# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes for the snapshot configuration to be as wanted."""

from __future__ import annotations

import typing as t

from .names import check_volume_name
from .plan import Plan, Refusal
from .steps.volume import SetSnapshotConfig

if t.TYPE_CHECKING:
    from .._model import Cluster
    from .plan import Step

HIGHEST = 256
"""GLUSTERD_SNAPS_MAX_HARD_LIMIT: no volume and no cluster takes more snapshots."""


def decide_config(
    volume: str | None,
    hard_limit: int | None,
    soft_limit: int | None,
    auto_delete: bool | None,
    activate_on_create: bool | None,
    cluster: Cluster,
) -> Plan:
    """Set what differs and nothing else: setting a boolean to what it is would be an error."""
    if volume is not None:
        check_volume_name(volume)
    config = cluster.config()
    if volume is not None:
        for name, value in (
            ("snap_max_soft_limit", soft_limit),
            ("auto_delete", auto_delete),
            ("activate_on_create", activate_on_create),
        ):
            if value is not None:
                raise Refusal(
                    f"{name} is a setting of the cluster, not of a volume",
                    "Set it in a task without volume.",
                )
        return _decide_volume(volume, hard_limit, cluster)
    _check_range("snap_max_hard_limit", hard_limit, HIGHEST)
    _check_range("snap_max_soft_limit", soft_limit, 100)
    limits: list[tuple[str, str]] = []
    if hard_limit is not None and hard_limit != config.hard_limit:
        limits.append(("snap-max-hard-limit", str(hard_limit)))
    if soft_limit is not None and soft_limit != config.soft_limit:
        limits.append(("snap-max-soft-limit", str(soft_limit)))
    steps: list[Step] = [SetSnapshotConfig("", tuple(limits))] if limits else []
    for key, wanted, present in (
        ("auto-delete", auto_delete, config.auto_delete),
        ("activate-on-create", activate_on_create, config.activate_on_create),
    ):
        if wanted is not None and wanted != present:
            steps.append(SetSnapshotConfig("", ((key, "enable" if wanted else "disable"),)))
    return Plan(tuple(steps))


def _decide_volume(volume: str, hard_limit: int | None, cluster: Cluster) -> Plan:
    config = cluster.config()
    limits = config.volumes.get(volume)
    if limits is None:
        raise Refusal(f"volume {volume} does not exist", "Check the name (gluster volume list).")
    _check_range("snap_max_hard_limit", hard_limit, config.hard_limit)
    if hard_limit is None or hard_limit == limits.hard_limit:
        return Plan()
    return Plan((SetSnapshotConfig(volume, (("snap-max-hard-limit", str(hard_limit)),)),))


def _check_range(name: str, value: int | None, highest: int) -> None:
    if value is not None and not 1 <= value <= highest:
        raise Refusal(f"{name} is {value}, outside of 1 to {highest}")
