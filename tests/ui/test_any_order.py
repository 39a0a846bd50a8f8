"""The page under changes in any order while it trains, compared with a fresh drawing of the same.

`INKLING_CHANGES=500 pytest tests/ui/test_any_order.py` makes more of them, in the site, too;
`INKLING_CHANGES_SEED=2` makes others.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from browser_page import ONE, SEVEN, LabPage

from dashboard.runs import records
from dashboard.site.conversion import PANEL_ROOT
from dashboard.training import timeline

pytestmark = pytest.mark.ui

CHANGES = int(os.environ.get("INKLING_CHANGES", "20"))
SEED = int(os.environ.get("INKLING_CHANGES_SEED", CHANGES))
RUNTIMES = ("served", "site") if "INKLING_CHANGES" in os.environ else ("served",)
MEASURED_EVERY = 50
EMPTY: list[Any] = ["", [], []]
"""What a part without text, controls and pictures shows, such as the place for notifications."""
GROWTH = 1.2
"""How much more memory the second half of the changes may need than the first one, at most."""
PANES = ("digits", "digits", "spiral", "evaluate", "runs")
PANELS = ("Inside", "Why", "Map", "Health", "Play")

# What every part of the page that can be seen shows, by the ids of the models: texts, the values of
# controls, and the pixels of figures.
SHOWN = """
() => {
window.shown = () => {
  const found = {}
  const visit = (view) => {
    for (const child of view.child_views ?? []) visit(child)
    const root = view.shadow_el
    if (!root || !view.el.checkVisibility()) return
    const text = [...root.childNodes].filter((node) => node.nodeName !== "STYLE")
      .map((node) => node.textContent).join("")
    const controls = [...root.querySelectorAll("input, select, button")]
      .map((it) => [it.value, it.checked ?? null, it.disabled])
    const pictures = [...root.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL())
    const { type, id, css_classes } = view.model
    found[`${type} ${id} ${css_classes}`] = [text, controls, pictures]
  }
  for (const view of Bokeh.index.roots) visit(view)
  return found
}
window.drawAfresh = async (json) => {
  const elements = Bokeh.index.roots.map((view) => view.el.parentNode)
  for (const view of [...Bokeh.index.roots]) view.remove()
  const made = Bokeh.documents[0].constructor.from_json(json)
  await Bokeh.embed.add_document_standalone(made, document.body, elements)
}
}
"""
IN_WORKER = """
() => self.pyodide.runPython(`
import json
from panel.io.state import state
json.dumps(state.curdoc.to_json(deferred=False))
`)
"""


def read_document(lab: LabPage) -> tuple[Any, float]:
    """Return the page's document as Python has it, and the megabytes that Python holds."""
    if lab.page.workers:
        worker = lab.page.workers[0]
        held = worker.evaluate("() => self.pyodide._module.HEAP8.length / 1e6")
        text = worker.evaluate(IN_WORKER)
        # The worker replaces this address in what it sends to the page.
        return json.loads(text.replace(PANEL_ROOT, urljoin(lab.url, "panel/"))), held
    model = lab.page.evaluate("Bokeh.index.roots[0].model.id")
    with urlopen(urljoin(lab.url, f"document?model={model}")) as answer:
        return json.load(answer), float(answer.headers["X-Megabytes"])


def held_memory(lab: LabPage) -> dict[str, float]:
    """Return what the page and Python hold, in megabytes, and the number of the page's models."""
    developer = lab.page.context.new_cdp_session(lab.page)
    developer.send("HeapProfiler.collectGarbage")
    heap = developer.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    developer.detach()
    models = lab.page.evaluate("Bokeh.documents[0]._all_models.size")
    return {"page": heap, "Python": read_document(lab)[1], "models": models}


def settled(lab: LabPage) -> tuple[dict[str, Any], dict[str, Any]]:
    """Wait until nothing changes any more; return Python's document and what the page shows."""

    def looked() -> tuple[dict[str, Any], dict[str, Any]]:
        return read_document(lab)[0], lab.page.evaluate("shown()")

    states = [looked()]

    def is_settled() -> bool:
        states.append(looked())
        return len(states) > 5 and all(state == states[-1] for state in states[-5:])

    lab.wait_until(is_settled, "the page goes on changing")
    return states[-1]


def changes_of(lab: LabPage, chance: random.Random) -> dict[str, Callable[[], object]]:
    """Return what a person can do in the pane that is open."""
    page = lab.page
    pane = page.evaluate("document.documentElement.dataset.pane")
    everywhere: dict[str, Callable[[], object]] = {
        "pane": lambda: page.locator(f"#tab-{chance.choice(PANES)}").click(),
        "theme": lambda: page.locator("#theme").click(),
    }
    models = page.locator(".ink-model-menu option")
    menus = {"architecture": ".ink-architecture", "data set": ".ink-data-set"}
    of_digits: dict[str, Callable[[], object]] = {
        "train": lambda: page.locator(".ink-train button").click(),
        "step": lambda: page.locator(".ink-step button").click(),
        "reset": lambda: page.locator(".ink-reset button").click(),
        "clear": lambda: page.locator(".ink-clear button").click(),
        "draw": lambda: lab.draw(chance.choice([ONE, SEVEN])),
        "panel": lambda: (
            page.locator(".ink-panels").get_by_text(chance.choice(PANELS), exact=True).click()
        ),
        "model": lambda: page.locator(".ink-model-menu select").select_option(
            index=chance.randrange(models.count())
        ),
        **{
            name: lambda menu=menu: lab.reach(f"{menu} select").select_option(
                index=chance.randrange(2)
            )
            for name, menu in menus.items()
        },
    }
    of_points: dict[str, Callable[[], object]] = {
        "train points": lambda: page.locator(".ink-spiral-train button").click(),
        "reset points": lambda: page.locator(".ink-spiral-reset button").click(),
    }
    return everywhere | {"digits": of_digits, "spiral": of_points}.get(pane, {})


@pytest.mark.upstream_patch("unused_models")
def test_the_page_forgets_models_without_use_while_others_go_on_changing(lab: LabPage) -> None:
    is_forgotten = """
    () => new Promise((resolve) => {
      const column = Bokeh.Models.get("Column"), button = Bokeh.Models.get("Button")
      const document = new Bokeh.documents[0].constructor({recompute_timeout: 100})
      const root = new column({children: [new button({})]})
      document.add_root(root)
      const [unused] = root.children
      let changes = 0
      const timer = setInterval(() => {
        root.children = [new button({})]
        const isForgotten = document.get_model_by_id(unused.id) == null
        if (!isForgotten && (changes += 1) < 200) return
        clearInterval(timer)
        resolve(isForgotten)
      }, 10)
    })
    """
    assert lab.page.evaluate(is_forgotten)


@pytest.mark.parametrize("url", RUNTIMES, indirect=True)
def test_whatever_is_changed_while_it_trains_the_page_is_as_if_drawn_afresh(
    own_lab: LabPage,
) -> None:
    lab, page = own_lab, own_lab.page
    chance = random.Random(SEED)
    page.evaluate(SHOWN)
    # A page that a busy machine leaves without an answer for seconds comes back by itself.
    page.add_init_script(f"({SHOWN})()")
    lab.press_train("Train")
    done: list[str] = []
    memory = [held_memory(lab)]
    for _ in range(CHANGES):
        possible = changes_of(lab, chance)
        done.append(chance.choice(list(possible)))
        possible[done[-1]]()
        assert lab.complaints == [], (done[-5:], lab.complaints)
        if len(done) % MEASURED_EVERY == 0:
            memory.append(held_memory(lab))
            sys.stdout.write(f"{len(done)} changes: {memory[-1]}\n")
    # Panes and panels are made when they are opened first, and the page forgets what was replaced
    # every half minute, so the numbers go up and down; Python keeps runs and checkpoints.
    kept = {"Python": (records.MAX_BYTES + timeline.MAX_BYTES) / 1e6}
    halves = memory[: len(memory) // 2], memory[len(memory) // 2 :]
    for name in memory[0] if len(memory) > 4 else ():
        first, second = (max(it[name] for it in half) for half in halves)
        assert second < GROWTH * first + kept.get(name, 0.0), (name, memory)
    for pane, button in (("spiral", ".ink-spiral-train"), ("digits", ".ink-train")):
        page.locator(f"#tab-{pane}").click()
        if "Pause" in lab.text(button):
            page.locator(f"{button} button").click()
        lab.wait_text(button, "Train")
    document, seen = settled(lab)
    page.evaluate("(json) => drawAfresh(json)", document)

    def difference() -> dict[str, Any]:
        fresh = page.evaluate("shown()")
        pairs = {name: (seen.get(name, EMPTY), fresh.get(name, EMPTY)) for name in seen | fresh}
        return {name: (one, other) for name, (one, other) in pairs.items() if one != other}

    assert len(seen) > 50
    try:
        lab.wait_until(lambda: difference() == {}, "")
    except AssertionError:
        found = {name: [str(it)[:500] for it in pair] for name, pair in difference().items()}
        raise AssertionError(f"stale: {found}, after {done}") from None
