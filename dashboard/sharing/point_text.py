"""Painted points as the text of a link, and back, exact to the bit.

Points that the settings generate are only counted: a text holds which of them are left, and those
that were added or moved.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from dashboard.languages.text import gettext
from dashboard.plane.dataset import OWN, PARTS, PlaneData
from dashboard.plane.point_editor import GRID, MAX_EDITED_POINTS
from data_cache import PlanePoints

MAX_TEXT = 6000
"""Longest text, because many servers take addresses of 8,000 characters at most."""

_MAX_BYTES = 16 * MAX_EDITED_POINTS
_ON_GRID, _ANYWHERE = 0, 1


def write_points(data: PlaneData, generated: PlaneData) -> str | None:
    """Return points as text; None when it would be longer than `MAX_TEXT`.

    Coordinates on the grid to which painting rounds take two bytes before compression, others four.

    Parameters
    ----------
    data
        The points.
    generated
        The points that the settings of the same link generate.
    """
    body = bytearray([data.classes])
    for name in PARTS:
        body += _write_part(data.part(name), generated.part(name))
    text = base64.urlsafe_b64encode(zlib.compress(bytes(body), 9)).decode("ascii").rstrip("=")
    return text if len(text) <= MAX_TEXT else None


def read_points(text: str, generated: PlaneData) -> PlaneData:
    """Return the points of a text.

    Raises
    ------
    ValueError
        The text is none of `write_points`, or this program generates other points.
    """
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        body = zlib.decompressobj().decompress(content, _MAX_BYTES)
        classes = body[0]
        reader = _Reader(body[1:])
        parts = [_read_part(reader, generated.part(name), classes) for name in PARTS]
    except (binascii.Error, zlib.error, struct.error, IndexError) as error:
        raise ValueError(gettext("the painted points cannot be read")) from error
    data = PlaneData(parts[0], parts[1], OWN)
    if len(data) > MAX_EDITED_POINTS:
        raise ValueError(
            gettext(
                "expected at most {most:,} points, found {count:,}",
                most=MAX_EDITED_POINTS,
                count=len(data),
            )
        )
    return data


def _write_part(points: PlanePoints, generated: PlanePoints) -> bytes:
    kept = np.array(list(_matches(points, generated)), int)
    left = np.zeros(len(generated), bool)
    left[kept[kept >= 0]] = True
    added = points[kept < 0]
    scaled = np.clip(added.points.astype(np.float64) / GRID, -(2.0**14), 2.0**14).astype(np.int64)
    # Compared as bytes, because −0.0 is not on the grid.
    is_on_grid = (scaled * GRID).astype(np.float32).tobytes() == added.points.tobytes()
    if is_on_grid:
        # Consecutive points of a stroke lie close together, so that differences compress well.
        steps = np.diff(scaled, axis=0, prepend=np.zeros((1, 2), int)).astype("<i2")
        coordinates = steps.T.tobytes()
    else:
        coordinates = added.points.astype("<f4").T.tobytes()
    return b"".join(
        (
            struct.pack("<HHHI", len(points), len(generated), len(added), _checksum(points)),
            np.packbits(left).tobytes(),
            np.packbits(kept >= 0).tobytes(),
            bytes([_ON_GRID if is_on_grid else _ANYWHERE]),
            added.labels.astype(np.uint8).tobytes(),
            coordinates,
        )
    )


def _read_part(reader: _Reader, generated: PlanePoints, classes: int) -> PlanePoints:
    count, generated_count, added_count, checksum = struct.unpack("<HHHI", reader.take(10))
    if generated_count != len(generated):
        raise ValueError(
            gettext(
                "expected edits of {count:,} generated points, found {found:,}",
                count=len(generated),
                found=generated_count,
            )
        )
    left = reader.take_bits(generated_count)
    is_kept = reader.take_bits(count)
    form = reader.take(1)[0]
    labels = np.frombuffer(reader.take(added_count), np.uint8)
    if left.sum() != is_kept.sum() or added_count != count - is_kept.sum():
        raise ValueError(gettext("expected as many points as the text says, found others"))
    points = np.empty((count, 2), np.float32)
    all_labels = np.empty(count, np.intp)
    if form == _ON_GRID:
        steps = np.frombuffer(reader.take(4 * added_count), "<i2").reshape(2, added_count).T
        points[~is_kept] = np.cumsum(steps.astype(np.int64), axis=0) * GRID
    else:
        added = np.frombuffer(reader.take(8 * added_count), "<f4").reshape(2, added_count)
        points[~is_kept] = added.T
    points[is_kept] = generated.points[left]
    all_labels[~is_kept], all_labels[is_kept] = labels, generated.labels[left]
    found = PlanePoints(points, all_labels, classes)
    if _checksum(found) != checksum:
        raise ValueError(
            gettext("this program generates other points than the one that wrote the link")
        )
    return found


def _matches(points: PlanePoints, generated: PlanePoints) -> Iterator[int]:
    """Yield for each point the index of the generated one that it is, in ascending order; or −1."""
    places: dict[bytes, list[int]] = {}
    for index, row in enumerate(_rows(generated)):
        places.setdefault(row, []).append(index)
    last = -1
    for row in _rows(points):
        index = next((it for it in places.get(row, ()) if it > last), -1)
        last = max(last, index)
        yield index


def _rows(points: PlanePoints) -> Iterator[bytes]:
    for coordinates, label in zip(points.points, points.labels, strict=True):
        yield coordinates.tobytes() + bytes([label])


def _checksum(points: PlanePoints) -> int:
    return zlib.crc32(points.points.astype("<f4").tobytes())


class _Reader:
    """Bytes that are taken one piece after another; IndexError when there are too few."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._start = 0

    def take(self, count: int) -> bytes:
        piece = self._content[self._start : self._start + count]
        if len(piece) < count:
            raise IndexError("the text ends too early")
        self._start += count
        return piece

    def take_bits(self, count: int) -> np.ndarray:
        bits = np.frombuffer(self.take(-(-count // 8)), np.uint8)
        return np.unpackbits(bits, count=count).astype(bool)
