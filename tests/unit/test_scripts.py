# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts of roles, with folders for volumes: names of one file have one inode, as those of one gfid have."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest

EXTRA = Path(__file__).parents[2] / "roles/disaster_recovery/files/extra.sh"

STANDS_IN = {
    # The volume is a folder, and the mount a link to it.
    "glusterfs": """#!/bin/sh
for word; do case $word in --volfile-id=*) volume=${word#*=} ;; esac; done
rmdir "$word" && ln -s "$VOLUMES/$volume" "$word"
""",
    "mountpoint": '#!/bin/sh\ntest -h "$2" || test -h "$1"\n',
    "umount": '#!/bin/sh\nrm "$2"\n',
}


class Both:
    """Two volumes: the leader, and the follower, which is to become as the leader is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.leader, self.follower = folder / "leads", folder / "follows"
        self.list = folder / "kept/list"
        programs = folder / "bin"
        for one in (self.leader, self.follower, programs):
            one.mkdir()
        for name, text in STANDS_IN.items():
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "VOLUMES": str(folder),
            "TMPDIR": str(folder),
        }

    def run(self, what: str) -> subprocess.CompletedProcess[str]:
        ends = ["here", self.leader.name, "there", self.follower.name]
        return subprocess.run(
            # Or whoever runs the tests with nohup has it ignored there too.
            ["env", "--default-signal=HUP", "sh", str(EXTRA), what, *ends, str(self.list)],
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def names(self) -> list[str]:
        return sorted(str(p.relative_to(self.follower)) for p in self.follower.rglob("*"))

    def replicate(self, name: str) -> None:
        if (self.follower / name).exists():
            (self.follower / name).unlink()
        os.link(str(self.leader / name), str(self.follower / name))


@pytest.fixture
def both(tmp_path: Path) -> t.Iterator[Both]:
    made = Both(tmp_path)
    (made.leader / "same").write_text("same", encoding="utf-8")
    made.replicate("same")
    yield made
    # Neither mounts nor a folder for them are left behind.
    assert {p.name for p in tmp_path.iterdir()} <= {"bin", "leads", "follows", "kept"}


def test_what_only_the_follower_has_is_removed(both: Both) -> None:
    for name in ("deleted", "with a\nnewline", "-rf"):
        (both.follower / name).write_text("old", encoding="utf-8")
    (both.follower / "old folder").mkdir()
    (both.follower / "old folder/file").write_text("old", encoding="utf-8")
    found = both.run("find")
    assert (found.returncode, found.stdout.splitlines()[0], found.stderr) == (0, "5", "")
    assert len(both.names()) == 6
    removed = both.run("remove")
    assert (removed.returncode, removed.stdout.splitlines()[0], removed.stderr) == (0, "5", "")
    assert both.names() == ["same"]
    assert not both.list.exists()


def test_what_arrives_between_the_look_and_the_removal_stays(both: Both) -> None:
    """Editors and rsync save by a new file of the same name; one does while they are compared."""
    (both.leader / "report").write_text("old", encoding="utf-8")
    both.replicate("report")
    (both.leader / "report").unlink()
    (both.leader / "report").write_text("new", encoding="utf-8")
    assert both.run("find").stdout.splitlines() == ["1", "report"]
    both.replicate("report")
    removed = both.run("remove")
    assert (removed.returncode, removed.stdout.splitlines()) == (0, ["0"])
    assert (both.follower / "report").read_text(encoding="utf-8") == "new"


def test_a_folder_that_is_renamed_meanwhile_stays(both: Both) -> None:
    (both.follower / "before").mkdir()
    (both.follower / "before/file").write_text("kept", encoding="utf-8")
    assert both.run("find").stdout.splitlines()[0] == "2"
    (both.follower / "before").rename(both.follower / "after")
    removed = both.run("remove")
    assert (removed.returncode, removed.stdout.splitlines()) == (0, ["0"])
    assert both.names() == ["after", "after/file", "same"]


def test_something_else_under_that_name_is_told_and_stays(both: Both) -> None:
    (both.leader / "report").write_text("new", encoding="utf-8")
    (both.follower / "report").write_text("only here", encoding="utf-8")
    both.run("find")
    refused = both.run("remove")
    assert refused.returncode == 1
    assert "report" in refused.stderr
    assert both.names() == ["report", "same"]
    assert both.list.exists()


def test_a_leader_that_cannot_be_asked_is_not_one_that_has_nothing(both: Both) -> None:
    """As where its mount has died since the list was made."""
    (both.follower / "folder").mkdir()
    (both.follower / "folder/file").write_text("kept", encoding="utf-8")
    both.run("find")
    (both.leader / "folder").symlink_to("folder")  # which leads nowhere but to itself
    refused = both.run("remove")
    assert refused.returncode != 0
    assert "symbolic links" in refused.stderr
    assert both.names() == ["folder", "folder/file", "same"]


def test_without_a_list_it_looks_for_itself(both: Both) -> None:
    (both.follower / "deleted").write_text("old", encoding="utf-8")
    assert both.run("remove").stdout.splitlines() == ["1", "deleted"]
    assert both.names() == ["same"]


def test_before_a_session_begins_anew_whole_folders_are_replaced(both: Both) -> None:
    (both.leader / "folder").mkdir()
    (both.follower / "folder").mkdir()
    (both.follower / "folder/file").write_text("old", encoding="utf-8")
    assert both.run("replace").returncode == 0
    assert both.names() == ["same"]


GONE = "find: './folder': No such file or directory"


@pytest.mark.parametrize(
    ("what", "said", "code", "is_well"),
    [
        ("find", GONE, 1, True),
        ("replace", GONE, 1, True),
        ("remove", GONE, 1, False),  # nobody writes then
        ("find", f"{GONE}\nfind: './other': Input/output error", 1, False),
        ("replace", "", 137, False),
    ],
)
def test_only_what_is_gone_while_clients_work_is_no_failure(
    both: Both, what: str, said: str, code: int, is_well: bool
) -> None:
    """A folder is renamed or removed when ``find`` is on its way into it."""
    (both.follower / "deleted").write_text("old", encoding="utf-8")
    find = both.folder / "bin/find"
    find.write_text(
        f'#!/bin/sh\n{shutil.which("find")} "$@"\nprintf %s "{said}" >&2\nexit {code}\n',
        encoding="utf-8",
    )
    find.chmod(0o755)
    done = both.run(what)
    assert (done.returncode == 0) == is_well
    assert ("deleted" in both.names()) == (what != "replace" or not is_well)
    told = (
        f"Volume follows of there could not be looked through (find ended with {code}). Nothing was"
    )
    assert (told in done.stderr) == (not is_well)


def test_a_run_that_is_killed_leaves_no_mount(both: Both) -> None:
    """Which the fixture sees. The terminal of ``script`` hangs up then."""
    sort = both.folder / "bin/sort"
    sort.write_text("#!/bin/sh\nkill -HUP $PPID\n", encoding="utf-8")
    sort.chmod(0o755)
    assert both.run("find").returncode == 1
