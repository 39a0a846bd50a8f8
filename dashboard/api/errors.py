"""The error that every part of the API raises to refuse a request.

It carries the HTTP status, a sentence for the client, and headers; the handlers turn it into JSON.
"""

from __future__ import annotations

from collections.abc import Mapping


class ApiError(Exception):
    """A refused request.

    Parameters
    ----------
    status
        The HTTP status, 400 or above.
    sentence
        What was expected, what was found, and how to mend it.
    headers
        Additional headers of the response.
    details
        Additional keys of the JSON response.
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
