"""What every address of the API has in common: the checks before, the log line after, the errors.

The headers are judged before a body is taken in; a body that is refused is read past, within
reason, so that its sender gets to read the answer.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler, stream_request_body

from dashboard.api.access import check_change, check_host, check_origin, is_listed, is_local
from dashboard.api.body import ENCODINGS, Body, too_large
from dashboard.api.errors import ApiError
from dashboard.api.negotiation import choose_type, content_of, read_tags, takes_gzip
from dashboard.api.operation import JSON, Operation, Route
from dashboard.api.payloads import to_json
from dashboard.api.server import Server
from dashboard.api.weights_store import StoreError

logger = logging.getLogger("inkling.api")

SMALL_BODY = 4096
READ_PAST = 4
"""A body that is refused is read past up to so many times the limit; beyond that it is cut off."""
ALLOWED_HEADERS = "Accept, Authorization, Content-Type, If-Match, If-None-Match"
EXPOSED_HEADERS = "ETag, Inkling-Version, Request-Id, Retry-After"
_SENTENCES = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    500: "Something went wrong inside the server; its log says what.",
}


@stream_request_body
class ApiHandler(RequestHandler):
    """The base of all handlers; one that derives from it has a coroutine `on_get` and so on."""

    needs_accept: ClassVar[bool] = True

    def initialize(self, server: Server, route: Route) -> None:
        """Take what the route was made with; Tornado calls this."""
        self.server = server
        self.route = route
        self.form = JSON
        self.query: dict[str, Any] = {}
        self._refusal: ApiError | None = None
        self._body: Body | None = None
        self._timer: object | None = None
        self._lasting: dict[str, str] = {"Request-Id": uuid.uuid4().hex[:12]}
        self.set_default_headers()

    @property
    def operation(self) -> Operation:
        """The rules of the method that is asked for."""
        operation = self.route.operation(str(self.request.method))
        assert operation is not None, "checked before"
        return operation

    # Before

    async def prepare(self) -> None:
        """Judge the headers, when it is this request's turn, and get ready for the body."""
        await self.server.turns.take()
        try:
            self._admit()
        except ApiError as error:
            self._refuse(error)
        limit = self._limit
        length = self._announced_length()
        self._connection.set_max_body_size(READ_PAST * limit)
        if length > limit and self._refusal is None:
            self._refuse(too_large(limit))
        if length > READ_PAST * limit:
            assert self._refusal is not None
            raise self._refusal
        if length != 0:
            seconds = self.server.settings.body_seconds
            self._timer = IOLoop.current().call_later(seconds, self._body_is_late)

    def _admit(self) -> None:
        request, settings = self.request, self.server.settings
        host, origin = request.headers.get("Host"), request.headers.get("Origin")
        check_host(host, settings, getattr(self.application, "websocket_origins", ()))
        check_origin(origin, host, settings)
        if origin is not None and is_listed(origin, settings):
            self._lasting |= {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Expose-Headers": EXPOSED_HEADERS,
            }
            self.set_default_headers()
        if not self.route.operations:
            raise ApiError(404, _SENTENCES[404])
        if request.method == "OPTIONS":
            return
        if self.route.operation(str(request.method)) is None:
            raise self._wrong_method()
        self._limit_rate()
        if self.operation.changes:
            check_change(
                settings,
                request.headers.get("Authorization"),
                is_local=is_local(self._peer, request.headers),
            )
        self._choose_form()
        self.query = self._read_query()
        self._expect_body()

    @property
    def _connection(self) -> Any:
        return self.request.connection

    @property
    def _peer(self) -> str:
        """The address at the other end of the socket, whatever a proxy may say."""
        address = self._connection.context.address
        return str(address[0]) if isinstance(address, tuple) and address else ""

    @property
    def _limit(self) -> int:
        operation = self.route.operation(str(self.request.method))
        takes_much = operation is not None and operation.takes and not operation.small
        return self.server.settings.body_bytes if takes_much else SMALL_BODY

    def _wrong_method(self) -> ApiError:
        methods = ", ".join(self.route.methods)
        return ApiError(
            405,
            f"This address takes {methods}; found {str(self.request.method)[:12]}.",
            headers={"Allow": methods},
        )

    def _limit_rate(self) -> None:
        if self.operation.is_file:
            return
        limit = self.server.writes if self.operation.changes else self.server.reads
        wait = limit.take(str(self.request.remote_ip))
        if wait:
            raise ApiError(
                429,
                f"Too many requests from your address; the next one is welcome in {wait:.2f} s.",
                headers={"Retry-After": str(int(wait) + 1)},
            )

    def _choose_form(self) -> None:
        offers = list(self.operation.gives)
        chosen = choose_type(self.request.headers.get("Accept"), offers)
        if chosen is None:
            raise ApiError(406, f"The answer can be had as {' or '.join(offers)} alone.")
        self.form = chosen

    def _read_query(self) -> dict[str, Any]:
        known = {parameter.name: parameter for parameter in self.operation.parameters}
        found: dict[str, Any] = {}
        try:
            pairs = parse_qsl(
                self.request.query, keep_blank_values=True, errors="strict", max_num_fields=20
            )
        except ValueError as error:
            raise ApiError(400, "The query cannot be read.") from error
        for name, text in pairs:
            if name not in known or name in found:
                expected = f"; there are {', '.join(known)}, each once" if known else ""
                raise ApiError(400, f"The query has no use for “{name[:24]}”{expected}.")
            found[name] = known[name].read(text)
        return found

    def _expect_body(self) -> None:
        if not self.operation.takes:
            return
        headers = self.request.headers
        kind = headers.get("Content-Type", JSON).partition(";")[0].strip().lower()
        encoding = headers.get("Content-Encoding", "identity").strip().lower()
        if kind not in self.operation.takes:
            kinds = " or ".join(self.operation.takes)
            raise ApiError(415, f"A body of the type {kinds} was expected; found “{kind[:60]}”.")
        if encoding not in ENCODINGS:
            raise ApiError(415, f"A body may be compressed by gzip alone, not “{encoding[:24]}”.")
        self.body_type = kind
        self._body = Body(self._limit, encoding, self.server.room)

    def _announced_length(self) -> int:
        """Return the length that the headers announce; -1 for a body in chunks."""
        if "Transfer-Encoding" in self.request.headers:
            return -1
        text = self.request.headers.get("Content-Length", "0")
        return int(text) if text.isascii() and text.isdigit() else 0

    # The body

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body, or read past it."""
        if self._body is None or self._refusal is not None:
            return
        try:
            self._body.add(chunk)
        except ApiError as error:
            self._refuse(error)

    def _refuse(self, error: ApiError) -> None:
        self._refusal = error
        self._drop_body()

    def _drop_body(self) -> None:
        if self._body is not None:
            self._body.drop()
            self._body = None

    def _body_is_late(self) -> None:
        if not self._finished:
            seconds = self.server.settings.body_seconds
            error = ApiError(408, f"The body did not arrive within {seconds:g} seconds.")
            self._refuse(error)
            self.send_error(error.status, exc_info=(ApiError, error, None))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            IOLoop.current().remove_timeout(self._timer)
            self._timer = None

    def take_body(self) -> bytes:
        """Return the body, and let go of it."""
        assert self._body is not None, "only operations with a body ask for it"
        content = self._body.whole()
        self._drop_body()
        return content

    # Answering

    async def _answer(self, *arguments: str) -> None:
        """Answer, once the body is there."""
        self._stop_timer()
        if self._finished:
            return
        if self._refusal is not None:
            raise self._refusal
        method = "get" if self.request.method == "HEAD" else str(self.request.method).lower()
        await getattr(self, f"on_{method}")(*arguments)

    get = head = post = put = patch = delete = options = _answer

    async def on_options(self, *_arguments: str) -> None:
        """Say which methods there are, also to a browser that asks before it calls."""
        methods = ", ".join(self.route.methods)
        self.set_header("Allow", methods)
        if "Access-Control-Allow-Origin" in self._lasting:
            self.set_header("Access-Control-Allow-Methods", methods)
            self.set_header("Access-Control-Allow-Headers", ALLOWED_HEADERS)
            self.set_header("Access-Control-Max-Age", "600")
            if self.request.headers.get("Access-Control-Request-Private-Network") == "true":
                self.set_header("Access-Control-Allow-Private-Network", "true")
        self.set_status(204)
        self.finish()

    def send(self, content: bytes, form: str = JSON) -> None:
        """Send an answer of status 200."""
        self.set_header("Content-Type", form)
        self.finish(content)

    def send_json(self, content: Any) -> None:
        """Send an answer as JSON."""
        self.send(to_json(content))

    def tag(self, content: str, *form: str) -> bool:
        """Give the answer an entity tag; True when the client has the same already (304)."""
        tag = ".".join((content, *form))
        self.set_header("ETag", f'"{tag}"')
        known = read_tags(self.request.headers.get("If-None-Match", ""))
        if self.request.method in ("GET", "HEAD") and {tag, "*"} & set(known):
            self.set_status(304)
            self.finish()
            return True
        return False

    @property
    def takes_gzip(self) -> bool:
        """Whether the client unpacks gzip."""
        return takes_gzip(self.request.headers.get("Accept-Encoding"))

    @property
    def if_match(self) -> list[str] | None:
        """Contents one of which the client expects the weights to have; None: any."""
        header = self.request.headers.get("If-Match")
        return None if header is None else [content_of(tag) for tag in read_tags(header)]

    def set_default_headers(self) -> None:
        """Set what every answer has, an error too."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Vary", "Accept, Accept-Encoding, Origin")
        self.set_header("X-Content-Type-Options", "nosniff")
        for name, value in getattr(self, "_lasting", {}).items():
            self.set_header(name, value)

    def compute_etag(self) -> None:
        """Have no tag but those that are set."""

    # Errors

    def write_error(self, status_code: int, **details: Any) -> None:
        """Send an error as JSON, with a sentence."""
        error = (details.get("exc_info") or (None, None, None))[1]
        if isinstance(error, HTTPError) and status_code == 405:
            error = self._wrong_method()
        if isinstance(error, StoreError):
            error = ApiError(503, str(error))
        if not isinstance(error, ApiError):
            sentence = _SENTENCES.get(status_code, f"{self._reason}.")
            error = ApiError(status_code, sentence)
        self.set_status(error.status)
        for name, value in error.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Type", JSON)
        request_id = self._lasting["Request-Id"]
        content = {"error": error.sentence, "status": error.status, "request": request_id}
        self.finish(to_json(content | error.details))

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log what the server itself is to blame for; refusals have their line anyway."""
        if not isinstance(error, ApiError | HTTPError):
            logger.error(
                "request %s failed", self._lasting["Request-Id"], exc_info=(kind, error, trace)
            )

    # After

    def _log(self) -> None:
        """Write the line of this request: neither query nor headers, where secrets may be."""
        request = self.request
        logger.info(
            "%s %s %s %s %d %.1f ms",
            self._lasting["Request-Id"],
            request.remote_ip,
            request.method,
            request.path[:200],
            self.get_status(),
            1000 * request.request_time(),
        )

    def on_finish(self) -> None:
        """Let go of everything."""
        self._stop_timer()
        self._drop_body()

    def on_connection_close(self) -> None:
        """Let go of everything when the client has gone."""
        self._stop_timer()
        self._drop_body()
        super().on_connection_close()
