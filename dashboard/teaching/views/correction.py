"""“Not a 7? Tell it”: ten digits to choose from, what fine-tuning did, and the own digits.

It is HTML, so ten buttons cost one property; `page.js` sends a click to Python through the `tags`
of a model. What is hidden at first is made when it is first opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn
from bokeh.models import Spacer

from dashboard.digits.state import DigitsState
from dashboard.languages.text import gettext
from dashboard.shell import read_asset
from dashboard.shell.chart_parts import number_formatter
from dashboard.shell.components.client_component import Command, read_command
from dashboard.shell.downloads import Download
from dashboard.shell.file_field import file_field
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme
from dashboard.teaching.controller import TeachingController
from dashboard.teaching.own_digits import LARGEST_FILE
from dashboard.teaching.views.text import CARRIER, ask_html, list_html, teaching_html

COMMANDS = ("open", "correct", "undo", "list", "remove", "clear", "tune", "idx", "png")

FILES = {"idx": "own-digits-idx.zip", "png": "own-digits-png.zip"}
"""The name of each kind of export."""


class CorrectionView:
    """The views of a teaching controller.

    Parameters
    ----------
    controller
        Takes the commands.
    state
        Of the digits pane, whose answer is corrected.
    page
        How the page is changed.
    theme
        The style sheets.
    download
        Has the browser save files.

    Attributes
    ----------
    ask
        The button under the answer.
    panel
        What it opens.
    """

    def __init__(
        self,
        controller: TeachingController,
        state: DigitsState,
        page: PageWriter,
        theme: Theme,
        download: Download,
    ) -> None:
        self._controller, self._digits = controller, state
        self._state = controller.state
        self._page, self._theme, self._download = page, theme, download
        self.ask = theme.text("", css_classes=["ink-ask"])
        self.ask.stylesheets = [*self.ask.stylesheets, read_asset("teaching.css")]
        self._carrier = Spacer(width=0, height=0, name=CARRIER, tags=[])
        self._carrier.on_change("tags", self._clicked)
        carrier = pn.pane.Bokeh(self._carrier, width=0, height=0, margin=0)
        self.panel = pn.Column(
            carrier,
            visible=True,
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["ink-teaching"],
            stylesheets=[theme.gap],
        )
        self._choice: pn.pane.HTML | None = None
        self._list: pn.Column | None = None
        state.param.watch(
            lambda *_events: page.write_later(self._draw_ask, key=self.ask),
            ["prediction", "class_names"],
        )
        self._state.param.watch(
            lambda *_events: page.write(self._draw, key=self),
            ["digits", "is_open", "is_list_open", "is_training", "message", "can_undo", "result"],
        )
        self._draw()

    def _draw_ask(self) -> None:
        html = ask_html(self._digits, self._state)
        if html != self.ask.object:
            self.ask.object = html

    def _draw(self) -> None:
        self._draw_ask()
        if self._state.is_open and self._choice is None:
            self._make_panel()
        if self._choice is None:
            return
        self._choice.visible = self._state.is_open
        html = teaching_html(self._state)
        if html != self._choice.object:
            self._choice.object = html
        self._draw_list()

    def _make_panel(self) -> None:
        self._choice = self._theme.text("", css_classes=["ink-choice"])
        self._choice.stylesheets = self.ask.stylesheets
        self.panel.append(self._choice)

    def _draw_list(self) -> None:
        is_shown = self._state.is_open and self._state.is_list_open
        if self._list is None:
            if not is_shown:
                return
            self._list = self._make_list()
            self.panel.append(self._list)
        self._list.visible = is_shown
        if is_shown:
            html = list_html(self._state)
            if html != self._list[0].object:
                self._list[0].object = html

    def _make_list(self) -> pn.Column:
        theme, controller = self._theme, self._controller
        pictures = theme.text("", css_classes=["ink-own-digits"])
        pictures.stylesheets = self.ask.stylesheets
        load = file_field(
            controller.open_file,
            controller.refuse,
            label=gettext("Add digits from a file (idx or PNG in a .zip, .npz, .csv)"),
            largest=LARGEST_FILE,
            css_classes=["ink-own-load"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        share = pn.widgets.FloatSlider.from_param(
            self._state.param.own_share,
            label=gettext(self._state.param.own_share.label),
            format=number_formatter("0 %"),
            css_classes=["ink-own-share"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        return pn.Column(
            pictures, share, load, sizing_mode="stretch_width", margin=0, stylesheets=[theme.gap]
        )

    def _clicked(self, _attribute: str, _old: Any, tags: list[Any]) -> None:
        name, arguments = read_command(tags, dict.fromkeys(COMMANDS, (int, int)))
        self._commands()[name](*arguments)

    def _commands(self) -> Mapping[str, Command]:
        controller, state = self._controller, self._state
        return {
            "open": lambda *_: state.param.update(is_open=not state.is_open),
            "list": lambda *_: state.param.update(is_list_open=not state.is_list_open),
            "correct": lambda label, _: controller.correct(label),
            "remove": lambda index, _: controller.remove(index),
            "undo": lambda *_: controller.undo(),
            "clear": lambda *_: controller.clear(),
            "tune": lambda *_: controller.fine_tune(),
            "idx": lambda *_: self._export("idx"),
            "png": lambda *_: self._export("png"),
        }

    def _export(self, kind: str) -> None:
        content = self._controller.export(kind)
        if content is not None:
            self._download.offer(FILES[kind], content)
