"""In a browser tab: training and products, ours on each backend, TF.js and ConvNetJS.

Nobody has threads: a page needs special headers for them, which static hosts do not send.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.cases import SMALL, Case
from benchmarks.disciplines import (
    KERNEL_PRODUCTS,
    TRAINING_AND_ONE_DIGIT,
    Contestants,
    billions_per_second,
    make_entries,
    note_facts,
)
from benchmarks.pages import PageContestant, open_browser, served_pages
from benchmarks.peers import BUILD, NODE_PACKAGES, node_peer
from benchmarks.results import Section
from benchmarks.rounds import ContestantError, Plan, take_turns
from dashboard.site.pyodide_files import obtain_pyodide, pinned
from dashboard.site.site_files import SiteError

OURS = "Inkling"
"""As it comes, on the fastest backend that loads; the other two are asked for."""

INKLING = {OURS: "auto", "Inkling, plain SIMD": "simd", "Inkling, NumPy alone": "numpy"}
"""The value of INKLING_BACKEND by title."""

YARDSTICK = "simple 4 × 8 kernel"
TFJS = ("@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm")
CONVNETJS = {"script": "convnetjs.js", "version": NODE_PACKAGES["convnetjs"]}
PEERS = {
    "TF.js, wasm": (TFJS, {"script": "tfjs.js", "backend": "wasm"}),
    "TF.js, cpu": (TFJS, {"script": "tfjs.js", "backend": "cpu"}),
    "ConvNetJS": (("convnetjs",), CONVNETJS),
}
STEP = Case(SMALL, 64)
WHOLE_STEP = billions_per_second(
    "training_step", STEP, f"training step {STEP.title}", STEP.training_operations
)


def measure(plan: Plan) -> Section:
    """Measure all contestants; those that are missing keep their rows."""
    section = Section("browser: training")
    section.notes.append("headless Chromium, each contestant in a worker of its own, no threads")
    with ExitStack() as stack:
        inkling, peers, yardstick = _open_all(section, stack)
        everybody = {**inkling, **peers}
        entries = [
            *make_entries(section, TRAINING_AND_ONE_DIGIT, everybody, OURS, plan),
            *make_entries(section, KERNEL_PRODUCTS, {**inkling, **yardstick}, OURS, plan),
            *make_entries(section, [WHOLE_STEP], inkling, OURS, plan),
        ]
        take_turns(entries, plan.rounds)
    section.compare()
    section.notes.extend(_step_beside_product(section))
    return section


def _open_all(section: Section, stack: ExitStack) -> tuple[Contestants, Contestants, Contestants]:
    """Inkling, its peers and the yardstick, or why there are none."""
    missing = {title: _install(packages) for title, (packages, _) in PEERS.items()}
    try:
        browser = stack.enter_context(open_browser())
        section.facts["browser"] = {"chromium": browser.version}
        address = stack.enter_context(served_pages(find_pyodide(), pinned()["lock"]))
    except ContestantError as error:
        groups = (INKLING, PEERS, (YARDSTICK,))
        return tuple(dict.fromkeys(group, error) for group in groups)  # type: ignore[return-value]
    inkling = {
        title: stack.enter_context(open_inkling(browser, address, backend))
        for title, backend in INKLING.items()
    }
    peers = {
        title: missing[title] or stack.enter_context(PageContestant(browser, address, **settings))
        for title, (_, settings) in PEERS.items()
    }
    yardstick = stack.enter_context(open_inkling(browser, address, "numpy", "yardstick"))
    return (
        _refuse_wrong_backend(section, note_facts(section, inkling)),
        note_facts(section, peers),
        note_facts(section, {YARDSTICK: yardstick}),
    )


def find_pyodide() -> dict[str, bytes]:
    """The files of Pyodide, as the site's build finds them; `ContestantError` if it cannot."""
    named = os.environ.get("PYODIDE_DIST")

    def log(line: str) -> None:
        print(line, file=sys.stderr)  # noqa: T201

    try:
        return obtain_pyodide(Path(named) if named else None, BUILD, log)
    except SiteError as error:
        raise ContestantError(f"no Pyodide: {error}") from error


def open_inkling(
    browser: Browser, address: str, backend: str, contestant: str = "ours"
) -> PageContestant:
    """A contestant of Python in Pyodide, with a backend of `nn.backends`."""
    return PageContestant(
        browser,
        address,
        "inkling.js",
        backend=backend,
        contestant=contestant,
        library=pinned()["library"],
    )


def _install(packages: tuple[str, ...]) -> ContestantError | None:
    try:
        node_peer(*packages)
    except ContestantError as error:
        return error
    return None


def _refuse_wrong_backend(section: Section, inkling: Contestants) -> Contestants:
    """Where the kernels do not load, their rows say so instead of showing NumPy's figures."""
    known = dict(inkling)
    for title, wanted in INKLING.items():
        facts: Mapping[str, object] = section.facts.get(title, {})
        section.notes.append(f"{title} runs on the backend {facts.get('backend', '(none)')}")
        if wanted != "numpy" and facts.get("backend") == "numpy":
            reason = f"the kernels do not load: {facts.get('backend_reason')}"
            known[title] = ContestantError(reason)
    return known


def _step_beside_product(section: Section) -> list[str]:
    """What share of its own product's speed the whole training step reaches, in words."""
    product_title = KERNEL_PRODUCTS[0].title
    speeds = {
        result.case: result.median
        for result in section.results
        if result.contestant == OURS and result.repetitions
    }
    if not {product_title, WHOLE_STEP.title} <= speeds.keys():
        return []
    share = 100 * speeds[WHOLE_STEP.title] / speeds[product_title]
    return [f"{OURS}: the {WHOLE_STEP.title}, reaches {share:.0f} % of the {product_title}"]
