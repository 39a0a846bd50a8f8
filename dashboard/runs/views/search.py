"""The search of the runs pane: which settings vary, the table of results, and its definition."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from dashboard.languages.text import gettext
from dashboard.runs.controller import RunsController
from dashboard.runs.search import RANDOM, SEARCHES, search_html
from dashboard.runs.views.experiments import ChangeFields
from dashboard.shell import read_asset
from dashboard.shell.fields import Field, menu
from dashboard.shell.layout import stack
from dashboard.shell.theme import Theme, button


class SearchView:
    """A grid or random search over one or two settings.

    Parameters
    ----------
    controller
        Takes the commands.
    theme
        The style sheets.
    save
        Saves a file, given its name and content.
    """

    def __init__(
        self, controller: RunsController, theme: Theme, save: Callable[[str, bytes], None]
    ) -> None:
        self._controller, self._save = controller, save
        state = controller.state
        names = (("first_setting", "first_values"), ("second_setting", "second_values"))
        self._fields = [
            ChangeFields(controller, theme, f"ink-search-{number}", pair)
            for number, pair in enumerate(names, start=1)
        ]
        self._count = Field(state, "search_count", theme.widgets, "ink-runs")
        self._text = theme.text("", css_classes=["ink-search-result"])
        self._text.stylesheets = [*self._text.stylesheets, read_asset("runs.css")]
        told = gettext(
            "Trains every configuration with the same seeds. Values stand between semicolons: "
            "0.001; 0.003; 0.01."
        )
        kinds = {gettext(title): name for title, name in SEARCHES.items()}
        pairs = {"ncols": 2, "stylesheets": [theme.pairs], "margin": 0}
        self.view = stack(
            theme,
            theme.text(f'<p class="quiet">{told}</p>'),
            *(fields.view for fields in self._fields),
            pn.GridBox(
                Field(state, "seeds", theme.widgets, "ink-runs").view,
                Field(state, "epochs", theme.widgets, "ink-runs").view,
                menu(state.param.search, theme, "ink-search-kind", options=kinds),
                self._count.view,
                sizing_mode="stretch_width",
                **pairs,
            ),
            pn.Row(
                button(gettext("Search"), theme, "ink-search-start", controller.search),
                button(gettext("Export CSV"), theme, "ink-search-csv", self._export),
                button(gettext("Save TOML"), theme, "ink-search-toml", self._save_definition),
                stylesheets=[theme.bar, ":host { flex-wrap: wrap; }"],
                margin=0,
            ),
            self._text,
        )

    def draw(self) -> None:
        """Show the newest result."""
        state = self._controller.state
        changeable = self._controller.source.trials.changeable
        self._fields[0].offer(changeable)
        self._fields[1].offer(("", *changeable))
        self._count.view.visible = state.search == RANDOM
        self._text.object = search_html(state.search_result, state.running)

    def _export(self) -> None:
        result = self._controller.state.search_result
        if result is not None:
            self._save("inkling-search.csv", result.comparison.csv().encode())

    def _save_definition(self) -> None:
        text = self._controller.search_definition()
        if text is not None:
            self._save("inkling-sweep.toml", text.encode())
