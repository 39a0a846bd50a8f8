"""How strongly each kind of random change is applied, and the sets that have names.

One record holds them all, so that a preview can show one kind alone at the strength in use.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

AUGMENTATIONS = ("none", "affine", "light", "full")
"""What a run can be told by name: nothing, the plain affine change, and the two sets below."""


@dataclass(frozen=True)
class Strengths:
    """The widest change of each kind; 0 leaves it out.

    Attributes
    ----------
    shift : float
        Pixels along each axis.
    rotation : float
        Degrees, either way.
    scale : float
        Change of size: 0.15 means from 87 % (1 / 1.15) to 115 %.
    stretch : float
        Change of width against height, in the same way.
    shear : float
        Pixels to the side for every pixel up.
    elastic : float
        Root mean square of the local displacement in pixels, where it is strongest.
    thickness : float
        Pixels added to or taken from each side of a stroke; up to 1.
    contrast : float
        How hard edges become: 3 means a slope up to 4 times as steep, about a random grey.
    blur : float
        Share of the neighbours' mean in every pixel, in [0, 1].
    noise : float
        Standard deviation of the noise, in full inks.
    patches : float
        Side of an erased square, in pixels.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    thickness: float = 0.0
    contrast: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    patches: float = 0.0

    def __post_init__(self) -> None:
        for name in STRENGTH_NAMES:
            value, most = getattr(self, name), _MOST.get(name, float("inf"))
            if not 0 <= value <= most:
                raise ValueError(
                    f"A strength of {name} needs a number from 0 to {most:g}, but got {value}."
                )

    def only(self, *names: str) -> Strengths:
        """Return these strengths with every other kind left out."""
        return Strengths(**{name: getattr(self, name) for name in names})

    def without(self, *names: str) -> Strengths:
        """Return these strengths with some kinds left out."""
        return replace(self, **dict.fromkeys(names, 0.0))

    def has(self, *names: str) -> bool:
        """Tell whether any of these kinds is applied."""
        return any(getattr(self, name) > 0 for name in names)


STRENGTH_NAMES = tuple(field.name for field in fields(Strengths))
_MOST = {"thickness": 1.0, "blur": 1.0, "patches": 28.0}

LIGHT = Strengths(shift=1.5, rotation=12.0, scale=0.12, stretch=0.1, shear=0.15)
"""One resampling and nothing else, so that it does not slow training in a browser."""

FULL = Strengths(
    shift=1.5,
    rotation=14.0,
    scale=0.14,
    stretch=0.2,
    shear=0.25,
    elastic=1.6,
    thickness=1.0,
    contrast=4.0,
    blur=0.8,
    noise=0.1,
    patches=7.0,
)
"""Every kind, for nets that are to read any hand and any pen."""
