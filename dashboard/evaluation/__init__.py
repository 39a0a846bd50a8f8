"""Finds out what a net can do and what it cannot: in slices, for the page and the command line."""
