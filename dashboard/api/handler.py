"""The base class of all request handlers: admission, validation, errors and logging.

Headers are checked before a body is accepted; the body of a rejected request is discarded up to
a limit, so that the client gets to read the response.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any
from urllib.parse import parse_qsl

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler, stream_request_body

from dashboard.api.access import check_change, check_host, check_origin, is_listed
from dashboard.api.body import ENCODINGS, Body, too_large
from dashboard.api.errors import ApiError
from dashboard.api.json_payloads import to_json
from dashboard.api.negotiation import accepts_gzip, choose_type, content_of, read_tags
from dashboard.api.operation import JSON, Operation, Route
from dashboard.api.server import Server
from dashboard.api.weights_store import StoreError

logger = logging.getLogger("inkling.api")

SMALL_BODY = 4096
DISCARD_FACTOR = 4
"""A rejected body is discarded up to this multiple of the limit; then the connection closes."""
ALLOWED_HEADERS = "Accept, Authorization, Content-Type, If-Match, If-None-Match"
EXPOSED_HEADERS = "ETag, Inkling-Version, Request-Id, Retry-After"
_SENTENCES = {
    400: "The request cannot be read.",
    404: "There is no such route; GET /api lists the routes.",
    405: "The route does not support this method.",
    500: "Internal server error; the log has the details.",
}


@stream_request_body
class ApiHandler(RequestHandler):
    """Base class of all handlers; subclasses define coroutines `on_get`, `on_post` and so on."""

    def initialize(self, server: Server, route: Route) -> None:
        """Store the server and the route; called by Tornado."""
        self.server = server
        self.route = route
        self.media_type = JSON
        self.query: dict[str, Any] = {}
        self._error: ApiError | None = None
        self._body: Body | None = None
        self._timer: object | None = None
        self._persistent_headers: dict[str, str] = {"Request-Id": uuid.uuid4().hex[:12]}
        self.set_default_headers()

    @property
    def operation(self) -> Operation:
        """The operation of the requested method."""
        operation = self.route.operation(str(self.request.method))
        assert operation is not None, "checked by _admit"
        return operation

    # Admission and validation

    async def prepare(self) -> None:
        """Wait for admission, check the headers, and prepare for the body; called by Tornado."""
        await self.server.admission.wait()
        try:
            self._admit()
        except ApiError as error:
            self._reject(error)
        limit = self._limit
        length = self._announced_length()
        # Tornado answers a chunked body above it without a word, and cuts the connection.
        most = max(limit, self.server.settings.body_bytes) if length < 0 else limit
        self._connection.set_max_body_size(DISCARD_FACTOR * most)
        if length > limit and self._error is None:
            self._reject(too_large(limit))
        if length > DISCARD_FACTOR * limit:
            assert self._error is not None
            raise self._error
        if length != 0:
            seconds = self.server.settings.body_seconds
            self._timer = IOLoop.current().call_later(seconds, self._body_timed_out)

    def _admit(self) -> None:
        request, settings = self.request, self.server.settings
        host, origin = request.headers.get("Host"), request.headers.get("Origin")
        check_host(host, settings, getattr(self.application, "websocket_origins", ()))
        check_origin(origin, host, settings)
        if origin is not None and is_listed(origin, settings):
            self._persistent_headers |= {
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
        if self.operation.changes_weights:
            check_change(settings, request.headers.get("Authorization"))
        self._choose_media_type()
        self.query = self._read_query()
        self._expect_body()

    @property
    def _connection(self) -> Any:
        return self.request.connection

    @property
    def _limit(self) -> int:
        operation = self.route.operation(str(self.request.method))
        may_be_large = (
            operation is not None and operation.request_types and not operation.has_small_body
        )
        return self.server.settings.body_bytes if may_be_large else SMALL_BODY

    def _wrong_method(self) -> ApiError:
        methods = ", ".join(self.route.methods)
        return ApiError(
            405,
            f"Expected one of the methods {methods}, found {str(self.request.method)[:12]}.",
            headers={"Allow": methods},
        )

    def _limit_rate(self) -> None:
        if self.operation.is_file:
            return
        limit = self.server.writes if self.operation.changes_weights else self.server.reads
        wait = limit.take(str(self.request.remote_ip))
        if wait:
            raise ApiError(
                429,
                f"Too many requests from this address; try again in {wait:.2f} s.",
                headers={"Retry-After": str(int(wait) + 1)},
            )

    def _choose_media_type(self) -> None:
        offers = list(self.operation.response_types)
        chosen = choose_type(self.request.headers.get("Accept"), offers)
        if chosen is None:
            raise ApiError(
                406,
                f"Expected Accept to include {' or '.join(offers)}, the types of this response.",
            )
        self.media_type = chosen

    def _read_query(self) -> dict[str, Any]:
        known = {parameter.name: parameter for parameter in self.operation.parameters}
        found: dict[str, Any] = {}
        try:
            pairs = parse_qsl(
                self.request.query, keep_blank_values=True, errors="strict", max_num_fields=20
            )
        except ValueError as error:
            raise ApiError(
                400,
                "Expected a query of name=value pairs in UTF-8, found one that cannot be parsed.",
            ) from error
        for name, text in pairs:
            if name not in known or name in found:
                expected = f"{', '.join(known)}, each once" if known else "no parameters"
                raise ApiError(400, f"Expected {expected} in the query, found “{name[:24]}”.")
            found[name] = known[name].read(text)
        return found

    def _expect_body(self) -> None:
        if not self.operation.request_types:
            return
        headers = self.request.headers
        kind = headers.get("Content-Type", JSON).partition(";")[0].strip().lower()
        encoding = headers.get("Content-Encoding", "identity").strip().lower()
        takes_any = self.operation.takes_any_type and not kind.startswith("multipart/")
        if kind not in self.operation.request_types and not takes_any:
            kinds = " or ".join(self.operation.request_types)
            raise ApiError(
                415,
                f"Expected a body of type {kinds}, found “{kind[:60]}”; send the header "
                f"Content-Type: {next(iter(self.operation.request_types))}.",
            )
        if encoding not in ENCODINGS:
            raise ApiError(
                415, f"Expected the content encoding gzip or none, found “{encoding[:24]}”."
            )
        self.body_type = kind
        self._body = Body(self._limit, encoding, self.server.body_memory)

    def _announced_length(self) -> int:
        """Return the Content-Length; -1 for a chunked body."""
        if "Transfer-Encoding" in self.request.headers:
            return -1
        text = self.request.headers.get("Content-Length", "0")
        return int(text) if text.isascii() and text.isdigit() else 0

    # The body

    def data_received(self, chunk: bytes) -> None:
        """Append a chunk of the body, or discard it; called by Tornado."""
        if self._body is None or self._error is not None:
            return
        try:
            self._body.add(chunk)
        except ApiError as error:
            self._reject(error)

    def _reject(self, error: ApiError) -> None:
        self._error = error
        self._drop_body()

    def _drop_body(self) -> None:
        if self._body is not None:
            self._body.drop()
            self._body = None

    def _body_timed_out(self) -> None:
        if not self._finished:
            seconds = self.server.settings.body_seconds
            error = ApiError(
                408,
                f"Expected the whole body within {seconds:g} seconds; it did not arrive in time.",
            )
            self._reject(error)
            self.send_error(error.status, exc_info=(ApiError, error, None))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            IOLoop.current().remove_timeout(self._timer)
            self._timer = None

    def take_body(self) -> bytes:
        """Return the complete body and release its memory."""
        assert self._body is not None, "only operations with a body call it"
        content = self._body.whole()
        self._drop_body()
        return content

    # Responses

    async def _respond(self, *arguments: str) -> None:
        """Run the handler of the method once the body has arrived."""
        self._stop_timer()
        if self._finished:
            return
        if self._error is not None:
            raise self._error
        method = "get" if self.request.method == "HEAD" else str(self.request.method).lower()
        await getattr(self, f"on_{method}")(*arguments)

    get = head = post = put = patch = delete = options = _respond

    async def on_options(self, *_arguments: str) -> None:
        """Answer OPTIONS, including the preflight requests of CORS."""
        methods = ", ".join(self.route.methods)
        self.set_header("Allow", methods)
        if "Access-Control-Allow-Origin" in self._persistent_headers:
            self.set_header("Access-Control-Allow-Methods", methods)
            self.set_header("Access-Control-Allow-Headers", ALLOWED_HEADERS)
            self.set_header("Access-Control-Max-Age", "600")
            if self.request.headers.get("Access-Control-Request-Private-Network") == "true":
                self.set_header("Access-Control-Allow-Private-Network", "true")
        self.set_status(204)
        self.finish()

    def send(self, content: bytes, media_type: str = JSON) -> None:
        """Send a response with status 200."""
        self.set_header("Content-Type", media_type)
        self.finish(content)

    def send_json(self, content: Any) -> None:
        """Send a JSON response with status 200."""
        self.send(to_json(content))

    def tag(self, content: str, *representation: str) -> bool:
        """Set the entity tag; return True after answering 304 to a client that has it already."""
        tag = ".".join((content, *representation))
        self.set_header("ETag", f'"{tag}"')
        known = read_tags(self.request.headers.get("If-None-Match", ""))
        if self.request.method in ("GET", "HEAD") and {tag, "*"} & set(known):
            self.set_status(304)
            self.finish()
            return True
        return False

    @property
    def accepts_gzip(self) -> bool:
        """Whether the client accepts gzip."""
        return accepts_gzip(self.request.headers.get("Accept-Encoding"))

    @property
    def if_match(self) -> list[str] | None:
        """Content identifiers in If-Match; None if the header is missing."""
        header = self.request.headers.get("If-Match")
        return None if header is None else [content_of(tag) for tag in read_tags(header)]

    def set_default_headers(self) -> None:
        """Set the headers of every response, including errors; called by Tornado."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Vary", "Accept, Accept-Encoding, Origin")
        self.set_header("X-Content-Type-Options", "nosniff")
        for name, value in getattr(self, "_persistent_headers", {}).items():
            self.set_header(name, value)

    def compute_etag(self) -> None:
        """Suppress Tornado's automatic entity tag."""

    # Errors

    def write_error(self, status_code: int, **details: Any) -> None:
        """Send an error as JSON; called by Tornado."""
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
        request_id = self._persistent_headers["Request-Id"]
        content = {"error": error.sentence, "status": error.status, "request": request_id}
        self.finish(to_json(content | error.details))

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log unexpected errors with a traceback; rejected requests have only their access line."""
        if not isinstance(error, ApiError | HTTPError):
            logger.error(
                "request %s failed",
                self._persistent_headers["Request-Id"],
                exc_info=(kind, error, trace),
            )

    # Completion

    def _log(self) -> None:
        """Write the access line, without query and headers, which may contain secrets."""
        request = self.request
        self.server.metrics.observe_request(request.request_time(), self.get_status())
        logger.info(
            "%s %s %s %s %d %.1f ms",
            self._persistent_headers["Request-Id"],
            request.remote_ip,
            request.method,
            request.path[:200],
            self.get_status(),
            1000 * request.request_time(),
        )

    def on_finish(self) -> None:
        """Release timer and memory; called by Tornado."""
        self._stop_timer()
        self._drop_body()

    def on_connection_close(self) -> None:
        """Release timer and memory after a disconnect; called by Tornado."""
        self._stop_timer()
        self._drop_body()
        super().on_connection_close()
