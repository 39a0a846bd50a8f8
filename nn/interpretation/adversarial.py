"""Adversarial examples by the fast gradient sign method.

The method is that of Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial
examples", 2015: a small change of every pixel that raises the loss.
"""

from __future__ import annotations

import numpy as np

from nn.interpretation.input_gradients import input_gradients
from nn.network import Network


def gradient_signs(network: Network, images: np.ndarray, labels: np.ndarray | int) -> np.ndarray:
    """Return the signs of the gradient of the cross-entropy with respect to the pixels.

    Parameters
    ----------
    network : Network
    images : (inputs,) or (n, inputs) floats
    labels : int or (n,) integers
        The classes whose probabilities are to fall.

    Returns
    -------
    As the images, of the network's dtype
        -1, 0 or 1; NaN if the network has diverged.

    Raises
    ------
    ValueError
        If the images do not fit the network, or there is no such class.

    Notes
    -----
    The gradient with respect to the logits, p - e_label, vanishes by rounding where the label is
    certain. Divided by 1 - p_label it does not, and the signs are the same.
    """
    images, labels = np.asarray(images), np.atleast_1d(labels)
    for label in labels:
        if not 0 <= label < network.classes:
            raise ValueError(f"Expected a label from 0 to {network.classes - 1} and found {label}.")
    x = np.atleast_2d(images)
    own = (np.arange(len(x)), labels)
    with np.errstate(all="ignore"):
        # Log-probabilities differ from the logits by a constant, which drops out.
        others = network.predict_log_proba(x).astype(np.float64)
        others[own] = -np.inf
        weights = np.exp(others - others.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        weights[own] = -1
        signs: np.ndarray = np.sign(input_gradients(network, x, weights).gradients)
    return signs.reshape(images.shape)


def fast_gradient_sign(
    network: Network, images: np.ndarray, labels: np.ndarray | int, epsilon: float
) -> np.ndarray:
    """Return images in which every pixel is changed by at most epsilon to raise the loss.

    Parameters
    ----------
    network : Network
    images : (inputs,) or (n, inputs) floats in [0, 1]
    labels : int or (n,) integers
        The classes whose probabilities are to fall.
    epsilon : float, 0 or more
        The largest change of a pixel.

    Returns
    -------
    As the images, of the network's dtype, in [0, 1]
        NaN if the network has diverged.

    Raises
    ------
    ValueError
        For a negative epsilon, or as `gradient_signs`.
    """
    if not epsilon >= 0:
        raise ValueError(f"Expected epsilon of 0 or above and found {epsilon}.")
    signs = gradient_signs(network, images, labels)
    return apply_signs(np.asarray(images, network.dtype), signs, epsilon)


def apply_signs(images: np.ndarray, signs: np.ndarray, epsilon: float) -> np.ndarray:
    """Return images moved by epsilon along signs of the same shape, clipped to [0, 1]."""
    return np.clip(images + images.dtype.type(epsilon) * signs, 0, 1)
