"""The panel “Why”: what in the drawing speaks for a class, and the most similar samples."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from html import escape
from typing import Any

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray

from dashboard.inspection.drawing_follower import DrawingFollower, subject_of
from dashboard.inspection.explanation import Explanation, explain, find_neighbours
from dashboard.inspection.messages import BLANK, DIVERGED, message_html, obstacle
from dashboard.inspection.panels import InspectionContext
from dashboard.inspection.validation_subset import ChosenSamples, ValidationSubset
from dashboard.inspection.views.explanation import explanation_html
from dashboard.inspection.views.neighbours import NeighboursView
from dashboard.languages.text import gettext, gettext_noop, pgettext
from dashboard.shell import read_asset
from dashboard.shell.fields import menu
from dashboard.shell.redraw_scheduler import RedrawScheduler
from data_cache import to_float
from data_cache.samples import SIDE
from nn import Network
from nn.interpretation.projection import last_hidden_activations

PREDICTED = NONE = -1
"""No class of its own: the predicted one, or none."""


class WhyState(param.Parameterized):
    """The question that the panel answers, and the newest answer."""

    target = param.Selector(
        default=PREDICTED, objects={"predicted": PREDICTED}, label=gettext_noop("Class")
    )
    against = param.Selector(default=NONE, objects={"none": NONE}, label=gettext_noop("Against"))
    explanation = param.ClassSelector(class_=Explanation, doc="The newest; None: see `message`.")
    message = param.Tuple(BLANK, doc="Why there is no explanation: a word, and a sentence.")
    neighbours = param.List([], doc="`Neighbour`s of the drawing, the nearest first.")
    search = param.String("", doc="Why there are no neighbours; empty when there are.")

    def set_classes(self, class_names: tuple[str, ...]) -> None:
        """Offer these classes, and choose the predicted one against none."""
        labels = {name: index for index, name in enumerate(class_names)}
        self.param["target"].objects = {gettext("predicted"): PREDICTED, **labels}
        self.param["against"].objects = {pgettext("class", "none"): NONE, **labels}
        self.param.update(target=PREDICTED, against=NONE)


class WhyPanel:
    """Why the shown network answers the drawing as it does.

    Attributes
    ----------
    state
        The question and the newest answer.
    view
        The panel.
    """

    def __init__(self, context: InspectionContext) -> None:
        self._controller = context.controller
        self._digits = digits = context.controller.state
        self._execute = context.execute
        self._samples = ValidationSubset(context.controller)
        self._activations: tuple[Network, ChosenSamples, NDArray[np.floating]] | None = None
        self._searched: Hashable = None
        self.state = state = WhyState()
        state.set_classes(digits.class_names)
        theme = context.theme
        self._answer = theme.text("", css_classes=["ink-why"])
        self._answer.stylesheets = [theme.texts, read_asset("pictures.css")]
        self._search = theme.text("")
        self._neighbours = NeighboursView(self._show_on_pad, theme)
        self.view: pn.viewable.Viewable = pn.Column(
            pn.Row(
                menu(state.param.target, theme, "ink-why-class"),
                menu(state.param.against, theme, "ink-why-against"),
                stylesheets=[theme.gap],
                sizing_mode="stretch_width",
                margin=0,
            ),
            self._answer,
            self._search,
            self._neighbours.view,
            stylesheets=[theme.gap],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._redraws = RedrawScheduler(
            context.page,
            {"answer": self._draw_answer, "neighbours": self._draw_neighbours},
            rate=context.rate,
        )
        self._redraws.follow(
            state,
            {
                **dict.fromkeys(("explanation", "message"), ("answer",)),
                **dict.fromkeys(("neighbours", "search"), ("neighbours",)),
            },
            at_once=lambda: True,
        )
        self._follower = DrawingFollower(
            digits, state, (self._explain, self._find_neighbours), self._redraws, context.rate
        )
        digits.param.watch(lambda event: state.set_classes(event.new), "class_names")
        state.param.watch(lambda *_events: self._follower.request(), ["target", "against"])
        self._redraws.draw_all()

    def show(self, is_open: bool) -> None:
        """Tell whether the panel can be seen."""
        self._follower.show(is_open)

    async def run(self) -> None:
        """Explain and redraw what has changed, until cancelled."""
        await self._follower.run()

    async def _explain(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the explanation, or why there is none."""
        digits, network = self._digits, self._digits.shown_network
        image, names = digits.prediction.image, digits.class_names
        found = obstacle(digits)
        if found is not None:
            yield {"explanation": None, "message": found}
            return
        target, against = (
            None if chosen == NONE else chosen for chosen in (self.state.target, self.state.against)
        )
        explanation = await self._execute(explain, network, image, names, target, against)
        yield {"explanation": explanation, "message": DIVERGED}

    async def _find_neighbours(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the neighbours, or why there are none."""
        digits, network = self._digits, self._digits.shown_network
        image, subject = digits.prediction.image, subject_of(digits)
        if obstacle(digits) is not None:
            yield {"neighbours": [], "search": ""}
            return
        if subject != self._searched:
            self._searched = subject
            search = gettext("Looking for similar validation samples …")
            yield {"neighbours": [], "search": search}
        chosen = await self._samples.fetch()
        if isinstance(chosen, str):
            yield {"neighbours": [], "search": chosen}
            return
        activations = await self._compute_activations(network, chosen)
        names = chosen.data.class_names
        found = await self._execute(
            find_neighbours, network, image, chosen.samples, activations, names
        )
        yield {"neighbours": list(found), "search": ""}

    async def _compute_activations(
        self, network: Network, chosen: ChosenSamples
    ) -> NDArray[np.floating]:
        """Return the last hidden layer's activations for the samples, kept for the next drawing."""
        kept = self._activations
        if kept is None or kept[:2] != (network, chosen):
            parts = []
            for part in chosen.chunks(network):
                parts.append(await self._execute(last_hidden_activations, network, part.images))
                await asyncio.sleep(0)
            kept = self._activations = (network, chosen, np.concatenate(parts))
        return kept[2]

    def _show_on_pad(self, image: NDArray[np.uint8]) -> None:
        self._controller.drawing.show(to_float(image[np.newaxis])[0].reshape(SIDE, SIDE))

    def _draw_answer(self) -> None:
        explanation = self.state.explanation
        if explanation is None:
            self._answer.object = message_html(self.state.message)
        else:
            self._answer.object = explanation_html(explanation)

    def _draw_neighbours(self) -> None:
        state = self.state
        if state.search:
            self._search.object = f'<p class="quiet">{escape(state.search)}</p>'
        else:
            self._search.object = _nearest_html() if state.neighbours else ""
        self._neighbours.draw(state.neighbours)


def _nearest_html() -> str:
    title = gettext("Nearest validation samples in the last hidden layer")
    told = gettext("With their labels; a click puts one on the pad.")
    return f'<h2>{title}</h2><p class="quiet small">{told}</p>'
