"""Client components: commands of the page are checked and executed; scripts arrive whole."""

import re
from importlib.resources import files

import pytest
from bokeh.models import CustomJS
from bokeh.plotting import figure
from component_helpers import channel_of, send_command

from dashboard.digits.views import pad
from dashboard.plane.views import network_diagram, surface
from dashboard.shell.components.client_component import ClientComponent, read_command, read_module

SCRIPTS = {
    "drawing_pad.js": pad.COMMANDS,
    "plane_editor.js": surface.COMMANDS,
    "network_diagram.js": network_diagram.COMMANDS,
}


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
    assert read_command(message, surface.COMMANDS) == (message[1], arguments)


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
        read_command(message, surface.COMMANDS)
    assert repr(message) in str(error.value)


def make_component():
    """A figure with a component, and the list of the commands that were executed."""
    canvas, executed = figure(), []
    component = ClientComponent(
        "network_diagram.js",
        canvas,
        parts={"size": 3, "absent": None},
        signatures={"look": (int,), "toggle": (int,)},
        commands={
            "look": lambda unit: executed.append(("look", unit)),
            "toggle": lambda unit: executed.append(("toggle", unit)),
        },
    )
    return canvas, component, executed


def test_commands_are_executed_in_order_and_one_that_arrives_twice_once():
    canvas, _, executed = make_component()
    send_command(canvas, "look", 2)
    send_command(canvas, "toggle", 2)
    send_command(canvas, "toggle", 2)
    channel_of(canvas).command = [3, "toggle", 2]
    assert executed == [("look", 2), ("toggle", 2), ("toggle", 2)]


def test_a_refused_command_executes_nothing():
    canvas, _, executed = make_component()
    with pytest.raises(ValueError, match="toggle int"):
        send_command(canvas, "toggle", "2")
    assert executed == []


def test_the_script_gets_the_parts_that_there_are_and_is_called_when_the_figure_is_laid_out():
    canvas, component, _ = make_component()
    assert isinstance(component.callback, CustomJS)
    assert component.callback.args == {"figure": canvas, "channel": channel_of(canvas), "size": 3}
    assert canvas.js_property_callbacks["change:inner_width"] == [component.callback]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one_module_without_imports_and_with_one_export(name):
    text = read_module(name)
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert re.findall(r"^export .*", text, re.MULTILINE) == [
        line for line in text.splitlines() if line.startswith("export default")
    ]
    assert text.count("class CommandChannel ") == 1


@pytest.mark.parametrize(("name", "signatures"), SCRIPTS.items())
def test_a_script_sends_exactly_the_commands_that_python_executes(name, signatures):
    text = (files("dashboard.shell.components") / name).read_text(encoding="utf-8")
    assert set(re.findall(r"channel\.send(?:Soon)?\(\"([a-z-]+)\"", text)) == set(signatures)


def test_a_script_that_is_missing_is_named():
    with pytest.raises(FileNotFoundError, match=r"absent\.js"):
        read_module("absent.js")
