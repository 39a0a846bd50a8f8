"""Tools for the charts: smoothing, evaluation on the test set, and export as CSV."""

from __future__ import annotations

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.languages.language import ENGLISH
from dashboard.languages.text import gettext, use_language
from dashboard.shell.downloads import Download
from dashboard.shell.theme import Theme, button

ARRANGEMENT = ":host { display: var(--chart-tools, flex); flex-wrap: wrap; }"
"""A presentation does without the tools."""


class ChartTools:
    """A row above the charts."""

    def __init__(self, controller: DigitsController, theme: Theme, download: Download) -> None:
        self._controller = controller
        self._download = download
        smoothing = pn.widgets.FloatSlider.from_param(
            controller.state.param.smoothing,
            label=gettext(controller.state.param.smoothing.label),
            start=0,
            end=0.99,
            step=0.01,
            css_classes=["ink-smoothing"],
            stylesheets=[theme.widgets, ":host { flex: 1 1 110px !important; }"],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.view = pn.Row(
            smoothing,
            button(gettext("Evaluate on test set"), theme, "ink-test", self._test),
            button(gettext("Export curve"), theme, "ink-csv", self._export),
            stylesheets=[theme.gap, theme.bottom, ARRANGEMENT],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _test(self) -> None:
        self._controller.spawn(self._controller.test())

    def _export(self) -> None:
        self._controller.spawn(self._export_in_worker())

    async def _export_in_worker(self) -> None:
        """Write the lines in a worker: there may be a million."""
        history = self._controller.state.history.copy()  # training extends it meanwhile
        with use_language(ENGLISH):  # files are the same in every language
            text = await self._controller.execute("".join, history.csv_lines())
        self._download.offer("inkling-run.csv", text.encode())
