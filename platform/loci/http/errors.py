"""What an error looks like: a JSON object with `detail`, `request_id` and the hosted keys (contract.md §2)."""

import logging
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import psycopg
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, ValidationError
from rest_framework.response import Response

from loci.errors import DependencyError, DomainError
from loci.http.renderer import dump_json
from loci.observability import context

logger = logging.getLogger(__name__)

INVALID_API_KEY = "Invalid API key. You can find your API key on https://app.mem0.ai/dashboard/api-keys."
"""The hosted service's own words: integrations compare them (contract.md §2)."""

RETRY_AFTER_S = 2
_MAX_SENTENCES = 5

_DETAILS = {
    400: "The request is malformed.",
    401: INVALID_API_KEY,
    403: "You do not have permission to do this.",
    404: "Not found.",
    405: "This method is not allowed here.",
    411: "The request needs a Content-Length.",
    413: "The request body is too large.",
    415: "The request body must be application/json in UTF-8, not compressed.",
    500: "Internal server error.",
    503: "Temporarily unavailable. Try again.",
}

_NOT_STORABLE = (DataError, psycopg.DataError)
_UNAVAILABLE = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
_TOO_BIG_FOR_POSTGRES = (
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
    psycopg.errors.TooManyArguments,
)
_MALFORMED = (SuspiciousOperation, BadRequest, UnreadablePostError)


def exception_handler(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """DRF's hook: returns the answer to `error`; None for a bug, which Django then answers with 500 and reports."""
    answer = _answer(error)
    if answer is None:
        return None
    status, body, headers = answer
    return Response(error_body(status, body), status=status, headers=_with_retry_after(status, headers))


def error_response(
    status: int, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Returns the error `status` for code outside of DRF; `detail` is filled in where `body` has none."""
    content = dump_json(error_body(status, body or {}))
    return HttpResponse(
        content, status=status, content_type="application/json", headers=_with_retry_after(status, headers or {})
    )


def response_to(error: Exception) -> HttpResponse | None:
    """Returns the answer to an `error` outside of DRF; None for a bug."""
    answer = _answer(error)
    return error_response(*answer) if answer else None


def error_body(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `body` with a `detail` and the request's id."""
    return {"detail": _DETAILS.get(status, "The request failed."), **body, "request_id": context.request_id()}


_Answer = tuple[int, Mapping[str, Any], Mapping[str, str]]


def _answer(error: Exception) -> _Answer | None:
    """Status, body and headers of `error`."""
    if isinstance(error, DomainError):
        return error.status, error.body, {**error.headers, **_retry_after(error.retry_after)}
    if isinstance(error, APIException):
        return _api_answer(error)
    if isinstance(error, Http404):
        return 404, {}, {}
    if isinstance(error, PermissionDenied):
        return 403, {}, {}
    if isinstance(error, _MALFORMED):
        return 400, {}, {}
    return _dependency_answer(error)


def _api_answer(error: APIException) -> _Answer:
    if isinstance(error, (NotAuthenticated, AuthenticationFailed)):
        return 401, {}, {"WWW-Authenticate": "Token"}
    if isinstance(error, ValidationError):
        return 400, _validation_body(error.detail), {}
    return error.status_code, {"detail": str(error.detail)}, _retry_after(getattr(error, "wait", None))


def _dependency_answer(error: Exception) -> _Answer | None:
    if isinstance(error, _NOT_STORABLE) or isinstance(error.__cause__ or error, _TOO_BIG_FOR_POSTGRES):
        logger.warning("the database refused a value", exc_info=error)
        return 400, {"detail": "The request holds a value that cannot be stored."}, {}
    if isinstance(error, (DependencyError, *_UNAVAILABLE)):
        logger.warning("a dependency failed", exc_info=error)
        return 503, {}, _retry_after(getattr(error, "retry_after", None))
    return None


def _retry_after(seconds: float | None) -> dict[str, str]:
    """An integer, because the official client parses it with `int` (contract.md §1)."""
    return {} if seconds is None else {"Retry-After": str(max(1, math.ceil(seconds)))}


def _with_retry_after(status: int, headers: Mapping[str, str]) -> dict[str, str]:
    default = _retry_after(RETRY_AFTER_S) if status in {429, 503} else {}
    return {**default, **headers}


_NO_FIELDS = frozenset({"errors", "non_field_errors"})
"""Keys of a validation's body that name no field of the request (contract.md §2, organizations)."""


def _validation_body(detail: Any) -> dict[str, Any]:
    """The fields' own errors, as DRF writes them, and one text of the first few."""
    fields = dict(detail) if isinstance(detail, dict) else {}
    return {**fields, "detail": " ".join(islice(sentences(detail), _MAX_SENTENCES))}


def sentences(detail: Any, field: str = "") -> Iterator[str]:
    """Yields what a validation says, each time with the path of the field that it is about."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            path = field if name in _NO_FIELDS else f"{field}.{name}".lstrip(".")
            yield from sentences(inner, path)
    elif isinstance(detail, list):
        for inner in detail:
            yield from sentences(inner, field)
    else:
        yield f"{field}: {detail}" if field else str(detail)
