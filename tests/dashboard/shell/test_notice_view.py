"""The notice of a pane with the button of a correction."""

from dashboard.shell.notice_view import NoticeView
from dashboard.shell.notices import Mend, Notice
from dashboard.shell.theme import Theme


def test_a_notice_has_a_button_only_where_it_offers_a_mend_which_is_applied_once():
    view, applied = NoticeView(Theme(), "ink-notice"), []
    view.draw(Notice("Read."))
    assert len(view.view) == 1
    for name in ("first", "second"):
        view.draw(Notice("Odd.", "warning", Mend(name, lambda name=name: applied.append(name))))
        button = view.view[1]
        assert (len(view.view), button.label, button.visible) == (2, name, True)
        button.clicks += 1
        button.clicks += 1
    assert applied == ["first", "second"]
    view.draw(Notice("Read."))
    assert not button.visible
