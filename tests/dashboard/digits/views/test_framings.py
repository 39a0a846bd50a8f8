"""The drawing without and with centring, side by side."""

from dataclasses import replace

import numpy as np
from controller_helpers import ink, make_controller
from html_values import data_of, text_of

from dashboard.digits.drawing import Framings
from dashboard.digits.state import Prediction
from dashboard.digits.views.framings import framings_html
from data_cache import DIGIT_NAMES, frame_digit, shrink_canvas


def prediction(digit, probability=0.91):
    rest = (1 - probability) / 9
    probabilities = np.full(10, rest, np.float32)
    probabilities[digit] = probability
    return Prediction(np.zeros(784, np.float32), probabilities)


def test_both_answers_stand_under_their_pictures():
    html = framings_html(Framings(prediction(1), prediction(7)), DIGIT_NAMES)
    assert data_of(html) == {"state": "compared", "shrunk": "1", "centred": "7"}
    assert html.count("<img") == 2
    assert "1 · 91.0 %" in text_of(html)
    assert "7 · 91.0 %" in text_of(html)


def test_equal_probabilities_are_no_answer():
    html = framings_html(Framings(prediction(1, 0.1), prediction(7)), DIGIT_NAMES)
    assert data_of(html)["shrunk"] == ""


def test_a_blank_pad_has_nothing_to_compare():
    controller = make_controller()
    controller.drawing.take(np.zeros((84, 84), np.float32))
    assert controller.drawing.compare_framings() is None
    assert framings_html(None, DIGIT_NAMES) == ""


def test_a_drawing_off_the_centre_is_another_input_only_without_centring():
    controller = make_controller()
    controller.drawing.take(np.roll(ink(), 15, axis=1))
    found = controller.drawing.compare_framings()
    drawing = controller.state.drawing
    np.testing.assert_array_equal(found.shrunk.image, shrink_canvas(drawing))
    np.testing.assert_array_equal(found.centred.image, frame_digit(drawing))
    answer = controller.state.prediction.probabilities
    np.testing.assert_allclose(found.centred.probabilities, answer, rtol=1e-5, atol=1e-6)
    assert np.abs(found.shrunk.probabilities - answer).max() > 0.01


def test_the_next_drawing_and_the_next_model_are_compared_anew():
    controller = make_controller()
    for shift in (0, 15):
        controller.drawing.take(np.roll(ink(), shift, axis=1))
        found = controller.drawing.compare_framings()
        np.testing.assert_array_equal(found.shrunk.image, shrink_canvas(controller.state.drawing))
    other = controller.state.shown_network.copy()
    other.layers[-1].weights[:] = 0
    controller.state.snapshot = replace(controller.state.snapshot, network=other)
    again = controller.drawing.compare_framings()
    assert again.shrunk.image is found.shrunk.image
    assert not np.array_equal(again.shrunk.probabilities, found.shrunk.probabilities)


def test_pictures_of_other_classes_are_never_centred():
    controller = make_controller()
    controller.drawing.take(ink())
    controller.state.class_names = tuple("abcdefghij")
    assert controller.drawing.compare_framings() is None
