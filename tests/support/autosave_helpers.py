"""What the tests of keeping put in the page's place: moments that differ, and an offer to go on."""

import itertools

MOMENTS = itertools.count(1_000_000)
"""Milliseconds since 1970, each later than the last."""


class Offer:
    """What the page would show."""

    def __init__(self):
        self.sentence = ""
        self.answer = None

    def ask(self, sentence, answer):
        self.sentence, self.answer = sentence, answer
