"""The question whether to restore earlier work: the saves in a menu, the chosen one, and buttons.

It floats above the page, below the alert.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

import panel as pn

from dashboard.languages.text import gettext
from dashboard.shell.alert import BOX
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button

TEXT = """
.saved { display: flex; gap: 10px; align-items: center; }
.saved img { flex: none; width: 36px; height: 36px; border-radius: 4px; }
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
        self._theme = theme
        self._page = page
        self._saves: Sequence[OfferedSave] = ()
        self._resume: Callable[[int], None] = lambda _index: None
        self._delete: Callable[[int], None] = lambda _index: None
        self._delete_all: Callable[[], None] = lambda: None
        self._decline: Callable[[], None] = lambda: None
        # Most pages never show it: what is in it is made by the first `ask`.
        self.view = pn.Row(css_classes=["ink-offer"], stylesheets=[BOX], margin=0, visible=False)

    @cached_property
    def _text(self) -> pn.pane.HTML:
        text = self._theme.text("")
        text.stylesheets = [*text.stylesheets, TEXT]
        text.sizing_mode = None
        text.styles = {"flex": "1 1 260px"}
        return text

    @cached_property
    def _choice(self) -> pn.widgets.Select:
        choice = pn.widgets.Select(
            label=gettext("Saved work"),
            options={"": 0},
            css_classes=["ink-saves"],
            stylesheets=[self._theme.widgets],
            styles={"flex": "1 1 100%"},
            margin=0,
            visible=False,
        )
        choice.param.watch(lambda _event: self._page.write(self._draw), "value")
        return choice

    @cached_property
    def _delete_all_button(self) -> pn.widgets.Button:
        return button(
            gettext("Delete all"), self._theme, "ink-delete-saves", self._delete_all_pressed
        )

    def _parts(self) -> list[pn.viewable.Viewable]:
        theme = self._theme
        return [
            self._choice,
            self._text,
            button(gettext("Resume"), theme, "ink-resume", self._resumed),
            button(gettext("Delete"), theme, "ink-delete-save", lambda: self._delete(self._index)),
            self._delete_all_button,
            button(gettext("Start fresh"), theme, "ink-fresh", self._declined),
        ]

    @property
    def _index(self) -> int:
        return int(self._choice.value or 0)

    def ask(
        self,
        saves: Sequence[OfferedSave],
        *,
        resume: Callable[[int], None],
        delete: Callable[[int], None],
        delete_all: Callable[[], None],
        decline: Callable[[], None],
    ) -> None:
        """Show the question.

        Parameters
        ----------
        saves
            At least one, the preferred one first.
        resume, delete
            Called with the index of the save that is to be restored or deleted.
        delete_all
            Called when all of them are to be deleted.
        decline
            Called when no save is to be restored.
        """
        self._saves = saves
        self._resume, self._delete, self._decline = resume, delete, decline
        self._delete_all = delete_all
        options = {f"{number}. {save.text}": number - 1 for number, save in enumerate(saves, 1)}

        def show() -> None:
            self._choice.param.update(options=options, value=0, visible=len(saves) > 1)
            self._delete_all_button.visible = len(saves) > 1
            self._draw()
            if not self.view.objects:
                self.view[:] = self._parts()
            self.view.visible = True

        self._page.write(show)

    def withdraw(self) -> None:
        """Hide the question."""
        self._page.write(lambda: self.view.param.update(visible=False))

    def _resumed(self) -> None:
        index = self._index
        self.withdraw()
        self._resume(index)

    def _delete_all_pressed(self) -> None:
        self._delete_all()

    def _declined(self) -> None:
        self.withdraw()
        self._decline()

    def _draw(self) -> None:
        if self._index < len(self._saves):
            save = self._saves[self._index]
            question = gettext("Restore your earlier work: {work}?", work=save.text)
            picture = f'<img alt="" src="{save.picture}">' if save.picture else ""
            self._text.object = (
                f'<div class="saved" role="status">{picture}<span>{escape(question)}</span></div>'
            )
