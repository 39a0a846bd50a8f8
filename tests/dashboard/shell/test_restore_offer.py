"""The boxes that float above the page: the question what to restore, and the alert."""

import panel as pn
import pytest

from dashboard.shell.alert import Alert
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.restore_offer import OfferedSave, RestoreOffer
from dashboard.shell.theme import Theme


def part(view, css_class):
    (found,) = (it for it in view.select(pn.viewable.Viewable) if css_class in it.css_classes)
    return found


def press(view, css_class):
    part(view, css_class).clicks += 1


def texts(view):
    return [pane.object for pane in view.select(pn.pane.HTML)]


class Question:
    def __init__(self, *saves):
        self.offer = RestoreOffer(Theme(), DirectPageWriter())
        self.answers = []
        self.view = self.offer.view
        self.ask(*saves)

    def ask(self, *saves):
        self.offer.ask(
            saves,
            resume=lambda index: self.answers.append(("resume", index)),
            delete=lambda index: self.answers.append(("delete", index)),
            delete_all=lambda: self.answers.append("delete all"),
            decline=lambda: self.answers.append("decline"),
        )


def test_one_save_needs_no_menu_and_its_text_is_no_markup():
    question = Question(OfferedSave("<b>", "data:image/png;base64,AA"))
    assert question.view.visible
    assert not part(question.view, "ink-saves").visible
    assert not part(question.view, "ink-delete-saves").visible
    (text,) = texts(question.view)
    assert "&lt;b&gt;" in text
    assert 'src="data:image/png;base64,AA"' in text


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_save_that_is_chosen_in_the_menu_is_restored_or_deleted(index):
    question = Question(OfferedSave("same"), OfferedSave("same"), OfferedSave("other"))
    menu = part(question.view, "ink-saves")
    assert menu.visible
    menu.value = list(menu.options.values())[index]
    assert ("other" in texts(question.view)[0]) == (index == 2)
    press(question.view, "ink-delete-save")
    assert question.view.visible
    press(question.view, "ink-resume")
    assert not question.view.visible
    assert question.answers == [("delete", index), ("resume", index)]


def test_a_question_that_is_asked_again_begins_with_the_first_save():
    question = Question(OfferedSave("one"), OfferedSave("two"))
    part(question.view, "ink-saves").value = 1
    assert part(question.view, "ink-delete-saves").visible
    press(question.view, "ink-delete-saves")
    assert question.answers.pop() == "delete all"
    question.ask(OfferedSave("only"))
    assert "only" in texts(question.view)[0]
    press(question.view, "ink-fresh")
    assert question.answers == ["decline"]
    assert not question.view.visible


def test_an_alert_stays_until_it_is_closed_or_replaced():
    pressed = []
    alert = Alert(Theme(), DirectPageWriter())
    assert not alert.view.visible
    alert.show("<full>", [("Again", lambda: pressed.append("again"))])
    assert "&lt;full&gt;" in texts(alert.view)[0]
    assert [part(alert.view, f"ink-alert-{number}").visible for number in (1, 2)] == [True, False]
    press(alert.view, "ink-alert-1")
    assert (pressed, alert.view.visible) == (["again"], True)
    alert.show("other")
    press(alert.view, "ink-alert-1")
    assert pressed == ["again"]
    press(alert.view, "ink-alert-close")
    assert not alert.view.visible
