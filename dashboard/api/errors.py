"""A request that is refused: a status, a sentence for whoever sent it, and headers.

Every part of the API raises this one error; the handlers turn it into JSON.
"""

from __future__ import annotations

from collections.abc import Mapping


class ApiError(Exception):
    """A refusal.

    Parameters
    ----------
    status
        The HTTP status, 400 or above.
    sentence
        What was expected and what was found.
    headers
        Headers that go with the answer.
    details
        What else the JSON of the answer holds beside the sentence.
    """

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})
        self.details = dict(details or {})
