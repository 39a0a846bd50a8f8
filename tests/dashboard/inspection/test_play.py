"""The panel “Play”: changes of the drawing, the attack on it, and images that maximise a class."""

from __future__ import annotations

import numpy as np
import pytest
from controller_helpers import Door, OpenedData, few_digits, ink, make_controller, until
from inspection_helpers import Pad, data, inspect, part, random_network, settle, show_network

from dashboard.inspection.experiment import ExperimentSettings, experiment
from dashboard.inspection.play import NO_CLASS, PlayPanel
from data_cache import DIGIT_NAMES, ArraySource, DataError, frame_digit
from data_cache.augmentation.manipulation import Manipulation, manipulate
from data_cache.datasets import FASHION_NAMES
from nn.interpretation.adversarial import fast_gradient_sign


def answer(controller, image):
    probabilities = controller.state.shown_network.predict_proba(image[np.newaxis])[0]
    return str(probabilities.argmax()), float(probabilities.max())


def test_the_answer_is_that_to_the_changed_model_input():
    async def test(panel, controller):
        panel.state.param.update(right=4.0, rotation=20, noise=0.1)
        await settle()
        amounts = Manipulation(right=4, rotation=20, noise=0.1)
        image = controller.state.prediction.image
        expected = manipulate(image, amounts, np.random.default_rng(0))
        found = panel.state.experiment
        np.testing.assert_array_equal(found.changed.image, expected)
        np.testing.assert_array_equal(found.drawn.image, image)
        name, probability = answer(controller, expected)
        values = data(panel, "ink-play")
        assert (values["state"], values["class"]) == ("answered", name)
        assert float(values["probability"]) == pytest.approx(probability, abs=1e-6)

    inspect(PlayPanel, test)


def test_centring_again_undoes_a_shift():
    async def test(panel, controller):
        await settle()
        drawn = panel.state.experiment.drawn.image
        panel.state.param.update(right=5.0, is_centred=True)
        await settle()
        np.testing.assert_allclose(
            panel.state.experiment.changed.image,
            frame_digit(np.roll(drawn.reshape(28, 28), 5, axis=1)),
            atol=1e-5,
        )

    inspect(PlayPanel, test)


def test_an_image_that_is_shifted_out_of_the_frame_is_blank_even_if_centred_again():
    image = np.zeros((28, 28), np.float32)
    image[8:20, 22:26] = 1
    settings = ExperimentSettings(Manipulation(right=10), is_centred=True)
    found = experiment(random_network(), image.reshape(-1), DIGIT_NAMES, settings)
    assert found.changed.image.max() == 0


def test_the_attack_is_the_fast_gradient_sign_of_the_changed_image():
    async def test(panel, controller):
        panel.state.param.update(rotation=10, epsilon=0.1)
        await settle()
        found, network = panel.state.experiment, controller.state.shown_network
        changed = found.changed.image
        label = int(network.predict_proba(changed[np.newaxis])[0].argmax())
        np.testing.assert_allclose(
            found.attacked.image, fast_gradient_sign(network, changed, label, 0.1), atol=1e-6
        )
        assert found.attacked.probability == answer(controller, found.attacked.image)[1]
        panel.state.epsilon = 0
        await settle()
        assert panel.state.experiment.attacked is None

    inspect(PlayPanel, test)


def test_reset_undoes_changes_and_attack_and_keeps_the_chosen_class():
    async def test(panel, controller):
        panel.state.param.update(right=4.0, scale=1.5, epsilon=0.1, is_centred=True, target=3)
        await settle()
        part(panel, "ink-play-reset").clicks += 1
        await settle()
        assert panel.state.settings.manipulation == Manipulation()
        assert not panel.state.is_centred
        assert panel.state.experiment.attacked is None
        assert part(panel, "ink-play-right").value == 0
        assert panel.state.target == 3

    inspect(PlayPanel, test)


def test_an_image_that_maximises_a_class_is_found_and_can_be_put_on_the_pad():
    async def test(panel, controller):
        pad = Pad(controller)
        await settle()
        assert panel.state.maximized is None
        assert not part(panel, "ink-put").visible
        panel.state.target = 3
        await settle()
        found = panel.state.maximized
        assert found.value > found.start_value
        values = data(panel, "ink-maximized")
        assert (values["state"], values["class"]) == ("maximized", "3")
        assert float(values["probability"]) > 0.9
        part(panel, "ink-put").clicks += 1
        np.testing.assert_array_equal(pad.pictures[0], found.answer.image.reshape(28, 28))
        # It is the input of the model as it is, so the answer is the same.
        assert controller.state.prediction.probabilities[3] == found.answer.probability

    inspect(PlayPanel, test)


def test_the_image_stays_while_the_drawing_changes_and_follows_the_network():
    async def test(panel, controller):
        panel.state.target = 3
        await settle()
        first = panel.state.maximized
        controller.drawing.take(np.ascontiguousarray(ink().T))
        panel.state.rotation = 30
        await settle()
        assert panel.state.maximized is first
        show_network(controller, random_network())
        await settle()
        assert panel.state.maximized is not first
        panel.state.target = NO_CLASS
        await settle()
        assert panel.state.maximized is None
        panel.state.target = 3
        await settle()
        assert panel.state.maximized is not None

    inspect(PlayPanel, test)


def test_without_validation_samples_the_reason_is_told():
    async def test(panel, controller):
        panel.state.target = 3
        await settle()
        assert data(panel, "ink-maximized")["state"] == "no-data"
        assert data(panel, "ink-play")["state"] == "answered"

    source = ArraySource(few_digits().train, 100)
    broken = OpenedData(source, errors={"validation": DataError("no connection")})
    inspect(PlayPanel, test, controller=make_controller(broken))


def test_without_a_drawing_it_asks_for_one_and_a_class_can_still_be_maximised():
    async def test(panel, controller):
        panel.state.param.update(target=3, right=3.0)
        await settle()
        assert data(panel, "ink-play")["state"] == "blank"
        assert data(panel, "ink-maximized")["state"] == "maximized"

    inspect(PlayPanel, test, is_drawn=False)


def test_the_results_go_when_the_drawing_is_cleared():
    async def test(panel, controller):
        await settle()
        assert data(panel, "ink-play")["state"] == "answered"
        controller.drawing.take(np.zeros((84, 84), np.float32))
        await settle()
        assert data(panel, "ink-play")["state"] == "blank"

    inspect(PlayPanel, test)


def test_diverged_weights_are_told():
    async def test(panel, controller):
        panel.state.param.update(target=3, epsilon=0.1)
        network = random_network()
        network.layers[-1].weights[:] = np.nan
        show_network(controller, network)
        await settle()
        assert data(panel, "ink-play")["state"] == "invalid"
        assert data(panel, "ink-maximized")["state"] == "invalid"

    inspect(PlayPanel, test)


def test_another_data_set_gives_its_class_names():
    async def test(panel, controller):
        panel.state.target = 3
        await settle()
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.state.class_names == FASHION_NAMES)
        await settle()
        assert panel.state.target == NO_CLASS
        assert panel.state.maximized is None
        assert data(panel, "ink-play")["class"] in FASHION_NAMES
        panel.state.target = 9
        await settle()
        assert panel.state.maximized.target == "Ankle boot"

    inspect(PlayPanel, test)


def test_a_network_that_is_replaced_during_a_computation_leaves_no_trace():
    door = Door()

    async def test(panel, controller):
        door.shut()
        await until(lambda: door.waiting > 0)
        show_network(controller, random_network(3))
        seen = []
        panel.state.param.watch(lambda event: seen.append(event.new), "experiment")
        door.open()
        await settle()
        expected = answer(controller, controller.state.prediction.image)
        assert seen
        assert {(it.drawn.class_name, it.drawn.probability) for it in seen} == {expected}

    inspect(PlayPanel, test, execute=door)


def test_a_slider_that_is_dragged_is_answered_by_its_last_value():
    door, settings = Door(), []

    async def execute(function, *arguments):
        if function.__name__ == "experiment":
            settings.append(arguments[-1])
        return await door(function, *arguments)

    async def test(panel, controller):
        await until(lambda: len(settings) == 1)
        for value in range(1, 40):
            panel.state.rotation = value
        door.open()
        await settle()
        assert [it.manipulation.rotation for it in settings] == [0, 39]
        assert panel.state.experiment.settings.manipulation.rotation == 39

    door.shut()
    inspect(PlayPanel, test, execute=execute)
