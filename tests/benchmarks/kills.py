"""Breaks the browser runtime off at many random moments of training and reports what was lost.

Usage: python tests/benchmarks/kills.py [ROUNDS [SEED [URL]]]; without a URL it builds the site.
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
from kill_rounds import curve, open_tab, play_round, train_until_kept, unbroken_curve  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from static_server import static_server  # noqa: E402

from dashboard.site import build_site  # noqa: E402


def break_off(browser: Browser, url: str, rounds: int, seed: int) -> None:
    """Play the rounds and print the report."""
    generator = random.Random(seed)
    lab = open_tab(browser.new_context(), url)
    train_until_kept(lab)
    played = []
    for number in range(1, rounds + 1):
        lab, played_round = play_round(lab, generator)
        played.append(played_round)
        print(f"{number:3d} {played_round}", flush=True)  # noqa: T201
    broken = curve(lab)
    whole = unbroken_curve(browser.new_context(), url, len(broken) - 1)
    same = broken == whole[: len(broken)]
    lost = sorted(it.seconds_lost for it in played)
    print(f"{rounds} times broken off: {dict(Counter(it.way for it in played))}")  # noqa: T201
    print(f"seconds lost: median {lost[len(lost) // 2]:.2f}, most {lost[-1]:.2f}")  # noqa: T201
    print(f"the curve of {len(broken) - 1:,} steps is that of an unbroken run: {same}")  # noqa: T201


def main() -> None:
    """Read the arguments and run."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        if len(sys.argv) > 3:
            break_off(browser, sys.argv[3], rounds, seed)
            return
        site = Path(folder) / "site"
        build_site(site, log=lambda _line: None)
        with static_server(site) as url:
            break_off(browser, url, rounds, seed)


if __name__ == "__main__":
    main()
