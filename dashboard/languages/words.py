"""Words that the page shows and that are defined where nothing is translated.

They are titles in `nn` and `data_cache`, and values of settings; they are translated when they are
shown, and stand here so that the catalogues have them. Errors of those packages are translated when
they are raised.
"""

from __future__ import annotations

from dashboard.languages.text import gettext, gettext_noop
from data_cache.texts import gettext as data_texts
from nn.texts import gettext as network_texts

ARCHITECTURE_TITLES = (
    gettext_noop("CNN of the ConvNetJS demo"),
    gettext_noop("CNN (small)"),
    gettext_noop("CNN (as pretrained)"),
)

DATA_SET_TITLES = (gettext_noop("MNIST 5,000"), gettext_noop("MNIST 60,000"))

SHAPE_TITLES = (
    *(gettext_noop("Spiral"), gettext_noop("Circles"), gettext_noop("Blobs")),
    *(gettext_noop("Checkerboard"), gettext_noop("Moons"), gettext_noop("Clusters")),
    gettext_noop("Bands"),
)

SETTING_VALUES = (
    *(gettext_noop("Sigmoid"), gettext_noop("Linear")),
    *(gettext_noop("Uniform"), gettext_noop("Normal"), gettext_noop("Zeros")),
    *(gettext_noop("None"), gettext_noop("Affine"), gettext_noop("Light"), gettext_noop("Full")),
)
"""Values of settings with a capital, as `display_name` returns them."""

DISTORTIONS = (
    *(gettext_noop("shift"), gettext_noop("rotation"), gettext_noop("scale")),
    *(gettext_noop("stretch"), gettext_noop("shear"), gettext_noop("elastic")),
    *(gettext_noop("thickness"), gettext_noop("contrast"), gettext_noop("blur")),
    *(gettext_noop("noise"), gettext_noop("patches")),
)
"""Kinds of distortion in the preview of an augmentation."""


def translate_errors() -> None:
    """Have `nn` and `data_cache` say their errors in the language of whom they occur to.

    It holds for the process; which language that is, `gettext` finds out for every text.
    """
    data_texts.translator = network_texts.translator = gettext
