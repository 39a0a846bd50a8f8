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

from dashboard.api.settings import settings_from_environment
from dashboard.cli import main, site
from dashboard.cli.main import make_parser
from dashboard.cli.serve import address_lines, apply_access, panel_arguments
from dashboard.training.settings import SettingError

DEADLINE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def handled_ctrl_c():
    """Handle SIGINT also in a background job, in which shells ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("handled_ctrl_c")
def test_app_and_api_are_served_until_ctrl_c(environment, tmp_path):
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
        assert f"http://localhost:{port}" in lines[0]
        for path in ("", "app"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}") as answer:
                assert answer.status == 200
                assert answer.url.endswith(f"/{path}")
                assert b"<title>Inkling</title>" in answer.read()
        assert not (tmp_path / "state").exists()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health") as answer:
            assert json.load(answer) == {"status": "ok", "version": 1, "ready": True}
        assert (tmp_path / "state").exists()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE_SECONDS)
        assert "Traceback" not in err
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_an_invalid_setting_of_the_api_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("INKLING_API_MARGIN", "much")
    assert main(["serve", "--port", "5999"]) == 2
    assert capsys.readouterr().err == (
        "inkling serve: error: Expected a number from 0 to 1 as INKLING_API_MARGIN, found “much”.\n"
    )


def test_a_port_in_use_is_one_line(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--address", "127.0.0.1"]) == 1
    assert capsys.readouterr().err == (
        f"inkling serve: cannot listen on port {port} of 127.0.0.1 "
        f"({os.strerror(errno.EADDRINUSE)}); "
        "choose another with --port or --host.\n"
    )


def parsed(*words: str) -> Namespace:
    return make_parser().parse_args(["serve", *words])


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def test_the_server_listens_on_this_machine_unless_it_is_told_otherwise():
    assert option(panel_arguments(parsed(), 5006), "--address") == "localhost"
    for flag in ("--host", "--address"):
        assert option(panel_arguments(parsed(flag, "0.0.0.0"), 5006), "--address") == "0.0.0.0"


def test_flags_of_panel_are_passed_on():
    words = panel_arguments(
        parsed("--prefix", "/lab/", "--use-xheaders", "--num-procs", "2", "--show"), 1
    )
    assert option(words, "--prefix") == "lab"
    assert option(words, "--num-procs") == "2"
    assert {"--use-xheaders", "--show"} <= set(words)
    lifetime = panel_arguments(parsed("--unused-session-lifetime", "60"), 1)
    assert option(lifetime, "--unused-session-lifetime") == "60000"


@pytest.mark.parametrize("flags", [("--num-procs", "0"), ("--unused-session-lifetime", "soon")])
def test_flags_out_of_range_are_refused(flags):
    with pytest.raises(SettingError):
        panel_arguments(parsed(*flags), 1)


def test_a_server_in_the_network_gets_a_token_unless_it_is_open_or_has_one():
    def token_of(*words: str, **environment: str) -> str | None:
        apply_access(parsed(*words), environment)
        return settings_from_environment(environment).token

    assert token_of() is None
    assert token_of("--host", "0.0.0.0", "--open-api") is None
    assert token_of("--host", "0.0.0.0", INKLING_TOKEN="of-the-operator") == "of-the-operator"
    first, second = token_of("--host", "0.0.0.0"), token_of("--host", "10.1.2.3")
    assert len({None, first, second}) == 3


def test_host_names_reach_the_rules_of_the_app():
    environment = {"INKLING_API_HOSTS": "a.example"}
    apply_access(parsed("--allow-origin", "box.example:80", "--open-api"), environment)
    settings = settings_from_environment(environment)
    assert settings.hosts == ("a.example", "box.example")
    assert settings.is_open


def test_the_first_lines_name_every_address_and_who_may_change_the_weights(tmp_path):
    def lines(*words: str) -> str:
        environment: dict[str, str] = {}
        arguments = parsed(*words)
        apply_access(arguments, environment)
        settings = settings_from_environment(environment)
        return "\n".join(address_lines(arguments, 5006, settings))

    assert "http://localhost:5006" in lines()
    far = lines("--host", "10.1.2.3", "--prefix", "lab", "--allow-origin", "box.example")
    for address in ("localhost", "10.1.2.3", "box.example"):
        assert f"http://{address}:5006/lab" in far


def test_the_site_is_built_with_the_given_folders(monkeypatch, capsys):
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


def test_a_failed_site_build_is_one_line(monkeypatch, capsys):
    import dashboard.site as builder  # noqa: PLC0415

    def build(*_arguments, **_options):
        raise builder.SiteError("there is no Pyodide")

    monkeypatch.setattr(builder, "build_site", build)
    assert main(["site"]) == 1
    assert capsys.readouterr().err == "inkling site: there is no Pyodide\n"
