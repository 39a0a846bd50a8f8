"""Controls of the weights of the current model: saving and loading files."""

from __future__ import annotations

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.digits.views.server_weights import ServerWeightsControls
from dashboard.shell.downloads import Download
from dashboard.shell.layout import stack
from dashboard.shell.page_writer import PageWriter
from dashboard.shell.theme import Theme, button

FORMATS = {
    "NumPy (.npz)": (".npz", "s4"),
    "JSON, W0 b0 …": (".json", "s4"),
    "JSON, no biases": (".json", "s0"),
    "PyTorch (.safetensors)": (".safetensors", "s4"),
    "ONNX (.onnx)": (".onnx", "s4"),
    "As NumPy code (.zip)": (".zip", "s4"),
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
        self._format = pn.widgets.Select(label="Save as", options=list(FORMATS), **wide)
        save = button("Save", theme, "ink-save", self._save)
        self._file = pn.widgets.FileInput(
            label="Load a weights file (.npz, .json, .safetensors)",
            accept=".npz,.json,.safetensors",
            css_classes=["ink-load"],
            **wide,
        )
        self._file.param.watch(self._load, ["value", "filename"])
        self.view = stack(
            theme,
            pn.Row(self._format, save, stylesheets=[theme.gap, theme.bottom], margin=0),
            self._file,
            self.server.view,
        )

    def _save(self) -> None:
        suffix, layout = FORMATS[self._format.value]
        content = self._controller.save_weights(suffix, layout)
        if content is not None:
            self._download.offer(f"inkling-weights{suffix}", content)

    def _load(self, *_events: object) -> None:
        # In a web worker, the content and the name of a file arrive one after the other.
        content, name = self._file.value, self._file.filename
        if content is None or not name:
            return
        self._file.clear()
        self._file.param.update(value=None, filename=None)
        self._controller.spawn(self._controller.load_weights(content, name))
