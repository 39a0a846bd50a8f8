from importlib.resources import files

import numpy as np
import pytest

from nn import PRETRAINED, load_pretrained, pretrained_card

MOST_BYTES = {"mlp": 250_000, "best": 1_500_000}
LEAST_ACCURACY = {"mlp": 0.99, "best": 0.995}
LEAST_MOVED = {"mlp": 0.97, "best": 0.99}


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_pretrained_model_classifies_digits(name):
    network = load_pretrained(name)
    assert (network.sizes[0], network.classes, network.dtype) == (784, 10, np.float32)
    image = np.zeros((28, 28), dtype=np.float32)
    image[4:24, 13:15] = 1
    probabilities = network.predict_proba(image.reshape(1, 784))
    assert probabilities.argmax() == 1
    assert probabilities.max() > 0.5


def test_the_small_dense_model_is_the_default_and_every_call_gives_an_independent_network():
    first, second = load_pretrained(), load_pretrained("mlp")
    assert first.title == second.title == "784-128-10"
    first.parameters()[0].fill(0)
    assert second.parameters()[0].any()
    assert pretrained_card() == pretrained_card("mlp")


@pytest.mark.parametrize("use", [load_pretrained, pretrained_card])
def test_an_unknown_model_is_refused_with_the_choices(use):
    with pytest.raises(ValueError, match=r"mlp, best .* found 'huge'"):
        use("huge")


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_card_describes_the_model_which_is_good_and_small_enough(name):
    card = pretrained_card(name)
    assert card.sizes == load_pretrained(name).title
    assert card.bytes == len(files("nn.pretrained").joinpath(f"{name}.npz").read_bytes())
    assert card.bytes < MOST_BYTES[name]
    assert LEAST_ACCURACY[name] <= card.test_accuracy <= 1
    assert LEAST_MOVED[name] <= card.moved_accuracy <= 1
    assert (card.test_count, card.digits) == (10_000, 55_000)
    assert card.seconds > 0
    assert 0 < card.confidence_threshold < card.picture_threshold < 1
