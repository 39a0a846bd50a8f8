"""Drives the spiral's pane in a real browser the way a person does, and reads what it shows."""

from __future__ import annotations

from browser_page import LabPage

STATUS = ".ink-spiral-status"
# The sums of what is drawn: the surface's pixels, and how many points and rings there are.
DRAWN = """
() => {
  const named = (name) => Bokeh.documents.map((doc) => doc.get_model_by_name(name)).find((x) => x)
  const pixels = new Uint8Array(named("surface").data.image[0].buffer)
  const [train, test] = ["train-points", "test-points"].map((name) => named(name).data.x.length)
  return { surface: pixels.reduce((sum, value) => (31 * sum + value) % 1000003, 7), train, test }
}
"""

# How the diagram of the network is arranged, and the width and height in its own units.
BLOCKS = """
() => {
  const named = (name) => Bokeh.documents.map((doc) => doc.get_model_by_name(name)).find((x) => x)
  const { x_range, y_range } = named("inkling-network")
  return { ...named("blocks").data, width: x_range.end, height: y_range.end }
}
"""


def press(lab: LabPage, button: str) -> None:
    lab.click(f"ink-spiral-{button}")


def status(lab: LabPage, pattern: str) -> str:
    return lab.wait_text(STATUS, pattern)


def set_field(lab: LabPage, setting: str, value: str) -> None:
    entry = lab.page.locator(f".ink-spiral-field-{setting} input")
    entry.fill(value)
    entry.press("Enter")


def drawn(lab: LabPage) -> dict[str, int]:
    return dict(lab.page.evaluate(DRAWN))


def choose_tool(lab: LabPage, name: str) -> None:
    lab.page.locator(".ink-spiral-tools").get_by_role("button", name=name).click()


def place(lab: LabPage, x: float, y: float) -> tuple[float, float]:
    """Where a place of the plane, from -1.25 to 1.25 along both axes, is on the screen."""
    box = lab.page.locator(".ink-spiral").bounding_box()
    assert box is not None
    return box["x"] + (x + 1.25) / 2.5 * box["width"], box["y"] + (1.25 - y) / 2.5 * box["height"]


def unit_place(lab: LabPage, layer: int, unit: int) -> tuple[float, float]:
    """Where the map of a unit is on the screen; layer −1 are the features."""
    diagram = lab.page.locator(".ink-spiral-units .bk-Figure")
    diagram.scroll_into_view_if_needed()
    box, blocks = diagram.bounding_box(), lab.page.evaluate(BLOCKS)
    assert box is not None
    columns, cell = blocks["columns"][layer + 1], blocks["cell"][layer + 1]
    row, column = divmod(unit, columns)
    x = blocks["left"][layer + 1] + (column + 0.5) * cell
    y = blocks["top"][layer + 1] - (row + 0.5) * cell
    return (
        box["x"] + x / blocks["width"] * box["width"],
        box["y"] + (1 - y / blocks["height"]) * box["height"],
    )


def click_plane(lab: LabPage, x: float, y: float) -> None:
    lab.page.mouse.click(*place(lab, x, y))


def drag(lab: LabPage, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = lab.page.mouse
    mouse.move(*place(lab, *start))
    mouse.down()
    mouse.move(*place(lab, *end), steps=6)
    mouse.up()
