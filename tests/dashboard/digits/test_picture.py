"""Pictures that are dropped on the pad: their grey values, and the sentences about them."""

import base64

import numpy as np
import pytest

from dashboard.digits.picture import decode_grey, drawing_of, explain_undecodable
from data_cache import frame_digit, load_digits
from data_cache.preprocessing import find_picture_digits
from nn import load_pretrained


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def page(*images: np.ndarray) -> np.ndarray:
    """Digits beside each other, dark on light."""
    blocks = [np.pad(np.kron(image.reshape(28, 28), np.ones((6, 6))), 20) for image in images]
    return 255 - np.concatenate(blocks, axis=1)


def test_the_digit_of_a_picture_becomes_a_drawing():
    digits = load_digits().validation
    grey = page(digits.images[0])
    levels = np.rint(grey).astype(np.uint8)
    found = decode_grey(levels.shape[1], levels.shape[0], encoded(levels.tobytes()))
    np.testing.assert_array_equal(found, levels)
    drawing = drawing_of(find_picture_digits(found), "a.png")
    assert (drawing.canvas.shape, drawing.has_warning) == ((168, 168), False)
    answer = load_pretrained().predict_proba(frame_digit(drawing.canvas)[np.newaxis])[0].argmax()
    assert answer == digits.labels[0]


def test_pictures_without_exactly_one_whole_digit_are_explained():
    digits = load_digits().validation
    blank = drawing_of(find_picture_digits(np.full((90, 90), 230.0)), "a.png")
    assert blank.canvas is None
    assert "no digit" in blank.sentence
    two = drawing_of(find_picture_digits(page(*digits.images[:2])), "a.png")
    assert two.canvas is None
    assert "2 digits" in two.sentence
    eight = page(digits.images[digits.labels == 8][0])[:120]
    cut = drawing_of(find_picture_digits(eight), "a.png")
    assert cut.canvas is not None
    assert "cuts the digit" in cut.sentence


@pytest.mark.parametrize(
    ("width", "height", "content"),
    [(0, 3, b""), (2, 2, b"123"), (2000, 2, bytes(4000)), (-1, -1, b"1")],
)
def test_impossible_sizes_are_refused(width, height, content):
    with pytest.raises(ValueError, match="a picture has"):
        decode_grey(width, height, encoded(content))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (bytes.fromhex("00000018") + b"ftypheic", "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (bytes(range(20)), "something else"),
    ],
)
def test_a_file_that_the_browser_cannot_decode_is_named(content, word):
    sentence = explain_undecodable("a.jpg", encoded(content))
    assert sentence.startswith("a.jpg: expected a picture that the browser can decode")
    assert word in sentence


def test_a_file_that_is_too_large_to_be_decoded_is_refused_by_its_size():
    sentence = explain_undecodable("a.png", "", 250_000_000)
    for word in ("a.png", "100 MB", "250.0 MB", "Shrink"):
        assert word in sentence
