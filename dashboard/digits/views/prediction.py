"""Says what the network makes of the drawing: in words, as ten bars, and as the picture it sees.

Blank pads get an invitation, never a guess.
"""

from __future__ import annotations

from html import escape

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.plotting import figure
from numpy.typing import NDArray

from dashboard.digits.views.pad import INK_PALETTE, PAPER
from dashboard.shell.theme import Theme

NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = tuple("0123456789")
INVITATION = "Draw a digit"
USELESS = "No answer: the weights are out of hand"


NOT_SURE = "Not sure"


def answer_html(
    probabilities: NDArray[np.float32] | None, class_names: tuple[str, ...], is_sure: bool = True
) -> str:
    """Say the most probable class and its probability; None: invite to draw.

    What is probably none of the classes gets no verdict but the nearest guess.
    """
    if probabilities is None:
        return f'<div class="answer blank">{INVITATION}</div>'
    if not np.isfinite(probabilities).all():
        return f'<div class="answer blank">{USELESS}</div>'
    best = int(np.argmax(probabilities))
    name = class_names[best]
    share = f"{100 * float(probabilities[best]):.1f} %"
    if not is_sure:
        word = f" {NUMBER_WORDS[int(name)]}" if name in DIGITS else ""
        return (
            f'<div class="answer unsure"><span class="name">{NOT_SURE}</span> '
            f'<span class="words">· {escape(name)}{word} {share}</span></div>'
        )
    if name in DIGITS:
        return (
            f'<div class="answer"><span class="digit">{name}</span> '
            f'<span class="words">{NUMBER_WORDS[int(name)]} · <b>{share}</b></span></div>'
        )
    return (
        f'<div class="answer"><span class="name">{escape(name)}</span> '
        f'<span class="words"><b>{share}</b></span></div>'
    )


def bars_html(probabilities: NDArray[np.float32] | None, class_names: tuple[str, ...]) -> str:
    """Draw one bar per class; without probabilities all of them are empty."""
    if probabilities is not None and not np.isfinite(probabilities).all():
        probabilities = None
    shares = np.zeros(len(class_names)) if probabilities is None else probabilities
    best = -1 if probabilities is None else int(np.argmax(probabilities))
    rows = []
    for index, (name, share) in enumerate(zip(class_names, shares.tolist(), strict=True)):
        text = "" if probabilities is None else f"{100 * share:.1f} %"
        rows.append(
            f'<tr class="{"best" if index == best else ""}"><th scope="row">{escape(name)}</th>'
            f'<td class="track"><div style="width:{100 * share:.1f}%"></div></td>'
            f'<td class="share">{text}</td></tr>'
        )
    return f'<table class="bars" aria-label="Probability of each class">{"".join(rows)}</table>'


class PredictionView:
    """The answer, its bars, and the framed picture beside them."""

    def __init__(self, class_names: tuple[str, ...], theme: Theme) -> None:
        self.class_names = class_names
        self.answer = theme.text(answer_html(None, class_names), css_classes=["ink-prediction"])
        self.bars = theme.text(bars_html(None, class_names), css_classes=["ink-bars"])
        self._seen = ColumnDataSource(name="seen", data={"image": [np.zeros((28, 28), np.uint8)]})
        self.sees = pn.pane.Bokeh(_picture(self._seen), css_classes=["ink-sees"], margin=0)

    def draw(
        self,
        probabilities: NDArray[np.float32] | None,
        framed: NDArray[np.float32] | None,
        is_sure: bool = True,
    ) -> None:
        """Show probabilities (classes,) and the net's input (784,); None for a blank pad."""
        self.answer.object = answer_html(probabilities, self.class_names, is_sure)
        self.bars.object = bars_html(probabilities, self.class_names)
        self.draw_input(framed)

    def draw_input(self, framed: NDArray[np.float32] | None) -> None:
        """Show only what the net sees."""
        levels = np.zeros(784, np.float32) if framed is None else framed
        picture = np.round(255 * levels).astype(np.uint8).reshape(28, 28)
        self._seen.data = {"image": [picture]}


def _picture(source: ColumnDataSource) -> figure:
    picture = figure(
        width=112,
        height=112,
        x_range=(0, 28),
        y_range=(0, 28),
        tools="",
        toolbar_location=None,
        min_border=0,
        outline_line_color=None,
        stylesheets=[PAPER],
    )
    picture.axis.visible = False
    picture.grid.visible = False
    picture.image(
        "image",
        x=0,
        y=28,
        dw=28,
        dh=28,
        origin="top_left",
        anchor="top_left",
        source=source,
        color_mapper=LinearColorMapper(palette=INK_PALETTE, low=0, high=255),
    )
    return picture
