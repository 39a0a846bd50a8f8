"""A plugin of `panel serve` for tests: the document of an open page as Python has it, as JSON.

The header X-Megabytes has the memory that the server holds and uses.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

from tornado.web import HTTPError, RequestHandler


class DocumentHandler(RequestHandler):
    """Answers with the document that has the model with the id `model`."""

    def get(self) -> None:
        # The C library of Linux keeps free memory for later otherwise.
        ctypes.CDLL(None).malloc_trim(0)
        status = Path("/proc/self/status").read_text(encoding="ascii")
        [kilobytes] = re.findall(r"VmRSS:\s+(\d+)", status)
        self.set_header("X-Megabytes", str(int(kilobytes) / 1024))
        wanted = self.get_query_argument("model")
        for path in self.application.app_paths:
            for session in self.application.get_sessions(path):
                if session.document.get_model_by_id(wanted) is not None:
                    self.write(dict(session.document.to_json(deferred=False)))
                    return
        raise HTTPError(404)


ROUTES = [("/document", DocumentHandler)]
