# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all filters of the collection have in common: how they refuse what they are given."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.glusterfs.data_protection.plugins.module_utils._decide.plan import Refusal

Answer = t.TypeVar("Answer")

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\Z")


def refusing(filter_of: t.Callable[..., Answer]) -> t.Callable[..., Answer]:
    """Errors of a filter say which one it was, and what it wants."""

    @functools.wraps(filter_of)
    def told(*args: t.Any, **options: t.Any) -> Answer:
        try:
            return filter_of(*args, **options)
        except Refusal as refusal:
            text = f"{refusal.problem}. {refusal.remedy}"
        except KeyError as error:
            text = f"there is no {error} in what it was given. It wants what the modules return."
        except (AttributeError, TypeError, ValueError) as error:
            text = f"{error}. It wants what the modules return."
        raise AnsibleFilterError(f"glusterfs.data_protection.{filter_of.__name__}: {text}")

    return told


def check_time(option: str, text: str) -> None:
    if not TIME.match(text):
        raise Refusal(
            f"{option} is {text!r}, which is no time", "Say it as in 2026-11-25T08:00:00Z."
        )
