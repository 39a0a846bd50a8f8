"""Other data sets: from a folder when served, block by block over HTTP in the browser runtime."""

from __future__ import annotations

import pytest
from browser_page import SEVEN, LabPage

pytestmark = pytest.mark.ui


@pytest.mark.upstream_patch("message_loop", runtime="site")
def test_another_data_set_is_trained_on_scored_and_left_again(lab: LabPage) -> None:
    lab.choose("ink-data-set", "MNIST 60,000")
    lab.wait_text(".ink-notice", "MNIST 60,000: 1,100 samples to train on")
    lab.draw(SEVEN)
    lab.wait_text(".ink-prediction", "^7 seven")
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"epoch [1-9]\S* · loss 0\.")
    lab.press_train("Pause")
    lab.click("ink-test")
    lab.wait_text(".ink-notice", r"Test: \d\d\.\d\d % of 300 right")
    lab.page.get_by_label("Split").select_option(label="training")
    lab.page.get_by_label("Index").fill("1099")
    lab.click("ink-sample")
    lab.wait_text(".ink-notice", "Sample 1,099 of train, labelled")
    lab.choose("ink-data-set", "MNIST 5,000")
    lab.wait_text(".ink-notice", "MNIST 5,000: 4,000 samples to train on")
    lab.wait_text(".ink-status", "iteration 0 ")


@pytest.mark.upstream_patch("message_loop", runtime="site")
def test_a_data_set_that_cannot_be_had_is_refused_and_the_old_one_stays(lab: LabPage) -> None:
    lab.choose("ink-data-set", "Fashion-MNIST")
    lab.wait_text(".ink-notice", "Fashion-MNIST.*inkling data fetch fashion-mnist|could not|mirror")
    lab.wait_until(
        lambda: (
            lab.page.locator(".ink-data-set select").evaluate("(menu) => menu.selectedIndex") == 0
        ),
        "the menu did not go back",
    )
    lab.click("ink-step")
    lab.wait_text(".ink-status", "iteration 1 ")
