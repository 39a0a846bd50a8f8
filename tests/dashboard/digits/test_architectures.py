"""Convolutional networks in the controller."""

import numpy as np
from cache_helpers import run
from controller_helpers import all_done, make_controller, until, weights_of

import nn
from dashboard.digits.state import Origin
from dashboard.digits.views.network_controls import architecture_options
from nn import weights_from_bytes, weights_to_bytes

PLAN = "conv3x2 pool4"


def convolutional(plan=PLAN):
    return nn.create_network((784, 5, 10), generator=np.random.default_rng(5), layer_spec=plan)


def test_convnetjs_net_is_built_and_learns_with_its_own_batches():
    async def main():
        controller = make_controller()
        state = controller.state
        controller.choose_architecture("convnetjs")
        assert (state.hidden_layers, state.batch_size) == ([], 20)
        assert controller.state.network_pending
        controller.reset()
        assert nn.architecture_of(controller.network) == "convnetjs"
        assert controller.network.sizes == (784, 10)
        assert not controller.state.network_pending
        assert "A new CNN 8-16 → 10." in state.notice.text
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
    assert not controller.state.network_pending


def test_a_convolutional_net_is_loaded_and_saved_as_npz_but_not_as_json():
    async def main():
        controller = make_controller()
        state, network = controller.state, convolutional()
        await controller.load_weights(weights_to_bytes(network, ".npz"), "mine.npz")
        assert state.origin == Origin.LOADED
        assert (state.architecture, state.hidden_layers) == (PLAN, [5])
        assert not controller.state.network_pending
        assert state.notice.text.startswith("Loaded mine.npz: CNN 2 → 5-10.")
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
