"""Links that carry settings: written from a pane's state, read and validated when opened."""
