"""Controls of the weights of the current model: saving and loading files, copying code."""

from __future__ import annotations

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.digits.views.server_weights import ServerWeightsControls
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.clipboard import Clipboard
from dashboard.shell.downloads import Download
from dashboard.shell.file_field import file_field
from dashboard.shell.layout import stack
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button
from dashboard.training.budget import LARGEST_WEIGHTS_FILE

FORMATS = {
    "NumPy (.npz)": (".npz", "s4"),
    "JSON, W0 b0 …": (".json", "s4"),
    gettext_noop("JSON, no biases"): (".json", "s0"),
    "PyTorch (.safetensors)": (".safetensors", "s4"),
    "ONNX (.onnx)": (".onnx", "s4"),
    gettext_noop("As NumPy code (.zip)"): (".zip", "s4"),
}
"""The suffix and the layout of each file format."""


class WeightsControls:
    """The fields of the card “Weights”."""

    def __init__(
        self, controller: DigitsController, page: PageWriter, theme: Theme, download: Download
    ) -> None:
        self._controller = controller
        self._download = download
        self.server = ServerWeightsControls(controller, page, theme)
        wide = {"stylesheets": [theme.widgets], "sizing_mode": "stretch_width", "margin": 0}
        self._format = pn.widgets.Select(
            label=gettext("Save as"), options={gettext(name): name for name in FORMATS}, **wide
        )
        save = button(gettext("Save"), theme, "ink-save", self._save)
        copy = button(gettext("Copy as NumPy code"), theme, "ink-copy-code", self._copy)
        self._clipboard = Clipboard(page, self._copied)
        self._file = file_field(
            lambda content, name: controller.spawn(controller.load_weights(content, name)),
            controller.warn,
            label=gettext("Load weights or work (.npz, .json, .inkling …)"),
            largest=LARGEST_WEIGHTS_FILE,
            css_classes=["ink-load"],
            **wide,
        )
        self.view = stack(
            theme,
            pn.Row(self._format, save, stylesheets=[theme.gap, theme.bottom], margin=0),
            copy,
            self._clipboard.view,
            self._file,
            self.server.view,
        )

    def _save(self) -> None:
        suffix, layout = FORMATS[self._format.value]
        content = self._controller.save_weights(suffix, layout)
        if content is not None:
            self._download.offer(f"inkling-weights{suffix}", content)

    def _copy(self) -> None:
        code = self._controller.numpy_code()
        if code is not None:
            self._clipboard.copy(code, gettext("The model as NumPy code"))

    def _copied(self) -> None:
        self._controller.tell(gettext("The model is copied as NumPy code, weights included."))
