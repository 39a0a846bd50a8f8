"""Panel's periodic cleanup of busy events, begun outside of the session that needs it first.

- **Changes**: when `_schedule_busy_cleanup` of `panel.io.state.state` is first called (Panel 1.9).
- **Why**: Panel begins one task for the whole process with the first event of the first session.
  The task runs in the context of that session, which has its document, so the session is never
  freed.
- **Measured**: `tests/dashboard/test_session_ends.py`; one session of some 20 MB per process.
- **Upstream**: no issue yet: "state: begin the cleanup of busy events in an empty context".
"""

from __future__ import annotations

from contextvars import Context

import panel as pn

from dashboard.upstream import is_applied


def begin_busy_cleanup() -> None:
    """Begin the cleanup of this process if the patch is turned on and an event loop runs."""
    if is_applied("busy_cleanup"):
        Context().run(pn.state._schedule_busy_cleanup)
