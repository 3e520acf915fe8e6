"""Error reports by `SENTRY_DSN`: where an error happened, never what it happened to (reliability.md §2.12).

An event is built anew from the few keys below. Texts of exceptions are left out, since databases and parsers quote
data in them; the report's `request_id` tag finds the log line.
"""

from typing import Any, cast

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.stdlib import StdlibIntegration
from sentry_sdk.types import Event, Hint

from loci.observability import context

_KEPT = ("event_id", "timestamp", "platform", "level", "release", "environment", "server_name", "sdk", "modules")
_KEPT_OF_EXCEPTION = ("type", "module", "mechanism")
_KEPT_OF_FRAME = (
    "filename",
    "abs_path",
    "module",
    "function",
    "lineno",
    "in_app",
    "pre_context",
    "context_line",
    "post_context",
)
_TAGS = ("request_id", "route", "job", "kind", "task")


def configure() -> None:
    """Starts error reports of this process, web or worker, to `SENTRY_DSN`; traces are never sent."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        integrations=[DjangoIntegration(signals_spans=False), CeleryIntegration(propagate_traces=False)],
        auto_enabling_integrations=False,
        disabled_integrations=[LoggingIntegration, StdlibIntegration],
        release=str(settings.SPECTACULAR_SETTINGS["VERSION"]),
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        before_breadcrumb=_drop,
        before_send=scrub,
        before_send_transaction=_drop,
        auto_session_tracking=False,
        propagate_traces=False,
        trace_propagation_targets=[],
        enable_metrics=False,
    )


def report(error: BaseException) -> None:
    """Sends one error."""
    sentry_sdk.capture_exception(error)


def scrub(event: Event, _hint: Hint) -> Event | None:
    """Returns what may leave this machine of `event`: types, stack frames, versions, and ids of the work at hand."""
    kept: dict[str, Any] = {key: value for key, value in event.items() if key in _KEPT}
    values = (event.get("exception") or {}).get("values") or []
    kept["exception"] = {"values": [_exception(value) for value in values]}
    known = context.current()
    kept["tags"] = {"process": settings.PROCESS, **{name: known[name] for name in _TAGS if name in known}}
    if transaction := _transaction(event):
        kept["transaction"] = transaction
    return cast("Event", kept)


def _transaction(event: Event) -> str | None:
    """The SDK falls back to the request's path, which holds names; a route and a task are code."""
    is_task = (event.get("transaction_info") or {}).get("source") == "task"
    return event.get("transaction") if is_task else context.current().get("route")


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    kept = {key: value[key] for key in _KEPT_OF_EXCEPTION if key in value}
    kept["stacktrace"] = {"frames": [{key: frame[key] for key in _KEPT_OF_FRAME if key in frame} for frame in frames]}
    return kept


def _drop(_item: Any, _hint: Any) -> None:
    return None
