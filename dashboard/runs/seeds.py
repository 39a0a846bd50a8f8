"""Repeats of a training with several seeds, of one or two settings, and the test between them.

One run says little: another seed gives another score. The mean over seeds and a t-test say whether
a difference is more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, ngettext
from dashboard.runs.t_test import (
    TTest,
    paired_t_test,
    t_quantile,
    verdict,
    welch_t_test,
)
from dashboard.runs.trials import Trials, train_to_end
from dashboard.training.history import Score
from dashboard.training.trainer import Trainer

FEWEST_SEEDS, MOST_SEEDS = 2, 30

REPORTS = 20
"""Times that the progress of a run is told, at most."""


@dataclass(frozen=True)
class Configuration:
    """One of the settings that are compared.

    Attributes
    ----------
    title
        In words.
    changes
        Values of settings that differ from those of the pane, by name.
    seeds
        Of its runs.
    """

    title: str
    changes: Mapping[str, Any]
    seeds: Sequence[int]


@dataclass(eq=False)
class SeedRun:
    """One run of a configuration: its seed, its scores so far, and why it ended early, if so."""

    seed: int
    epochs: list[float] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    fault: str = ""
    is_done: bool = False


@dataclass(eq=False)
class SeedComparison:
    """The runs of one or two configurations.

    Attributes
    ----------
    configurations
        What is compared.
    length
        Epochs of every run.
    runs
        Of each configuration, those that have begun.
    """

    configurations: Sequence[Configuration]
    length: int
    runs: list[list[SeedRun]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runs = [[] for _ in self.configurations]

    @property
    def done(self) -> int:
        """Runs that have ended."""
        return sum(run.is_done for runs in self.runs for run in runs)

    @property
    def total(self) -> int:
        """Runs in all."""
        return sum(len(it.seeds) for it in self.configurations)

    def finals(self, index: int) -> dict[int, float]:
        """Return the accuracy in [0, 1] at the end of each finished run, by its seed."""
        return {
            run.seed: run.scores[-1].accuracy
            for run in self.runs[index]
            if run.is_done and run.scores
        }

    def band(self, index: int) -> tuple[NDArray[np.float64], ...]:
        """Return epochs, means and standard deviations of the accuracy over the runs so far.

        A place is left out where a run of those that have come so far has no score yet; the
        standard deviation of a single run is 0.
        """
        runs = [run for run in self.runs[index] if run.scores]
        if not runs:
            return (np.zeros(0),) * 3
        finished = [run for run in runs if run.is_done] or runs
        length = min(len(run.scores) for run in finished)
        used = [run for run in runs if len(run.scores) >= length]
        values = np.array([[score.accuracy for score in run.scores[:length]] for run in used])
        spread = values.std(axis=0, ddof=1) if len(used) > 1 else np.zeros(length)
        return np.array(used[0].epochs[:length]), values.mean(axis=0), spread

    def test(self) -> TTest | None:
        """Return the t-test of two configurations: paired if their seeds are the same, or Welch's.

        None before two runs of each have ended.
        """
        if len(self.configurations) != 2:
            return None
        one, two = self.finals(0), self.finals(1)
        first, second = self.configurations
        if list(first.seeds) == list(second.seeds):
            # The runs of one seed share their initial weights, as far as the layers are the same,
            # and the order of their batches.
            seeds = [seed for seed in one if seed in two]
            if len(seeds) < FEWEST_SEEDS:
                return None
            return paired_t_test([one[seed] for seed in seeds], [two[seed] for seed in seeds])
        if min(len(one), len(two)) < FEWEST_SEEDS:
            return None
        return welch_t_test(list(one.values()), list(two.values()))

    def sentence(self) -> str:
        """Return what the finished runs say."""
        test = self.test()
        if test is not None:
            what = ngettext(
                "accuracy on held-out samples after {epochs} epoch",
                "accuracy on held-out samples after {epochs} epochs",
                self.length,
                epochs=format_number(self.length),
            )
            title, result = self.configurations[1].title, verdict(test, what=what)
            return gettext("{title}: {result}", title=title, result=result)
        finals = list(self.finals(0).values())
        if len(self.configurations) == 1 and len(finals) >= FEWEST_SEEDS:
            mean, deviation = float(np.mean(finals)), float(np.std(finals, ddof=1))
            margin = t_quantile(len(finals) - 1) * deviation / len(finals) ** 0.5
            return ngettext(
                "{mean} accuracy on held-out samples after {epochs} epoch: mean of {count} seeds "
                "and its 95 % interval; standard deviation {deviation} points.",
                "{mean} accuracy on held-out samples after {epochs} epochs: mean of {count} seeds "
                "and its 95 % interval; standard deviation {deviation} points.",
                self.length,
                mean=f"{format_number(100 * mean, '.2f')} ± {format_percent(margin, 2)}",
                epochs=format_number(self.length),
                count=len(finals),
                deviation=format_number(100 * deviation, ".2f"),
            )
        return gettext("No result yet: at least two seeds of every configuration must have ended.")

    def csv(self) -> str:
        """Return all scores as CSV: a line per score; those of the last epochs are marked."""
        lines = ["configuration,seed,epoch,iteration,loss,accuracy,is_final\n"]
        for configuration, runs in zip(self.configurations, self.runs, strict=True):
            for run in runs:
                for epoch, score in zip(run.epochs, run.scores, strict=True):
                    title = configuration.title.replace('"', "'")
                    is_final = int(run.is_done and score is run.scores[-1])
                    lines.append(
                        f'"{title}",{run.seed},{epoch:.6g},{score.iteration},{score.loss!r},'
                        f"{score.accuracy!r},{is_final}\n"
                    )
        return "".join(lines)


async def repeat(
    trials: Trials, comparison: SeedComparison, progress: Callable[[], None] = lambda: None
) -> None:
    """Train every configuration with each of its seeds, the configurations in turn.

    Parameters
    ----------
    trials
        Makes the runs.
    comparison
        Where the scores are added.
    progress
        Called a few times in each run, and at its end.
    """
    held_out = await trials.held_out()
    most = max(len(it.seeds) for it in comparison.configurations)
    for number in range(most):
        for configuration, runs in zip(comparison.configurations, comparison.runs, strict=True):
            if number < len(configuration.seeds):
                entry = SeedRun(configuration.seeds[number])
                runs.append(entry)
                settings = {**configuration.changes, "seed": entry.seed}
                run = trials.make(trials.settings(**settings))
                trainer = trials.trainer(run, held_out)
                await _train(trainer, entry, comparison.length, progress)


async def _train(
    trainer: Trainer[Any], entry: SeedRun, length: int, progress: Callable[[], None]
) -> None:
    run = trainer.run
    try:
        every = -(-length // REPORTS)
        for epoch in (*range(every, length, every), length):
            entry.fault = await train_to_end(trainer, epoch)
            for score in run.history.validation[len(entry.scores) :]:
                entry.scores.append(score)
                entry.epochs.append(float(run.history.epochs.at([score.iteration])[0]))
            progress()
            if entry.fault:
                break
        entry.is_done = True
        progress()
    finally:
        await run.close()
