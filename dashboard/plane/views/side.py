"""The side of the spiral's pane: training, presets and lessons, the points, the net, learning.

Fields are generated from the controller's state; whatever is typed is read and answered there.
"""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn

from dashboard.plane.controller import PlaneController
from dashboard.plane.lessons import LESSONS
from dashboard.plane.presets import PRESETS
from dashboard.shell.downloads import Download
from dashboard.shell.layout import card, field_pairs, run_row, stack
from dashboard.shell.theme import Theme, button
from data_cache import INPUT_TITLES, PLANE_SHAPES

HOOK = "ink-spiral"
FIELD_HOOK = f"{HOOK}-field"
DATA_FIELDS = ("classes", "points_count", "noise", "arm_angle", "train_share", "seed")
NET_FIELDS = ("hidden_layers", "activation", "initialization", "weight_noise")
LEARNING_FIELDS = ("learning_rate", "optimizer", "batch_size", "dropout", "l1", "l2")
NO_PRESET = ""


class Side:
    """The controls; they change the state and call commands, and hold no state of their own."""

    def __init__(self, controller: PlaneController, theme: Theme, download: Download) -> None:
        self._controller = controller
        self._state = controller.state
        self._theme = theme
        self._download = download
        self.summary = theme.text("", css_classes=[f"{HOOK}-summary"])
        self.run = card(
            theme,
            "",
            stack(
                theme,
                run_row(self._state, theme, HOOK, controller.step, controller.reset),
                self.summary,
                self._preset_menu(),
            ),
        )
        self.view = pn.Column(
            card(theme, "Lessons", self._lessons()),
            card(theme, "Points", self._points_part()),
            card(theme, "Network", self._network_part()),
            card(theme, "Learning", self._fields(LEARNING_FIELDS)),
            css_classes=["controls"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _fields(self, names: tuple[str, ...]) -> pn.GridBox:
        return field_pairs(self._state, names, self._theme, FIELD_HOOK)

    def _preset_menu(self) -> pn.widgets.Select:
        titles = {preset.title: name for name, preset in PRESETS.items()}
        menu = pn.widgets.Select(
            label="Preset",
            options={"Choose one …": NO_PRESET, **titles},
            value=self._state.preset,
            css_classes=[f"{HOOK}-preset"],
            stylesheets=[self._theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )

        def choose(event: Any) -> None:
            if event.new and event.new != self._state.preset:
                self._controller.apply_preset(event.new)

        def follow(event: Any) -> None:
            menu.value = event.new

        menu.param.watch(choose, "value")
        self._state.param.watch(follow, "preset")
        return menu

    def _lessons(self) -> pn.Column:
        message = self._theme.text("", css_classes=[f"{HOOK}-lesson"])
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
        part = stack(self._theme, *links.values(), message)
        part.stylesheets = [":host { gap: 2px; }"]
        return part

    def _lesson_link(self, name: str, title: str) -> pn.widgets.Button:
        return button(
            title,
            self._theme,
            f"{HOOK}-lesson-{name}",
            lambda: self._controller.begin_lesson(name),
            "stretch_width",
        )

    def _points_part(self) -> pn.Column:
        controller, state, theme = self._controller, self._state, self._theme
        shape = pn.widgets.Select(
            label="Shape",
            options={shape.title: name for name, shape in PLANE_SHAPES.items()},
            value=state.shape,
            css_classes=[f"{FIELD_HOOK}-shape"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        shape.param.watch(lambda event: state.param.update(shape=event.new), "value")
        state.param.watch(lambda event: shape.param.update(value=event.new), "shape")
        regenerate = button("Regenerate", theme, f"{HOOK}-regenerate", controller.regenerate)
        clear = button("Clear", theme, f"{HOOK}-clear", controller.clear_points)
        save = button("Save CSV", theme, f"{HOOK}-save", self._save)
        load = pn.widgets.FileInput(
            label="Load points (.csv with x,y,label)",
            accept=".csv",
            css_classes=[f"{HOOK}-load"],
            stylesheets=[theme.widgets],
            sizing_mode="stretch_width",
            margin=0,
        )
        load.param.watch(lambda *_events: self._load(load), ["value", "filename"])
        buttons = pn.Row(regenerate, clear, save, stylesheets=[theme.gap], margin=0)
        return stack(theme, shape, self._fields(DATA_FIELDS), buttons, load)

    def _network_part(self) -> pn.Column:
        state, theme = self._state, self._theme
        inputs = pn.widgets.CheckBoxGroup(
            options={INPUT_TITLES[name]: name for name in state.param.inputs.objects},
            value=list(state.inputs),
            inline=True,
            css_classes=[f"{FIELD_HOOK}-inputs"],
            stylesheets=[theme.widgets],
            margin=0,
        )
        complaint = theme.text("", css_classes=["field-error"])
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
        label = theme.text(f'<span class="quiet">{state.param.inputs.label}</span>')
        return stack(theme, self._fields(NET_FIELDS), label, inputs, complaint)

    def _save(self) -> None:
        content = self._controller.save_csv()
        if content is not None:
            self._download.offer("inkling-points.csv", content)

    def _load(self, chooser: pn.widgets.FileInput) -> None:
        # Once name and content have both arrived; then the same file may be chosen once more.
        if chooser.filename and chooser.value is not None:
            self._controller.load_csv(chooser.value, chooser.filename)
            chooser.param.update(value=None, filename=None)


def lesson_html(message: str) -> str:
    """Show what to watch, or what has happened; it is read aloud."""
    return f'<p class="lesson" role="status">{escape(message)}</p>'
