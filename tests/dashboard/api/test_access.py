import logging

import pytest
from api_server import ApiClient, api_server, api_settings

from dashboard.api.access import is_local
from dashboard.api.rate_limit import RateLimit

TOKEN = "a-token-of-the-test"
SITE = "https://site.example"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with a token, a site on its list and a name."""
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


def test_with_the_token_changes_are_made_and_reading_needs_none(guarded):
    for given in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        answer = guarded("DELETE", "/api/weights", headers={"Authorization": given})
        assert answer.status == 200
    for path in ("/api", "/api/data", "/api/weights", "/api/weights/history", "/api/manifest"):
        assert guarded("GET", path).status == 200


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"])
def test_without_a_token_a_change_through_a_proxy_is_403(call, method, path, header):
    answer = call(method, path, {"data": []}, {header: "127.0.0.1"})
    assert (answer.status, "INKLING_TOKEN" in answer.sentence) == (403, True)


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.5", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_the_machine_itself_is_known_by_its_address(peer, local):
    assert is_local(peer, {}) is local


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:5006", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:5006", 200),
        ("192.168.7.7:5006", 200),  # digits cannot be redirected
        ("box.example:80", 200),
        ("evil.example", 403),
        ("localhost.evil.example:5006", 403),
        ("localhost:5006.evil.example", 403),
        ("[evil]", 403),
    ],
)
def test_the_server_answers_to_its_own_names_alone(guarded, host, status):
    answer = guarded("GET", "/api/data", headers={"Host": host})
    assert answer.status == status
    if status == 403:
        assert "INKLING_API_HOSTS" in answer.sentence


def test_pages_of_other_sites_may_not_call(guarded):
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


def test_its_own_pages_and_listed_sites_may(guarded):
    own = guarded("GET", "/api", headers={"Origin": "http://localhost:2", "Host": "localhost:2"})
    assert (own.status, own.headers["Access-Control-Allow-Origin"]) == (200, None)
    for path, status in (("/api", 200), ("/api/nothing", 404), ("/api/data?label=x", 400)):
        listed = guarded("GET", path, headers={"Origin": SITE})
        assert (listed.status, listed.headers["Access-Control-Allow-Origin"]) == (status, SITE)
        assert "Origin" in listed.headers["Vary"]
        assert "ETag" in listed.headers["Access-Control-Expose-Headers"]


def test_a_browser_that_asks_before_it_calls_is_told(guarded):
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


def test_addresses_and_methods_that_there_are_not_are_said_in_json(call):
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


def test_too_many_requests_are_429_and_files_are_not_counted(tmp_path):
    with api_server(api_settings(tmp_path, reads_per_second=2, writes_per_second=1)) as call:
        statuses = [call("GET", "/api/data").status for _ in range(12)]
        assert statuses[:4] == [200] * 4
        assert 429 in statuses
        refused = next(a for a in iter(lambda: call("GET", "/api/data"), None) if a.status == 429)
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["Retry-After"].isdigit()
        assert {call("GET", "/api/manifest").status for _ in range(12)} == {200}
        assert call("DELETE", "/api/weights").status == 200  # changes have a count of their own


def test_the_rate_is_kept_for_each_address_as_time_goes_by():
    now = [0.0]
    limit = RateLimit(10, lambda: now[0])
    assert [limit.take("a") for _ in range(20)] == [0] * 20
    assert limit.take("a") == pytest.approx(0.1)
    assert limit.take("b") == 0
    now[0] = 0.5
    assert [limit.take("a") > 0 for _ in range(6)] == [False] * 5 + [True]
    now[0] = 1000.0
    assert [limit.take("a") > 0 for _ in range(21)] == [False] * 20 + [True]


def test_neighbours_in_one_ipv6_network_count_as_one_and_strangers_fill_no_memory():
    limit = RateLimit(1, lambda: 0.0)
    taken = [limit.take(f"2001:db8::{number}") for number in range(3)]
    assert [wait > 0 for wait in taken] == [False, False, True]
    for number in range(10_000):
        limit.take(f"2001:db8:{number:x}::1")
    assert len(limit._buckets) <= 4096


def test_every_request_has_one_line_in_the_log_with_its_time_and_no_secret(guarded: ApiClient):
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())

    logger, keep = logging.getLogger("inkling.api"), Keep()
    level = logger.level
    logger.addHandler(keep)
    logger.setLevel(logging.INFO)
    try:
        answer = guarded(
            "DELETE",
            f"/api/weights?token={TOKEN}",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        guarded("GET", "/api")  # the line is written after the answer is on its way
    finally:
        logger.removeHandler(keep)
        logger.setLevel(level)
    [line] = [record for record in records if answer.headers["Request-Id"] in record]
    assert " 127.0.0.1 DELETE /api/weights 400 " in line
    assert line.endswith(" ms")
    assert not any(TOKEN in record for record in records)
    assert TOKEN not in repr(guarded.server.settings)
