"""In a browser: ConvNetJS's network for MNIST, trained by ConvNetJS and by Inkling.

Layers and batches of 20 are those of ConvNetJS's demo, which takes 24 × 24 pixels; Inkling takes
28 × 28 and crops them. Each has its default optimiser: Adadelta there, Adam here, both with an L2
penalty of 0.001.
"""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.benchmark import Benchmark, make_entries, samples_per_second
from benchmarks.browser import BACKENDS, CONVNETJS, OURS, inkling_pages
from benchmarks.cases import Case
from benchmarks.pages import open_pages
from benchmarks.results import Section
from benchmarks.runner import Plan, run_interleaved

PEER = "ConvNetJS"
NETWORK = Case((784, 10), 20)
TRAINING = Benchmark(
    "convnetjs_step",
    NETWORK,
    "ConvNetJS's MNIST net, batch 20",
    "samples/s",
    samples_per_second("convnetjs_step", NETWORK).value,
)
PREDICTION = Benchmark(
    "best_forward_pass",
    Case((784, 10), 1),
    "one digit forward, the best net",
    "ms",
    lambda seconds: 1e3 * seconds,
    more_is_better=False,
)


def measure(plan: Plan) -> Section:
    """Measure both; a missing one keeps its row."""
    section = Section("browser: convolutions")
    with ExitStack() as stack:
        found = open_pages(section, {**inkling_pages(), PEER: CONVNETJS}, stack)
        ours = {title: found[title] for title in BACKENDS}
        entries = [
            *make_entries(section, [TRAINING], found, OURS, plan),
            *make_entries(section, [PREDICTION], ours, OURS, plan),
        ]
        run_interleaved(entries, plan.repetitions)
    section.compare()
    return section
