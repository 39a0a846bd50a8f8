import errno
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from argparse import Namespace

import pytest

from dashboard.cli import main, site
from dashboard.cli.serve import panel_arguments

DEADLINE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def heeded_ctrl_c():
    """Hear Ctrl-C also in a background job, where shells have it ignored, as children inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_ctrl_c")
def test_the_laboratory_is_at_the_root_and_at_app_and_the_api_beside_it_until_ctrl_c(
    environment, tmp_path
):
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "dashboard.cli", "serve"),
            *("--port", str(port), "--address", "127.0.0.1"),
        ],
        env=environment | {"INKLING_API_STATE": str(tmp_path / "state")},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "process id" in line:
                break
        assert lines[0] == f"Inkling is at http://localhost:{port} (Ctrl-C ends it)\n"
        for path in ("", "app"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}") as answer:
                assert answer.status == 200
                assert answer.url.endswith(f"/{path}")
                assert b"<title>Inkling</title>" in answer.read()
        assert not (tmp_path / "state").exists()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health") as answer:
            assert json.load(answer) == {"status": "ok", "version": 1}
        assert (tmp_path / "state").exists()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE_SECONDS)
        assert "Traceback" not in err
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_a_setting_of_the_api_that_makes_no_sense_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("INKLING_API_MARGIN", "much")
    assert main(["serve", "--port", "5999"]) == 2
    assert capsys.readouterr().err == (
        "inkling serve: error: Expected a number from 0 to 1 as INKLING_API_MARGIN, found “much”.\n"
    )


def test_a_port_that_is_taken_is_one_line(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--address", "127.0.0.1"]) == 1
    assert capsys.readouterr().err == (
        f"inkling serve: cannot listen on port {port} of 127.0.0.1 "
        f"({os.strerror(errno.EADDRINUSE)}); "
        "choose another with --port or --address.\n"
    )


@pytest.mark.parametrize(
    ("address", "origins", "expected"),
    [
        (None, [], ["localhost:5006", "127.0.0.1:5006"]),
        ("0.0.0.0", ["box:80"], ["localhost:5006", "127.0.0.1:5006", "box:80"]),
        ("10.1.2.3", [], ["localhost:5006", "127.0.0.1:5006", "10.1.2.3:5006"]),
    ],
)
def test_browsers_may_use_the_names_that_the_server_goes_by(address, origins, expected):
    arguments = Namespace(address=address, allow_websocket_origin=origins, show=False)
    words = panel_arguments(arguments, 5006)
    found = [words[i + 1] for i, word in enumerate(words) if word == "--allow-websocket-origin"]
    assert found == expected
    assert "--show" not in words
    assert panel_arguments(Namespace(**{**vars(arguments), "show": True}), 1)[-1] == "--show"


def test_the_site_is_built_where_and_from_what_was_asked_for(monkeypatch, capsys):
    import dashboard.site as builder  # noqa: PLC0415 - brings Panel along

    calls = []

    def build(destination, *, pyodide_dist, data_folder, log):
        calls.append((str(destination), pyodide_dist, data_folder))
        log("converting")

    monkeypatch.setattr(builder, "build_site", build)
    assert main(["site"]) == 0
    assert main(["site", "out", "--pyodide-dist", "p", "--data", "d"]) == 0
    assert calls == [(site.DEFAULT_DESTINATION, None, None), ("out", "p", "d")]
    assert capsys.readouterr().err == "converting\nconverting\n"


def test_a_site_that_cannot_be_built_is_one_line(monkeypatch, capsys):
    import dashboard.site as builder  # noqa: PLC0415

    def build(*_arguments, **_options):
        raise builder.SiteError("there is no Pyodide")

    monkeypatch.setattr(builder, "build_site", build)
    assert main(["site"]) == 1
    assert capsys.readouterr().err == "inkling site: there is no Pyodide\n"
