"""The own digits as a saved part: as bytes, and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dashboard.autosave.save import SaveError
from dashboard.languages.text import ngettext
from dashboard.teaching.own_digits import MOST_OWN_DIGITS, OwnDigit, add_digits, samples_of
from dashboard.teaching.state import TeachingState
from data_cache.samples import PIXELS

MAGIC = b"INKOWN2\n"
"""The first bytes; then the share of own digits in a batch, in per cent, and for each digit its
label and its pixels, a byte each."""
EARLIER_MAGIC = b"INKOWN1\n"
"""The first bytes of saves without a share."""
_RECORD = 1 + PIXELS


class SavedOwnDigits:
    """The own digits of a session as a `SavedPart`."""

    name = "own-digits"
    score = picture = ""

    def __init__(self, state: TeachingState) -> None:
        self._state = state

    @property
    def title(self) -> str:
        """Description of the digits; "" when there are none."""
        count = len(self._state.digits)
        if not count:
            return ""
        return ngettext("{count} own digit", "{count} own digits", count, count=count)

    def capture(self) -> bytes | None:
        """Return the digits as bytes, empty if there are none."""
        if not self._state.digits:
            return b""
        samples = samples_of(self._state.digits)
        share = bytes([round(100 * self._state.own_share)])
        return MAGIC + share + np.column_stack([samples.labels, samples.images]).tobytes()

    async def restore(self, content: bytes) -> None:
        """Put the saved digits before those that are here; see `SavedPart`."""
        if not content:
            return
        share = self._state.own_share
        if content.startswith(EARLIER_MAGIC):
            body = content.removeprefix(EARLIER_MAGIC)
        else:
            body = content.removeprefix(MAGIC)
            if len(body) < len(content) and body:
                share, body = body[0] / 100, body[1:]
        low, high = self._state.param.own_share.bounds
        if not low <= share <= high:
            raise SaveError(f"expected a share of {low} to {high} of own digits, found {share}")
        count, rest = divmod(len(body), _RECORD)
        if len(body) == len(content) or rest or not 0 < count <= MOST_OWN_DIGITS:
            raise SaveError(
                f"expected own digits of {_RECORD} bytes each, at most {MOST_OWN_DIGITS}, found "
                f"{len(content):,} bytes of another form"
            )
        rows = np.frombuffer(body, np.uint8).reshape(count, _RECORD)
        if rows[:, 0].max() > 9:
            raise SaveError(f"expected labels from 0 to 9, found {rows[:, 0].max()}")
        saved = [OwnDigit(row[1:].copy(), int(row[0])) for row in rows]
        self._state.param.update(digits=add_digits(saved, self._state.digits), own_share=share)

    def watch(self, note_change: Callable[[bool], None]) -> None:
        """Call a function at every change; see `SavedPart`."""
        self._state.param.watch(lambda _event: note_change(True), ["digits", "own_share"])
