import logging

import pytest
from api_server import ApiClient, api_server, api_settings

from dashboard.api.access import page_fault
from dashboard.api.limits import RateLimit

TOKEN = "a-token-of-the-test"
SITE = "https://site.example"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with a token, a listed origin and a host name."""
    settings = api_settings(
        tmp_path_factory.mktemp("guarded"), token=TOKEN, origins=(SITE,), hosts=("box.example",)
    )
    with api_server(settings) as client:
        yield client


CHANGES = (
    ("POST", "/api/weights"),
    ("PATCH", "/api/weights"),
    ("DELETE", "/api/weights"),
    ("POST", "/api/weights/restore/1"),
)


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Bearer x", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"]
)
def test_a_change_without_the_token_is_401(guarded, method, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = guarded(method, path, {"data": []}, headers)
    assert (answer.status, "Authorization: Bearer" in answer.sentence) == (401, True)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in answer.sentence


def test_changes_need_the_token_and_reading_does_not(guarded):
    for given in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        answer = guarded("DELETE", "/api/weights", headers={"Authorization": given})
        assert answer.status == 200
    for path in ("/api", "/api/data", "/api/weights", "/api/weights/history", "/api/manifest"):
        assert guarded("GET", path).status == 200


PEERS = {
    "direct": {},
    "through a proxy": {"X-Forwarded-For": "192.0.2.7", "X-Real-Ip": "192.0.2.7"},
    "through a proxy that says loopback": {"X-Forwarded-For": "127.0.0.1"},
    "same origin": {"Host": "localhost:2", "Origin": "http://localhost:2"},
    "other origin": {"Host": "localhost:2", "Origin": "https://evil.example"},
    "redirected name": {"Host": "evil.example"},
}
"""Headers of a request by the way that it took; its socket is always one of this machine."""


@pytest.mark.parametrize("access", ["read-only", "token", "open"])
@pytest.mark.parametrize("peer", PEERS)
def test_who_may_change_the_weights_is_configured_and_never_guessed_from_the_address(
    tmp_path, access, peer
):
    configured = {"read-only": {}, "token": {"token": TOKEN}, "open": {"is_open": True}}[access]
    settings = api_settings(tmp_path, **({"is_open": False} | configured))
    is_foreign = peer in ("other origin", "redirected name")
    with api_server(settings) as call:
        for method, path in CHANGES:
            for authorization in ({}, {"Authorization": f"Bearer {TOKEN}"}):
                answer = call(method, path, {"data": []}, PEERS[peer] | authorization)
                if is_foreign or access == "read-only":
                    assert answer.status == 403
                elif access == "token" and not authorization:
                    assert answer.status == 401
                else:
                    assert answer.status not in (401, 403)
        for path in ("/api/data", "/api/weights", "/api/weights/history"):
            assert call("GET", path, headers=PEERS[peer]).status == (403 if is_foreign else 200)


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({"Host": "localhost:5006"}, False),
        ({"Host": "192.168.7.7:5006"}, False),
        ({"Host": "box.example"}, False),
        ({"Host": "evil.example:5006"}, True),
        ({"Host": "localhost:5006", "Origin": "http://localhost:5006"}, False),
        ({"Host": "localhost:5006", "Origin": "http://evil.example"}, True),
        ({"Host": "box.example", "Origin": SITE}, False),
    ],
)
def test_pages_are_opened_under_the_names_of_the_server_only(tmp_path, headers, is_refused):
    settings = api_settings(tmp_path, origins=(SITE,), hosts=("box.example",))
    assert bool(page_fault(headers, settings)) == is_refused


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:5006", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:5006", 200),
        ("192.168.7.7:5006", 200),  # DNS cannot redirect an IP address
        ("box.example:80", 200),
        ("evil.example", 403),
        ("localhost.evil.example:5006", 403),
        ("localhost:5006.evil.example", 403),
        ("[evil]", 403),
    ],
)
def test_unknown_host_names_are_403(guarded, host, status):
    answer = guarded("GET", "/api/data", headers={"Host": host})
    assert answer.status == status
    if status == 403:
        assert "INKLING_API_HOSTS" in answer.sentence


def test_unlisted_origins_are_403(guarded):
    for method, path in (("GET", "/api/data"), ("DELETE", "/api/weights"), ("OPTIONS", "/api")):
        for origin in (
            "https://evil.example",
            "null",
            "http://localhost:1",
            "https://site.example.x",
        ):
            headers = {"Origin": origin, "Host": "localhost:2", "Authorization": f"Bearer {TOKEN}"}
            answer = guarded(method, path, headers=headers)
            assert (answer.status, "INKLING_API_ORIGINS" in answer.sentence) == (403, True)
            assert answer.headers["Access-Control-Allow-Origin"] is None


def test_same_origin_and_listed_origins_are_allowed(guarded):
    own = guarded("GET", "/api", headers={"Origin": "http://localhost:2", "Host": "localhost:2"})
    assert (own.status, own.headers["Access-Control-Allow-Origin"]) == (200, None)
    for path, status in (("/api", 200), ("/api/nothing", 404), ("/api/data?label=x", 400)):
        listed = guarded("GET", path, headers={"Origin": SITE})
        assert (listed.status, listed.headers["Access-Control-Allow-Origin"]) == (status, SITE)
        assert "Origin" in listed.headers["Vary"]
        assert "ETag" in listed.headers["Access-Control-Expose-Headers"]


def test_preflight_requests_get_the_cors_headers(guarded):
    asked = {
        "Origin": SITE,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = guarded("OPTIONS", "/api/weights", headers=asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"
    plain = guarded("OPTIONS", "/api/weights")
    assert plain.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST"
    assert plain.headers["Access-Control-Allow-Methods"] is None


def test_unknown_routes_and_methods_are_json_errors(call):
    for path in ("/api//", "/api/x", "/api/weights/", "/api/weights/history/1", "/api/%00"):
        for method in ("GET", "POST", "OPTIONS", "DELETE"):
            answer = call(method, path)
            assert answer.status == 404, (method, path)
            assert answer.sentence
    answer = call("PUT", "/api/data")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    for method in ("TRACE", "BREW"):
        answer = call(method, "/api/weights")
        assert (answer.status, "PATCH" in answer.headers["Allow"]) == (405, True)
        assert answer.sentence.endswith(f"found {method}.")


def test_too_many_requests_are_429_except_for_files(tmp_path):
    with api_server(api_settings(tmp_path, reads_per_second=2, writes_per_second=1)) as call:
        statuses = [call("GET", "/api/data").status for _ in range(12)]
        assert statuses[:4] == [200] * 4
        assert 429 in statuses
        refused = next(a for a in iter(lambda: call("GET", "/api/data"), None) if a.status == 429)
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["Retry-After"].isdigit()
        assert {call("GET", "/api/manifest").status for _ in range(12)} == {200}
        assert call("DELETE", "/api/weights").status == 200  # changes are limited separately


def test_the_rate_limit_refills_per_address():
    now = [0.0]
    limit = RateLimit(10, lambda: now[0])
    assert [limit.take("a") for _ in range(20)] == [0] * 20
    assert limit.take("a") == pytest.approx(0.1)
    assert limit.take("b") == 0
    now[0] = 0.5
    assert [limit.take("a") > 0 for _ in range(6)] == [False] * 5 + [True]
    now[0] = 1000.0
    assert [limit.take("a") > 0 for _ in range(21)] == [False] * 20 + [True]


def test_an_ipv6_network_counts_as_one_address_and_the_table_is_bounded():
    limit = RateLimit(1, lambda: 0.0)
    taken = [limit.take(f"2001:db8::{number}") for number in range(3)]
    assert [wait > 0 for wait in taken] == [False, False, True]
    for number in range(10_000):
        limit.take(f"2001:db8:{number:x}::1")
    assert len(limit) <= 4096


def test_each_request_logs_one_line_without_secrets(guarded: ApiClient):
    records = []

    class Recorder(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())

    logger, recorder = logging.getLogger("inkling.api"), Recorder()
    level = logger.level
    logger.addHandler(recorder)
    logger.setLevel(logging.INFO)
    try:
        answer = guarded(
            "DELETE",
            f"/api/weights?token={TOKEN}",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        guarded("GET", "/api")  # the line is written after the response
    finally:
        logger.removeHandler(recorder)
        logger.setLevel(level)
    [line] = [record for record in records if answer.headers["Request-Id"] in record]
    assert " 127.0.0.1 DELETE /api/weights 400 " in line
    assert line.endswith(" ms")
    assert not any(TOKEN in record for record in records)
    assert TOKEN not in repr(guarded.server.settings)
