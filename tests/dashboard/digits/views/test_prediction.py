"""The prediction on the page: in words, as bars, and as the input of the model."""

import re

import numpy as np
import pytest
from html_values import data_of, text_of

from dashboard.digits.state import DigitsState, Prediction
from dashboard.digits.views.prediction import (
    INVITATION,
    PredictionView,
    bars_html,
    prediction_html,
)
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.theme import Theme
from data_cache import DATA_SETS

DIGITS = tuple("0123456789")
GARMENTS = DATA_SETS["fashion-mnist"].class_names


def shares(best, share=0.91):
    values = np.full(10, (1 - share) / 9, np.float32)
    values[best] = share
    return values


def test_a_blank_pad_gets_an_invitation_and_never_a_guess():
    html = prediction_html(None, DIGITS)
    assert text_of(html) == INVITATION == "Draw a digit"
    assert not re.search(r"\d", text_of(html))
    assert text_of(prediction_html(None, GARMENTS)) == "Draw a picture"


@pytest.mark.parametrize(
    ("digit", "word"),
    [
        (0, "zero"),
        (1, "one"),
        (2, "two"),
        (3, "three"),
        (4, "four"),
        (5, "five"),
        (6, "six"),
        (7, "seven"),
        (8, "eight"),
        (9, "nine"),
    ],
)
def test_the_digit_is_said_in_words_with_its_probability(digit, word):
    assert text_of(prediction_html(shares(digit), DIGITS)) == f"{digit} {word} · 91.0 %"


def test_the_prediction_is_also_in_attributes():
    assert data_of(prediction_html(shares(3), DIGITS)) == {
        "state": "confident",
        "digit": "3",
        "probability": "0.910000",
    }
    assert data_of(prediction_html(shares(3), DIGITS, False))["state"] == "uncertain"


def test_a_garment_is_said_by_its_name():
    assert text_of(prediction_html(shares(9), GARMENTS)) == "Ankle boot 91.0 %"


def test_class_names_are_text_never_markup():
    names = ("<b>bold</b>", *DIGITS[1:])
    assert "<b>bold" not in prediction_html(shares(0), names)
    assert "&lt;b&gt;bold&lt;/b&gt;" in prediction_html(shares(0), names)
    assert "<b>bold" not in bars_html(shares(0), names)


@pytest.mark.parametrize("name", ["10", "²", "٣"])
def test_numbers_beyond_the_ten_digits_are_names_like_others(name):
    assert text_of(prediction_html(shares(0), (name, *DIGITS[1:]))) == f"{name} 91.0 %"


def test_there_is_one_bar_for_each_class_as_long_as_its_probability():
    html = bars_html(shares(3), DIGITS)
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", html)]
    assert len(widths) == html.count("<tr") == 10
    assert widths[3] == 91.0
    assert all(width == 1.0 for index, width in enumerate(widths) if index != 3)
    rows = html.split("</tr>")
    assert [index for index, row in enumerate(rows) if 'class="best"' in row] == [3]
    assert text_of(rows[3]) == "3 91.0 %"


def test_the_bars_of_a_blank_pad_are_empty_and_none_is_best():
    html = bars_html(None, GARMENTS)
    assert set(re.findall(r"width:([\d.]+)%", html)) == {"0.0"}
    assert "best" not in html
    assert text_of(html) == " ".join(GARMENTS)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_invalid_probabilities_give_no_prediction(value):
    broken = np.full(10, value, np.float32)
    html = prediction_html(broken, DIGITS)
    assert data_of(html) == {"state": "invalid"}
    assert text_of(html) == "The weights are NaN or infinite"
    assert bars_html(broken, DIGITS) == bars_html(None, DIGITS)


@pytest.mark.parametrize("classes", [DIGITS, ("no", "yes")])
def test_about_equal_probabilities_are_no_answer(classes):
    count = len(classes)
    equal = np.full(count, 1 / count, np.float32)
    equal[-1] += 0.01 / count
    html = prediction_html(equal, classes)
    assert data_of(html) == {"state": "undecided"}
    assert "best" not in bars_html(equal, classes)
    clear = np.full(count, 0.3 / (count - 1), np.float32)
    clear[0] = 0.7
    assert data_of(prediction_html(clear, classes))["digit"] == "0"


def test_the_view_follows_the_prediction_of_the_state():
    state = DigitsState()
    view = PredictionView(state, DirectPageWriter(), Theme())
    image = np.linspace(0, 1, 784, dtype=np.float32)
    state.prediction = Prediction(image, shares(4))
    assert view.text.object == prediction_html(shares(4), DIGITS)
    assert view.bars.object == bars_html(shares(4), DIGITS)
    np.testing.assert_array_equal(pixels_of(view).ravel(), np.round(255 * image))
    state.prediction = Prediction()
    assert data_of(view.text.object) == {"state": "blank"}
    assert pixels_of(view).max() == 0


def test_a_prediction_for_other_classes_is_not_shown():
    few = Prediction(np.zeros(784, np.float32), np.array([0.25, 0.75], np.float32))
    view = PredictionView(DigitsState(prediction=few), DirectPageWriter(), Theme())
    assert data_of(view.text.object) == {"state": "blank"}


def pixels_of(view):
    return view.image.object.renderers[0].data_source.data["image"][0]


def test_what_is_probably_no_digit_gets_a_guess_but_no_verdict():
    assert text_of(prediction_html(shares(4, 0.38), DIGITS, is_confident=False)) == (
        "Not sure · 4 four 38.0 %"
    )
    bag = GARMENTS.index("Bag")
    assert text_of(prediction_html(shares(bag, 0.38), GARMENTS, is_confident=False)) == (
        "Not sure · Bag 38.0 %"
    )


@pytest.mark.parametrize(
    ("second", "expected"),
    [(0.12, "7 seven · 60.0 %"), (0.16, "7 seven · 60.0 % , perhaps 1")],
)
def test_the_second_class_is_told_when_it_is_near(second, expected):
    probabilities = np.full(10, (0.4 - second) / 8, np.float32)
    probabilities[[7, 1]] = 0.6, second
    html = prediction_html(probabilities, DIGITS)
    assert text_of(html) == expected
    assert data_of(html).get("second") == ("1" if "perhaps" in expected else None)
    unsure = text_of(prediction_html(probabilities, DIGITS, is_confident=False))
    assert unsure.endswith("perhaps 1") == ("perhaps" in expected)


def test_of_equal_probabilities_the_first_class_is_the_answer():
    probabilities = np.array([0.1, 0.4, 0.4, 0.1], np.float32)
    assert data_of(prediction_html(probabilities, DIGITS[:4])) == {
        "state": "confident",
        "digit": "1",
        "probability": "0.400000",
        "second": "2",
    }
