"""A link carries what somebody sees, a file the rest; the page offers both in both runtimes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from browser_page import opened
from playwright.sync_api import Browser

from data_cache import load_digits, to_float
from nn import load_pretrained

pytestmark = pytest.mark.ui

COPIED = "document.getElementById('link-copy').textContent === 'Copied'"
STEPS = 3

HOLDS = """
(name) => Bokeh.documents.some((it) => [...it._all_models.values()].some(
  (model) => model.tags?.includes?.(name)
))
"""


def copied_link(lab) -> str:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.page.click("#link-copy")
    lab.page.wait_for_function(COPIED)
    return str(lab.page.evaluate("navigator.clipboard.readText()"))


def take_steps(lab) -> str:
    for count in range(1, STEPS + 1):
        lab.click("ink-step")
        lab.wait_text(".ink-status", f"iteration {count} ")
    return curve_of(lab)


def curve_of(lab) -> str:
    with lab.page.expect_download() as waiting:
        lab.click("ink-csv")
    name = waiting.value.suggested_filename
    # What was saved stays neither in the page nor in the session.
    assert not lab.page.evaluate(HOLDS, name)
    return waiting.value.path().read_text(encoding="utf-8")


@pytest.mark.upstream_patch("message_loop", runtime="site")
def test_who_opens_a_copied_link_sees_the_same_curve(browser: Browser, url: str) -> None:
    with opened(browser, url) as sender:
        sender.fill("hidden-layers", "20 10")
        sender.fill("learning-rate", "0.01")
        sender.fill("seed", "7")
        sender.choose("ink-field-optimizer", "SGD")
        sender.click("ink-rebuild")
        sender.wait_text(".ink-notice", "A new MLP 784-20-10-10")
        sender.page.wait_for_function("deepText('.ink-status').includes('sgd')")
        sender.wait_until(lambda: "seed=7" in copied_link(sender), "the link lags behind")
        link = copied_link(sender)
        expected = take_steps(sender)
        sender.page.click("#link-copy")
        missing = sender.page.locator("#link-missing")
        sender.wait_until(lambda: "trained weights" in missing.inner_text(), "nothing is said")
        with sender.page.expect_download() as waiting:
            sender.page.click("#link-file")
        file = waiting.value.path().read_bytes()
        sender.page.locator("#link button", has_text="Close").click()
        sender.click("ink-reset")
        sender.wait_status(iteration=0)
        work = {"name": "work.inkling", "mimeType": "", "buffer": file}
        sender.page.locator(".ink-load input[type=file]").set_input_files(work)
        sender.wait_status(iteration=STEPS)
        assert curve_of(sender) == expected
    start = f"{url}?link=2&rate=0.01&optimizer=sgd&hidden=20-10&seed=7&check="
    assert re.fullmatch(re.escape(start) + "[a-z2-7]{6}", link)
    mailed = link.replace("&", "&amp;") + ")"
    with opened(browser, f"{mailed}&moon=full&HIDE=weights,charts") as receiver:
        receiver.wait_text(".ink-notice", "Left out of this link: there is no setting “moon”")
        receiver.open_settings()
        layers = receiver.page.locator(".ink-field-hidden-layers input")
        receiver.wait_until(lambda: layers.input_value() == "20 10", "the layers are others")
        for hidden in (".ink-save", ".ink-loss", ".ink-csv"):
            assert not receiver.page.locator(hidden).first.is_visible()
        assert receiver.reach(".ink-field-seed input").is_visible()
        receiver.page.evaluate("document.documentElement.dataset.hide = ''")
        assert receiver.page.locator(".ink-save").is_visible()
        assert take_steps(receiver) == expected


WITHOUT_CLIPBOARD = """
() => {
  window.clipboard = navigator.clipboard
  Object.defineProperty(navigator, "clipboard", { value: undefined })
}
"""
COPY_CODE = ".ink-copy-code button"


def test_where_the_page_may_not_copy_it_shows_the_link_and_the_model_as_code_that_runs(
    browser: Browser, served_url: str
) -> None:
    with opened(browser, f"{served_url}?pane=spiral&data=moons&classes=2") as lab:
        page = lab.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("#tab-digits").click()
        lab.open_settings()
        page.locator(COPY_CODE).click()
        lab.wait_text(".ink-notice", "copied as NumPy code")
        code = page.evaluate("navigator.clipboard.readText()")
        space: dict[str, Any] = {}
        exec(code, space)
        expected = load_pretrained("best").predict_proba(load_digits().test.images[:20])
        found = space["predict_proba"](to_float(load_digits().test.images[:20]))
        np.testing.assert_allclose(found, expected, atol=1e-4)
        page.evaluate("navigator.clipboard.writeText('')")
        page.evaluate(WITHOUT_CLIPBOARD)
        page.locator(COPY_CODE).click()
        dialog = page.get_by_role("dialog", name="The model as NumPy code")
        dialog.wait_for()
        assert dialog.get_by_role("textbox").input_value() == code
        dialog.get_by_role("button", name="Copy").click()
        dialog.wait_for(state="hidden")
        assert page.evaluate("clipboard.readText()") == code
        page.keyboard.press("Escape")
        page.locator("#tab-spiral").click()
        lab.wait_text(".ink-spiral-status", "network 2-")
        lab.wait_until(lambda: shown_link(lab).count("moons"), "the link lags behind")
        start = f"{served_url}?link=2&pane=spiral&data=moons&classes=2&check="
        assert re.fullmatch(re.escape(start) + "[a-z2-7]{6}", shown_link(lab))


def shown_link(lab) -> str:
    lab.page.click("#link-copy")
    text = lab.page.locator("#link-text").input_value()
    lab.page.locator("#link button", has_text="Close").click()
    return text
