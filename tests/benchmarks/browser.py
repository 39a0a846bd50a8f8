"""Training in a browser tab: ours on its kernels and on NumPy alone, TF.js and ConvNetJS.

Nobody has threads: a page needs special headers for them, which static hosts do not send.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.contestant import Contestant
from benchmarks.disciplines import make_entries, note_facts
from benchmarks.pages import PageContestant, open_browser, served_pages
from benchmarks.peers import BUILD, NODE_PACKAGES, node_peer
from benchmarks.results import Section
from benchmarks.rounds import ContestantError, Plan, take_turns
from dashboard.site.errors import SiteError
from dashboard.site.pyodide_files import obtain_pyodide, pinned

OURS = "Inkling, SIMD"
NUMPY = "Inkling, NumPy alone"
TFJS = ("@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm")
PEERS = {
    "TF.js, wasm": (TFJS, {"script": "tfjs.js", "backend": "wasm"}),
    "TF.js, cpu": (TFJS, {"script": "tfjs.js", "backend": "cpu"}),
    "ConvNetJS": (
        ("convnetjs",),
        {"script": "convnetjs.js", "version": NODE_PACKAGES["convnetjs"]},
    ),
}


def measure(plan: Plan) -> Section:
    """Measure all contestants; those that are missing keep their rows."""
    section = Section("browser: training")
    section.notes.append("headless Chromium, each contestant in a worker of its own, no threads")
    missing = {title: _install(packages) for title, (packages, _) in PEERS.items()}
    with ExitStack() as stack:
        contestants: Mapping[str, Contestant | ContestantError]
        try:
            browser = stack.enter_context(open_browser())
            section.facts["browser"] = {"chromium": browser.version}
            address = stack.enter_context(served_pages(find_pyodide(), pinned()["lock"]))
            contestants = _open(browser, address, missing, stack)
        except ContestantError as error:
            contestants = dict.fromkeys((OURS, NUMPY, *PEERS), error)
        contestants = note_facts(section, contestants)
        contestants = _refuse_wrong_backend(section, contestants)
        take_turns(make_entries(section, contestants, OURS, plan), plan.rounds)
    section.compare()
    return section


def find_pyodide() -> dict[str, bytes]:
    """The files of Pyodide, as the site's build finds them; `ContestantError` if it cannot."""
    named = os.environ.get("PYODIDE_DIST")

    def log(line: str) -> None:
        print(line, file=sys.stderr)  # noqa: T201

    try:
        return obtain_pyodide(Path(named) if named else None, BUILD, log)
    except SiteError as error:
        raise ContestantError(f"no Pyodide: {error}") from error


def _install(packages: tuple[str, ...]) -> ContestantError | None:
    try:
        node_peer(*packages)
    except ContestantError as error:
        return error
    return None


def open_inkling(browser: Browser, address: str, backend: str) -> PageContestant:
    """Inkling in Pyodide with a backend of `nn.kernels`."""
    library = pinned()["library"]
    return PageContestant(browser, address, "inkling.js", backend=backend, library=library)


def _open(
    browser: Browser,
    address: str,
    missing: Mapping[str, ContestantError | None],
    stack: ExitStack,
) -> dict[str, Contestant | ContestantError]:
    contestants: dict[str, Contestant | ContestantError] = {
        OURS: stack.enter_context(open_inkling(browser, address, "simd")),
        NUMPY: stack.enter_context(open_inkling(browser, address, "numpy")),
    }
    for title, (_, settings) in PEERS.items():
        contestants[title] = missing[title] or stack.enter_context(
            PageContestant(browser, address, **settings)
        )
    return contestants


def _refuse_wrong_backend(
    section: Section, contestants: Mapping[str, Contestant | ContestantError]
) -> dict[str, Contestant | ContestantError]:
    """Where the kernels do not load, their rows say so instead of showing NumPy's figures."""
    facts = section.facts.get(OURS, {})
    if facts.get("backend") != "numpy":
        return dict(contestants)
    reason = ContestantError(f"the kernels do not load: {facts.get('backend_reason')}")
    return {**contestants, OURS: reason}
