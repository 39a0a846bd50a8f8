"""Commands from the page are read with their arguments, and refused when they are malformed."""

import pytest

from dashboard.plane.views.client_commands import PLANE_COMMANDS, UNIT_COMMANDS, read_command


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ([1, "look", 0.5, 1], [0.5, 1]),
        ([2, "leave"], []),
        ([3, "paint", "stroke", 4, [0.1, 0.2]], ["stroke", 4, [0.1, 0.2]]),
        ([4, "delete", "train", 7], ["train", 7]),
    ],
)
def test_a_command_is_read_with_its_arguments(message, arguments):
    assert read_command(message, PLANE_COMMANDS) == (message[1], arguments)


def test_a_command_about_units_names_one():
    assert read_command([1, "toggle", 3], UNIT_COMMANDS) == ("toggle", [3])


@pytest.mark.parametrize(
    "message",
    [
        [],
        [1],
        [1, "fly"],
        [1, ["look"], 0.5, 0.5],
        [1, "look", 0.5],
        [1, "look", 0.5, "up"],
        [1, "look", 0.5, float("nan")],
        [1, "delete", "train", True],
        [1, "delete", "train", 1.5],
        [1, "paint", "stroke", 0, [0.1]],
        [1, "paint", "stroke", 0, [0.1, None]],
    ],
)
def test_a_malformed_command_is_refused_with_the_message(message):
    with pytest.raises(ValueError, match="look float float; ") as error:
        read_command(message, PLANE_COMMANDS)
    assert repr(message) in str(error.value)
