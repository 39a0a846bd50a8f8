"""The side of the spiral's pane: training, presets and lessons, the points, the net, learning.

Fields are generated from the laboratory's state; whatever is typed is read and answered there.
"""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn

from data_cache import INPUT_TITLES, PLANE_SHAPES

from ...views.cards import card, field_pairs, run_row, stack
from ...views.download import Download
from ...views.look import Look, button
from ..laboratory import PlaneLaboratory
from ..lessons import LESSONS
from ..presets import PRESETS

HOOK = "ink-spiral"
FIELD_HOOK = f"{HOOK}-field"
DATA_FIELDS = ("classes", "points_count", "noise", "arm_angle", "train_share", "seed")
NET_FIELDS = ("hidden_layers", "activation", "initialization", "weight_noise")
LEARNING_FIELDS = ("learning_rate", "optimizer", "batch_size", "dropout", "l1", "l2")
NO_PRESET = ""


class Side:
    """The controls; they change the state and call commands, and hold no state of their own."""

    def __init__(self, laboratory: PlaneLaboratory, look: Look, download: Download) -> None:
        self._laboratory = laboratory
        self._state = laboratory.state
        self._look = look
        self._download = download
        self.summary = look.text("", css_classes=[f"{HOOK}-summary"])
        self.run = card(
            look,
            "",
            stack(
                look,
                run_row(self._state, look, HOOK, laboratory.step, laboratory.reset),
                self.summary,
                self._preset_menu(),
            ),
        )
        self.view = pn.Column(
            card(look, "Lessons", self._lessons()),
            card(look, "Points", self._points_part()),
            card(look, "Network", self._network_part()),
            card(look, "Learning", self._fields(LEARNING_FIELDS)),
            css_classes=["controls"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _fields(self, names: tuple[str, ...]) -> pn.GridBox:
        return field_pairs(self._state, names, self._look, FIELD_HOOK)

    def _preset_menu(self) -> pn.widgets.Select:
        titles = {preset.title: name for name, preset in PRESETS.items()}
        menu = pn.widgets.Select(
            label="Preset",
            options={"Choose one …": NO_PRESET, **titles},
            value=self._state.preset,
            css_classes=[f"{HOOK}-preset"],
            stylesheets=[self._look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )

        def choose(event: Any) -> None:
            if event.new and event.new != self._state.preset:
                self._laboratory.apply_preset(event.new)

        def follow(event: Any) -> None:
            menu.value = event.new

        menu.param.watch(choose, "value")
        self._state.param.watch(follow, "preset")
        return menu

    def _lessons(self) -> pn.Column:
        message = self._look.text("", css_classes=[f"{HOOK}-lesson"])
        links = {name: self._lesson_link(name, lesson.title) for name, lesson in LESSONS.items()}

        def follow(*_events: Any) -> None:
            state = self._state
            message.object = lesson_html(state.lesson_message) if state.lesson else ""
            message.visible = bool(message.object)
            for name, link in links.items():
                chosen = ["chosen"] if name == state.lesson else []
                link.css_classes = [f"{HOOK}-lesson-{name}", "link", *chosen]

        self._state.param.watch(follow, ["lesson", "lesson_message"])
        follow()
        part = stack(self._look, *links.values(), message)
        part.stylesheets = [":host { gap: 2px; }"]
        return part

    def _lesson_link(self, name: str, title: str) -> pn.widgets.Button:
        return button(
            title,
            self._look,
            f"{HOOK}-lesson-{name}",
            lambda: self._laboratory.begin_lesson(name),
            "stretch_width",
        )

    def _points_part(self) -> pn.Column:
        laboratory, state, look = self._laboratory, self._state, self._look
        shape = pn.widgets.Select(
            label="Shape",
            options={shape.title: name for name, shape in PLANE_SHAPES.items()},
            value=state.shape,
            css_classes=[f"{FIELD_HOOK}-shape"],
            stylesheets=[look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        shape.param.watch(lambda event: state.param.update(shape=event.new), "value")
        state.param.watch(lambda event: shape.param.update(value=event.new), "shape")
        regenerate = button("Regenerate", look, f"{HOOK}-regenerate", laboratory.regenerate)
        clear = button("Clear", look, f"{HOOK}-clear", laboratory.clear_points)
        save = button("Save CSV", look, f"{HOOK}-save", self._save)
        load = pn.widgets.FileInput(
            label="Load points (.csv with x,y,label)",
            accept=".csv",
            css_classes=[f"{HOOK}-load"],
            stylesheets=[look.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        load.param.watch(lambda *_events: self._load(load), ["value", "filename"])
        buttons = pn.Row(regenerate, clear, save, stylesheets=[look.gap], margin=0)
        return stack(look, shape, self._fields(DATA_FIELDS), buttons, load)

    def _network_part(self) -> pn.Column:
        state, look = self._state, self._look
        inputs = pn.widgets.CheckBoxGroup(
            options={INPUT_TITLES[name]: name for name in state.param.inputs.objects},
            value=list(state.inputs),
            inline=True,
            css_classes=[f"{FIELD_HOOK}-inputs"],
            stylesheets=[look.widgets],
            margin=0,
        )
        complaint = look.text("", css_classes=["field-error"])
        complaint.visible = False

        def choose(event: Any) -> None:
            complaint.visible = not event.new
            if event.new:
                state.inputs = [name for name in state.param.inputs.objects if name in event.new]
            else:
                complaint.object = '<span role="alert">The net needs at least one input.</span>'

        def follow(event: Any) -> None:
            inputs.value = list(event.new)

        inputs.param.watch(choose, "value")
        state.param.watch(follow, "inputs")
        label = look.text(f'<span class="quiet">{state.param.inputs.label}</span>')
        return stack(look, self._fields(NET_FIELDS), label, inputs, complaint)

    def _save(self) -> None:
        content = self._laboratory.save_csv()
        if content is not None:
            self._download.offer("inkling-points.csv", content)

    def _load(self, chooser: pn.widgets.FileInput) -> None:
        # Once name and content have both arrived; then the same file may be chosen once more.
        if chooser.filename and chooser.value is not None:
            self._laboratory.load_csv(chooser.value, chooser.filename)
            chooser.param.update(value=None, filename=None)


def lesson_html(message: str) -> str:
    """Show what to watch, or what has happened; it is read aloud."""
    return f'<p class="lesson" role="status">{escape(message)}</p>'
