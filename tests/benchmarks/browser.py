"""In a browser: training and matrix products of Inkling on each backend, and of its peers.

None of them has threads here; threads.py measures those that an isolated page can have.
"""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.benchmark import (
    KERNEL_PRODUCTS,
    TRAINING_AND_ONE_DIGIT,
    Implementations,
    gflops,
    make_entries,
    samples_per_second,
)
from benchmarks.cases import JAX_CONVOLUTIONS, JAX_DENSE, SMALL, Case
from benchmarks.pages import PageSpec, inkling_page, open_pages
from benchmarks.peers import NODE_PACKAGES
from benchmarks.results import Section
from benchmarks.runner import BenchmarkError, Plan, run_interleaved

OURS = "Inkling"
"""On the fastest backend that loads; the other two are requested by name."""

BACKENDS = {OURS: "auto", "Inkling, plain SIMD": "simd", "Inkling, NumPy alone": "numpy"}
"""The value of INKLING_BACKEND by title."""

REFERENCE_KERNEL = "simple 4 × 8 kernel"
JAX, JAX_PACKAGE = "jax-js", "@jax-js/jax"
TFJS_WASM = "TF.js, wasm"
TFJS = ("@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm")
CONVNETJS = PageSpec("convnetjs.js", {"version": NODE_PACKAGES["convnetjs"]}, ("convnetjs",))
PEERS = {
    TFJS_WASM: PageSpec("tfjs.js", {"backend": "wasm"}, TFJS),
    "TF.js, cpu": PageSpec("tfjs.js", {"backend": "cpu"}, TFJS),
    "ConvNetJS": CONVNETJS,
    JAX: PageSpec("jaxjs.js", {"version": NODE_PACKAGES[JAX_PACKAGE]}, (JAX_PACKAGE,)),
}
LARGE_BATCH = samples_per_second("training_step", Case(SMALL, 1_000))
OF_JAX_DEMO = samples_per_second("training_step", JAX_DENSE)
CONVOLUTIONS_OF_JAX_DEMO = samples_per_second("training_step", JAX_CONVOLUTIONS)
FEW_REPETITIONS = 2
"""Of the demo's convolutions, of which a step takes jax-js many seconds."""
STEP = Case(SMALL, 64)
WHOLE_STEP = gflops("training_step", STEP, f"training step {STEP.title}", STEP.training_operations)


def inkling_pages(module: str = "inkling") -> dict[str, PageSpec]:
    """Return the pages of a module on every backend, by title."""
    return {title: inkling_page(backend, module) for title, backend in BACKENDS.items()}


def measure(plan: Plan) -> Section:
    """Measure all implementations; those that are missing keep their rows."""
    section = Section("browser: training")
    reference = {REFERENCE_KERNEL: inkling_page("numpy", "reference_kernel")}
    with ExitStack() as stack:
        found = open_pages(section, {**inkling_pages(), **PEERS, **reference}, stack)
        found = _reject_wrong_backend(section, found)
        ours = {title: found[title] for title in BACKENDS}
        peers = {title: found[title] for title in PEERS}
        kernel = {REFERENCE_KERNEL: found[REFERENCE_KERNEL]}
        entries = [
            *make_entries(section, TRAINING_AND_ONE_DIGIT, {**ours, **peers}, OURS, plan),
            *make_entries(section, KERNEL_PRODUCTS, {**ours, **kernel}, OURS, plan),
            *make_entries(section, [WHOLE_STEP], ours, OURS, plan),
        ]
        fastest = {OURS: found[OURS], JAX: found[JAX]}
        entries += make_entries(section, [LARGE_BATCH, OF_JAX_DEMO], fastest, OURS, plan)
        slow = make_entries(section, [CONVOLUTIONS_OF_JAX_DEMO], fastest, OURS, plan)
        run_interleaved(entries, plan.repetitions)
        run_interleaved(slow, min(FEW_REPETITIONS, plan.repetitions))
    section.compare()
    section.notes.extend(_step_relative_to_product(section))
    return section


def _reject_wrong_backend(section: Section, found: Implementations) -> Implementations:
    """Where the kernels do not load, report that instead of the values of NumPy."""
    known = dict(found)
    for title, wanted in BACKENDS.items():
        facts = section.facts.get(title, {})
        section.notes.append(f"{title} runs on the backend {facts.get('backend', '(none)')}")
        if wanted != "numpy" and facts.get("backend") == "numpy":
            reason = f"the kernels do not load: {facts.get('backend_reason')}"
            known[title] = BenchmarkError(reason)
    return known


def _step_relative_to_product(section: Section) -> list[str]:
    """Return a note on the speed of the whole training step relative to its matrix product."""
    product_title = KERNEL_PRODUCTS[0].title
    speeds = {
        result.case: result.median
        for result in section.results
        if result.implementation == OURS and result.repetitions
    }
    if not {product_title, WHOLE_STEP.title} <= speeds.keys():
        return []
    share = 100 * speeds[WHOLE_STEP.title] / speeds[product_title]
    return [f"{OURS}: the {WHOLE_STEP.title}, reaches {share:.0f} % of the {product_title}"]
