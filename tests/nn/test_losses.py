import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_network import targets

from nn.losses import (
    LossWorkspace,
    check_labels,
    log_softmax,
    negative_log_likelihood,
    softmax_cross_entropy,
)


def measure(logits, labels, **settings):
    """Return the result, and the gradients, of the loss of `logits`, which stay as they are."""
    delta = np.empty_like(logits)
    workspace = LossWorkspace.create(*logits.shape, logits.dtype)
    result = softmax_cross_entropy(logits.copy(), np.array(labels), delta, workspace, **settings)
    return result, delta


@given(
    scores=st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=1, max_size=4),
    shift=st.floats(-100, 100, width=32),
)
def test_log_softmax_is_finite_never_positive_and_sums_to_one(scores, shift):
    log_probabilities = log_softmax(np.array([scores], dtype=np.float32))
    assert np.isfinite(log_probabilities).all()
    assert (log_probabilities <= 0).all()
    assert np.exp(log_probabilities).sum() == pytest.approx(1, abs=1e-5)
    small = np.clip(np.array([scores]), -50, 50)
    np.testing.assert_allclose(log_softmax(small + shift), log_softmax(small), atol=1e-9)


def test_the_loss_is_finite_at_probabilities_of_exactly_zero_and_one():
    logits = np.array([[0.0, 1e4], [1e4, 0.0]], dtype=np.float32)
    log_probabilities = log_softmax(logits)
    np.testing.assert_array_equal(np.exp(log_probabilities), [[0, 1], [1, 0]])
    assert negative_log_likelihood(log_probabilities, np.array([1, 0])) == 0.0
    assert negative_log_likelihood(log_probabilities, np.array([0, 1])) == 1e4
    assert measure(logits, [1, 0])[0] == (0.0, 2)
    assert measure(logits, [0, 1])[0] == (1e4, 0)


def test_a_perfect_loss_is_not_minus_zero():
    assert str(negative_log_likelihood(np.zeros((1, 1)), np.array([0]))) == "0.0"
    assert str(measure(np.zeros((1, 1)), [0])[0].loss) == "0.0"


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("is_labelled", [None, np.array([True, False, True, True, False, True])])
def test_the_gradient_is_the_difference_of_probabilities_and_targets(smoothing, is_labelled):
    logits = np.random.default_rng(0).standard_normal((6, 4))
    labels = np.array([0, 3, 1, 1, 2, 3])
    result, delta = measure(logits, labels, label_smoothing=smoothing, is_labelled=is_labelled)
    log_p = log_softmax(logits)
    wanted = targets(labels, 4, smoothing, is_labelled)
    np.testing.assert_allclose(delta, (np.exp(log_p) - wanted) / 6, rtol=1e-12)
    unsmoothed = targets(labels, 4, 0.0, is_labelled)
    assert result.loss == pytest.approx(-(unsmoothed * log_p).sum(axis=1).mean())
    is_right = log_p.argmax(axis=1) == labels
    if is_labelled is not None:
        is_right &= is_labelled
    assert result.correct == is_right.sum()


def test_class_255_is_a_class_like_any_other():
    logits = np.random.default_rng(0).standard_normal((2, 300))
    labels = np.array([255, 3])
    result, delta = measure(logits, labels)
    assert result.loss == pytest.approx(negative_log_likelihood(log_softmax(logits), labels))
    expected = (np.exp(log_softmax(logits)) - np.eye(300)[labels]) / 2
    np.testing.assert_allclose(delta, expected, rtol=1e-12)


def test_the_label_of_an_unlabelled_sample_may_be_anything():
    logits = np.random.default_rng(0).standard_normal((2, 3))
    is_labelled = np.array([True, False])
    first = measure(logits, [1, 255], is_labelled=is_labelled)
    second = measure(logits, [1, 0], is_labelled=is_labelled)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])


def test_where_everything_is_nan_the_first_class_is_predicted():
    assert measure(np.full((3, 4), np.nan), [0, 1, 0])[0].correct == 2


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint64, np.int32])
def test_labels_may_be_of_any_integer_type(dtype):
    labels = np.array([0, 2, 1], dtype)
    assert check_labels(labels, 3, 3) is labels


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 3]), "from 0 to 2 and found 3 at position 2"),
        (np.array([0, -1, 1]), "from 0 to 2 and found -1 at position 1"),
        (np.array([0, 255, 1], np.uint8), "from 0 to 2 and found 255 at position 1"),
        (np.array([0.0, 1.0, 2.0]), "integer type and found float64"),
        (np.array([0, 1]), r"each of the 3 samples, shape \(3,\), and found \(2,\)"),
        (np.array([[0], [1], [2]]), r"found \(3, 1\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        check_labels(labels, 3, 3)


def test_labels_of_an_empty_batch_are_refused():
    with pytest.raises(ValueError, match="empty batch"):
        check_labels(np.zeros(0, int), 0, 3)


def test_only_labels_that_count_are_checked():
    labels, is_labelled = np.array([0, 255, 254]), np.array([True, False, True])
    with pytest.raises(ValueError, match="found 254 at position 2"):
        check_labels(labels, 3, 3, is_labelled)
    check_labels(labels, 3, 3, np.array([True, False, False]))


@pytest.mark.parametrize("is_labelled", [np.array([True, False]), np.array([1, 0, 1])])
def test_a_mask_that_does_not_fit_is_refused(is_labelled):
    with pytest.raises(ValueError, match=r"Expected is_labelled as \(3,\) booleans"):
        check_labels(np.array([0, 1, 2]), 3, 3, is_labelled)
