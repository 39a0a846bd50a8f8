"""Entries that cannot be used are refused beside their field, and nothing breaks."""

from __future__ import annotations

import pytest
from browser_page import SEVEN, LabPage

pytestmark = pytest.mark.ui

PREVIEWED = """
() => Bokeh.documents.some((doc) => doc.get_model_by_name("augmentation")?.data.y[0] === 13)
"""

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


@pytest.fixture
def fields_page(served: LabPage) -> LabPage:
    """A served page with a new model, and the settings of the tests before."""
    served.click("ink-reset")
    served.wait_status(iteration=0, state="paused")
    return served


def test_bad_entries_get_a_sentence_beside_the_field_and_training_goes_on(
    fields_page: LabPage,
) -> None:
    fields_page.press_train("Train")
    fields_page.fill("learning-rate", "0.003")
    fields_page.wait_text(".ink-status", r"iteration [1-9].* learning rate 0\.003 ")
    for setting, entry, sentence in BAD:
        fields_page.fill(setting, entry)
        fields_page.wait_text(f".ink-field-{setting}", sentence)
    before = fields_page.iteration()
    fields_page.wait_until(lambda: fields_page.iteration() > before, "training did not go on")
    assert "learning rate 0.003 " in fields_page.text(".ink-status")
    fields_page.fill("learning-rate", "0.004")
    fields_page.wait_text(".ink-status", "learning rate 0.004 ")
    # Before, it refused “fast”.
    fields_page.wait_text(".ink-field-learning-rate", r"^(?!.*(found|takes))")


def test_another_architecture_is_announced_before_it_replaces_the_net(fields_page: LabPage) -> None:
    fields_page.press_train("Train")
    fields_page.wait_text(".ink-status", r"iteration [1-9]")
    fields_page.fill("hidden-layers", "64 32")
    fields_page.wait_text(".ink-pending", "a new model: MLP 784-64-32-10")
    assert fields_page.iteration() > 0
    fields_page.click("ink-rebuild")
    fields_page.wait_text(".ink-notice", "A new MLP 784-64-32-10")
    fields_page.wait_status(iteration=0)
    fields_page.wait_until(
        lambda: fields_page.text(".ink-pending") == "", "the announcement stayed"
    )
    fields_page.press_train("Train")
    fields_page.wait_text(".ink-status", r"iteration [1-9]")


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


def test_training_that_explodes_pauses_itself_and_says_what_to_do(fields_page: LabPage) -> None:
    fields_page.choose("ink-field-optimizer", "SGD")
    fields_page.fill("learning-rate", "10")
    fields_page.press_train("Train")
    notice = fields_page.wait_text(".ink-notice", "Training paused itself")
    assert "The weights of iteration" in notice
    assert "Try a smaller learning rate than 10" in notice
    fields_page.wait_text(".ink-train", "Train")
    fields_page.fill("learning-rate", "0.1")
    fields_page.wait_text(".ink-status", "learning rate 0.1 ")
    fields_page.click("ink-reset")
    fields_page.press_train("Train")
    fields_page.wait_text(".ink-status", r"loss 0\.[0-4]")


def test_a_changed_knob_shows_in_the_status_line_while_training(fields_page: LabPage) -> None:
    fields_page.press_train("Train")
    fields_page.wait_text(".ink-status", r"iteration [1-9]")
    fields_page.fill("learning-rate", "0.000123")
    fields_page.wait_text(".ink-status", r"learning rate 0\.000123 ")
    fields_page.fill("batch-size", "1")
    fields_page.wait_text(".ink-status", r"batch 1 ")
    fields_page.fill("cache-size", "2")
    fields_page.wait_text(".ink-status", r"cached [0-2] ")
    fields_page.choose("ink-field-optimizer", "SGD with momentum")
    fields_page.wait_text(".ink-status", r"momentum")
    before = fields_page.iteration()
    fields_page.wait_until(lambda: fields_page.iteration() > before, "training did not go on")


def test_the_augmentation_can_be_seen_before_it_is_used(fields_page: LabPage) -> None:
    fields_page.choose("ink-field-augment", "Full")
    fields_page.click("ink-augmentation")
    fields_page.page.wait_for_selector(".ink-augmentation-preview")
    fields_page.wait_until(
        lambda: fields_page.page.evaluate(PREVIEWED), "the preview has thirteen rows"
    )


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
