"""Images of evaluated samples in a grid; a click shows one on the drawing pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboard.evaluation.report import Prediction
from dashboard.evaluation.views.sample_sheet import SHOWN, TEXT, SampleSheet
from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext
from dashboard.shell.colors import MISTAKE
from data_cache import Samples


class PredictionsView:
    """The first 24 of some mistakes, or of some correct predictions.

    Parameters
    ----------
    show_on_pad
        Called with the index of the chosen sample.
    """

    def __init__(self, show_on_pad: Callable[[int], None]) -> None:
        self._show_on_pad = show_on_pad
        self._indices: list[int] = []
        self._sheet = SampleSheet(
            gettext(
                "Samples. Arrow keys go from one to the next, Enter puts it on the drawing pad."
            ),
            self._choose,
            "ink-mistakes",
            source_name="mistakes",
        )
        self.figure = self._sheet.figure

    def draw(
        self,
        samples: Samples | None,
        predictions: Sequence[Prediction],
        class_names: Sequence[str],
    ) -> list[str]:
        """Show the first predictions; return their labels, for example "4→9" or "61 %"."""
        shown = predictions[:SHOWN] if samples is not None else ()
        self._indices = [prediction.index for prediction in shown]
        texts = [_short_text(prediction, class_names) for prediction in shown]
        self._sheet.draw(
            [] if samples is None else [samples.images[index] for index in self._indices],
            [text[:9] for text in texts],
            [
                _label(prediction, class_names, number, len(predictions))
                for number, prediction in enumerate(shown, 1)
            ],
            MISTAKE if any(it.label != it.predicted for it in shown) else TEXT,
        )
        return texts

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._indices):
            self._show_on_pad(self._indices[index])


def _short_text(prediction: Prediction, class_names: Sequence[str]) -> str:
    if prediction.label == prediction.predicted:
        # What is nearly certain is told apart, too, in the room that there is.
        return format_percent(prediction.probability, int(prediction.probability < 0.9995))
    return f"{class_names[prediction.label]}→{class_names[prediction.predicted]}"


def _label(prediction: Prediction, class_names: Sequence[str], number: int, count: int) -> str:
    """Return what screen readers say of a sample."""
    label = class_names[prediction.label]
    if prediction.label == prediction.predicted:
        return gettext(
            "{label}, predicted correctly at {probability}, sample {number} of {count}",
            label=label,
            probability=format_percent(prediction.probability),
            number=number,
            count=count,
        )
    return gettext(
        "{label}, predicted {predicted}, mistake {number} of {count}",
        label=label,
        predicted=class_names[prediction.predicted],
        number=number,
        count=count,
    )
