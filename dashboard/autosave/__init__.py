"""Saves what was done on the page in the browser, so that a reload or a crash loses none of it.

Only the browser form saves: its worker writes to IndexedDB, without the page. In the served form
the work lives in the server's process and ends with the page.
"""
