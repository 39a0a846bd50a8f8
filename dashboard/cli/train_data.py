"""The samples of `inkling train`: for training, for validation and for the test.

They come from a data set with three parts, or from one or two paths.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from dashboard.cli.arguments import data_set_name
from dashboard.cli.sample_input import overlap_warnings, read_reported, report
from dashboard.cli.settings import CommandSettings
from data_cache import DIGIT_NAMES, ReadOptions, Samples, load_data_set, to_float
from data_cache.synthesis import add_synthetic_samples, styles_without
from nn import Network
from nn.calibration import fit_temperature, with_temperature

_ENRICHMENT_STREAM = 1
"""Separates this use of the run's seed from the others."""


@dataclass(frozen=True)
class HeldOut:
    """Samples that take no part in training, with a title for messages."""

    samples: Samples
    title: str


@dataclass(frozen=True)
class TrainData:
    """Samples to train on, to evaluate after every epoch, and to evaluate at the end.

    The last two are the same if only a validation path was given.
    """

    train: Samples
    watched: HeldOut | None
    final: HeldOut | None
    class_names: tuple[str, ...]

    def fingerprint(self) -> str:
        """Return an identifier of the training samples: their number and SHA-256."""
        digest = hashlib.sha256()
        for array in (self.train.images, self.train.labels):
            digest.update(array.tobytes())
        return f"{len(self.train)} samples, sha256 {digest.hexdigest()}"


def open_train_data(
    train_path: str | None,
    validation_path: str | None,
    data_set: str | None,
    options: ReadOptions,
) -> TrainData:
    """Return the samples of the paths or, without a path, of a data set (None: bundled digits)."""
    if train_path is None:
        return _load_by_name(data_set_name(data_set or "digits"))
    train = read_reported(train_path, "train", options).labelled()
    if validation_path is None:
        return TrainData(train, None, None, DIGIT_NAMES)
    held_out = read_reported(validation_path, "test", options).labelled()
    if warnings := overlap_warnings(train, held_out):
        report(f"Compared {train_path} with {validation_path}.", warnings)
    title = f"{len(held_out):,} validation samples (evaluated only, not used to choose weights)"
    scored = HeldOut(held_out, title)
    return TrainData(train, scored, scored, DIGIT_NAMES)


def _load_by_name(name: str) -> TrainData:
    data_set = load_data_set(name)
    return TrainData(
        data_set.train,
        HeldOut(data_set.validation, f"{len(data_set.validation):,} validation samples"),
        HeldOut(data_set.test, f"{len(data_set.test):,} test samples (not used before)"),
        data_set.class_names,
    )


def enriched(samples: Samples, settings: CommandSettings) -> Samples:
    """Return the samples with synthetic digits and non-digits added, as the settings say."""
    if not settings.has_synthetic_samples:
        return samples
    return add_synthetic_samples(
        samples,
        np.random.default_rng([settings.seed, _ENRICHMENT_STREAM]),
        pen_digits=settings.pen_digits,
        non_digits=settings.non_digits,
        school_digits=settings.school_digits,
        styles=styles_without(settings.without_school),
    )


def calibrated(network: Network, samples: Samples, binarize: int | None) -> tuple[Network, float]:
    """Return the network with its logits divided by a fitted temperature, and the temperature."""
    images = to_float(samples.images, binarize=binarize)
    temperature = fit_temperature(network.predict_log_proba(images), samples.labels)
    return with_temperature(network, temperature), temperature
