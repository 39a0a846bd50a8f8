"""Tools for the drawing: how it is read, a training step on it, and a sample in its place."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import ANY, SampleSelection
from dashboard.languages.text import gettext
from dashboard.shell.fields import Checkbox, menu
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button
from data_cache import DIGIT_NAMES

LOW_ONLY = ":host { display: var(--centre-below, none) !important; }"
"""In a low window, where the input of the model is not shown, its switch is among the tools; which
windows are low, `page.css` says."""


class DrawingTools:
    """Rows below the pad, among them `centring_below` for low windows, and `centring` beside it."""

    def __init__(self, controller: DigitsController, page: PageWriter, theme: Theme) -> None:
        self._controller = controller
        self._page = page
        self.selection = selection = SampleSelection()
        selection.set_classes(controller.state.class_names)
        controller.state.param.watch(
            lambda event: page.write(lambda: selection.set_classes(event.new)), "class_names"
        )
        # What the model was trained on decides for other data sets.
        self.centring, self.centring_below = (
            Checkbox(
                controller.state, "centre_drawing", theme.widgets + sheet, css_class=css_class
            ).view
            for sheet, css_class in (("", "ink-centre"), (LOW_ONLY, "ink-centre-below"))
        )
        for switch in (self.centring, self.centring_below):
            switch.disabled = param.bind(_is_unlike_digits, controller.state.param.class_names)
        controller.state.param.watch(self._forget_label, "prediction")
        row: dict[str, Any] = {
            "stylesheets": [theme.wrap],
            "sizing_mode": "stretch_width",
            "margin": 0,
        }
        self.fine_tuning = pn.Row(
            menu(selection.param.drawing_label, theme, "ink-label"),
            button(gettext("Train one step on this drawing"), theme, "ink-teach", self._fine_tune),
            **row,
        )
        index = pn.widgets.TextInput.from_param(
            selection.param.index,
            label=gettext(selection.param.index.label),
            placeholder=gettext("any"),
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.samples = pn.Row(
            menu(selection.param.part, theme, "ink-sample-part"),
            menu(selection.param.label, theme, "ink-sample-class"),
            index,
            button(gettext("Load sample"), theme, "ink-sample", self._load_sample),
            **row,
        )

    def _fine_tune(self) -> None:
        self._controller.fine_tune(self.selection.drawing_label)

    def _forget_label(self, event: Any) -> None:
        if event.new.image is None:  # the next drawing has a label of its own
            self._page.write(lambda: self.selection.param.update(drawing_label=ANY))

    def _load_sample(self) -> None:
        chosen = self.selection
        label = None if chosen.label == ANY else chosen.label
        self._controller.spawn(self._controller.load_sample(chosen.part, chosen.index, label))


def _is_unlike_digits(class_names: tuple[str, ...]) -> bool:
    return class_names != DIGIT_NAMES
