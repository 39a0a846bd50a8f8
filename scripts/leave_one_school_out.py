"""Trains a network without each school of handwriting and evaluates it on that school's styles.

`python scripts/leave_one_school_out.py FOLDER` writes accuracies and calibration into
docs/handwriting.md. The digits are drawn once, in all styles; a network is trained on those in the
styles that its school does not use. Digits and networks in the folder are not made again. The other
synthetic digits, whose templates belong to no school, are left out. Needs the full MNIST, as
make_pretrained.py.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from style_accuracy import digits_of, write

from dashboard.blas import limit_blas_threads
from dashboard.cli.main import make_parser
from dashboard.cli.recipe import apply_recipe
from dashboard.cli.train import read_settings
from dashboard.cli.train_data import HeldOut, TrainData
from dashboard.cli.train_files import TrainFiles
from dashboard.cli.train_job import TrainingJob
from data_cache import DataSet, Samples, load_data_set, to_float
from data_cache.samples import concatenate_samples
from data_cache.synthesis import (
    HANDWRITING_STYLES,
    SCHOOLS,
    HandwritingStyle,
    choose_styles,
    draw_styled_digits,
)
from nn import Network, load_weights
from nn.calibration import confidence, confidence_threshold, reliability_diagram

RECIPE = Path(__file__).with_suffix(".toml")
DOCUMENT = Path(__file__).parents[1] / "docs" / "handwriting.md"
BEGIN = "<!-- Written by scripts/leave_one_school_out.py: -->\n"
END = "<!-- end -->\n"
SEED = 3
"""Seed of the digits that are trained on; those that are evaluated come from another generator."""


@dataclass(frozen=True)
class Drawn:
    """Synthetic digits to train on, with the style of each."""

    styles: list[HandwritingStyle]
    samples: Samples

    def without(self, school: str) -> Samples:
        """Return the digits in styles that a school does not use."""
        return self.samples[np.array([school not in style.schools for style in self.styles])]


@dataclass(frozen=True)
class Unseen:
    """How the network without a school reads that school's styles.

    Attributes
    ----------
    accuracies : dict of HandwritingStyle to float
    calibration_error : float
        The expected one, over all of these digits.
    rejected : float
        Share of the mistakes whose confidence is below the threshold that 99 % of MNIST's
        validation digits reach; 1 without mistakes.
    """

    accuracies: dict[HandwritingStyle, float]
    calibration_error: float
    rejected: float

    @property
    def accuracy(self) -> float:
        """The mean over the styles."""
        return float(np.mean(list(self.accuracies.values())))


def main(words: list[str]) -> int:
    """Train what is missing, evaluate, and write the section of the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the weights files")
    parser.add_argument("--recipe", default=str(RECIPE), help="mlp, best, or the path of a recipe")
    parser.add_argument("--count", type=int, default=200, help="digits of each style (200)")
    arguments = parser.parse_args(words)
    before, after = text_around_section()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    data_set = load_data_set("mnist")
    settings = settings_of(arguments.recipe)
    number = settings.pop("school_digits")
    drawn = draw(arguments.folder / f"digits-{number}.npz", number)
    with limit_blas_threads():
        networks = {
            school: train_without(school, arguments.folder, settings, data_set, drawn)
            for school in SCHOOLS
        }
    count = arguments.count
    digits = stored(
        arguments.folder / f"evaluated-{count}.npz",
        lambda: concatenate_samples([digits_of(style, count) for style in HANDWRITING_STYLES]),
    )
    unseen = evaluate(networks, data_set.validation, digits)
    title = next(iter(networks.values())).title
    lines = section_lines(unseen, title, number, count)
    section = "".join(f"{line}\n" for line in lines)
    write(section)
    DOCUMENT.write_text(before + section + after, encoding="utf-8")
    return 0


def text_around_section() -> tuple[str, str]:
    """Return the text of the document up to the section and from its end on, with the marks."""
    before, begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{DOCUMENT}: expected “{BEGIN.strip()}” and “{END.strip()}”.")
    return before + begin, end + after


def settings_of(recipe: str) -> dict[str, Any]:
    """Return the settings of a recipe by name, without synthetic digits of no school."""
    arguments = make_parser().parse_args(["train", "--recipe", recipe, "--pen-digits", "0"])
    apply_recipe(arguments, arguments.parser)
    return read_settings(arguments)


def draw(path: Path, count: int) -> Drawn:
    """Return the digits to train on, from a file if they were drawn before."""
    generator = np.random.default_rng(SEED)
    styles = choose_styles(count, generator)
    return Drawn(styles, stored(path, lambda: draw_styled_digits(styles, generator)))


def stored(path: Path, make: Callable[[], Samples]) -> Samples:
    """Return samples from a file, which is made if it is missing."""
    if not path.exists():
        samples = make()
        np.savez(path, images=samples.images, labels=samples.labels)
    with np.load(path) as file:
        return Samples(file["images"], file["labels"])


def train_without(
    school: str, folder: Path, settings: dict[str, Any], data_set: DataSet, drawn: Drawn
) -> Network:
    """Return the network that was trained without a school, training it if it is missing."""
    files = TrainFiles(folder / f"without-{school}.npz", None)
    if not files.weights.exists() or files.checkpoint.exists():
        data = TrainData(
            concatenate_samples([data_set.train, drawn.without(school)]),
            HeldOut(data_set.validation, "validation samples"),
            None,
            data_set.class_names,
        )
        job = TrainingJob(data, files, settings, resume=False, stream=sys.stderr)
        if asyncio.run(job.work()).interrupted:
            raise SystemExit(f"{school}: interrupted; begin again to go on with it.")
        files.checkpoint.unlink()
    return load_weights(files.weights)


def evaluate(
    networks: dict[str, Network], validation: Samples, digits: Samples
) -> dict[str, Unseen]:
    """Return for each school what its network makes of the digits in each of its styles.

    There are equally many digits of each style, in the order of the table.
    """
    known = to_float(validation.images)
    by_style = np.arange(len(digits)).reshape(len(HANDWRITING_STYLES), -1)
    found = {}
    for school, network in networks.items():
        uses = np.array([school in style.schools for style in HANDWRITING_STYLES])
        samples = digits[by_style[uses].ravel()]
        probabilities = network.predict_proba(to_float(samples.images))
        is_right = probabilities.argmax(axis=1) == samples.labels
        threshold = confidence_threshold(confidence(network.predict_proba(known)))
        is_rejected = confidence(probabilities[~is_right]) < threshold
        shares = is_right.reshape(uses.sum(), -1).mean(axis=1).tolist()
        styles = [style for style in HANDWRITING_STYLES if school in style.schools]
        found[school] = Unseen(
            dict(zip(styles, shares, strict=True)),
            reliability_diagram(probabilities, samples.labels).expected_calibration_error,
            float(is_rejected.mean()) if len(is_rejected) else 1.0,
        )
    return found


def section_lines(unseen: dict[str, Unseen], title: str, drawn: int, count: int) -> list[str]:
    """Return the section of the document: a line for each school, and one for each style."""
    accuracies = {style: style_accuracy(style, unseen) for style in HANDWRITING_STYLES}
    accuracy = np.mean(list(accuracies.values()))
    error = np.mean([it.calibration_error for it in unseen.values()])
    rejected = np.mean([it.rejected for it in unseen.values()])
    return [
        "",
        "## Styles that a network has not seen",
        "",
        f"Nine networks ({title}) were trained on MNIST and on synthetic digits ({drawn:,} in all",
        "styles), each without those in the styles of one school. On digits of these styles",
        f"({count} of each):",
        "",
        "| school left out | styles | accuracy | calibration error | mistakes rejected |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {school} | {len(it.accuracies)} | {100 * it.accuracy:.1f} % "
            f"| {it.calibration_error:.4f} | {100 * it.rejected:.0f} % |"
            for school, it in unseen.items()
        ),
        f"| mean | {len(accuracies)} | {100 * accuracy:.2f} % | {error:.4f} "
        f"| {100 * rejected:.0f} % |",
        "",
        "The accuracy in the last line is the mean over styles. Rejected are the mistakes whose",
        "confidence is below that of 99 % of MNIST's validation digits.",
        "",
        "| style | accuracy, not seen |",
        "| --- | --- |",
        *(
            f"| {style.digit} {style.name} | {100 * share:.1f} % |"
            for style, share in accuracies.items()
        ),
        "",
    ]


def style_accuracy(style: HandwritingStyle, unseen: dict[str, Unseen]) -> float:
    """Return the mean accuracy of the networks that have not seen a style."""
    return float(np.mean([unseen[school].accuracies[style] for school in style.schools]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
