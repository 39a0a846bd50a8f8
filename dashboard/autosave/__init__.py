"""Keeps what somebody did, so that a closed tab, a reload or a crash loses none of it.

In the browser form the worker itself writes to IndexedDB, without the page: every few seconds
while training (`autosave.PERIOD_SECONDS`), and at once, but for a moment's pause, after everything
else. The served form keeps nothing: its work lives in the server's process and ends with the
page; whoever wants to keep it saves the weights, or the link.

The page may tell the worker three things before Python starts, as JSON in the worker's name::

    new Worker("worker.js", {name: JSON.stringify({
      search: location.search,   // the link that was opened
      tab: "…",                  // the same text in every load of one tab (sessionStorage)
      resume: true,              // the worker before this one died: go on without asking
    })})

All three are optional. Without `search` the link is read once Panel hands the location over;
without `tab` the newest work of any closed tab is offered; without `resume` it is offered, not
taken. A worker that dies again and again is the page's to notice: leave `resume` out then.
"""

from dashboard.autosave.autosave import Autosave
from dashboard.autosave.save import Save, SaveError
from dashboard.autosave.saved_part import SavedPart
from dashboard.autosave.store import MemoryStore, Store, StoreError

__all__ = ["Autosave", "MemoryStore", "Save", "SaveError", "SavedPart", "Store", "StoreError"]
