"""The question whether to restore earlier work: a sentence and two buttons.

It floats above the page, below the alert.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import panel as pn

from dashboard.shell.alert import BOX
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button


class RestoreOffer:
    """The question; hidden until `ask`.

    Parameters
    ----------
    theme
        The page's style sheets.
    page
        How the page is changed.
    """

    def __init__(self, theme: Theme, page: PageWriter) -> None:
        self._page = page
        self._answer: Callable[[bool], None] = lambda _resume: None
        self._question = theme.text("")
        self._question.sizing_mode = None
        self._question.styles = {"flex": "1 1 200px"}
        resume = button("Resume", theme, "ink-resume", lambda: self._answered(True))
        fresh = button("Start fresh", theme, "ink-fresh", lambda: self._answered(False))
        self.view = pn.Row(
            self._question,
            resume,
            fresh,
            css_classes=["ink-offer"],
            stylesheets=[BOX],
            margin=0,
            visible=False,
        )

    def ask(self, sentence: str, answer: Callable[[bool], None]) -> None:
        """Show the question; `answer` is called once with whether to restore."""
        self._answer = answer
        html = f'<div role="status">{escape(sentence)}</div>'

        def show() -> None:
            self._question.object = html
            self.view.visible = True

        self._page.write(show)

    def withdraw(self) -> None:
        """Hide the question."""
        self._page.write(lambda: self.view.param.update(visible=False))

    def _answered(self, resume: bool) -> None:
        answer, self._answer = self._answer, lambda _resume: None
        self.withdraw()
        answer(resume)
