"""Pages of lists: the envelope `{"count", "next", "previous", "results"}` (contract.md §3)."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Page, Paginator
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from loci.http.parser import body_of

PAGING = [OpenApiParameter("page", int), OpenApiParameter("page_size", int)]
"""For the description of a list."""

_LAST_PAGE = 10**9


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

    def get_page_size(self, request: Request) -> int:
        """Returns the size asked for."""
        return self._asked(request, "page_size", self.max_page_size) or self.page_size

    def get_page_number(self, request: Request, _paginator: "Paginator[Any]") -> int:
        """Returns the page asked for."""
        return self._asked(request, "page", _LAST_PAGE) or 1

    def get_next_link(self) -> str | None:
        """Returns the absolute address of the next page."""
        return self._link(self.page.next_page_number()) if self.page.has_next() else None

    def get_previous_link(self) -> str | None:
        """Returns the absolute address of the page before."""
        return self._link(self.page.previous_page_number()) if self.page.has_previous() else None

    def _asked(self, request: Request, name: str, most: int) -> int | None:
        value: Any = request.query_params.get(name)
        if not value:
            value = body_of(request).get(name)
        if value is None or value == "":
            return None
        field = serializers.IntegerField(min_value=1, max_value=most)
        try:
            return int(field.run_validation(value))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({name: error.detail}) from error

    def _link(self, number: int) -> str:
        """`BASE_URL` and not the Host header, which anybody can set."""
        query = self.request.query_params.copy()
        query["page"], query["page_size"] = str(number), str(self.page.paginator.per_page)
        return f"{settings.BASE_URL}{self.request.path}?{urlencode(list(query.lists()), doseq=True)}"


class EventPages(Pages):
    """Pages of 50, at most 100 (contract.md §8)."""

    page_size = 50
    max_page_size = 100
