"""The correction under the answer: what it asks, its ten digits, and the list of own digits."""

import re

from cache_helpers import run
from controller_helpers import all_done, few_digits, ink, make_controller

from dashboard.languages.language import find_language
from dashboard.languages.text import use_language
from dashboard.shell.downloads import Download
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.theme import Theme
from dashboard.teaching.controller import TeachingController
from dashboard.teaching.own_digits import digits_of
from dashboard.teaching.state import TeachingState
from dashboard.teaching.views.correction import CorrectionView
from dashboard.teaching.views.text import ask_html


class Page:
    """The view of a controller, and what its buttons send."""

    def __init__(self):
        self.controller = make_controller()
        self.teaching = TeachingController(TeachingState(), self.controller)
        page = DirectPageWriter()
        self.view = CorrectionView(
            self.teaching, self.controller.state, page, Theme(), Download(page)
        )
        self._carrier = self.view.panel[0].object
        self._clicks = 0

    def click(self, command, number=0):
        self._clicks += 1
        self._carrier.tags = [self._clicks, command, number, 1]


def test_the_button_names_the_answer_and_is_gone_when_there_is_nothing_to_correct():
    async def main():
        page = Page()
        assert page.view.ask.object == ""
        page.controller.drawing.take(ink())
        assert "Not a 1?" in page.view.ask.object
        with use_language(find_language("de")):
            asked = ask_html(page.controller.state, page.teaching.state)
            assert "Keine 1?<br>Korrigieren" in asked
        page.controller.state.data_set = "fashion-mnist"
        await all_done()
        assert page.view.ask.object == ""

    run(main())


def test_the_parts_that_are_hidden_at_first_are_made_when_they_are_opened():
    page = Page()
    assert len(page.view.panel) == 1
    page.click("open")
    assert len(page.view.panel) == 2
    choice = page.view.panel[1].object
    assert re.findall(r'data-do="correct" data-run="(\d)"', choice) == list("0123456789")
    assert 'aria-label="It is an eight"' in choice
    page.click("list")
    assert len(page.view.panel) == 3
    page.click("open")
    assert not page.view.panel[1].visible
    assert not page.view.panel[2].visible


def test_a_click_on_a_digit_corrects_the_answer():
    async def main():
        page = Page()
        page.controller.drawing.take(ink())
        page.click("open")
        page.click("correct", 7)
        assert 'data-state="training"' in page.view.panel[1].object
        await all_done()
        assert 'data-digits="1" data-state="ready" data-kept=' in page.view.panel[1].object
        assert len(page.teaching.state.digits) == 1

    run(main())


def test_own_digits_are_listed_with_their_pictures_and_removed_by_their_buttons():
    page = Page()
    page.teaching.add(digits_of(few_digits().train[:3]), "own.zip")
    page.click("open")
    page.click("list")
    listed = page.view.panel[2][0]
    assert listed.object.count("<img") == 3
    share = page.view.panel[2][1]
    assert share.value == page.teaching.state.own_share == 0.25
    share.value = 0.5
    assert page.teaching.state.own_share == 0.5
    page.click("remove", 1)
    assert re.findall(r"Own digit \d: (\d)", listed.object) == ["0", "2"]
    page.click("clear")
    assert "<img" not in listed.object
