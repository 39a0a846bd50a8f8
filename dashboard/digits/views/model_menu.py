"""The current model in the header: its name and score, over a menu of all models.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any

import panel as pn
from bokeh.models import Select

from dashboard.digits.controller import DigitsController
from dashboard.digits.models import (
    STORED_MODELS,
    ModelDescription,
    describe_model,
    describe_pretrained,
    describe_stored,
)
from dashboard.digits.state import DigitsState
from dashboard.languages.text import gettext
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.redraw_scheduler import RedrawRate, RedrawScheduler
from dashboard.shell.theme import Theme
from data_cache import DATA_SETS
from nn import PRETRAINED

SECONDS = 0.5
"""Between two redraws while training, at least."""

FRAME = """
:host {
  position: relative;
  min-width: 0;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--field);
}
:host(:focus-within) { outline: 2px solid var(--accent); outline-offset: 1px; }
:host(:hover) { border-color: var(--text-quiet); }
"""
MENU = """
:host { position: absolute; inset: 0; opacity: 0; }
.bk-input-group, select.bk-input { width: 100%; height: 100%; cursor: pointer; }
label { position: absolute; }
"""
"""The menu is invisible over the text, which can be cut short; its entries are read and opened."""

Options = dict[str, list[tuple[str, str]]]


class ModelMenu:
    """The name of the current model, and the menu that replaces it.

    Attributes
    ----------
    redraws
        Its `run` redraws the score during training.
    view
        The text and the menu.
    """

    def __init__(
        self, controller: DigitsController, page: PageWriter, theme: Theme, rate: RedrawRate
    ) -> None:
        self._controller = controller
        self._state: DigitsState = controller.state
        self._text = theme.text("", css_classes=["ink-model"])
        self._menu = Select(
            title=gettext("Model"),
            options={},
            value="",
            css_classes=["ink-model-menu"],
            stylesheets=[theme.widgets, MENU],
            margin=0,
        )
        self._menu.on_change("value", self._chosen)
        self.view = pn.Row(
            self._text,
            pn.pane.Bokeh(self._menu, margin=0, stylesheets=[":host { display: contents; }"]),
            stylesheets=[FRAME],
            css_classes=["model-menu"],
            margin=0,
        )
        self.redraws = RedrawScheduler(
            page, {"model": self._draw}, rate=replace(rate, interval_seconds=SECONDS)
        )
        state = self._state
        self.redraws.follow(
            state,
            dict.fromkeys(("snapshot", "history"), ("model",)),
            at_once=lambda: not state.running,
        )
        self.redraws.follow(
            state,
            dict.fromkeys(
                ("origin", "pretrained_model", "stored_models", "class_names"), ("model",)
            ),
            at_once=lambda: True,
        )
        self.redraws.draw_all()

    def _draw(self) -> None:
        current = describe_model(self._state)
        self._text.object = model_html(current)
        options, stale = model_options(self._state), dict(self._menu.options)
        if options != stale:
            self._menu.options = options
        if self._menu.value != current.key:
            self._menu.value = current.key

    def _chosen(self, _attribute: str, _old: Any, key: str) -> None:
        if key != describe_model(self._state).key:
            self._controller.choose_model(key)
            self.redraws.draw_now("model")  # nothing may have changed


def model_html(model: ModelDescription) -> str:
    """Return the name and the score of a model."""
    accuracy = "" if model.accuracy is None else f"{model.accuracy:.6g}"
    values = {
        "model": model.model,
        "origin": model.origin,
        "iteration": model.iteration,
        "accuracy": accuracy,
    }
    attributes = " ".join(f'data-{name}="{escape(str(value))}"' for name, value in values.items())
    return (
        f'<div class="model" translate="no" title="{escape(model.title)}" aria-hidden="true" '
        f"{attributes}>"
        f'<span class="name">{escape(model.subject)}</span><span class="separator"> · </span>'
        f'<span class="score">{escape(model.score)}</span></div>'
    )


def model_options(state: DigitsState) -> Options:
    """Return the entries of the menu by group, each a key and a title."""
    if state.has_digit_classes:
        pretrained = [(name, describe_pretrained(name).title) for name in reversed(PRETRAINED)]
        options: Options = {gettext("Pretrained models"): pretrained}
    else:
        data_set = gettext(DATA_SETS[state.data_set].title)
        options = {gettext("No pretrained model for {data_set}", data_set=data_set): []}
    current = describe_model(state)
    own = [] if current.key in PRETRAINED else [current]
    own += [describe_stored(stored, state) for stored in state.stored_models]
    if own:
        group = gettext("Your models (the current one and the last {count})", count=STORED_MODELS)
        options[group] = with_unique_titles(own)
    return options


def with_unique_titles(models: list[ModelDescription]) -> list[tuple[str, str]]:
    """Return keys and titles; equal titles get a number, because the menu tells them apart so."""
    counts: dict[str, int] = {}
    entries = []
    for model in models:
        count = counts[model.title] = counts.get(model.title, 0) + 1
        entries.append((model.key, model.title if count == 1 else f"{model.title} ({count})"))
    return entries
