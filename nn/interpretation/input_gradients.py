"""Gradients of logits with respect to the inputs of a network.

Attributions, adversarial examples and activation maximization are all computed from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nn.activations import activation_function
from nn.layers import Workspace, create_workspaces
from nn.network import Network


class InputGradients(NamedTuple):
    """Weighted sums of logits, and their gradients with respect to the inputs.

    Attributes
    ----------
    logits : (n, classes)
        Of the network's dtype.
    values : (n,) float64
        The weighted sums.
    gradients : (n, inputs)
        Of the values, with the network's dtype.
    """

    logits: np.ndarray
    values: np.ndarray
    gradients: np.ndarray


def logit_weights(classes: int, target: int, against: int | None = None) -> np.ndarray:
    """Return weights (classes,) float64 that give the logit of a class, or a difference of two.

    Parameters
    ----------
    classes : int
    target : int
        The class whose logit gets the weight 1.
    against : int, optional
        The class whose logit is subtracted.

    Raises
    ------
    ValueError
        If a class is out of range, or both are the same.
    """
    for index in (target, against):
        if index is not None and not 0 <= index < classes:
            raise ValueError(f"Expected a class from 0 to {classes - 1} and found {index}.")
    if target == against:
        raise ValueError(f"Expected two different classes and found {target} twice.")
    weights = np.zeros(classes)
    weights[target] = 1
    if against is not None:
        weights[against] = -1
    return weights


def create_gradient_workspaces(network: Network, count: int) -> list[Workspace]:
    """Allocate the workspaces in which `input_gradients` computes up to `count` samples."""
    return create_workspaces(network.layers, count, for_training=True, input_gradients=True)


def input_gradients(
    network: Network,
    x: np.ndarray,
    weights: np.ndarray,
    workspaces: Sequence[Workspace] | None = None,
) -> InputGradients:
    """Return weighted sums of the logits of samples, and their gradients by backpropagation.

    Parameters
    ----------
    network : Network
    x : (n, inputs) floats, or uint8
        Bytes are scaled by 1 / 255, and gradients are those with respect to the scaled values.
    weights : (classes,) or (n, classes) floats
        Of the logits, for all samples or for each; see `logit_weights`.
    workspaces : sequence of workspaces, optional
        From `create_gradient_workspaces`, for at least n samples, to compute many times without
        allocating.

    Returns
    -------
    InputGradients
        NaN or infinite, without a warning, if the network has diverged.

    Raises
    ------
    ValueError
        If the inputs or the weights do not fit the network.

    Notes
    -----
    Where an activation has a kink, as ReLU at 0, the gradient is the one-sided one that training
    uses.
    """
    x = network.check_inputs(x)
    weights = np.asarray(weights)
    if weights.shape not in ((network.classes,), (len(x), network.classes)):
        raise ValueError(
            f"Expected weights of the shape ({network.classes},) or ({len(x)}, {network.classes}) "
            f"and found {weights.shape}."
        )
    if workspaces is None:
        workspaces = create_gradient_workspaces(network, len(x))
    workspaces = [workspace.first(len(x)) for workspace in workspaces]
    gradients = np.empty((len(x), network.inputs), network.dtype)
    activation, layers = None, network.layers
    with np.errstate(all="ignore"):
        logits = network.forward(network.prepare_inputs(x), workspaces)[-1].copy()
        workspaces[-1].delta[:] = weights
        for index in range(len(layers) - 1, -1, -1):
            input_delta = workspaces[index - 1].delta if index else gradients
            layers[index].backward(workspaces[index], activation, input_delta)  # type: ignore[arg-type]
            activation = activation_function(network.activation)
        values = (logits * weights).sum(axis=1, dtype=np.float64)
    return InputGradients(logits, values, gradients)
