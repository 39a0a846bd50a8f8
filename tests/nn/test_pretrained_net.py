import json
from importlib.resources import files

import numpy as np
import pytest

from nn import load_pretrained, pretrained_card
from nn.pretrained import card_from_json

CARD = {
    "sizes": "784-128-10",
    "command": "inkling train",
    "digits": 55000,
    "test_accuracy": 0.98,
    "test_count": 10000,
    "seed": 1,
}


def test_the_ready_trained_net_reads_pictures_of_digits():
    network = load_pretrained()
    assert network.sizes[0] == 784
    assert network.classes == 10
    assert network.dtype == np.float32
    assert all(np.isfinite(parameter).all() for parameter in network.parameters())


def test_every_call_gives_a_net_of_its_own():
    first, second = load_pretrained(), load_pretrained()
    first.layers[0].weights.fill(0)
    assert second.layers[0].weights.any()


def test_a_vertical_stroke_is_a_one():
    picture = np.zeros((28, 28), dtype=np.float32)
    picture[4:24, 13:15] = 1
    probabilities = load_pretrained().predict_proba(picture.reshape(1, 784))
    assert probabilities.argmax() == 1
    assert probabilities.max() > 0.5


def test_the_net_is_small_enough_for_a_page():
    assert len(files("nn").joinpath("pretrained", "digits.npz").read_bytes()) < 2_000_000


def test_the_card_speaks_of_the_net_that_is_there():
    card = pretrained_card()
    assert card.sizes == "-".join(map(str, load_pretrained().sizes))
    assert 0.9 < card.test_accuracy <= 1
    assert card.test_count == 10_000
    assert card.digits > 0
    assert card.command


def test_a_card_is_read():
    assert card_from_json(json.dumps(CARD)).digits == 55000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expected the card of the ready-trained net as JSON"),
        ("[]", "to hold sizes, command, digits, test_accuracy, test_count, seed and found list"),
        (json.dumps({"sizes": "1-2"}), "and found sizes"),
        (json.dumps({**CARD, "more": 1}), "seed, more"),
    ],
)
def test_a_card_of_another_form_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        card_from_json(text)
