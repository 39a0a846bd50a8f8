import numpy as np
import pytest
from plane_helpers import SMALL, accuracy_of, bits_of, make_plane_run, train_plane
from reference_network import loss_gradients, measure_loss
from training_helpers import curve_of

from dashboard.plane.dataset import inputs_of, make_data
from dashboard.plane.presets import PRESETS
from dashboard.plane.settings import PlaneSettings
from data_cache import derive_inputs
from nn import check_gradient

BUSY = {"batch_size": 7, "dropout": 0.2, "optimizer": "adam", "learning_rate": 0.01, "l1": 1e-4}


@pytest.mark.parametrize("settings", [{}, BUSY])
def test_the_same_seed_gives_the_same_curve_to_the_bit(settings):
    first, second, other = (make_plane_run(seed=seed, **settings) for seed in (4, 4, 5))
    for run in (first, second, other):
        train_plane(run, 60)
    assert curve_of(first) == curve_of(second) != curve_of(other)
    assert bits_of(first) == bits_of(second)


@pytest.mark.parametrize("settings", [{}, BUSY])
def test_a_run_that_loads_an_earlier_state_takes_the_same_steps_again(settings):
    run = make_plane_run(**settings)
    train_plane(run, 25)
    state = run.state(history=False)
    train_plane(run, 40)
    curve, weights = curve_of(run), bits_of(run)
    run.load_state(state)
    assert run.iteration == len(run.history) == 25
    train_plane(run, 40)
    assert bits_of(run) == weights
    assert curve_of(run) == curve


def test_a_validation_that_was_due_is_not_repeated_in_an_earlier_state():
    run = make_plane_run()
    run.train_slice(lambda: 1, lambda _: 0.1, 1)
    run.record_slice()
    state = run.state(history=False)
    assert state.validation_due
    train_plane(run, 20)
    run.load_state(state)
    train_plane(run, 1)
    assert [score.iteration for score in run.history.validation] == [1]


def test_test_points_are_scored_often_at_first_and_then_more_and_more_seldom():
    run = make_plane_run(points_count=10, hidden_layers=[])
    train_plane(run, 3000)
    iterations = [score.iteration for score in run.history.validation]
    assert iterations[:4] == [1, 11, 21, 31]
    gaps = np.diff(iterations)
    assert (np.diff(gaps) >= 0).all()
    assert 2900 // 70 <= gaps[-1] <= 3000 // 70
    assert run.history.validation[0].count == 10


def test_without_test_points_nothing_is_scored():
    run = make_plane_run(train_share=1.0)
    train_plane(run, 30)
    assert run.history.validation == []


def test_the_weights_begin_as_wide_as_the_weight_noise():
    narrow, wide = (
        make_plane_run(hidden_layers=[300, 300], weight_noise=noise).network for noise in (0.1, 0.7)
    )
    assert narrow.layers[1].weights.std() == pytest.approx(0.1, rel=0.02)
    assert wide.layers[1].weights.std() == pytest.approx(0.7, rel=0.02)
    np.testing.assert_allclose(7 * narrow.layers[0].weights, wide.layers[0].weights, rtol=1e-5)
    he = make_plane_run(hidden_layers=[300, 300], initialization="he", weight_noise=5).network
    assert he.layers[1].weights.std() == pytest.approx((2 / 300) ** 0.5, rel=0.02)


def test_the_data_set_of_the_settings_is_its_seed_and_its_training_part_not_its_share():
    some, more = (make_data(PlaneSettings(**SMALL, train_share=share)) for share in (0.8, 0.5))
    assert some.train.points.tobytes() == more.train.points.tobytes()
    assert (len(some.train), len(some.test), len(more.test)) == (60, 15, 60)
    assert some.train.points.tobytes() != more.test.points.tobytes()
    assert some.origin == "spiral"
    tenth = make_data(PlaneSettings(**SMALL, train_share=0.1))
    assert (len(tenth.train), len(tenth.test)) == (60, 540)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_the_gradient_of_the_whole_path_from_the_plane_is_right(activation):
    settings = PlaneSettings(
        **{**SMALL, "hidden_layers": [6, 5]},
        activation=activation,
        inputs=["x1", "x2x2", "x1x2", "sin-x2"],
        weight_noise=0.5,
    )
    data = make_data(settings)
    x = derive_inputs(data.train.points.astype(np.float64), settings.inputs)
    network = settings.make_network(4, 3, np.random.default_rng(1)).astype(np.float64)
    penalties = {"l1": 1e-3, "l2": 1e-2}

    def loss(parameters):
        chosen = network.with_parameters(parameters)
        return measure_loss(chosen, x, data.train.labels, **penalties).total

    def gradients(parameters):
        chosen = network.with_parameters(parameters)
        return loss_gradients(chosen, x, data.train.labels, **penalties)

    error = check_gradient(loss, gradients, network.parameters(), np.random.default_rng(2))
    assert error < 1e-6


@pytest.mark.parametrize(
    ("preset", "least", "steps"), [("cs231n", 0.95, 2500), ("cs231n-3", 0.98, 1500)]
)
def test_the_nets_of_the_case_study_learn_their_spirals(preset, least, steps):
    settings = PlaneSettings(**PRESETS[preset].settings)
    data = make_data(settings)
    assert len(data.train) == (500 if preset == "cs231n" else 300)
    run = make_plane_run(**_complete(settings))
    train_plane(run, steps)
    assert accuracy_of(run) >= least


def _complete(settings):
    return {name: getattr(settings, name) for name in PlaneSettings.param if name != "name"}


@pytest.mark.parametrize(
    ("preset", "least", "steps"),
    [("circles", 0.98, 600), ("xor", 0.95, 200), ("moons", 0.98, 1200)],
)
def test_small_presets_learn_what_they_promise(preset, least, steps):
    run = make_plane_run(**_complete(PlaneSettings(**PRESETS[preset].settings)))
    train_plane(run, steps)
    assert accuracy_of(run) >= least


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_made_of_settings_that_exist_and_makes_points(preset):
    settings = PlaneSettings(**PRESETS[preset].settings)
    data = make_data(settings)
    assert inputs_of(data.train, settings.inputs).images.shape[1] == len(settings.inputs)
    assert PRESETS[preset].sentence.endswith(".") or "try it" in PRESETS[preset].sentence
