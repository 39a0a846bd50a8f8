"""Views of the runs pane."""
