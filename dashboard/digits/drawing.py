"""The answer to the drawing: brings it into the format of the training data and predicts it.

Drawings are predicted by the current model, which all panes show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.answer_confidence import is_answer_sure
from dashboard.digits.example_drawing import draw_example
from dashboard.digits.picture import PictureDrawing
from dashboard.digits.state import DRAWN, WELCOME, DigitsState, Origin, Prediction
from dashboard.shell.notices import Notice
from data_cache import frame_digit, shrink_canvas
from nn import Network, pretrained_card

SIDE = 28
"""Pixels along a side of the model's input."""
DRAWING_SIDE = 84
"""Pixels along a side of the drawing that the pad reports."""

# So much of the ink of a picture has to be on the pad for the drawing to be the picture's.
_MOST = 0.5


@dataclass(frozen=True, eq=False)
class Framings:
    """What a model predicts for a drawing that is only shrunk, and for the centred one."""

    shrunk: Prediction
    centred: Prediction


class DrawingModel:
    """Predicts the drawing of a state.

    Parameters
    ----------
    state
        Its `drawing` and `prediction` are set here.
    """

    def __init__(self, state: DigitsState) -> None:
        self.show_on_pad: Callable[[NDArray[np.floating]], None] = self._show_nowhere
        """Puts a square picture in [0, 1] on the pad, which reports it through `take`; the view
        sets it."""
        self._state = state
        self._image: NDArray[np.float32] | None = None
        self._sample: NDArray[np.float32] | None = None
        self._picture: PictureDrawing | None = None
        self._predicted_with: Network | None = None
        self._both_inputs: list[NDArray[np.float32]] | None = None
        """The present drawing without centring and with it; None before they are asked for."""
        state.param.watch(lambda _event: self._forget_both_inputs(), "drawing")
        state.param.watch(lambda _event: self._frame(), "class_names")
        state.param.watch(lambda _event: self._frame_and_predict(), "centre_drawing")

    def take(self, canvas: NDArray[np.float32]) -> None:
        """Predict a new drawing, (84, 84) float32 in [0, 1]."""
        state = self._state
        if state.is_example and state.notice.text == WELCOME:
            state.notice = Notice(DRAWN)
        # One by one: `param.update` reads all parameters first.
        state.is_example = False
        state.drawing = canvas
        self._frame_and_predict()

    def take_example(self) -> None:
        """Predict the example drawing, which the first view shows."""
        self._state.param.update(drawing=draw_example(DRAWING_SIDE), is_example=True)
        self._frame_and_predict()

    def show(self, picture: NDArray[np.floating]) -> None:
        """Put a square picture in [0, 1] on the pad.

        One of 28 × 28 pixels is a sample in the format of the data set, and is predicted as it is.
        """
        self._sample = picture.astype(np.float32) if len(picture) == SIDE else None
        self._picture = None
        self.show_on_pad(picture)

    def show_picture(self, picture: PictureDrawing) -> None:
        """Put the digit of a photograph or another file on the pad.

        While most of it stays there, its answer has to be surer than that of a drawing.
        """
        assert picture.canvas is not None, "only pictures of one digit are shown"
        self._sample, self._picture = None, picture
        self.show_on_pad(picture.canvas)

    def is_sure_of(self, picture: PictureDrawing) -> bool:
        """Return whether the current model would be sure of the digit of a picture."""
        image = None if picture.canvas is None else frame_digit(picture.canvas)
        if image is None:
            return False
        return self._is_confident(image, picture)

    def clear(self) -> None:
        """Clear the pad."""
        self.show_on_pad(np.zeros((SIDE, SIDE), np.float32))

    @property
    def image(self) -> NDArray[np.float32] | None:
        """The drawing as the model's input, (784,) float32 in [0, 1]; None while it is blank."""
        return self._image

    def predict(self) -> None:
        """Predict the drawing with the current model."""
        state = self._state
        if self._image is None:
            if state.prediction.image is not None:
                state.prediction = Prediction()
            return
        self._predicted_with = network = state.shown_network
        probabilities = network.predict_proba(self._image[np.newaxis])[0]
        picture = self._picture if self._shows_picture() else None
        # Probabilities that are not numbers are said otherwise.
        is_confident = not np.isfinite(probabilities).all() or self._is_confident(
            self._image, picture, probabilities
        )
        state.prediction = Prediction(self._image, probabilities, is_confident)

    def update(self) -> None:
        """Predict the drawing again if the network has changed since the last prediction."""
        if self._image is not None and self._predicted_with is not self._state.shown_network:
            self.predict()

    def compare_framings(self) -> Framings | None:
        """Return what the current model predicts without centring and with it.

        None while the pad is blank, and for other classes than digits, which are never centred.
        """
        state, drawing = self._state, self._state.drawing
        if drawing is None or self._image is None or not state.has_digit_classes:
            return None
        if self._both_inputs is None:  # the model changes more often than the drawing
            framed = [frame(drawing) for frame in (shrink_canvas, frame_digit)]
            self._both_inputs = [image for image in framed if image is not None]
        if len(self._both_inputs) < 2:
            return None
        probabilities = state.shown_network.predict_proba(np.stack(self._both_inputs))
        return Framings(*map(Prediction, self._both_inputs, probabilities))

    def _forget_both_inputs(self) -> None:
        self._both_inputs = None

    def _frame_and_predict(self) -> None:
        self._frame()
        self.predict()

    def _frame(self) -> None:
        """Make the model's input: centred and scaled as in MNIST, or only shrunk."""
        drawing, sample = self._state.drawing, self._sample
        if drawing is not None and sample is not None and _shows(drawing, sample):
            self._image = sample.reshape(-1)
            return
        frame = frame_digit if self._state.is_drawing_centred else shrink_canvas
        self._image = None if drawing is None else frame(drawing)

    def _shows_picture(self) -> bool:
        """Return whether most of the picture that was put on the pad is still there."""
        drawing, picture = self._state.drawing, self._picture
        if drawing is None or picture is None or picture.canvas is None:
            return False
        step = len(picture.canvas) // len(drawing)
        shown = picture.canvas.reshape(len(drawing), step, len(drawing), step).mean(axis=(1, 3))
        return bool(np.minimum(drawing, shown).sum() >= _MOST * shown.sum())

    def _is_confident(
        self,
        image: NDArray[np.float32],
        picture: PictureDrawing | None,
        probabilities: NDArray[np.float32] | None = None,
    ) -> bool:
        """Return whether the model is confident; only pretrained ones have a known threshold.

        The threshold was measured on centred digits, so it says nothing about other drawings.
        """
        state = self._state
        is_known = state.origin in (Origin.PRETRAINED, Origin.FINE_TUNED)
        card = None
        if is_known and state.is_drawing_centred:
            card = pretrained_card(state.pretrained_model)
        return is_answer_sure(
            state.shown_network,
            image,
            card,
            probabilities=probabilities,
            is_picture=picture is not None,
            has_warning=picture is not None and picture.has_warning,
        )

    @staticmethod
    def _show_nowhere(picture: NDArray[np.floating]) -> None:
        """Ignore a picture, because there is no pad."""


def _shows(drawing: NDArray[np.float32], sample: NDArray[np.float32]) -> bool:
    """Return whether a drawing is an enlarged sample, of which each pixel has 256 levels."""
    step = len(drawing) // SIDE
    enlarged = np.repeat(np.repeat(np.rint(255 * sample), step, axis=0), step, axis=1)
    return np.array_equal(np.rint(255 * drawing), enlarged)
