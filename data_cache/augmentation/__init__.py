"""Random augmentation of training images, and perturbations of a given amount."""

from data_cache.augmentation.affine import RandomAffine
from data_cache.augmentation.distortion import (
    AUGMENTATIONS,
    FULL,
    LIGHT,
    STRENGTH_NAMES,
    Augment,
    RandomDistortion,
    Strengths,
    create_augmentation,
)
from data_cache.augmentation.perturbations import PERTURBATIONS, crop, perturb

__all__ = [
    "AUGMENTATIONS",
    "FULL",
    "LIGHT",
    "PERTURBATIONS",
    "STRENGTH_NAMES",
    "Augment",
    "RandomAffine",
    "RandomDistortion",
    "Strengths",
    "create_augmentation",
    "crop",
    "perturb",
]
