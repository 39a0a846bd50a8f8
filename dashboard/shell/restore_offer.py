"""The question whether to restore earlier work: the saves with their buttons, in a list.

It floats above the page, below the alert.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import panel as pn

from dashboard.shell.alert import BOX
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button

LIST = """
:host { align-items: stretch; flex-wrap: nowrap; }
"""

ROWS = """
:host { max-height: min(40vh, 320px); overflow-y: auto; gap: 6px; }
.scroll-button { display: none; }
"""

ROW = """
:host { gap: 8px; align-items: center; }
:host > :not(:first-child) { flex: none; align-self: center !important; }
"""

TEXT = """
.saved { display: flex; gap: 10px; align-items: center; }
.saved img { flex: none; width: 36px; height: 36px; border-radius: 4px; image-rendering: auto; }
"""


@dataclass(frozen=True)
class OfferedSave:
    """A save in the list: its description, and the address of a small picture or ""."""

    text: str
    picture: str = ""


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
        self._theme, self._page = theme, page
        self.view = pn.Column(
            css_classes=["ink-offer"], stylesheets=[BOX, LIST], margin=0, visible=False
        )

    def ask(
        self,
        saves: Sequence[OfferedSave],
        *,
        resume: Callable[[int], None],
        delete: Callable[[int], None],
        decline: Callable[[], None],
    ) -> None:
        """Show the question.

        Parameters
        ----------
        saves
            At least one, the preferred one first.
        resume, delete
            Called with the index of the save that is to be restored or deleted.
        decline
            Called when no save is to be restored.
        """

        def answered(answer: Callable[[], None]) -> Callable[[], None]:
            def call() -> None:
                self.withdraw()
                answer()

            return call

        rows = [
            pn.Row(
                self._text(save),
                button(
                    "Resume",
                    self._theme,
                    "ink-resume" if index == 0 else f"ink-resume-{index + 1}",
                    answered(partial(resume, index)),
                ),
                button("Delete", self._theme, "ink-delete-save", partial(delete, index)),
                stylesheets=[ROW],
                sizing_mode="stretch_width",
                margin=0,
            )
            for index, save in enumerate(saves)
        ]
        question = self._theme.text('<div role="status">Restore your earlier work?</div>')
        fresh = button("Start fresh", self._theme, "ink-fresh", answered(decline))
        content = [
            question,
            pn.Column(*rows, stylesheets=[ROWS], sizing_mode="stretch_width", margin=0),
            fresh,
        ]
        self._page.write(lambda: self.view.param.update(objects=content, visible=True))

    def withdraw(self) -> None:
        """Hide the question."""
        self._page.write(lambda: self.view.param.update(visible=False))

    def _text(self, save: OfferedSave) -> pn.viewable.Viewable:
        picture = f'<img alt="" src="{save.picture}">' if save.picture else ""
        text = self._theme.text(
            f'<div class="saved">{picture}<span>{escape(save.text)}</span></div>'
        )
        text.stylesheets = [*text.stylesheets, TEXT]
        text.sizing_mode = None
        text.styles = {"flex": "1 1 0", "min-width": "0"}
        return text
