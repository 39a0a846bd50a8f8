"""The lines of the log, as text or as one JSON object each, and never with a secret in them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

HIDDEN = "…"


class SecretFilter(logging.Filter):
    """Replaces a secret in every record, whoever logs it.

    Parameters
    ----------
    secret
        The token of the server.
    """

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the secret from a record; it is logged in any case."""
        text = record.getMessage()
        if self._secret in text:
            record.msg, record.args = text.replace(self._secret, HIDDEN), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = record.exc_text.replace(self._secret, HIDDEN)
        return True


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object with time, level, logger and message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record in one line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text or record.exc_info:
            exception = record.exc_text or (
                record.exc_info and self.formatException(record.exc_info)
            )
            entry["exception"] = str(exception)
        return json.dumps(entry, ensure_ascii=False)


def prepare_logs(token: str | None, log_format: str) -> None:
    """Have all handlers of the root logger leave the token out, and write the format.

    Parameters
    ----------
    token
        Of the server; None: there is none.
    log_format
        "text" leaves the lines as they are; "json" writes JSON.
    """
    for handler in logging.getLogger().handlers:
        if token:
            handler.addFilter(SecretFilter(token))
        if log_format == "json":
            handler.setFormatter(JsonFormatter())
