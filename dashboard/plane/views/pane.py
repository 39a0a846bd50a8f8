"""The plane pane: all views of one controller, and when each of them is redrawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import panel as pn

from dashboard.languages.text import gettext, gettext_noop
from dashboard.plane import probes
from dashboard.plane.colors import ZERO, class_levels, value_levels
from dashboard.plane.controller import PlaneController
from dashboard.plane.dataset import inputs_of
from dashboard.plane.views.controls import HOOK, Controls
from dashboard.plane.views.layer_steppers import LayerSteppers
from dashboard.plane.views.network_diagram import MAX_LINKS, MAX_UNITS, NetworkDiagram
from dashboard.plane.views.profile_chart import POINTS, ProfileChart
from dashboard.plane.views.readout import Readout
from dashboard.plane.views.surface import SurfaceView
from dashboard.plane.views.weights_editor import WeightsEditor
from dashboard.shell.charts import RunCharts
from dashboard.shell.components.client_component import Command
from dashboard.shell.downloads import Download
from dashboard.shell.layout import stack
from dashboard.shell.notice_view import NoticeView
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.pictures import perforate
from dashboard.shell.redraw_scheduler import RedrawRate, RedrawScheduler
from dashboard.shell.theme import Theme
from dashboard.shell.timeline_slider import TimelineSlider
from dashboard.training.settings import SettingError
from dashboard.training.trainer import Clock

LEGEND = (
    (gettext_noop("training"), ["smoothed", "raw"]),
    (gettext_noop("test"), ["validation", "best"]),
    (gettext_noop("previous run"), ["previous"]),
)

SLOW_PARTS = ("charts", "maps", "scores", "links", "profile", "weights", "timeline")
"""Parts of which one at a time is redrawn during training."""

INTERVALS = {"maps": 0.25, "links": 1.0, "weights": 1.0}
"""Least seconds between two redraws of a part during training."""

FOLLOWED = {
    "snapshot": ("surface", *SLOW_PARTS),
    "shown_checkpoint": ("surface", *SLOW_PARTS),
    "history": ("charts",),
    "earlier": ("charts",),
    "pins": ("charts",),
    "log_scale": ("charts",),
    "points": ("surface", "scores"),
    "show_test": ("points", "surface"),
    "surface_side": ("surface",),
    "surface_mode": ("surface",),
    "shown_unit": ("surface",),
    "ablated": ("surface", "maps", "links", "scores", "profile"),
    "hidden_layers": ("steppers",),
    "checkpoints": ("timeline",),
    "running": ("scores",),
}
"""Parts to redraw at the rate of the pane when a parameter of the state changes."""

FOLLOWED_AT_ONCE = {
    "points": ("points",),
    "notice": ("notice",),
    "pointed_at": ("point",),
    "profile_line": ("profile",),
    "shown_unit": ("point", "pointed"),
    "shown_weight": ("pointed",),
    "probe": ("pointed",),
}
"""Parts to redraw immediately, because the user waits for them."""


class PlanePane:
    """All views of one controller.

    Parameters
    ----------
    controller
        Its state is shown; it takes the commands.
    page
        How the page is changed.
    mark_running
        Called with whether it trains, for the mark on the tab.
    rate
        How often the views are redrawn during training.
    clock
        A monotonic clock, in seconds.

    Attributes
    ----------
    parts
        The views by the name of their place in the page.
    surface, diagram, weights, timeline
        Views that take commands from the page.
    redraws
        Redraws the views; its `run` is a background task of the controller.
    """

    def __init__(
        self,
        controller: PlaneController,
        page: PageWriter,
        *,
        mark_running: Callable[[bool], None],
        rate: RedrawRate | None = None,
        clock: Clock = time.perf_counter,
    ) -> None:
        self._controller = controller
        self._state = state = controller.state
        theme = Theme()
        download = Download(page)
        self._readout = Readout(state, theme)
        self._controls = Controls(controller, theme, download, self._readout.summary)
        self.surface = SurfaceView(self._commands(), theme.widgets)
        self._profile = ProfileChart(theme)
        self._charts = RunCharts(state, theme, hook=HOOK, legend=LEGEND, dots=False)
        self.diagram = NetworkDiagram(theme, self._diagram_commands())
        self._is_diagram_seen = True  # for the first drawing; then the page reports it
        self._steppers = LayerSteppers(theme, self._choose_layers)
        self.weights = WeightsEditor(theme, controller.inspection.set_weight)
        self.timeline = TimelineSlider(
            theme,
            HOOK,
            show=controller.time_travel.show,
            show_newest=controller.time_travel.show_newest,
            resume=controller.time_travel.resume,
        )
        self._notice = NoticeView(theme, f"{HOOK}-notice")
        self.parts = self._arrange(theme, download)
        self.redraws = RedrawScheduler(
            page,
            {
                "surface": self._draw_surface,
                "points": self._draw_points,
                "charts": self._draw_charts,
                "steppers": lambda: self._steppers.draw(state.hidden_layers),
                "maps": self._draw_maps,
                "links": self._draw_links,
                "pointed": lambda: self.diagram.draw_pointed(self._readout.pointed_html()),
                "scores": self._readout.draw,
                "point": self._readout.draw_point,
                "profile": self._draw_profile,
                "weights": self._draw_weights,
                "timeline": self._draw_timeline,
                "notice": self._draw_notice,
            },
            rate=rate,
            slow_parts=SLOW_PARTS,
            intervals=INTERVALS,
            is_training=lambda: state.running,
            clock=clock,
        )
        self.redraws.draw_all()
        self._is_diagram_seen = False
        self.redraws.follow(state, FOLLOWED)
        self.redraws.follow(state, FOLLOWED_AT_ONCE, at_once=lambda: True)
        state.param.watch(lambda event: page.write(lambda: mark_running(event.new)), "running")

    def show(self, is_open: bool) -> None:
        """Tell whether the pane can be seen; nothing is drawn while it cannot."""
        self.redraws.set_visible(is_open)

    def open_settings(self) -> None:
        """Do nothing: all settings are made with the pane."""

    def _draw_surface(self) -> None:
        state = self._state
        shown = None
        if state.shown_unit is not None:
            layer, unit = state.shown_unit
            shown = probes.unit_map(
                state.shown_network(), state.inputs, layer, unit, side=state.surface_side
            )
        if shown is not None:
            is_class = layer == len(state.network.layers) - 1
            if is_class:
                levels = class_levels(shown[None], unit)
            else:
                levels = perforate(value_levels(shown[None]), ZERO)
            self.surface.draw_unit(levels[0])
        else:
            surface = self._controller.inspection.surface()
            self.surface.draw_picture(surface.picture(state.surface_mode))
            self.surface.draw_unit(None)
        parts = ("train", "test") if state.show_test else ("train",)
        points = np.concatenate([state.points.part(part).points for part in parts])
        wrong = np.concatenate([state.evaluation(part).wrong for part in parts])
        # Rings around most points, as before the training, would hide them and tell nothing.
        self.surface.draw_wrong(points[wrong if 2 * wrong.sum() < len(wrong) else slice(0)])

    def _draw_points(self) -> None:
        self.surface.draw_points(self._state.points, self._state.show_test)

    def _draw_charts(self) -> None:
        self._charts.draw(self._state.history, self._state.smoothing)

    def _draw_maps(self) -> None:
        """Draw the maps of all units and what is marked on them, if the diagram is in sight."""
        if not self._is_diagram_seen:
            return
        state, diagram = self._state, self.diagram
        network = state.shown_network()
        diagram.draw_architecture(network, state.inputs)
        side = diagram.side_for(network)
        diagram.draw_maps(probes.network_maps(network, state.inputs, side=side, most=MAX_UNITS))
        dead = probes.dead_units(network, inputs_of(state.points.train, state.inputs).images)
        if not len(state.points.train):
            dead = []
        diagram.draw_marks(state.ablated, dead)
        links = probes.strongest_links(network, most=MAX_LINKS, units=MAX_UNITS)
        count = sum(int(units.sum()) for units in dead)
        diagram.draw_legend(links, network, len(state.ablated), count)
        diagram.draw_pointed(self._readout.pointed_html())

    def _draw_links(self) -> None:
        """Draw the weights of the diagram, if it is in sight."""
        if not self._is_diagram_seen:
            return
        network = self._state.shown_network()
        self.diagram.draw_architecture(network, self._state.inputs)
        links = probes.strongest_links(network, most=MAX_LINKS, units=MAX_UNITS)
        self.diagram.draw_links(links, network)

    def _draw_profile(self) -> None:
        state, line = self._state, self._state.profile_line
        self._profile.draw(
            line and probes.profile(state.shown_network(), state.inputs, line[:2], line[2:], POINTS)
        )

    def _draw_weights(self) -> None:
        state = self._state
        self.weights.draw(state.whole_network(), list(state.inputs))

    def _draw_timeline(self) -> None:
        self.timeline.draw(self._state.checkpoints, self._state.timeline_position())

    def _draw_notice(self) -> None:
        self._notice.draw(self._state.notice)

    def _commands(self) -> Mapping[str, Command]:
        """Return what to do for each of `PLANE_COMMANDS`."""
        points = self._controller.points

        def setter(name: str) -> Command:
            return lambda *values: self._state.param.update({name: values or None})

        return {
            "look": lambda *at: self._state.param.update(pointed_at=at, probe=at),
            "leave": setter("pointed_at"),
            "line": setter("profile_line"),
            "no-line": setter("profile_line"),
            "paint": points.paint,
            "move": lambda part, index, x, y: points.move(index, x, y, part),
            "delete": lambda part, index: points.delete(index, part),
        }

    def _choose_layers(self, layers: list[int]) -> None:
        try:
            self._state.hidden_layers = layers
        except SettingError as error:
            self._controller.warn(str(error))

    def _diagram_commands(self) -> Mapping[str, Command]:
        """Return what to do for each command of the diagram."""
        update = self._state.param.update
        return {
            "unit": lambda *unit: update(shown_unit=unit, shown_weight=None),
            "weight": lambda *weight: update(shown_unit=None, shown_weight=weight),
            "leave": lambda: update(shown_unit=None, shown_weight=None),
            "toggle": self._toggle_unit,
            "edit": self._edit_weight,
            "seen": self._see_diagram,
        }

    def _see_diagram(self, is_seen: int) -> None:
        self._is_diagram_seen = bool(is_seen)
        if is_seen:
            self.redraws.draw_now("maps", "links")

    def _toggle_unit(self, layer: int, unit: int) -> None:
        if layer == probes.FEATURES:
            self._controller.warn(
                gettext("A feature is not ablated; deselect it under “Features”.")
            )
            return
        if layer < len(self._state.network.layers) - 1:
            self._controller.inspection.toggle(layer, unit)
        self.weights.choose(layer, unit)

    def _edit_weight(self, layer: int, row: int, column: int) -> None:
        """Choose a weight for editing; row −1 is the bias."""
        self.weights.choose(layer, column, row)

    def _arrange(self, theme: Theme, download: Download) -> dict[str, pn.viewable.Viewable]:
        draw = stack(
            theme,
            pn.pane.Bokeh(self.surface.layout, sizing_mode="stretch_width", margin=0),
            self._readout.point,
            self._controls.picture_options,
            self._profile.view,
        )
        inside = pn.Column(
            self._steppers.view,
            self.diagram.view,
            self.weights.view,
            css_classes=["ink-inside"],
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[theme.gap],
        )
        watch = pn.Column(
            self._charts.view,
            self.timeline.view,
            download.view,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[theme.gap],
        )
        return {
            "run": self._controls.run,
            "quick": self._controls.quick,
            "controls": self._controls.settings,
            "draw": draw,
            "inside": inside,
            "watch": watch,
            "notice": self._notice.view,
            "model": self._readout.model,
            "status": self._readout.status,
        }
