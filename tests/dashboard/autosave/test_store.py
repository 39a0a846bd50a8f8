"""Whatever the browser's database answers reaches the autosave as bytes or as a StoreError."""

import sys
from types import SimpleNamespace

import pytest
from training_helpers import in_event_loop

from dashboard.autosave.store import IndexedDBStore, StoreError, StoreFullError


class JavaScriptError(Exception):
    """An error of JavaScript as Pyodide passes it on."""

    def __init__(self, name, message=""):
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


class Database:
    """The functions of indexed_db.js, all of which fail with `error`."""

    releaseSeconds = 3  # noqa: N815 - as JavaScript names it

    def __init__(self, error):
        self._error = error

    def __getattr__(self, _name):
        async def fail(*_arguments):
            raise self._error

        return fail


@pytest.fixture
def store_that_fails_with(monkeypatch):
    def make(error):
        ffi = SimpleNamespace(to_js=lambda content: content)
        code = SimpleNamespace(run_js=lambda _script: lambda _name: Database(error))
        monkeypatch.setitem(sys.modules, "pyodide", SimpleNamespace(code=code, ffi=ffi))
        monkeypatch.setitem(sys.modules, "pyodide.code", code)
        monkeypatch.setitem(sys.modules, "pyodide.ffi", ffi)
        return IndexedDBStore()

    return make


def calls(store):
    return [
        store.names(),
        store.read("a/1"),
        store.write("a/1", b"content"),
        store.delete("a/1"),
        store.enter("a"),
        store.leave("a"),
        store.open_sessions(),
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (JavaScriptError("InvalidStateError", "The connection is closing."), "connection is clos"),
        (JavaScriptError("UnknownError"), "UnknownError"),
        (JavaScriptError("SecurityError", "The request was denied."), "in a tab of its own"),
        (TypeError("invalid exception object"), "invalid exception object"),
        (MemoryError(), "MemoryError"),
    ],
)
@in_event_loop
async def test_every_error_is_a_store_error_with_a_reason(store_that_fails_with, error, reason):
    for call in calls(store_that_fails_with(error)):
        with pytest.raises(StoreError, match=reason) as caught:
            await call
        assert not isinstance(caught.value, StoreFullError)


@pytest.mark.parametrize("name", ["QuotaExceededError", "NS_ERROR_DOM_QUOTA_REACHED"])
@in_event_loop
async def test_a_full_store_is_told_apart(store_that_fails_with, name):
    for call in calls(store_that_fails_with(JavaScriptError(name))):
        with pytest.raises(StoreFullError):
            await call
