"""The runs pane: the table of runs, their curves, and experiments with new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn

from dashboard.languages.text import gettext
from dashboard.runs.controller import RunsController
from dashboard.runs.records import MAX_RUNS, RunCollection
from dashboard.runs.state import EXPERIMENTS
from dashboard.runs.views.curves import RunCurves, curves_csv
from dashboard.runs.views.table import RunsTable
from dashboard.shell.downloads import Download
from dashboard.shell.layout import bar
from dashboard.shell.notices import notice_html
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.redraw_scheduler import RedrawRate, RedrawScheduler
from dashboard.shell.theme import Theme, button

INTERVAL_SECONDS = 1.0
"""Between two redraws while a network trains, at least."""

MAX_SHARE = 0.05

SCROLLED = ".bk-btn-group { overflow-x: auto; } .bk-btn-group > .bk-btn { flex: none; }"
"""The titles of the experiments are wider than their card in some languages."""

COLLECTION_PARTS = {
    "records": ("runs", "status"),
    "baseline": ("runs",),
    "chosen": ("runs",),
    "x_axis": ("curves",),
    "metric": ("curves",),
    "smoothing": ("curves",),
}

FOLLOWED = {
    "experiment": ("experiment",),
    "selected": ("runs",),
    "running": ("experiment", "status"),
    "progress": ("status",),
    "notice": ("notice",),
    "comparison": ("experiment",),
    "against": ("experiment",),
    "seeds": ("experiment",),
    "seed_result": ("experiment",),
    "search": ("experiment",),
    "search_result": ("experiment",),
    "race": ("experiment",),
    "rate_result": ("experiment",),
}
"""Parts to redraw when a parameter of the state changes."""


class RunsPane:
    """All views of the runs.

    Parameters
    ----------
    controller
        Its state is shown; it takes the commands.
    page
        How the page is changed.
    rate
        How often the run in training is redrawn.

    Attributes
    ----------
    parts
        The views by the name of their place in the page.
    table, curves
        The table and the chart of the runs.
    """

    def __init__(self, controller: RunsController, page: PageWriter, rate: RedrawRate) -> None:
        self._controller = controller
        self._state = state = controller.state
        self._theme = theme = Theme()
        self._download = Download(page)
        self._rate = rate.limited(INTERVAL_SECONDS, MAX_SHARE)
        self._is_open = False
        self._drawn_run: Any = None
        self.table = RunsTable(controller, theme)
        self.curves = RunCurves(controller.collection, theme, self._export)
        self._experiments: dict[str, Any] = {}
        self._place = pn.Column(sizing_mode="stretch_width", margin=0)
        self._notice = theme.text("", css_classes=["ink-runs-notice"])
        self._status = theme.text("", css_classes=["ink-runs-status"])
        self._progress = theme.text("", css_classes=["ink-runs-progress"])
        self._progress.sizing_mode = None
        self._cancel = button(gettext("Cancel"), theme, "ink-runs-cancel", controller.cancel)
        self._source = pn.widgets.RadioButtonGroup(
            label=gettext("Runs of"),
            options=self._source_options(),
            value=state.source,
            css_classes=["ink-runs-source"],
            stylesheets=[theme.widgets],
            margin=0,
        )
        self._source.param.watch(self._source_changed, "value")
        self._name = pn.widgets.TextInput(
            label=gettext("Name of the chosen run"),
            visible=False,
            css_classes=["ink-runs-name"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._name.param.watch(self._renamed, "value")
        self.parts: Mapping[str, pn.viewable.Viewable] = self._arrange(theme)
        self._redraws = RedrawScheduler(
            page,
            {
                "runs": self._draw_runs,
                "curves": self._draw_curves,
                "experiment": self._draw_experiment,
                "notice": self._draw_notice,
                "status": self._draw_status,
            },
            warn=controller.source.trials.controller.warn,
        )
        self._redraws.follow(state, FOLLOWED, at_once=lambda: True)
        state.param.watch(lambda event: self._download.offer(*event.new), "report")
        self._followed: set[int] = set()
        self._follow_collection()
        self._redraws.draw_all()

    def open_settings(self) -> None:
        """Do nothing: all settings are made with the pane."""

    def show(self, is_open: bool) -> None:
        """Tell whether the pane can be seen; nothing is drawn while it cannot."""
        self._is_open = is_open
        if is_open:
            options = self._source_options()
            if self._source.options != options:
                self._source.options = options
            self._redraws.mark_stale("runs", "curves", "experiment")
        self._redraws.set_visible(is_open)

    async def run(self) -> None:
        """Redraw the run in training, at a low rate, until cancelled."""
        while True:
            await self._rate.sleep(self._rate.interval_seconds)
            controller = self._controller.source.trials.controller
            if self._is_open and controller.state.snapshot is not self._drawn_run:
                self._drawn_run = controller.state.snapshot
                async with controller.trainer.between_slices:
                    self._redraws.draw_now("runs")

    def _arrange(self, theme: Theme) -> dict[str, pn.viewable.Viewable]:
        tabs = pn.widgets.RadioButtonGroup.from_param(
            self._state.param.experiment,
            label=gettext("Experiment"),
            options={gettext(title): name for title, name in EXPERIMENTS.items()},
            css_classes=["ink-runs-experiment"],
            stylesheets=[theme.widgets, SCROLLED],
            sizing_mode="stretch_width",
            margin=0,
        )
        column = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [theme.gap]}
        return {
            "run": bar(theme, self._source, self._cancel, self._progress),
            "draw": pn.Column(self._name, self.table.view, **column),
            "inside": pn.Column(tabs, self._place, **column),
            "watch": pn.Column(
                self.curves.view,
                self._download.view,
                sizing_mode="stretch_both",
                margin=0,
                stylesheets=[theme.gap],
            ),
            "notice": self._notice,
            "status": self._status,
        }

    def _source_options(self) -> dict[str, str]:
        return {source.title: name for name, source in self._controller.sources.items()}

    def _source_changed(self, event: Any) -> None:
        self._state.param.update(
            source=event.new, selected=0, comparison=None, seed_result=None, race=None,
            rate_result=None, search_result=None,
            epochs=self._controller.sources[event.new].trials.epochs,
        )  # fmt: skip
        self.curves.bind(self._controller.collection)
        self._follow_collection()
        self._redraws.draw_now("runs", "curves", "experiment")

    def _follow_collection(self) -> None:
        collection: RunCollection = self._controller.collection
        if id(collection) not in self._followed:
            self._followed.add(id(collection))
            self._redraws.follow(collection, COLLECTION_PARTS, at_once=lambda: True)

    def _labels(self) -> dict[str, str]:
        settings = self._controller.source.trials.controller.state
        labels = {
            name: gettext(settings.param[name].label) for name in settings.param if name != "name"
        }
        return {**labels, "origin": gettext("Start")}

    def _draw_runs(self) -> None:
        records = self._controller.records()
        self.table.draw(records, self._labels(), self._state.selected)
        chosen = self._controller.collection.find(self._state.selected)
        name = "" if chosen is None else chosen.name
        self._name.visible = chosen is not None
        if self._name.value != name:
            self._name.value = name
        self.curves.draw(records, self._controller.collection)

    def _draw_curves(self) -> None:
        self.curves.draw(self._controller.records(), self._controller.collection)

    def _draw_experiment(self) -> None:
        name = self._state.experiment
        view = self._experiments.get(name)
        if view is None:
            view = self._experiments[name] = self._make_experiment(name)
        if list(self._place) != [view.view]:
            self._place[:] = [view.view]
        if name == "compare":
            view.draw(self._labels())
        else:
            view.draw()

    def _make_experiment(self, name: str) -> Any:
        from dashboard.runs.views.comparison import ComparisonView  # noqa: PLC0415
        from dashboard.runs.views.experiments import (  # noqa: PLC0415
            ForkView,
            RateView,
            SeedsView,
        )
        from dashboard.runs.views.search import SearchView  # noqa: PLC0415

        makers = {
            "compare": lambda: ComparisonView(self._controller, self._theme),
            "seeds": lambda: SeedsView(self._controller, self._theme, self._download.offer),
            "fork": lambda: ForkView(self._controller, self._theme),
            "rate": lambda: RateView(self._controller, self._theme),
            "search": lambda: SearchView(self._controller, self._theme, self._download.offer),
        }
        return makers[name]()

    def _draw_notice(self) -> None:
        self._notice.object = notice_html(self._state.notice)

    def _draw_status(self) -> None:
        state = self._state
        self._cancel.visible = state.running
        self._progress.object = f"<p>{state.progress}</p>" if state.running else ""
        count = len(self._controller.collection.records)
        self._status.object = (
            f'<p class="status" data-running="{str(state.running).lower()}">'
            f"{gettext('{count} of at most {most} runs kept', count=count, most=MAX_RUNS)}</p>"
        )

    def _renamed(self, event: Any) -> None:
        if self._state.selected:
            self._controller.collection.rename(self._state.selected, event.new)

    def _export(self) -> None:
        self._controller.spawn(self._export_in_worker())

    async def _export_in_worker(self) -> None:
        shown = [record for record in self._controller.records() if record.is_shown]
        text = await self._controller.execute(curves_csv, shown)
        self._download.offer("inkling-runs.csv", text.encode())
