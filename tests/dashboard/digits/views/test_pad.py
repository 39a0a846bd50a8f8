"""The pad's messages to Python, and pictures that Python puts on it."""

import base64

import numpy as np
import pytest

from dashboard.digits.views.pad import CELLS, SENT, SIDE, DrawingPad, decode_picture


def message(content, number=1):
    return [number, base64.b64encode(content).decode("ascii")]


def levels():
    return np.random.default_rng(0).integers(0, 256, (SENT, SENT), dtype=np.uint8)


def make_pad():
    drawings = []
    return DrawingPad(drawings.append, ""), drawings


def test_a_message_becomes_a_picture_from_0_to_1():
    picture = decode_picture(message(levels().tobytes()))
    assert (picture.shape, picture.dtype) == ((SENT, SENT), np.float32)
    np.testing.assert_allclose(picture, levels() / 255, rtol=1e-6)
    assert decode_picture(message(bytes([255]) * SENT * SENT)).max() == 1


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ([], "found 0 entries"),
        ([1], "found 1 entries"),
        ([1, "", "more"], "found 3 entries"),
        ([1, 5], "found 2 entries"),
        ([1, None], "found 2 entries"),
        ([1, "not base64!"], "found text that is not base64"),
        ([1, "QUI"], "found text that is not base64"),
        ([1, "é" * 4], "found text that is not base64"),
        ([1, ""], "found 0 bytes"),
        (message(b"12"), "found 2 bytes"),
        (message(bytes(SENT * SENT + 1)), f"found {SENT * SENT + 1} bytes"),
    ],
)
def test_a_message_of_another_form_is_refused_with_a_sentence(tags, found):
    with pytest.raises(
        ValueError, match=rf"the pad sends \[number, base64 of 7056 bytes\]; {found}"
    ):
        decode_picture(tags)


def test_a_message_from_the_page_is_reported_as_a_drawing():
    pad, drawings = make_pad()
    pad.figure.tags = message(levels().tobytes())
    assert len(drawings) == 1
    np.testing.assert_allclose(drawings[0], levels() / 255, rtol=1e-6)


def test_the_same_picture_again_is_reported_again_because_its_number_differs():
    pad, drawings = make_pad()
    pad.figure.tags = message(levels().tobytes(), number=1)
    pad.figure.tags = message(levels().tobytes(), number=2)
    assert len(drawings) == 2


@pytest.mark.parametrize("side", [CELLS, SENT, SIDE])
def test_a_picture_of_any_side_is_enlarged_without_smoothing_and_reported(side):
    pad, drawings = make_pad()
    canvas = (np.random.default_rng(1).integers(0, 256, (side, side)) / 255).astype(np.float32)
    pad.show(canvas)
    painted = painted_by(pad)
    assert (painted.shape, painted.dtype) == ((SIDE, SIDE), np.uint8)
    step = SIDE // side
    np.testing.assert_array_equal(painted[::step, ::step], np.round(255 * canvas))
    np.testing.assert_array_equal(
        painted[step - 1 :: step, step - 1 :: step], painted[::step, ::step]
    )
    assert drawings[0].shape == (SENT, SENT)
    assert drawings[0].dtype == np.float32
    assert drawings[0].mean() == pytest.approx(canvas.mean(), abs=1e-5)


def test_full_ink_and_blank_paper_survive_showing():
    pad, drawings = make_pad()
    pad.show(np.ones((28, 28), np.float32))
    pad.show(np.zeros((28, 28), np.float32))
    assert (drawings[0].min(), drawings[1].max()) == (1, 0)
    assert painted_by(pad).max() == 0


def test_each_pad_has_its_own_ink():
    (one, _), (other, _) = make_pad(), make_pad()
    one.show(np.ones((28, 28), np.float32))
    assert painted_by(other).max() == 0


def painted_by(pad):
    image = pad.figure.renderers[0]
    return image.data_source.data["image"][0]
