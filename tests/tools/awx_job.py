# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a job template of awx/objects.yml on a lab as AWX would, with ansible-runner.

It gets a private data directory of its own below FOLDER: the project, the lab's inventory with the
groups that the templates name, and the extra variables, which are those of the template, the
defaults of its survey, and the answers. The artifacts stay there. It says whether anything was
changed. An event with a warning is a failure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import typing as t
from pathlib import Path

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible_runner.interface import run

AWX = Path(__file__).resolve().parents[2] / "awx"
GROUPS = {"storage": "primary", "backup": "secondary"}

Thing = t.Dict[str, t.Any]


def extra_vars(template: Thing, answers: Thing) -> Thing:
    questions = template.get("survey_spec", {}).get("spec", [])
    defaults = {
        question["variable"]: question["default"] for question in questions if "default" in question
    }
    return {**template["extra_vars"], **defaults, **answers}


def prepare(folder: Path, lab: Path, variables_of_hosts: Thing, variables: Thing) -> None:
    groups: Thing = {name: {"children": {of_lab: {}}} for name, of_lab in GROUPS.items()}
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(AWX, folder / "project")
    for name, content in {
        "inventory/groups.yml": {"all": {"vars": variables_of_hosts, "children": groups}},
        "env/extravars": variables,
    }.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    shutil.copy(lab, folder / "inventory/lab.yml")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("inventory", type=Path)
    parser.add_argument("template")
    parser.add_argument("answers", nargs="*", metavar="NAME=VALUE", help="the value is YAML")
    parser.add_argument("--check", action="store_true", help="the type of the job")
    given = parser.parse_args()
    answers = {}
    for answer in given.answers:
        name, _is, value = answer.partition("=")
        answers[name] = yaml.safe_load(value)
    data = DataLoader().load_from_file(str(AWX / "objects.yml"))
    (template,) = (each for each in data["controller_templates"] if each["name"] == given.template)
    (inventory,) = data["controller_inventories"]
    folder = (given.folder / given.template.replace(" ", "_")).resolve()
    prepare(folder, given.inventory, inventory["variables"], extra_vars(template, answers))
    job = run(
        private_data_dir=str(folder),
        playbook=template["playbook"],
        cmdline=" ".join(["--check"] * given.check + ["--diff"] * template.get("diff_mode", False)),
    )
    warnings = [event for event in job.events if "WARNING]" in event["stdout"]]
    changed = any((job.stats or {}).get("changed", {}).values())
    print(
        f"{given.template}: {job.status}, {'changed' if changed else 'unchanged'}, "
        f"{len(warnings)} warnings, {folder / 'artifacts'}"
    )
    return int(job.rc != 0 or bool(warnings))


if __name__ == "__main__":
    sys.exit(main())
