"""Runs that were trained before: kept, compared, repeated, forked; and the pane that shows them."""
