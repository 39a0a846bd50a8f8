"""Views of the plane pane."""
