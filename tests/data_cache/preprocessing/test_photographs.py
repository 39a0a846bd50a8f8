"""Ink in photographs: light or dark background, shadows, any size and shape."""

import os

import numpy as np
import pytest
from photograph_generator import photograph as drawn_photograph
from photograph_generator import resize, strokes, turn

from dashboard.answer_confidence import is_answer_sure
from data_cache import find_ink, frame_digit, load_digits
from data_cache.preprocessing import find_picture_digits
from data_cache.synthesis.non_digits import scribbles
from nn import load_pretrained, pretrained_card


def pictures(count=15):
    samples = load_digits().validation[:count]
    return samples.images.reshape(-1, 28, 28) / 255, samples.labels


def photograph(digit, *, scale=8, size=(400, 300), dark=False, shadow=0.0, noise=0.0, seed=0):
    """A digit off the centre, in uneven light."""
    generator = np.random.default_rng(seed)
    big = np.kron(digit, np.ones((scale, scale)))
    paper = np.zeros(size)
    top, left = size[0] - big.shape[0] - 20, 30
    paper[top : top + big.shape[0], left : left + big.shape[1]] = big
    light = 1 - shadow * np.linspace(0, 1, size[1])[None, :]
    grey = 0.9 - 0.6 * paper if not dark else 0.15 + 0.7 * paper
    return 255 * (grey * light + noise * generator.standard_normal(size))


def accuracy(**how) -> float:
    digits, labels = pictures()
    framed = np.stack([frame_digit(find_ink(photograph(digit, **how))) for digit in digits])
    return float((load_pretrained().predict_proba(framed).argmax(axis=1) == labels).mean())


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"dark": True},
        {"shadow": 0.6},
        {"noise": 0.03},
        {"dark": True, "shadow": 0.4, "noise": 0.02},
        {"scale": 2, "size": (90, 120)},
        {"scale": 12, "size": (500, 900)},
    ],
    ids=["plain", "dark", "shadow", "noise", "all", "small", "wide"],
)
def test_digits_in_photographs_are_recognised(how):
    assert accuracy(**how) >= 0.93


@pytest.mark.parametrize("grey", [0.0, 128.0, 255.0])
@pytest.mark.parametrize("shape", [(50, 70), (1, 1)])
def test_a_uniform_picture_has_no_ink(grey, shape):
    ink = find_ink(np.full(shape, grey))
    assert ink.shape == (168, 168)
    assert not ink.any()


def test_a_shadow_is_not_ink():
    sheet = np.tile(np.linspace(120, 250, 300), (200, 1))
    ink = find_ink(sheet)
    assert ink[:, 20:-20].mean() < 0.05


@pytest.mark.parametrize("shape", [(0, 4), (4, 4, 3)])
def test_a_picture_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="found") as caught:
        find_ink(np.zeros(shape))
    assert str(shape) in str(caught.value)


# Photographs of every kind, each from a seed of its own

DIGITS = load_digits().validation


def answer_of(picture):
    """Return the digits that the best model sees, and whether it is sure of a single one."""
    network = load_pretrained("best")
    found = find_picture_digits(picture).digits
    images = [image for one in found if (image := frame_digit(one.canvas)) is not None]
    if not images:
        return [], False
    predicted = network.predict_proba(np.stack(images)).argmax(axis=1).tolist()
    is_sure = len(found) == 1 and is_answer_sure(
        network,
        images[0],
        pretrained_card("best"),
        is_picture=True,
        has_warning=found[0].is_cut or found[0].is_wide,
    )
    return predicted, is_sure


def pictures_of(kind, count, seed):
    """Yield photographs with the labels of their digits."""
    for number in range(count):
        generator = np.random.default_rng([seed, number])
        chosen = generator.integers(len(DIGITS), size={"digit": 1, "two": 2}.get(kind, 0))
        inks = [DIGITS.images[index] for index in chosen]
        if kind == "scribble":
            (drawn,) = scribbles(1, generator, DIGITS.images)
            inks = [np.rint(255 * np.clip(drawn, 0, 1)).astype(np.uint8).reshape(784)]
        yield drawn_photograph(inks, generator), DIGITS.labels[chosen].tolist()


COUNT = int(os.environ.get("INKLING_PHOTOGRAPHS", "17"))
"""Photographs of each kind; more take half a second each."""


def test_at_least_95_of_100_photographs_of_digits_are_answered_rightly():
    answers = [
        answer_of(picture)[0] == label for picture, label in pictures_of("digit", COUNT, 101)
    ]
    assert np.mean(answers) >= 0.95


def test_at_most_2_of_100_pages_without_a_single_digit_are_answered_surely():
    sure = {
        kind: [answer_of(picture)[1] for picture, _ in pictures_of(kind, COUNT, 202)]
        for kind in ("blank", "scribble", "two")
    }
    assert not any(sure["blank"])
    assert np.mean([*sure["blank"], *sure["scribble"], *sure["two"]]) <= 0.02


def test_most_blank_pages_have_no_digit_and_most_pairs_have_two():
    blank = [not answer_of(picture)[0] for picture, _ in pictures_of("blank", COUNT, 303)]
    pairs = [len(answer_of(picture)[0]) == 2 for picture, _ in pictures_of("two", COUNT, 303)]
    assert np.mean(blank) >= 0.95
    assert np.mean(pairs) >= 0.9


def page_of(label, side, shape=(420, 560), *, top=140, left=200):
    """The ink of a digit of the class on a page."""
    page = np.zeros(shape)
    image = DIGITS.images[DIGITS.labels == label][1]
    page[top : top + side, left : left + side] = strokes(image, side)
    return page


@pytest.mark.parametrize("label", range(10))
def test_a_frame_darker_than_the_blackboard_is_not_its_ink(label):
    picture = np.pad(45 + 75 * page_of(label, 120), 9, constant_values=3)
    assert answer_of(picture)[0] == [label]


@pytest.mark.parametrize("label", [1, 4, 7, 9])
def test_the_edge_of_the_paper_makes_no_rules_of_thin_strokes(label):
    picture = np.pad(240 - 190 * page_of(label, 50), 25, constant_values=60)
    assert answer_of(picture)[0] == [label]


def test_the_bar_of_a_seven_in_a_row_of_form_boxes_stays():
    picture = 240 - 200 * page_of(7, 58, (300, 500), top=112, left=256)
    for line in (105, 174):
        picture[line : line + 2, 40:462] = 90
    for line in range(40, 480, 70):
        picture[105:176, line : line + 2] = 90
    assert answer_of(picture)[0] == [7]


@pytest.mark.parametrize("label", [1, 4, 7])
def test_dark_strokes_along_the_rules_of_squared_paper_stay(label):
    picture = 240 - 200 * page_of(label, 60, (300, 400), top=105, left=150)
    for line in range(0, 300, 28):
        picture[line] = np.minimum(picture[line], 170)
    for line in range(11, 400, 28):
        picture[:, line] = np.minimum(picture[:, line], 170)
    assert answer_of(picture)[0] == [label]


@pytest.mark.parametrize("degrees", [-8, 6])
def test_a_page_that_lies_askew_on_a_desk_is_read(degrees):
    sheet = np.pad(170 - 190 * page_of(2, 180), 110)
    assert answer_of(70 + turn(sheet, degrees))[0] == [2]


def test_the_digits_of_a_page_are_read_line_by_line():
    page = np.zeros((600, 560))
    for label, top, left in ((1, 60, 40), (2, 90, 330), (3, 350, 30), (4, 330, 320)):
        page += page_of(label, 170, page.shape, top=top, left=left)
    assert answer_of(240 - 200 * page)[0] == [1, 2, 3, 4]


@pytest.mark.parametrize("side", [28, 140, 560])
@pytest.mark.parametrize("is_inverted", [False, True])
def test_digits_of_mnist_as_pictures_of_any_size_are_recognised(side, is_inverted):
    for image, label in zip(DIGITS.images[:10], DIGITS.labels[:10], strict=True):
        picture = resize(image.reshape(28, 28).astype(float), side, side)
        assert answer_of(255 - picture if is_inverted else picture)[0] == [label]


def test_a_five_and_a_four_in_two_strokes_are_one_digit():
    five, four = np.zeros((2, 300, 300))
    five[60:75, 140:210] = 1  # the bar, apart from the rest
    five[85:150, 100:115] = five[140:155, 100:200] = five[150:230, 190:205] = 1
    five[220:235, 100:200] = 1
    four[60:160, 90:105] = four[150:165, 90:170] = 1
    four[60:240, 182:197] = 1  # beside the first stroke
    for drawn in (five, four):
        assert len(find_picture_digits(255 - 255 * drawn).digits) == 1
