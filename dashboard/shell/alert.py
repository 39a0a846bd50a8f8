"""The alert of a page: a sentence that stays until its cause has ended or the person closes it.

Notices are replaced by newer ones; what must not be missed stands here, above the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import panel as pn

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
        self._theme, self._page = theme, page
        self.view = pn.Row(
            css_classes=["ink-alert"], stylesheets=[BOX, WARNING], margin=0, visible=False
        )

    def show(self, sentence: str, actions: Sequence[Action] = ()) -> None:
        """Show a sentence in place of the present one, with a button for each action."""
        text = self._theme.text(f'<div role="alert">{escape(sentence)}</div>')
        text.sizing_mode = None
        text.styles = {"flex": "1 1 240px"}
        buttons = [
            button(label, self._theme, f"ink-alert-{label.lower().replace(' ', '-')}", command)
            for label, command in (*actions, ("Close", self.hide))
        ]
        self._page.write(lambda: self.view.param.update(objects=[text, *buttons], visible=True))

    def hide(self) -> None:
        """Hide the alert."""
        self._page.write(lambda: self.view.param.update(visible=False))
