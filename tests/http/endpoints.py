"""Every endpoint of a URL configuration, found by walking it, so that a new one is tested without being named."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from django.urls import URLPattern, URLResolver
from rest_framework.views import APIView

_PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Endpoint:
    """One method of one route, with a path whose parameters are filled in."""

    method: str
    route: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    def path_of(self, org_id: str, project_id: str) -> str:
        """Returns the path with an organization and project that there are; other ids are still nobody's."""
        own = self.route.replace("<str:org_id>", org_id).replace("<str:project_id>", project_id)
        return _filled(own)


def json_endpoints(urlconf: str) -> list[Endpoint]:
    """Returns the endpoints of DRF views; the pages of the reference (drf-spectacular) are none."""
    patterns = _flat(import_module(urlconf).urlpatterns, "/")
    return [
        Endpoint(method, route, _filled(route))
        for route, view in patterns
        if view is not None and not view.__module__.startswith("drf_spectacular")
        for method in _allowed(view)
    ]


def _flat(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, type[APIView] | None]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _flat(pattern.url_patterns, route)
        else:
            yield route, getattr(pattern.callback, "cls", None)


def _allowed(view: type[APIView]) -> list[str]:
    return [method for method in _METHODS if hasattr(view, method.lower())]


def _filled(route: str) -> str:
    return _PARAMETER.sub(_example, route)


def _example(parameter: re.Match[str]) -> str:
    """A name for `<path:…>`, an entity type where one is meant, else an id that nothing has."""
    if parameter["converter"] == "path":
        return "nobody"
    return "user" if "type" in parameter["name"] else str(uuid.uuid4())
