"""Fetching a URL: which errors are transient, silence, and cancellation."""

import contextlib
import socket
import subprocess
import sys
import threading

import pytest
from cache_helpers import run

from data_cache import DataError, SilenceError, TransientError
from data_cache.sources.fetch import fetch_url


@contextlib.contextmanager
def silent_server(begin=b""):
    """A server that sends only the beginning of a response; yields its URL and an Event.

    The event is set when a client has connected.
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


@pytest.mark.parametrize(
    ("statuses", "error"),
    [((408, 425, 429, 500, 503), TransientError), ((403, 404, 410), DataError)],
)
def test_some_statuses_are_transient_errors_and_all_others_are_permanent(server, statuses, error):
    server.files["/x"] = b"x"
    for status in statuses:
        server.statuses["/x"] = status
        with pytest.raises(DataError, match=f"/x: .* found {status}") as caught:
            run(fetch_url(server.url + "/x"))
        assert type(caught.value) is error


def test_an_unreachable_server_and_a_truncated_response_are_transient_errors(server):
    server.files["/x"] = b"x" * 1000
    server.cut_short.add("/x")
    for url in ("http://127.0.0.1:1/x", server.url + "/x"):
        with pytest.raises(TransientError, match=f"^{url}: "):
            run(fetch_url(url))


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nfive"])
def test_a_server_that_stops_responding_is_a_transient_error_after_the_timeout(begin):
    with silent_server(begin) as (url, _), pytest.raises(SilenceError, match="timed out"):
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
