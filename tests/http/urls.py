"""A small API on which the plumbing of every endpoint is tested, without a database."""

from typing import Any

import psycopg
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from psycopg_pool import PoolTimeout
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from loci.errors import DependencyError, DomainError, NotFound
from loci.http.aliases import normalise
from loci.http.pagination import EventPages, Pages
from loci.http.parser import body_of
from loci.http.routes import route

SECRET = "alice-loves-badminton"
KEPT: list[Any] = []


def _too_long_for_an_index() -> OperationalError:
    message = f"index row size 4000 exceeds maximum for {SECRET}"
    error = OperationalError(message)
    error.__cause__ = psycopg.errors.ProgramLimitExceeded(message)
    return error


ERRORS: dict[str, Exception] = {
    "bug": RuntimeError(SECRET),
    "data": DataError(f"invalid input syntax: {SECRET}"),
    "denied": PermissionDenied(),
    "dependency": DependencyError("The model is down.", retry_after=6.2),
    "domain": DomainError("No entity.", status=400, body={"message": "At least one of the filters is required!"}),
    "failed-key": AuthenticationFailed("something else"),
    "index": _too_long_for_an_index(),
    "missing": NotFound("Memory not found!", body={"error": "Memory not found!"}),
    "no-key": NotAuthenticated(),
    "nul": psycopg.DataError(f"text fields cannot contain NUL: {SECRET}"),
    "operational": OperationalError(f"server closed the connection near {SECRET}"),
    "pool": PoolTimeout("couldn't get a connection after 3.00 sec"),
    "throttled": Throttled(wait=4.2),
}


class Open(APIView):
    authentication_classes = ()
    permission_classes = ()


class Echo(Open):
    """Answers with what it understood."""

    def get(self, request: Request, **path: str) -> Response:
        return Response({"data": request.data, "path": path})

    def post(self, request: Request, **path: str) -> Response:
        KEPT.append(request.data)
        return Response({"data": normalise(body_of(request)), "path": path})

    delete = get


class SmallEcho(Echo):
    max_body_bytes = 20


class Form(serializers.Serializer[Any]):
    query = serializers.CharField()
    top_k = serializers.IntegerField(max_value=1000)


class Checked(Open):
    def post(self, request: Request) -> Response:
        Form(data=request.data).is_valid(raise_exception=True)
        return Response({})


class Listing(Open):
    pages = Pages

    def get(self, request: Request) -> Response:
        pages = self.pages()
        return pages.get_paginated_response(pages.paginate_queryset(range(250), request, view=self))

    post = get


class EventListing(Listing):
    pages = EventPages


class Failing(Open):
    def get(self, _request: Request, kind: str) -> Response:
        raise ERRORS[kind]


def plain_failing(_request: HttpRequest, kind: str) -> HttpResponse:
    raise ERRORS[kind]


def plain_not_allowed(_request: HttpRequest) -> HttpResponse:
    return HttpResponseNotAllowed(["PUT"])


urlpatterns = [
    route("v1/echo/", Echo.as_view()),
    route("v1/small/", SmallEcho.as_view()),
    route("v1/checked/", Checked.as_view()),
    route("v1/list/", Listing.as_view()),
    route("v1/events/", EventListing.as_view()),
    route("v1/fail/<str:kind>/", Failing.as_view()),
    route("v1/plain/<str:kind>/", plain_failing),
    route("v1/put-only/", plain_not_allowed),
    route("v2/entities/<str:entity_type>/<path:name>/", Echo.as_view()),
]
