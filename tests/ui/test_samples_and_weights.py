"""Samples, fine-tuning, scores and weights files, as people use them in both runtimes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from browser_page import ONE, SEVEN, LabPage

from data_cache import load_digits, read_samples
from nn import create_network, load_weights, save_weights

pytestmark = pytest.mark.ui

OPEN_FOUR = ((0.85, 0.1), (0.15, 0.45), (0.85, 0.52), (0.4, 0.9))
"""A four in one open stroke, which some models take for another digit."""


def download(lab: LabPage, css_class: str, folder: Path) -> Path:
    with lab.page.expect_download() as waiting:
        lab.click(css_class)
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


@pytest.mark.upstream_patch("message_loop", runtime="site")
def test_a_sample_is_loaded_by_index_and_predicted(lab: LabPage) -> None:
    label = int(load_digits().test.labels[7])
    lab.page.get_by_label("Index").fill("7")
    lab.click("ink-sample")
    lab.wait_text(".ink-notice", f"Sample 7 of test, labelled “{label}”")
    lab.wait_digit(label)


def test_a_sample_of_a_chosen_digit_comes_from_the_chosen_part(lab: LabPage) -> None:
    lab.page.get_by_label("Split").select_option(label="training")
    lab.page.locator(".ink-sample-class select").select_option(label="4")
    lab.click("ink-sample")
    lab.wait_text(".ink-notice", r"Sample [\d,]+ of train, labelled “4”")
    lab.wait_digit(4)


@pytest.mark.upstream_patch("message_loop", runtime="site")
def test_an_index_that_is_not_there_is_answered_with_a_sentence(lab: LabPage) -> None:
    lab.page.get_by_label("Index").fill("99999")
    lab.click("ink-sample")
    lab.wait_text(".ink-notice", "whole number from 0 to 499, or nothing for any sample")
    assert lab.data(".ink-prediction")["state"] == "blank"


def test_fine_tuning_on_a_drawing_lowers_its_loss(lab: LabPage) -> None:
    lab.click("ink-teach")
    lab.wait_text(".ink-notice", "Draw something first")
    lab.draw(SEVEN)
    lab.wait_digit(7)
    lab.page.locator(".ink-label select").select_option(label="3")
    lab.click("ink-teach")
    notice = lab.wait_text(
        ".ink-notice", r"One step on the label “3”: loss on the drawing [\d.]+ → [\d.]+"
    )
    before, after = notice.split("drawing ")[1].rstrip(".").split(" → ")
    assert float(after) < float(before)


def test_a_correction_teaches_the_model_and_undo_takes_it_back(
    lab: LabPage, tmp_path: Path
) -> None:
    lab.choose_model("MLP (pretrained)")
    lab.draw(OPEN_FOUR)
    lab.wait_text(".ink-ask", r"Not an? \d")
    lab.page.locator(".ink-ask button").press("Enter")
    lab.page.get_by_role("button", name="It is a four").press("Enter")
    found = lab.wait_data(".ink-choice", digits=1, state="ready", kept="true")
    before, after = float(found["validationBefore"]), float(found["validationAfter"])
    assert before - after < 0.002
    lab.wait_data(".ink-model", origin="fine-tuned")
    lab.wait_text("#announcer", f"{100 * before:.1f} % before, {100 * after:.1f} % now")
    lab.page.get_by_role("button", name="1 own digit").click()
    with lab.page.expect_download() as waiting:
        lab.page.get_by_role("button", name="Save as idx").click()
    waiting.value.save_as(tmp_path / "own.zip")
    assert read_samples(tmp_path / "own.zip").samples.labels.tolist() == [4]
    lab.page.get_by_role("button", name="Undo fine-tuning").click()
    lab.wait_data(".ink-choice", digits=0)
    lab.wait_data(".ink-model", origin="pretrained")
    lab.page.locator(".ink-own-load input[type=file]").set_input_files(tmp_path / "own.zip")
    lab.page.get_by_role("button", name="Remove own digit 1").click()
    lab.wait_data(".ink-choice", digits=0)
    lab.page.locator(".ink-ask button").click()


def test_the_test_score_comes_on_demand_with_its_interval(lab: LabPage) -> None:
    lab.click("ink-test")
    lab.wait_text(
        ".ink-notice",
        r"Test: \d\d\.\d\d % of 500 right \(95 % interval .*not an independent test\.",
    )
    lab.click("ink-reset")
    lab.wait_text(".ink-notice", "A new MLP")
    lab.click("ink-test")
    notice = lab.wait_text(".ink-notice", r"Test: \d+\.\d\d % of 500 right")
    assert "not an independent test" not in notice


@pytest.mark.parametrize(("kind", "suffix"), [("NumPy (.npz)", ".npz"), ("JSON, W0 b0 …", ".json")])
def test_weights_saved_to_a_file_come_back_from_it(
    lab: LabPage, kind: str, suffix: str, tmp_path: Path
) -> None:
    lab.open_settings()
    lab.page.get_by_label("Save as").select_option(label=kind)
    lab.choose_model("MLP (pretrained)")
    lab.wait_data(".ink-model", model="mlp")
    path = download(lab, "ink-save", tmp_path)
    assert path.name == f"inkling-weights{suffix}"
    assert load_weights(path).sizes == (784, 128, 10)
    lab.click("ink-reset")
    lab.wait_text(".ink-notice", "A new MLP")
    lab.page.locator(".ink-load input[type=file]").set_input_files(path)
    lab.wait_text(".ink-notice", "Loaded inkling-weights.*MLP 784-128-10")
    lab.draw(ONE)
    lab.wait_digit(1)


def test_bad_weights_files_are_refused_with_what_is_wrong(lab: LabPage, tmp_path: Path) -> None:
    chooser = lab.page.locator(".ink-load input[type=file]")
    small = create_network([20, 5, 10], generator=np.random.default_rng(1))
    save_weights(small, tmp_path / "small.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "small.npz").read_bytes()[:200])
    (tmp_path / "other.json").write_text(json.dumps({"hello": "world"}))
    expected = {
        "small.npz": "needs a net with 784 inputs and 10 outputs; this one has 20 and 10",
        "cut.npz": "cut.npz",
        "other.json": "other.json",
    }
    for name, sentence in expected.items():
        chooser.set_input_files(tmp_path / name)
        lab.wait_text(".ink-notice", sentence)
    lab.draw(SEVEN)
    lab.wait_digit(7)


def test_the_largest_network_that_can_be_saved_is_loaded(
    served_lab: LabPage, tmp_path: Path
) -> None:
    """As 23 MB in parts."""
    lab = served_lab
    lab.open_settings()
    wide = create_network([784, 2048, 2048, 10], generator=np.random.default_rng(1))
    save_weights(wide, tmp_path / "wide.npz")
    chooser = lab.page.locator(".ink-load input[type=file]")
    chooser.set_input_files(tmp_path / "wide.npz")
    lab.wait_text(".ink-notice", "Loaded wide.npz: MLP 784-2048-2048-10")


@pytest.mark.upstream_patch("file_limits", runtime="site")
def test_a_file_above_the_limit_is_refused_before_it_is_read(lab: LabPage, tmp_path: Path) -> None:
    """A file whose text as base64 could not even be made; nothing of it is read."""
    lab.open_settings()
    with (tmp_path / "huge.npz").open("wb") as file:
        file.truncate(600_000_000)
    for _ in range(2):
        lab.page.locator(".ink-load input[type=file]").set_input_files(tmp_path / "huge.npz")
        lab.wait_text(".ink-notice", "huge.npz: expected a file of at most 110 MB, found 600.0 MB")
        lab.draw(ONE)


def test_a_pretrained_model_and_ones_own_are_exchanged_in_the_menu(lab: LabPage) -> None:
    lab.click("ink-step")
    lab.wait_data(".ink-model", origin="fresh", iteration=1)
    lab.choose_model("CNN (pretrained)")
    lab.wait_data(".ink-model", model="best")
    lab.draw(SEVEN)
    lab.wait_digit(7)
    lab.choose_model("MLP 784-128-10, iteration 1")
    lab.wait_data(".ink-model", model="784-128-10", iteration=1)
    lab.wait_status(iteration=1)


@pytest.mark.upstream_patch("message_loop", runtime="site")
def test_the_curve_is_exported_as_csv(lab: LabPage, tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        lab.click("ink-step")
        lab.wait_status(iteration=expected)
    rows = list(csv.DictReader(io.StringIO(download(lab, "ink-csv", tmp_path).read_text())))
    assert [row["iteration"] for row in rows] == ["1", "2", "3"]
    assert all(0 < float(row["loss"]) < 20 and row["learning_rate"] for row in rows)
