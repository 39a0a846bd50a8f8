"""The view of a lesson."""
