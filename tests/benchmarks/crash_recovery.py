"""Interrupts training in the browser at many random moments and reports the training time lost.

Usage: python tests/benchmarks/crash_recovery.py [CRASHES [SEED [URL]]]; without a URL it builds the
site.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from browser_page import launch  # noqa: E402
from crash_helpers import crash, curve, open_tab, train_until_saved, uninterrupted_curve  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from static_server import static_server  # noqa: E402

from dashboard.site import build_site  # noqa: E402


def measure(browser: Browser, url: str, count: int, seed: int) -> None:
    """Crash repeatedly and print the report."""
    generator = random.Random(seed)
    lab = open_tab(browser.new_context(), url)
    train_until_saved(lab)
    crashes = []
    for number in range(1, count + 1):
        lab, last = crash(lab, generator)
        crashes.append(last)
        print(f"{number:3d} {last}", flush=True)  # noqa: T201
    resumed = curve(lab)
    expected = uninterrupted_curve(browser.new_context(), url, len(resumed) - 1)
    is_same = resumed == expected[: len(resumed)]
    lost = sorted(one.seconds_lost for one in crashes)
    print(f"{count} crashes: {dict(Counter(one.kind for one in crashes))}")  # noqa: T201
    print(f"seconds lost: median {lost[len(lost) // 2]:.2f}, maximum {lost[-1]:.2f}")  # noqa: T201
    print(f"same curve as an uninterrupted run of {len(resumed) - 1:,} steps: {is_same}")  # noqa: T201


def main() -> None:
    """Read the arguments and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        if len(sys.argv) > 3:
            measure(browser, sys.argv[3], count, seed)
            return
        site = Path(folder) / "site"
        build_site(site, log=lambda _line: None)
        with static_server(site) as url:
            measure(browser, url, count, seed)


if __name__ == "__main__":
    main()
