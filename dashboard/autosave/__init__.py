"""Saves what was done on the page, so that a reload, a cut connection or a crash loses none of it.

The browser runtime's worker writes to IndexedDB, without the page. When served, the server writes
to an SQLite file, under a key that only the visitor's browser has.
"""
