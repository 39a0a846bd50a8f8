"""The browser runtime loses no command, however busy Python is in its worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_page import DEEP, opened
from playwright.sync_api import Browser
from static_server import static_server

from dashboard.site import build_site

pytestmark = [pytest.mark.ui, pytest.mark.upstream_patch("message_loop")]

COMMANDS = 200
MANY_COMMANDS = 1000

# Gives real clicks, real entries and keys that paint on the pad, 10 ms apart.
GIVE_COMMANDS = """
(commands) => new Promise((resolve) => {
  const parts = new Map()
  const control = (name, tag) => {
    if (!parts.has(name)) parts.set(name, deep(tag, deep("." + name).shadowRoot))
    return parts.get(name)
  }
  let pad = document.activeElement
  while (pad?.shadowRoot?.activeElement) pad = pad.shadowRoot.activeElement
  let next = 0
  const timer = setInterval(() => {
    const [name, value] = commands[next]
    if (name === "pad") {
      pad.dispatchEvent(new KeyboardEvent("keydown", {key: value, bubbles: true, composed: true}))
    } else if (value === null) {
      control(name, "button").click()
    } else {
      const entry = control(name, "input")
      entry.value = value
      entry.dispatchEvent(new Event("change", { bubbles: true }))
    }
    next += 1
    if (next === commands.length) {
      clearInterval(timer)
      resolve()
    }
  }, 10)
})
"""

NOTE_ANSWERS = """
() => {
  window.answers = []
  siteBridge.worker.addEventListener("message", (event) => {
    if (event.data.type === "done") window.answers.push(event.data.sequence)
  })
}
"""

# The number of pictures that the pad has sent to Python.
PICTURES = """
(Bokeh.documents.flatMap((document) => [...document._all_models.values()])
  .find((model) => model.command?.[1] === "draw")?.command[0] ?? 0)
"""


@pytest.fixture(scope="module")
def echo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("echo") / "site"
    app = Path(__file__).parent / "echo" / "app.py"
    build_site(folder, app=app, data_folder=tmp_path_factory.mktemp("no-data"))
    with static_server(folder) as address:
        yield address


def test_200_commands_10_ms_apart_all_arrive_once_and_in_order(
    browser: Browser, echo_url: str
) -> None:
    commands: list[tuple[str, str | None]] = [
        (f"b{i % 10}", None) if i % 2 else (f"t{i % 10}", f"value-{i}") for i in range(COMMANDS)
    ]
    expected = [name if value is None else f"{name}={value}" for name, value in commands]
    page = browser.new_page()
    page.add_init_script(DEEP)
    page.goto(echo_url)
    page.wait_for_function("document.documentElement.dataset.site === 'ready'", timeout=120_000)
    page.evaluate(GIVE_COMMANDS, commands)
    page.wait_for_function(
        "(count) => deepText('.heard').split(' ').length >= count", arg=COMMANDS, timeout=60_000
    )
    assert page.evaluate("deepText('.heard')").split(" ") == expected
    page.close()


def test_the_app_answers_1000_commands_and_strokes_in_order_while_it_trains(
    browser: Browser, site_url: str
) -> None:
    with opened(browser, site_url) as lab:
        lab.click("ink-grid")
        lab.press_train("Train")
        lab.wait_text(".ink-status", r"iteration [1-9]")
        lab.page.locator(".ink-pad").click()
        lab.page.wait_for_function(f"siteBridge.done === siteBridge.sent && ({PICTURES}) > 0")
        lab.page.evaluate(NOTE_ANSWERS)
        rates = [f"{0.001 + i / 1e6:.6f}" for i in range(MANY_COMMANDS // 4)]
        commands: list[tuple[str, str | None]] = []
        for number, rate in enumerate(rates):
            move = ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown")[number // 5 % 4]
            commands += [("ink-field-learning-rate", rate), ("pad", move)]
            commands += [("ink-teach", None), ("pad", " ")]
        before, painted = lab.iteration(), lab.page.evaluate(PICTURES)
        lab.page.evaluate(GIVE_COMMANDS, commands)
        lab.page.wait_for_function("siteBridge.done === siteBridge.sent")
        answers = lab.page.evaluate("answers")
        assert answers == list(range(answers[0], answers[-1] + 1))
        assert lab.page.evaluate(PICTURES) == painted + len(rates)
        assert len(answers) >= 3 * len(rates)
        lab.wait_text(".ink-status", f"learning rate {float(rates[-1]):g} ")
        lab.wait_until(lambda: lab.iteration() > before, "training did not go on")
