"""Routes whose trailing slash may be missing: clients leave it out, and none follows a redirect (contract.md §1)."""

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.urls.resolvers import RoutePattern

_Match = tuple[str, tuple[Any, ...], dict[str, Any]]


class _OptionalSlashPattern(RoutePattern):
    def match(self, path: str) -> _Match | None:
        return super().match(path) or super().match(f"{path}/")


def route(pattern: str, view: Callable[..., HttpResponseBase], name: str | None = None) -> URLPattern:
    """Returns a URL pattern like Django's `path(pattern, view)`, with and without the slash it ends in.

    Of `<path:name>/` one trailing slash is no part of the name.
    """
    return URLPattern(_OptionalSlashPattern(pattern, name=name, is_endpoint=True), view, {}, name)
