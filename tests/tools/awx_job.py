# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a job template of awx/objects.yml as AWX would, with ansible-runner.

It gets a private data directory of its own below FOLDER: the project, the inventory, and the extra
variables, which are those of the template, the defaults of its survey, and the answers. The
artifacts stay there. An event with a warning is a failure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import typing as t
from pathlib import Path

import ansible_runner
import yaml
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[2]


def template_of(name: str) -> dict[str, t.Any]:
    templates = DataLoader().load_from_file(str(ROOT / "awx/objects.yml"))["controller_templates"]
    (found,) = (template for template in templates if template["name"] == name)
    return t.cast("dict[str, t.Any]", found)


def extra_vars(template: dict[str, t.Any], answers: dict[str, t.Any]) -> dict[str, t.Any]:
    questions = template.get("survey_spec", {}).get("spec", [])
    defaults = {
        question["variable"]: question["default"] for question in questions if "default" in question
    }
    return {**template["extra_vars"], **defaults, **answers}


def prepare(folder: Path, inventory: Path, variables: dict[str, t.Any]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "awx", folder / "project")
    (folder / "inventory").mkdir()
    shutil.copy(inventory, folder / "inventory/hosts.yml")
    (folder / "env").mkdir()
    (folder / "env/extravars").write_text(json.dumps(variables))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("inventory", type=Path)
    parser.add_argument("template")
    parser.add_argument("answers", nargs="*", metavar="NAME=VALUE", help="the value is YAML")
    parser.add_argument("--options", default="", help="of ansible-playbook, such as --check")
    given = parser.parse_args()
    answers = {
        name: yaml.safe_load(value)
        for name, _is, value in (a.partition("=") for a in given.answers)
    }
    template = template_of(given.template)
    folder = (given.folder / given.template.replace(" ", "_")).resolve()
    prepare(folder, given.inventory, extra_vars(template, answers))
    options = [*(["--diff"] if template.get("diff_mode") else []), *given.options.split()]
    job = ansible_runner.run(
        private_data_dir=str(folder), playbook=template["playbook"], cmdline=" ".join(options)
    )
    warnings = [event for event in job.events if "WARNING]" in event["stdout"]]
    print(f"{given.template}: {job.status}, {len(warnings)} warnings, {folder / 'artifacts'}")
    return int(job.rc != 0 or bool(warnings))


if __name__ == "__main__":
    sys.exit(main())
