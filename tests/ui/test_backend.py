"""The compiled kernels in the browser runtime, and what happens when they cannot be had."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from browser_page import SEVEN, LabPage, opened
from playwright.sync_api import Browser
from static_server import static_server

from dashboard.site.archives import read_bundle, write_bundle
from dashboard.site.start_files import describe_file

pytestmark = pytest.mark.ui


@pytest.fixture
def site_without_kernels(site_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(site_folder, folder)
    whole = read_bundle((site_folder / "packages.bin").read_bytes())
    kept = {name: content for name, content in whole.items() if not name.endswith(".wasm")}
    assert len(kept) < len(whole)
    replace_file(folder, "packages.bin", write_bundle(kept), listed_in="worker.js")
    return folder


def replace_file(site: Path, name: str, content: bytes, listed_in: str) -> None:
    """Replace a file of a built site, and its size and checksums where they are listed."""
    file, list_ = site / name, site / listed_in
    text = list_.read_text(encoding="utf-8")
    before, after = describe_file(name, file.read_bytes()), describe_file(name, content)
    file.write_bytes(content)
    changed = text.replace(f'"bytes": {before["bytes"]}', f'"bytes": {after["bytes"]}')
    for old, new in zip(before["sums"], after["sums"], strict=True):
        assert old in changed
        changed = changed.replace(old, new)
    if listed_in == "worker.js":
        replace_file(site, listed_in, changed.encode(), listed_in="index.html")
    else:
        list_.write_text(changed, encoding="utf-8")


@pytest.mark.parametrize("desk", ["site"], indirect=True)
def test_the_site_trains_on_the_compiled_kernels_and_says_so(lab: LabPage) -> None:
    lab.wait_text(".ink-status", r"· simd(-relaxed)? · 1 thread$")
    assert "slow" not in lab.text(".ink-notice")


def test_without_the_kernels_it_works_as_before_and_says_so(
    browser: Browser, site_without_kernels: Path
) -> None:
    with static_server(site_without_kernels) as url, opened(browser, url) as lab:
        lab.wait_text(".ink-status", "· numpy · 1 thread$")
        lab.wait_text(".ink-notice", "Training is slow in this browser. NumPy, as no module loads")
        lab.draw(SEVEN)
        lab.wait_text(".ink-prediction", "^7 seven")
        lab.press_train("Train")
        lab.wait_text(".ink-status", r"epoch [1-9]\S* · loss 0\.[0-4]")
