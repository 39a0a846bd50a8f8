"""Entries that cannot be used are refused beside their field, and nothing breaks."""

from __future__ import annotations

import pytest
from browser_page import SEVEN, LabPage

pytestmark = pytest.mark.ui

BAD = [
    ("learning-rate", "", "Learning rate is empty"),
    ("learning-rate", "-1", "Learning rate takes a number above 0 to 10"),
    ("learning-rate", "fast", "“fast” is not one"),
    ("batch-size", "0", "Batch size takes a whole number from 1 to 4,096"),
    ("batch-size", "1.5", "“1.5” is not one"),
    ("cache-size", "", "Cache size is empty"),
    ("dropout", "nan", "Dropout takes a number from 0 to 0.9"),
    ("hidden-layers", "12 zebra", "“zebra” is not one"),
    ("seed", "1e3", "Seed takes a whole number"),
]


def test_bad_entries_get_a_sentence_beside_the_field_and_training_goes_on(lab: LabPage) -> None:
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"iteration [1-9]")
    for setting, entry, sentence in BAD:
        lab.fill(setting, entry)
        lab.wait_text(f".ink-field-{setting}", sentence)
    before = lab.iteration()
    lab.wait_until(lambda: lab.iteration() > before, "training did not go on")
    assert "learning rate 0.002" in lab.text(".ink-status")
    lab.fill("learning-rate", "0.004")
    lab.wait_text(".ink-status", "learning rate 0.004 ")
    # Before, it said that “fast” is no number.
    lab.wait_text(".ink-field-learning-rate", r"^(?!.*(is not one|is empty|takes))")


def test_another_architecture_is_announced_before_it_replaces_the_net(lab: LabPage) -> None:
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"iteration [1-9]")
    lab.fill("hidden-layers", "64 32")
    lab.wait_text(".ink-pending", "A new 784-64-32-10 net .* will replace the present one")
    assert lab.iteration() > 0
    lab.click("ink-rebuild")
    lab.wait_text(".ink-notice", "fresh 784-64-32-10 net")
    lab.wait_text(".ink-status", "iteration 0 ")
    lab.wait_until(lambda: lab.text(".ink-pending") == "", "the announcement stayed")
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"iteration [1-9]")


def test_a_convolutional_net_is_chosen_built_and_trained(lab: LabPage) -> None:
    lab.choose("ink-architecture", "ConvNetJS's net for MNIST")
    plan = "784 → crop24 conv5x8 pool2 conv5x16 pool3 → 10 net"
    lab.wait_text(".ink-pending", f"A new {plan} .* will replace the present one")
    lab.wait_text(".ink-status", "batch 20 ")
    lab.click("ink-rebuild")
    lab.wait_text(".ink-notice", f"fresh {plan}")
    lab.press_train("Train")
    lab.wait_until(lambda: lab.iteration() > 400, "two epochs take too long")
    lab.wait_until(lambda: float(lab.status()["loss"]) < 0.5, "it does not learn")
    lab.press_train("Pause")
    lab.draw(SEVEN)
    lab.wait_text(".ink-prediction", "^7")


def test_training_that_explodes_pauses_itself_and_says_what_to_do(lab: LabPage) -> None:
    lab.choose("ink-field-optimizer", "sgd")
    lab.fill("learning-rate", "10")
    lab.press_train("Train")
    notice = lab.wait_text(".ink-notice", "Training paused itself")
    assert "The weights of iteration" in notice
    assert "Try a smaller learning rate than 10" in notice
    lab.wait_text(".ink-train", "Train")
    lab.fill("learning-rate", "0.1")
    lab.wait_text(".ink-status", "learning rate 0.1 ")
    lab.click("ink-reset")
    lab.press_train("Train")
    lab.wait_text(".ink-status", r"loss 0\.[0-4]")
