"""`/healthz`, `/readyz` and `/metrics`: for whoever runs Loci, without an API key."""

import hmac
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from loci.http.errors import error_response
from loci.observability import health, metrics

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers: 200 `{"status": "ok"}`."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when Postgres answers within a second, else 503; Redis is only reported.

    `{"status": "ready"|"unavailable", "postgres": "ok"|"unreachable", "redis": "ok"|"unreachable"}`, and when ready
    `"without_index"`: the ids of large projects that are searched slowly until `manage.py maintain` has run.
    """
    without_index, redis = health.projects_without_index(), health.redis_answers()
    parts = {"postgres": _word(without_index is not None), "redis": _word(redis)}
    if without_index is None:
        return error_response(503, {"status": "unavailable", **parts, "detail": "Postgres does not answer."})
    return JsonResponse({"status": "ready", **parts, "without_index": without_index})


@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' numbers, for a direct caller on this machine or `Authorization: Bearer METRICS_TOKEN`; else 403."""
    if not (_is_local(request) or _has_token(request)):
        return error_response(403, {"detail": "Metrics are for this machine, or with the token of METRICS_TOKEN."})
    return HttpResponse(metrics.render(), content_type=metrics.CONTENT_TYPE)


def _word(answers: bool) -> str:
    return "ok" if answers else "unreachable"


def _is_local(request: HttpRequest) -> bool:
    """A proxy on this machine forwards for others, so a forwarded request is not local."""
    if any(header in request.headers for header in _FORWARDED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _has_token(request: HttpRequest) -> bool:
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    given = request.headers.get("Authorization", "").encode()
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given, expected)
