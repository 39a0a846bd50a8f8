"""The answer to the drawing: what the current model is given, and when it is confident."""

from dataclasses import replace

import numpy as np
import pytest
from cache_helpers import run
from controller_helpers import all_done, ink, make_controller, until

from dashboard.digits import drawing
from dashboard.digits.example_drawing import DIGIT, draw_example
from dashboard.digits.picture import PictureDrawing
from dashboard.digits.views.pad import DrawingPad
from data_cache import frame_digit, load_digits, shrink_canvas, to_float
from data_cache.augmentation.manipulation import make_views
from nn import PRETRAINED, load_pretrained, pretrained_card
from nn.calibration import confidence


def shifted():
    """The drawing of a one, at the left edge."""
    return np.roll(ink(), -36, axis=1)


def with_pad(controller):
    pad = DrawingPad(controller.drawing.take, "")
    controller.drawing.show_on_pad = pad.show
    return controller


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_example_is_read_by_every_pretrained_model_with_confidence(name):
    controller = make_controller(pretrained_model=name)
    controller.drawing.take_example()
    state = controller.state
    assert state.is_example
    assert state.prediction.probabilities.argmax() == DIGIT
    assert state.prediction.is_confident
    assert state.prediction.probabilities.max() > 0.95
    controller.drawing.take(ink())
    assert not state.is_example


def test_the_example_has_the_same_ink_at_every_resolution():
    small, large = draw_example(84), draw_example(168)
    assert (small.dtype, small.min(), small.max()) == (np.float32, 0, 1)
    halved = large.reshape(84, 2, 84, 2).mean(axis=(1, 3))
    assert np.abs(halved - small).mean() < 0.005


def test_the_sentence_of_the_first_view_goes_with_the_example():
    controller = make_controller()
    controller.drawing.take_example()
    welcome = controller.state.notice
    controller.drawing.take(ink())
    assert controller.state.notice != welcome


def test_without_centring_the_drawing_is_only_shrunk_and_no_threshold_applies(monkeypatch):
    card = replace(pretrained_card(), confidence_threshold=1.1)
    monkeypatch.setattr(drawing, "pretrained_card", lambda _name: card)
    controller = make_controller()
    state = controller.state
    controller.drawing.take(shifted())
    np.testing.assert_array_equal(state.prediction.image, frame_digit(shifted()))
    assert not state.prediction.is_confident
    state.centre_drawing = False
    np.testing.assert_array_equal(state.prediction.image, shrink_canvas(shifted()))
    expected = load_pretrained("mlp").predict_proba(state.prediction.image[np.newaxis])[0]
    np.testing.assert_array_equal(state.prediction.probabilities, expected)
    assert state.prediction.is_confident


def test_a_sample_is_predicted_exactly_as_evaluated_until_it_is_drawn_on():
    controller = with_pad(make_controller())
    samples = load_digits().test[:40]
    images = to_float(samples.images)
    expected = load_pretrained("mlp").predict_proba(images)
    for image, probabilities in zip(images, expected, strict=True):
        controller.drawing.show(image.reshape(28, 28))
        np.testing.assert_array_equal(controller.state.prediction.image, image)
        np.testing.assert_allclose(
            controller.state.prediction.probabilities, probabilities, rtol=1e-4, atol=1e-6
        )
    changed = controller.state.drawing.copy()
    changed[:3, :3] = 1
    controller.drawing.take(changed)
    np.testing.assert_array_equal(controller.state.prediction.image, frame_digit(changed))


def test_the_example_is_cleared_for_classes_that_are_no_digits():
    async def main():
        controller = with_pad(make_controller())
        controller.start()
        controller.drawing.take_example()
        controller.state.data_set = "fashion-mnist"
        await until(lambda: controller.data.name == "fashion-mnist")
        assert controller.state.prediction.image is None
        await all_done()

    run(main())


def test_the_digit_of_a_picture_must_be_surer_than_a_drawing_until_it_has_gone(monkeypatch):
    card = replace(pretrained_card(), confidence_threshold=0.0, picture_threshold=0.9)
    monkeypatch.setattr(drawing, "pretrained_card", lambda _name: card)
    controller = with_pad(make_controller())
    model, state = controller.drawing, controller.state
    images = load_digits().validation.images[:200]
    canvases = [np.kron(one.reshape(28, 28), np.ones((6, 6))) / 255 for one in images]
    sure = []
    for canvas in canvases:
        model.show(canvas)
        assert state.prediction.is_confident
        model.show_picture(PictureDrawing(canvas.astype(np.float32)))
        sure.append(state.prediction.is_confident)
        views = make_views(state.prediction.image)
        mean = state.shown_network.predict_proba(views).mean(axis=0, keepdims=True)
        assert state.prediction.is_confident == (confidence(mean)[0] >= 0.9)
    assert 0 < sum(sure) < len(sure)
    unsure = canvases[sure.index(False)].astype(np.float32)
    model.show_picture(PictureDrawing(unsure))
    model.take(ink())
    assert state.prediction.is_confident
    whole = canvases[sure.index(True)].astype(np.float32)
    model.show_picture(PictureDrawing(whole, "the edge cuts it"))
    assert not state.prediction.is_confident
