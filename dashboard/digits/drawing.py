"""The model for drawings: puts the drawing into the format of its training data and predicts it.

Until the person trains, fine-tunes or loads a network, drawings are predicted by a pretrained model
that may be a larger one than the network that Train continues.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dashboard.digits.state import DigitsState, Origin, Prediction
from data_cache import frame_digit, shrink_canvas
from nn import PRETRAINED, Network, load_pretrained, pretrained_card
from nn.calibration import confidence


class DrawingModel:
    """Predicts the drawing of a state.

    Parameters
    ----------
    state
        Its `drawing` and `prediction` are set here.
    """

    def __init__(self, state: DigitsState) -> None:
        self.show: Callable[[NDArray[np.floating]], None] = self._show_nowhere
        """Puts a square picture in [0, 1] on the pad, which reports it through `take`; the view
        sets it."""
        self._state = state
        self._image: NDArray[np.float32] | None = None
        self._pretrained: dict[str, Network] = {}
        self._predicted_with: Network | None = None
        state.param.watch(lambda _event: self.predict(), "drawing_model")
        state.param.watch(lambda _event: self._frame(), "class_names")

    def take(self, canvas: NDArray[np.float32]) -> None:
        """Predict a new drawing, (84, 84) float32 in [0, 1]."""
        self._state.drawing = canvas
        self._frame()
        self.predict()

    @property
    def image(self) -> NDArray[np.float32] | None:
        """The drawing as the model's input, (784,) float32 in [0, 1]; None while it is blank."""
        return self._image

    @property
    def network(self) -> Network:
        """The network that predicts drawings."""
        state, name = self._state, self._state.drawing_model
        is_pretrained = state.origin == Origin.PRETRAINED and state.has_digit_classes
        is_pretrained = is_pretrained and state.shown_checkpoint is None
        if not is_pretrained or name == PRETRAINED[0]:
            return state.shown_network
        if name not in self._pretrained:
            self._pretrained[name] = load_pretrained(name)
        return self._pretrained[name]

    def predict(self) -> None:
        """Predict the drawing with the present network."""
        state = self._state
        if self._image is None:
            if state.prediction.image is not None:
                state.prediction = Prediction()
            return
        self._predicted_with = network = self.network
        probabilities = network.predict_proba(self._image[np.newaxis])[0]
        is_confident = self._is_confident(probabilities)
        state.prediction = Prediction(self._image, probabilities, is_confident)

    def update(self) -> None:
        """Predict the drawing again if the network has changed since the last prediction."""
        if self._image is not None and self._predicted_with is not self.network:
            self.predict()

    def _frame(self) -> None:
        """Centre and scale digits as MNIST does; drawings of other classes are only shrunk."""
        frame = frame_digit if self._state.has_digit_classes else shrink_canvas
        drawing = self._state.drawing
        self._image = None if drawing is None else frame(drawing)

    def _is_confident(self, probabilities: NDArray[np.float32]) -> bool:
        """Return whether a pretrained model is confident; others have no known threshold."""
        origin = self._state.origin
        is_known = origin in (Origin.PRETRAINED, Origin.FINE_TUNED)
        if not is_known or not np.isfinite(probabilities).all():
            return True
        name = self._state.drawing_model if origin == Origin.PRETRAINED else PRETRAINED[0]
        threshold = pretrained_card(name).confidence_threshold
        return bool(confidence(probabilities[np.newaxis])[0] >= threshold)

    @staticmethod
    def _show_nowhere(picture: NDArray[np.floating]) -> None:
        """Ignore a picture, because there is no pad."""
