"""The outermost middleware: gives a request its id, and says afterwards how it went."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from loci.observability import context, metrics

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
            started = time.perf_counter()
            response = self.get_response(request)
            _report(request, response, time.perf_counter() - started)
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
    method = request.method if request.method in _METHODS else "OTHER"
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
