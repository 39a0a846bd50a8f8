"""Finds the strokes of digits among what else is dark on a page: rules, frames, boxes and specks.

Works on a mask of ink; `data_cache.preprocessing.photographs` makes it from a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from data_cache.preprocessing.morphology import dilate, label_components

# Shares of the longer side of the picture: how thick a rule may be, how long its pieces are.
_RULE_THICKNESS, _RULE_PIECE = 0.014, 0.05
# A rule crosses so much of the picture and ends so near its sides, or there are several of them;
# the sides of a box are shorter.
_RULE_LENGTH, _PART_LENGTH, _NEAR_SIDE, _BOX_LENGTH = 0.6, 0.06, 0.04, 0.25
# What continues a rule lies so many rows above or below it, as a share of the picture.
_CONTINUED = 0.015
# Ink is so many times as dark as rules, of which strokes cross less than a quarter; the light is
# similar within a cell of a grid over the picture.
_DARKER, _RULE_QUANTILE, _CELLS = 1.4, 0.75, 6
# A straight line so near to a side of the picture is the edge of something.
_NEAR_EDGE = 0.03
# Ink along a side of the picture this long is a frame, a desk or a shadow.
_FRAME_LENGTH = 0.5
# Smaller ones are specks, as a share of the longer side of the picture.
_SPECK_LENGTH = 0.012
# Of the tallest component of a group: a digit has this height; nearer strokes are parts of it.
_DIGIT_HEIGHT, _NEAR_STROKE, _NEAR_DIGIT = 0.5, 0.45, 0.09
# Components with less of the strongest one's contrast are smudges or show through.
_LEAST_STRENGTH = 0.4
# Texture has many specks, of which none has this share of all ink.
# Height over width of a digit, its height as a share of the longer side of the picture, and its
# contrast as a multiple of the least, at least.
_LEAST_ASPECT, _LEAST_HEIGHT, _ABOVE_LEVEL = 0.4, 0.03, 1.2
_TEXTURE_SPECKS, _TEXTURE_SHARE = 40, 0.3


@dataclass(frozen=True, eq=False)
class InkComponent:
    """Connected ink.

    Attributes
    ----------
    pixels : (m,) intp
        Positions in the flattened mask.
    top, bottom, left, right : int
        The bounding box; bottom and right are exclusive.
    strength : float
        The contrast that a tenth of its pixels exceed.
    touches_edge : bool
        Whether it reaches the edge of the picture.
    """

    pixels: np.ndarray
    top: int
    bottom: int
    left: int
    right: int
    strength: float
    touches_edge: bool

    @property
    def height(self) -> int:
        """Rows of the bounding box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of the bounding box."""
        return self.right - self.left


@dataclass(frozen=True, eq=False)
class DigitGroup:
    """The strokes of one digit.

    Attributes
    ----------
    components : sequence of InkComponent
    is_cut : bool
        Whether a stroke ends at the edge of the picture.
    """

    components: tuple[InkComponent, ...]
    is_cut: bool

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Top, bottom, left and right of all strokes."""
        return (
            min(one.top for one in self.components),
            max(one.bottom for one in self.components),
            min(one.left for one in self.components),
            max(one.right for one in self.components),
        )


def find_components(mask: np.ndarray, contrast: np.ndarray) -> list[InkComponent]:
    """Return the connected components of a mask, (rows, columns) bool; corners connect."""
    labels = label_components(mask[np.newaxis])[0]
    places = np.flatnonzero(mask)
    if not len(places):
        return []
    order = np.argsort(labels.reshape(-1)[places], kind="stable")
    places = places[order]
    numbers = labels.reshape(-1)[places]
    pieces = np.split(places, np.flatnonzero(np.diff(numbers)) + 1)
    rows, columns = mask.shape
    components = []
    for pixels in pieces:
        y, x = np.divmod(pixels, columns)
        top, bottom, left, right = y.min(), y.max() + 1, x.min(), x.max() + 1
        touches = top == 0 or left == 0 or bottom == rows or right == columns
        strength = float(np.quantile(contrast.reshape(-1)[pixels], 0.9))
        components.append(
            InkComponent(
                pixels, int(top), int(bottom), int(left), int(right), strength, bool(touches)
            )
        )
    return components


def remove_rules(
    mask: np.ndarray, faint: np.ndarray, contrast: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Return a mask without the rules of ruled or squared paper and form boxes, and if it had any.

    A pixel of a rule is removed where no stroke crosses it, so that strokes stay whole: strokes are
    thicker, or darker.

    Parameters
    ----------
    mask : (rows, columns) bool
        Where ink is.
    faint : (rows, columns) bool
        Where also fainter ink is, in which rules are whole.
    contrast : (rows, columns) floating
        With the background.
    """
    horizontal, count_across = _find_lines(faint)
    vertical, count_down = _find_lines(faint.T)
    lines = horizontal | vertical.T
    if not count_across and not count_down:
        return mask, False
    is_darker = contrast > _DARKER * _rule_contrast(contrast, lines)
    rest = mask & (~dilate(lines[np.newaxis])[0] | is_darker | _is_thick(mask))
    # Where rules cross, and along their ragged edges, crumbs are left.
    return _without_crumbs(rest, lines, mask.shape), True


def _rule_contrast(contrast: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Return the contrast of the rules around every pixel, or of all where that is more."""
    usual = float(np.quantile(contrast[lines], _RULE_QUANTILE))
    local = np.full(contrast.shape, usual)
    for rows in np.array_split(np.arange(contrast.shape[0]), _CELLS):
        for columns in np.array_split(np.arange(contrast.shape[1]), _CELLS):
            cell = np.ix_(rows, columns)
            if lines[cell].any():
                nearby = np.quantile(contrast[cell][lines[cell]], _RULE_QUANTILE)
                local[cell] = max(usual, float(nearby))
    return local


def _find_lines(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the pixels of horizontal rules, and how many rules there are."""
    rows, columns = mask.shape
    longer = max(rows, columns)
    thickness = max(2, round(_RULE_THICKNESS * longer))
    along, across = _run_lengths(mask), _run_lengths(mask.T).T
    pieces = mask & (along >= max(8, _RULE_PIECE * longer)) & (across <= thickness)
    if not pieces.any():
        return pieces, 0
    # A rule is interrupted by strokes, and steps from row to row where the paper is turned.
    reach = max(3, columns // 40)
    bridged = pieces.copy()
    for _ in range(reach):
        bridged[:, 1:] |= bridged[:, :-1]
    for _ in range(reach):
        bridged[:, :-1] |= bridged[:, 1:]
    lines = [
        one
        for one in find_components(bridged, np.zeros(mask.shape))
        if one.width >= _PART_LENGTH * columns and one.height <= 0.12 * rows + 2 * thickness
    ]
    chosen = _choose_rules(lines, columns, rows, near=_NEAR_SIDE * columns + reach)
    found = np.zeros(mask.size, bool)
    for one in chosen:
        found[one.pixels] = True
    return found.reshape(mask.shape) & pieces, len(chosen)


def _choose_rules(
    lines: Sequence[InkComponent], columns: int, rows: int, near: float
) -> Sequence[InkComponent]:
    """Return the lines that are rules: those that cross the picture, and what continues them."""
    # A rule crosses the picture, perhaps with a digit in between.
    crossing = [
        pair
        for pair in product(lines, lines)
        if pair[0].left <= near
        and pair[1].right >= columns - near
        and pair[0].top < pair[1].bottom + 0.05 * rows
        and pair[1].top < pair[0].bottom + 0.05 * rows
        and pair[0].width + pair[1].width >= _RULE_LENGTH * columns
    ]
    long = [one for one in lines if one.width >= _RULE_LENGTH * columns]
    if not crossing and len(long) < 3:
        sides = [one for one in lines if one.width >= _BOX_LENGTH * columns]
        return sides if len(sides) in (2, 4) else []  # perhaps of a box
    # The bar of a seven is no part of a rule, unless it lies on one or reaches a side.
    rules = [(one.top, one.bottom) for one in long]
    rules += [
        (min(first.top, last.top), max(first.bottom, last.bottom)) for first, last in crossing
    ]
    slack = _CONTINUED * rows
    return [
        one
        for one in lines
        if one.width >= _BOX_LENGTH * columns
        or one.left <= near
        or one.right >= columns - near
        or any(one.top >= top - slack and one.bottom <= bottom + slack for top, bottom in rules)
    ]


def _is_thick(mask: np.ndarray) -> np.ndarray:
    """Tell which pixels belong to strokes thicker than a rule in both directions."""
    thickness = max(2, round(_RULE_THICKNESS * max(mask.shape)))
    return np.minimum(_run_lengths(mask), _run_lengths(mask.T).T) > thickness


def _without_crumbs(rest: np.ndarray, lines: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return what is left without components as thin as the rules that were beside them."""
    thickness = max(3, round(1.5 * _RULE_THICKNESS * max(shape)))
    kept = rest.copy().reshape(-1)
    beside = dilate(lines[np.newaxis], diagonals=True)[0].reshape(-1)
    for one in find_components(rest, np.zeros(shape)):
        if min(one.height, one.width) <= thickness and beside[one.pixels].any():
            kept[one.pixels] = False
    return kept.reshape(rest.shape)


def _run_lengths(mask: np.ndarray) -> np.ndarray:
    """Return for every marked pixel the length of the run of marks in its row; 0 elsewhere."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, ends = np.nonzero(steps == 1)[1], np.nonzero(steps == -1)[1]
    lengths = ends - starts
    result = np.zeros(mask.shape, np.int32)
    result[mask] = np.repeat(lengths, lengths)
    return result


def find_digits(
    components: Sequence[InkComponent], shape: tuple[int, ...], level: float, *, is_ruled: bool
) -> list[DigitGroup]:
    """Return the digits among components, line by line, each from left to right.

    Frames, specks and what rules leave are left out; strokes that belong together become one digit.

    Parameters
    ----------
    components : sequence of InkComponent
    shape : tuple of int
        Rows and columns of the picture.
    level : float
        The contrast from which on there is ink.
    is_ruled : bool
        Whether rules were removed.
    """
    rows, columns = shape
    longer = max(rows, columns)
    inner = [
        one
        for one in components
        if max(one.height, one.width) >= max(3, _SPECK_LENGTH * longer)
        and not _is_frame(one, rows, columns)
    ]
    inner = [one for one in _without_boxes(inner) if not _is_outline(one, columns)]
    largest = max((_ink(one) for one in inner if not one.touches_edge), default=0.0)
    inner = [one for one in inner if not one.touches_edge or _ink(one) > largest]
    if not inner or _is_texture(inner):
        return []
    main = max(inner, key=_ink)
    strong = [one for one in inner if one.strength >= _LEAST_STRENGTH * main.strength]
    tall = [
        one
        for one in strong
        if one.height >= max(_DIGIT_HEIGHT * main.height, _LEAST_ASPECT * one.width)
        and one.height >= _LEAST_HEIGHT * longer
        and _ink(one) >= 0.1 * _ink(main)
        and one.strength >= _ABOVE_LEVEL * level
        and not (_is_straight_line(one, longer) and (is_ruled or _is_near_edge(one, rows, columns)))
    ]
    if not tall:
        return []
    groups = _merge(tall)
    for one in strong:
        nearest = min(groups, key=lambda group: _gap(group, [one]))
        is_near = _gap(nearest, [one]) <= _NEAR_STROKE * _height(nearest)
        if one not in tall and is_near and _ink(one) >= 0.01 * _ink(main):
            nearest.append(one)
    return _in_reading_order(
        [DigitGroup(tuple(group), any(one.touches_edge for one in group)) for group in groups]
    )


def _in_reading_order(groups: Sequence[DigitGroup]) -> list[DigitGroup]:
    """Return digits line by line; the middle of a digit is as high as another one of its line."""
    lines: list[list[DigitGroup]] = []
    for group in sorted(groups, key=lambda group: group.box[0] + group.box[1]):
        middle = (group.box[0] + group.box[1]) / 2
        if lines and any(one.box[0] < middle < one.box[1] for one in lines[-1]):
            lines[-1].append(group)
        else:
            lines.append([group])
    return [group for line in lines for group in sorted(line, key=lambda group: group.box[2])]


def _is_texture(components: Sequence[InkComponent]) -> bool:
    """Tell whether there are many specks and none that has much of all ink."""
    amounts = [_ink(one) for one in components]
    return len(amounts) > _TEXTURE_SPECKS and max(amounts) < _TEXTURE_SHARE * sum(amounts)


def _is_straight_line(component: InkComponent, longer: int) -> bool:
    """Tell whether a component is as thin as a rule and straight."""
    thin, long = sorted((component.height, component.width))
    return thin <= 1.5 * max(2, _RULE_THICKNESS * longer) and long >= 5 * thin


def _is_near_edge(component: InkComponent, rows: int, columns: int) -> bool:
    """Tell whether a component lies along an edge of the picture."""
    margins = (component.left, columns - component.right, component.top, rows - component.bottom)
    return min(margins) < _NEAR_EDGE * max(rows, columns)


def _ink(component: InkComponent) -> float:
    return len(component.pixels) * component.strength


def _is_frame(component: InkComponent, rows: int, columns: int) -> bool:
    if not component.touches_edge or _central_share(component, rows, columns) > 0.25:
        return False
    sides = (
        (component.top == 0 or component.bottom == rows, component.width / columns),
        (component.left == 0 or component.right == columns, component.height / rows),
    )
    touched = sum(
        (
            component.top == 0,
            component.bottom == rows,
            component.left == 0,
            component.right == columns,
        )
    )
    return touched >= 2 or any(touches and share >= _FRAME_LENGTH for touches, share in sides)


def _central_share(component: InkComponent, rows: int, columns: int) -> float:
    """Return how much of a component is in the middle of the picture, as of a digit cut out."""
    y, x = np.divmod(component.pixels, columns)
    inside = (y > 0.2 * rows) & (y < 0.8 * rows) & (x > 0.2 * columns) & (x < 0.8 * columns)
    return float(inside.mean())


def _is_outline(component: InkComponent, columns: int) -> bool:
    """Tell whether a component is a rectangle of lines, as the edge of the paper on a desk."""
    y, x = np.divmod(component.pixels, columns)
    band_y, band_x = 0.06 * component.height, 0.06 * component.width
    beside = np.minimum(y - component.top, component.bottom - 1 - y) < band_y
    beside |= np.minimum(x - component.left, component.right - 1 - x) < band_x
    is_large = min(component.height, component.width) >= 0.25 * columns
    return bool(is_large and beside.mean() > 0.85)


def _without_boxes(components: Sequence[InkComponent]) -> list[InkComponent]:
    """Leave out hollow rectangles around other components."""
    kept = []
    for one in components:
        inside = [
            other
            for other in components
            if other is not one
            and other.top > one.top
            and other.bottom < one.bottom
            and other.left > one.left
            and other.right < one.right
            and other.height >= 0.3 * one.height
        ]
        if not inside or len(one.pixels) > 0.35 * one.height * one.width:
            kept.append(one)
    return kept


def _height(group: Sequence[InkComponent]) -> int:
    return max(one.bottom for one in group) - min(one.top for one in group)


def _gap(group: Sequence[InkComponent], others: Sequence[InkComponent]) -> float:
    """Return the distance between the bounding boxes of two groups, along the farther axis."""
    gaps = []
    for low, high in (("left", "right"), ("top", "bottom")):
        first = (min(getattr(one, low) for one in group), max(getattr(one, high) for one in group))
        second = (
            min(getattr(one, low) for one in others),
            max(getattr(one, high) for one in others),
        )
        gaps.append(max(first[0] - second[1], second[0] - first[1], 0))
    return float(max(gaps))


def _merge(components: Sequence[InkComponent]) -> list[list[InkComponent]]:
    """Return groups of components whose boxes overlap or nearly touch, as strokes of one digit."""
    groups = [[one] for one in components]
    is_merging = True
    while is_merging:
        is_merging = False
        for index, group in enumerate(groups):
            for other in groups[index + 1 :]:
                if _gap(group, other) <= _NEAR_DIGIT * max(_height(group), _height(other)):
                    group.extend(other)
                    groups.remove(other)
                    is_merging = True
                    break
            if is_merging:
                break
    return groups
