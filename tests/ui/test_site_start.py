"""How the site begins, what it weighs, and what happens when its worker dies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from axe import violations_in_both_themes
from browser_page import DEEP, NO_SERVICE_WORKER, ONE, START_DEADLINE_MS, LabPage
from playwright.sync_api import Browser, Route
from static_server import static_server

from dashboard.site.page import read_patch
from dashboard.site.site_files import BUDGET_BYTES, first_answer_bytes
from dashboard.site.snapshot import SNAPSHOT
from dashboard.upstream import is_applied

pytestmark = pytest.mark.ui

WATCH = """;
window.seen = []
new MutationObserver(() => {
  const text = document.querySelector(".site-status:not([hidden])")?.textContent
  if (text && seen.at(-1) !== text) seen.push(text)
}).observe(document, {subtree: true, childList: true, characterData: true})
"""

# As if it had just started: a worker that dies quickly waits for the visitor.
DIE = """
() => {
  const now = performance.now
  performance.now = () => now.call(performance) - 1e6
  siteBridge.worker.dispatchEvent(new ErrorEvent("error", {message: "no memory"}))
  performance.now = now
}
"""

# Each new worker dies half a minute after its start.
DIE_AGAIN_AND_AGAIN = """
() => {
  const now = performance.now
  const states = []
  for (let half = 1; half <= 4; half++) {
    performance.now = () => now.call(performance) + half * 30_000
    const data = {type: "died", summary: "no memory."}
    siteBridge.worker.dispatchEvent(new MessageEvent("message", {data}))
    states.push(document.documentElement.dataset.site)
  }
  performance.now = now
  return states
}
"""


# The worker says nothing more, and half an hour goes by.
FALL_SILENT = """
() => {
  const now = performance.now
  siteBridge.worker.terminate()
  performance.now = () => now.call(performance) + 1.8e6
}
"""


def test_all_until_the_first_answer_stays_within_the_budget(site_folder: Path) -> None:
    assert first_answer_bytes(site_folder) < BUDGET_BYTES


def test_the_start_is_counted_and_a_worker_that_died_or_fell_silent_is_started_again(
    browser: Browser, site_url: str
) -> None:
    page = browser.new_page()
    page.set_default_timeout(START_DEADLINE_MS)
    page.add_init_script(DEEP + NO_SERVICE_WORKER + WATCH)
    page.goto(site_url)
    lab = LabPage(page, site_url)
    lab.wait_ready()
    seen = " | ".join(page.evaluate("seen"))
    for part in ("Starting Python (1 of 3)", " MB, ", "(2 of 3)", "(3 of 3)"):
        assert part in seen
    if is_applied("memory_snapshot"):
        assert page.workers[0].evaluate("isFast !== null && isRestored === isFast")

    page.evaluate(DIE)
    assert page.evaluate("document.documentElement.dataset.site") == "died"
    assert page.locator("main [inert]").count() > 0
    status = page.locator(".site-status", has_text="Python stopped: no memory")
    assert violations_in_both_themes(page) == []
    status.locator("button", has_text="Start again").click()
    page.wait_for_function("document.documentElement.dataset.site === 'ready'")
    lab.wait_ready()
    assert page.locator("main [inert]").count() == 0
    assert not page.locator(".site-status").is_visible()

    page.evaluate(FALL_SILENT)
    status = page.locator(".site-status", has_text="Python has not answered for 18")
    status.locator("button", has_text="Start it again").click()
    page.wait_for_function("document.documentElement.dataset.site === 'ready'")
    lab.wait_ready()
    lab.draw(ONE)
    lab.wait_text(".ink-prediction", "^1 one")
    assert not page.locator(".site-status").is_visible()

    # One that dies later is started again by itself, but not for ever.
    assert page.evaluate(DIE_AGAIN_AND_AGAIN) == ["loading", "loading", "loading", "died"]
    status = page.locator(".site-status", has_text="Python stopped 4 times")
    assert "no memory" in status.inner_text()
    assert status.locator("button", has_text="Resume from the last save").is_visible()
    page.close()


# Remembers the pad that is there while Python still starts, and that it was found.
EARLY = """;
window.earlyPad = null
const lookEarly = () => {
  if (document.documentElement?.dataset.site === "ready") return
  window.earlyPad ??= window.deep(".ink-pad")
  requestAnimationFrame(lookEarly)
}
lookEarly()
"""


def open_early(browser: Browser, url: str) -> LabPage:
    """Open the site and remember the prerendered pad."""
    page = browser.new_page()
    page.set_default_timeout(START_DEADLINE_MS)
    page.add_init_script(DEEP + NO_SERVICE_WORKER + EARLY)
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(url)
    lab = LabPage(page, url)
    lab.wait_ready()
    assert [text for text in messages if "drawn anew" in text] == []
    assert page.evaluate("earlyPad !== null")
    return lab


@pytest.mark.upstream_patch("adoption")
def test_the_prerendered_document_is_kept_and_gets_pythons_values(
    browser: Browser, site_url: str
) -> None:
    lab = open_early(browser, f"{site_url}?rate=0.05&hidden=20")
    assert lab.page.evaluate("earlyPad === deep('.ink-pad')")
    # Values that differ are set, and changes are sent both ways.
    lab.open_settings()
    for field, value in (("learning-rate", "0.05"), ("hidden-layers", "20")):
        shown = lab.page.locator(f".ink-field-{field} input")
        lab.wait_until(lambda it=shown, is_=value: it.input_value() == is_, f"{field} is another")
    lab.draw(ONE)
    lab.wait_text(".ink-prediction", "%")
    lab.page.close()


# Whether the pad is there whenever the page is called ready.
READY_PADS = """
window.readyPads = []
addEventListener("site", ({detail}) => {
  if (detail === "ready") readyPads.push(deep(".ink-pad") !== null)
})
"""


def test_a_script_of_the_page_that_comes_after_pythons_document_does_not_draw_the_page_twice(
    browser: Browser, site_url: str
) -> None:
    page = browser.new_page()
    page.add_init_script(f"{DEEP};{NO_SERVICE_WORKER};{READY_PADS}")
    held: list[Route] | None = []

    def hold(route: Route) -> None:
        if held is None:
            route.continue_()
        else:
            held.append(route)

    page.route("**/bokeh/bokeh-widgets*", hold)
    page.goto(site_url, wait_until="commit")
    is_made = "siteFirst.early.some(({data}) => data?.type === 'render')"
    page.wait_for_function(is_made, timeout=START_DEADLINE_MS)
    for route in held:
        route.continue_()
    held = None
    lab = LabPage(page, site_url)
    lab.wait_ready()
    assert page.evaluate("readyPads") == [True]
    assert page.locator(".ink-pad").count() == 1
    lab.draw(ONE)
    lab.wait_text(".ink-prediction", "^1 one")
    page.close()


@pytest.mark.upstream_patch("adoption")
def test_a_prerendered_document_of_another_structure_is_drawn_anew(
    browser: Browser, site_folder: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(site_folder, site)
    html = (site / "index.html").read_text(encoding="utf-8")
    before, after = (
        '"attributes":{"name":"digits_draw"',
        '"attributes":{"tags":["x"],"name":"digits_draw"',
    )
    assert html.count(before) == 1
    (site / "index.html").write_text(html.replace(before, after), encoding="utf-8")
    # With a copy of Python's memory that was cut it starts as without one.
    cut = (site / SNAPSHOT).read_bytes()[:-1]
    (site / SNAPSHOT).write_bytes(cut)
    with static_server(site) as url:
        lab = open_early(browser, url)
        assert not lab.page.workers[0].evaluate("isRestored")
        assert lab.page.evaluate("earlyPad !== deep('.ink-pad')")
        lab.draw(ONE)
        lab.wait_text(".ink-prediction", "^1 one")
        lab.page.close()


ADOPT = """
([drawn, made]) => {
  const models = new Map(Object.keys(drawn.ids).map((id) => [id, {id}]))
  const patches = []
  const document = {
    _all_models: models,
    _recompute_all_models() {},
    apply_json_patch(patch) { patches.push(...patch.events) },
  }
  const isAdopted = adopt(document, drawn, made, "http://here/")
  return [isAdopted, [...models.values()].map((model) => model.id), patches]
}
"""


def document_of(*names: str, **attributes: Any) -> dict[str, Any]:
    """Return a document: a root with an attribute, and a model in it that is named twice."""
    root, child, config = names
    inner = {"type": "object", "name": "Child", "id": child, "attributes": {"size": 1}}
    outer = {"children": [inner, {"id": child}], "url": "panel/a.css"} | attributes
    roots = [{"type": "object", "name": "Root", "id": root, "attributes": outer}]
    return {"roots": roots, "config": {"id": config}, "ids": dict.fromkeys(names)}


def test_models_get_pythons_ids_and_the_values_that_differ(browser: Browser) -> None:
    page = browser.new_page()
    page.add_script_tag(content=read_patch("adoption.js"))
    drawn = document_of("p1", "p2", "p3", title="old", data={"x": [1, 2]})
    made = document_of("a", "b", "c", title="new", data={"x": [1]}, url="http://here/panel/a.css")
    assert page.evaluate(ADOPT, [drawn, made]) == [
        True,
        ["a", "b", "c"],
        [
            {"kind": "ModelChanged", "model": {"id": "a"}, "attr": "title", "new": "new"},
            {"kind": "ModelChanged", "model": {"id": "a"}, "attr": "data", "new": {"x": [1]}},
        ],
    ]
    child = {"type": "object", "name": "Other", "id": "b", "attributes": {}}
    others = [
        document_of("a", "b", "c", children=[child, {"id": "b"}]),
        document_of("a", "b", "c", children=[]),
        document_of("a", "b", "c", children=[{"id": "a"}, {"id": "b"}]),
        document_of("a", "b", "c", url={"id": "b"}),
        document_of("a", "b", "c") | {"roots": []},
    ]
    for other in others:
        unchanged = [False, ["p1", "p2", "p3"], []]
        assert page.evaluate(ADOPT, [document_of("p1", "p2", "p3"), other]) == unchanged
    lacking = document_of("p1", "p2", "p3", more=1)
    assert page.evaluate(ADOPT, [lacking, document_of("a", "b", "c")])[0] is False
    page.close()
