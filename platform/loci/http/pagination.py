"""Pages of lists: the envelope `{"count", "next", "previous", "results"}` (contract.md §3)."""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.utils.encoding import escape_uri_path
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from loci.http.aliases import normalise
from loci.http.parser import body_of

T = TypeVar("T")

_LAST_PAGE = 10**9
_BEFORE_DOTS = re.compile(r"/(?=\.\.?/)")


class Pages(PageNumberPagination):
    """Pages of 100, at most 200; `page` and `page_size` come from the query string, or else from the body.

    Pages whatever has `count()`, or a length, and can be sliced. Raises `ValidationError` (400) for numbers that are
    none, `NotFound` (404, "Invalid page.") beyond the last page; page 1 of an empty list exists.
    """

    page: "Page[Any]"
    request: Request

    page_size = 100
    max_page_size = 200
    page_size_query_param = "page_size"

    @classmethod
    def parameters(cls) -> list[OpenApiParameter]:
        """Returns the two parameters, for the description of a list."""
        size = {"type": "integer", "minimum": 1, "maximum": cls.max_page_size, "default": cls.page_size}
        number = {"type": "integer", "minimum": 1, "maximum": _LAST_PAGE, "default": 1}
        return [
            OpenApiParameter("page", number, description="Which page. Beyond the last one it is 404."),
            OpenApiParameter("page_size", size, description="How many to a page."),
        ]

    def read(self, request: Request, part: Callable[[int, int], tuple[list[T], int]]) -> list[T]:
        """Returns the page that is asked for; raises as `paginate_queryset`.

        `part(offset, size)` returns a part and how many there are in all, which may be 0 beyond the last.
        """
        self.request = request
        size, number = self.get_page_size(request), self._number(request)
        rows, total = part((number - 1) * size, size)
        if number > 1 and not rows:
            raise NotFound(self.invalid_page_message)
        self.page = Page(rows, number, Paginator(range(total), size))
        return rows

    def get_page_size(self, request: Request) -> int:
        """Returns the size asked for."""
        return self._asked(request, "page_size", self.max_page_size) or self.page_size

    def get_page_number(self, request: Request, _paginator: "Paginator[Any]") -> int:
        """Returns the page asked for."""
        return self._number(request)

    def are_asked_for(self, request: Request) -> bool:
        """Tells whether the request names a page and a size: else older lists are bare arrays (contract.md §5.2)."""
        return {"page", "page_size"} <= _given(request).keys()

    def get_next_link(self) -> str | None:
        """Returns the absolute address of the next page."""
        return self._link(self.page.next_page_number()) if self.page.has_next() else None

    def get_previous_link(self) -> str | None:
        """Returns the absolute address of the page before."""
        return self._link(self.page.previous_page_number()) if self.page.has_previous() else None

    def _number(self, request: Request) -> int:
        return self._asked(request, "page", _LAST_PAGE) or 1

    def _asked(self, request: Request, name: str, most: int) -> int | None:
        given = _given(request)
        if name not in given:
            return None
        field = serializers.IntegerField(min_value=1, max_value=most)
        try:
            return int(field.run_validation(given[name]))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({name: error.detail}) from error

    def _link(self, number: int) -> str:
        """`BASE_URL` and not the Host header, which anybody can set."""
        query = self.request.query_params.copy()
        query["page"], query["page_size"] = str(number), str(self.page.paginator.per_page)
        # A client would resolve the dots of a name like "a/../b", and end up with somebody else's list.
        path = _BEFORE_DOTS.sub("%2F", escape_uri_path(self.request.path))
        return f"{settings.BASE_URL}{path}?{urlencode(list(query.lists()), doseq=True)}"


def _given(request: Request) -> dict[str, Any]:
    """The parameters of the body and of the query string, which wins."""
    return normalise(body_of(request)) | normalise(request.query_params.dict())


class EventPages(Pages):
    """Pages of 50, at most 100 (contract.md §8)."""

    page_size = 50
    max_page_size = 100


PAGING = Pages.parameters()
"""For the description of a list with pages of the usual size."""
