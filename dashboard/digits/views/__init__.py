"""Views of the digits pane: each draws finished records and reports what people do to it."""
