"""The served page behind the documented proxies, on a mapped port, a LAN address, a host name."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from breakable_line import BreakableLine
from browser_page import SEVEN, opened
from playwright.sync_api import Browser
from proxies import Proxy, caddy, nginx, skip_without
from served_app import ServedApp, served_app

NAME = "lab.localhost"
"""A host that browsers resolve to this machine without asking anybody."""


@pytest.fixture(scope="module")
def app() -> Iterator[ServedApp]:
    arguments = ("--prefix", "lab", "--use-xheaders", "--allow-websocket-origin", "*")
    with served_app(arguments=arguments, INKLING_API_HOSTS=NAME) as served:
        yield served


def do_main_job(browser: Browser, address: str) -> None:
    """Open the page at an address, have a digit read, and train."""
    with opened(browser, f"{address}/lab/app") as lab:
        lab.draw(SEVEN)
        lab.wait_digit(7)
        lab.click("ink-step")
        lab.wait_status(iteration=1)


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_the_main_job_works_behind_a_proxy(
    browser: Browser, app: ServedApp, proxy: Proxy, tmp_path: Path
) -> None:
    skip_without(proxy)
    with proxy(tmp_path, app.port, NAME) as port:
        do_main_job(browser, f"http://{NAME}:{port}")


def lan_address() -> str | None:
    """Return this machine's address in its network, without sending anything; None without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def test_the_main_job_works_on_a_mapped_port_of_a_host_name_and_on_a_lan_address(
    browser: Browser, app: ServedApp
) -> None:
    mapped = BreakableLine(app.port)
    try:
        do_main_job(browser, f"http://{NAME}:{mapped.port}")
        if address := lan_address():
            do_main_job(browser, f"http://{address}:{app.port}")
    finally:
        mapped.close()
