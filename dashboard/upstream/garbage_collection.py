"""No collection of garbage by Panel after a session; `dashboard.runtime` decides when.

- **Changes**: `_garbage_collect` of `panel.io.document` (Panel 1.9).
- **Why**: Panel collects five seconds after every session, as long as no other one ends meanwhile.
  A collection stops all threads for some 40 ms per open session, so sessions that end in turn keep
  the others waiting; and while one ends every few seconds Panel collects nothing.
- **Measured**: `INKLING_ABUSE=1500 python -m pytest tests/dashboard/test_abuse.py -s`.
- **Upstream**: no issue yet: "destroy_document: a setting for the share of time of gc.collect".
"""

from __future__ import annotations

from dashboard.upstream import is_applied


def leave_collections_to_app() -> None:
    """Apply the patch to this process, unless it is turned off."""
    from panel.io import document  # noqa: PLC0415 - in the server only

    if is_applied("garbage_collection"):
        document._garbage_collect = lambda: None
