"""When the answer of a pretrained model to a drawing counts as sure."""

import numpy as np
import pytest

from dashboard.answer_confidence import is_answer_sure
from data_cache import load_digits
from nn import load_pretrained, pretrained_card

IMAGE = load_digits().test.images[0]


class Asked:
    """A network that counts how often it predicts."""

    def __init__(self):
        self.count, self._network = 0, load_pretrained("mlp")

    def predict_proba(self, images):
        self.count += 1
        return self._network.predict_proba(images)


def test_a_drawing_whose_probabilities_are_known_is_not_predicted_again():
    network, card = Asked(), pretrained_card("mlp")
    known = load_pretrained("mlp").predict_proba(IMAGE[np.newaxis])[0]
    assert is_answer_sure(network, IMAGE, card, probabilities=known)
    assert not is_answer_sure(network, IMAGE, card, probabilities=np.full(10, 0.1, np.float32))
    assert network.count == 0
    assert is_answer_sure(network, IMAGE, card)
    assert network.count == 1


@pytest.mark.parametrize("is_picture", [False, True])
def test_a_warning_makes_every_answer_unsure_and_without_a_card_every_other_answer_counts(
    is_picture,
):
    network, card = load_pretrained("mlp"), pretrained_card("mlp")
    assert not is_answer_sure(network, IMAGE, card, is_picture=is_picture, has_warning=True)
    assert is_answer_sure(network, IMAGE, None, is_picture=is_picture)
