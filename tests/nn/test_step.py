import tracemalloc

import numpy as np
import pytest
from step_helpers import call_by_call

from nn import (
    OPTIMIZERS,
    TrainingStep,
    create_network,
    create_optimizer,
    loss_and_gradients,
    measure_loss,
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


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_step_does_what_pure_gradients_and_an_optimizer_do(optimizer, biases, dropout):
    network = make_network(activation="tanh", biases=biases)
    reference = network.copy()
    penalties = {"l1": 0.01, "l2": 0.02}
    step = make_step(
        network, optimizer, dropout=dropout, generator=np.random.default_rng(4), **penalties
    )
    reference_optimizer = create_optimizer(optimizer, reference.parameters())
    generator = np.random.default_rng(4)
    for count, seed in [(4, 1), (1, 2), (9, 3), (4, 4), (6, 5)]:
        x, labels = make_batch(count, seed=seed)
        masks = expected_masks(reference, count, dropout, generator) if dropout else None
        loss = measure_loss(reference, x, labels, dropout_masks=masks).data
        scores = reference.forward(x, masks).log_probabilities
        _, gradients = loss_and_gradients(reference, x, labels, dropout_masks=masks, **penalties)
        reference_optimizer.update(reference.parameters(), gradients, 0.1)
        result = step(x, labels, 0.1)
        assert result.loss == pytest.approx(loss, rel=1e-12)
        assert result.correct == (scores.argmax(axis=1) == labels).sum()
        for mine, theirs in zip(network.parameters(), reference.parameters(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu", "tanh", "sigmoid", "linear"])
@pytest.mark.parametrize("count", [1, 5])
def test_a_float32_step_follows_the_pure_gradient_for_every_activation(activation, count):
    network = make_network(dtype=np.float32, activation=activation)
    before = network.copy()
    x, labels = make_batch(count, dtype=np.float32)
    make_step(network)(x, labels, 1.0)
    _, gradients = loss_and_gradients(before, x, labels)
    for new, old, gradient in zip(
        network.parameters(), before.parameters(), gradients, strict=True
    ):
        np.testing.assert_allclose(new, old - gradient, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_steps_in_turn_are_those_of_so_many_calls(optimizer, dropout):
    x, labels = make_batch(12, dtype=np.float32)
    rates = [0.1, 0.05, 0.2]
    found = []
    for train in (TrainingStep.in_turn, call_by_call):
        network = make_network(dtype=np.float32)
        step = make_step(network, optimizer, dropout=dropout, generator=np.random.default_rng(4))
        results = train(step, x, labels, rates)
        found.append((results, [array.tobytes() for array in network.parameters()]))
    assert found[0] == found[1]
    assert len(found[0][0]) == 3


@pytest.mark.parametrize("rates", [[], [0.1] * 5])
def test_samples_that_cannot_be_shared_out_among_the_steps_are_refused(rates):
    network = make_network()
    before = [parameter.copy() for parameter in network.parameters()]
    with pytest.raises(ValueError, match=f"for each of {len(rates)} steps and found 12 of them"):
        make_step(network).in_turn(*make_batch(12), rates)
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
def test_inputs_may_lie_in_memory_as_they_like(lay_out):
    network, other = make_network(dtype=np.float32), make_network(dtype=np.float32)
    x, labels = make_batch(5, dtype=np.float32)
    make_step(network)(x, labels, 0.1)
    make_step(other)(lay_out(x), labels, 0.1)
    np.testing.assert_array_equal(network.layers[0].weights, other.layers[0].weights)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("stem", [None, "conv3x2 pool2"])
def test_a_step_on_bytes_is_that_on_the_numbers_they_stand_for(stem, dropout):
    generator = np.random.default_rng(4)
    given, labels = generator.integers(0, 256, (6, 144), np.uint8), generator.integers(0, 3, 6)
    lay_outs = (given, np.asfortranarray(given), given.astype(np.float32) * np.float32(1 / 255))
    found = []
    for x in lay_outs:
        network = make_network((144, 7, 3), dtype=np.float32, stem=stem)
        step = make_step(
            network,
            "adam",
            byte_scale=1 / 255,
            dropout=dropout,
            generator=np.random.default_rng(2),
        )
        results = [step(x[:4], labels[:4], 0.1), *step.in_turn(x, labels, [0.1, 0.2])]
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
        (np.zeros((2, 12), dtype=np.uint8), [0, 1], "divide bytes by 255"),
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
        ({"byte_scale": 0.0}, "byte_scale above 0, or None, found 0.0"),
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


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_that_blows_up_reports_it_in_the_loss_without_warning(optimizer):
    network = make_network(dtype=np.float32)
    step = make_step(network, optimizer)
    x, labels = make_batch(4, dtype=np.float32)
    with np.errstate(all="raise"):
        losses = [step(x * np.float32(1e30), labels, 1e30).loss for _ in range(4)]
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
    # NumPy converts types through 8,192 numbers at a time, 32 kB, however large the arrays are;
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
        ("rmsprop", 0.01), ("adam", 0.02), ("adamw", 0.02),
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


def test_the_same_seed_gives_the_same_numbers():
    def run():
        network = make_network(dtype=np.float32)
        step = make_step(network, "adam", dropout=0.2, generator=np.random.default_rng(9))
        losses = [step(*make_batch(6, seed=i, dtype=np.float32), 0.01).loss for i in range(20)]
        return losses, network.layers[0].weights

    (first_losses, first_weights), (second_losses, second_weights) = run(), run()
    assert first_losses == second_losses
    np.testing.assert_array_equal(first_weights, second_weights)
