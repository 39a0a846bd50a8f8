"""Opens every part of the page, one after another: panes, panels, dialogs, lessons, faults.

Parts are found by their ids and hooks, so that they are found on a page in any language, in both
runtimes, in wide and narrow windows.
"""

from __future__ import annotations

from collections.abc import Iterator

from axe import wait_for_slider_names
from browser_page import SEVEN, LabPage

PANELS = {
    "inside": ".ink-inside canvas",
    "why": ".ink-why [data-state=explained]",
    "map": ".ink-map-text [data-state=map]",
    "health": ".ink-health-text [data-state=measured]",
    "play": ".ink-play [data-state=answered]",
}
"""The panels of the digits pane, and what is there when they are complete."""

EXPERIMENTS = ("runs-compare", "seeds-start", "fork-start", "rate-start", "search-start")
"""The button in each experiment of the runs pane, in their order."""

TASK = """
title = "Small"
text = "Reach 80 % with 8 units."
pane = "spiral"
goal = ["training_accuracy >= 0.8", "hidden_units <= 8"]
[fixed]
noise = 0.1
"""


def open_parts(lab: LabPage) -> Iterator[str]:
    """Open the parts of a fresh page; each is open while its name is yielded."""
    # As in a page without HTTPS: what cannot be copied is shown in a dialog.
    lab.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    for parts in (_digits, _evaluation, _plane, _runs, open_lessons, _dialogs):
        for place in parts(lab):
            wait_for_slider_names(lab.page)
            yield place


def show_pane(lab: LabPage, pane: str) -> None:
    """Open a pane."""
    lab.page.locator(f"#tab-{pane}").click()
    lab.page.locator(f"#pane-{pane} .bk-btn").first.wait_for(state="attached")


def show_sheet(lab: LabPage, sheet: str) -> bool:
    """Open a part of a pane on a narrow page; return whether it is one."""
    button = lab.page.locator(f"#sheet-{sheet}")
    if sheet != "settings" and not button.is_visible():
        return False
    if sheet == "settings" and lab.page.evaluate("innerWidth") >= 1000:
        return False
    button.click()
    return True


def _digits(lab: LabPage) -> Iterator[str]:
    page = lab.page
    lab.draw(SEVEN)
    lab.wait_digit(7)
    for panel, shown in PANELS.items():
        show_sheet(lab, "inside")
        page.locator(f"#panel-digits-{panel}").click()
        page.locator(shown).first.wait_for()
        yield f"digits, {panel}"
    page.locator("#panel-digits-inside").click()
    lab.click("ink-step")
    lab.wait_status(iteration=1)
    show_sheet(lab, "watch")
    page.locator(".ink-checkpoints-time").wait_for()
    yield "digits, curves"
    page.locator(".ink-ask button").click()
    page.locator(".ink-choice [data-do=correct]").first.wait_for()
    yield "digits, correction"
    page.locator(".ink-ask button").click()
    yield from _settings(lab)
    show_sheet(lab, "watch")
    page.locator(".ink-test button").click()
    lab.wait_text(".ink-notice", "%")
    yield "digits, notice"
    page.locator(".ink-reset button").click()
    lab.wait_status(iteration=0)


def _settings(lab: LabPage) -> Iterator[str]:
    page = lab.page
    if not show_sheet(lab, "settings"):
        lab.open_settings()
    lab.page.locator(".settings .ink-advanced button").first.click()
    page.locator(".ink-queue").wait_for()
    yield "digits, settings"
    for setting, entry in (("learning-rate", "fast"), ("batch-size", "0"), ("dropout", "nan")):
        lab.fill(setting, entry)
        page.locator(f".ink-field-{setting} .field-error").wait_for()
    page.locator(".ink-load input[type=file]").set_input_files(
        {"name": "weights.npz", "mimeType": "application/zip", "buffer": b"no weights"}
    )
    page.locator(".ink-notice details, .ink-notice .error").first.wait_for()
    yield "digits, refused entries and file"
    marks = page.locator(".settings .bk-description:visible")
    if marks.count():
        marks.last.hover()
        page.locator(".bk-Tooltip:popover-open").wait_for()
        yield "digits, help"
    for setting, entry in (("learning-rate", "0.002"), ("batch-size", "32"), ("dropout", "0")):
        lab.fill(setting, entry)
    page.locator(".ink-copy-code button").click()
    page.locator("#copy[open]").wait_for()
    yield "digits, text to copy"
    page.locator("#copy .dialog-close").click()
    page.keyboard.press("Escape")


def _evaluation(lab: LabPage) -> Iterator[str]:
    show_pane(lab, "evaluate")
    lab.page.locator(".ink-rejection b").first.wait_for(state="attached")
    yield "evaluate"
    for sheet in ("inside", "watch"):
        if show_sheet(lab, sheet):
            yield f"evaluate, {sheet}"


def _plane(lab: LabPage) -> Iterator[str]:
    page = lab.page
    show_pane(lab, "spiral")
    lab.wait_text(".ink-spiral-status", r"\d")
    yield "2-D data"
    for sheet in ("inside", "watch"):
        if show_sheet(lab, sheet):
            yield f"2-D data, {sheet}"
    tools = page.locator(".ink-spiral-tools button")
    tools.nth(2).click()
    yield "2-D data, painting"
    tools.first.click()
    if not show_sheet(lab, "settings"):
        page.locator("#sheet-settings").click()
    page.locator("#settings-spiral .bk-input").first.wait_for()
    yield "2-D data, settings"
    page.keyboard.press("Escape")
    page.locator(".ink-spiral-train button").click()
    lab.wait_text(".ink-spiral-status", r"^\D*[1-9]")  # the iteration is the first number
    page.locator(".ink-spiral-train button").click()
    page.locator(".ink-spiral-reset button").click()


def _runs(lab: LabPage) -> Iterator[str]:
    page = lab.page
    show_pane(lab, "runs")
    show_sheet(lab, "inside")
    page.locator(".ink-runs-source button").nth(1).click()
    lab.wait_data(".ink-runs", runs=1)
    page.locator(".ink-runs [data-do=select][data-run='1']").click()
    smoothing = page.locator(".ink-runs-smoothing .noUi-handle")
    if not page.locator("#sheet-watch").is_visible():  # the curves are beside the table
        smoothing.wait_for()
    yield "runs"
    if show_sheet(lab, "watch"):
        smoothing.wait_for()
        yield "runs, curves"
    for number, button in enumerate(EXPERIMENTS):
        tab = page.locator(".ink-runs-experiment button").nth(number)
        for sheet in ("watch", "inside"):
            if not tab.is_visible():
                show_sheet(lab, sheet)
        tab.click()
        page.locator(f".ink-{button} button").first.wait_for()
        yield f"runs, {button.partition('-')[0]}"


def open_lessons(lab: LabPage) -> Iterator[str]:
    """Open the list of lessons, parts of a lesson, and a task, one after another."""
    page = lab.page
    _act(lab, "#lessons-open")
    page.locator(".ink-lesson [data-do=open]").first.wait_for()
    yield "lessons"
    page.locator(".ink-lesson [data-do=open][data-run='4']").click()
    lab.wait_data(".ink-lesson", lesson="vanishing-gradients")
    page.locator(".ink-lesson [data-do=predict][data-run='2']").click()
    page.locator(".ink-lesson [data-do=begin]").click()
    lab.wait_data(".ink-lesson", state="reached")
    page.locator(".ink-lesson tr[data-measure]").first.wait_for()
    yield "lessons, a step"
    page.locator(".ink-lesson [data-do=notes]").click()
    page.locator(".ink-lesson [data-prints]").wait_for()
    yield "lessons, notes for the teacher"
    page.locator(".ink-lesson [data-do=notes]").click()
    lab.wait_data(".ink-lesson", step=1)
    for step in (2, 3, 4):
        page.locator(".ink-lesson [data-do=next]").click()
        lab.wait_data(".ink-lesson", step=step)
    page.locator(".ink-lesson [data-do=answer][data-run='1']").click()
    page.locator(".ink-lesson .verdict").wait_for()
    yield "lessons, a question"
    page.locator(".ink-lesson [data-do=list]").click()
    page.locator(".ink-lesson-file input").set_input_files(
        {"name": "task.toml", "mimeType": "text/plain", "buffer": TASK.encode()}
    )
    lab.wait_data(".ink-lesson", lesson="task")
    yield "lessons, a task"
    page.locator("#lessons-close").click()


def _dialogs(lab: LabPage) -> Iterator[str]:
    page = lab.page
    show_pane(lab, "digits")
    if page.locator("#more").is_visible():
        page.locator("#more").click()
        yield "actions"
        page.locator("#more").click()
    for button, dialog in (("keys-open", "keys"), ("about-open", "about"), ("link-copy", "link")):
        _act(lab, f"#{button}")
        page.locator(f"#{dialog}[open]").wait_for()
        yield dialog
        page.locator(f"#{dialog} .dialog-close").click()
    _act(lab, "#present")
    if page.locator("#more").is_visible():
        page.locator("#more").click()
    page.wait_for_function("deep('.ink-pad').getBoundingClientRect().width > 100")
    yield "presentation"
    page.keyboard.press("Escape")


def _act(lab: LabPage, button: str) -> None:
    """Press a button of the header, which is in a menu on narrow pages."""
    if not lab.page.locator(button).is_visible():
        lab.page.locator("#more").click()
    lab.page.locator(button).click()
