"""The browser runtime loses no command, however busy Python is in its worker."""

from __future__ import annotations

import pytest
from browser_page import opened
from playwright.sync_api import Browser

pytestmark = [pytest.mark.ui, pytest.mark.upstream_patch("message_loop")]

COMMANDS = 400

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


def test_400_commands_and_strokes_10_ms_apart_are_answered_once_and_in_order_in_training(
    browser: Browser, site_url: str
) -> None:
    with opened(browser, site_url) as lab:
        lab.click("ink-grid")
        lab.press_train("Train")
        lab.wait_text(".ink-status", r"iteration [1-9]")
        lab.page.locator(".ink-pad").click()
        lab.page.wait_for_function(f"siteBridge.done === siteBridge.sent && ({PICTURES}) > 0")
        lab.page.evaluate(NOTE_ANSWERS)
        rates = [f"{0.001 + i / 1e6:.6f}" for i in range(COMMANDS // 4)]
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
