"""The layers of the shown network: what each unit computes for the drawing, live.

The panel follows the drawing and the training; ablated units are left out in it, and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import isqrt
from operator import is_
from typing import Any

import numpy as np
import panel as pn

from dashboard.inspection.layers.ablation import AblationCost
from dashboard.inspection.layers.arrangement import Arrangement, LayerPlace, arrange
from dashboard.inspection.layers.palette import INK_FIRST, ink_levels
from dashboard.inspection.layers.pictures import framed, is_image, layer_pictures, softmax
from dashboard.inspection.layers.shown_network import ShownNetwork
from dashboard.inspection.layers.state import MODES, InsideState, Selection
from dashboard.inspection.layers.unit_pictures import unit_pictures
from dashboard.inspection.layers.unit_text import (
    ablation_html,
    answer,
    chosen_pixel,
    layer_title,
    legend_html,
    spoken_html,
    unit_html,
)
from dashboard.inspection.layers.view import (
    LayersView,
    cell_rectangle,
    input_rectangle,
    pixel_rectangle,
)
from dashboard.inspection.panels import InspectionContext
from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell import read_asset
from dashboard.shell.redraw_scheduler import RedrawScheduler
from dashboard.shell.theme import button
from nn import Conv2D, Network
from nn.interpretation.ablation import has_unit
from nn.interpretation.activations import LayerOutput, layer_gradients
from nn.interpretation.receptive_fields import receptive_field

FOLLOWED = (
    *("snapshot", "shown_checkpoint", "prediction", "class_names", "pretrained_model", "running"),
)
"""Parameters of the digits pane on which the pictures depend."""
LIVE_SECONDS = 0.25
"""Between two redraws while the network trains, at least."""
WEIGHTS_SECONDS = 1.0
"""The same for the weights, whose pictures are larger."""
RIGID = "* { flex-shrink: 0 !important; }"
"""In a low window the panel is scrolled; its pictures keep their aspect ratio."""


class InsidePanel:
    """The layers of the shown network.

    Parameters
    ----------
    context
        What panels are made with.

    Attributes
    ----------
    view
        The panel.
    state
        What is looked at, and which units are ablated.
    """

    def __init__(self, context: InspectionContext) -> None:
        self._digits = context.controller.state
        self._page = context.page
        self.state = InsideState()
        self._is_visible = True
        self._image_before: Any = None
        self._followed: tuple[tuple[Any, ...], int] | None = None
        self._subject: tuple[Any, ...] = (None, None, None)
        self._arrangement: Arrangement
        self._shown = ShownNetwork(self._digits, self.state)
        self._drawn: tuple[Any, ...] = ()
        self._cost = AblationCost(
            context.controller,
            self.state,
            context.execute,
            context.rate,
            is_wanted=lambda: self._is_visible,
        )
        self._layers = LayersView(
            {"look": self._look, "ablate": self._ablate, "target": self._choose_target}
        )
        self.view: pn.viewable.Viewable = self._arrange_parts(context)
        live = replace(
            context.rate, interval_seconds=max(LIVE_SECONDS, context.rate.interval_seconds)
        )
        self._redraws = RedrawScheduler(
            context.page,
            {
                "layers": self._draw_layers,
                "unit": self._draw_unit,
                "ablation": self._draw_ablation,
                "spoken": self._speak,
            },
            rate=live,
        )
        self._weight_redraws = RedrawScheduler(
            context.page,
            {"weights": self._draw_weights},
            rate=replace(live, interval_seconds=WEIGHTS_SECONDS),
        )
        self._follow()
        self._follow_network()
        self._redraws.draw_all()

    def show(self, is_open: bool) -> None:
        """Tell whether the panel can be seen."""
        self._is_visible = is_open
        self._redraws.set_visible(is_open)
        self._weight_redraws.set_visible(is_open)
        if is_open:
            self._cost.update()

    async def run(self) -> None:
        """Redraw what has changed, until cancelled."""
        redraws = (self._redraws, self._weight_redraws)
        await asyncio.gather(self._cost.run(), *(it.run() for it in redraws))

    # What is redrawn when

    def _follow(self) -> None:
        digits, state = self._digits, self.state
        digits.param.watch(self._digits_changed, list(FOLLOWED))
        # What training has changed waits for the person who draws.
        digits.param.watch(lambda _event: self._redraws.defer(), "drawing")
        state.param.watch(lambda _event: self._draw_now("layers", "unit"), ["mode", "target"])
        state.param.watch(lambda _event: self._draw_now("unit", "spoken"), "selection")
        state.param.watch(self._ablated_changed, "ablated")
        state.param.watch(lambda _event: self._draw_now("ablation"), ["result", "obstacle"])

    def _digits_changed(self, *_events: Any) -> None:
        """Draw at once what a person has changed, and at the rate what training has."""
        is_new = self._follow_network()
        image, before = self._digits.prediction.image, self._image_before
        is_drawing, self._image_before = image is not before, image
        is_live = self._digits.running and not is_drawing and not is_new
        names = ("layers", "unit", "ablation")
        if is_live:
            self._redraws.mark_stale(*names)
            self._weight_redraws.mark_stale("weights")
        elif is_drawing and not is_new:
            self._redraws.draw_later(*names)  # the answer comes first
        else:
            self._redraws.draw_now(*names)
            if not is_drawing:
                self._weight_redraws.draw_now("weights")
                self._cost.update()

    def _ablated_changed(self, _event: Any) -> None:
        self._draw_now("layers", "unit", "ablation")
        self._cost.update()

    def _draw_now(self, *names: str) -> None:
        self._redraws.draw_now(*names)
        if "layers" in names:
            self._weight_redraws.draw_now("weights")

    # Commands of the page

    def _look(self, layer: int, unit: int, row: int, column: int) -> None:
        network = self._shown.network
        if not (0 <= layer < len(network.layers) and 0 <= unit < _units(network, layer)):
            return  # of a network that has been replaced
        chosen, is_pixel = network.layers[layer], self.state.mode != "weights"
        if isinstance(chosen, Conv2D) and is_pixel:
            height, width, _ = chosen.convolved_shape
            if 0 <= row < height and 0 <= column < width:
                self.state.selection = Selection(layer, unit, row, column)
                return
        self.state.selection = Selection(layer, unit)

    def _ablate(self, layer: int, unit: int, on: int) -> None:
        if has_unit(self._digits.shown_network, (layer, unit)):
            units = {(layer, unit)}
            ablated = self.state.ablated
            self.state.ablated = frozenset(ablated | units if on else ablated - units)

    def _choose_target(self, target: int) -> None:
        if 0 <= target < self._shown.network.classes:
            self.state.target = None if target == self.state.target else target

    # What is shown

    def _follow_network(self) -> bool:
        """Arrange the layers of another architecture; return whether the shown network has one.

        Ablated units are those of one run, the chosen unit and class those of one architecture.
        """
        network, run = self._digits.shown_network, self._digits.snapshot.run
        names = self._shown.class_names
        subject = (network, names, run)
        if all(map(is_, subject, self._subject)):
            return False
        self._subject = subject
        architecture = (network.title, network.activation, names)
        before, self._followed = self._followed, (architecture, run)
        is_new = before is None or before[0] != architecture
        if is_new:
            self._arrangement = arrange(network, names)
            self.state.param.update(selection=None, target=None)
        if before is not None and before != self._followed:
            self.state.param.update(ablated=frozenset(), result=None, obstacle="")
        return is_new

    @property
    def _places(self) -> Sequence[LayerPlace]:
        return self._arrangement.places

    def _draw_layers(self) -> None:
        if self.state.mode != "weights":  # which are drawn less often
            self._draw_pictures()

    def _draw_weights(self) -> None:
        if self.state.mode == "weights":
            self._draw_pictures()

    def _draw_pictures(self) -> None:
        network, mode, places = self._shown.network, self.state.mode, self._places
        image, target, gradients = self._shown.image, self._shown.target, None
        subject = (
            self._arrangement,
            network,
            mode,
            *((image, target) if mode != "weights" else ()),
        )
        if len(subject) == len(self._drawn) and all(map(is_, subject, self._drawn)):
            return  # nothing is new, as after an answer to the same drawing
        self._drawn = subject
        self._layers.arrange(self._arrangement)
        outputs = None if mode == "weights" else self._shown.outputs
        if mode == "gradients" and image is not None and target is not None:
            gradients = layer_gradients(network, image, target)
        pictures = layer_pictures(network, places, mode, outputs, gradients)
        titles = [layer_title(network, place, mode) for place in places]
        scales = [
            ""
            if not picture.scale or (place.is_output and mode == "activations")
            else f"± {format_number(picture.scale, '.3g')}"
            for place, picture in zip(places, pictures, strict=True)
        ]
        self._layers.draw_layers(places, pictures, titles, scales)
        self._layers.draw_ablated(self.state.ablated, places)
        name = None if target is None else self._shown.class_names[target]
        self._set(self._legend, legend_html(mode, name, any(it.has_tones for it in pictures)))

    def _draw_unit(self) -> None:
        network = self._shown.network
        outputs = self._shown.outputs
        self._layers.arrange(self._arrangement)
        selection, names = self._shown.selection(self._places[0].shown), self._shown.class_names
        self._set(self._unit, unit_html(network, outputs, selection, names))
        side = isqrt(network.inputs)
        image = self._shown.image
        drawing = (
            np.full((side, side), INK_FIRST, np.uint8)
            if image is None
            else ink_levels(image[: side * side].reshape(side, side))
        )
        pictures, titles = unit_pictures(network, outputs, selection)
        self._layers.draw_squares(
            [framed(drawing), *pictures],
            [gettext("Input {size}", size=f"{side} × {side}"), *titles],
        )
        self._draw_marks(network, outputs, selection)

    def _speak(self) -> None:
        network, selection = self._shown.network, self.state.selection
        if selection is not None:
            names, outputs = self._shown.class_names, self._shown.outputs
            self._set(self._spoken, spoken_html(network, outputs, selection, names))

    def _draw_marks(
        self,
        network: Network,
        outputs: Sequence[LayerOutput] | None,
        selection: Selection | None,
    ) -> None:
        if selection is None:
            self._layers.draw_marks([], [])
            return
        place = self._places[selection.layer]
        is_shown = selection.unit < place.shown
        frames = [cell_rectangle(place, selection.unit)] if is_shown else []
        fields: list[tuple[float, float, float, float]] = []
        layer = network.layers[selection.layer]
        if isinstance(layer, Conv2D) and outputs is not None and is_image(network):
            pixel = chosen_pixel(outputs, selection)
            field = receptive_field(network, selection.layer, *pixel)
            side = isqrt(network.inputs)
            fields = [input_rectangle(it, side) for it in field.rectangles()]
            if is_shown and self.state.mode != "weights":
                map_side = layer.convolved_shape.height
                frames.append(pixel_rectangle(place, selection.unit, pixel, map_side))
        self._layers.draw_marks(frames, fields)

    def _draw_ablation(self) -> None:
        state, names = self.state, self._shown.class_names
        outputs, image, answers = self._shown.outputs, self._shown.image, None
        if state.ablated and outputs is not None and image is not None:
            whole = self._digits.shown_network.predict_proba(image[np.newaxis])[0]
            answers = (answer(whole, names), answer(softmax(outputs[-1].values), names))
        result = state.result
        is_of_these = result is not None and result.units == state.ablated
        html = ablation_html(
            len(state.ablated),
            result if is_of_these else None,
            answers,
            samples=gettext_noop("digits")
            if self._digits.has_digit_classes
            else gettext_noop("samples"),
            obstacle=state.obstacle,
        )
        self._set(self._ablation, html)
        if self._restore.disabled != (not state.ablated):
            self._restore.disabled = not state.ablated

    @staticmethod
    def _set(text: Any, html: str) -> None:
        if text.object != html:
            text.object = html

    def _arrange_parts(self, context: InspectionContext) -> pn.Column:
        theme = context.theme
        sheet = read_asset("inside.css")

        def text(hook: str) -> Any:
            pane = theme.text("", css_classes=[hook])
            pane.stylesheets = [*pane.stylesheets, sheet]
            return pane

        self._legend, self._unit, self._ablation = map(
            text, ("ink-inside-legend", "ink-inside-unit", "ink-inside-ablation")
        )
        modes = pn.widgets.RadioButtonGroup.from_param(
            self.state.param.mode,
            options={gettext(title): mode for title, mode in MODES.items()},
            css_classes=["ink-inside-mode"],
            stylesheets=[theme.widgets],
            margin=0,
        )
        self._spoken = text("ink-inside-spoken")
        self._restore = button(
            gettext("Restore all"),
            theme,
            "ink-inside-restore",
            lambda: self.state.param.update(ablated=frozenset()),
        )
        column = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [theme.gap]}
        return pn.Column(
            modes,
            self._legend,
            pn.pane.Bokeh(
                self._layers.figure, sizing_mode="stretch_width", margin=0, stylesheets=[RIGID]
            ),
            self._unit,
            pn.Row(self._ablation, self._restore, **column),
            self._spoken,
            css_classes=["ink-inside"],
            **(column | {"stylesheets": [theme.gap, RIGID]}),
        )


def _units(network: Network, layer: int) -> int:
    return int(network.layers[layer].weights.shape[1])
