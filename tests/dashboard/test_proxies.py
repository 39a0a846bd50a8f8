"""The configurations of docs/proxy, tried with the programs themselves: a drawing is predicted."""

import asyncio
import html
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from page_client import enlarged, open_page
from served_app import served_app
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from data_cache import load_digits

FOLDER = Path(__file__).parents[2] / "docs" / "proxy"
NAME = "lab.example"


@pytest.fixture(scope="module")
def app():
    arguments = ("--prefix", "lab", "--use-xheaders", "--allow-websocket-origin", "*")
    with served_app(arguments=arguments, INKLING_API_HOSTS=NAME) as app:
        yield app


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def nginx(folder, upstream):
    port = free_port()
    site = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
    site = site.replace("127.0.0.1:5006", f"127.0.0.1:{upstream}")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off;\n{paths}{site}\n}}",
        encoding="utf-8",
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with running(command, folder, port):
        yield port


@contextmanager
def caddy(folder, upstream):
    port = free_port()
    site = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
    site = site.replace(f"{NAME} {{", f"http://{NAME}:{port} {{")
    site = site.replace("127.0.0.1:5006", f"127.0.0.1:{upstream}")
    file = folder / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{site}", encoding="utf-8")
    command = ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]
    with running(command, folder, port):
        yield port


@contextmanager
def running(command, folder, port):
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            while True:
                with socket.socket() as probe:
                    if not probe.connect_ex(("127.0.0.1", port)):
                        break
                assert process.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.01)
            yield
        finally:
            process.terminate()
            process.wait()


async def fetch(address, host, path):
    request = HTTPRequest(f"{address}{path}", headers={"Host": host}, follow_redirects=False)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def predicted_through(address, host):
    """Return the digit that a page opened at an address predicts for the first test digit."""
    for path in ("/lab", "/lab?pane=spiral"):
        answer = await fetch(address, host, path)
        assert answer.code in (301, 302, 308)
        assert re.search(r"(^|/)lab/", answer.headers["Location"])
    page = await open_page(f"{address}/lab/app", host=host)
    answer = page.expect("ink-prediction", "data-digit")
    picture = enlarged(load_digits().test.images[0])
    await page.seconds_until(page.draw(picture), answer)
    text = html.unescape(page.text_of("ink-prediction"))
    await page.close()
    return int(re.search(r'data-digit="(\d)"', text)[1])


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_a_drawing_is_predicted_through_the_documented_configuration(app, proxy, tmp_path):
    if shutil.which(proxy.__name__) is None:
        pytest.skip(f"{proxy.__name__} is not installed")
    with proxy(tmp_path, app.port) as port:
        address, host = f"http://127.0.0.1:{port}", f"{NAME}:{port}"
        expected = int(load_digits().test.labels[0])
        assert asyncio.run(asyncio.wait_for(predicted_through(address, host), 120)) == expected
        health = asyncio.run(fetch(address, host, "/lab/api/health"))
        assert health.code == 200


def test_a_mapped_port_an_address_of_the_network_and_a_host_name_work_alike(app):
    for host in (f"localhost:{8080}", "192.0.2.7:5006", NAME):
        found = asyncio.run(asyncio.wait_for(predicted_through(app.address, host), 120))
        assert found == int(load_digits().test.labels[0])
