"""The app's own loop of training, from blocks to snapshots, beside the bare step that it calls.

All of them train 784-128-10 on real digits with plain SGD; `time_once` gives seconds per sample,
because the loop decides itself how many steps it takes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np

import nn
from benchmarks.timing import seconds_per_call
from dashboard.training.block_run import BlockRun
from dashboard.training.settings import TrainingSettings
from dashboard.training.trainer import Trainer, execute_in_line
from data_cache import ArraySource, Batcher, PrefetchQueue, Samples, load_digits, to_float

BATCH = 64
COPIES = 15
"""Copies of the 4,000 bundled training digits that make as many as MNIST has."""

LOOPS = asyncio.Runner()
"""One event loop for all turns, because a run's queue belongs to the loop that it began in."""

Time = Callable[[float], float]
"""Measures for so many seconds; gives the seconds that one sample took."""


def _settings() -> TrainingSettings:
    return TrainingSettings(
        optimizer="sgd", batch_size=BATCH, hidden_layers=[128], learning_rate=0.05
    )


def _many_digits() -> Samples:
    train = load_digits().train
    return Samples(np.tile(train.images, (COPIES, 1)), np.tile(train.labels, COPIES))


def bare() -> Time:
    """TrainingStep alone, on batches that lie ready."""
    run = BlockRun(_settings(), ArraySource(load_digits().train))
    step = nn.TrainingStep(
        run.network,
        nn.create_optimizer("sgd", run.network.parameters()),
        batch_capacity=BATCH,
    )
    batches = cycle(LOOPS.run(_ready_batches()))

    def train() -> None:
        batch = next(batches)
        step(batch.images, batch.labels, 0.05)

    return lambda seconds: seconds_per_call(train, seconds, 0.0) / BATCH


async def _ready_batches() -> list[Any]:
    """Cut 32 batches as the loop would."""
    queue = PrefetchQueue(ArraySource(_many_digits()), generator=np.random.default_rng(0))
    batcher = Batcher()
    batches: list[Any] = []
    while len(batches) < 32:
        batch = batcher.take(BATCH)
        if batch is None:
            batcher.add(await anext(queue))
        else:
            batches.append(replace(batch, images=to_float(batch.images)))
    await queue.close()
    return batches


def loop() -> Time:
    """The whole loop in line, as the browser form has it, without validation."""
    return _loop(_many_digits(), None, execute_in_line)


def loop_in_threads() -> Time:
    """The whole loop with its slices in a thread, as the served form has it."""
    return _loop(_many_digits(), None, _execute_in_thread)


def loop_with_scores() -> Time:
    """The whole loop on 60,000 digits with scores on 500 validation digits."""
    return _loop(_many_digits(), load_digits().validation, execute_in_line)


def loop_on_bundled_digits() -> Time:
    """The whole loop as the app begins: 4,000 digits, with scores on 500."""
    return _loop(load_digits().train, load_digits().validation, execute_in_line)


def _loop(train: Samples, validation: Samples | None, execute: Any) -> Time:
    run = BlockRun(_settings(), ArraySource(train))
    trainer = Trainer(
        run,
        validation=validation,
        publish=lambda _snapshot: None,
        clock=time.perf_counter,
        execute=execute,
    )

    async def train_for(seconds: float) -> float:
        before, start = run.iteration, time.perf_counter()
        asyncio.get_running_loop().call_later(seconds, trainer.stop)
        await trainer.train()
        return (time.perf_counter() - start) / (BATCH * max(run.iteration - before, 1))

    return lambda seconds: LOOPS.run(train_for(seconds))


_THREADS = ThreadPoolExecutor(1)


async def _execute_in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, function, *arguments)


def time_once(form: Time, seconds: float, warm_up: float) -> float:
    """Measure a form, with an uncounted time before."""
    form(warm_up)
    return form(seconds)


def facts() -> dict[str, object]:
    return {"numpy": np.__version__, "backend": nn.backend_name()}
