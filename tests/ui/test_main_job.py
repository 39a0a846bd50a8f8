"""Inkling's main job in a real browser, in both runtimes: train, watch, draw, be recognised."""

from __future__ import annotations

import re

import pytest
from browser_page import ONE, SEVEN, LabPage

pytestmark = pytest.mark.ui


def test_the_first_view_shows_an_answered_digit_whose_place_the_first_stroke_takes(
    own_lab: LabPage,
) -> None:
    assert own_lab.data(".ink-prediction")["digit"] == "4"
    assert own_lab.data(".ink-model")["model"] == "best"
    invitation = own_lab.text(".ink-notice")
    own_lab.draw(SEVEN)
    own_lab.wait_digit(7)
    assert own_lab.text(".ink-notice") != invitation
    own_lab.click("ink-undo")
    own_lab.wait_blank()
    own_lab.click("ink-undo")  # there is nothing left to take back
    assert own_lab.inked() == 0


def test_the_pretrained_model_predicts_a_drawing_before_any_training(lab: LabPage) -> None:
    assert lab.text(".ink-prediction") == "Draw a digit"
    lab.draw(SEVEN)
    lab.wait_digit(7)
    assert 0.5 < float(lab.data(".ink-prediction")["probability"]) <= 1
    assert lab.iteration() == 0
    lab.click("ink-clear")
    lab.wait_blank()
    lab.draw(ONE)
    lab.wait_digit(1)


def test_training_lowers_the_loss_below_0_3_within_two_epochs(lab: LabPage) -> None:
    lab.click("ink-step")
    at_first = float(lab.wait_status(iteration=1)["loss"])
    lab.press_train("Train")

    def has_learnt() -> bool:
        status = lab.status()
        assert float(status["epoch"]) < 2 or float(status["loss"]) < 0.3
        return float(status["loss"]) < 0.3

    lab.wait_until(has_learnt, "the loss did not fall below 0.3")
    assert lab.iteration() > 1
    assert at_first > 1


def test_a_drawing_is_predicted_while_training_continues(lab: LabPage) -> None:
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"epoch ([2-9]|\d\d)")
    lab.draw(SEVEN)
    lab.wait_digit(7)
    lab.click("ink-clear")
    lab.wait_blank()
    before = lab.iteration()
    lab.wait_until(lambda: lab.iteration() > before, "training did not go on")


# From the click until the last change of the iteration that the page shows.
TIME_TO_PAUSE = """
() => new Promise((resolve) => {
  const iteration = () => deepText(".ink-status").split(" ")[1]
  let shown = iteration()
  let changed = 0
  const clicked = performance.now()
  deep(".ink-train").shadowRoot.querySelector("button").click()
  const look = () => {
    const now = performance.now()
    if (iteration() !== shown) {
      shown = iteration()
      changed = now - clicked
    }
    if (now - clicked > 1500) resolve(changed)
    else requestAnimationFrame(look)
  }
  look()
})
"""


def test_pause_stops_within_200_ms_and_train_goes_on_from_there(lab: LabPage) -> None:
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"iteration [1-9]\d")
    lab.wait_text(".ink-train", "Pause")
    times = []
    for _ in range(3):
        times.append(lab.page.evaluate(TIME_TO_PAUSE))
        lab.wait_text(".ink-train", "Train")
        stopped_at = lab.iteration()
        lab.click("ink-train")
        lab.wait_until(lambda at=stopped_at: lab.iteration() > at, "training did not go on")
    assert min(times) < 200, f"milliseconds until the iteration stood still: {times}"


def test_step_takes_exactly_one_step_each_time(lab: LabPage) -> None:
    for expected in (1, 2, 3):
        lab.click("ink-step")
        lab.wait_status(iteration=expected)


def test_reset_starts_again_from_fresh_weights(lab: LabPage) -> None:
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"iteration [1-9]\d")
    lab.click("ink-reset")
    lab.wait_status(iteration=0, loss="")
    lab.wait_text(".ink-notice", "A new MLP 784-128-10")
    lab.wait_text(".ink-train", "Train")


def test_the_page_tells_how_the_pretrained_models_were_trained(lab: LabPage) -> None:
    lab.page.locator("#about-open").click()
    about = lab.page.locator("dialog#about")
    text = about.inner_text()
    assert re.search(r"10,000 test digits.*\d\d\.\d\d %", text, re.DOTALL)
    assert "inkling train" in text
    about.get_by_role("button", name="Close").click()
    assert not about.is_visible()
