"""The controls at the side: training, its settings, the data, the net and its weights.

They change the state and call commands of the controller; they hold no state of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import READY
from dashboard.digits.views.augmentation_preview import DIGITS, AugmentationPreview
from dashboard.digits.views.server_weights import ServerWeights, WithPage
from dashboard.shell.downloads import Download
from dashboard.shell.fields import Field, TickBox
from dashboard.shell.layout import card, field_pairs, run_row, stack
from dashboard.shell.theme import Theme, button
from data_cache import DATA_SETS, to_float
from nn import ARCHITECTURES, PRETRAINED, architecture_layers, network_title, pretrained_card

LEARNING_FIELDS = ("learning_rate", "batch_size", "optimizer", "dropout", "l1", "l2")
QUEUE_FIELDS = ("cache_size", "concurrency")
NETWORK_FIELDS = ("hidden_layers", "activation", "initialization", "seed")
FILE_KINDS = {
    "NumPy (.npz)": (".npz", "s4"),
    "JSON, W0 b0 …": (".json", "s4"),
    "JSON, no biases": (".json", "s0"),
}
ANY = -1


class Controls:
    """The side of the window."""

    def __init__(
        self, controller: DigitsController, theme: Theme, download: Download, with_page: WithPage
    ) -> None:
        self._controller = controller
        self._state = controller.state
        self._theme = theme
        self._download = download
        self._with_page = with_page
        self.server = ServerWeights(controller, theme, with_page)
        self.run = card(theme, "", self._run_part())
        self.view = pn.Column(
            card(theme, "Learning", self._fields(LEARNING_FIELDS)),
            card(theme, "Data", self._data_part()),
            card(theme, "Network", self._network_part()),
            card(theme, "Weights", self._weights_part()),
            css_classes=["controls"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _fields(self, names: tuple[str, ...]) -> pn.viewable.Viewable:
        return field_pairs(self._state, names, self._theme)

    def _run_part(self) -> pn.viewable.Viewable:
        controller, state = self._controller, self._state
        buttons = run_row(state, self._theme, "ink", controller.step, controller.reset)
        self.progress = self._theme.text(progress_html(0.0, 0.0), css_classes=["ink-progress"])
        keep = TickBox(state, "keep_ready", self._theme.widgets).view

        def show_keep(event: Any) -> None:
            keep.visible = event.new == READY

        state.param.watch(show_keep, "origin")
        return stack(self._theme, buttons, self.progress, keep)

    def _data_part(self) -> pn.viewable.Viewable:
        choice = pn.widgets.Select.from_param(
            self._state.param.data_set,
            label="Data set",
            options={data_set.title: data_set.name for data_set in DATA_SETS.values()},
            css_classes=["ink-data-set"],
            stylesheets=[self._theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        controller = self._controller

        async def open_digits() -> NDArray[np.float32]:
            samples = await controller.data.part("validation")
            return to_float(samples.images[:DIGITS])

        preview = AugmentationPreview(
            self._state,
            self._theme,
            open_digits=open_digits,
            spawn=controller.spawn,
            with_page=self._with_page,
        )
        augment = Field(self._state, "augment", self._theme.widgets).view
        row = pn.Row(
            augment,
            preview.button,
            stylesheets=[self._theme.gap, self._theme.bottom],
            sizing_mode="stretch_width",
            margin=0,
        )
        return stack(self._theme, choice, self._fields(QUEUE_FIELDS), row, preview.view)

    def _network_part(self) -> pn.viewable.Viewable:
        controller = self._controller
        biases = TickBox(self._state, "biases", self._theme.widgets).view
        pending = self._theme.text("", css_classes=["ink-pending"])
        rebuild = button(
            "Build this net", self._theme, "ink-rebuild", controller.reset, "stretch_width"
        )

        def refresh(*_events: Any) -> None:
            is_pending = controller.architecture_pending
            pending.object = pending_html(controller) if is_pending else ""
            pending.visible = is_pending
            rebuild.disabled = not is_pending

        self._state.param.watch(
            refresh,
            [
                *("architecture", "hidden_layers", "activation", "initialization"),
                *("biases", "origin", "history"),
            ],
        )
        refresh()
        fields = self._fields(NETWORK_FIELDS)
        return stack(self._theme, self._architecture_choice(), fields, biases, pending, rebuild)

    def _architecture_choice(self) -> pn.widgets.Select:
        controller, state = self._controller, self._state
        choice = pn.widgets.Select(
            label=state.param.architecture.label,
            description=state.param.architecture.doc,
            options=architecture_options(state.architecture),
            value=state.architecture,
            css_classes=["ink-architecture"],
            stylesheets=[self._theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )

        def follow(event: Any) -> None:
            choice.param.update(options=architecture_options(event.new), value=event.new)

        def choose(event: Any) -> None:
            if event.new != state.architecture:
                controller.choose_architecture(event.new)

        choice.param.watch(choose, "value")
        state.param.watch(follow, "architecture")
        return choice

    def _weights_part(self) -> pn.viewable.Viewable:
        ready = button(
            "Ready-trained net",
            self._theme,
            "ink-ready",
            self._controller.back_to_ready,
            "stretch_width",
        )
        which = pn.widgets.Select.from_param(
            self._state.param.ready_net,
            options={ready_net_title(name): name for name in PRETRAINED},
            css_classes=["ink-ready-net"],
            stylesheets=[self._theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        kind = pn.widgets.Select(
            label="Save as",
            options=list(FILE_KINDS),
            stylesheets=[self._theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        save = button("Save", self._theme, "ink-save", lambda: self._save(*FILE_KINDS[kind.value]))
        load = pn.widgets.FileInput(
            label="Load a weights file (.npz, .json)",
            accept=".npz,.json",
            css_classes=["ink-load"],
            stylesheets=[self._theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        load.param.watch(lambda *_events: self._load(load), ["value", "filename"])
        saving = pn.Row(kind, save, stylesheets=[self._theme.gap, self._theme.bottom], margin=0)
        return stack(self._theme, saving, load, which, ready, self.server.view)

    def _save(self, suffix: str, layout: str) -> None:
        content = self._controller.save_weights(suffix, layout)
        if content is not None:
            self._download.offer(f"inkling-weights{suffix}", content)

    def _load(self, chooser: pn.widgets.FileInput) -> None:
        # In a web worker, the content and the name of a file arrive one after the other.
        content, name = chooser.value, chooser.filename
        if content is None or not name:
            return
        chooser.clear()
        chooser.param.update(value=None, filename=None)
        self._controller.load_weights(content, name)


def architecture_options(chosen: str) -> dict[str, str]:
    """Return the architectures to choose from, by title, and a plan of one's own if it is one."""
    options = {known.title: name for name, known in ARCHITECTURES.items()}
    return options if chosen in ARCHITECTURES else {**options, f"Your own: {chosen}": chosen}


def ready_net_title(name: str) -> str:
    """Say how well a ready-trained net reads."""
    return f"{name} ({100 * pretrained_card(name).test_accuracy:.2f} % of test digits)"


def progress_html(epochs: float, progress: float) -> str:
    """Draw how far the epoch under way has come, `progress` in [0, 1]."""
    per_cent = round(100 * progress)
    return (
        f'<div class="progress"><progress max="100" value="{per_cent}" '
        f'aria-label="Progress of the epoch"></progress>'
        f"<span>Epoch {int(epochs) + 1} · {per_cent} %</span></div>"
    )


def pending_html(controller: DigitsController) -> str:
    """Say that the fields describe another net than the one in use."""
    state, network = controller.state, controller.network
    wanted = network_title(
        (784, *state.hidden_layers, network.classes), architecture_layers(state.architecture)
    )
    return (
        f'<p class="notice warning" role="status">A new {wanted} net ({state.activation}) will '
        f"replace the present one, and what that one learnt is lost.</p>"
    )


class Workbench:
    """What can be done with the drawing, with samples and with the curve."""

    def __init__(self, controller: DigitsController, theme: Theme, download: Download) -> None:
        self._controller = controller
        self._download = download
        state = controller.state
        wide = {"stylesheets": [theme.widgets], "sizing_mode": "stretch_width", "margin": 0}
        self._part = pn.widgets.Select(
            label="From", options={"test": "test", "training": "train"}, **wide
        )
        self._class = pn.widgets.Select(label="Which", options=_class_options(state), **wide)
        self._index = pn.widgets.TextInput(label="Index", placeholder="any", **wide)
        self._label = pn.widgets.Select(label="It is a", options=_label_options(state), **wide)
        sample = button("Load sample", theme, "ink-sample", self._load_sample)
        teach = button("Teach", theme, "ink-teach", self._teach)
        test = button("Test", theme, "ink-test", lambda: controller.spawn(controller.test()))
        export = button("CSV", theme, "ink-csv", self._export)
        smoothing = pn.widgets.FloatSlider.from_param(
            state.param.smoothing, start=0, end=0.99, step=0.01, **wide
        )
        state.param.watch(self._rename_classes, "class_names")
        row = {
            "stylesheets": [theme.gap, theme.bottom],
            "sizing_mode": "stretch_width",
            "margin": 0,
        }
        self.samples = pn.Row(self._part, self._class, self._index, sample, **row)
        self.teaching = pn.Row(self._label, teach, **row)
        self.chart_tools = pn.Row(smoothing, test, export, **row)

    def _load_sample(self) -> None:
        label = None if self._class.value == ANY else self._class.value
        self._controller.spawn(
            self._controller.load_sample(self._part.value, self._index.value, label)
        )

    def _teach(self) -> None:
        self._controller.teach(self._label.value)

    def _export(self) -> None:
        lines = "".join(self._controller.state.history.csv_lines())
        self._download.offer("inkling-run.csv", lines.encode())

    def _rename_classes(self, _event: Any) -> None:
        state = self._controller.state
        self._class.param.update(options=_class_options(state), value=ANY)
        self._label.param.update(options=_label_options(state), value=0)


def _class_options(state: Any) -> dict[str, int]:
    return {"any": ANY} | _label_options(state)


def _label_options(state: Any) -> dict[str, int]:
    return {name: index for index, name in enumerate(state.class_names)}
