# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write down the options of the modules of awx.awx that awx/configure.yml applies.

FOLDER has ansible_collections/awx/awx, as in the wheel of ansible, which is too large for the tests:
    pip download --no-deps ansible==13.8.0 && unzip ansible-13.8.0-*.whl 'ansible_collections/awx/*'
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ABOUT_VALUES = ("type", "elements", "choices", "required", "aliases")


def shape(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Of each option what its values may be, without the prose."""
    return {
        name: {
            **{key: option[key] for key in ABOUT_VALUES if option.get(key)},
            **({"suboptions": shape(option["suboptions"])} if option.get("suboptions") else {}),
        }
        for name, option in options.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    manifest = json.loads((folder / "ansible_collections/awx/awx/MANIFEST.json").read_text())
    version = manifest["collection_info"]["version"]
    modules = re.findall(r"\bawx\.awx\.\w+", (ROOT / "awx/configure.yml").read_text())
    documented = subprocess.run(
        ["ansible-doc", "-j", *modules],
        check=True,
        capture_output=True,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder)},
    ).stdout
    shapes = {
        name: shape(module["doc"]["options"]) for name, module in json.loads(documented).items()
    }
    target = ROOT / f"tests/unit/recorded/awx.awx-{version}.json"
    target.write_text(json.dumps(shapes, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
