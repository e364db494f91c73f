# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWX project fits the playbooks that it runs, and the modules that it is applied with."""

from __future__ import annotations

import copy
import importlib
import json
import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[2]
AWX = ROOT / "awx"
OURS = "glusterfs.data_protection."
MODULES = f"ansible_collections.{OURS}plugins.modules"
# A survey answers nothing but these. There is none for a bool: it would be the text "true".
ASKS = {
    "text": ("str", str),
    "multiplechoice": ("str", str),
    "integer": ("int", int),
    "multiselect": ("list", str),
}
QUESTION = {"variable", "question_name", "question_description", "type", "required"}
QUESTION |= {"default", "choices", "min", "max"}

pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").exists(), reason="only a checkout has the AWX project"
)
with_builder = pytest.mark.skipif(
    not shutil.which("ansible-builder"), reason="ansible-builder is not here"
)

Thing = t.Dict[str, t.Any]
Options = t.Dict[str, Thing]


def load(name: str) -> t.Any:
    return DataLoader().load_from_file(str(AWX / name)) if AWX.exists() else {}


DATA = load("objects.yml")
TEMPLATES = {template["name"]: template for template in DATA.get("controller_templates", [])}
WORKFLOWS = {workflow["name"]: workflow for workflow in DATA.get("controller_workflows", [])}
SCHEDULES = {schedule["name"]: schedule for schedule in DATA.get("controller_schedules", [])}


def spec(options: Options) -> Options:
    """Options as ansible-doc or a role has them, as the argument spec of a module."""
    of_values = ("type", "elements", "choices", "required", "aliases")
    found: Options = {}
    for name, option in options.items():
        found[name] = {key: option[key] for key in of_values if key in option}
        inner = option.get("suboptions", option.get("options"))
        if inner:
            found[name]["options"] = spec(inner)
    return found


def errors(options: Options, given: Thing) -> list[str]:
    found = ArgumentSpecValidator(spec(options)).validate(copy.deepcopy(given)).error_messages
    return t.cast("list[str]", found)


def of_role(name: str, entry_point: str = "main") -> Options:
    path = ROOT / "roles" / name[len(OURS) :] / "meta/argument_specs.yml"
    entry_points = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    return t.cast("Options", entry_points[entry_point]["options"])


def of_module(name: str, arguments: Thing) -> Options:
    """The variables of its own that a playbook hands to a module."""
    module = importlib.import_module(f"{MODULES}.{name[len(OURS) :]}")
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    found: Options = {}
    for option, value in arguments.items():
        for variable in re.findall(r"^{{ (\w+) \| default\(omit, true\) }}$", value):
            found[variable] = {"type": documented[option]["type"], "is_own": True}
    return found


def variables(playbook: str) -> Options:
    """All that a playbook of the collection may be told."""
    found: Options = {"gluster_hosts": {"type": "str", "is_own": True}}
    for play in yaml.safe_load((ROOT / "playbooks" / f"{playbook}.yml").read_text()):
        for role in play.get("roles", []):
            found.update(of_role(role["role"]))
        for task in play.get("tasks", []):
            included = task.get("ansible.builtin.include_role")
            if included:
                found.update(of_role(included["name"], included["tasks_from"]))
            for key, arguments in task.items():
                if key.startswith(OURS):
                    found.update(of_module(key, arguments or {}))
    return found


def survey(template: Thing) -> dict[str, Thing]:
    questions = template.get("survey_spec", {}).get("spec", [])
    return {question["variable"]: question for question in questions}


def wrappers() -> dict[str, str]:
    """The playbooks of AWX, and those of the collection that they import."""
    found = {}
    for path in AWX.glob("*.yml"):
        for name in re.findall(rf"import_playbook: {OURS}(\w+)$", path.read_text(), re.M):
            found[path.name] = name
    return found


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> Thing:
    return t.cast("Thing", TEMPLATES[request.param])


@pytest.fixture
def known(template: Thing) -> Options:
    return variables(wrappers()[template["playbook"]])


def test_all_objects_are_applied_and_fit_their_modules() -> None:
    (tasks,) = (play["tasks"] for play in load("configure.yml"))
    applied = {}
    for task in tasks:
        (module,) = (key for key in task if key.startswith("awx.awx."))
        applied[re.sub(r"\W", "", task["loop"])] = module
    assert set(applied) == {name for name, value in DATA.items() if isinstance(value, list)}
    (recorded,) = (ROOT / "tests/unit/recorded").glob("awx.awx-*.json")
    modules = json.loads(recorded.read_text(encoding="utf-8"))
    for name, module in applied.items():
        for item in DATA[name]:
            assert errors(modules[module], item) == [], item["name"]


def test_every_wrapper_imports_a_playbook_and_is_offered() -> None:
    for name in wrappers().values():
        assert (ROOT / f"playbooks/{name}.yml").exists(), name
    assert {template["playbook"] for template in TEMPLATES.values()} == set(wrappers())


def test_wrappers_are_valid_and_nothing_is_warned_of() -> None:
    inside = ROOT / ".collections"
    collections = inside if inside.exists() else ROOT.parents[2]
    checked = subprocess.run(
        ["ansible-playbook", "--syntax-check", "-i", "localhost,", *wrappers()],
        cwd=AWX,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stderr == ""
    assert checked.stdout.split() == [word for name in wrappers() for word in ("playbook:", name)]


def test_what_a_template_fixes_is_of_its_playbook(template: Thing, known: Options) -> None:
    all_optional = {name: {**option, "required": False} for name, option in known.items()}
    assert errors(all_optional, template["extra_vars"]) == []


def test_what_a_playbook_requires_is_asked_or_fixed(template: Thing, known: Options) -> None:
    asked = {name for name, question in survey(template).items() if question["required"]}
    required = {name for name, option in known.items() if option.get("required")}
    assert required - set(template["extra_vars"]) <= asked


def test_surveys_agree_with_argument_specs(template: Thing, known: Options) -> None:
    for name, question in survey(template).items():
        option = known[name]
        assert ASKS[question["type"]][0] == option["type"], name
        if option["type"] == "str":
            assert question.get("choices") == option.get("choices"), name
        if option.get("is_own"):
            continue
        if "default" in question:
            assert question["default"] == option["default"], name
        elif not question["required"]:
            assert option["default"] in ("", []), name  # what no answer means


@pytest.mark.parametrize("name", [*TEMPLATES, *WORKFLOWS])
def test_surveys_are_such_as_awx_takes(name: str) -> None:
    """As _validate_spec_data in AWX's views asks. It hands on no default of a multiselect."""
    asking = {**TEMPLATES, **WORKFLOWS}[name]
    assert bool(survey(asking)) == asking.get("survey_enabled", False)
    if survey(asking):
        assert set(asking["survey_spec"]) == {"name", "description", "spec"}
        assert len(survey(asking)) == len(asking["survey_spec"]["spec"])
    for question in survey(asking).values():
        assert set(question) <= QUESTION
        assert {"variable", "question_name", "type", "required"} <= set(question)
        assert ("choices" in question) == question["type"].startswith("multi")
        if "default" in question:
            assert question["type"] != "multiselect"
            assert isinstance(question["default"], ASKS[question["type"]][1])
            assert question["default"] in question.get("choices", [question["default"]])


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_answer_what_is_asked(name: str) -> None:
    template = TEMPLATES[SCHEDULES[name]["unified_job_template"]]
    answers, questions = SCHEDULES[name].get("extra_data", {}), survey(template)
    assert set(answers) <= set(questions)
    open_ones = {
        variable
        for variable, question in questions.items()
        if question["required"] and "default" not in question
    }
    assert open_ones <= set(answers)
    told = {**template["extra_vars"], **answers}
    assert errors(variables(wrappers()[template["playbook"]]), told) == []


def test_a_restore_is_planned_then_approved_then_done() -> None:
    (workflow,) = WORKFLOWS.values()
    kinds, following = [], []
    for node in workflow["workflow_nodes"]:
        job = node["unified_job_template"]
        kinds.append((job["type"], node.get("job_type")))
        related = node.get("related", {})
        assert set(related) <= {"success_nodes"}
        following += [after["identifier"] for after in related.get("success_nodes", [])]
        if job["type"] == "job_template":
            assert set(survey(workflow)) == set(survey(TEMPLATES[job["name"]]))
            assert TEMPLATES[job["name"]]["ask_job_type_on_launch"]
    assert kinds == [
        ("job_template", "check"),
        ("workflow_approval", None),
        ("job_template", "run"),
    ]
    assert following == [node["identifier"] for node in workflow["workflow_nodes"][1:]]


def test_the_password_is_a_secret_and_is_taken_where_it_is_put() -> None:
    (kind,) = DATA["controller_credential_types"]
    (field,) = kind["inputs"]["fields"]
    ((variable, value),) = kind["injectors"]["env"].items()
    assert field["secret"]
    assert value == f"{{{{ {field['id']} }}}}"
    module = importlib.import_module(f"{MODULES}.gluster_georep_destination")
    assert variable == module.PASSWORD
    assert f"'{variable}'" in (AWX / "georep.yml").read_text()


@with_builder
@pytest.mark.parametrize("with_json_query", [False, True], ids=["plain", "json_query"])
def test_execution_environment(tmp_path: Path, with_json_query: bool) -> None:
    """What can be seen without a container engine: the folder that the image is built from."""
    project = shutil.copytree(AWX, tmp_path / "project")
    environment = project / "execution-environment.yml"
    if with_json_query:
        wanted = yaml.safe_load(environment.read_text())
        wanted["dependencies"]["python"] = ["jmespath"]
        environment.write_text(yaml.safe_dump(wanted))
        with (project / "collections/requirements.yml").open("a") as requirements:
            requirements.write("  - name: community.general\n")
    command = ["ansible-builder", "create", "-f", str(environment), "-c", str(tmp_path / "context")]
    subprocess.run(command, check=True, capture_output=True)
    (containerfile,) = (tmp_path / "context").glob("*file")
    assert "ansible-galaxy collection install" in containerfile.read_text()
    collections = yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text())
    names = [collection["name"].rpartition("/")[2] for collection in collections["collections"]]
    assert names == ["ansible-data-protection.git", *(["community.general"] * with_json_query)]
    assert (tmp_path / "context/_build/requirements.txt").exists() == with_json_query


@with_builder
def test_introspection_finds_what_the_collection_wants_of_an_image(tmp_path: Path) -> None:
    above = tmp_path / "ansible_collections/glusterfs"
    above.mkdir(parents=True)
    (above / "data_protection").symlink_to(ROOT)
    command = ["ansible-builder", "introspect", str(tmp_path)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wanted = yaml.safe_load(found)
    assert wanted["python"] == []
    assert sorted(line.split("  #")[0] for line in wanted["system"]) == [
        "openssh-client [platform:dpkg]",
        "openssh-clients [platform:rpm]",
    ]
