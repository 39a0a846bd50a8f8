"""The arrangement of the diagram: squares that neither overlap nor leave the picture."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.plane.views.network_layout import HEIGHT, TOP, WIDTH, arrange_blocks

LAYERS = st.lists(st.integers(1, 100), min_size=0, max_size=8)


@given(features=st.integers(1, 7), hidden=LAYERS, classes=st.integers(2, 10))
def test_blocks_lie_side_by_side_within_the_picture(features, hidden, classes):
    blocks = arrange_blocks([features, *hidden, classes], left=60, right=38)
    assert [block.layer for block in blocks] == list(range(-1, len(hidden) + 1))
    assert blocks[0].left == 60
    assert blocks[-1].right == pytest.approx(WIDTH - 38)
    for block, following in pairwise(blocks):
        assert following.left - block.right >= 4
    for block in blocks:
        assert 0 <= block.bottom < block.top <= HEIGHT - TOP
        assert block.columns * block.rows >= block.units > block.columns * (block.rows - 1)
        assert block.cell >= 4


def test_units_are_counted_row_by_row_from_the_upper_left():
    (_, block, _) = arrange_blocks([2, 40, 3])
    x, y = block.center(0)
    assert block.center(1) == (x + block.cell, y)
    assert block.center(block.columns) == (x, y - block.cell)
    assert (x - block.left, block.top - y) == (block.cell / 2, block.cell / 2)


@pytest.mark.parametrize("units", range(1, 11))
def test_few_units_stand_in_one_column(units):
    assert all(block.columns == 1 for block in arrange_blocks([2, units, 5]))
