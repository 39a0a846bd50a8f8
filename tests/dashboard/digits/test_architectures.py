"""Convolutional nets in the controller, and the choice of the net that reads drawings."""

import numpy as np
import pytest
from cache_helpers import run
from controller_helpers import all_done, ink, make_laboratory, until, weights_of

import nn
from dashboard.digits.state import FRESH, LOADED, READY
from dashboard.digits.views.controls import architecture_options, ready_net_title
from nn import load_pretrained, weights_from_bytes, weights_to_bytes

PLAN = "conv3x2 pool4"


def convolutional(plan=PLAN):
    return nn.create_network((784, 5, 10), generator=np.random.default_rng(5), layer_spec=plan)


def test_convnetjs_net_is_built_and_learns_with_its_own_batches():
    async def main():
        controller = make_laboratory()
        state = controller.state
        controller.choose_architecture("convnetjs")
        assert (state.hidden_layers, state.batch_size) == ([], 20)
        assert controller.architecture_pending
        controller.reset()
        assert nn.architecture_of(controller.network) == "convnetjs"
        assert controller.network.sizes == (784, 10)
        assert not controller.architecture_pending
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
    controller = make_laboratory()
    controller.choose_architecture("small")
    controller.choose_architecture("dense")
    assert controller.state.hidden_layers == [128]
    assert not controller.architecture_pending


def test_a_convolutional_net_is_loaded_and_saved_as_npz_but_not_as_json():
    async def main():
        controller = make_laboratory()
        state, network = controller.state, convolutional()
        controller.load_weights(weights_to_bytes(network, ".npz"), "mine.npz")
        assert state.origin == LOADED
        assert (state.architecture, state.hidden_layers) == (PLAN, [5])
        assert not controller.architecture_pending
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
    assert architecture_options(PLAN)[f"Your own: {PLAN}"] == PLAN


@pytest.mark.parametrize("name", nn.PRETRAINED)
def test_until_one_trains_drawings_are_read_by_the_chosen_net(name):
    async def main():
        controller = make_laboratory(ready_net=name)
        state = controller.state
        assert weights_of(controller) == weights_of(make_laboratory())
        controller.take_drawing(ink())
        framed = state.answer.framed[np.newaxis]
        expected = load_pretrained(name).predict_proba(framed)[0]
        np.testing.assert_array_equal(state.answer.probabilities, expected)
        assert f"{name} ({100 * nn.pretrained_card(name).test_accuracy:.2f} %" in ready_net_title(
            name
        )
        controller.reset()
        assert state.origin == FRESH
        expected = controller.network.predict_proba(framed)[0]
        np.testing.assert_array_equal(state.answer.probabilities, expected)
        controller.back_to_ready()
        assert state.origin == READY
        assert controller.reader.title == load_pretrained(name).title
        await all_done()

    run(main())


def test_another_reader_reads_the_drawing_at_once():
    controller = make_laboratory(ready_net=nn.PRETRAINED[-1])
    controller.take_drawing(ink())
    controller.state.ready_net = "mlp"
    expected = load_pretrained("mlp").predict_proba(controller.state.answer.framed[np.newaxis])[0]
    np.testing.assert_array_equal(controller.state.answer.probabilities, expected)
