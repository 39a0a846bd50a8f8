"""What is looked at in a network, and which of its units are ablated meanwhile.

All of it belongs to the inspection: the network in training keeps its units.
"""

from __future__ import annotations

from dataclasses import dataclass

import param

from dashboard.languages.text import gettext_noop
from nn import Network
from nn.interpretation.ablation import Unit

MODES = {
    gettext_noop("Activations"): "activations",
    gettext_noop("Weights"): "weights",
    gettext_noop("Gradients"): "gradients",
}


@dataclass(frozen=True)
class Selection:
    """A unit or filter, and a pixel of its feature map.

    Attributes
    ----------
    layer, unit
        From 0.
    row, column
        Of the pixel, from 0; -1 for none.
    """

    layer: int
    unit: int
    row: int = -1
    column: int = -1


@dataclass(frozen=True, eq=False)
class AblationResult:
    """What ablation costs.

    Attributes
    ----------
    network
        The whole network that was evaluated.
    units
        The ablated units.
    iteration
        Training steps that the network had taken.
    before, after
        Accuracies on the validation samples with all units and without these, in [0, 1].
    count
        Number of validation samples.
    """

    network: Network
    units: frozenset[Unit]
    iteration: int
    before: float
    after: float
    count: int


class InsideState(param.Parameterized):
    """What the panel shows of the network."""

    # Without a help text, which would lie over the neighbouring column.
    mode = param.Selector(default="activations", objects=MODES)
    selection = param.ClassSelector(class_=Selection, default=None, allow_None=True)
    target = param.Integer(
        default=None,
        allow_None=True,
        doc="The class whose logit is differentiated; None: the predicted one.",
    )
    ablated = param.ClassSelector(class_=frozenset, default=frozenset(), doc="Ablated units.")
    result = param.ClassSelector(class_=AblationResult, default=None, allow_None=True)
    obstacle = param.String("", doc="Why there is no result; empty while it is computed.")
