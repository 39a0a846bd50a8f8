"""Kills processes that train the server's network repeatedly, and checks the stored versions.

    python kill_writers.py FOLDER KILLS SEED

Two processes change the same weights, each in two tasks, and report acknowledged changes. At
random moments one of them is killed (SIGKILL) and replaced, while a store is opened and read.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import sys
import time
from pathlib import Path

import numpy as np
import threadpoolctl  # noqa: F401 - so that the writers need not load it
from numpy.typing import NDArray

from dashboard.api.settings import ApiSettings
from dashboard.api.weights_service import WeightsService
from dashboard.api.weights_store import Draft, WeightsStore
from data_cache import load_digits, to_float
from nn import create_network

PROCESSES = 2
KEPT = 20
LONGEST_SECONDS = 0.05
GAP_SECONDS = 0.01
DIGITS = load_digits()
TrainingSamples = tuple[NDArray[np.float32], NDArray[np.intp]]


def open_store(folder: Path) -> WeightsStore:
    return WeightsStore(folder, KEPT, lambda: "now")


def begin(folder: Path) -> None:
    """Store a small network, which is written quickly."""
    network = create_network((784, 16, 10), generator=np.random.default_rng(0))
    store = open_store(folder)
    with store.change() as change:
        change.add(Draft(network, "the first version", 0.1, 2.3))
    store.close()


def write(folder: Path, acknowledge: int, seed: int) -> None:
    """Train until killed; write the number of every version to a pipe once it is acknowledged."""
    settings = ApiSettings(state_folder=folder, cache_folder=folder, accuracy_margin=1.0)
    service = WeightsService(settings, open_store(folder), lambda: DIGITS.validation[:20])
    generator = np.random.default_rng(seed)

    def read_samples() -> TrainingSamples:
        chosen = generator.integers(0, len(DIGITS.train), 2)
        samples = DIGITS.train[chosen]
        return to_float(samples.images), samples.labels.astype(np.intp)

    async def keep_training() -> None:
        while True:
            _, version = await service.train(read_samples, None)
            os.write(acknowledge, f"{version.number}\n".encode())
            # SQLite's lock is not fair: without a pause a new process would starve.
            await asyncio.sleep(GAP_SECONDS)

    async def train_twice() -> None:
        await asyncio.gather(keep_training(), keep_training())

    asyncio.run(train_twice())


class Writer:
    """A process that writes, and the read end of its pipe."""

    def __init__(self, folder: Path, seed: int) -> None:
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(reading)
            write(folder, writing, seed)
        os.close(writing)
        self._lines = os.fdopen(reading)

    def kill(self, seconds: float) -> list[int]:
        """Kill it some time after its first change; return the acknowledged version numbers."""
        # Earlier, only its start would be interrupted.
        select.select([self._lines], [], [], 30)
        time.sleep(seconds)
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        with self._lines:
            return [int(line) for line in self._lines if line.endswith("\n")]


def count_faults(folder: Path, acknowledged: list[int]) -> tuple[int, int]:
    """Open the store; return the numbers of lost and of damaged versions."""
    store = open_store(folder)
    numbers = [version.number for version in store.versions()]
    lost = sum(n not in numbers for n in acknowledged if n > numbers[0] - KEPT)
    # Checks the content against its hash.
    network = store.network(numbers[0])
    broken = not all(np.isfinite(array).all() for array in network.parameters())
    store.close()
    return lost, int(broken)


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill repeatedly and print the counts."""
    generator = random.Random(seed)
    begin(folder)
    acknowledged: list[int] = []
    lost = broken = 0
    writers = [Writer(folder, generator.randrange(2**32)) for _ in range(PROCESSES)]
    for _ in range(kills):
        index = generator.randrange(PROCESSES)
        acknowledged += writers[index].kill(generator.random() * LONGEST_SECONDS)
        writers[index] = Writer(folder, generator.randrange(2**32))
        faults = count_faults(folder, acknowledged)
        lost, broken = lost + faults[0], broken + faults[1]
    for writer in writers:
        acknowledged += writer.kill(0)
    lost += len(acknowledged) - len(set(acknowledged))  # duplicate numbers
    print(f"{kills} kills, {len(acknowledged)} acknowledged, {lost} lost, {broken} broken")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
