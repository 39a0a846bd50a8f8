"""Controls of the plane pane: buttons, presets, and a field for every setting.

They are generated from the parameters of the state, and call the controller's commands.
"""

from __future__ import annotations

from typing import Any

import panel as pn

from dashboard.languages.text import gettext
from dashboard.plane.controller import PlaneController
from dashboard.plane.presets import PRESETS
from dashboard.plane.views.shape_chooser import shape_chooser
from dashboard.shell.chart_switches import speed_menu
from dashboard.shell.downloads import Download
from dashboard.shell.fields import Checkbox, Field, described
from dashboard.shell.file_field import file_field
from dashboard.shell.layout import bar, card, field_pairs, quick_settings, run_row, stack
from dashboard.shell.theme import Theme, button
from dashboard.training.budget import LARGEST_POINTS_FILE
from dashboard.upstream.html_pane import HTMLText
from data_cache import INPUT_TITLES

HOOK = "ink-spiral"
FIELD_HOOK = f"{HOOK}-field"
DATA_FIELDS = ("classes", "points_count", "noise", "arm_angle", "train_share", "seed")
QUICK_FIELDS = ("learning_rate", "activation")
"""What is changed most; the other fields are in the drawer."""

NETWORK_FIELDS = ("hidden_layers", "initialization", "weight_noise")
LEARNING_FIELDS = ("optimizer", "batch_size", "dropout", "l1", "l2")
RESOLUTIONS = (64, 100, 150, 200)
MENU_WIDTH = 140
WRAP = ":host { flex-wrap: wrap; }"
SIDE_WIDTH = """
:host { min-width: 7rem !important; }
@media (pointer: coarse), (max-width: 700px) { :host { min-width: 8.5rem !important; } }
"""
FEATURES = """
.bk-input-group { display: flex; flex-wrap: wrap; gap: 2px 12px; }
.bk-input-group > label { margin: 0; white-space: nowrap; }
"""


class Controls:
    """All controls of the pane; they hold no state of their own.

    Parameters
    ----------
    controller
        Takes the commands.
    theme
        Style sheets.
    download
        Saves the points as a file.
    summary
        Text that is shown under the buttons.

    Attributes
    ----------
    run, quick, settings, picture_options
        The buttons; the fields and presets beside them; the cards of settings; what belongs under
        the picture.
    """

    def __init__(
        self, controller: PlaneController, theme: Theme, download: Download, summary: HTMLText
    ) -> None:
        self._controller = controller
        self._state = controller.state
        self._theme = theme
        self._download = download
        self._wide = {
            "stylesheets": [theme.widgets], "sizing_mode": "stretch_width", "margin": 0
        }  # fmt: skip
        self._menu = {"stylesheets": [theme.widgets], "width": MENU_WIDTH, "margin": 0}
        buttons = run_row(self._state, theme, HOOK, controller.step, controller.reset)
        summary.sizing_mode = None
        self.run = bar(theme, buttons, summary)
        self.quick = quick_settings(
            theme,
            *(Field(self._state, name, theme.widgets, FIELD_HOOK).view for name in QUICK_FIELDS),
            self._presets(),
            speed_menu(self._state, theme, HOOK),
        )
        self.quick.stylesheets = [*self.quick.stylesheets, WRAP]
        self.settings = pn.Column(
            card(theme, gettext("Points"), self._points(), hidden_by="points"),
            card(theme, gettext("Network"), self._network(), hidden_by="network"),
            card(theme, gettext("Learning"), self._fields(LEARNING_FIELDS), hidden_by="learning"),
            css_classes=["controls"],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.picture_options = self._picture_options()

    def _fields(self, names: tuple[str, ...]) -> pn.GridBox:
        return field_pairs(self._state, names, self._theme, FIELD_HOOK)

    def _presets(self) -> pn.widgets.Select:
        titles = {gettext(preset.title): name for name, preset in PRESETS.items()}
        return pn.widgets.Select.from_param(
            self._state.param.preset,
            label=gettext("Preset"),
            options={gettext("Select a preset"): "", **titles},
            css_classes=[f"{HOOK}-preset"],
            **self._menu,
        )

    def _points(self) -> pn.Column:
        theme, points = self._theme, self._controller.points
        shape = shape_chooser(self._state.param.shape, theme, f"{FIELD_HOOK}-shape")
        load = file_field(
            lambda content, name: self._controller.spawn(points.load_file(content, name)),
            self._controller.warn,
            label=gettext("Load points (.csv with x, y and label)"),
            largest=LARGEST_POINTS_FILE,
            css_classes=[f"{HOOK}-load"],
            **self._wide,
        )

        def save() -> None:
            self._download.offer("inkling-points.csv", points.save_csv())

        buttons = pn.Row(
            button(gettext("Regenerate"), theme, f"{HOOK}-regenerate", self._controller.regenerate),
            button(gettext("Clear"), theme, f"{HOOK}-clear", points.clear),
            button(gettext("Save CSV"), theme, f"{HOOK}-save", save),
            stylesheets=[theme.gap, WRAP],
            sizing_mode="stretch_width",
            margin=0,
        )
        return stack(theme, shape, self._fields(DATA_FIELDS), buttons, load)

    def _network(self) -> pn.Column:
        state, theme = self._state, self._theme
        inputs = pn.widgets.CheckBoxGroup(
            options={INPUT_TITLES[name]: name for name in state.param.inputs.objects},
            value=list(state.inputs),
            inline=True,
            css_classes=[f"{FIELD_HOOK}-inputs"],
            stylesheets=[theme.widgets, FEATURES],
            sizing_mode="stretch_width",
            margin=0,
        )

        def choose(event: Any) -> None:
            # In the order of the parameter, whatever the order of the clicks.
            state.inputs = [name for name in state.param.inputs.objects if name in event.new]
            inputs.value = list(state.inputs)

        def follow(*_events: Any) -> None:
            inputs.value = list(
                state.inputs
            )  # not the event's: the controller may have reverted it

        inputs.param.watch(choose, "value")
        state.param.watch(follow, "inputs")
        label = theme.text(f'<span class="quiet">{gettext(state.param.inputs.label)}</span>')
        return stack(theme, self._fields(NETWORK_FIELDS), label, inputs)

    def _picture_options(self) -> pn.Row:
        state, theme = self._state, self._theme
        mode = pn.widgets.RadioButtonGroup.from_param(
            state.param.surface_mode,
            **described(state.param.surface_mode),
            options={gettext("Probabilities"): "soft", gettext("Predicted class"): "hard"},
            css_classes=[f"{HOOK}-mode"],
            stylesheets=[theme.widgets],
            align="end",
            margin=0,
        )
        side = pn.widgets.Select.from_param(
            state.param.surface_side,
            **described(state.param.surface_side),
            options={f"{side} × {side}": side for side in RESOLUTIONS},
            css_classes=[f"{HOOK}-side"],
            stylesheets=[theme.widgets, SIDE_WIDTH],
            width=110,
            margin=0,
        )
        test = Checkbox(state, "show_test", theme.widgets, FIELD_HOOK).view
        test.param.update(align="end", margin=(0, 0, 6, 0))
        return pn.Row(
            mode,
            side,
            test,
            stylesheets=[theme.gap, theme.bottom, WRAP],
            sizing_mode="stretch_width",
            margin=0,
        )
