"""Images of misclassified samples in a grid; a click shows one on the drawing pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dashboard.evaluation.report import Mistake
from dashboard.evaluation.views.sample_sheet import SHOWN, SampleSheet
from dashboard.languages.text import gettext
from dashboard.shell.colors import MISTAKE
from data_cache import Samples


class MistakesView:
    """The first 24 mistakes.

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
                "Mistakes. Arrow keys go from one to the next, Enter puts it on the drawing pad."
            ),
            self._choose,
            "ink-mistakes",
            source_name="mistakes",
            text_color=MISTAKE,
        )
        self.figure = self._sheet.figure

    def draw(
        self, samples: Samples | None, mistakes: Sequence[Mistake], class_names: Sequence[str]
    ) -> list[str]:
        """Show the first mistakes; return their labels, for example "4→9"."""
        shown = mistakes[:SHOWN] if samples is not None else ()
        self._indices = [mistake.index for mistake in shown]
        texts = [f"{class_names[m.label]}→{class_names[m.predicted]}" for m in shown]
        self._sheet.draw(
            [] if samples is None else [samples.images[index] for index in self._indices],
            [text[:9] for text in texts],
            [
                gettext(
                    "{label}, predicted {predicted}, mistake {number} of {count}",
                    label=class_names[m.label],
                    predicted=class_names[m.predicted],
                    number=number,
                    count=len(mistakes),
                )
                for number, m in enumerate(shown, 1)
            ],
        )
        return texts

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._indices):
            self._show_on_pad(self._indices[index])
