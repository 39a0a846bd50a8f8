"""Views of the evaluation pane."""
