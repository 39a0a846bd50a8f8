"""What an operator sees: liveness, readiness, metrics, and logs without secrets."""

import http.client
import json
import logging
import sys
from urllib.parse import urljoin

import pytest
from api_server import api_server, api_settings

from dashboard.api.log_format import JsonFormatter, SecretFilter

TOKEN = "a-token-of-the-test"


def test_a_full_server_is_live_but_not_ready(tmp_path):
    with api_server(api_settings(tmp_path, max_sessions=1)) as call:
        assert call("GET", "/api/health?check=ready").json["ready"] is True
        call.server.visitors().enter()
        health = call("GET", "/api/health")
        assert (health.status, health.json["ready"]) == (200, False)
        assert call("GET", "/api/health?check=ready").status == 503


def test_metrics_count_sessions_training_requests_and_slices(tmp_path):
    pytest.importorskip("prometheus_client")
    with api_server(api_settings(tmp_path)) as call:
        call.server.visitors().enter()
        call.server.metrics.observe_slice(0.02)
        call("GET", "/api/data?index=x")
        for path in ("/metrics", "/api/metrics"):
            answer = call("GET", path)
            assert answer.headers["Content-Type"].startswith("text/plain")
            lines = answer.body.decode().splitlines()
            values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
            assert float(values["inkling_sessions"]) == 1
            assert float(values["inkling_training_sessions"]) == 0
            assert float(values["inkling_slice_seconds_count"]) == 1
            assert float(values['inkling_request_seconds_count{status="400"}']) == 1
            assert float(values["inkling_memory_bytes"]) > 1e7


def test_without_the_package_metrics_name_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with api_server(api_settings(tmp_path)) as call:
        answer = call("GET", "/metrics")
        assert answer.status == 501
        assert "inkling[metrics]" in answer.sentence


def record_of(text, *arguments, error=None):
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord("bokeh", logging.WARNING, "file", 1, text, arguments, info)


def test_the_token_is_in_no_line_of_the_log_whoever_writes_it():
    hide, write = SecretFilter(TOKEN), JsonFormatter()
    for record in (
        record_of("got %r", f"Bearer {TOKEN}"),
        record_of(f"{TOKEN} at the beginning"),
        record_of("failed", error=ValueError(f"expected text, got {TOKEN}")),
    ):
        assert hide.filter(record)
        assert TOKEN not in write.format(record)
        assert TOKEN not in logging.Formatter().format(record)


def test_a_line_of_the_log_as_json_has_its_parts_by_name():
    entry = json.loads(JsonFormatter().format(record_of("%d “sessions”\nand more", 3)))
    assert entry["level"] == "warning"
    assert entry["logger"] == "bokeh"
    assert entry["message"] == "3 “sessions”\nand more"


def test_the_address_in_the_openapi_document_is_relative_to_the_document(call):
    [server] = call("GET", "/api/openapi.json").json["servers"]
    found = urljoin("https://box.example/lab/api/openapi.json", server["url"])
    assert found == "https://box.example/lab/"


def test_a_chunked_body_that_is_too_large_is_413(call):
    def chunks():
        for _ in range(20):
            yield b" " * 4096

    connection = http.client.HTTPConnection("127.0.0.1", call.port, timeout=60)
    headers = {"Host": "localhost", "Content-Type": "application/json"}
    headers["Transfer-Encoding"] = "chunked"
    connection.request("POST", "/api/datablock", chunks(), headers, encode_chunked=True)
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    assert (response.status, content["status"]) == (413, 413)
