"""The panel of the lessons: one text with its buttons, and a field for lessons of one's own."""

from __future__ import annotations

from collections.abc import Mapping

import panel as pn

from dashboard.languages.text import gettext
from dashboard.lessons.controller import LessonController
from dashboard.lessons.lesson import LARGEST_FILE
from dashboard.lessons.library import LESSONS, load_lesson
from dashboard.lessons.views.text import CARRIER, lessons_html, live_html
from dashboard.shell import read_asset
from dashboard.shell.components.client_component import Command
from dashboard.shell.file_field import file_field
from dashboard.shell.messages import invisible, make_command_receiver
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme

SHOWN = (
    *("lesson", "step", "progress", "is_explained", "predictions", "measured", "present", "answer"),
    *("shows_notes", "fault", "reached_at", "task", "goal_values", "broken", "result_text"),
)
"""Parameters that the text depends on."""


class LessonPanel:
    """The panel.

    Parameters
    ----------
    controller
        Its state is shown; it takes the commands.
    page
        How the page is changed.
    theme
        The style sheets.

    Attributes
    ----------
    view
        The panel.
    """

    def __init__(self, controller: LessonController, page: PageWriter, theme: Theme) -> None:
        self._controller = controller
        self._state = controller.state
        self._page = page
        self._offered = [load_lesson(name) for name in LESSONS]
        self._text = theme.text("", css_classes=["ink-lesson"])
        self._text.stylesheets = [*self._text.stylesheets, read_asset("lessons.css")]
        # Apart from the buttons, which must not be replaced while they are pressed.
        self._live = theme.text("", css_classes=["ink-lesson-live"])
        self._live.stylesheets = self._text.stylesheets
        self._own = pn.Column(
            theme.text(
                f'<p class="quiet">{gettext("A lesson or task of your own, a TOML file:")}</p>'
            ),
            file_field(
                controller.open_file,
                self._refuse,
                largest=LARGEST_FILE,
                label=gettext("Lesson file"),
                css_classes=["ink-lesson-file"],
                stylesheets=[theme.widgets],
                sizing_mode="stretch_width",
                margin=0,
            ),
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[theme.gap],
        )
        self.view = pn.Column(
            self._text,
            self._live,
            self._own,
            invisible(make_command_receiver(CARRIER, self._commands())),
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[theme.gap],
        )
        self._state.param.watch(lambda *_events: page.write(self._draw, key=self), list(SHOWN))
        self._draw()

    def _draw(self) -> None:
        html = lessons_html(self._state, self._offered)
        if html != self._text.object:
            self._text.object = html
        live = live_html(self._state)
        if live != self._live.object:
            self._live.object = live
        is_list = self._state.lesson is None and self._state.task is None
        if self._own.visible != is_list:
            self._own.visible = is_list

    def _refuse(self, sentence: str) -> None:
        self._state.fault = sentence

    def _commands(self) -> Mapping[str, Command]:
        controller, state = self._controller, self._state
        return {
            "open": self._open,
            "list": lambda _number, _state: controller.close(),
            "next": lambda _number, _state: controller.go(1),
            "back": lambda _number, _state: controller.go(-1),
            "predict": lambda number, _state: controller.predict(number),
            "answer": lambda number, _state: controller.answer(number),
            "begin": lambda _number, _state: controller.begin(),
            "measure": lambda _number, _state: controller.measure(),
            "hand-in": lambda _number, _state: controller.hand_in(),
            "explain": lambda _number, _state: controller.explain(),
            "notes": lambda _number, _state: state.param.update(shows_notes=not state.shows_notes),
        }

    def _open(self, number: int, _state: int) -> None:
        if 0 <= number < len(LESSONS):
            self._controller.open(f"lesson={LESSONS[number]}")
