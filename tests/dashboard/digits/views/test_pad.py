"""Pictures that the drawing pad sends to Python, and pictures that Python shows on it."""

import base64

import numpy as np
import pytest
from component_helpers import send_command

from dashboard.digits.views.pad import CELLS, SENT, SIDE, DrawingPad, decode_picture


def encoded(content):
    return base64.b64encode(content).decode("ascii")


def levels():
    return np.random.default_rng(0).integers(0, 256, (SENT, SENT), dtype=np.uint8)


def make_pad():
    drawings = []
    return DrawingPad(drawings.append, ""), drawings


def test_what_the_pad_sends_becomes_a_picture_from_0_to_1():
    picture = decode_picture(encoded(levels().tobytes()))
    assert (picture.shape, picture.dtype) == ((SENT, SENT), np.float32)
    np.testing.assert_allclose(picture, levels() / 255, rtol=1e-6)
    assert decode_picture(encoded(bytes([255]) * SENT * SENT)).max() == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("not base64!", "found text that is not base64"),
        ("QUI", "found text that is not base64"),
        ("é" * 4, "found text that is not base64"),
        ("", "found 0 bytes"),
        (encoded(b"12"), "found 2 bytes"),
        (encoded(bytes(SENT * SENT + 1)), f"found {SENT * SENT + 1} bytes"),
    ],
)
def test_content_of_another_form_is_refused(content, found):
    with pytest.raises(ValueError, match=f"base64 of {SENT * SENT} bytes; {found}"):
        decode_picture(content)


def test_a_drawing_on_the_page_is_reported_every_time_it_is_sent():
    pad, drawings = make_pad()
    for _ in range(2):
        send_command(pad.figure, "draw", encoded(levels().tobytes()))
    assert len(drawings) == 2
    np.testing.assert_allclose(drawings[1], levels() / 255, rtol=1e-6)


def test_only_an_example_is_marked_for_the_first_stroke_to_take_its_place():
    example = np.zeros((SIDE, SIDE), np.float32)
    example[60:90, 20:40] = 1
    for picture, tags in ((example, ["example"]), (None, [])):
        source = DrawingPad([].append, "", example=picture).figure.renderers[0].data_source
        assert source.tags == tags
        expected = 0 if picture is None else 255 * picture
        np.testing.assert_array_equal(source.data["image"][0], expected)


def test_undo_and_clear_are_handled_by_the_script_of_the_pad():
    pad, _ = make_pad()
    (script,) = pad.figure.js_property_callbacks["change:inner_width"]
    for name in ("undo", "clear"):
        button = script.args[name]
        assert button.css_classes == [f"ink-{name}"]
        assert button.js_event_callbacks["button_click"] == [script]


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


def test_a_picture_that_the_page_sends_is_passed_on_whole():
    received = []
    pad = DrawingPad([].append, "", on_picture=lambda *picture: received.append(picture))
    send_command(pad.figure, "picture", "a.png", 2, 1, encoded(b"\0\xff"))
    assert received == [("a.png", 2, 1, encoded(b"\0\xff"))]
