"""The policy of the site's page, with the patches and without them."""

import pytest

from dashboard.site.headers import content_security_policy
from dashboard.upstream import VARIABLE


@pytest.mark.parametrize(("patches", "sources"), [("on", "'self'"), ("off", "'self' blob:")])
def test_workers_from_memory_are_allowed_only_where_bokehjs_unpacks_arrays_in_them(
    monkeypatch: pytest.MonkeyPatch, patches: str, sources: str
) -> None:
    monkeypatch.setenv(VARIABLE, patches)
    policy = dict(part.split(" ", 1) for part in content_security_policy("").split("; "))
    assert policy["worker-src"] == sources
