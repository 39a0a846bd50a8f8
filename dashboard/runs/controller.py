"""Controller of the runs pane: the commands on the kept runs, and the experiments with new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.digits.models import StoredModel
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext
from dashboard.plane.dataset import inputs_of
from dashboard.plane.training import StoredPlaneRun
from dashboard.runs.comparison import compare_runs
from dashboard.runs.fork import make_race, run_race
from dashboard.runs.rate_finder import RateTest, find_rate
from dashboard.runs.recorder import RunRecorder, measured
from dashboard.runs.records import MAX_NAME, MAX_PINNED, RunCollection, RunRecord
from dashboard.runs.search import RANDOM, make_search, read_values, search_toml
from dashboard.runs.seeds import Configuration, SeedComparison, repeat
from dashboard.runs.state import NOTHING, SEEDS, SETTING, RunsState
from dashboard.runs.trials import Trials, changed_settings, label_of, value_text
from dashboard.shell.notices import Notice
from dashboard.training.run_state import RunState
from dashboard.training.scheduled_changes import values_at_start
from dashboard.training.settings import SettingError
from dashboard.training.trainer import Execute, HeldOut
from data_cache import DataError, PrefetchError, to_float
from nn import Network

MakeReport = Callable[[RunRecord, RunState, Any, Callable[[float], None]], Awaitable[bytes]]
"""Makes the report of a run, given its record, its state, the controller of its pane, and what is
called with the share that is done."""


@dataclass(frozen=True)
class RunSource:
    """A pane whose runs are kept.

    Attributes
    ----------
    title
        Of the pane.
    recorder
        Keeps its runs.
    trials
        Makes further ones.
    """

    title: str
    recorder: RunRecorder
    trials: Trials


class RunsController:
    """Commands of the runs pane.

    Parameters
    ----------
    state
        Shared with the views.
    sources
        The panes whose runs are kept, by name: the digits, and the plane once it has been opened.
    execute
        Computes a part of an evaluation: in line, or in a thread.
    spawn
        Runs a background task.
    make_report
        Makes reports; None: there are none.
    """

    def __init__(
        self,
        state: RunsState,
        sources: Callable[[], Mapping[str, RunSource]],
        execute: Execute,
        spawn: Callable[[Any], None],
        make_report: MakeReport | None = None,
    ) -> None:
        self.state = state
        self._sources = sources
        self.execute = execute
        self.spawn = spawn
        self._make_report = make_report
        self._task: asyncio.Task[None] | None = None

    @property
    def sources(self) -> Mapping[str, RunSource]:
        """The panes whose runs are kept, by name."""
        return self._sources()

    @property
    def source(self) -> RunSource:
        """The pane whose runs are shown."""
        sources = self._sources()
        return sources.get(self.state.source) or next(iter(sources.values()))

    @property
    def collection(self) -> RunCollection:
        """The runs that are shown."""
        return self.source.recorder.collection

    def records(self) -> list[RunRecord]:
        """Return the kept runs, and the run in training if it has begun, the newest last."""
        current = self.source.recorder.current()
        return [*self.collection.records, *([current] if current else [])]

    def find(self, number: int) -> RunRecord | None:
        """Return a run by its number; 0 is the run in training."""
        return next((record for record in self.records() if record.number == number), None)

    # Commands on one run

    def pin(self, number: int, is_pinned: bool) -> None:
        """Pin a run, or do not."""
        if not self.collection.pin(number, is_pinned):
            self._warn(
                gettext(
                    "At most {most} runs can be pinned, and as many as memory allows; unpin one.",
                    most=MAX_PINNED,
                )
            )

    def set_baseline(self, number: int, is_baseline: bool) -> None:
        """Compare scores with those of a run, or with none."""
        self.collection.baseline = number if is_baseline else None

    def restore(self, number: int) -> None:
        """Make the network of a run the current model, with its optimiser and its place."""
        record = self.collection.find(number)
        if record is None:
            return
        if record.model is None:
            self._warn(
                gettext(
                    "{run}: its weights are not kept any more, only its curve.", run=record.name
                )
            )
            return
        controller = self.source.trials.controller
        if isinstance(record.model, StoredModel):
            controller.restore_model(record.model)
        elif isinstance(record.model, StoredPlaneRun):
            model = record.model
            try:
                controller.restore_run(model.values, model.data, model.state)
            except ValueError as error:
                self._warn(
                    gettext("{run} cannot be restored: {error}", run=record.name, error=error)
                )
                return
        self._notify(
            gettext(
                "{run} is the current model, at iteration {iteration}.",
                run=record.name,
                iteration=format_number(record.iteration),
            )
        )

    def show_on_pad(self, index: int) -> None:
        """Put a sample, on which the two runs disagree, on the drawing pad."""
        comparison = self.state.comparison
        if comparison is None or comparison.samples is None:
            return
        if 0 <= index < len(comparison.disagreements):
            sample = comparison.disagreements[index].index
            image = to_float(comparison.samples.images[sample : sample + 1]).reshape(28, 28)
            self.source.trials.controller.drawing.show(image)

    def report(self, number: int) -> None:
        """Make the report of a run, a file to save; 0 is the run in training."""
        record, make = self.find(number), self._make_report
        if record is None or make is None:
            return
        if number and record.model is None:
            self._warn(
                gettext(
                    "{run}: its weights are not kept any more, which a report needs. Train it "
                    "again with its settings; pinned runs keep theirs longest.",
                    run=record.name,
                )
            )
            return
        self._begin(lambda: self._report(number, make))

    # Experiments

    def cancel(self) -> None:
        """End the experiment under way; its results so far stay."""
        if self._task is not None:
            self._task.cancel()

    def compare(self) -> None:
        """Evaluate the two chosen runs on the same samples."""
        chosen = [self.find(number) for number in self.collection.chosen]
        found = [record for record in chosen if record is not None]
        if len(found) != 2:
            self._warn(gettext("Choose two runs in the table first (Compare)."))
            return
        self._begin(lambda: self._compare((found[0], found[1])))

    def repeat_with_seeds(self) -> None:
        """Train the present settings with several seeds, and what they are compared with."""
        state, trials = self.state, self.source.trials
        first = int(trials.controller.state.seed)
        seeds = [(first + index) % 2**32 for index in range(state.seeds)]
        configurations = [Configuration(gettext("present settings"), {}, seeds)]
        if state.against == SETTING:
            change = self._read_change()
            if change is None:
                return
            configurations.append(Configuration(change[1], change[0], seeds))
        elif state.against == SEEDS:
            others = [(seed + state.seeds) % 2**32 for seed in seeds]
            title = gettext("the same settings, other seeds")
            configurations.append(Configuration(title, {}, others))
        else:
            assert state.against == NOTHING
        comparison = SeedComparison(configurations, state.epochs)
        state.seed_result = comparison

        def show() -> None:
            state.progress = runs_done(comparison)
            state.param.trigger("seed_result")

        self._begin(lambda: repeat(trials, comparison, show))

    def search(self) -> None:
        """Train every configuration of a search with several seeds."""
        state, trials = self.state, self.source.trials
        first = int(trials.controller.state.seed)
        typed = {state.first_setting: state.first_values}
        if state.second_setting and state.second_setting != state.first_setting:
            typed[state.second_setting] = state.second_values
        try:
            search = make_search(
                trials,
                {name: read_values(trials, name, text) for name, text in typed.items()},
                [(first + index) % 2**32 for index in range(state.seeds)],
                state.epochs,
                count=state.search_count if state.search == RANDOM else None,
            )
        except SettingError as error:
            self._warn(str(error))
            return
        state.search_result = search

        def show() -> None:
            state.progress = runs_done(search.comparison)
            state.param.trigger("search_result")

        self._begin(lambda: repeat(trials, search.comparison, show))

    def search_definition(self) -> str | None:
        """Return the newest search as TOML for `inkling sweep`; None, with a notice, if not."""
        search, trials = self.state.search_result, self.source.trials
        if search is None or self.state.source != "digits":
            self._warn(gettext("Search first; inkling sweep reads searches on digits."))
            return None
        try:
            return search_toml(trials, search, data_set=trials.controller.data.name)
        except SettingError as error:
            self._warn(str(error))
            return None

    def fork(self) -> None:
        """Race the present settings against a changed one, from the checkpoint that is shown."""
        change = self._read_change()
        if change is None:
            return
        trials, digits = self.source.trials, self.source.trials.controller
        shown = digits.state.shown_checkpoint
        run = digits.trainer.run
        if shown is None and not digits.training_loop.is_idle:
            self._warn(
                gettext("Pause training first, or choose a checkpoint on the slider of the curves.")
            )
            return
        history = run.history.copy()
        state = shown or run.state()
        dropped = history.truncate(state.iteration)
        before = values_at_start(run.marked_settings, dropped)
        state = replace(state, history=history)
        self._begin(lambda: self._race(trials, state, before, *change))

    def find_rate(self) -> None:
        """Run a learning rate range test with the present settings."""
        state, trials = self.state, self.source.trials
        if state.rate_low >= state.rate_high:
            self._warn(gettext("The first learning rate must be below the last one."))
            return

        def show(result: RateTest) -> None:
            state.progress = gettext(
                "{taken} of {steps} steps",
                taken=format_number(len(result.rates)),
                steps=format_number(state.rate_steps),
            )
            state.rate_result = result

        async def work() -> None:
            show(await find_rate(trials, state.rate_low, state.rate_high, state.rate_steps, show))

        state.rate_result = None
        self._begin(work)

    def use_rate(self) -> None:
        """Train with the suggested learning rate from now on."""
        result = self.state.rate_result
        if result is not None and result.suggestion is not None:
            self.source.trials.controller.state.learning_rate = result.suggestion
            self._notify(
                gettext("Learning rate {rate}.", rate=format_number(result.suggestion, "g"))
            )

    def _read_change(self) -> tuple[dict[str, Any], str] | None:
        state, trials = self.state, self.source.trials
        try:
            changes = changed_settings(trials, state.setting, state.value)
        except SettingError as error:
            self._warn(str(error))
            return None
        value = changes[state.setting]
        return changes, f"{label_of(trials, state.setting)} {value_text(value)}"

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        if self.state.running:
            self._warn(gettext("An experiment is under way; cancel it first."))
            return
        self.state.param.update(running=True, progress="")
        self.spawn(self._run(work))

    async def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        self._task = asyncio.ensure_future(work())
        try:
            await self._task
        except asyncio.CancelledError:
            if not self._task.cancelled():
                self._task.cancel()
                raise
            self._notify(gettext("Cancelled. The results so far are shown."))
        except (DataError, PrefetchError, SettingError) as error:
            self._notify(str(error), "error")
        finally:
            self._task = None
            self.state.param.update(running=False, progress="")

    async def _report(self, number: int, make: MakeReport) -> None:
        controller = self.source.trials.controller
        async with controller.trainer.between_slices:
            record = self.find(number)
            if record is None:
                return
            kept = record.model
            state = controller.trainer.run.state() if kept is None else kept.run_state()

        def show(share: float) -> None:
            self.state.progress = gettext("Report: {percent}", percent=format_percent(share, 0))

        content = await make(record, state, controller, show)
        self.state.report = ("inkling-report.html", content)
        self._notify(
            gettext("The report of {run} is saved as inkling-report.html.", run=record.name)
        )

    async def _race(
        self,
        trials: Trials,
        state: RunState,
        before: Mapping[str, Any],
        changes: Mapping[str, Any],
        title: str,
    ) -> None:
        race = await make_race(trials, state, changes, title, self.state.fork_steps, before=before)
        self.state.race = race

        def show() -> None:
            self.state.progress = gettext(
                "{taken} of {steps} steps",
                taken=format_number(race.taken),
                steps=format_number(race.steps),
            )
            self.state.param.trigger("race")

        try:
            await run_race(race, show)
        finally:
            if race.taken:
                for racer in race.racers:
                    settings, model = trials.keep(racer.run)
                    self.collection.add(
                        name=gettext(
                            "Fork at {iteration}: {title}",
                            iteration=format_number(race.start),
                            title=racer.title,
                        )[:MAX_NAME],
                        settings=settings,
                        model=model,
                        **measured(racer.run),
                    )
        for racer in race.racers:
            if racer.fault:
                self._notify(f"{racer.title}: {racer.fault}", "warning")

    async def _compare(self, records: tuple[RunRecord, RunRecord]) -> None:
        trials = self.source.trials
        state = trials.controller.state
        networks = [self._network(record) for record in records]
        lost = [it.name for it, net in zip(records, networks, strict=True) if net is None]
        if lost:
            name = lost[0]
            if len(lost) == 2:
                name = gettext("{first} and {second}", first=lost[0], second=lost[1])
            self._warn(gettext("{runs}: the weights are not kept any more.", runs=name))
            return
        drawing = None
        samples: tuple[HeldOut | None, HeldOut | None]
        if self.state.source == "digits":
            held_out = await trials.held_out()
            samples = (held_out, held_out)
            names = state.class_names
            drawing = trials.controller.drawing.image
        else:
            first, second = (
                inputs_of(state.points.test, record.settings["inputs"]) for record in records
            )
            samples = (first, second)
            names = tuple(str(number) for number in range(state.points.classes))
        if samples[0] is None or not len(samples[0]):
            self._warn(gettext("There are no held-out samples to compare the runs on."))
            return
        if any(net.classes != len(names) for net in networks if net is not None):
            self._warn(gettext("A run was trained on other classes than those of the opened data."))
            return
        self.state.comparison = await compare_runs(
            records,
            (networks[0], networks[1]),  # type: ignore[arg-type]
            (_held_out(samples[0]), _held_out(samples[1])),
            names,
            execute=self.execute,
            drawing=drawing,
        )

    def _network(self, record: RunRecord) -> Network | None:
        if not record.number:
            network: Network = self.source.trials.controller.state.network
            return network
        if record.model is None:
            return None
        state = record.model.run_state()
        return state.averaged or state.network

    def _notify(self, text: str, kind: str = "info") -> None:
        self.state.notice = Notice(text, kind)

    def _warn(self, text: str) -> None:
        self._notify(text, "warning")


def _held_out(samples: HeldOut | None) -> HeldOut:
    assert samples is not None
    return samples


def settings_text(record: RunRecord, name: str) -> str:
    """Return a setting of a run as the page shows it; “–” if the run has none."""
    value = record.settings.get(name)
    if value is None:
        return "–"
    if name == "origin":
        return gettext(str(value))
    return value_text(value)


def runs_done(comparison: SeedComparison) -> str:
    """Return how many of the runs of a comparison have ended."""
    return gettext(
        "{done} of {total} runs",
        done=format_number(comparison.done),
        total=format_number(comparison.total),
    )
