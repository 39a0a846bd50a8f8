import re

import pytest
from html_values import data_of

from dashboard.digits.views.status import progress_html, status_html
from dashboard.training.snapshot import Snapshot
from nn import load_pretrained


def test_the_status_line_has_its_values_as_attributes():
    snapshot = Snapshot(
        run=1, network=load_pretrained(), iteration=12, epoch=0.25, loss=0.5, accuracy=0.875,
        cached=3, in_flight=2, threads=2,
    )  # fmt: skip
    html = status_html(snapshot, is_training=True)
    assert data_of(html) == {
        "state": "training",
        "iteration": "12",
        "epoch": "0.2500",
        "loss": "0.5",
        "accuracy": "0.875",
        "speed": "0",
        "cached": "3",
        "in-flight": "2",
        "threads": "2",
    }
    assert snapshot.status_line() in html
    assert snapshot.status_line().endswith("2 threads")


def test_a_run_that_has_not_begun_has_no_loss_and_no_accuracy():
    data = data_of(status_html(Snapshot(run=1, network=load_pretrained()), is_training=False))
    assert (data["state"], data["loss"], data["accuracy"]) == ("paused", "", "")
    assert data["threads"] == ""


def test_a_wait_for_data_is_a_state_of_its_own():
    snapshot = Snapshot(run=1, network=load_pretrained(), waiting=True)
    assert data_of(status_html(snapshot, is_training=True))["state"] == "waiting"


def test_the_fingerprint_of_the_weights_is_shown_only_while_paused():
    snapshot = Snapshot(run=1, network=load_pretrained())
    assert snapshot.fingerprint in status_html(snapshot, is_training=False)
    assert snapshot.fingerprint not in status_html(snapshot, is_training=True)


@pytest.mark.parametrize(
    ("epochs", "progress", "text"),
    [(0.0, 0.0, "Epoch 1 · 0 %"), (0.4, 0.4, "Epoch 1 · 40 %"), (2.0, 0.0, "Epoch 3 · 0 %")],
)
def test_the_progress_bar_counts_epochs_from_one(epochs, progress, text):
    html = progress_html(epochs, progress)
    assert re.sub(r"<[^>]*>", "", html) == f"Validation –{text}"
    assert f'value="{round(100 * progress)}"' in html


def test_the_newest_validation_accuracy_stands_beside_the_epoch():
    html = progress_html(1.5, 0.5, 0.9412)
    assert re.sub(r"<[^>]*>", "", html) == "Validation 94.1 %Epoch 2 · 50 %"
