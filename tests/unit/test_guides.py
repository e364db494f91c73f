# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides name only what is there, and what they tell to type would be understood.

antsibull-docs sees to its own roles, as ``:ansopt:``. Here is all else: commands, playbooks, literals,
codes, links from guide to guide.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.glusterfs.data_protection.plugins.module_utils._module import (
    COMMON_OPTIONS,
)
from ansible_collections.glusterfs.data_protection.plugins.module_utils._run import errors
from ansible_collections.glusterfs.data_protection.plugins.module_utils._trust.examine import (
    REASONS,
)
from ansible_collections.glusterfs.data_protection.tests.unit.guides import Block, blocks_of
from ansible_collections.glusterfs.data_protection.tests.unit.recording import recordings
from ansible_collections.glusterfs.data_protection.tests.unit.test_documents import (
    COLLECTIONS,
    MODULES,
    OURS,
    PACKAGE,
    REPOSITORY,
    ROOT,
    tasks,
)
from ansible_collections.glusterfs.data_protection.tests.unit.test_documents import (
    pytestmark as where_the_documents_are,
)

pytestmark = where_the_documents_are

GUIDES = sorted((ROOT / "docs/docsite/rst").glob("guide_*.rst"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in GUIDES}
ROLES = sorted(path.name for path in (ROOT / "roles").glob("*"))
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
RULEBOOKS = sorted(path.stem for path in (ROOT / "extensions/eda/rulebooks").glob("*.yml"))
FILTERS = sorted(path.stem for path in (ROOT / "plugins/filter").glob("*.py"))
LABEL = "ansible_collections.glusterfs.data_protection.docsite."

OF_OTHERS = {
    *("gluster_heal_info", "gluster_peer", "gluster_volume", "geo_rep"),  # of gluster.gluster
    *("rsync_options", "snap_scheduler", "sshd_config", "sync_jobs"),  # of Gluster and of ssh
    "run_job_template",  # of ansible-rulebook
}
"""Names with an underscore that are not in our source."""

PROGRAMS = {"cd", "git", "gluster-eventsapi", "mount", "pip", "systemctl"}
"""What is typed besides, and is not ours to be looked at."""


BLOCKS = [block for guide, text in TEXTS.items() for block in blocks_of(guide, text)]
YAML = [block for block in BLOCKS if block.language in ("yaml", "yaml+jinja")]
COMMANDS = [(block.guide, words) for block in BLOCKS for words in block.commands]


def without_blocks(text: str) -> str:
    kept, code = [], -1
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        if code >= 0 and line.strip() and depth <= code:
            code = -1
        if code < 0:
            code = depth if line.lstrip().startswith(".. code-block::") else -1
            kept.append(line)
    return "\n".join(kept)


def literals(text: str) -> list[str]:
    found = re.findall(r"``(.+?)``", without_blocks(text), re.S)
    return [" ".join(literal.split()) for literal in found]


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the table whose first heading is ``header``, without that line."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        item = re.match(r"   \* - (.*)", line)
        if item:
            inside = inside or item[1] == header
            found += [[item[1]]] if inside else []
        elif inside and line.startswith("     - "):
            found[-1].append(line[7:])
        elif inside and line.startswith("       "):
            found[-1][-1] += " " + line.strip()
        elif inside and line.strip():
            break
    assert found, header
    return found[1:]


# What modules, roles and playbooks take


class Captured(Exception):
    """Instead of a module that runs."""


def of_module(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
    """What the module gives to AnsibleModule."""

    def capture(**arguments: t.Any) -> t.NoReturn:
        raise Captured(arguments)

    module = importlib.import_module(f"{PACKAGE}.{name}")
    monkeypatch.setattr(module, "AnsibleModule", capture)
    with pytest.raises(Captured) as caught:
        module.main()
    return t.cast("dict[str, t.Any]", caught.value.args[0])


def complain(arguments: dict[str, t.Any], spec: dict[str, t.Any]) -> list[str]:
    rules = ("mutually_exclusive", "required_together", "required_one_of", "required_if")
    chosen = {rule: spec[rule] for rule in (*rules, "required_by") if rule in spec}
    return list(
        ArgumentSpecValidator(spec["argument_spec"], **chosen).validate(arguments).error_messages
    )


def check_module(name: str, arguments: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert name in MODULES
    assert complain(arguments, of_module(name, monkeypatch)) == [], (name, arguments)


def entry_point(role: str, tasks_from: str = "main") -> dict[str, t.Any]:
    text = (ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8")
    return t.cast("dict[str, t.Any]", yaml.safe_load(text)["argument_specs"][tasks_from]["options"])


def roles_in(value: t.Any) -> t.Iterator[tuple[str, str, dict[str, t.Any]]]:
    """Our roles in a playbook: name, entry point, variables."""
    if isinstance(value, list):
        for item in value:
            yield from roles_in(item)
    elif isinstance(value, dict):
        if "role" in value:
            given = {key: inner for key, inner in value.items() if key not in ("role", "name")}
            yield value["role"].replace(OURS, ""), "main", given
        included = value.get("ansible.builtin.include_role")
        if included:
            name, tasks_from = included["name"], included.get("tasks_from", "main")
            yield name.replace(OURS, ""), tasks_from, value.get("vars", {})
        for inner in value.values():
            yield from roles_in(inner)


def groups_in(value: t.Any) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Action groups in module_defaults."""
    if isinstance(value, list):
        for item in value:
            yield from groups_in(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key.startswith("group/"):
                yield key[len("group/") :], inner
            else:
                yield from groups_in(inner)


def check_role(name: str, tasks_from: str, given: dict[str, t.Any]) -> None:
    assert name in ROLES
    assert complain(given, {"argument_spec": entry_point(name, tasks_from)}) == [], (name, given)


def check_playbook(name: str, given: dict[str, t.Any]) -> None:
    """Each variable is known to the playbook or to one of its roles, and none is missing."""
    text = (ROOT / f"playbooks/{name}.yml").read_text(encoding="utf-8")
    known = {"gluster_hosts", "gluster_become"} & set(re.findall(r"\bgluster_\w+", text))
    for role, tasks_from, _fixed in roles_in(yaml.safe_load(text)):
        spec = entry_point(role, tasks_from)
        known |= set(spec)
        check_role(role, tasks_from, {key: value for key, value in given.items() if key in spec})
    assert set(given) <= known, name


# Blocks


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_is_what_modules_and_roles_take(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    content = yaml.safe_load(block.text)
    for name, arguments in tasks(content):
        with monkeypatch.context() as patch:
            check_module(name, arguments, patch)
    for role in roles_in(content):
        check_role(*role)
    for group, defaults in groups_in(content):
        assert group == OURS + "gluster"
        assert set(defaults) <= set(COMMON_OPTIONS)


def test_plays_pass_the_syntax_check(tmp_path: Path) -> None:
    """All at once, since a start of Ansible takes a second. Tasks alone are put into a play."""
    files = []
    for number, block in enumerate(YAML):
        content = yaml.safe_load(block.text)
        if isinstance(content, dict):
            continue  # an inventory, or variables
        if not {"hosts", "ansible.builtin.import_playbook"} & set(content[0]):
            content = [{"hosts": "storage", "tasks": content}]
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(yaml.safe_dump(content), encoding="utf-8")
    assert len(files) > 8
    syntax_check(files, tmp_path)


def test_inventories_are_inventories() -> None:
    found = [yaml.safe_load(block.text) for block in YAML]
    for content in found:
        if isinstance(content, dict) and "plugin" not in content:
            for group in content.values():
                assert not isinstance(group, dict) or set(group) <= {"hosts", "children", "vars"}


def syntax_check(files: list[Path], folder: Path) -> None:
    command = [sys.executable, "-m", "ansible.cli.playbook", "--syntax-check"]
    done = subprocess.run(
        [
            *command,
            "-i",
            "storage,backup,servers,node1,one_server_of_each_cluster,",
            *map(str, files),
        ],
        cwd=folder,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("playbook: ") == len(files)


# Commands


def extra_vars(words: list[str], guide: str) -> dict[str, t.Any]:
    """What -e gives: pairs, JSON, or the variables shown in the same guide for a file."""
    given: dict[str, t.Any] = {}
    for flag, value in zip(words, words[1:]):
        if flag == "-e" and value.startswith("@"):
            given.update(variables_in(guide, value[1:]))
        elif flag == "-e" and value.startswith("{"):
            given.update(json.loads(value))
        elif flag == "-e":
            key, _equals, text = value.partition("=")
            given[key] = text
    return given


def variables_in(guide: str, name: str) -> dict[str, t.Any]:
    assert f"``{name}``" in TEXTS[guide]
    shown = [yaml.safe_load(block.text) for block in YAML if block.guide == guide]
    return next(one for one in shown if isinstance(one, dict) and "gluster_become" in one)


def check_ansible_playbook(words: list[str], guide: str) -> None:
    named = [word for word in words if word.startswith(OURS)]
    if not named:
        (file,) = (word for word in words if word.endswith(".yml") and word != "inventory.yml")
        assert f"``{file}``" in TEXTS[guide]
        return
    (name,) = named
    assert name[len(OURS) :] in PLAYBOOKS
    check_playbook(name[len(OURS) :], extra_vars(words, guide))


def check_ansible(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    options = dict(zip(words, words[1:]))
    given = options.get("-a", "")
    arguments = (
        json.loads(given)
        if given.startswith("{")
        else dict(pair.split("=", 1) for pair in shlex.split(given))
    )
    check_module(options["-m"].replace(OURS, ""), arguments, monkeypatch)


def check_ansible_rulebook(words: list[str], guide: str) -> None:
    options = dict(zip(words, words[1:]))
    assert options["-r"].replace(OURS, "") in RULEBOOKS
    assert f"``{options['-e']}``" in TEXTS[guide]


def check_ansible_doc(words: list[str]) -> None:
    kind = words[words.index("-t") + 1] if "-t" in words else "module"
    known = {"module": MODULES, "role": ROLES, "filter": FILTERS}[kind]
    assert words[-1][len(OURS) :] in known or words[-2:] == ["-l", OURS.rstrip(".")]


def check_command(words: list[str], guide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if words[0] == "ansible-playbook":
        check_ansible_playbook(words, guide)
    elif words[0] == "ansible":
        check_ansible(words, monkeypatch)
    elif words[0] == "ansible-rulebook":
        check_ansible_rulebook(words, guide)
    elif words[0] == "ansible-doc":
        check_ansible_doc(words)
    elif words[0] == "ansible-inventory":
        assert f"``{words[2]}``" in TEXTS[guide]
    elif words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert set(words[1:]) <= set(re.findall(r"^([a-z-]+):", makefile, re.M))
    elif words[0].startswith("tests/"):
        assert os.access(ROOT / words[0], os.X_OK)
    else:
        assert words[0] in {*PROGRAMS, "ansible-console"}, words


def test_commands_would_be_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for guide, whole in COMMANDS:
        words = [word for word in whole if not re.match(r"[A-Z_]+=", word)]
        if words[0] == "tests/tools/demo":
            words = words[1:]
        elif words[0] in {"ansible", "ansible-playbook", "ansible-console", "ansible-rulebook"}:
            assert words[1:3] == ["-i", "inventory.yml"], whole
        seen.add(words[0])
        with monkeypatch.context() as patch:
            check_command(words, guide, patch)
    assert {"ansible-playbook", "ansible", "ansible-doc", "make"} <= seen


def test_what_is_typed_in_the_console_would_be_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        line for block in BLOCKS if block.language == "text" for line in block.text.split("\n")
    ]
    typed = [line.split() for line in lines if line.startswith(OURS)]
    assert typed
    for name, *pairs in typed:
        with monkeypatch.context() as patch:
            check_module(name[len(OURS) :], dict(pair.split("=", 1) for pair in pairs), patch)


# Names


@pytest.mark.parametrize("guide", TEXTS)
def test_full_names_are_of_what_is_there(guide: str) -> None:
    known = {*MODULES, *ROLES, *PLAYBOOKS, *RULEBOOKS, *FILTERS, "gluster", "docsite"}
    found = re.findall(r"glusterfs\.data_protection\.(\w+)", TEXTS[guide])
    assert set(found) <= known
    for name in re.findall(r"(?<![.\w-])gluster_\w+", TEXTS[guide]):
        assert name in {*MODULES, *REASONS, *OF_OTHERS, "gluster_hosts", "gluster_become"}, name


@pytest.fixture(scope="module")
def source() -> str:
    places = [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "roles").rglob("*.yml")]
    places += [*(ROOT / "playbooks").glob("*.yml"), ROOT / "meta/runtime.yml"]
    places += (ROOT / "extensions/eda").rglob("*.yml")
    places += [ROOT / "tests/faults/operations.yml"]  # the snapshots of the page on faults
    return "\n".join(path.read_text(encoding="utf-8") for path in places)


@pytest.mark.parametrize("guide", TEXTS)
def test_words_of_ours_are_in_the_source(guide: str, source: str) -> None:
    for literal in literals(TEXTS[guide]):
        words = re.findall(r"(?<![\w./-])[a-z]+(?:_[a-z]+)+(?![\w/])", literal)
        words += re.findall(r"user\.data-protection\.[a-z-]+", literal)
        for word in words:
            known = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", source)
            assert known or word in OF_OTHERS, literal


@pytest.mark.parametrize("guide", TEXTS)
def test_values_of_options_are_choices(guide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.findall(
        r":ansopt:`" + re.escape(OURS) + r"(\w+)#module:(\w+)=([^`]+)`", TEXTS[guide]
    )
    for module, option, value in found:
        with monkeypatch.context() as patch:
            spec = of_module(module, patch)["argument_spec"][option]
        assert value in spec.get("choices", [value]), (module, option, value)


@pytest.mark.parametrize("guide", TEXTS)
def test_files_of_the_checkout_are_there(guide: str) -> None:
    for name in re.findall(r"``((?:tests|plugins|roles|docs)/[\w./-]+)``", TEXTS[guide]):
        assert (ROOT / name).exists(), name


# Links


def test_all_guides_are_in_the_table_of_contents_and_in_the_readme() -> None:
    toc = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))
    listed = [guide for section in toc["sections"] for guide in section["toctree"]]
    assert sorted(listed) == sorted(TEXTS)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [guide for guide in TEXTS if f"docs/docsite/rst/{guide}.rst" not in readme] == []


@pytest.mark.parametrize("guide", TEXTS)
def test_links_lead_somewhere(guide: str) -> None:
    labels = {
        label for text in TEXTS.values() for label in re.findall(r"^\.\. _(\S+):$", text, re.M)
    }
    assert LABEL + guide in labels
    text = " ".join(TEXTS[guide].split())
    for label in re.findall(r":ref:`[^`<]*<([^`>]*)>`", text):
        assert label in labels, label
    assert text.count(":ref:`") == len(re.findall(r":ref:`[^`<]+ <[^`>]*>`", text))
    for link in re.findall(r"`[^`<]*<(https?://[^`>]*)>`_", text):
        path, _hash, heading = link.partition("#")
        for kind in ("blob/main/", "tree/main/"):
            if path.startswith(REPOSITORY + kind):
                name = ROOT / path[len(REPOSITORY + kind) :]
                assert name.exists(), link
                assert not heading or heading in headings(name), link


def headings(path: Path) -> list[str]:
    titles = re.findall(r"^#+ (.*)", path.read_text(encoding="utf-8"), re.M)
    return [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


# What single guides tell


def test_troubleshooting_has_the_codes_of_the_source() -> None:
    text = TEXTS["guide_troubleshooting"]
    assert sorted(row[0].strip("`") for row in rows(text, "code")) == sorted(REASONS)
    numbers = {value for name, value in vars(errors).items() if isinstance(value, int)}
    assert [int(row[0]) for row in rows(text, "``errno``")] == sorted(numbers)


def test_messages_are_those_of_the_source() -> None:
    """In tables with messages each literal of the first column is in a string of the source."""
    said = [" ".join(text.split()) for text in strings_of_the_source()]
    shown = [
        *rows(TEXTS["guide_troubleshooting"], "message has"),
        *rows(after(TEXTS["guide_troubleshooting"], "Without a number"), "message has"),
        *rows(TEXTS["guide_restore"], "message has"),
    ]
    assert len(shown) > 15
    for row in shown:
        (message,) = literals(row[0])
        assert any(message in one for one in said), message


def after(text: str, title: str) -> str:
    return text[text.index(f"\n{title}\n") :]


def strings_of_the_source() -> t.Iterator[str]:
    for path in (ROOT / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for path in (ROOT / "roles").rglob("tasks/*.yml"):
        yield path.read_text(encoding="utf-8")


def test_compatibility_has_the_modules_that_were_recorded() -> None:
    recorded = {(recording.module, recording.version) for recording in recordings()}
    shown = rows(TEXTS["guide_compatibility"], "module")
    assert sorted(name_in(row[0]) for row in shown) == MODULES
    for row in shown:
        said = dict(zip(("9.2", "10.3", "11.1"), row[1:]))
        for version, word in said.items():
            assert word == ("yes" if (name_in(row[0]), version) in recorded else "no"), row


def name_in(cell: str) -> str:
    found = re.search(re.escape(OURS) + r"(\w+)", cell)
    assert found, cell
    return found[1]


VERBS = (
    *("Consistency group: id, name, description", "cgId", "isSnap"),
    *("Parameters of a volume, and of the system", "create", "start, stop", "delete", "restore"),
    *("list, show", "create-geo-rep-destination", "remove", "reestablish", "test"),
    *("create-geo-rep-session", "set-config", "list configurations, show one"),
    *("STABLE, FAULTY, INITIALIZING, NOT_STARTED", "Each entity has an id", "A web page"),
)
"""Of the design."""


def test_the_table_of_the_design_leads_from_each_verb_to_what_does_it() -> None:
    text = TEXTS["guide_design"]
    shown = [
        row
        for title in re.findall(r"^(.+)\n-{4,}$", text, re.M)
        for row in rows(
            after(text, title),
            "more than the design" if "does not have" in title else "in the design",
        )
    ]
    for verb in VERBS:
        assert any(verb in row[0] for row in shown), verb
    for _verb, ours, page in shown:
        assert OURS in ours or ours.startswith("all modules")
        assert re.fullmatch(r":ref:`.*`", page)
    for name in MODULES:
        assert f"`{OURS}{name}#module" in text, name
    for name in ROLES:
        assert f"`{OURS}{name}#role`" in text, name
    for name in FILTERS:
        assert f"`{OURS}{name}#filter`" in text, name
    for name in PLAYBOOKS:
        assert f"``{OURS}{name}``" in text, name
