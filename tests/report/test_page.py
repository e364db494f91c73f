# Copyright (c) 2026, glusterfs.data_protection contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the role report, looked at in a real Chromium: see tests/tools/steps/report.

seen.json is what the role read on a lab with Gluster 10.3. From it come a page as it was, one of a cluster
where all is wrong and every text is an attack, and one of an empty cluster.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.glusterfs.data_protection.plugins.plugin_utils import _findings
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

Report = t.Dict[str, t.Any]

HERE = Path(__file__).parent
# Of the checkout, also where this is a copy of it: the tools make folders beside themselves.
WITH = Path(os.environ["ROOT"]) / "tests/tools/with"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
WIDTHS = {"phone": 360, "desktop": 1000}
SCHEMES: tuple[t.Literal["light", "dark"], ...] = ("light", "dark")
HOSTILE = (
    "\"><img src=x onerror=alert(1)></title></style><script>alert(2)</script>&lt;' {{ 7 * 6 }}{% raw %}\u202e"
    + "without-an-end" * 30
)


def as_it_was() -> Report:
    return t.cast("Report", json.loads((HERE / "seen.json").read_text(encoding="utf-8")))


def hostile(value: t.Any, key: str = "") -> t.Any:
    """The same with every text an attack that a stranger, or Gluster, could choose."""
    if isinstance(value, dict):
        return {name: hostile(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, key) for inner in value]
    # What has a form of its own is read by programs before it is shown.
    formal = {"read_at", "created", "taken", "last_synced", "uuid", "id", "timezone"}
    return f"{value}{HOSTILE}" if isinstance(value, str) and key not in formal else value


def all_wrong() -> Report:
    seen = as_it_was()
    seen["snapshot_config"]["auto_delete"] = True
    seen["unread"] = [{"what": "something", "why": "glusterd is down"}]
    seen["servers"].append({**seen["servers"][0], "name": "node2", "problem": "no route"})
    torn = {**seen["servers"][0]["snapshot_counts"], "orders": 1}
    seen["servers"].append({**seen["servers"][0], "name": "node3", "snapshot_counts": torn})
    seen["consistency_groups"][0]["drift"] = ["papers is not in it any more"]
    seen["thin_pools"][0].update(data_percent=85.2, metadata_percent=100.0)
    faulty = copy.deepcopy(seen["sessions"][0])
    faulty.update(status="FAULTY", lag_seconds=None, bricks_without_worker=["node2:/b"])
    faulty["workers"][0].update(status="Faulty", crawl=None, last_synced=None, failures=3)
    seen["sessions"].append(faulty)
    for volume in seen["volumes"]:
        volume["brick_status"][0]["online"] = False
    seen = t.cast("Report", hostile(seen))
    # The words by which things are told apart stay as they are.
    for session, status in zip(seen["sessions"], ("STABLE", "FAULTY")):
        session["status"] = status
    for one in [*seen["snapshot_sets"], *seen["consistency_groups"][0]["snapshot_sets"]]:
        one["consistency"] = "crash"
    for volume in seen["volumes"]:
        volume["status"] = "Started"
    for plan in seen["retention"][:2]:
        plan["problem"] = ""
    for snapshot in seen["snapshots"][:4]:
        snapshot["before_restore_of"] = HOSTILE
    return seen


def empty() -> Report:
    seen = as_it_was()
    return {name: [] if isinstance(value, list) else value for name, value in seen.items()}


REPORTS = {
    name: {**seen, "findings": _findings.findings_of(seen, _findings.Limits())}
    for name, seen in (("was", as_it_was()), ("wrong", all_wrong()), ("empty", empty()))
}


def rendered(folder: Path, venv: str) -> Path:
    for name, report in REPORTS.items():
        (folder / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    variables = json.dumps({"folder": str(folder), "names": ",".join(REPORTS)})
    # The same copy of the collection as is imported here, whatever `with` says.
    collections = f"ANSIBLE_COLLECTIONS_PATH={Path(_findings.__file__).parents[5]}"
    play = ["ansible-playbook", str(HERE / "render.yml"), "-e", variables]
    command = [str(WITH), venv, "env", collections, *play]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(tmp_path_factory.mktemp("newest"), "tools")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


class Looked(t.NamedTuple):
    page: Page
    said: list[str]  # on the console, and errors
    asked: list[str]  # addresses


def look(
    browser: Browser,
    file: Path,
    width: int = WIDTHS["desktop"],
    scheme: t.Literal["light", "dark"] = "light",
    script: bool = True,
) -> Looked:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    looked = Looked(context.new_page(), [], [])

    def refuse(dialog: Dialog) -> None:
        looked.said.append(dialog.message)
        dialog.dismiss()

    looked.page.on("console", lambda message: looked.said.append(message.text))
    looked.page.on("pageerror", lambda error: looked.said.append(str(error)))
    looked.page.on("dialog", refuse)
    looked.page.on("request", lambda request: looked.asked.append(request.url))
    read_at = REPORTS["was"]["read_at"]
    looked.page.clock.set_fixed_time(f"{read_at[:-3]}59Z")
    looked.page.goto(file.as_uri())
    return looked


OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"
OVERFLOW = """
[document.documentElement, ...document.querySelectorAll('body *')].filter(one =>
  one.getClientRects().length && (one.getBoundingClientRect().right > innerWidth + 0.5
  || one.getBoundingClientRect().left < -0.5) || one === document.documentElement
  && one.scrollWidth > one.clientWidth).map(one => one.outerHTML.slice(0, 200))
"""
# WCAG 2: contrast of each text and each mark with what is behind it. Nothing there is half transparent.
CONTRAST = """
(() => {
  const light = text => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    if (a === 0) return null;
    if (a !== 1) throw new Error('half transparent: ' + text);
    const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = one => {
    for (; one; one = one.parentElement) {
      const found = light(getComputedStyle(one).backgroundColor);
      if (found !== null) return found;
    }
    return light('rgb(255, 255, 255)');
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const all = [...document.querySelectorAll('body, body *')].filter(one => one.getClientRects().length);
  const rows = [];
  for (const one of all) {
    const style = getComputedStyle(one), name = one.tagName + '.' + one.className;
    if ([...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && one.tagName !== 'SCRIPT')
      rows.push([name, 'text', ratio(light(style.color), behind(one))]);
    if (one.matches('.dots li, .key i'))
      rows.push([name, 'mark', ratio(light(style.borderTopColor), behind(one.parentElement))]);
    if (one.matches('.bar i'))
      rows.push([name, 'mark', ratio(light(style.backgroundColor), behind(one.parentElement))]);
    const before = getComputedStyle(one, '::before');
    if (before.content !== 'none') rows.push([name, 'text', ratio(light(before.color), behind(one))]);
  }
  return rows;
})()
"""


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_it_can_be_read(
    browser: Browser, pages: Path, name: str, width: int, scheme: t.Literal["light", "dark"]
) -> None:
    file = pages / name / "report.html"
    page, said, asked = look(browser, file, width, scheme)
    for state in ("closed", "open"):
        if state == "open":
            page.evaluate(OPEN)
        assert page.evaluate(OVERFLOW) == []
        rows = page.evaluate(CONTRAST)
        assert len(rows) > 20
        assert [row for row in rows if row[2] < (4.5 if row[1] == "text" else 3)] == []
    assert said == []
    assert asked == [file.as_uri()]
    folder = os.environ.get("REPORT_SCREENSHOTS")
    if folder and name == "was":
        page.reload()
        words = {number: word for word, number in WIDTHS.items()}
        page.screenshot(
            path=f"{folder}/report-{words[width]}-{scheme}.png",
            clip={"x": 0, "y": 0, "width": width, "height": 1400},
            full_page=True,
        )


def texts(report: Report) -> t.Iterator[str]:
    """What has to be on the page, word for word."""
    for finding in report["findings"]:
        yield from (finding["about"], finding["text"], finding["next"])
    for group in report["consistency_groups"]:
        yield from (group["name"], group["description"], *group["drift"])
        yield from (one["name"] for one in group["snapshot_sets"])
    for snapshot in report["snapshots"]:
        yield from (snapshot["name"], snapshot["volume"], snapshot["description"])
        yield snapshot["created"][:16].replace("T", " ")
    for volume in report["volumes"]:
        yield from (volume["name"], volume["type"], volume["status"], *volume["obstacles"])
    for plan in report["retention"]:
        yield from (plan["name"], plan["problem"])
        yield from ("; ".join(one["reasons"]) for one in plan["snapshots"])
    for session in report["sessions"]:
        yield from (
            session["destination_host"],
            session["status"],
            *session["bricks_without_worker"],
        )
        yield from (f"{worker['node']}:{worker['brick']}" for worker in session["workers"])
    for pool in report["thin_pools"]:
        yield from (pool["pool"], pool["server"], f"{pool['data_percent']:.1f} %", *pool["bricks"])
    yield from (server["name"] for server in report["servers"])


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", REPORTS)
def test_all_facts_are_there_without_javascript(browser: Browser, pages: Path, name: str) -> None:
    page, said, _asked = look(browser, pages / name / "report.html", script=False)
    # What is folded can be opened without a script too.
    shown = words(t.cast("str", page.evaluate("document.body.textContent")))
    assert [text for text in texts(REPORTS[name]) if words(text) not in shown] == []
    assert page.locator(".age").count() == 0
    assert said == []


def test_with_it_times_tell_how_long_ago(browser: Browser, pages: Path) -> None:
    page, _said, _asked = look(browser, pages / "was/report.html")
    assert "ago" in page.locator("header .age").inner_text()


def test_nothing_in_it_is_taken_for_html(browser: Browser, pages: Path) -> None:
    page, said, _asked = look(browser, pages / "wrong/report.html")
    counts = page.evaluate(
        "['script', 'img', 'style', 'link'].map(n => document.getElementsByTagName(n).length)"
    )
    assert counts == [1, 0, 1, 1]
    attributes = "[...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames())"
    assert not [name for name in page.evaluate(attributes) if name.startswith("on")]
    assert said == []


@pytest.mark.parametrize("name", REPORTS)
def test_the_json_says_the_same(pages: Path, name: str) -> None:
    text = (pages / name / "report.json").read_text(encoding="utf-8")
    assert json.loads(text) == REPORTS[name]


def test_the_oldest_ansible_writes_the_same(
    pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    floor = rendered(tmp_path_factory.mktemp("floor"), "floor")
    for name in REPORTS:
        for file in ("report.html", "report.json"):
            assert (floor / name / file).read_bytes() == (pages / name / file).read_bytes()
