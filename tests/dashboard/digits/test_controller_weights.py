"""Weights that are loaded into the controller, saved from it, or refused."""

import asyncio
import gzip
import io
import json
import tracemalloc
import zipfile

import numpy as np
import pytest
from cache_helpers import run
from controller_helpers import all_done, ink, make_controller, until, weights_of

from dashboard.digits.state import Origin
from nn import create_network, load_pretrained, weights_from_bytes, weights_to_bytes


def net(*sizes, dtype=np.float32, **options):
    return create_network(sizes, generator=np.random.default_rng(5), dtype=dtype, **options)


def with_numbers(number, dtype=np.float64):
    """An .npz file of a whole net of the right size in which all numbers are this one."""
    content = io.BytesIO()
    with np.load(io.BytesIO(weights_to_bytes(net(784, 4, 10, dtype=dtype), ".npz"))) as good:
        arrays = dict(good)
    arrays["W0"] = np.full_like(arrays["W0"], number)
    np.savez(content, **arrays)
    return content.getvalue()


@pytest.mark.parametrize(
    ("suffix", "layout", "biases"),
    [(".npz", "s4", True), (".npz", "s4", False), (".json", "s4", True), (".json", "s0", False)],
)
def test_what_is_saved_can_be_loaded_again_in_every_format(suffix, layout, biases):
    async def main():
        controller = make_controller(biases=biases, hidden_layers=[6])
        controller.reset()
        content = controller.save_weights(suffix, layout)
        saved = weights_of(controller)
        controller.state.hidden_layers = [9]
        controller.reset()
        await controller.load_weights(content, f"mine{suffix}")
        assert weights_of(controller) == saved
        assert (controller.state.hidden_layers, controller.state.biases) == ([6], biases)
        assert not controller.state.network_pending
        await all_done()

    run(main())


def turned_json() -> bytes:
    """The pretrained network with its matrices as (outputs, inputs) in flat lists."""
    lists = {}
    for index, layer in enumerate(load_pretrained().dense_layers):
        lists |= {f"W{index}": layer.weights.T.ravel().tolist(), f"b{index}": layer.bias.tolist()}
    return json.dumps(lists).encode()


def test_a_button_takes_matrices_that_were_turned_as_they_are_written_and_back():
    async def main():
        controller = make_controller()
        await controller.load_weights(turned_json(), "mine.json")
        turned = weights_of(controller)
        assert turned == [array.tobytes() for array in load_pretrained().parameters()]
        for is_turned in (False, True):
            controller.state.notice.mend.apply()
            assert (weights_of(controller) == turned) is is_turned
        await controller.load_weights(weights_to_bytes(load_pretrained(), ".json"), "mine.json")
        assert controller.state.notice.mend is None
        await all_done()

    run(main())


def test_a_foreign_network_that_recognises_no_digits_is_said_to():
    async def main():
        controller = make_controller()
        await controller.load_weights(weights_to_bytes(net(784, 6, 10), ".json"), "mine.json")
        assert "% of the bundled digits" in controller.state.notice.text
        await controller.load_weights(weights_to_bytes(net(784, 6, 10), ".npz"), "mine.npz")
        assert "bundled digits" not in controller.state.notice.text
        await all_done()

    run(main())


def test_loaded_weights_answer_at_once_and_training_goes_on_from_them():
    async def main():
        controller = make_controller(learning_rate=1e-9, optimizer="sgd")
        controller.drawing.take(ink())
        chosen = net(784, 16, 8, 10, activation="tanh")
        await controller.load_weights(weights_to_bytes(chosen, ".npz"), "chosen.npz")
        state = controller.state
        assert state.origin == Origin.LOADED
        assert (state.hidden_layers, state.activation) == ([16, 8], "tanh")
        assert state.notice.text.startswith("Loaded chosen.npz: MLP 784-16-8-10.")
        expected = chosen.predict_proba(state.prediction.image[np.newaxis])[0]
        np.testing.assert_array_equal(state.prediction.probabilities, expected)
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        state.running = False
        await all_done()
        assert controller.network.sizes == (784, 16, 8, 10)
        np.testing.assert_allclose(
            controller.network.parameters()[0], chosen.parameters()[0], atol=1e-6
        )

    run(main())


def test_loading_while_training_pauses_and_keeps_the_loaded_weights():
    async def main():
        controller = make_controller()
        state = controller.state
        state.running = True
        await until(lambda: state.snapshot.iteration > 0)
        await controller.load_weights(weights_to_bytes(net(784, 12, 10), ".npz"), "chosen.npz")
        loaded = weights_of(controller)
        await all_done()
        assert state.running is False
        assert weights_of(controller) == loaded
        assert loaded[0] == net(784, 12, 10).parameters()[0].tobytes()

    run(main())


def test_double_precision_is_read_as_single():
    async def main():
        controller = make_controller()
        chosen = net(784, 5, 10, dtype=np.float64)
        await controller.load_weights(weights_to_bytes(chosen, ".npz"), "double.npz")
        assert controller.network.dtype == np.float32
        assert controller.state.origin == Origin.LOADED
        await all_done()

    run(main())


GOOD = weights_to_bytes(net(784, 4, 10), ".npz")
BAD_FILES = [
    pytest.param(b"", "empty.npz", "0 bytes", id="empty"),
    pytest.param(GOOD[: len(GOOD) // 2], "torn.npz", "truncated", id="truncated npz"),
    pytest.param(b'{"W0": [1, 2', "torn.json", "", id="truncated json"),
    pytest.param(b"[1, 2, 3]", "list.json", "W0, b0, W1", id="another layout"),
    pytest.param(with_numbers(np.nan), "nan.npz", "expected finite", id="nan"),
    pytest.param(with_numbers(1e300), "huge.npz", "32-bit floats", id="too large for float32"),
    pytest.param(
        weights_to_bytes(net(100, 4, 10), ".npz"),
        "small.npz",
        "784 inputs and 10 outputs; this one has 100 and 10",
        id="wrong inputs",
    ),
    pytest.param(
        weights_to_bytes(net(784, 4, 7), ".npz"),
        "seven.npz",
        "this one has 784 and 7",
        id="wrong outputs",
    ),
    pytest.param(
        json.dumps({"W0": [0.5] * 7, "b0": [0.0] * 10}).encode(),
        "shapes.json",
        "",
        id="wrong shapes",
    ),
    pytest.param(
        weights_to_bytes(net(784, *[3] * 9, 10), ".npz"),
        "deep.npz",
        "at most 8 hidden layers of at most 2,048 units; found 9",
        id="too deep",
    ),
    pytest.param(
        weights_to_bytes(net(784, 2049, 10), ".npz"),
        "wide.npz",
        "the widest of 2,049",
        id="too wide",
    ),
]


def test_the_name_of_a_file_does_not_decide_and_what_was_assumed_is_said():
    async def main():
        controller = make_controller()
        chosen = net(784, 5, 5, 10)
        content = io.BytesIO()
        np.savez(content, *[W.T for W in chosen.parameters()])
        await controller.load_weights(content.getvalue(), "mine.json")
        assert controller.state.origin == Origin.LOADED
        assert "ReLU is assumed" in controller.state.notice.text
        np.testing.assert_array_equal(controller.network.parameters()[0], chosen.parameters()[0])
        await controller.load_weights(b"<!doctype html>", "mine.npz")
        assert controller.state.notice.kind == "error"
        assert "a web page" in controller.state.notice.text
        await controller.close()

    run(main())


@pytest.mark.parametrize(("content", "name", "found"), BAD_FILES)
def test_a_bad_file_is_refused_with_its_name_and_changes_nothing(content, name, found):
    async def main():
        controller = make_controller()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 0)
        state = controller.state
        before = (controller.trainer.run, state.origin, list(state.hidden_layers), state.activation)
        await controller.load_weights(content, name)
        assert state.notice.kind == "error"
        assert name in state.notice.text
        assert found in state.notice.text
        assert state.running is True
        after = (controller.trainer.run, state.origin, list(state.hidden_layers), state.activation)
        assert after == before
        await controller.close()

    run(main())


def test_a_layout_without_room_for_biases_is_a_sentence_not_a_file():
    controller = make_controller()
    assert controller.save_weights(".json", "s0") is None
    assert controller.state.notice.kind == "warning"
    assert "biases" in controller.state.notice.text


def test_what_is_saved_while_training_is_the_net_of_the_newest_snapshot():
    async def main():
        controller = make_controller()
        controller.state.running = True
        await until(lambda: controller.state.snapshot.iteration > 5)
        content = controller.save_weights(".npz", "s4")
        shown = weights_of(controller)
        saved = weights_from_bytes(content, "saved.npz")
        assert [values.tobytes() for values in saved.parameters()] == shown
        await controller.close()

    run(main())


def test_the_ready_trained_net_comes_back_and_pauses_training():
    async def main():
        controller = make_controller()
        state = controller.state
        controller.drawing.take(ink())
        ready = [values.tobytes() for values in load_pretrained().parameters()]
        answer = state.prediction.probabilities
        state.running = True
        await until(lambda: state.snapshot.iteration > 3)
        controller.use_pretrained()
        await all_done()
        assert weights_of(controller) == ready
        assert (state.running, state.origin, len(state.history)) == (False, Origin.PRETRAINED, 0)
        assert state.origin == Origin.PRETRAINED
        np.testing.assert_array_equal(state.prediction.probabilities, answer)

    run(main())


def test_an_archive_beyond_the_budget_is_refused_before_it_is_unpacked():
    """A zip and a gzip stream of zeros, of which the first claims 400 MB in 0.4 MB."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("W0.npy", "w", force_zip64=True) as entry,
    ):
        for _ in range(100):
            entry.write(bytes(4_000_000))
    packed = gzip.compress(bytes(60_000_000))
    controller = make_controller()
    before = controller.network
    for content, name in ((file.getvalue(), "bomb.npz"), (packed, "bomb.gz")):
        tracemalloc.start()
        asyncio.run(controller.load_weights(content, name))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 120_000_000
        assert controller.state.notice.text.startswith(f"{name}: expected")
        assert controller.network is before


@pytest.mark.parametrize("layout", ["s0-biases", "s4"])
def test_what_the_api_sends_can_be_loaded_packed_or_not(layout):
    """As `curl /api/weights > weights.json`, perhaps with gzip or in a ZIP archive."""
    network = load_pretrained("mlp")
    content = weights_to_bytes(network, ".json", layout=layout)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("w/weights.json", content)

    async def main():
        for packed in (content, gzip.compress(content), file.getvalue()):
            controller = make_controller()
            await controller.load_weights(packed, "w.json")
            assert controller.state.notice.text.startswith("Loaded w.json")
            pairs = zip(controller.network.parameters(), network.parameters(), strict=True)
            for found, expected in pairs:
                np.testing.assert_array_equal(found, expected)
            await all_done()

    run(main())
