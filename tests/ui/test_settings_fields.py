"""Entries that cannot be used are refused beside their field, and nothing breaks."""

from __future__ import annotations

import pytest
from browser_page import SEVEN, LabPage

pytestmark = pytest.mark.ui

BAD = [
    ("learning-rate", "", "Learning rate takes .*; found nothing"),
    ("learning-rate", "-1", "Learning rate takes a number above 0 to 10"),
    ("learning-rate", "fast", "found “fast”"),
    ("batch-size", "0", "Batch size takes a whole number from 1 to 4,096"),
    ("batch-size", "1.5", "found “1.5”"),
    ("cache-size", "", "Cache size takes .*; found nothing"),
    ("dropout", "nan", "Dropout takes a number from 0 to 0.9"),
    ("hidden-layers", "12 zebra", "found “zebra”"),
    ("seed", "1e3", "Seed takes a whole number"),
]


def test_bad_entries_get_a_sentence_beside_the_field_and_training_goes_on(
    served_lab: LabPage,
) -> None:
    served_lab.press_train("Train")
    served_lab.wait_text(".ink-status", r"iteration [1-9]")
    for setting, entry, sentence in BAD:
        served_lab.fill(setting, entry)
        served_lab.wait_text(f".ink-field-{setting}", sentence)
    before = served_lab.iteration()
    served_lab.wait_until(lambda: served_lab.iteration() > before, "training did not go on")
    assert "learning rate 0.002" in served_lab.text(".ink-status")
    served_lab.fill("learning-rate", "0.004")
    served_lab.wait_text(".ink-status", "learning rate 0.004 ")
    # Before, it refused “fast”.
    served_lab.wait_text(".ink-field-learning-rate", r"^(?!.*(found|takes))")


def test_another_architecture_is_announced_before_it_replaces_the_net(served_lab: LabPage) -> None:
    served_lab.press_train("Train")
    served_lab.wait_text(".ink-status", r"iteration [1-9]")
    served_lab.fill("hidden-layers", "64 32")
    served_lab.wait_text(".ink-pending", "a new model: MLP 784-64-32-10")
    assert served_lab.iteration() > 0
    served_lab.click("ink-rebuild")
    served_lab.wait_text(".ink-notice", "A new MLP 784-64-32-10")
    served_lab.wait_status(iteration=0)
    served_lab.wait_until(lambda: served_lab.text(".ink-pending") == "", "the announcement stayed")
    served_lab.press_train("Train")
    served_lab.wait_text(".ink-status", r"iteration [1-9]")


def test_a_convolutional_net_is_chosen_built_and_trained(own_lab: LabPage) -> None:
    own_lab.choose("ink-architecture", "CNN of the ConvNetJS demo")
    own_lab.wait_text(".ink-pending", "a new model: CNN 8-16 → 10")
    own_lab.wait_text(".ink-status", "batch 20 ")
    own_lab.click("ink-rebuild")
    own_lab.wait_text(".ink-notice", "A new CNN 8-16 → 10")
    own_lab.press_train("Train")
    own_lab.wait_until(lambda: float(own_lab.status()["loss"] or "inf") < 0.5, "it does not learn")
    own_lab.press_train("Pause")
    own_lab.draw(SEVEN)
    own_lab.wait_data(".ink-prediction", digit=7)


def test_training_that_explodes_pauses_itself_and_says_what_to_do(served_lab: LabPage) -> None:
    served_lab.choose("ink-field-optimizer", "SGD")
    served_lab.fill("learning-rate", "10")
    served_lab.press_train("Train")
    notice = served_lab.wait_text(".ink-notice", "Training paused itself")
    assert "The weights of iteration" in notice
    assert "Try a smaller learning rate than 10" in notice
    served_lab.wait_text(".ink-train", "Train")
    served_lab.fill("learning-rate", "0.1")
    served_lab.wait_text(".ink-status", "learning rate 0.1 ")
    served_lab.click("ink-reset")
    served_lab.press_train("Train")
    served_lab.wait_text(".ink-status", r"loss 0\.[0-4]")


@pytest.mark.upstream_patch("undrawn_controls")
def test_a_field_that_is_not_drawn_yet_can_be_changed(lab: LabPage) -> None:
    lab.page.evaluate(
        """() => {
          for (const name of ["Button", "TextInput", "RadioButtonGroup"]) {
            const Model = Bokeh.Models.get(name)
            const model = new Model({})
            const view = new model.default_view({model, parent: null})
            view.initialize()
            view.connect_signals()
            model.disabled = true
            if (name === "TextInput") model.value = "12"
          }
        }"""
    )
