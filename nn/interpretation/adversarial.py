"""Adversarial examples by the fast gradient sign method.

The method is that of Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial
examples", 2015: a small change of every pixel that raises the loss.
"""

from __future__ import annotations

import numpy as np

from nn.interpretation.input_gradients import input_gradients
from nn.network import Network


def gradient_signs(network: Network, image: np.ndarray, label: int) -> np.ndarray:
    """Return the signs of the gradient of the cross-entropy with respect to the pixels.

    Parameters
    ----------
    network : Network
    image : (inputs,) floats
    label : int
        The class whose probability is to fall.

    Returns
    -------
    (inputs,) of the network's dtype
        -1, 0 or 1; NaN if the network has diverged.

    Raises
    ------
    ValueError
        If the image does not fit the network, or there is no such class.

    Notes
    -----
    The gradient with respect to the logits, p - e_label, vanishes by rounding where the label is
    certain. Divided by 1 - p_label it does not, and the signs are the same.
    """
    if not 0 <= label < network.classes:
        raise ValueError(f"Expected a label from 0 to {network.classes - 1} and found {label}.")
    x = np.asarray(image)[np.newaxis]
    with np.errstate(all="ignore"):
        # Log-probabilities differ from the logits by a constant, which drops out.
        others = network.predict_log_proba(x)[0].astype(np.float64)
        others[label] = -np.inf
        weights = np.exp(others - others.max())
        weights /= weights.sum()
        weights[label] = -1
        signs: np.ndarray = np.sign(input_gradients(network, x, weights).gradients[0])
    return signs


def fast_gradient_sign(
    network: Network, image: np.ndarray, label: int, epsilon: float
) -> np.ndarray:
    """Return an image in which every pixel is changed by at most epsilon to raise the loss.

    Parameters
    ----------
    network : Network
    image : (inputs,) floats in [0, 1]
    label : int
        The class whose probability is to fall.
    epsilon : float, 0 or more
        The largest change of a pixel.

    Returns
    -------
    (inputs,) of the network's dtype, in [0, 1]
        NaN if the network has diverged.

    Raises
    ------
    ValueError
        For a negative epsilon, or as `gradient_signs`.
    """
    if not epsilon >= 0:
        raise ValueError(f"Expected epsilon of 0 or above and found {epsilon}.")
    signs = gradient_signs(network, image, label)
    return apply_signs(np.asarray(image, network.dtype), signs, epsilon)


def apply_signs(image: np.ndarray, signs: np.ndarray, epsilon: float) -> np.ndarray:
    """Return the image moved by epsilon along the signs, both (inputs,), clipped to [0, 1]."""
    return np.clip(image + image.dtype.type(epsilon) * signs, 0, 1)
