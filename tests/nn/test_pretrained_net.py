import json
from importlib.resources import files

import numpy as np
import pytest

from nn import PRETRAINED, load_pretrained, pretrained_card
from nn.pretrained import card_from_json

CARD = {
    "sizes": "784-128-10",
    "command": "inkling train",
    "digits": 55000,
    "test_accuracy": 0.98,
    "test_count": 10000,
    "moved_accuracy": 0.97,
    "seed": 1,
    "seconds": 400.5,
    "bytes": 205781,
}
MOST_BYTES = {"mlp": 250_000, "best": 1_500_000}
LEAST_ACCURACY = {"mlp": 0.985, "best": 0.995}
LEAST_MOVED = {"mlp": 0.97, "best": 0.99}


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_ready_trained_net_reads_pictures_of_digits(name):
    network = load_pretrained(name)
    assert network.sizes[0] == 784
    assert network.classes == 10
    assert network.dtype == np.float32
    assert all(np.isfinite(parameter).all() for parameter in network.parameters())


def test_every_call_gives_a_net_of_its_own():
    first, second = load_pretrained(), load_pretrained()
    first.layers[0].weights.fill(0)
    assert second.layers[0].weights.any()


def test_the_small_dense_net_is_the_one_without_a_name():
    assert load_pretrained().title == load_pretrained("mlp").title == "784-128-10"
    assert pretrained_card() == pretrained_card("mlp")


def test_a_net_that_there_is_not_is_refused_with_the_choices():
    for open_one in (load_pretrained, pretrained_card):
        with pytest.raises(ValueError, match="Unknown ready-trained net 'huge': choose one of mlp"):
            open_one("huge")


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_vertical_stroke_is_a_one(name):
    picture = np.zeros((28, 28), dtype=np.float32)
    picture[4:24, 13:15] = 1
    probabilities = load_pretrained(name).predict_proba(picture.reshape(1, 784))
    assert probabilities.argmax() == 1
    assert probabilities.max() > 0.5


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_card_speaks_of_the_net_that_is_there_which_is_good_and_small_enough(name):
    card = pretrained_card(name)
    assert card.sizes == load_pretrained(name).title
    assert card.bytes == len(files("nn").joinpath("pretrained", f"{name}.npz").read_bytes())
    assert card.bytes < MOST_BYTES[name]
    assert LEAST_ACCURACY[name] <= card.test_accuracy <= 1
    assert LEAST_MOVED[name] <= card.moved_accuracy <= 1
    assert card.test_count == 10_000
    assert card.digits == 55_000
    assert card.seconds > 0


def test_a_card_is_read():
    assert card_from_json(json.dumps(CARD)).digits == 55000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expected the card of the ready-trained net as JSON"),
        ("[]", r"to hold sizes, command, .*, moved_accuracy, seed, seconds, bytes and found list"),
        (json.dumps({"sizes": "1-2"}), "and found sizes"),
        (json.dumps({**CARD, "more": 1}), "bytes, more"),
    ],
)
def test_a_card_of_another_form_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        card_from_json(text)
