"""The spiral's pane: the controller on one side, its views on the other, redrawn at one pace.

While training, every tick redraws the surface and one of the slower parts, so that no part makes
the others wait; while nothing trains, all that changed is drawn at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import numpy as np
import panel as pn

from dashboard.plane.controller import PlaneController
from dashboard.plane.views.profile_chart import POINTS, ProfileChart
from dashboard.plane.views.region_colors import clear_palette
from dashboard.plane.views.side import FIELD_HOOK, HOOK, Side
from dashboard.plane.views.surface import SurfaceView
from dashboard.plane.views.text import (
    INVITATION,
    place_html,
    quiet_html,
    spoken_summary,
    status_line,
    summary_html,
)
from dashboard.plane.views.timeline_slider import TimeTravel
from dashboard.plane.views.unit_colors import unit_levels
from dashboard.plane.views.unit_maps import UnitMaps
from dashboard.plane.views.weights_editor import WeightsEditor
from dashboard.shell.charts import CurveChart
from dashboard.shell.downloads import Download
from dashboard.shell.fields import Checkbox
from dashboard.shell.notices import notice_html
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme
from dashboard.training.history import Score
from dashboard.training.trainer import Clock

TICK_SECONDS = 0.1
"""Between the beginnings of two redraws."""

SPEAK_SECONDS = 5.0
"""Between two summaries that are read aloud while training."""

LEGEND = (("training", ["raw", "smoothed"]), ("test", ["validation"]))
SIDES = (64, 100, 150, 200)
SLOW = ("charts", "maps", "words", "profile", "weights", "time")
"""Parts of which one is redrawn at a tick while training."""

AT_ONCE = {"points", "notice"}
"""Parts that change because of somebody at the page, who should not wait for the next tick."""

STALE = {
    "snapshot": ("surface", *SLOW),
    "history": ("charts",),
    "points": ("points", "surface", "words"),
    "show_test": ("points", "surface"),
    "surface_side": ("surface",),
    "surface_mode": ("surface",),
    "ablated": ("surface", "maps", "words", "profile"),
    "timeline_position": ("surface", *SLOW),
    "checkpoints": ("time",),
    "notice": ("notice",),
    "running": ("words",),
}
"""What each parameter of the state makes worth redrawing."""


class SpiralPane:
    """All views of one controller.

    Parameters
    ----------
    controller
        What is shown and commanded.
    page
        How the page is changed.
    mark_running
        Told whether it trains, for the mark on the tab.
    clock
        Seconds that only go up.
    tick_seconds
        The shortest time between the beginnings of two redraws.
    sleep
        How to wait between two redraws; tests put in their own.
    """

    def __init__(
        self,
        controller: PlaneController,
        page: PageWriter,
        *,
        mark_running: Callable[[bool], None],
        clock: Clock,
        tick_seconds: float = TICK_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._controller = controller
        self._state = controller.state
        self._page = page
        self._mark_running = mark_running
        self._clock = clock
        self._tick_seconds = tick_seconds
        self._sleep = sleep
        self._is_open = False
        self._stale: set[str] = {part for parts in STALE.values() for part in parts}
        self._news = asyncio.Event()
        self._looking_at: tuple[float, float] | None = None
        self._line: tuple[float, float, float, float] | None = None
        self._unit: tuple[int, int] | None = None
        self._stroke = ("", 0)
        self._spoken_at = -SPEAK_SECONDS
        self._turn = -1
        theme = Theme()
        download = Download(page)
        self._side = Side(controller, theme, download)
        self._surface = SurfaceView(self._commands(), theme.widgets)
        self._profile = ProfileChart(theme)
        self._loss = self._chart("Loss", theme, logarithmic=True)
        self._accuracy = self._chart("Accuracy", theme, per_cent=True)
        self._maps = UnitMaps(
            theme,
            point_at=self._point_at_unit,
            toggle=self._toggle_unit,
            choose_layer=lambda _layer: self._touch("maps"),
        )
        self._weights = WeightsEditor(theme, controller.set_weight)
        self._time = TimeTravel(
            theme,
            show=controller.show_checkpoint,
            back_to_live=controller.back_to_live,
            go_on=controller.continue_from_here,
        )
        self._place = theme.text(quiet_html(INVITATION), css_classes=[f"{HOOK}-place"])
        self._spoken = theme.text("", css_classes=[f"{HOOK}-spoken"])
        self._status = theme.text("", css_classes=[f"{HOOK}-status"])
        self._notice = theme.text("", css_classes=[f"{HOOK}-notice"])
        self.parts = self._arrange(theme, download)
        self._draw_parts(self._take_stale(all_of_them=True))
        self._state.param.watch(self._changed, list(STALE))
        self._state.param.watch(self._mark, "running")

    def show(self, is_open: bool) -> None:
        """Hear whether the pane can be seen; while it cannot, nothing of it is drawn."""
        self._is_open = is_open
        if is_open:
            self._news.set()

    async def keep_drawn(self) -> None:
        """Redraw what changed, at most once in `tick_seconds`, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            if not self._is_open:
                continue  # what changed stays noted until the pane is opened
            begin = self._clock()
            stale = self._take_stale(all_of_them=not self._state.running)
            self._page.write(partial(self._draw_parts, stale))
            if self._stale:
                self._news.set()
            await self._sleep(max(0.0, self._tick_seconds - (self._clock() - begin)))

    # What there is to draw

    def _changed(self, *events: Any) -> None:
        parts = {part for event in events for part in STALE[event.name]}
        at_once = parts & AT_ONCE if self._is_open else set()
        if at_once:
            self._page.write(partial(self._draw_parts, sorted(at_once)))
        self._touch(*parts - at_once)

    def _mark(self, event: Any) -> None:
        self._page.write(lambda: self._mark_running(event.new))

    def _touch(self, *parts: str) -> None:
        self._stale.update(parts)
        if parts:
            self._news.set()

    def _take_stale(self, *, all_of_them: bool) -> list[str]:
        """Take what is to be drawn now; of the slow parts only the one that waited longest."""
        slow = [part for part in self._order() if part in self._stale]
        chosen = [part for part in self._stale if part not in SLOW]
        chosen += slow if all_of_them else slow[:1]
        self._stale.difference_update(chosen)
        return chosen

    def _order(self) -> list[str]:
        """Return the slow parts in turn, each time another one first."""
        self._turn = (self._turn + 1) % len(SLOW)
        return [*SLOW[self._turn :], *SLOW[: self._turn]]

    def _draw_parts(self, parts: list[str]) -> None:
        for part in parts:
            getattr(self, f"_draw_{part}")()

    def _draw_surface(self) -> None:
        controller, state = self._controller, self._state
        values = None if self._unit is None else controller.unit_map(*self._unit)
        if values is None:
            picture = controller.surface().picture(clear_palette(), state.surface_mode)
            self._surface.draw_picture(picture)
        self._surface.draw_unit(None if values is None else unit_levels(values[np.newaxis])[0])
        parts = ("train", "test") if state.show_test else ("train",)
        wrong = [getattr(state.points, part).points[controller.judge(part).wrong] for part in parts]
        self._surface.draw_wrong(np.concatenate(wrong))

    def _draw_points(self) -> None:
        self._surface.draw_points(self._state.points, self._state.show_test)

    def _draw_charts(self) -> None:
        history, smoothing = self._state.history, self._state.smoothing
        for chart, curve, key in (
            (self._loss, history.loss_curve, "loss"),
            (self._accuracy, history.accuracy_curve, "accuracy"),
        ):
            chart.draw(curve, smoothing, history.validation, history.test, key)

    def _draw_maps(self) -> None:
        controller = self._controller
        hidden = controller.network.sizes[1:-1]
        self._maps.draw_layers(len(hidden))
        if not hidden:
            return
        layer = self._maps.layer
        off = sorted(unit for at, unit in self._state.ablated if at == layer)
        self._maps.draw(controller.unit_maps(layer), off, hidden[layer])

    def _draw_words(self) -> None:
        controller, state = self._controller, self._state
        train, test = (controller.judge(part).score for part in ("train", "test"))
        _set(self._side.summary, summary_html(train, test))
        _set(self._status, f'<div class="status">{status_line(state.snapshot, test)}</div>')
        self._draw_place()
        self._speak(train, test)

    def _speak(self, train: Score, test: Score) -> None:
        now = self._clock()
        if self._state.running and now - self._spoken_at < SPEAK_SECONDS:
            return
        self._spoken_at = now
        sentence = spoken_summary(self._state.snapshot, train, test)
        _set(self._spoken, f'<p class="unseen" role="status">{sentence}</p>')

    def _draw_place(self) -> None:
        if self._looking_at is None:
            html = quiet_html(INVITATION)
        else:
            at = self._looking_at
            html = place_html(*at, self._controller.probabilities_at(*at))
        if self._unit is not None:
            layer, unit = self._unit
            off = ", switched off" if self._unit in self._state.ablated else ""
            html = quiet_html(f"Shown: unit {unit + 1} of hidden layer {layer + 1}{off}.")
        _set(self._place, html)

    def _draw_profile(self) -> None:
        if self._line is None:
            self._profile.clear()
        else:
            x0, y0, x1, y1 = self._line
            self._profile.draw(self._controller.profile((x0, y0), (x1, y1), POINTS))

    def _draw_weights(self) -> None:
        network, inputs = self._controller.network, list(self._state.inputs)
        self._weights.draw(network, inputs, is_moving=self._state.running)

    def _draw_time(self) -> None:
        self._time.draw(self._state.checkpoints, self._state.timeline_position)

    def _draw_notice(self) -> None:
        _set(self._notice, notice_html(self._state.notice))

    # What people do to the pictures

    def _commands(self) -> dict[str, Callable[..., None]]:
        return {
            "look": self._look_at,
            "leave": self._leave,
            "line": self._draw_line,
            "no-line": self._forget_line,
            "paint": self._paint,
            "move": lambda part, index, x, y: self._controller.move_point(index, x, y, part),
            "delete": lambda part, index: self._controller.delete_point(index, part),
        }

    def _look_at(self, x: float, y: float) -> None:
        self._looking_at = (x, y)
        self._draw_place()

    def _leave(self) -> None:
        self._looking_at = None
        self._draw_place()

    def _draw_line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._line = (x0, y0, x1, y1)
        self._draw_profile()

    def _forget_line(self) -> None:
        self._line = None
        self._draw_profile()

    def _paint(self, stroke: str, label: int, numbers: list[float]) -> None:
        """Add the points of a stroke that earlier messages of it have not brought yet."""
        name, known = self._stroke
        first = known if name == stroke else 0
        places = list(zip(numbers[::2], numbers[1::2], strict=True))
        self._stroke = (stroke, max(first, len(places)))
        if places[first:]:
            self._controller.add_points(places[first:], label)

    def _point_at_unit(self, unit: int | None) -> None:
        self._unit = None if unit is None else (self._maps.layer, unit)
        self._touch("surface")
        self._draw_place()

    def _toggle_unit(self, unit: int) -> None:
        layer = self._maps.layer
        switch = self._controller.ablate
        if (layer, unit) in self._state.ablated:
            switch = self._controller.restore
        switch(layer, unit)
        self._weights.choose(layer, unit)

    # How it is put together

    def _chart(self, title: str, theme: Theme, **options: Any) -> CurveChart:
        return CurveChart(
            title,
            css_class=f"{HOOK}-{title.lower()}",
            theme=theme,
            legend=LEGEND,
            min_height=100,
            dots=False,
            **options,
        )

    def _arrange(self, theme: Theme, download: Download) -> dict[str, pn.viewable.Viewable]:
        draw = pn.Column(
            pn.pane.Bokeh(self._surface.layout, sizing_mode="stretch_width", margin=0),
            self._place,
            self._picture_tools(theme),
            self._profile.view,
            self._spoken,
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[theme.gap],
        )
        watch = pn.Column(
            self._loss.view,
            self._accuracy.view,
            self._maps.view,
            self._weights.view,
            self._time.view,
            download.view,
            sizing_mode="stretch_both",
            margin=0,
            stylesheets=[theme.gap],
        )
        return {
            "run": self._side.run,
            "controls": self._side.view,
            "draw": draw,
            "watch": watch,
            "notice": self._notice,
            "status": self._status,
        }

    def _picture_tools(self, theme: Theme) -> pn.Row:
        state = self._state
        mode = pn.widgets.RadioButtonGroup.from_param(
            state.param.surface_mode,
            options={"Soft": "soft", "Hard": "hard"},
            css_classes=[f"{HOOK}-mode"],
            stylesheets=[theme.widgets],
            align="end",
            margin=0,
        )
        side = pn.widgets.Select.from_param(
            state.param.surface_side,
            options={f"{side} × {side}": side for side in SIDES},
            css_classes=[f"{HOOK}-side"],
            stylesheets=[theme.widgets],
            width=110,
            margin=0,
        )
        test = Checkbox(state, "show_test", theme.widgets, FIELD_HOOK).view
        test.param.update(align="end", margin=(0, 0, 6, 0))
        return pn.Row(
            mode,
            side,
            test,
            stylesheets=[theme.gap, theme.bottom],
            sizing_mode="stretch_width",
            margin=0,
        )


def _set(pane: pn.pane.HTML, html: str) -> None:
    if pane.object != html:
        pane.object = html
