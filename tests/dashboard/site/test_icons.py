import struct
import zlib

import numpy as np
import pytest

from dashboard.site.icons import BLUE, icon_png


def pixels(png: bytes) -> np.ndarray:
    """Read what `icon_png` writes: one IDAT chunk, no filters, RGBA."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    position, chunks = 8, {}
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        kind, data = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack(">I", png[position + 8 + length : position + 12 + length])
        assert checksum == zlib.crc32(kind + data)
        chunks[kind] = data
        position += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(height, width, 4)


@pytest.mark.parametrize("size", [32, 192])
def test_the_icon_is_a_blue_square_with_round_corners_and_white_ink(size: int) -> None:
    icon = pixels(icon_png(size))

    assert icon.shape == (size, size, 4)
    assert icon[0, 0, 3] == 0
    assert tuple(icon[size // 16, size // 2]) == (*BLUE, 255)
    dot = icon[24 * size // 32, 10 * size // 32]
    assert tuple(dot) == (255, 255, 255, 255)
    inked = (icon[..., 0] == 255).mean()
    assert 0.05 < inked < 0.2
