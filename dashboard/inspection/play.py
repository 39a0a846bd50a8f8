"""The panel “Play”: experiments with the drawing, and images that maximise a class."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import panel as pn
import param

from dashboard.inspection.drawing_follower import DrawingFollower
from dashboard.inspection.experiment import (
    Experiment,
    ExperimentSettings,
    MaximizedClass,
    class_mean,
    experiment,
    maximize_class,
)
from dashboard.inspection.messages import (
    BLANK,
    DIVERGED,
    UNFIT,
    Message,
    message_html,
    obstacle,
)
from dashboard.inspection.panels import InspectionContext
from dashboard.inspection.validation_subset import ValidationSubset
from dashboard.inspection.views.experiment import experiment_html, maximized_html, question_html
from dashboard.languages.text import gettext, gettext_noop, pgettext
from dashboard.shell import read_asset
from dashboard.shell.chart_parts import number_formatter
from dashboard.shell.fields import Checkbox, menu
from dashboard.shell.redraw_scheduler import RedrawScheduler
from dashboard.shell.theme import Theme, button
from data_cache.augmentation.manipulation import Manipulation
from data_cache.samples import SIDE
from nn import Network

CHANGES = ("right", "down", "rotation", "scale", "thickness", "blur", "noise")
"""Parameters of the state that are amounts of a `Manipulation`."""

NO_CLASS = -1

NO_IMAGE: Message = (
    "none",
    gettext_noop("Choose a class to see the image that the network finds most like it."),
)


SLIDER = """
@media (pointer: coarse), (max-width: 700px) {
  :host { padding: 0 14px; }
  .bk-slider-title { margin: 0 -14px 10px; }
}
"""
"""Room for the large handles on a phone, which otherwise cover the title and leave the panel."""


CENTRED = ":host > * { align-self: center !important; }"

LEVEL = ":host { align-items: end !important; }"
"""Sliders beside each other stand level, though the name of one has two lines."""

WRAPPED = ":host { flex-wrap: wrap; }"
"""Longer names of another language take a second row."""


class PlayState(param.Parameterized):
    """The settings of the experiments, and the newest results."""

    right = param.Number(0, bounds=(-10, 10), step=0.5, label=gettext_noop("Shift x (pixels)"))
    down = param.Number(0, bounds=(-10, 10), step=0.5, label=gettext_noop("Shift y (pixels)"))
    rotation = param.Number(0, bounds=(-90, 90), step=1, label=gettext_noop("Rotation (°)"))
    scale = param.Number(1, bounds=(0.4, 1.6), step=0.05, label=gettext_noop("Scale"))
    thickness = param.Number(
        0, bounds=(-3, 4), step=0.25, label=gettext_noop("Stroke width (pixels)")
    )
    blur = param.Number(0, bounds=(0, 6), step=0.25, label=gettext_noop("Blur"))
    noise = param.Number(0, bounds=(0, 0.6), step=0.02, label=gettext_noop("Noise (σ)"))
    is_centred = param.Boolean(False, label=gettext_noop("Centre afterwards"))
    epsilon = param.Number(0, bounds=(0, 0.3), step=0.005, label="ε")
    target = param.Selector(
        default=NO_CLASS, objects={"none": NO_CLASS}, label=gettext_noop("Class")
    )
    experiment = param.ClassSelector(class_=Experiment, doc="The newest; None: see `message`.")
    message = param.Tuple(BLANK, doc="Why there is no experiment: a word, and a sentence.")
    maximized = param.ClassSelector(class_=MaximizedClass, doc="The newest; None: see `failure`.")
    failure = param.Tuple(NO_IMAGE, doc="Why there is no maximised image.")

    @property
    def settings(self) -> ExperimentSettings:
        """What is done to the drawing."""
        amounts = {name: float(getattr(self, name)) for name in CHANGES}
        return ExperimentSettings(Manipulation(**amounts), self.is_centred, float(self.epsilon))

    def set_classes(self, class_names: tuple[str, ...]) -> None:
        """Offer these classes, and choose none."""
        labels = {name: index for index, name in enumerate(class_names)}
        self.param["target"].objects = {pgettext("class", "none"): NO_CLASS, **labels}
        self.target = NO_CLASS

    def reset(self) -> None:
        """Undo all changes and the attack."""
        names = (*CHANGES, "is_centred", "epsilon")
        self.param.update(**{name: self.param[name].default for name in names})


class PlayPanel:
    """Experiments with the drawing and the shown network.

    Attributes
    ----------
    state
        The settings and the newest results.
    view
        The panel.
    """

    def __init__(self, context: InspectionContext) -> None:
        self._controller = context.controller
        self._digits = digits = context.controller.state
        self._execute = context.execute
        self._samples = ValidationSubset(context.controller)
        self._maximized_for: tuple[Network, int] | None = None
        self.state = state = PlayState()
        state.set_classes(digits.class_names)
        self._arrange(context.theme)
        self._redraws = RedrawScheduler(
            context.page,
            {"experiment": self._draw_experiment, "maximized": self._draw_maximized},
            rate=context.rate,
        )
        self._redraws.follow(
            state,
            {
                **dict.fromkeys(("experiment", "message"), ("experiment",)),
                **dict.fromkeys(("maximized", "failure"), ("maximized",)),
            },
            at_once=lambda: True,
        )
        self._follower = DrawingFollower(
            digits, state, (self._experiment, self._maximize), self._redraws, context.rate
        )
        digits.param.watch(lambda event: state.set_classes(event.new), "class_names")
        state.param.watch(
            lambda *_events: self._follower.request(),
            [*CHANGES, "is_centred", "epsilon", "target"],
        )
        self._redraws.draw_all()

    def show(self, is_open: bool) -> None:
        """Tell whether the panel can be seen."""
        self._follower.show(is_open)

    async def run(self) -> None:
        """Compute and redraw what has changed, until cancelled."""
        await self._follower.run()

    def put_on_pad(self) -> None:
        """Put the image that maximises a class on the drawing pad."""
        maximized = self.state.maximized
        if maximized is not None:
            self._controller.drawing.show(maximized.answer.image.reshape(SIDE, SIDE))

    async def _experiment(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the experiment, or why there is none."""
        digits, state, network = self._digits, self.state, self._digits.shown_network
        reason = obstacle(digits)
        if reason is not None:
            yield {"experiment": None, "message": reason}
            return
        image, names = digits.prediction.image, digits.class_names
        found = await self._execute(experiment, network, image, names, state.settings)
        yield {"experiment": found, "message": DIVERGED}

    async def _maximize(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the image that maximises the chosen class, unless it is shown already."""
        digits, network, target = self._digits, self._digits.shown_network, self.state.target
        if target == NO_CLASS:
            self._maximized_for = None
            yield {"maximized": None, "failure": NO_IMAGE}
            return
        if obstacle(digits) == UNFIT:
            self._maximized_for = None
            yield {"maximized": None, "failure": UNFIT}
            return
        if (network, target) == self._maximized_for:
            return
        chosen = await self._samples.fetch()
        if isinstance(chosen, str):
            yield {"maximized": None, "failure": ("no-data", chosen)}
            return
        start = class_mean(chosen.samples, target)
        found = await self._execute(maximize_class, network, target, digits.class_names, start)
        yield {"maximized": found, "failure": DIVERGED}
        # Reached only if the image was shown.
        self._maximized_for = (network, target)

    def _draw_experiment(self) -> None:
        found = self.state.experiment
        if found is None:
            self._answers.object = message_html(self.state.message)
        else:
            self._answers.object = experiment_html(found)

    def _draw_maximized(self) -> None:
        found = self.state.maximized
        if found is None:
            self._image.object = message_html(self.state.failure)
        else:
            self._image.object = maximized_html(found)
        self._put.visible = found is not None
        self._question.object = question_html(None if found is None else found.target)

    def _arrange(self, theme: Theme) -> None:
        state = self.state
        stack: dict[str, Any] = {
            "stylesheets": [theme.gap],
            "sizing_mode": "stretch_width",
            "margin": 0,
        }
        sheets = [theme.texts, read_asset("pictures.css")]
        self._answers = theme.text("", css_classes=["ink-play"])
        self._image = theme.text("", css_classes=["ink-maximized"])
        self._question = theme.text("")
        self._answers.stylesheets = self._image.stylesheets = sheets
        self._put = button(gettext("Put it on the pad"), theme, "ink-put", self.put_on_pad)
        attack = gettext(
            "The fast gradient sign method adds ε or −ε to every pixel, to make the present answer "
            "less probable."
        )
        sliders = pn.GridBox(
            *(_slider(state.param[name], theme) for name in CHANGES),
            ncols=2,
            stylesheets=[theme.pairs, LEVEL],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.view: pn.viewable.Viewable = pn.Column(
            self._answers,
            sliders,
            pn.Row(
                Checkbox(state, "is_centred", theme.widgets, "ink-play").view,
                button(gettext("Reset changes"), theme, "ink-play-reset", state.reset),
                **{**stack, "stylesheets": [theme.gap, CENTRED, WRAPPED]},
            ),
            theme.text(
                f'<h2>{gettext("Adversarial example")}</h2><p class="quiet small">{attack}</p>'
            ),
            _slider(state.param.epsilon, theme),
            self._question,
            pn.Row(
                menu(state.param.target, theme, "ink-play-class"),
                self._put,
                **{**stack, "stylesheets": [theme.gap, theme.bottom]},
            ),
            self._image,
            **stack,
        )


def _slider(parameter: param.Parameter, theme: Theme) -> pn.widgets.FloatSlider:
    return pn.widgets.FloatSlider.from_param(
        parameter,
        label=gettext(parameter.label),
        format=number_formatter("0.[000]"),
        css_classes=[f"ink-play-{parameter.name.replace('_', '-')}"],
        stylesheets=[theme.widgets, SLIDER],
        sizing_mode="stretch_width",
        margin=0,
    )
