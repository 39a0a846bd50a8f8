"""Controls of the network: its architecture, and the button that builds it.

The settings take effect only when the network is built, so a notice says what would be replaced.
"""

from __future__ import annotations

from typing import Any

import panel as pn

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import ARCHITECTURE_SETTINGS, DigitsState
from dashboard.shell.fields import Checkbox
from dashboard.shell.layout import field_pairs, stack
from dashboard.shell.theme import Theme, button
from nn import ARCHITECTURES, architecture_layers, network_title

NETWORK_FIELDS = ("hidden_layers", "activation", "initialization", "seed")


class NetworkControls:
    """The fields of the card “Network”."""

    def __init__(self, controller: DigitsController, theme: Theme) -> None:
        state = controller.state
        pending = theme.text("", css_classes=["ink-pending"])
        build = button("Build this net", theme, "ink-rebuild", controller.reset, "stretch_width")

        def show_pending(*_events: Any) -> None:
            is_pending = state.architecture_pending
            html = pending_html(state) if is_pending else ""
            pending.param.update(object=html, visible=is_pending)
            build.disabled = not is_pending

        state.param.watch(show_pending, [*ARCHITECTURE_SETTINGS, "origin", "history"])
        show_pending()
        self.view = stack(
            theme,
            self._architecture_menu(controller, theme),
            field_pairs(state, NETWORK_FIELDS, theme),
            Checkbox(state, "biases", theme.widgets).view,
            pending,
            build,
        )

    @staticmethod
    def _architecture_menu(controller: DigitsController, theme: Theme) -> pn.widgets.Select:
        state = controller.state
        choice = pn.widgets.Select(
            label=state.param.architecture.label,
            description=state.param.architecture.doc,
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
    options = {known.title: name for name, known in ARCHITECTURES.items()}
    return options if chosen in ARCHITECTURES else {**options, f"Custom: {chosen}": chosen}


def pending_html(state: DigitsState) -> str:
    """Return a warning that the settings describe another network than the one in use."""
    sizes = (784, *state.hidden_layers, state.network.classes)
    wanted = network_title(sizes, architecture_layers(state.architecture))
    return (
        f'<p class="notice warning" role="status">A new {wanted} net ({state.activation}) will '
        f"replace the present one, and its trained weights are lost.</p>"
    )
