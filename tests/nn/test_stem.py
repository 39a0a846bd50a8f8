import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from nn.gradients import measure_loss
from nn.stem import Stem
from nn.stem_plan import Shape, StagePlan, StemPlan, read_plan

CONVNETJS = "crop24 conv5x8 pool2 conv5x16 pool3"

STAGES = st.builds(
    lambda kernel, filters, padding, pooled: StagePlan(
        kernel, filters, min(padding, kernel - 1), *pooled
    ),
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(0, 4),
    st.sampled_from([(1, 1), (2, 2), (3, 3), (3, 2), (1, 2), (2, 1)]),
)


def make_network(stem, *, inputs=144, activation="relu", dtype=np.float64, hidden=(7,), **settings):
    generator = np.random.default_rng(1)
    network = nn.create_network(
        (inputs, *hidden, 5),
        generator=generator,
        activation=activation,
        initialization="xavier",
        dtype=dtype,
        stem=stem,
        **settings,
    )
    for parameter in network.parameters():
        np.add(
            parameter,
            0.05 * generator.standard_normal(parameter.shape),
            out=parameter,
            casting="same_kind",
        )
    return network


def make_batch(network, count=6):
    generator = np.random.default_rng(2)
    x = generator.standard_normal((count, network.sizes[0])).astype(network.dtype)
    return x, generator.integers(0, network.classes, count)


# The plan


@given(st.lists(STAGES, min_size=1, max_size=4), st.none() | st.integers(1, 28))
def test_a_plan_is_read_back_from_its_own_text(stages, crop):
    plan = StemPlan(tuple(stages), crop)
    assert read_plan(plan.text) == plan


def test_a_plan_may_be_spelt_out_and_comes_back_in_one_spelling():
    assert read_plan("CROP24  conv5x8p2 pool2s2 conv3x16p0").text == (
        "crop24 conv5x8 pool2 conv3x16p0"
    )


def test_the_shapes_of_convnetjs_net_are_its_own():
    assert read_plan(CONVNETJS).shapes(28) == [
        Shape(24, 24, 1),
        Shape(12, 12, 8),
        Shape(4, 4, 16),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expected 1 to 12 convolutions, such as “crop24 conv5x8 pool2"),
        ("pool2", "found “pool2” as word 1"),
        ("conv3x8 pool2 pool2", "found “pool2” as word 3"),
        ("conv3x8 crop24", "found “crop24” as word 2"),
        ("conv3x8 dense", "found “dense” as word 2"),
        ("conv0x8", "a kernel of 1 or more"),
        ("conv3x9999", "1 to 512 filters"),
        ("conv3x8p3", "a padding from 0 to below the kernel"),
        ("conv3x8 pool0", "a pooling of 1 or more"),
        ("conv1x1 " * 13, "and found 13"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_the_word(text, message):
    with pytest.raises(ValueError, match=message):
        read_plan(text)


@pytest.mark.parametrize(
    ("text", "side", "message"),
    [
        ("conv9x8p0 conv9x8p0 conv9x8p0 conv9x8p0", 28, "leaves 0 × 0 pixels of 28 × 28, too few"),
        ("conv3x8 pool29", 28, "too few for “conv3x8 pool29”"),
        ("crop24 conv3x8", 12, "pictures of at least 24"),
    ],
)
def test_pictures_too_small_for_a_plan_are_refused(text, side, message):
    with pytest.raises(ValueError, match=message):
        read_plan(text).shapes(side)


# The network


def test_a_network_with_a_stem_says_what_it_is():
    network = make_network(CONVNETJS, inputs=784, hidden=(), dtype=np.float32)
    assert network.sizes == (784, 5)
    assert network.title == f"784 → {CONVNETJS} → 5"
    assert [array.shape for array in network.parameters()] == [
        *[(25, 8), (8,), (200, 16), (16,)],
        *[(256, 5), (5,)],
    ]
    assert network.parameter_count == sum(array.size for array in network.parameters())
    assert network.dtype == np.float32


def test_the_same_generator_gives_the_same_dense_network_with_and_without_stems_about():
    one = nn.create_network((9, 4, 2), generator=np.random.default_rng(3))
    assert one.stem is None
    assert one.title == "9-4-2"


def test_probabilities_are_those_of_loops_over_the_definition():
    network = make_network("conv3x2 pool2", inputs=16, activation="tanh", hidden=())
    x, _ = make_batch(network, 3)
    (W,), (b,) = network.stem.weights, network.stem.biases
    for row, probabilities in zip(x, network.predict_proba(x), strict=True):
        picture = np.pad(row.reshape(4, 4), 1)
        sums = np.array(
            [[picture[i : i + 3, j : j + 3].ravel() @ W + b for j in range(4)] for i in range(4)]
        )
        a = np.tanh(sums).reshape(2, 2, 2, 2, 2).max(axis=(1, 3))
        scores = a.ravel() @ network.layers[0].weights + network.layers[0].bias
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(probabilities, expected, atol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_any_number_of_pictures_is_predicted_each_by_itself(count):
    network = make_network("conv3x4 pool2", inputs=36)
    x, _ = make_batch(network, count)
    together = network.predict_proba(x)
    assert together.shape == (count, 5)
    for index in range(0, count, 50):
        alone = network.predict_proba(x[index : index + 1])[0]
        np.testing.assert_allclose(together[index], alone, atol=1e-12)


def test_only_the_middle_counts_behind_a_crop():
    network = make_network("crop4 conv3x2", inputs=64)
    x, _ = make_batch(network, 2)
    framed = x.reshape(2, 8, 8).copy()
    framed[:, 0] = framed[:, -1] = framed[:, :, 1] = framed[:, :, -2] = 9
    np.testing.assert_array_equal(
        network.predict_proba(framed.reshape(2, 64)), network.predict_proba(x)
    )
    framed[:, 3, 3] = 9
    assert not np.array_equal(
        network.predict_proba(framed.reshape(2, 64)), network.predict_proba(x)
    )


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
@pytest.mark.parametrize(
    "stem",
    [
        "conv3x4",
        "conv3x4 pool2",
        "crop8 conv5x3 pool2 conv3x4 pool3s2",
        "conv2x3 pool2s1 conv3x4p0 pool2 conv1x2",
    ],
)
def test_the_gradients_of_a_stem_are_the_slopes_of_the_loss(stem, activation):
    network = make_network(stem, activation=activation)
    x, labels = make_batch(network)
    settings = {"l1": 0.001, "l2": 0.01, "label_smoothing": 0.1}

    def loss(parameters):
        return measure_loss(network.with_parameters(parameters), x, labels, **settings).total

    def gradients(parameters):
        other = network.with_parameters(parameters)
        return nn.loss_and_gradients(other, x, labels, **settings)[1]

    generator = np.random.default_rng(4)
    assert check(loss, gradients, network.parameters(), generator) < 1e-6


def check(loss, gradients, parameters, generator):
    return nn.check_gradient(loss, gradients, parameters, generator, directions=3)


def test_equal_numbers_in_a_square_share_no_gradient():
    # Blank paper gives every place of a square the same sum; only one may be given the slope.
    network = make_network("conv3x3 pool2", inputs=36)
    for bias in network.stem.biases:
        np.add(bias, 1, out=bias)
    x, labels = np.zeros((2, 36)), np.array([0, 1])

    def of(parameters):
        return network.with_parameters(parameters)

    error = check(
        lambda parameters: measure_loss(of(parameters), x, labels).total,
        lambda parameters: nn.loss_and_gradients(of(parameters), x, labels)[1],
        network.parameters(),
        np.random.default_rng(1),
    )
    # Off the middle of the picture, weights meet zeros only; biases move all places alike.
    assert error < 1e-6


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_step_does_what_the_pure_functions_do(optimizer, biases):
    network = make_network("crop8 conv3x4 pool2 conv3x3", biases=biases)
    pure = network.copy()
    settings = {"l1": 0.001, "l2": 0.01, "label_smoothing": 0.2}
    step = nn.TrainingStep(
        network, nn.create_optimizer(optimizer, network.parameters()), **settings
    )
    follower = nn.create_optimizer(optimizer, pure.parameters())
    for count in (3, 5, 2, 5):
        x, labels = make_batch(network, count)
        expected = measure_loss(pure, x, labels).data
        gradients = nn.loss_and_gradients(pure, x, labels, **settings)[1]
        follower.update(pure.parameters(), gradients, 0.01)
        assert step(x, labels, 0.01).loss == pytest.approx(expected, rel=1e-9)
        for mine, theirs in zip(network.parameters(), pure.parameters(), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-9)


def test_a_small_convolutional_net_learns_where_a_spot_is():
    generator = np.random.default_rng(0)
    network = nn.create_network((64, 4), generator=generator, stem="conv3x8 pool2")
    step = nn.TrainingStep(network, nn.create_optimizer("adam", network.parameters()))
    labels = generator.integers(0, 4, 200)
    pictures = generator.random((200, 8, 8), np.float32) * 0.3
    for picture, label in zip(pictures, labels, strict=True):
        top, left = 4 * (label // 2), 4 * (label % 2)
        picture[top + generator.integers(0, 3), left + generator.integers(0, 3)] = 1
    x = pictures.reshape(200, 64)
    first = step(x, labels, 0.01).loss
    for _ in range(80):
        last = step(x, labels, 0.01)
    assert last.loss < first / 4
    assert last.correct > 180


def test_copies_are_independent_and_take_numbers_over():
    network = make_network("conv3x4 pool2")
    other = network.copy()
    other.stem.weights[0].fill(0)
    assert network.stem.weights[0].any()
    network.copy_from(other)
    assert not network.stem.weights[0].any()
    assert network.astype(np.float32).stem.weights[0].dtype == np.float32
    with pytest.raises(ValueError, match="conv3x4 pool2 → 7-5 relu with biases"):
        network.copy_from(make_network("conv3x3 pool2"))


def test_a_stem_that_does_not_fit_its_network_is_refused():
    network = make_network("conv3x4 pool2")
    other = make_network("conv3x3 pool2")
    with pytest.raises(ValueError, match="to have 108 rows, the features of the stem"):
        nn.Network(network.layers, "relu", other.stem)
    with pytest.raises(ValueError, match="biases in the stem and in all layers, or nowhere"):
        nn.Network(network.layers, "relu", make_network("conv3x4 pool2", biases=False).stem)
    with pytest.raises(ValueError, match="float64 arrays in the stem"):
        nn.Network(network.layers, "relu", network.astype(np.float32).stem)
    with pytest.raises(ValueError, match="the weights of the stem “conv3x4 pool2” to have"):
        Stem(network.stem.plan, 12, other.stem.weights, network.stem.biases)
    with pytest.raises(ValueError, match="square pictures for convolutions and found 10 pixels"):
        nn.create_network((10, 2), generator=np.random.default_rng(0), stem="conv3x4")


# Label smoothing


def test_the_smoothed_loss_is_the_cross_entropy_with_softened_labels():
    network = make_network(None, inputs=6)
    x, labels = make_batch(network)
    log_p = network.predict_log_proba(x)
    targets = 0.9 * np.eye(5)[labels] + 0.1 / 5
    expected = -(targets * log_p).sum(axis=1).mean()
    assert measure_loss(network, x, labels, label_smoothing=0.1).data == pytest.approx(expected)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, np.nan])
def test_an_impossible_smoothing_is_refused(smoothing):
    network = make_network(None, inputs=6)
    optimizer = nn.create_optimizer("sgd", network.parameters())
    with pytest.raises(ValueError, match="label_smoothing to be at least 0 and below 1"):
        nn.TrainingStep(network, optimizer, label_smoothing=smoothing)


# Samples of no class


def nameless_batch():
    network = make_network("conv3x4 pool2")
    x, labels = make_batch(network)
    labels[[1, 4]] = nn.NO_CLASS
    return network, x, labels


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_what_is_of_no_class_is_to_be_anything_alike(smoothing):
    network, x, labels = nameless_batch()
    log_p = network.predict_log_proba(x)
    named = labels != nn.NO_CLASS
    targets = np.full((6, 5), 1 / 5)
    targets[named] = (1 - smoothing) * np.eye(5)[labels[named]] + smoothing / 5
    expected = -(targets * log_p).sum(axis=1).mean()
    settings = {"label_smoothing": smoothing}
    assert measure_loss(network, x, labels, **settings).data == pytest.approx(expected)

    def gradients(parameters):
        other = network.with_parameters(parameters)
        return nn.loss_and_gradients(other, x, labels, **settings)[1]

    def loss(parameters):
        return measure_loss(network.with_parameters(parameters), x, labels, **settings).total

    assert check(loss, gradients, network.parameters(), np.random.default_rng(3)) < 1e-6


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_step_learns_from_what_is_of_no_class_when_told_to(smoothing):
    network, x, labels = nameless_batch()
    pure, before = network.copy(), network.predict_log_proba(x)
    step = nn.TrainingStep(
        network,
        nn.create_optimizer("sgd", network.parameters()),
        label_smoothing=smoothing,
        none_allowed=True,
    )
    gradients = nn.loss_and_gradients(pure, x, labels, label_smoothing=smoothing)[1]
    result = step(x, labels, 0.1)
    for mine, theirs, gradient in zip(
        network.parameters(), pure.parameters(), gradients, strict=True
    ):
        np.testing.assert_allclose(mine, theirs - 0.1 * gradient, atol=1e-12)
    named = np.flatnonzero(labels != nn.NO_CLASS)
    of_named = before[named, labels[named]].sum()
    of_others = before[labels == nn.NO_CLASS].mean(axis=1).sum()
    assert result.loss == pytest.approx(-(of_named + of_others) / 6)
    assert result.correct == np.count_nonzero(before.argmax(axis=1) == labels)
    assert labels[1] == nn.NO_CLASS


def test_no_class_is_refused_unless_it_is_allowed():
    network, x, labels = nameless_batch()
    step = nn.TrainingStep(network, nn.create_optimizer("sgd", network.parameters()))
    with pytest.raises(ValueError, match="found 255 at position 1"):
        step(x, labels, 0.1)
    step.none_allowed = True
    labels[2] = 254
    with pytest.raises(ValueError, match="found 254 at position 2"):
        step(x, labels, 0.1)
