"""The plane pane: all views of one controller, and when each of them is redrawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import panel as pn

from dashboard.plane import probes
from dashboard.plane.colors import unit_levels
from dashboard.plane.controller import PlaneController
from dashboard.plane.views.controls import HOOK, Controls
from dashboard.plane.views.profile_chart import POINTS, ProfileChart
from dashboard.plane.views.readout import Readout
from dashboard.plane.views.surface import SurfaceView
from dashboard.plane.views.unit_maps import UnitMaps
from dashboard.plane.views.weights_editor import WeightsEditor
from dashboard.shell.charts import RunCharts
from dashboard.shell.components.client_component import Command
from dashboard.shell.downloads import Download
from dashboard.shell.layout import stack
from dashboard.shell.notices import notice_html
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.redraw_scheduler import RedrawRate, RedrawScheduler
from dashboard.shell.theme import Theme
from dashboard.shell.timeline_slider import TimelineSlider
from dashboard.training.trainer import Clock

LEGEND = (
    ("training", ["smoothed", "raw"]),
    ("test", ["validation", "best"]),
    ("previous run", ["previous"]),
)

SLOW_PARTS = ("charts", "maps", "scores", "profile", "weights", "timeline")
"""Parts of which one at a time is redrawn during training."""

FOLLOWED = {
    "snapshot": ("surface", *SLOW_PARTS),
    "shown_checkpoint": ("surface", *SLOW_PARTS),
    "history": ("charts",),
    "earlier": ("charts",),
    "log_scale": ("charts",),
    "points": ("surface", "scores"),
    "show_test": ("points", "surface"),
    "surface_side": ("surface",),
    "surface_mode": ("surface",),
    "shown_unit": ("surface",),
    "ablated": ("surface", "maps", "scores", "profile"),
    "checkpoints": ("timeline",),
    "running": ("scores",),
}
"""Parts to redraw at the rate of the pane when a parameter of the state changes."""

FOLLOWED_AT_ONCE = {
    "points": ("points",),
    "notice": ("notice",),
    "pointed_at": ("point",),
    "profile_line": ("profile",),
    "shown_unit": ("point",),
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
    surface, unit_maps, weights, timeline
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
        self._readout = Readout(state, theme, clock)
        self._controls = Controls(controller, theme, download, self._readout.summary)
        self.surface = SurfaceView(self._commands(), theme.widgets)
        self._profile = ProfileChart(theme)
        self._charts = RunCharts(state, theme, hook=HOOK, legend=LEGEND, dots=False, min_height=100)
        self.unit_maps = UnitMaps(
            theme,
            point_at=self._show_unit,
            toggle=self._toggle_unit,
            choose_layer=lambda _layer: self.redraws.mark_stale("maps"),
        )
        self.weights = WeightsEditor(theme, controller.inspection.set_weight)
        self.timeline = TimelineSlider(
            theme,
            HOOK,
            show=controller.time_travel.show,
            show_newest=controller.time_travel.show_newest,
            resume=controller.time_travel.resume,
        )
        self._notice = theme.text("", css_classes=[f"{HOOK}-notice"])
        self.parts = self._arrange(theme, download)
        self.redraws = RedrawScheduler(
            page,
            {
                "surface": self._draw_surface,
                "points": self._draw_points,
                "charts": self._draw_charts,
                "maps": self._draw_maps,
                "scores": self._readout.draw,
                "point": self._readout.draw_point,
                "profile": self._draw_profile,
                "weights": self._draw_weights,
                "timeline": self._draw_timeline,
                "notice": self._draw_notice,
            },
            rate=rate,
            slow_parts=SLOW_PARTS,
            is_training=lambda: state.running,
            clock=clock,
        )
        self.redraws.draw_all()
        self.redraws.follow(state, FOLLOWED)
        self.redraws.follow(state, FOLLOWED_AT_ONCE, at_once=lambda: True)
        state.param.watch(lambda event: page.write(lambda: mark_running(event.new)), "running")

    def show(self, is_open: bool) -> None:
        """Tell whether the pane can be seen; nothing is drawn while it cannot."""
        self.redraws.set_visible(is_open)

    def _draw_surface(self) -> None:
        state = self._state
        layer, unit = state.shown_unit or (-1, -1)
        side, units = state.surface_side, slice(unit, unit + 1)
        maps = probes.unit_maps(state.shown_network(), state.inputs, layer, side=side, units=units)
        if len(maps):
            self.surface.draw_unit(unit_levels(maps)[0])
        else:
            surface = self._controller.inspection.surface()
            self.surface.draw_picture(surface.picture(state.surface_mode))
            self.surface.draw_unit(None)
        parts = ("train", "test") if state.show_test else ("train",)
        wrong = [state.points.part(part).points[state.evaluation(part).wrong] for part in parts]
        self.surface.draw_wrong(np.concatenate(wrong))

    def _draw_points(self) -> None:
        self.surface.draw_points(self._state.points, self._state.show_test)

    def _draw_charts(self) -> None:
        self._charts.draw(self._state.history, self._state.smoothing)

    def _draw_maps(self) -> None:
        state = self._state
        hidden = state.network.sizes[1:-1]
        self.unit_maps.draw_layers(len(hidden))
        if not hidden:
            return
        layer = self.unit_maps.layer
        off = sorted(unit for at, unit in state.ablated if at == layer)
        maps = probes.unit_maps(state.shown_network(), state.inputs, layer)
        self.unit_maps.draw(maps, off, hidden[layer])

    def _draw_profile(self) -> None:
        state, line = self._state, self._state.profile_line
        self._profile.draw(
            line and probes.profile(state.shown_network(), state.inputs, line[:2], line[2:], POINTS)
        )

    def _draw_weights(self) -> None:
        state = self._state
        self.weights.draw(state.network, list(state.inputs), is_training=state.running)

    def _draw_timeline(self) -> None:
        self.timeline.draw(self._state.checkpoints, self._state.timeline_position())

    def _draw_notice(self) -> None:
        self._notice.object = notice_html(self._state.notice)

    def _commands(self) -> Mapping[str, Command]:
        """Return what to do for each of `PLANE_COMMANDS`."""
        points = self._controller.points

        def setter(name: str) -> Command:
            return lambda *values: self._state.param.update({name: values or None})

        return {
            "look": setter("pointed_at"),
            "leave": setter("pointed_at"),
            "line": setter("profile_line"),
            "no-line": setter("profile_line"),
            "paint": points.paint,
            "move": lambda part, index, x, y: points.move(index, x, y, part),
            "delete": lambda part, index: points.delete(index, part),
        }

    def _show_unit(self, unit: int | None) -> None:
        self._state.shown_unit = None if unit is None else (self.unit_maps.layer, unit)

    def _toggle_unit(self, unit: int) -> None:
        layer = self.unit_maps.layer
        self._controller.inspection.toggle(layer, unit)
        self.weights.choose(layer, unit)

    def _arrange(self, theme: Theme, download: Download) -> dict[str, pn.viewable.Viewable]:
        draw = stack(
            theme,
            pn.pane.Bokeh(self.surface.layout, sizing_mode="stretch_width", margin=0),
            self._readout.point,
            self._controls.picture_options,
            self._profile.view,
            self._readout.spoken,
        )
        watch = pn.Column(
            self._charts.view,
            self.unit_maps.view,
            self.weights.view,
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
            "watch": watch,
            "notice": self._notice,
            "status": self._readout.status,
        }
