"""Warnings about labelled digits that need a network: turned pictures, labels from 1.

The commands and the API show them wherever samples are read.
"""

from __future__ import annotations

import numpy as np

from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext
from data_cache import Samples
from data_cache.samples import PIXELS, SIDE
from nn import Network

_CHECKED = 400
_FEWEST = 10
# So much better the turned pictures must be recognised to be called turned.
_CLEARLY_BETTER = 0.2
_CHANCE = 0.35


def network_warnings(samples: Samples, network: Network) -> list[str]:
    """Return sentences about labelled digits that a network recognises badly.

    Parameters
    ----------
    samples : Samples
    network : Network
        One that recognises digits, such as a pretrained model.
    """
    few = samples[:: max(1, len(samples) // _CHECKED)]
    if len(few) < _FEWEST:
        return []
    turned = few.images.reshape(-1, SIDE, SIDE).transpose(0, 2, 1).reshape(-1, PIXELS)
    upright_share = _accuracy(network, few.images, few.labels)
    turned_share = _accuracy(network, np.ascontiguousarray(turned), few.labels)
    shifts = {
        step: _accuracy(network, few.images, few.labels.astype(int) + step) for step in (-1, 1)
    }
    step = max(shifts, key=shifts.__getitem__)
    if shifts[step] > max(turned_share, upright_share + _CLEARLY_BETTER):
        if step < 0:
            text = gettext(
                "The labels seem to count from 1; subtract 1 from each: the pretrained model "
                "agrees with {now} of them now, with {then} then.",
                now=format_percent(upright_share, 0),
                then=format_percent(shifts[step], 0),
            )
        else:
            text = gettext(
                "The labels seem to be 1 too low; add 1 to each: the pretrained model agrees with "
                "{now} of them now, with {then} then.",
                now=format_percent(upright_share, 0),
                then=format_percent(shifts[step], 0),
            )
        return [text]
    if turned_share > upright_share + _CLEARLY_BETTER:
        return [
            gettext(
                "The pictures seem to lie on their side: the pretrained model recognises "
                "{upright} of them, and {turned} with rows and columns exchanged. --transpose "
                "exchanges them.",
                upright=format_percent(upright_share, 0),
                turned=format_percent(turned_share, 0),
            )
        ]
    if upright_share < _CHANCE:
        return [
            gettext(
                "The pretrained model recognises {share} of these pictures: they may be no "
                "digits, or their labels those of others.",
                share=format_percent(upright_share, 0),
            )
        ]
    return []


def _accuracy(network: Network, images: np.ndarray, labels: np.ndarray) -> float:
    predicted = network.predict_proba(images).argmax(axis=1)
    return float((predicted == labels).mean())
