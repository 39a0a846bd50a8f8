"""One training of `inkling train`: from its first step or a checkpoint to the saved results.

It uses the run and the trainer of the page, so there is no second training loop.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from dashboard.cli.errors import CommandError
from dashboard.cli.evaluation_text import accuracy_sentence
from dashboard.cli.interrupt import catch_interrupt
from dashboard.cli.progress import Progress
from dashboard.cli.settings import CommandSettings
from dashboard.cli.train_data import TrainData, calibrated, enriched
from dashboard.cli.train_files import TrainFiles
from dashboard.languages.text import gettext
from dashboard.runs.curve import curve_of
from dashboard.runs.records import RunRecord, RunStyle, scores_of
from dashboard.runs.run_database import RunFiles
from dashboard.training.block_run import EVERY_EPOCH, BlockRun
from dashboard.training.checkpoint import (
    Checkpoint,
    CheckpointError,
    read_checkpoint,
    settings_values,
)
from dashboard.training.history import Score
from dashboard.training.marks import MARKED_SETTINGS, SettingChange
from dashboard.training.run import DivergenceError
from dashboard.training.settings import SettingError
from dashboard.training.trainer import Trainer, evaluate
from data_cache import ArraySource
from nn import (
    ClassificationMetrics,
    Network,
    architecture_layers,
    backend_name,
    create_schedule,
    load_weights,
)

FIXED = {
    "architecture": "--architecture",
    "weight_average": "--weight-average",
    "pen_digits": "--pen-digits",
    "non_digits": "--non-digits",
    "school_digits": "--school-digits",
    "without_school": "--without-school",
    "hidden_layers": "--network-structure",
    "activation": "--activation-function",
    "initialization": "--initialization",
    "seed": "--seed",
    "binarize": "--binarize",
    "augment": "--augment",
}
"""Settings that a resumed run cannot change, because weights or samples depend on them."""

# Settings of the command line that TrainingSettings lacks.
_OWN = (
    *("num_epochs", "schedule", "binarize", "patience"),
    *("pen_digits", "non_digits", "school_digits", "without_school", "calibrate"),
)

IDLE_SETTINGS = ("cache_size", "concurrency")
"""Settings of the page's queue, which change no number."""


def read_train_checkpoint(path: Path, fingerprint: str) -> Checkpoint:
    """Return the checkpoint of a training.

    Parameters
    ----------
    path
        Of the checkpoint.
    fingerprint
        Of the samples that the run must have been trained on; see `TrainData.fingerprint`.

    Raises
    ------
    CheckpointError
        The file is missing, damaged, or a checkpoint of something else.
    """
    return checked_checkpoint(read_checkpoint(path), str(path), fingerprint)


def checked_checkpoint(checkpoint: Checkpoint, name: str, fingerprint: str) -> Checkpoint:
    """Return a checkpoint if it is one of `inkling train` on these samples.

    Parameters
    ----------
    checkpoint
        Of a run.
    name
        How error messages call the checkpoint.
    fingerprint
        As in `read_train_checkpoint`.

    Raises
    ------
    CheckpointError
        It is of something else.
    """
    task = checkpoint.task
    if set(task) != {"data", "settings"} or not set(task["settings"]) <= set(_OWN):
        raise CheckpointError(
            gettext(
                "{name}: expected a checkpoint of inkling train, found one of the page.", name=name
            )
        )
    if task["data"] != fingerprint:
        raise CheckpointError(
            gettext(
                "{name}: expected the samples of this run ({expected}…), found others "
                "({found}…); give the same data, or leave out --resume.",
                name=name,
                expected=task["data"][:40],
                found=fingerprint[:40],
            )
        )
    return checkpoint


def settings_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the settings in the checkpoint of a training, by name."""
    return {**checkpoint.settings, **checkpoint.task["settings"]}


@dataclass(frozen=True)
class Scored:
    """The scores of the network on held-out samples."""

    title: str
    evaluation: ClassificationMetrics
    class_names: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Accuracy with its interval, and loss, in words."""
        return accuracy_sentence(self.evaluation)


@dataclass(frozen=True)
class Outcome:
    """The result of a training."""

    interrupted: bool
    saved: list[str]
    scored: list[Scored]


class TrainingJob:
    """One training, from its first step or a checkpoint.

    Parameters
    ----------
    data, files
        Samples, and paths of the results.
    given
        Settings given on the command line, by name.
    resume
        Whether to continue from the checkpoint beside the weights.
    stream
        Shows the progress.
    threads
        Compute convolutions.
    """

    def __init__(
        self,
        data: TrainData,
        files: TrainFiles,
        given: Mapping[str, Any],
        *,
        resume: bool,
        stream: TextIO,
        threads: int = 1,
    ) -> None:
        self._data = data
        self._files = files
        self._stream = stream
        self._fingerprint = data.fingerprint()
        self._saved: list[str] = []
        self._final: Network
        changed: dict[str, tuple[Any, Any]] = {}
        checkpoint = None
        if resume:
            checkpoint = read_train_checkpoint(files.checkpoint, self._fingerprint)
        known = settings_of(checkpoint) if checkpoint else {}
        if checkpoint:
            # A checkpoint may be older than a setting, which then had its default.
            changed = self._compare({**CommandSettings().param.values(), **known}, given)
        self.settings = CommandSettings(**{**known, **given})
        self._check()
        self._train_samples = enriched(data.train, self.settings)
        self.run = BlockRun(
            self.settings,
            ArraySource(self._train_samples),
            classes=len(data.class_names),
            binarize=self.settings.binarize,
            validations=EVERY_EPOCH,
            state=checkpoint.state if checkpoint else None,
            threads=threads,
        )
        self._mark(changed)

    def _check(self) -> None:
        """Raise SettingError now for what would fail at the end."""
        settings, path = self.settings, self._files.weights
        if architecture_layers(settings.architecture) is not None and (
            path.suffix.lower() == ".json"
        ):
            raise SettingError(
                gettext(
                    "--weight-path: convolutional layers need an .npz or .safetensors "
                    "file; found “{path}”.",
                    path=path,
                )
            )
        for flag, is_wanted in (
            ("--patience", settings.patience > 0),
            ("--calibrate", settings.calibrate),
        ):
            if is_wanted and self._data.watched is None:
                raise SettingError(
                    gettext(
                        "{flag}: expected validation samples, found none; give --validation-path.",
                        flag=flag,
                    )
                )

    def _compare(
        self, known: Mapping[str, Any], given: Mapping[str, Any]
    ) -> dict[str, tuple[Any, Any]]:
        """Raise CommandError for a change of what is fixed; report and return the others."""
        changed = {name: value for name, value in given.items() if value != known[name]}
        for name, value in changed.items():
            if name in FIXED:
                raise CommandError(
                    gettext(
                        "{flag}: expected {known} as in the run to resume, found "
                        "{value}; leave the flag out, or start again without --resume.",
                        flag=FIXED[name],
                        known=known[name],
                        value=value,
                    )
                )
            self._tell(
                gettext(
                    "From here on {setting} is {value} instead of {known}.",
                    setting=_name_of(name),
                    value=value,
                    known=known[name],
                )
            )
        return {name: (known[name], value) for name, value in changed.items()}

    def _mark(self, changed: Mapping[str, tuple[Any, Any]]) -> None:
        """Note in the history what changed when the run was resumed."""
        history, iteration = self.run.history, self.run.iteration
        for name, (old, new) in changed.items():
            if name in MARKED_SETTINGS:
                history.add_change(SettingChange(iteration, name, old, new))
            else:
                label = CommandSettings.param[name].label.lower()
                history.note_intervention(f"{label} {old} → {new} at iteration {iteration:,}")

    async def work(self) -> Outcome:
        """Train, save, and score; Ctrl-C stops the training, never the saving."""
        if self.run.epoch >= self.settings.num_epochs:
            raise CommandError(
                gettext(
                    "the run already has its {epoch} epochs; ask for more with --num-epochs.",
                    epoch=self.run.epoch,
                )
            )
        self._tell_plan()
        try:
            is_complete = await self._train()
            scored = await self._score() if is_complete else []
        finally:
            await self.run.close()
        return Outcome(not is_complete, self._saved, scored)

    def record(self, name: str, data_set: str) -> RunRecord:
        """Return the run as the page lists it, without its weights.

        Parameters
        ----------
        name
            Of the run.
        data_set
            What it was trained on, in a word.
        """
        run = self.run
        settings = {**settings_values(self.settings), **self._own_settings()}
        scores: dict[str, Any] = dict(scores_of(run.history))
        return RunRecord(
            number=0,
            name=name,
            style=RunStyle(0),
            settings={
                **{key: value for key, value in settings.items() if key not in IDLE_SETTINGS},
                "data_set": data_set,
            },
            backend=backend_name(),
            iteration=run.iteration,
            epochs=run.epochs_done,
            seconds=run.times.total,
            curve=curve_of(run),
            **scores,
        )

    def saved_files(self, data: Mapping[str, Any]) -> RunFiles | None:
        """Return the weights and the checkpoint that were saved; None before the first step.

        Parameters
        ----------
        data
            The values of the flags that name the samples.
        """
        if not self.run.iteration:
            return None
        weights, checkpoint = self._files.weights, self._files.checkpoint
        return RunFiles(weights.name, weights.read_bytes(), checkpoint.read_bytes(), data)

    @property
    def test_score(self) -> Score | None:
        """The score on the test samples; None before the end, or without such samples."""
        return self.run.history.test[-1] if self.run.history.test else None

    async def _train(self) -> bool:
        """Train and save; return whether training is complete, or was stopped by Ctrl-C."""
        run, epochs = self.run, self.settings.num_epochs
        progress = Progress(run, epochs, self._stream, time.perf_counter)
        trainer = self._make_trainer(progress)
        with catch_interrupt(trainer.stop) as interrupt:
            try:
                while not self._is_complete and not interrupt.requested:
                    await self._train_epoch(trainer, progress)
            except DivergenceError as error:
                self._save()
                raise CommandError(" ".join([str(error), *self._saved])) from error
            finally:
                progress.close()
            if not self._is_complete:
                self._tell(
                    gettext(
                        "Stopped by Ctrl-C after {epochs_done:.2f} epochs; saving.",
                        epochs_done=run.epochs_done,
                    )
                )
            elif run.epoch < epochs:
                self._tell(
                    gettext(
                        "No lower validation loss in {patience} epochs: done after "
                        "{epoch} of {epochs}.",
                        patience=self.settings.patience,
                        epoch=run.epoch,
                        epochs=epochs,
                    )
                )
            self._save()
        return self._is_complete

    @property
    def _is_complete(self) -> bool:
        """Whether all epochs are done, or early stopping applies."""
        patience = self.settings.patience
        scores = self.run.history.validation
        is_over = patience > 0 and len(scores) - self._best_epoch >= patience
        return is_over or self.run.epoch >= self.settings.num_epochs

    @property
    def _best_epoch(self) -> int:
        """The epoch with the lowest validation loss, counted from 1; 0 before the first."""
        losses = [score.loss for score in self.run.history.validation]
        return 1 + losses.index(min(losses)) if losses else 0

    async def _train_epoch(self, trainer: Trainer, progress: Progress) -> None:
        before = self.run.epoch
        await trainer.train(epochs=before + 1)
        if self.run.epoch > before:
            progress.end_epoch(self.run)
            if self.settings.patience and self._best_epoch == self.run.epoch:
                self._files.save_weights(self.run.evaluated_network)
            self._files.save_checkpoint(self._checkpoint())

    def _make_trainer(self, progress: Progress) -> Trainer:
        settings, data = self.settings, self._data
        steps_per_epoch = -(-len(self._train_samples) // settings.batch_size)
        return Trainer(
            self.run,
            validation=data.watched.samples if data.watched else None,
            publish=progress.publish,
            clock=time.perf_counter,
            learning_rate=create_schedule(
                settings.schedule, settings.learning_rate, steps_per_epoch * settings.num_epochs
            ),
            validation_limit=None,
        )

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            settings_values(self.settings),
            self.run.state(),
            {"data": self._fingerprint, "settings": self._own_settings()},
        )

    def _own_settings(self) -> dict[str, Any]:
        return {name: getattr(self.settings, name) for name in _OWN}

    def _save(self) -> None:
        if not self.run.iteration:
            self._saved = [gettext("No step was taken, so nothing was saved.")]
            return
        if self.settings.patience and self._best_epoch:
            self._saved = self._files.save_results(self.run, self._best_epoch)
            self._final = load_weights(self._files.weights)
        else:
            self._saved = self._files.save_results(self.run)
            self._final = self.run.evaluated_network
        if self.settings.calibrate and self._is_complete:
            assert self._data.watched is not None, "checked at the beginning"
            self._final, temperature = calibrated(
                self._final, self._data.watched.samples, self.settings.binarize
            )
            self._files.save_weights(self._final)
            self._saved.append(
                gettext(
                    "The logits were divided by {temperature:.3f}, fitted on the "
                    "validation samples.",
                    temperature=temperature,
                )
            )
        self._files.save_checkpoint(self._checkpoint())

    async def _score(self) -> list[Scored]:
        data, run = self._data, self.run
        if data.final is None:
            return []
        evaluation = await evaluate(
            self._final, data.final.samples, binarize=self.settings.binarize
        )
        if data.final is not data.watched:
            run.history.test.append(
                Score(run.iteration, evaluation.loss, evaluation.accuracy, evaluation.count)
            )
            self._files.save_history(run.history)
        return [Scored(data.final.title, evaluation, data.class_names)]

    def _tell_plan(self) -> None:
        settings, data, run = self.settings, self._data, self.run
        begin = gettext("Training")
        if run.iteration:
            begin = gettext("Resuming at iteration {iteration:,}", iteration=run.iteration)
        samples = gettext("{count:,} training samples", count=len(self._train_samples))
        if data.watched:
            samples = gettext(
                "{samples}, scored on {held_out}", samples=samples, held_out=data.watched.title
            )
        self._tell(
            gettext(
                "{begin}: {network} {activation}, {samples}; {optimizer}, {schedule} learning "
                "rate {rate:g}, batch {batch}, seed {seed}.",
                begin=begin,
                network=run.network.title,
                activation=settings.activation,
                samples=samples,
                optimizer=settings.optimizer,
                schedule=settings.schedule,
                rate=settings.learning_rate,
                batch=settings.batch_size,
                seed=settings.seed,
            )
        )

    def _tell(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def _name_of(setting: str) -> str:
    """Return a setting as it is called in sentences."""
    known = MARKED_SETTINGS.get(setting)
    return gettext(known) if known else gettext(CommandSettings.param[setting].label.lower())
