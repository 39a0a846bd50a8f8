"""The buttons for a server's weights: of the page's own server, and of one in `?api=`."""

from urllib.parse import quote, urlsplit

import pytest
from api_server import api_server, api_settings
from browser_page import open_lab
from served_app import served_app
from static_server import static_server

pytestmark = pytest.mark.ui


def press(lab, name, expected):
    lab.click(f"ink-server-{name}")
    return lab.wait_text(".ink-notice", expected)


def use_every_button(lab, name):
    """Train a step, send the weights, and go back and forth between the versions."""
    press(lab, "fetch", f"Fetched version 1 from {name}. Loaded version-1.npz")
    lab.click("ink-step")
    lab.wait_text(".ink-status", "iteration 1 ")
    press(lab, "send", f"Sent to {name}: version 2, a 784-128-10 net with 9")
    press(lab, "reset", "pretrained model again: version 3")
    lab.wait_text(".ink-server-version", "3: .*2: uploaded")  # the list comes after the answer
    lab.reach(".ink-server-version select").select_option(index=1)
    press(lab, "restore", f"{name} has version 2 again: version 4")
    press(lab, "fetch", "Fetched version 4")
    lab.wait_text(".ink-server-version", "4: version 2")


def test_a_served_page_talks_with_its_own_server(browser):
    with served_app(INKLING_API_OPEN="yes") as app:
        lab = open_lab(browser, f"{app.address}/app")
        use_every_button(lab, "this server")
        assert lab.complaints == []
        lab.page.close()


@pytest.mark.site
def test_a_page_of_the_site_talks_with_the_server_in_its_address(browser, site_folder, tmp_path):
    with static_server(site_folder) as site_url:
        check_a_server_in_the_address(browser, site_url, tmp_path)


def check_a_server_in_the_address(browser, site_url, tmp_path):
    parts = urlsplit(site_url)
    settings = api_settings(tmp_path, origins=(f"{parts.scheme}://{parts.netloc}",))
    with api_server(settings) as server:
        lab = open_lab(browser, f"{site_url}?api={quote(server.url)}")
        try:
            use_every_button(lab, urlsplit(server.url).netloc)
            assert server("GET", "/api/health").json["version"] == 4
            lab.choose("ink-data-set", "MNIST 60,000")
            lab.wait_text(".ink-notice", "MNIST 60,000: .* samples to train on")
            lab.choose("ink-data-set", "MNIST 5,000")
            lab.wait_text(".ink-notice", "MNIST 5,000: 4,000 samples to train on")
            asked = [url for url in lab.requests if url.startswith(f"{server.url}/api/blocks/")]
            assert asked
            assert lab.complaints == []
        finally:
            lab.page.close()
