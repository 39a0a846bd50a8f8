"""Controls of the network: its architecture, and the button that initialises it.

The settings take effect only when a network is initialised, so a sentence says what they describe.
"""

from __future__ import annotations

from typing import Any

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.digits.models import network_name_of
from dashboard.digits.state import DigitsState, Origin
from dashboard.digits.training import NETWORK_SETTINGS
from dashboard.languages.text import gettext
from dashboard.shell.fields import Checkbox, described, display_name
from dashboard.shell.layout import field_pairs, stack
from dashboard.shell.theme import Theme, button
from nn import ARCHITECTURES, architecture_layers

NETWORK_FIELDS = ("hidden_layers", "activation", "initialization", "seed")


class NetworkControls:
    """The fields of the card “Network”."""

    def __init__(self, controller: DigitsController, theme: Theme) -> None:
        state = controller.state
        # Its place stays when there is nothing to say, so that it moves nothing.
        pending = theme.text("", css_classes=["ink-pending"])
        pending.min_height = 56  # of three lines
        build = button(
            gettext("Initialise new model"), theme, "ink-rebuild", controller.reset, "stretch_width"
        )

        def show_pending(*_events: Any) -> None:
            html = pending_html(state)
            pending.object = html
            # A fresh model with these settings is initialised again by Reset.
            build.disabled = state.origin == Origin.FRESH and not state.network_pending

        followed = [*NETWORK_SETTINGS, "built_settings", "origin", "history", "fine_tune"]
        state.param.watch(show_pending, followed)
        show_pending()
        self.view = stack(
            theme,
            self._architecture_menu(controller, theme),
            field_pairs(state, NETWORK_FIELDS, theme),
            Checkbox(state, "biases", theme.widgets).view,
            build,
            pending,
        )

    @staticmethod
    def _architecture_menu(controller: DigitsController, theme: Theme) -> pn.widgets.Select:
        state = controller.state
        choice = pn.widgets.Select(
            **described(state.param.architecture),
            options=architecture_options(state.architecture),
            value=state.architecture,
            css_classes=["ink-architecture"],
            stylesheets=[theme.widgets],
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


def architecture_options(chosen: str) -> dict[str, str]:
    """Return the known architectures by title, and the chosen one if it is not among them."""
    options = {gettext(known.title): name for name, known in ARCHITECTURES.items()}
    return (
        options
        if chosen in ARCHITECTURES
        else {
            **options,
            gettext("Custom: {layers}", layers=chosen): chosen,
        }
    )


def pending_html(state: DigitsState) -> str:
    """Return what the settings describe, if that is not the current model; else an empty text."""
    sizes = (784, *state.hidden_layers, state.network.classes)
    wanted = network_name_of(sizes, architecture_layers(state.architecture))
    names = [display_name(name) for name in (state.activation, state.initialization)]
    model = f"{wanted} ({', '.join(names)})"
    if state.origin == Origin.PRETRAINED:
        text = "" if state.fine_tune else gettext("Train starts a new model: {model}.", model=model)
    elif state.network_pending:
        text = gettext(
            "These settings describe a new model: {model}. Once it is initialised, the current one "
            "stays in the model menu.",
            model=model,
        )
    else:
        text = ""
    return f'<p class="quiet pending" role="status">{text}</p>' if text else ""
