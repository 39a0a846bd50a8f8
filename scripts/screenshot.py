"""Takes the screenshot in the README: the served app, trained for a while, with a drawn digit.

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


def main(picture: str) -> None:
    """Serve the app, train it for six epochs, draw a seven, and save a screenshot."""
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
            lab.page.screenshot(path=picture)
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(sys.argv[1])
