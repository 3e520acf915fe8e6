"""The outermost middleware: gives a request its id, and tells log, metrics and request log afterwards how it went."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from loci.observability import context, metrics, request_log
from loci.observability.request_log import Answered, Entry

logger = logging.getLogger("loci.access")

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_PROBES = frozenset({"/healthz/", "/readyz/", "/metrics/"})

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestContextMiddleware:
    """Answers with `X-Request-Id` (the caller's own, where it is a sane one), logs and counts the request.

    What is logged is the route's template (`/v2/entities/{entity_type}/{name}/`), never the path: paths hold names.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _request_id(request)
        with context.bound(request_id=request_id):
            received_at, started = datetime.now(UTC), time.perf_counter()
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            _report(request, response, seconds)
            _keep(request, response, seconds, received_at)
            response["X-Request-Id"] = request_id
        return response

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Makes the route known to the log lines of the view."""
        context.add(route=route_template(request))


def route_template(request: HttpRequest) -> str:
    """Returns the route that serves `request`, as `/v1/memories/{memory_id}/`, or "unmatched"."""
    if request.resolver_match is None:
        return "unmatched"
    return "/" + _PARAMETER.sub(r"{\1}", request.resolver_match.route)


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if _SANE_ID.fullmatch(given) else str(uuid.uuid4())


def _report(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    method = _method(request)
    route, status = route_template(request), response.status_code
    metrics.HTTP_REQUESTS.labels(method, route, status).inc()
    metrics.HTTP_SECONDS.labels(method, route).observe(seconds)
    # Probes and scrapers ask every few seconds, and nobody reads that they were answered.
    level = logging.DEBUG if route in _PROBES and status == 200 else logging.INFO
    logger.log(
        level,
        "request",
        extra={"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)},
    )


def _keep(request: HttpRequest, response: HttpResponse, seconds: float, received_at: datetime) -> None:
    """Logs what a project's key asked for; the rest is nobody's request."""
    entry: Entry | None = getattr(request, "log_entry", None)
    if entry is None:
        return
    request_log.add(
        Answered(
            entry,
            request_id=context.request_id() or "",
            method=_method(request),
            route=route_template(request),
            status=response.status_code,
            milliseconds=seconds * 1000,
            received_at=received_at,
        )
    )


def _method(request: HttpRequest) -> str:
    return request.method if request.method in _METHODS else "OTHER"
