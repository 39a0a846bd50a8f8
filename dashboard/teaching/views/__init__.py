"""Views of the own digits."""
