"""Fetching a URL: which errors are transient, silence, and cancellation."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading

import pytest
from cache_helpers import run

from data_cache import DataError, TransientError
from data_cache.sources.fetch import fetch_url


@contextlib.contextmanager
def silent_server(begin=b""):
    """A server that sends the beginning of a response, and nothing more; yields URL and Event.

    The event is set once a client has connected.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connections, connected = [], threading.Event()

        def serve():
            connection, _ = listening.accept()
            connections.append(connection)
            connection.sendall(begin)
            connected.set()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", connected
        thread.join()
        connections[0].close()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_status_that_may_pass_is_a_transient_error(server, status):
    server.files["/x"] = b"x"
    server.statuses["/x"] = status
    with pytest.raises(TransientError, match=f"/x: expected status 200, found {status}"):
        run(fetch_url(server.url + "/x"))


@pytest.mark.parametrize("status", [403, 404, 410])
def test_any_other_status_is_a_permanent_error(server, status):
    server.files["/x"] = b"x"
    server.statuses["/x"] = status
    with pytest.raises(DataError, match=f"/x: expected status 200, found {status}") as caught:
        run(fetch_url(server.url + "/x"))
    assert not isinstance(caught.value, TransientError)


def test_an_unreachable_server_and_a_truncated_response_are_transient_errors(server):
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1/: .* cannot be reached"):
        run(fetch_url("http://127.0.0.1:1/"))
    server.files["/x"] = b"x" * 1000
    server.cut_short.add("/x")
    with pytest.raises(TransientError, match=r"/x: .* cannot be reached"):
        run(fetch_url(server.url + "/x"))


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nfive"])
def test_a_silent_server_is_given_up_before_its_response_and_in_its_middle(begin):
    with silent_server(begin) as (url, _), pytest.raises(TransientError, match="timed out"):
        run(fetch_url(url, timeout=0.05))


def test_a_process_with_a_cancelled_fetch_exits_without_waiting_for_the_server():
    code = (
        "import asyncio, sys\n"
        "from data_cache.sources.fetch import fetch_url\n"
        "async def main():\n"
        "    fetching = asyncio.ensure_future(fetch_url(sys.argv[1], timeout=60))\n"
        "    print('fetching', flush=True)\n"
        "    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)\n"
        "    fetching.cancel()\n"
        "asyncio.run(main())\n"
    )
    with silent_server() as (url, connected):
        command = [sys.executable, "-c", code, url]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            connected.wait()
            process.communicate("\n", timeout=30)
        assert process.returncode == 0
