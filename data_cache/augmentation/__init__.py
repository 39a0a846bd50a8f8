"""Changes training digits at random, as other hands and pens would have written them.

`Augmentation` is the plain affine change; `Distorter` has the whole set, in strengths by name.
"""

from data_cache.augmentation.affine import Augmentation
from data_cache.augmentation.distortion import Augment, Distorter, create_augmentation
from data_cache.augmentation.strengths import (
    AUGMENTATIONS,
    FULL,
    LIGHT,
    STRENGTH_NAMES,
    Strengths,
)

__all__ = [
    "AUGMENTATIONS",
    "FULL",
    "LIGHT",
    "STRENGTH_NAMES",
    "Augment",
    "Augmentation",
    "Distorter",
    "Strengths",
    "create_augmentation",
]
