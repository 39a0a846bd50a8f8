"""Own digits in an autosave."""

import pytest
from cache_helpers import run

from dashboard.autosave.own_digits import SavedOwnDigits
from dashboard.autosave.save import SaveError
from dashboard.teaching.own_digits import MOST_OWN_DIGITS, digits_of
from dashboard.teaching.state import TeachingState
from data_cache import load_digits


def saved(count):
    state = TeachingState(digits=digits_of(load_digits().train[:count]))
    return state, SavedOwnDigits(state)


def labels(state):
    return [digit.label for digit in state.digits]


def test_saved_digits_come_back_before_those_that_are_here():
    state, part = saved(12)
    other, restored = saved(1)
    run(restored.restore(part.capture()))
    assert labels(other) == [*labels(state)[1:], 0]
    assert other.digits[0].image.tobytes() == state.digits[1].image.tobytes()
    assert part.title == "12 own digits"


def test_the_share_of_own_digits_is_saved_with_them_and_missing_in_earlier_saves():
    state, part = saved(3)
    state.own_share = 0.6
    content = part.capture()
    other, restored = saved(1)
    run(restored.restore(content))
    assert other.own_share == 0.6
    earlier, restored = saved(1)
    run(restored.restore(b"INKOWN1\n" + content[9:]))
    assert labels(earlier) == labels(other)
    assert earlier.own_share == TeachingState().own_share


def test_no_digits_are_no_bytes_and_a_whole_collection_is_small():
    state, part = saved(0)
    assert (part.capture(), part.title) == (b"", "")
    run(part.restore(b""))
    assert state.digits == []
    _, full = saved(MOST_OWN_DIGITS)
    assert len(full.capture()) < 160_000


@pytest.mark.parametrize(
    "damage",
    [
        lambda it: it[:-1],
        lambda it: b"x" + it,
        lambda it: it[:8],
        lambda it: it[:8] + b"\x64" + it[9:],
        lambda it: it[:9] + b"\x0b" + it[10:],
    ],
)
def test_damaged_digits_are_refused_and_nothing_changes(damage):
    _, part = saved(2)
    state, other = saved(1)
    with pytest.raises(SaveError):
        run(other.restore(damage(part.capture())))
    assert labels(state) == [0]


def test_every_change_of_the_digits_is_noted():
    state, part = saved(2)
    noted = []
    part.watch(noted.append)
    state.digits = state.digits[:1]
    state.own_share = 0.5
    assert noted == [True, True]
