"""The panel Map: validation samples by the principal components of the last hidden layer.

Samples that a network treats alike lie close together on it; training pulls the classes apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.inspection.latest_computation import LatestComputation
from dashboard.inspection.map_figure import MapFigure, legend_html
from dashboard.inspection.panels import InspectionContext
from dashboard.inspection.projection import Projection, project_samples
from dashboard.inspection.validation_subset import ChosenSamples, ValidationSubset
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop, ngettext
from data_cache import to_float
from nn import Network
from nn.interpretation.projection import last_hidden_activations

INTERVAL_SECONDS = 0.7
"""Between two redraws while training, at least."""

MAX_SHARE = 0.08
"""Share of the time that computing takes at most while training."""

DIVERGED = gettext_noop(
    "The weights of this network are NaN or infinite, so there is no map. "
    "Reset, or continue from an earlier checkpoint."
)

BY_INPUTS = gettext_noop(
    "{count} validation samples by the {values} inputs, because this network has no hidden layer: "
    "the first two principal components, {explained}."
)
BY_ONE_UNIT = gettext_noop(
    "{count} validation samples by the last hidden layer, which has one unit, so that they lie on "
    "a line: the first two principal components, {explained}."
)
BY_UNITS = gettext_noop(
    "{count} validation samples by the {values} activations of the last hidden layer: the first "
    "two principal components, {explained}."
)


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn: a projection of samples, or a sentence that says why there is none.

    Attributes
    ----------
    subject
        The run and the data set that it is of; pictures of the same are aligned with each other.
    network
        The network whose layer is projected.
    chosen
        The samples; None without a projection.
    projection, sentence
        One of them.
    """

    subject: Hashable
    network: Network | None
    chosen: ChosenSamples | None = None
    projection: Projection | None = None
    sentence: str = ""


class MapPanel:
    """The map of the shown network.

    Parameters
    ----------
    context
        What every panel is made with.

    Attributes
    ----------
    view
        The panel.
    figure
        The map itself.
    """

    def __init__(self, context: InspectionContext) -> None:
        self._controller = context.controller
        self._state = state = context.controller.state
        self._page = context.page
        self._execute = context.execute
        self._subset = ValidationSubset(context.controller)
        self._is_open = False
        self._picture = Picture(None, None)
        self._pointed: int | None = None
        theme = context.theme
        self.figure = MapFigure(point_at=self._point_at, choose=self._choose)
        self._text = theme.text("", css_classes=["ink-map-text"])
        self._point = theme.text("", css_classes=["ink-map-point"])
        self._legend = theme.text("", css_classes=["ink-map-legend"])
        self.view: pn.viewable.Viewable = pn.Column(
            self._text,
            pn.pane.Bokeh(self.figure.figure, sizing_mode="stretch_width", margin=0),
            self._legend,
            self._point,
            css_classes=["ink-map"],
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[theme.gap],
        )
        self._computation = LatestComputation(
            self._compute,
            subject=self._subject,
            deliver=lambda picture: self._page.write(lambda: self._draw(picture)),
            rate=context.rate.limited(INTERVAL_SECONDS, MAX_SHARE),
        )
        self._draw(Picture(self._subject(), None, sentence=gettext("Loading validation samples …")))
        state.param.watch(self._network_changed, ["snapshot", "class_names"])
        state.param.watch(self._prediction_changed, "prediction")

    def show(self, is_open: bool) -> None:
        """Tell whether the panel can be seen; while it cannot, nothing is computed."""
        self._is_open = is_open
        if is_open:
            self._network_changed()
            self._prediction_changed()

    async def run(self) -> None:
        """Compute and draw what has changed, until cancelled."""
        await self._computation.run()

    def _network_changed(self, *_events: Any) -> None:
        if not self._is_open:
            return
        subject = self._subject()
        if self._picture.subject != subject:
            blank = Picture(subject, None, sentence=gettext("Computing the map …"))
            self._page.write(lambda: self._draw(blank))
        elif self._picture.network is self._state.shown_network:
            return
        if self._state.running and self._state.shown_checkpoint is None:
            self._computation.request_in_training()
        else:
            self._computation.request()

    def _prediction_changed(self, *_events: Any) -> None:
        if self._is_open:
            self._page.write_later(self._draw_drawing, key=(self, "drawing"))

    def _subject(self) -> Hashable:
        """Return what a picture must be of to be shown; see `Picture.subject`."""
        network = self._state.shown_network
        return (
            self._state.snapshot.run,
            id(self._controller.data),
            network.title,
            network.activation,
        )

    async def _compute(self) -> AsyncIterator[Picture]:
        network, subject = self._state.shown_network, self._subject()
        chosen = await self._subset.fetch()
        if isinstance(chosen, str):
            yield Picture(subject, network, sentence=chosen)
            return
        parts = []
        for part in chosen.chunks(network):
            await asyncio.sleep(0)
            parts.append(await self._execute(last_hidden_activations, network, part.images))
        before = self._picture
        is_continued = before.projection is not None and before.subject == subject
        reference = before.projection.positions if is_continued and before.projection else None
        projection = await self._execute(
            project_samples, network, np.concatenate(parts), chosen.samples.labels, reference
        )
        sentence = "" if projection else gettext(DIVERGED)
        yield Picture(subject, network, chosen, projection, sentence)

    def _draw(self, picture: Picture) -> None:
        if picture.subject != self._subject():
            return  # it changed after the picture was computed, so another one will follow
        self._picture = picture
        if picture.projection is None:
            self.figure.clear()
            self._text.object = f'<p data-state="none">{escape(picture.sentence)}</p>'
        else:
            self.figure.draw(picture.projection, self._state.class_names)
            self._draw_drawing()
            self._text.object = summary_html(picture.projection)
        legend = legend_html(self._state.class_names)
        if self._legend.object != legend:
            self._legend.object = legend
        self._draw_point()

    def _draw_drawing(self) -> None:
        image = self._state.prediction.image
        self.figure.draw_drawing(self._place(image))

    def _place(self, image: NDArray[np.float32] | None) -> NDArray[np.float64] | None:
        projection = self._picture.projection
        if image is None or projection is None:
            return None
        position = projection.place(image)
        return position if np.isfinite(position).all() else None

    def _point_at(self, index: int | None) -> None:
        self._pointed = index
        self._draw_point()

    def _draw_point(self) -> None:
        projection, chosen, index = self._picture.projection, self._picture.chosen, self._pointed
        if projection is None or chosen is None or index is None or index >= len(chosen.indices):
            text = gettext("Point at a sample to read its label; a click puts it on the pad.")
            self._point.object = f'<p class="quiet">{text}</p>'
            return
        names = self._state.class_names
        label, predicted = int(projection.labels[index]), int(projection.predicted[index])
        text = gettext(
            "Validation sample {number}: label <b>{label}</b>, predicted <b>{predicted}</b>.",
            number=format_number(chosen.indices[index]),
            label=escape(names[label]),
            predicted=escape(names[predicted]),
        )
        self._point.object = (
            f'<p data-index="{chosen.indices[index]}" data-label="{label}" '
            f'data-predicted="{predicted}">{text}</p>'
        )

    def _choose(self, index: int) -> None:
        chosen = self._picture.chosen
        if chosen is not None and 0 <= index < len(chosen.samples):
            image = to_float(chosen.samples.images[index : index + 1])
            self._controller.drawing.show(image.reshape(28, 28))
            self._point_at(index)


def summary_html(projection: Projection) -> str:
    """Return what the map shows, how much of the variance, and how many mistakes."""
    network, count = projection.network, len(projection.labels)
    wrong = len(projection.mistakes)
    explained = gettext(
        "with {percent} of the variance", percent=format_percent(projection.explained, 0)
    )
    if not projection.pca.explained_variance.any():
        explained = gettext("which are all the same, so that all samples lie on one point")
    values = network.layers[-1].inputs
    text = BY_UNITS
    if len(network.layers) == 1:
        text = BY_INPUTS
    elif values == 1:
        text = BY_ONE_UNIT
    shown = gettext(
        text,
        count=format_number(count),
        values=format_number(values),
        explained=explained,
    )
    mistakes = ngettext(
        "{count} of the samples is predicted wrongly.",
        "{count} of the samples are predicted wrongly.",
        wrong,
        count=format_number(wrong),
    )
    return (
        f'<p data-state="map" data-explained="{projection.explained:.4f}" '
        f'data-samples="{count}" data-mistakes="{wrong}">{shown} {mistakes}</p>'
    )
