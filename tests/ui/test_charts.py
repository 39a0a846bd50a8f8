"""The charts in a browser: their axes are aligned, and their text follows the run."""

from __future__ import annotations

import pytest
from browser_page import LabPage

pytestmark = pytest.mark.ui

FRAMES = """
() => ["inkling-loss", "inkling-accuracy"].map((name) => {
  const view = [...Bokeh.index.query((view) => view.model.name === name)][0]
  const left = view.el.getBoundingClientRect().left
  const {left: start, right: end} = view.frame.bbox
  return [left + start, left + end]
})
"""
"""The left and right edges of the frames of both charts, in pixels."""


def test_the_x_axes_of_both_charts_are_aligned_and_a_changed_setting_is_said_below_them(
    served_lab: LabPage,
) -> None:
    served_lab.press_train("Train")
    served_lab.wait_text(".ink-marks", r"Best validation: \d")
    loss, accuracy = served_lab.page.evaluate(FRAMES)
    assert loss == pytest.approx(accuracy, abs=1)
    assert loss[1] > loss[0] + 100
    served_lab.fill("learning-rate", "0.01")
    served_lab.wait_text(".ink-marks", r"Learning rate 0\.002 → 0\.01 at iteration \d")


def test_slow_training_takes_a_step_a_second_and_speeds_up_at_once(lab: LabPage) -> None:
    lab.choose("ink-speed", "1 step/s")
    lab.press_train("Train")
    lab.wait_until(lambda: lab.iteration() > 0, "no step was taken")
    begun, first = lab.page.evaluate("performance.now()"), lab.iteration()
    lab.wait_until(lambda: lab.iteration() >= first + 3, "training stopped")
    passed, last = lab.page.evaluate("performance.now()") - begun, lab.iteration()
    # A busy machine shows a step late, or two at once; full speed takes hundreds.
    assert (last - first) / passed * 1000 < 4
    lab.choose("ink-speed", "Full")
    lab.wait_until(lambda: lab.iteration() > 30, "full speed did not take effect")
