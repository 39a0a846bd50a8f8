"""The layers of a network in pictures: where they lie, their colors, and one unit in numbers."""
