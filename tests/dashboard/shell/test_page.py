from html import unescape

from bokeh.document import Document

from dashboard.shell import read_asset
from dashboard.shell.motion import MotionPreference
from dashboard.shell.notices import Notice, notice_html
from dashboard.shell.page import Page, about_html
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.tabs import SLOTS, Pane
from dashboard.shell.theme import Theme
from nn import PRETRAINED, pretrained_card


class FakeView:
    def __init__(self):
        theme = Theme()
        self.parts = {slot: theme.text(slot) for slot in SLOTS}

    def show(self, is_open):
        pass


def test_the_page_has_a_root_for_every_slot_and_for_the_parts_of_no_pane():
    page = Page(
        [Pane("digits", "Digits", "Middle", lambda _mark: FakeView())],
        DirectPageWriter(),
        MotionPreference(),
    )
    document = Document()
    page.template.server_doc(document)
    assert {root.name for root in document.roots} >= {"inkling-link", "inkling-pane"} or len(
        document.roots
    ) >= len(SLOTS) + 4


def test_the_about_dialog_tells_how_the_pretrained_models_were_trained_and_their_scores():
    html = about_html()
    for card in map(pretrained_card, PRETRAINED):
        for told in (card.sizes, f"{card.digits:,}", card.command):
            assert told in unescape(html)
        for share in (card.test_accuracy, card.moved_accuracy):
            assert f"{100 * share:.2f} %" in html
    assert "CC BY-SA" in html


def test_a_notice_is_text_and_is_announced():
    html = notice_html(Notice("<b>file.npz</b>: torn", "error"))
    assert "&lt;b&gt;file.npz" in html
    assert 'data-kind="error"' in html
    assert 'role="status"' in html


def test_dialogs_close_without_a_form_which_a_sandbox_may_refuse() -> None:
    html = read_asset("page.html")
    assert html.count("<dialog") == html.count("dialog-close")
    assert "<form" not in html
