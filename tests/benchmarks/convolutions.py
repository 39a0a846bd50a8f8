"""In a browser tab: ConvNetJS's own net for MNIST, trained by ConvNetJS and by Inkling.

Its layers and batches of 20 are those of its demo, which takes 24 × 24 pixels; Inkling is given
28 × 28 and takes the middle. Each has the optimiser that it comes with: Adadelta there, Adam here,
both with an L2 penalty of 0.001.
"""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.browser import CONVNETJS, INKLING, OURS, find_pyodide, open_inkling
from benchmarks.cases import Case
from benchmarks.disciplines import (
    Contestants,
    Discipline,
    make_entries,
    note_facts,
    samples_per_second,
)
from benchmarks.pages import PageContestant, open_browser, served_pages
from benchmarks.peers import node_peer
from benchmarks.results import Section
from benchmarks.rounds import ContestantError, Plan, take_turns
from dashboard.site.pyodide_files import pinned

PEER = "ConvNetJS"
NET = Case((784, 10), 20)
TRAINING = Discipline(
    "convnetjs_step",
    NET,
    "ConvNetJS's MNIST net, batch 20",
    "samples/s",
    samples_per_second("convnetjs_step", NET).figure,
)
READING = Discipline(
    "best_forward_pass",
    Case((784, 10), 1),
    "one digit forward, the best net",
    "ms",
    lambda seconds: 1e3 * seconds,
    more_is_better=False,
)


def measure(plan: Plan) -> Section:
    """Measure both; the one that is missing keeps its row."""
    section = Section("browser: convolutions")
    section.notes.append("headless Chromium, each contestant in a worker of its own, no threads")
    with ExitStack() as stack:
        inkling, peer = _open_both(section, stack)
        entries = [
            *make_entries(section, [TRAINING], {**inkling, **peer}, OURS, plan),
            *make_entries(section, [READING], inkling, OURS, plan),
        ]
        take_turns(entries, plan.rounds)
    section.compare()
    return section


def _open_both(section: Section, stack: ExitStack) -> tuple[Contestants, Contestants]:
    try:
        browser = stack.enter_context(open_browser())
        address = stack.enter_context(served_pages(find_pyodide(), pinned()["lock"]))
    except ContestantError as error:
        return dict.fromkeys(INKLING, error), {PEER: error}
    section.facts["browser"] = {"chromium": browser.version}
    inkling = {
        title: stack.enter_context(open_inkling(browser, address, backend))
        for title, backend in INKLING.items()
    }
    try:
        node_peer("convnetjs")
        peer = {PEER: stack.enter_context(PageContestant(browser, address, **CONVNETJS))}
    except ContestantError as error:
        return note_facts(section, inkling), {PEER: error}
    return note_facts(section, inkling), note_facts(section, peer)
