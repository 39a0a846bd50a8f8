"""The validation samples in two dimensions: the principal components of the last hidden layer.

The functions compute outside the event loop; they use no state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nn import Network
from nn.interpretation.projection import PCA, align, fit_pca, last_hidden_activations

DIMENSIONS = 2


@dataclass(frozen=True, eq=False)
class Projection:
    """Samples in two dimensions, and how further ones get there.

    Attributes
    ----------
    network
        Whose last hidden layer it is; its weights are not changed.
    positions
        Of the samples, (n, 2) float64, with the mean 0.
    labels, predicted
        Indices of the true and the predicted classes, (n,).
    explained
        Share of the variance of the activations in the two dimensions, in [0, 1].
    pca, rotation
        Of the activations: their principal components, and the rotation or reflection of these
        that brings the picture near to the one before.
    """

    network: Network
    positions: NDArray[np.float64]
    labels: NDArray[np.intp]
    predicted: NDArray[np.intp]
    explained: float
    pca: PCA
    rotation: NDArray[np.float64]

    @property
    def mistakes(self) -> NDArray[np.intp]:
        """Indices of the samples whose predicted class is not the true one."""
        return np.flatnonzero(self.labels != self.predicted)

    def place(self, image: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the position (2,) of an image (inputs,); it takes one prediction."""
        activations = last_hidden_activations(self.network, image[np.newaxis])
        return _in_two_dimensions(self.pca.transform(activations))[0] @ self.rotation


def project_samples(
    network: Network,
    activations: NDArray[np.floating],
    labels: NDArray[np.integer],
    reference: NDArray[np.float64] | None,
) -> Projection | None:
    """Project samples onto the first two principal components of their activations.

    Parameters
    ----------
    activations
        Of the last hidden layer, (n, units), n at least 1.
    labels
        Indices of the true classes, (n,).
    reference
        Earlier positions of the same samples, (n, 2), near to which the picture is turned; None:
        none.

    Returns
    -------
    Projection or None
        None if the network has diverged.
    """
    last = network.dense_layers[-1]
    with np.errstate(all="ignore"):
        logits = activations @ last.weights
        if last.bias is not None:
            logits = logits + last.bias
    if not (np.isfinite(activations).all() and np.isfinite(logits).all()):
        return None
    pca = fit_pca(activations, DIMENSIONS)
    positions = _in_two_dimensions(pca.transform(activations))
    rotation = np.eye(DIMENSIONS) if reference is None else align(positions, reference)
    return Projection(
        network,
        positions @ rotation,
        labels.astype(np.intp),
        logits.argmax(axis=1),
        float(pca.explained_variance_ratio.sum()),
        pca,
        rotation,
    )


def _in_two_dimensions(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coordinates (n, k) with zeros for the missing ones, where a layer has one unit."""
    return np.pad(coordinates, ((0, 0), (0, DIMENSIONS - coordinates.shape[1])))
