"""The page of one visitor: the panes in its frame, the header, and the dialogs.

The frame is a template of its own (`assets/page.html`) with its style sheet and its script, so that
the page needs no request to another host.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from functools import partial
from html import escape

import panel as pn

from dashboard.languages.client import client_table
from dashboard.languages.language import LANGUAGES
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import (
    DOCUMENT_VARIABLE,
    current_language,
    gettext,
    translate,
)
from dashboard.shell import read_asset
from dashboard.shell.alert import FLOATING, Alert
from dashboard.shell.colors import color_variables
from dashboard.shell.connection import PageConnection
from dashboard.shell.lesson_drawer import LessonDrawer
from dashboard.shell.motion import MotionPreference
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.restore_offer import RestoreOffer
from dashboard.shell.share_link import ShareLink
from dashboard.shell.tabs import Pane, Panes
from dashboard.shell.theme import Theme
from dashboard.upstream.bokeh_patches import bokeh_patches_script
from dashboard.upstream.page_slices import checkpoint
from dashboard.upstream.template import make_template
from nn import PRETRAINED, PretrainedCard, pretrained_card

SCRIPTS = ("texts", "page", "connection", "accessibility", "chart_keys")
"""The scripts of the page, in their order."""


class Page:
    """The whole page.

    Parameters
    ----------
    panes
        The panes in the order of their tabs; the first one is open.
    writer
        How the page is changed.
    motion
        Whether the person prefers reduced motion, which the page reports.

    Attributes
    ----------
    panes
        Which pane is open.
    alert
        What must not be missed.
    offer
        The question whether to restore earlier work.
    connection
        What the page says about its connection, and is told about what is saved.
    link
        The links that the button “Copy link” copies.
    lessons
        The place of lessons.
    template
        What Panel serves.
    """

    def __init__(self, panes: Sequence[Pane], writer: PageWriter, motion: MotionPreference) -> None:
        theme, language = Theme(), current_language()
        self.panes = Panes(panes, theme)
        self.alert = Alert(theme, writer)
        self.offer = RestoreOffer(theme, writer)
        self.link = ShareLink(writer)
        self.connection = PageConnection(writer)
        self.lessons = LessonDrawer(theme, writer)
        self.template = make_template(read_asset("page.html"))
        variables = {
            "page_css": color_variables()
            + read_asset("page.css")
            + read_asset("visually_hidden.css"),
            "page_js": page_script(),
            "icon": icon_url(),
            "about": about_html(),
            "panes": self.panes.panes,
            DOCUMENT_VARIABLE: language,
            "languages": LANGUAGES,
            "gettext": partial(translate, language),
            # A worker's page has them already, and no use for the text of the template.
            "texts": "" if sys.platform == "emscripten" else client_table(language),
        }
        for name, value in variables.items():
            self.template.add_variable(name, value)
        floating = pn.Column(self.alert.view, self.offer.view, stylesheets=[FLOATING], margin=0)
        parts = {
            "offer": floating,
            "link": self.link.view,
            "connection": self.connection.view,
            "motion": motion.view,
            "lessons": self.lessons.view,
            "lesson_carriers": self.lessons.carriers,
        }
        for name, part in (self.panes.roots() | parts).items():
            checkpoint()
            self.template.add_panel(name, part)


def page_script() -> str:
    """Return the script of the page, which is the same in both runtimes."""
    return "\n;".join([*(read_asset(f"{name}.js") for name in SCRIPTS), bokeh_patches_script()])


def icon_url() -> str:
    """Return the icon as a data URL."""
    content = base64.b64encode(read_asset("icon.svg").encode()).decode("ascii")
    return f"data:image/svg+xml;base64,{content}"


def about_html() -> str:
    """Return how the pretrained models were trained, and their scores on the test digits."""
    cards = [pretrained_card(name) for name in PRETRAINED]
    begins = gettext(
        "The page starts with the {model}. The menu in the header chooses the current model, to "
        "which everything on the page refers: the answer to the drawing, training, evaluation and "
        "saved weights.",
        model=cards[-1].kind,
    )
    digits = gettext(
        "Digits: MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0. "
        "In the static site everything you draw stays on your machine; a served page sends it to "
        "its server, which saves your work for this browser unless its operator has turned that "
        "off."
    )
    return "".join(map(_card_html, cards)) + f"<p>{begins}</p><p>{digits}</p>"


def _card_html(card: PretrainedCard) -> str:
    text = gettext(
        "The <b>{model}</b> is a {sizes} net, trained on {digits} digits of MNIST. Its accuracy on "
        "the {tests} test digits, which were not used for training, is <b>{accuracy}</b>; on the "
        "same digits translated, scaled and rotated on a larger canvas it is {moved}. This command "
        "trains it again, with the same weights on the same kind of processor:",
        model=card.kind,
        sizes=escape(card.sizes),
        digits=format_number(card.digits),
        tests=format_number(card.test_count),
        accuracy=format_percent(card.test_accuracy, 2),
        moved=format_percent(card.moved_accuracy, 2),
    )
    return f'<p>{text}</p><p><code translate="no">{escape(card.command)}</code></p>'
