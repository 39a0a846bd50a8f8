import tracemalloc

import numpy as np
import pytest
from reference_network import forward, loss_gradients, measure_loss
from step_helpers import call_by_call

from nn import (
    ACTIVATIONS,
    OPTIMIZERS,
    TrainingStep,
    check_gradient,
    create_network,
    create_optimizer,
)

SIZES = (12, 7, 5, 3)


def make_network(sizes=SIZES, *, dtype=np.float64, **settings):
    return create_network(sizes, generator=np.random.default_rng(0), dtype=dtype, **settings)


def make_step(network, optimizer="sgd", **settings):
    return TrainingStep(network, create_optimizer(optimizer, network.parameters()), **settings)


def make_batch(count, *, inputs=12, classes=3, seed=1, dtype=np.float64):
    generator = np.random.default_rng(seed)
    return generator.random((count, inputs), dtype), generator.integers(0, classes, count)


def expected_masks(network, count, rate, generator):
    shapes = [(count, units) for units in network.sizes[1:-1]]
    return [(generator.random(shape) >= rate) / (1 - rate) for shape in shapes]


def shaken(network):
    """Return the network with other values, so that no bias is zero."""
    generator = np.random.default_rng(7)
    for parameter in network.parameters():
        np.add(parameter, 0.1 * generator.standard_normal(parameter.shape), out=parameter)
    return network


SPECS = ["crop8 conv3x4 pool2 conv3x3", "conv2x3 pool2s1 conv3x4p0 pool2 conv1x2", "conv3x3"]


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_does_what_reference_gradients_and_an_optimizer_do(optimizer, biases, dropout):
    network = make_network(activation="tanh", biases=biases)
    follow_reference(network, optimizer, dropout=dropout, l1=0.01, l2=0.02)


@pytest.mark.parametrize("layer_spec", SPECS)
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_convolutional_step_does_what_the_reference_does(optimizer, biases, layer_spec):
    network = shaken(make_network((144, 7, 3), biases=biases, layer_spec=layer_spec))
    follow_reference(network, optimizer, dropout=0.3, l1=0.001, l2=0.01, label_smoothing=0.2)


def follow_reference(network, optimizer, *, dropout, **settings):
    reference = network.copy()
    step = make_step(
        network, optimizer, dropout=dropout, generator=np.random.default_rng(4), **settings
    )
    reference_optimizer = create_optimizer(optimizer, reference.parameters())
    generator = np.random.default_rng(4)
    for count, seed in [(4, 1), (1, 2), (9, 3), (4, 4), (6, 5)]:
        x, labels = make_batch(count, inputs=network.inputs, seed=seed)
        masks = expected_masks(reference, count, dropout, generator) if dropout else None
        loss = measure_loss(reference, x, labels, dropout_masks=masks).data
        log_probabilities = forward(reference, x, masks).log_probabilities
        gradients = loss_gradients(reference, x, labels, dropout_masks=masks, **settings)
        reference_optimizer.update(reference.parameters(), gradients, 0.01)
        result = step(x, labels, 0.01)
        assert result.loss == pytest.approx(loss, rel=1e-9)
        assert result.correct == (log_probabilities.argmax(axis=1) == labels).sum()
        for mine, theirs in zip(network.parameters(), reference.parameters(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu", "tanh", "sigmoid", "linear"])
@pytest.mark.parametrize("count", [1, 5])
def test_a_float32_step_follows_the_reference_for_every_activation(activation, count):
    network = make_network(dtype=np.float32, activation=activation)
    before = network.copy()
    x, labels = make_batch(count, dtype=np.float32)
    make_step(network)(x, labels, 1.0)
    gradients = loss_gradients(before, x, labels)
    for new, old, gradient in zip(
        network.parameters(), before.parameters(), gradients, strict=True
    ):
        np.testing.assert_allclose(new, old - gradient, rtol=1e-5, atol=1e-6)


# Gradients without an update


def gradient_error(network, x, labels, is_labelled=None, **settings):
    """Return the relative error of `gradients` beside differences of the reference's loss."""

    def loss(parameters):
        moved = network.with_parameters(parameters)
        return measure_loss(moved, x, labels, is_labelled=is_labelled, **settings).total

    def gradients(parameters):
        step = make_step(network.with_parameters([p.copy() for p in parameters]), **settings)
        return step.gradients(x, labels, is_labelled)[1]

    generator = np.random.default_rng(5)
    return check_gradient(loss, gradients, network.parameters(), generator, directions=3)


@pytest.mark.parametrize(
    "settings", [{}, {"l1": 0.3}, {"l2": 0.7}, {"l1": 0.2, "l2": 0.4, "label_smoothing": 0.1}]
)
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradients_equal_central_differences_of_the_loss(activation, biases, settings):
    network = shaken(make_network((5, 4, 4, 3), activation=activation, biases=biases))
    assert gradient_error(network, *make_batch(6, inputs=5), **settings) < 1e-6


@pytest.mark.parametrize("sizes", [(5, 3), (1, 1, 3), (5, 7, 6, 5, 4, 3)])
def test_the_gradients_are_right_at_any_depth(sizes):
    network = shaken(make_network(sizes, activation="tanh"))
    assert gradient_error(network, *make_batch(6, inputs=sizes[0])) < 1e-7


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("layer_spec", [*SPECS, "crop8 conv5x3 pool2 conv3x4 pool3s2"])
def test_the_gradients_of_convolutions_equal_central_differences(layer_spec, activation):
    network = make_network(
        (144, 7, 3), layer_spec=layer_spec, activation=activation, initialization="xavier"
    )
    batch = make_batch(6, inputs=144)
    settings = {"l1": 0.001, "l2": 0.01, "label_smoothing": 0.1}
    assert gradient_error(shaken(network), *batch, **settings) < 1e-5


def test_equal_values_in_a_window_share_no_gradient():
    # A blank image gives every position of a window the same sum; only one may get the gradient.
    network = shaken(make_network((36, 3), layer_spec="conv3x3 pool2"))
    network.layers[0].bias[:] = 1
    assert gradient_error(network, np.zeros((2, 36)), np.array([0, 1])) < 1e-6


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("layer_spec", [None, "conv3x4 pool2"])
def test_the_gradients_of_unlabelled_samples_equal_central_differences(layer_spec, smoothing):
    network = shaken(make_network((144, 7, 3), layer_spec=layer_spec))
    x, labels = make_batch(6, inputs=144)
    is_labelled = np.array([True, False, True, True, False, True])
    labels[~is_labelled] = 255
    # The reference looks labels up before it replaces their targets.
    shown = np.where(is_labelled, labels, 0)
    assert gradient_error(network, x, shown, is_labelled, label_smoothing=smoothing) < 1e-6


def test_penalties_leave_the_biases_alone():
    x, labels = make_batch(6)
    plain = [array.copy() for array in make_step(make_network()).gradients(x, labels)[1]]
    punished = make_step(make_network(), l1=1.0, l2=1.0).gradients(x, labels)[1]
    for one, other in zip(plain, punished, strict=True):
        assert (one.ndim == 1) == np.array_equal(one, other)


def test_gradients_change_neither_the_network_nor_the_optimizer():
    network, untouched = make_network(), make_network()
    step = make_step(network, "adam")
    x, labels = make_batch(5)
    result, _ = step.gradients(x, labels)
    assert step.optimizer.steps == 0
    for mine, theirs in zip(network.parameters(), untouched.parameters(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert result == step(x, labels, 0.1)


# Unlabelled samples


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("layer_spec", [None, "conv3x4 pool2"])
def test_a_step_learns_to_be_undecided_about_unlabelled_samples(layer_spec, smoothing):
    network = shaken(make_network((144, 7, 3), layer_spec=layer_spec))
    reference = network.copy()
    before = network.predict_log_proba(make_batch(6, inputs=144)[0])
    x, labels = make_batch(6, inputs=144)
    is_labelled = np.array([True, False, True, True, False, True])
    gradients = loss_gradients(
        reference, x, labels, label_smoothing=smoothing, is_labelled=is_labelled
    )
    result = make_step(network, label_smoothing=smoothing)(x, labels, 0.1, is_labelled)
    for mine, theirs, gradient in zip(
        network.parameters(), reference.parameters(), gradients, strict=True
    ):
        np.testing.assert_allclose(mine, theirs - 0.1 * gradient, atol=1e-12)
    of_labelled = before[is_labelled, labels[is_labelled]].sum()
    of_others = before[~is_labelled].mean(axis=1).sum()
    assert result.loss == pytest.approx(-(of_labelled + of_others) / 6)
    is_right = is_labelled & (before.argmax(axis=1) == labels)
    assert result.correct == is_right.sum()


def test_class_255_of_more_than_256_classes_is_learnt_like_the_others():
    network = make_network((4, 300))
    x, labels = np.ones((2, 4)), np.array([255, 7])
    expected = measure_loss(network, x, labels).data
    step = make_step(network)
    assert step.gradients(x, labels)[0].loss == pytest.approx(expected)
    for _ in range(50):
        result = step(x[:1], labels[:1], 1.0)
    assert result.correct == 1
    assert network.predict_proba(x[:1])[0, 255] > 0.9


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_consecutive_steps_take_their_part_of_the_mask(dropout):
    x, labels = make_batch(12, dtype=np.float32)
    is_labelled = np.random.default_rng(2).random(12) > 0.3
    found = []
    for batches in (1, 3):
        network = make_network(dtype=np.float32)
        step = make_step(network, dropout=dropout, generator=np.random.default_rng(4))
        results = []
        for part in range(0, 12, 12 // batches):
            chosen = slice(part, part + 12 // batches)
            rates = [0.1] * (3 // batches)
            results += step.take_steps(x[chosen], labels[chosen], rates, is_labelled[chosen])
        found.append((results, [array.tobytes() for array in network.parameters()]))
    assert found[0] == found[1]


# Consecutive steps, and batches


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_consecutive_steps_are_those_of_as_many_calls(optimizer, dropout):
    x, labels = make_batch(12, dtype=np.float32)
    rates = [0.1, 0.05, 0.2]
    found = []
    for train in (TrainingStep.take_steps, call_by_call):
        network = make_network(dtype=np.float32)
        step = make_step(network, optimizer, dropout=dropout, generator=np.random.default_rng(4))
        results = train(step, x, labels, rates)
        found.append((results, [array.tobytes() for array in network.parameters()]))
    assert found[0] == found[1]
    assert len(found[0][0]) == 3


@pytest.mark.parametrize("rates", [[], [0.1] * 5])
def test_samples_that_cannot_be_divided_among_the_steps_are_refused(rates):
    network = make_network()
    before = [parameter.copy() for parameter in network.parameters()]
    with pytest.raises(ValueError, match=f"for each of {len(rates)} steps and found 12 of them"):
        make_step(network).take_steps(*make_batch(12), rates)
    for mine, theirs in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_parameters_stay_in_their_arrays_and_the_batch_is_untouched():
    network = make_network()
    arrays = network.parameters()
    x, labels = make_batch(5)
    copies = x.copy(), labels.copy()
    make_step(network, "adam", l2=0.1)(x, labels, 0.1)
    for array, parameter in zip(arrays, network.parameters(), strict=True):
        assert array is parameter
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(labels, copies[1])


def test_batches_of_any_size_may_follow_each_other():
    network, in_one_size = make_network(), make_network()
    step = make_step(network, batch_capacity=3)
    for count in (3, 1, 2, 8, 3, 1):
        x, labels = make_batch(count, seed=count)
        step(x, labels, 0.1)
        make_step(in_one_size, batch_capacity=count)(x, labels, 0.1)
    for mine, theirs in zip(network.parameters(), in_one_size.parameters(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint64, np.int32])
def test_labels_may_be_of_any_integer_type(dtype):
    network, other = make_network(), make_network()
    x, labels = make_batch(5)
    make_step(network)(x, labels, 0.1)
    make_step(other)(x, labels.astype(dtype), 0.1)
    np.testing.assert_array_equal(network.layers[0].weights, other.layers[0].weights)


@pytest.mark.parametrize(
    "lay_out",
    [
        lambda x: x.astype(np.float64),
        np.asfortranarray,
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: x.astype(">f4"),
    ],
    ids=["float64", "by columns", "every other row", "every other column", "other byte order"],
)
def test_inputs_may_have_any_layout_in_memory(lay_out):
    network, other = make_network(dtype=np.float32), make_network(dtype=np.float32)
    x, labels = make_batch(5, dtype=np.float32)
    make_step(network)(x, labels, 0.1)
    make_step(other)(lay_out(x), labels, 0.1)
    np.testing.assert_array_equal(network.layers[0].weights, other.layers[0].weights)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("layer_spec", [None, "conv3x2 pool2"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_on_bytes_is_that_on_the_pixels_they_stand_for(dtype, layer_spec, dropout):
    generator = np.random.default_rng(4)
    given, labels = generator.integers(0, 256, (6, 144), np.uint8), generator.integers(0, 3, 6)
    lay_outs = (given, np.asfortranarray(given), given.astype(dtype) * dtype(1 / 255))
    found = []
    for x in lay_outs:
        network = make_network((144, 7, 3), dtype=dtype, layer_spec=layer_spec)
        step = make_step(
            network,
            "adam",
            dropout=dropout,
            generator=np.random.default_rng(2),
        )
        results = [step(x[:4], labels[:4], 0.1), *step.take_steps(x, labels, [0.1, 0.2])]
        found.append((results, [array.tobytes() for array in network.parameters()]))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("label", [3, 200, -1])
def test_a_label_out_of_range_is_refused_and_nothing_is_learnt(label):
    network, untouched = make_network(), make_network()
    x, labels = make_batch(4)
    labels[2] = label
    with pytest.raises(ValueError, match=f"labels from 0 to 2 and found {label} at position 2"):
        make_step(network)(x, labels, 0.1)
    np.testing.assert_array_equal(network.layers[0].weights, untouched.layers[0].weights)


@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (np.zeros((2, 11)), [0, 1], r"shape \(samples, 12\) and found \(2, 11\)"),
        (np.zeros(12), [0], r"found \(12,\); a single sample is x.reshape"),
        (np.zeros((2, 12), dtype=np.int64), [0, 1], "found int64"),
        (np.zeros((2, 12)), [0, 1, 2], "one label for each of the 2 samples"),
        (np.zeros((2, 12)), [0.0, 1.0], "labels of an integer type"),
        (np.zeros((0, 12)), np.zeros(0, dtype=int), "empty batch"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(x, labels, message):
    with pytest.raises(ValueError, match=message):
        make_step(make_network())(x, labels, 0.1)


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf])
def test_an_impossible_learning_rate_is_refused(rate):
    with pytest.raises(ValueError, match="learning rate of 0 or above"):
        make_step(make_network())(*make_batch(2), rate)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": 1.0, "generator": np.random.default_rng(0)}, "below 1, found 1.0"),
        ({"dropout": -0.1}, "below 1, found -0.1"),
        ({"dropout": 0.5}, "pass a generator to TrainingStep"),
        ({"l1": -1.0}, "l1 and l2 of 0 or above, found -1.0 and 0.0"),
        ({"l2": np.nan}, "l1 and l2 of 0 or above, found 0.0 and nan"),
        ({"label_smoothing": -0.1}, "label_smoothing to be at least 0 and below 1, found -0.1"),
        ({"label_smoothing": 1.0}, "label_smoothing to be at least 0 and below 1, found 1.0"),
        ({"label_smoothing": np.nan}, "label_smoothing to be at least 0 and below 1, found nan"),
    ],
)
def test_impossible_settings_are_refused_at_once_and_when_changed_later(settings, message):
    with pytest.raises(ValueError, match=message):
        make_step(make_network(), **settings)
    step = make_step(make_network())
    for name, value in settings.items():
        setattr(step, name, value)
    with pytest.raises(ValueError, match=message):
        step(*make_batch(2), 0.1)


def test_an_optimizer_made_for_another_network_is_refused():
    network, other = make_network(), make_network((12, 3))
    wrong = create_optimizer("sgd", other.parameters())
    with pytest.raises(ValueError, match="Expected an optimizer for parameters of the shapes"):
        TrainingStep(network, wrong)
    step = make_step(network)
    with pytest.raises(ValueError, match=r"create it with network.parameters\(\)"):
        step.optimizer = wrong


def test_the_network_of_a_step_cannot_be_replaced():
    network = make_network()
    step = make_step(network)
    with pytest.raises(AttributeError):
        step.network = make_network()
    assert step.network is network


def test_settings_changed_between_calls_take_effect_at_the_next():
    network, reference = make_network(), make_network()
    x, labels = make_batch(5)
    step = make_step(network)
    step(x, labels, 0.1)
    make_step(reference)(x, labels, 0.1)
    step.optimizer = create_optimizer("adam", network.parameters())
    step.l1, step.l2 = 0.1, 0.2
    step.dropout, step.generator = 0.5, np.random.default_rng(3)
    step(x, labels, 0.1)
    changed = make_step(
        reference, "adam", l1=0.1, l2=0.2, dropout=0.5, generator=np.random.default_rng(3)
    )
    changed(x, labels, 0.1)
    for mine, theirs in zip(network.parameters(), reference.parameters(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_dropout_leaves_out_about_its_share_and_never_the_output():
    # With weights of one and linear units every kept unit carries the same, so that the share of
    # first-layer columns without a gradient is the share of dropped units.
    network = make_network((4, 2000, 2), activation="linear")
    before = network.layers[0].weights.copy()
    step = make_step(network, dropout=0.3, generator=np.random.default_rng(0))
    x, labels = make_batch(1, inputs=4, classes=2)
    step(x, labels, 1.0)
    still = (network.layers[0].weights == before).all(axis=0).mean()
    assert still == pytest.approx(0.3, abs=0.03)
    assert (network.layers[1].bias != 0).all()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_step_that_diverges_reports_it_in_the_loss_without_warning(optimizer):
    network = make_network(dtype=np.float32)
    step = make_step(network, optimizer)
    x, labels = make_batch(4, dtype=np.float32)
    with np.errstate(all="raise"):
        losses = [step(x * np.float32(1e30), labels, 1e38).loss for _ in range(4)]
    assert not np.isfinite(losses[-1])


def test_zero_weights_are_not_counted_as_correct_for_every_label():
    network = make_network((12, 3), initialization="zeros")
    x, _ = make_batch(6)
    assert make_step(network)(x, np.array([0, 1, 2, 0, 1, 2]), 0.0).correct == 2


def steady_peak(sizes, count, optimizer):
    """Return the most bytes that Python and NumPy allocate during one step after the first."""
    network = make_network(sizes, dtype=np.float32)
    step = make_step(
        network, optimizer, batch_capacity=count, l1=0.1, l2=0.1, dropout=0.5,
        generator=np.random.default_rng(0),
    )  # fmt: skip
    x, labels = make_batch(count, inputs=sizes[0], dtype=np.float32)
    step(x, labels, 0.01)
    tracemalloc.start()
    try:
        step(x, labels, 0.01)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        step(x, labels, 0.01)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("count", [1, 32])
def test_a_step_allocates_nothing_that_grows_with_the_network(count, optimizer):
    # NumPy converts types through 8,192 values at a time, 32 kB, however large the arrays are;
    # a copy of a hidden layer's weights would be 500 kB or more.
    assert steady_peak((784, 512, 256, 3), count, optimizer) < 40_000
    assert steady_peak((784, 1024, 512, 3), count, optimizer) < 40_000


def spiral(count, generator):
    """Make three arms of a spiral in the plane: easy for a net, impossible for a line."""
    labels = np.arange(count) % 3
    radius = np.linspace(0.1, 1, count)
    angle = 4 * radius + labels * 2 * np.pi / 3 + 0.05 * generator.standard_normal(count)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return points.astype(np.float32), labels


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ("sgd", 0.5), ("momentum", 0.1), ("nesterov", 0.1),
        ("rmsprop", 0.01), ("adadelta", 1.0), ("adam", 0.02), ("adamw", 0.02),
    ],
)  # fmt: skip
def test_a_small_net_learns_a_spiral(optimizer, rate):
    network = make_network((2, 32, 3), dtype=np.float32)
    step = make_step(network, optimizer, batch_capacity=99)
    x, labels = spiral(99, np.random.default_rng(0))
    first = step(x, labels, rate)
    for _ in range(1500):
        last = step(x, labels, rate)
    assert first.loss > 0.8
    assert last.loss < 0.15
    assert last.correct >= 95


def test_a_small_convolutional_net_learns_where_a_spot_is():
    generator = np.random.default_rng(0)
    network = create_network((64, 4), generator=generator, layer_spec="conv3x8 pool2")
    step = make_step(network, "adam")
    labels = generator.integers(0, 4, 200)
    images = generator.random((200, 8, 8), np.float32) * 0.3
    for image, label in zip(images, labels, strict=True):
        top, left = 4 * (label // 2), 4 * (label % 2)
        image[top + generator.integers(0, 3), left + generator.integers(0, 3)] = 1
    x = images.reshape(200, 64)
    first = step(x, labels, 0.01).loss
    for _ in range(80):
        last = step(x, labels, 0.01)
    assert last.loss < first / 4
    assert last.correct > 180


def test_the_same_seed_gives_the_same_weights():
    def run():
        network = make_network(dtype=np.float32)
        step = make_step(network, "adam", dropout=0.2, generator=np.random.default_rng(9))
        losses = [step(*make_batch(6, seed=i, dtype=np.float32), 0.01).loss for i in range(20)]
        return losses, network.layers[0].weights

    (first_losses, first_weights), (second_losses, second_weights) = run(), run()
    assert first_losses == second_losses
    np.testing.assert_array_equal(first_weights, second_weights)
