"""The current model, the pretrained ones, and the models of one's own that can be brought back."""

import asyncio

import numpy as np
import pytest
from cache_helpers import run
from controller_helpers import Door, all_done, ink, make_controller, until, weights_of

from dashboard.digits.models import (
    STORED_MODELS,
    describe_model,
    describe_pretrained,
    describe_stored,
    network_name_of,
)
from dashboard.digits.state import Origin
from dashboard.runtime import execute_in_thread
from dashboard.training.trainer import execute_in_line
from nn import PRETRAINED, load_pretrained, pretrained_card, read_layer_spec, weights_to_bytes


def pretrained_bytes(name):
    return [parameter.tobytes() for parameter in load_pretrained(name).parameters()]


async def train(controller, steps):
    wanted = controller.state.snapshot.iteration + steps
    for _ in range(steps):
        controller.step()
    await until(lambda: controller.state.snapshot.iteration == wanted)
    await all_done()


def position_of(controller):
    return controller.trainer.run.state().position


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_pretrained_model_answers_is_saved_and_is_named_with_its_test_accuracy(name):
    controller = make_controller(pretrained_model=name)
    assert weights_of(controller) == pretrained_bytes(name)
    controller.drawing.take(ink())
    prediction = controller.state.prediction
    expected = load_pretrained(name).predict_proba(prediction.image[np.newaxis])[0]
    np.testing.assert_array_equal(prediction.probabilities, expected)
    assert controller.save_weights(".npz", "s4") == weights_to_bytes(load_pretrained(name), ".npz")
    model = describe_model(controller.state)
    assert model == describe_pretrained(name)
    assert (model.key, model.accuracy) == (name, pretrained_card(name).test_accuracy)


def test_choosing_a_pretrained_model_answers_the_drawing_with_it_at_once():
    async def main():
        controller = make_controller()
        controller.drawing.take(ink())
        controller.choose_model("best")
        prediction = controller.state.prediction
        expected = load_pretrained("best").predict_proba(prediction.image[np.newaxis])[0]
        np.testing.assert_array_equal(prediction.probabilities, expected)
        assert describe_model(controller.state).model == "best"
        await all_done()

    run(main())


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_model_of_ones_own_comes_back_exactly_and_trains_on_as_if_never_left(optimizer):
    async def main():
        left, stayed = (
            make_controller(optimizer=optimizer, learning_rate=0.01, seed=4) for _ in range(2)
        )
        for controller in (left, stayed):
            controller.start()
            await train(controller, 7)
        before = weights_of(left)
        left.choose_model("mlp")
        assert left.state.origin == Origin.PRETRAINED
        assert weights_of(left) == pretrained_bytes("mlp")
        left.state.param.update(optimizer="rmsprop", learning_rate=0.5, hidden_layers=[3])
        (stored,) = left.state.stored_models
        assert describe_stored(stored, left.state).iteration == 7
        left.choose_model(stored.key)
        assert left.state.stored_models == []
        assert weights_of(left) == before
        assert (left.state.optimizer, left.state.hidden_layers) == (optimizer, [12])
        assert not left.state.network_pending
        assert len(left.state.history) == 7
        assert position_of(left) == position_of(stayed)
        for controller in (left, stayed):
            await train(controller, 9)
        assert weights_of(left) == weights_of(stayed)
        assert list(left.state.history.csv_lines()) == list(stayed.state.history.csv_lines())
        await left.close()
        await stayed.close()

    run(main())


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_model_that_is_left_during_training_keeps_its_last_slice(in_thread):
    async def main():
        door = Door()
        execute = execute_in_thread if in_thread else door
        controller = make_controller(execute=execute, augment="light")
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 2)
        controller.choose_model("best")
        (stored,) = state.stored_models
        controller.choose_model(stored.key)
        await until(lambda: state.origin == Origin.FRESH)
        assert state.snapshot.iteration == len(state.history) == controller.trainer.run.iteration
        assert state.snapshot.iteration > 2
        assert controller.network.sizes == (784, 12, 10)
        await controller.close()

    run(main())


def test_training_from_scratch_and_reset_lose_no_trained_model_without_a_word():
    async def main():
        controller = make_controller()
        await train(controller, 2)
        trained = weights_of(controller)
        controller.reset()
        controller.reset()  # an untrained model is not worth storing
        (stored,) = controller.state.stored_models
        controller.choose_model(stored.key)
        assert weights_of(controller) == trained
        for _ in range(STORED_MODELS + 1):
            await train(controller, 1)
            controller.reset()
        kept = controller.state.stored_models
        assert len(kept) == STORED_MODELS
        assert [stored.number for stored in kept] == sorted((s.number for s in kept), reverse=True)
        controller.choose_model("stored-99")
        assert controller.state.notice.kind == "warning"
        await controller.close()

    run(main())


@pytest.mark.parametrize("name", PRETRAINED)
def test_every_pretrained_model_can_be_fine_tuned(name):
    async def main():
        controller = make_controller(pretrained_model=name, fine_tune=True, learning_rate=1e-6)
        await train(controller, 1)
        assert controller.state.origin == Origin.FINE_TUNED
        assert controller.network.title == load_pretrained(name).title
        change = controller.network.parameters()[0] - load_pretrained(name).parameters()[0]
        assert 0 < np.abs(change).max() < 1e-3
        model = describe_model(controller.state)
        assert (model.origin, model.iteration) == (Origin.FINE_TUNED, 1)
        controller.choose_model(name)
        assert weights_of(controller) == pretrained_bytes(name)
        assert [stored.origin for stored in controller.state.stored_models] == [Origin.FINE_TUNED]
        await controller.close()

    run(main())


def test_a_model_of_another_data_set_is_brought_back_with_its_data_set():
    async def main():
        controller = make_controller()
        controller.start()
        await train(controller, 3)
        digits = weights_of(controller)
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.data.name == "fashion-mnist")
        (stored,) = controller.state.stored_models
        assert describe_stored(stored, controller.state).trained_on == "MNIST 5,000"
        controller.choose_model(stored.key)
        await until(lambda: weights_of(controller) == digits)
        assert controller.data.name == controller.state.data_set == "digits"
        assert controller.state.snapshot.iteration == 3
        await controller.close()

    run(main())


def test_an_own_model_is_named_with_its_iteration_and_its_newest_validation_score():
    async def main():
        controller = make_controller()
        controller.start()
        controller.state.running = True
        await until(lambda: len(controller.state.history.validation) > 0)
        controller.state.running = False
        await asyncio.sleep(0)
        await until(lambda: controller.training_loop.is_idle)
        state = controller.state
        model = describe_model(state)
        assert (model.name, model.model) == ("MLP 784-12-10", "784-12-10")
        assert model.iteration == state.snapshot.iteration
        assert model.accuracy == state.history.validation[-1].accuracy
        await controller.close()

    run(main())


@pytest.mark.parametrize(
    ("hidden", "layers", "name"),
    [
        ((128,), None, "MLP 784-128-10"),
        ((), None, "Softmax regression 784-10"),
        ((64,), "conv5x8 pool2 conv3x16 pool2", "CNN 8-16 → 64-10"),
    ],
)
def test_networks_are_named_by_their_kind_and_sizes(hidden, layers, name):
    spec = read_layer_spec(layers) if layers else None
    assert network_name_of((784, *hidden, 10), spec) == name


@pytest.mark.parametrize("seed", range(3))
def test_changing_ones_mind_at_random_leaves_the_answer_and_the_names_true(seed):
    """Commands come while training, loading and computing; nothing fails and nothing is stale."""

    async def main():
        generator = np.random.default_rng(seed)
        controller = make_controller(execute=execute_in_thread if seed else execute_in_line)
        controller.start()
        controller.drawing.take(ink())
        state = controller.state
        commands = [
            lambda: setattr(state, "running", not state.running),
            controller.step,
            controller.reset,
            lambda: controller.choose_model("mlp"),
            lambda: controller.choose_model("current"),
            lambda: [controller.choose_model(it.key) for it in state.stored_models[-1:]],
            lambda: [controller.choose_model(it.key) for it in state.stored_models[:1]],
            lambda: setattr(state, "fine_tune", not state.fine_tune),
            lambda: setattr(state, "centre_drawing", not state.centre_drawing),
            lambda: setattr(state, "hidden_layers", [int(generator.integers(3, 9))]),
            lambda: setattr(state, "optimizer", str(generator.choice(["sgd", "adam"]))),
            lambda: controller.fine_tune(7),
            lambda: controller.drawing.take(np.roll(ink(), int(generator.integers(-9, 9)), 1)),
            lambda: setattr(state, "data_set", str(generator.choice(["digits", "fashion-mnist"]))),
            lambda: controller.time_travel.show(0),
            controller.time_travel.show_newest,
        ]
        for _ in range(120):
            commands[generator.integers(len(commands))]()
            for _ in range(generator.integers(0, 12)):
                await asyncio.sleep(0)
            controller.drawing.update()  # as the pane does at its next redraw
            network, prediction = state.shown_network, state.prediction
            np.testing.assert_array_equal(prediction.image, controller.drawing.image)
            np.testing.assert_array_equal(
                prediction.probabilities, network.predict_proba(prediction.image[np.newaxis])[0]
            )
            model = describe_model(state)
            is_pretrained = state.origin == Origin.PRETRAINED
            assert model.iteration == (0 if is_pretrained else state.shown_iteration)
            assert not is_pretrained or weights_of(controller) == pretrained_bytes("mlp")
            assert len({stored.key for stored in state.stored_models}) <= STORED_MODELS
            assert "Internal error" not in state.notice.text
        state.running = False
        await all_done()
        assert "Internal error" not in state.notice.text
        await controller.close()

    run(main())
