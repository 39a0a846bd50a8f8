"""The controls at the side: training, its settings, the data, the net and its weights.

They change the state and call commands of the laboratory; they hold no state of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray

from data_cache import DATA_SETS, to_float
from nn import ARCHITECTURES, PRETRAINED, architecture_layers, network_title, pretrained_card

from ..laboratory import Laboratory
from ..laboratory_state import READY
from .augmentation_preview import DIGITS, AugmentationPreview
from .cards import card, field_pairs, run_row, stack
from .download import Download
from .fields import Field, TickBox
from .look import Look, button
from .server_weights import ServerWeights, WithPage

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
        self, laboratory: Laboratory, look: Look, download: Download, with_page: WithPage
    ) -> None:
        self._laboratory = laboratory
        self._state = laboratory.state
        self._look = look
        self._download = download
        self._with_page = with_page
        self.server = ServerWeights(laboratory, look, with_page)
        self.run = card(look, "", self._run_part())
        self.view = pn.Column(
            card(look, "Learning", self._fields(LEARNING_FIELDS)),
            card(look, "Data", self._data_part()),
            card(look, "Network", self._network_part()),
            card(look, "Weights", self._weights_part()),
            css_classes=["controls"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _fields(self, names: tuple[str, ...]) -> pn.viewable.Viewable:
        return field_pairs(self._state, names, self._look)

    def _run_part(self) -> pn.viewable.Viewable:
        laboratory, state = self._laboratory, self._state
        buttons = run_row(state, self._look, "ink", laboratory.step, laboratory.reset)
        self.progress = self._look.text(progress_html(0.0, 0.0), css_classes=["ink-progress"])
        keep = TickBox(state, "keep_ready", self._look.widgets).view

        def show_keep(event: Any) -> None:
            keep.visible = event.new == READY

        state.param.watch(show_keep, "origin")
        return stack(self._look, buttons, self.progress, keep)

    def _data_part(self) -> pn.viewable.Viewable:
        choice = pn.widgets.Select.from_param(
            self._state.param.data_set,
            label="Data set",
            options={data_set.title: data_set.name for data_set in DATA_SETS.values()},
            css_classes=["ink-data-set"],
            stylesheets=[self._look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        laboratory = self._laboratory

        async def open_digits() -> NDArray[np.float32]:
            samples = await laboratory.data.part("validation")
            return to_float(samples.images[:DIGITS])

        preview = AugmentationPreview(
            self._state,
            self._look,
            open_digits=open_digits,
            spawn=laboratory.spawn,
            with_page=self._with_page,
        )
        augment = Field(self._state, "augment", self._look.widgets).view
        row = pn.Row(
            augment,
            preview.button,
            stylesheets=[self._look.gap, self._look.bottom],
            sizing_mode="stretch_width",
            margin=0,
        )
        return stack(self._look, choice, self._fields(QUEUE_FIELDS), row, preview.view)

    def _network_part(self) -> pn.viewable.Viewable:
        laboratory = self._laboratory
        biases = TickBox(self._state, "biases", self._look.widgets).view
        pending = self._look.text("", css_classes=["ink-pending"])
        rebuild = button(
            "Build this net", self._look, "ink-rebuild", laboratory.reset, "stretch_width"
        )

        def refresh(*_events: Any) -> None:
            is_pending = laboratory.architecture_pending
            pending.object = pending_html(laboratory) if is_pending else ""
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
        return stack(self._look, self._architecture_choice(), fields, biases, pending, rebuild)

    def _architecture_choice(self) -> pn.widgets.Select:
        laboratory, state = self._laboratory, self._state
        choice = pn.widgets.Select(
            label=state.param.architecture.label,
            description=state.param.architecture.doc,
            options=architecture_options(state.architecture),
            value=state.architecture,
            css_classes=["ink-architecture"],
            stylesheets=[self._look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )

        def follow(event: Any) -> None:
            choice.param.update(options=architecture_options(event.new), value=event.new)

        def choose(event: Any) -> None:
            if event.new != state.architecture:
                laboratory.choose_architecture(event.new)

        choice.param.watch(choose, "value")
        state.param.watch(follow, "architecture")
        return choice

    def _weights_part(self) -> pn.viewable.Viewable:
        ready = button(
            "Ready-trained net",
            self._look,
            "ink-ready",
            self._laboratory.back_to_ready,
            "stretch_width",
        )
        which = pn.widgets.Select.from_param(
            self._state.param.ready_net,
            options={ready_net_title(name): name for name in PRETRAINED},
            css_classes=["ink-ready-net"],
            stylesheets=[self._look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        kind = pn.widgets.Select(
            label="Save as",
            options=list(FILE_KINDS),
            stylesheets=[self._look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        save = button("Save", self._look, "ink-save", lambda: self._save(*FILE_KINDS[kind.value]))
        load = pn.widgets.FileInput(
            label="Load a weights file (.npz, .json)",
            accept=".npz,.json",
            css_classes=["ink-load"],
            stylesheets=[self._look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        load.param.watch(lambda *_events: self._load(load), ["value", "filename"])
        saving = pn.Row(kind, save, stylesheets=[self._look.gap, self._look.bottom], margin=0)
        return stack(self._look, saving, load, which, ready, self.server.view)

    def _save(self, suffix: str, layout: str) -> None:
        content = self._laboratory.save_weights(suffix, layout)
        if content is not None:
            self._download.offer(f"inkling-weights{suffix}", content)

    def _load(self, chooser: pn.widgets.FileInput) -> None:
        # In a web worker, the content and the name of a file arrive one after the other.
        content, name = chooser.value, chooser.filename
        if content is None or not name:
            return
        chooser.clear()
        chooser.param.update(value=None, filename=None)
        self._laboratory.load_weights(content, name)


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


def pending_html(laboratory: Laboratory) -> str:
    """Say that the fields describe another net than the one in use."""
    state, network = laboratory.state, laboratory.network
    wanted = network_title(
        (784, *state.hidden_layers, network.classes), architecture_layers(state.architecture)
    )
    return (
        f'<p class="notice warning" role="status">A new {wanted} net ({state.activation}) will '
        f"replace the present one, and what that one learnt is lost.</p>"
    )


class Workbench:
    """What can be done with the drawing, with samples and with the curve."""

    def __init__(self, laboratory: Laboratory, look: Look, download: Download) -> None:
        self._laboratory = laboratory
        self._download = download
        state = laboratory.state
        wide = {"stylesheets": [look.widgets], "sizing_mode": "stretch_width", "margin": 0}
        self._part = pn.widgets.Select(
            label="From", options={"test": "test", "training": "train"}, **wide
        )
        self._class = pn.widgets.Select(label="Which", options=_class_options(state), **wide)
        self._index = pn.widgets.TextInput(label="Index", placeholder="any", **wide)
        self._label = pn.widgets.Select(label="It is a", options=_label_options(state), **wide)
        sample = button("Load sample", look, "ink-sample", self._load_sample)
        teach = button("Teach", look, "ink-teach", self._teach)
        test = button("Test", look, "ink-test", lambda: laboratory.spawn(laboratory.test()))
        export = button("CSV", look, "ink-csv", self._export)
        smoothing = pn.widgets.FloatSlider.from_param(
            state.param.smoothing, start=0, end=0.99, step=0.01, **wide
        )
        state.param.watch(self._rename_classes, "class_names")
        row = {"stylesheets": [look.gap, look.bottom], "sizing_mode": "stretch_width", "margin": 0}
        self.samples = pn.Row(self._part, self._class, self._index, sample, **row)
        self.teaching = pn.Row(self._label, teach, **row)
        self.chart_tools = pn.Row(smoothing, test, export, **row)

    def _load_sample(self) -> None:
        label = None if self._class.value == ANY else self._class.value
        self._laboratory.spawn(
            self._laboratory.load_sample(self._part.value, self._index.value, label)
        )

    def _teach(self) -> None:
        self._laboratory.teach(self._label.value)

    def _export(self) -> None:
        lines = "".join(self._laboratory.state.history.csv_lines())
        self._download.offer("inkling-run.csv", lines.encode())

    def _rename_classes(self, _event: Any) -> None:
        state = self._laboratory.state
        self._class.param.update(options=_class_options(state), value=ANY)
        self._label.param.update(options=_label_options(state), value=0)


def _class_options(state: Any) -> dict[str, int]:
    return {"any": ANY} | _label_options(state)


def _label_options(state: Any) -> dict[str, int]:
    return {name: index for index, name in enumerate(state.class_names)}
