"""The alert of a page: a sentence that stays until its cause has ended or the person closes it.

Notices are replaced by newer ones; what must not be missed stands here, above the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from html import escape

import panel as pn

from dashboard.languages.text import gettext
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button

BOX = """
:host {
  box-sizing: border-box;
  flex-wrap: wrap;
  justify-content: end;
  align-items: center;
  max-width: 100%;
  padding: 10px 14px;
  gap: 10px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--card);
  box-shadow: 0 4px 20px rgb(0 0 0 / 25%);
}
"""
"""Style sheet of the boxes that float above the page."""

WARNING = ":host { border-left: 4px solid var(--warning); }"

FLOATING = """
:host {
  position: fixed;
  left: 50%;
  bottom: calc(
    var(--panes-height, 0px) + var(--run-height, 0px) + var(--news-height, 64px) +
      var(--floating-gap, 12px)
  );
  z-index: 20;
  transform: translateX(-50%);
  align-items: center;
  width: max-content !important;
  max-width: min(680px, calc(100vw - 24px));
  gap: 10px;
}
"""
"""Style sheet of the column of these boxes; showing or hiding them moves nothing else."""

MAX_ACTIONS = 2

Action = tuple[str, Callable[[], None]]
"""The label of a button, and what it does."""


class Alert:
    """The alert; hidden until `show`.

    Parameters
    ----------
    theme
        The page's style sheets.
    page
        How the page is changed.
    """

    def __init__(self, theme: Theme, page: PageWriter) -> None:
        self._theme = theme
        self._page = page
        self._actions: Sequence[Action] = ()
        # Most pages never show it: what is in it is made by the first `show`.
        self.view = pn.Row(
            css_classes=["ink-alert"], stylesheets=[BOX, WARNING], margin=0, visible=False
        )

    @cached_property
    def _text(self) -> pn.pane.HTML:
        text = self._theme.text("")
        text.sizing_mode = None
        text.styles = {"flex": "1 1 240px"}
        return text

    @cached_property
    def _buttons(self) -> list[pn.widgets.Button]:
        # Hidden until `show` labels them; a button always has a name.
        return [
            button(
                gettext("Action {number}", number=number),
                self._theme,
                f"ink-alert-{number}",
                partial(self._press, number - 1),
            )
            for number in range(1, MAX_ACTIONS + 1)
        ]

    def show(self, sentence: str, actions: Sequence[Action] = ()) -> None:
        """Show a sentence in place of the present one, with a button for each of two actions."""
        self._actions = actions

        def show() -> None:
            self._text.object = f'<div role="alert">{escape(sentence)}</div>'
            for number, one in enumerate(self._buttons):
                one.visible = number < len(actions)
                if one.visible:
                    one.label = actions[number][0]
            if not self.view.objects:
                close = button(gettext("Close"), self._theme, "ink-alert-close", self.hide)
                self.view[:] = [self._text, *self._buttons, close]
            self.view.visible = True

        self._page.write(show)

    def hide(self) -> None:
        """Hide the alert."""
        self._page.write(lambda: self.view.param.update(visible=False))

    def _press(self, number: int) -> None:
        if number < len(self._actions):
            self._actions[number][1]()
