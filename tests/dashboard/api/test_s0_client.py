"""Compatibility with clients of S0, which send only Content-Type and read only the keys of S0."""

import json
import urllib.request

import numpy as np
import pytest

from data_cache import load_digits, to_float


@pytest.fixture
def s0(fresh):
    """Send a request as S0's client does; return the body of the successful response."""

    def ask(method, path, content=None):
        body = None if content is None else json.dumps(content).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{fresh.url}/api{path}", body, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
            return answer.read()

    return ask


def assert_is_sample(sample):
    assert sample.keys() == {"target", "image"}
    assert type(sample["target"]) is int
    assert len(sample["image"]) == 784
    assert all(type(pixel) is float and 0 <= pixel <= 1 for pixel in sample["image"])


def test_data_is_one_sample(s0):
    content = json.loads(s0("GET", "/data"))
    assert content.keys() == {"data"}
    [sample] = content["data"]
    assert_is_sample(sample)
    digits = load_digits().train
    images = to_float(digits.images[digits.labels == sample["target"]])
    assert (images == np.array(sample["image"], np.float32)).all(axis=1).any()


def test_datablock_has_the_requested_number_of_samples(s0):
    samples = json.loads(s0("POST", "/datablock", {"block": 128}))["data"]
    assert len(samples) == 128
    for sample in samples:
        assert_is_sample(sample)


def test_weights_are_two_nested_lists_of_784_by_128_and_128_by_10(s0):
    first, second = json.loads(s0("GET", "/weights"))["weights"]
    assert (len(first), {len(row) for row in first}) == (784, {128})
    assert (len(second), {len(row) for row in second}) == (128, {10})


def test_fetched_weights_can_be_posted_and_fetched_again(s0):
    weights = json.loads(s0("GET", "/weights"))["weights"]
    s0("POST", "/weights", {"weights": weights})
    content = json.loads(s0("GET", "/weights"))
    assert content == {"weights": weights}  # a network without biases, as in S0


def test_training_lowers_the_loss_of_the_samples(s0):
    for count in (1, 128):
        samples = json.loads(s0("POST", "/datablock", {"block": count}))
        losses = [json.loads(s0("PATCH", "/weights", samples)) for _ in range(2)]
        assert all(loss.keys() == {"loss"} for loss in losses)
        assert losses[1]["loss"] <= losses[0]["loss"]  # equal if the loss is 0 already


def test_the_loss_without_samples_is_zero(s0):
    before = s0("GET", "/weights")
    assert json.loads(s0("PATCH", "/weights", {"data": []})) == {"loss": 0}
    assert s0("GET", "/weights") == before


def test_the_loss_of_a_blank_image_is_that_of_the_biases(s0, fresh):
    """The blank image of S0's test."""
    biases = json.loads(s0("GET", "/weights"))["biases"]
    weights = json.loads(s0("GET", "/weights"))["weights"]
    hidden = np.maximum(np.array(biases[0]), 0)
    logits = hidden @ np.array(weights[1]) + np.array(biases[1])
    expected = np.log(np.exp(logits).sum()) - logits[1]
    answer = s0("PATCH", "/weights", {"data": [{"target": 1, "image": [0.0] * 784}]})
    assert json.loads(answer)["loss"] == pytest.approx(expected, rel=1e-4)


def test_delete_restores_the_pretrained_weights(s0):
    before = s0("GET", "/weights")
    s0("PATCH", "/weights", json.loads(s0("POST", "/datablock", {"block": 5})))
    assert s0("GET", "/weights") != before
    s0("DELETE", "/weights")
    assert s0("GET", "/weights") == before
