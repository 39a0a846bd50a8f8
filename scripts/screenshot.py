"""Takes the pictures in the README: a drawn digit, why it is answered so, and the 2-D data.

`make screenshot` runs it; do so after visible changes.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from browser_page import SEVEN, launch, open_lab  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402


def main(folder: Path) -> None:
    """Serve the app, train a network in each pane, and save the pictures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", "dashboard/app.py", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert server.stdout is not None
    try:
        next(line for line in server.stdout if "running at" in line)
        with sync_playwright() as playwright:
            browser = launch(playwright)
            lab = open_lab(browser, f"http://localhost:{port}/app")
            lab.press_train("Train")
            lab.wait_text(".ink-status", r"epoch [6-9]")
            lab.press_train("Pause")
            lab.draw(SEVEN)
            lab.wait_text(".ink-prediction", "^7")
            lab.page.screenshot(path=folder / "inkling.png")
            lab.page.get_by_role("tab", name="Why").click()
            lab.page.locator(".ink-neighbours button").first.wait_for()
            lab.page.screenshot(path=folder / "why.png")
            lab.page.locator("#tab-spiral").click()
            lab.page.locator(".ink-spiral-train button").click()
            lab.wait_text(".ink-spiral-status", r"iteration \d{4}")
            lab.page.locator(".ink-spiral-train button").click()
            lab.wait_text(".ink-spiral-train", "Train")
            lab.page.screenshot(path=folder / "plane.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
