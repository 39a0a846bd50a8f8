"""What a report of a run says, as plain data; `report_html` makes the file from it.

The page and the command line fill it in, so that both give the same report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dashboard.evaluation.report import EvaluationReport, Prediction
from dashboard.report.weight_sheet import InsidePicture
from dashboard.runs.curve import RunCurve

SHOWN_ERRORS = 24
"""Most misclassified samples in a report."""


@dataclass(frozen=True, eq=False)
class Errors:
    """The most confident errors.

    Attributes
    ----------
    mistakes
        The most confident ones, at most `SHOWN_ERRORS`.
    images
        The sample of each, (height, width) uint8, 0 is white; empty for samples that are no images.
    """

    mistakes: Sequence[Prediction]
    images: Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class RepeatCode:
    """Code that repeats a run.

    Attributes
    ----------
    code
        A Python script, or a command; "" if the run cannot be repeated.
    how
        How to run it, in a sentence.
    obstacles
        Why the run cannot be repeated by code; none if it can.
    """

    code: str
    how: str
    obstacles: Sequence[str] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportContent:
    """Everything that a report says.

    Attributes
    ----------
    title
        Name of the run.
    model
        The network in words.
    date
        When the report was made; "" leaves it out.
    facts
        Seed, versions, backend, length of the training and the like, as name and value.
    settings
        Name and value of every setting at the end of the run.
    events
        Changes of settings during the run and the like, in sentences.
    link
        Address of the page with these settings, or its query alone; "" if there is none.
    link_note
        What is not in the link.
    curve
        Of the run.
    evaluated_on
        The samples of the evaluation, in words.
    class_names
        Of these samples.
    evaluation
        Metrics, calibration and mistakes.
    errors
        The most confident mistakes.
    inside
        A picture of the inside of the network; None if there is none.
    repeat
        Code that repeats the run.
    """

    title: str
    model: str
    date: str = ""
    facts: Sequence[tuple[str, str]]
    settings: Sequence[tuple[str, str]]
    events: Sequence[str] = field(default_factory=tuple)
    link: str = ""
    link_note: str = ""
    curve: RunCurve
    evaluated_on: str
    class_names: Sequence[str]
    evaluation: EvaluationReport
    errors: Errors
    inside: InsidePicture | None
    repeat: RepeatCode


def most_confident_errors(evaluation: EvaluationReport, images: NDArray[np.uint8] | None) -> Errors:
    """Return the most confident errors with their images.

    Parameters
    ----------
    evaluation
        Of the samples.
    images
        All samples, (n, pixels) of square images; None if the samples are no images.
    """
    mistakes = evaluation.mistakes[:SHOWN_ERRORS]
    if images is None:
        return Errors(mistakes, ())
    side = int(images.shape[1] ** 0.5)
    return Errors(mistakes, [images[it.index].reshape(side, side) for it in mistakes])
