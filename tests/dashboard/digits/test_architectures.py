"""Convolutional nets in the controller, and the choice of the model for drawings."""

import numpy as np
import pytest
from cache_helpers import run
from controller_helpers import all_done, ink, make_controller, until, weights_of

import nn
from dashboard.digits.state import Origin
from dashboard.digits.views.network_controls import architecture_options
from dashboard.digits.views.weights_controls import pretrained_title
from nn import load_pretrained, weights_from_bytes, weights_to_bytes

PLAN = "conv3x2 pool4"


def convolutional(plan=PLAN):
    return nn.create_network((784, 5, 10), generator=np.random.default_rng(5), layer_spec=plan)


def test_convnetjs_net_is_built_and_learns_with_its_own_batches():
    async def main():
        controller = make_controller()
        state = controller.state
        controller.choose_architecture("convnetjs")
        assert (state.hidden_layers, state.batch_size) == ([], 20)
        assert controller.state.architecture_pending
        controller.reset()
        assert nn.architecture_of(controller.network) == "convnetjs"
        assert controller.network.sizes == (784, 10)
        assert not controller.state.architecture_pending
        assert "A fresh 784 → crop24 conv5x8 pool2 conv5x16 pool3 → 10 net" in state.notice.text
        before = weights_of(controller)
        state.running = True
        await until(lambda: state.snapshot.iteration > 2)
        state.running = False
        await all_done()
        assert weights_of(controller) != before
        assert state.snapshot.loss is not None

    run(main())


def test_choosing_dense_again_brings_its_layers_back():
    controller = make_controller()
    controller.choose_architecture("small")
    controller.choose_architecture("dense")
    assert controller.state.hidden_layers == [128]
    assert not controller.state.architecture_pending


def test_a_convolutional_net_is_loaded_and_saved_as_npz_but_not_as_json():
    async def main():
        controller = make_controller()
        state, network = controller.state, convolutional()
        controller.load_weights(weights_to_bytes(network, ".npz"), "mine.npz")
        assert state.origin == Origin.LOADED
        assert (state.architecture, state.hidden_layers) == (PLAN, [5])
        assert not controller.state.architecture_pending
        assert state.notice.text.startswith(f"Loaded mine.npz: a 784 → {PLAN} → 5-10 net.")
        again = weights_from_bytes(controller.save_weights(".npz", "s4"), "again.npz")
        for mine, theirs in zip(again.parameters(), network.parameters(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        assert controller.save_weights(".json", "s4") is None
        assert "convolutions" in state.notice.text
        controller.reset()
        assert controller.network.title == network.title
        await all_done()

    run(main())


def test_a_plan_of_ones_own_can_be_chosen_from_the_menu_too():
    assert architecture_options("dense") == {
        known.title: name for name, known in nn.ARCHITECTURES.items()
    }
    assert architecture_options(PLAN)[f"Custom: {PLAN}"] == PLAN


@pytest.mark.parametrize("name", nn.PRETRAINED)
def test_until_training_the_chosen_model_predicts_drawings(name):
    async def main():
        controller = make_controller(drawing_model=name)
        state = controller.state
        assert weights_of(controller) == weights_of(make_controller())
        controller.drawing.take(ink())
        framed = state.prediction.image[np.newaxis]
        expected = load_pretrained(name).predict_proba(framed)[0]
        np.testing.assert_array_equal(state.prediction.probabilities, expected)
        assert f"{name} ({100 * nn.pretrained_card(name).test_accuracy:.2f} %" in pretrained_title(
            name
        )
        controller.reset()
        assert state.origin == Origin.FRESH
        expected = controller.network.predict_proba(framed)[0]
        np.testing.assert_array_equal(state.prediction.probabilities, expected)
        controller.use_pretrained()
        assert state.origin == Origin.PRETRAINED
        assert controller.drawing.network.title == load_pretrained(name).title
        await all_done()

    run(main())


def test_another_model_for_drawings_predicts_the_drawing_at_once():
    controller = make_controller(drawing_model=nn.PRETRAINED[-1])
    controller.drawing.take(ink())
    controller.state.drawing_model = "mlp"
    prediction = controller.state.prediction
    expected = load_pretrained("mlp").predict_proba(prediction.image[np.newaxis])[0]
    np.testing.assert_array_equal(prediction.probabilities, expected)
