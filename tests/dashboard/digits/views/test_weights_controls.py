"""The controls of the weights without a browser: what is copied, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from bokeh.models import Spacer
from controller_helpers import make_controller

from dashboard.digits.views.weights_controls import WeightsControls
from dashboard.shell.downloads import Download
from dashboard.shell.page_writer import DirectPageWriter
from dashboard.shell.theme import Theme
from nn import create_network


class Shown:
    """The controls of a controller, and the messages between them and the page."""

    def __init__(self):
        page = DirectPageWriter()
        self.controller = make_controller()
        controls = WeightsControls(self.controller, page, Theme(), Download(page))
        self._parts = list(controls.view.select())

    def press_copy(self):
        button = next(it for it in self._parts if "ink-copy-code" in (it.css_classes or []))
        button.clicks += 1

    def message(self, name):
        """The model of that name which carries messages."""
        models = [getattr(part, "object", None) for part in self._parts]
        return next(it for it in models if isinstance(it, Spacer) and it.name == name)

    @property
    def notice(self):
        return self.controller.state.notice


def test_the_copied_code_computes_what_the_model_does():
    shown = Shown()
    shown.press_copy()
    code, title, _number = shown.message("inkling-copy").tags
    assert title == "The model as NumPy code"
    space = {}
    exec(code, space)
    images = np.random.default_rng(0).random((3, 784)).astype(np.float32)
    expected = shown.controller.network.predict_proba(images)
    np.testing.assert_allclose(space["predict_proba"](images), expected, atol=1e-5)
    shown.message("inkling-copied").tags = [1]
    assert "copied as NumPy code" in shown.notice.text


def test_the_same_code_can_be_copied_again():
    shown = Shown()
    shown.press_copy()
    carrier = shown.message("inkling-copy")
    first, carrier.tags = carrier.tags, []
    shown.press_copy()
    assert carrier.tags[:2] == first[:2]
    assert carrier.tags != first


@pytest.mark.parametrize(
    ("hidden", "value", "said"),
    [((2000, 800), 0.0, "Save it as NumPy code"), ((4,), np.nan, "finite")],
)
def test_code_that_would_be_too_long_or_useless_is_not_made(hidden, value, said):
    shown = Shown()
    network = create_network((784, *hidden, 10), generator=np.random.default_rng(0))
    network.layers[0].weights[0, 0] = value
    state = shown.controller.state
    state.snapshot = replace(state.snapshot, network=network)
    shown.press_copy()
    assert shown.message("inkling-copy").tags == []
    assert shown.notice.kind == "warning"
    assert said in shown.notice.text
