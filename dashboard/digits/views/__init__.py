"""Views of the digits pane: each shows parameters of the state and calls commands."""
