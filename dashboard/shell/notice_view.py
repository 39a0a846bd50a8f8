"""Shows the notice of a pane, with a button where it offers a correction.

The button is made for the first notice that needs one.
"""

from __future__ import annotations

import panel as pn

from dashboard.shell.notices import Mend, Notice, notice_html
from dashboard.shell.theme import Theme, button

ROW = """
:host { gap: 8px; align-items: center; height: 100%; }
:host > :first-child { min-width: 0; flex: 1 1 0; }
:host > .ink-mend { flex: none; align-self: center !important; }
"""


class NoticeView:
    """The notice of a pane.

    Parameters
    ----------
    theme
        The page's style sheets.
    hook
        CSS class of the text.

    Attributes
    ----------
    view
        The text with its button.
    """

    def __init__(self, theme: Theme, hook: str) -> None:
        self._theme = theme
        self._text = theme.text("", css_classes=[hook])
        self._button: pn.widgets.Button | None = None
        self._mend: Mend | None = None
        self.view = pn.Row(self._text, stylesheets=[ROW], sizing_mode="stretch_width", margin=0)

    def draw(self, notice: Notice) -> None:
        """Show a notice."""
        self._mend = notice.mend
        self._text.object = notice_html(notice)
        if notice.mend is None:
            if self._button is not None:
                self._button.visible = False
        elif self._button is None:
            self._button = button(notice.mend.label, self._theme, "ink-mend", self._apply)
            self.view.append(self._button)
        else:
            self._button.param.update(label=notice.mend.label, visible=True)

    def _apply(self) -> None:
        mend, self._mend = self._mend, None  # a second click does nothing
        if mend is not None:
            mend.apply()
