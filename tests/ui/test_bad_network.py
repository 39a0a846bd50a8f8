"""The site trains over a bad network as over a perfect one, only later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_network import BadNetwork
from browser_page import LabPage
from crash_helpers import curve, open_tab
from local_server import local_server
from playwright.sync_api import Browser

pytestmark = pytest.mark.ui


class BadSite(BadNetwork):
    """The site's folder behind a bad network; only blocks suffer from it."""

    def __init__(self, folder: Path, **shares: float) -> None:
        super().__init__(**shares)
        self.folder = folder

    def answer(self, path: str) -> tuple[int, bytes, int] | None:
        file = self.folder / path.partition("?")[0].lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        if file.is_file():
            self.files[path] = file.read_bytes()
        return super().answer(path)


@pytest.fixture
def sites(site_folder: Path) -> Iterator[tuple[BadSite, BadSite]]:
    perfect = BadSite(site_folder, dropped=0, delayed=0, damaged=0)
    # Few blocks are asked for here, so more of them suffer than people would have to.
    bad = BadSite(site_folder, dropped=0.3, delayed=0.2, damaged=0.3, delay=0.5, seed=20)
    with local_server(perfect), local_server(bad):
        yield perfect, bad


def train_two_epochs(browser: Browser, site: BadSite) -> list[str]:
    context = browser.new_context()
    lab: LabPage = open_tab(context, f"{site.url}/?data=mnist&batch=100&cache=1")
    # Of an open data set; the second sentence may take the place of the first at once.
    lab.wait_text(".ink-notice", "samples to train on|the data arrive again", 60_000)
    lab.press_train("Train")
    lab.wait_until(lambda: float(lab.status()["epoch"]) >= 2, "the epochs did not end")
    lines = curve(lab)
    context.close()
    return lines


def test_two_epochs_over_a_bad_network_give_the_curve_of_a_perfect_one(
    browser: Browser, sites: tuple[BadSite, BadSite]
) -> None:
    perfect, bad = sites
    expected, found = (train_two_epochs(browser, site) for site in sites)
    shorter = min(len(expected), len(found))
    assert found[:shorter] == expected[:shorter]
    assert shorter > 2 * 11
    assert min(bad.done["drop"], bad.done["damage"]) > 0, bad.done
    assert perfect.done.keys() == {""}
