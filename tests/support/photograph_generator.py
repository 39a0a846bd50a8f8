"""Photographs and scans of digits, drawn: paper, pen, light, rules, frame, size and turn.

Every picture is grey values in 0…255; the generator is passed in.
"""

from __future__ import annotations

import numpy as np

Generator = np.random.Generator


def resize(picture: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Interpolate a picture linearly."""
    for axis, count in enumerate((rows, columns)):
        size = picture.shape[axis]
        places = np.clip((np.arange(count) + 0.5) * size / count - 0.5, 0, size - 1)
        low = np.minimum(places.astype(int), size - 2)
        share = (places - low).reshape([-1 if a == axis else 1 for a in (0, 1)])
        picture = picture.take(low, axis) * (1 - share) + picture.take(low + 1, axis) * share
    return picture


def turn(picture: np.ndarray, degrees: float) -> np.ndarray:
    """Rotate a picture about its middle; outside is 0."""
    rows, columns = picture.shape
    angle = np.deg2rad(degrees)
    y, x = np.mgrid[:rows, :columns]
    dy, dx = y - rows / 2, x - columns / 2
    source_y = np.rint(np.cos(angle) * dy - np.sin(angle) * dx + rows / 2).astype(int)
    source_x = np.rint(np.sin(angle) * dy + np.cos(angle) * dx + columns / 2).astype(int)
    inside = (source_y >= 0) & (source_y < rows) & (source_x >= 0) & (source_x < columns)
    turned = np.zeros_like(picture)
    turned[inside] = picture[source_y[inside], source_x[inside]]
    return turned


def strokes(image: np.ndarray, side: int) -> np.ndarray:
    """A digit of MNIST, (784,) uint8, as sharp ink in a square of `side` pixels."""
    big = resize(image.reshape(28, 28) / 255, side, side)
    return np.clip((big - 0.35) / 0.3, 0, 1)


def place(ink: np.ndarray, sheet: np.ndarray, generator: Generator, margin: float = 0.04) -> None:
    """Draw ink anywhere on a sheet, off its edges."""
    marked = np.argwhere(ink > 0.05)
    (top, left), (bottom, right) = marked.min(axis=0), marked.max(axis=0) + 1
    ink = ink[top:bottom, left:right]
    edge = max(4, round(margin * min(sheet.shape)))
    y = int(generator.integers(edge, max(edge + 1, sheet.shape[0] - len(ink) - edge)))
    x = int(generator.integers(edge, max(edge + 1, sheet.shape[1] - ink.shape[1] - edge)))
    part = sheet[y : y + len(ink), x : x + ink.shape[1]]
    np.maximum(part, ink[: len(part), : part.shape[1]], out=part)


def rules(shape: tuple[int, int], kind: str, generator: Generator) -> np.ndarray:
    """The ink of printed lines: "ruled", "squared", "box" or "none"."""
    lines = np.zeros(shape)
    step = int(generator.integers(shape[0] // 22, shape[0] // 9))
    thick = int(generator.integers(1, max(2, shape[0] // 220) + 1))
    if kind in ("ruled", "squared"):
        for y in range(int(generator.integers(0, step)), shape[0], step):
            lines[y : y + thick] = 1
    if kind == "squared":
        for x in range(int(generator.integers(0, step)), shape[1], step):
            lines[:, x : x + thick] = 1
    return lines


def light(shape: tuple[int, int], kind: str, generator: Generator) -> np.ndarray:
    """Brightness of every pixel: "even", "shadow", "lamp", "edge" or "vignette"."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    y, x = y / shape[0], x / shape[1]
    if kind == "shadow":
        angle = generator.uniform(0, 2 * np.pi)
        slope = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)
        return 0.72 + generator.uniform(0.2, 0.7) * slope
    if kind == "lamp":
        cy, cx = generator.uniform(0.1, 0.9, 2)
        return 0.45 + 0.55 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / generator.uniform(0.1, 0.5))
    if kind == "edge":
        angle = generator.uniform(0, 2 * np.pi)
        slope = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5) - generator.uniform(-0.2, 0.2)
        return 0.62 + 0.38 / (1 + np.exp(-slope / generator.uniform(0.01, 0.05)))
    if kind == "vignette":
        return 1 - generator.uniform(0.5, 1.2) * ((y - 0.5) ** 2 + (x - 0.5) ** 2)
    return np.ones(shape)


LIGHTS = ("even", "shadow", "lamp", "edge", "vignette")
PAPERS = ("none", "none", "none", "ruled", "squared", "box")
AROUND = ("nothing", "nothing", "nothing", "desk", "frame")


def photograph(inks: list[np.ndarray], generator: Generator) -> np.ndarray:
    """A page with digits, each (784,) uint8, beside each other; a blank page without any."""
    rows = int(generator.integers(240, 900))
    shape = (rows, int(rows * generator.uniform(0.75, 1.4)))
    sheet = np.zeros(shape)
    if inks:
        side = int(min(shape) * generator.uniform(0.16, 0.95 / len(inks)))
        drawn = [strokes(turn(ink.reshape(28, 28), generator.uniform(-9, 9)), side) for ink in inks]
        together = np.zeros((side, 0))
        for ink in drawn:
            columns = np.flatnonzero(ink.max(axis=0) > 0.05)
            cut = ink[:, columns[0] : columns[-1] + 1]
            gap = np.zeros((side, round(side * generator.uniform(0.14, 0.3))))
            together = np.concatenate([together, *([gap] if together.shape[1] else []), cut], 1)
        if together.shape[1] < shape[1] - 10:
            place(together, sheet, generator)
        else:
            place(strokes(inks[0], side // 2), sheet, generator)
    paper_kind = str(generator.choice(PAPERS))
    printed = rules(shape, paper_kind, generator) * generator.uniform(0.15, 0.45)
    if paper_kind == "box" and sheet.any():
        marked = np.argwhere(sheet > 0.05)
        (top, left), (bottom, right) = marked.min(axis=0), marked.max(axis=0) + 1
        room = max(6, round(0.12 * (bottom - top)))
        top, left = max(1, top - room), max(1, left - room)
        bottom, right = min(shape[0] - 2, bottom + room), min(shape[1] - 2, right + room)
        printed[top : bottom + 1, [left, right]] = 0.6
        printed[[top, bottom], left : right + 1] = 0.6
    pen = generator.uniform(0.55, 0.95)
    paper = 1 - np.maximum(sheet * pen, printed * 0.9)
    if generator.random() < 0.15:
        paper = 1.05 - paper  # chalk on a blackboard
    grey = 40 + 200 * paper * light(shape, str(generator.choice(LIGHTS)), generator)
    around = str(generator.choice(AROUND))
    if around == "desk":
        width = [int(generator.integers(1, max(2, size // 7))) for size in shape]
        desk = np.full((shape[0] + 2 * width[0], shape[1] + 2 * width[1]), 60.0)
        desk[width[0] : -width[0], width[1] : -width[1]] = grey
        grey = desk
    elif around == "frame":
        edge = int(generator.integers(2, max(3, shape[0] // 40)))
        grey[:edge], grey[-edge:], grey[:, :edge], grey[:, -edge:] = 5, 5, 5, 5
    grain = generator.uniform(0, 5)
    grey = grey + grain * generator.standard_normal(grey.shape)
    return np.clip(np.rint(grey), 0, 255)
