"""Saves what was done on the page in the browser, so that a reload or a crash loses none of it.

Only the browser runtime saves: its worker writes to IndexedDB, without the page. When served, the
work lives in the server's process and ends with the page.
"""
