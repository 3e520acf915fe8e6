"""What the views of webhooks share."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from loci.http.aliases import normalise
from loci.http.parser import body_of
from loci.http.renderer import dump_json
from orgs.api.base import ProjectView

SCOPE = "webhooks:manage"
TAGS = ["webhooks"]
WEBHOOK_ID = OpenApiParameter("webhook_id", str, OpenApiParameter.PATH, description="The webhook's id: `wh_…`.")

Json = dict[str, Any]
T = TypeVar("T")
S = TypeVar("S", bound="serializers.Serializer[Any]")


class EndpointView(ProjectView):
    """Acts on one webhook of the project."""

    scopes: ClassVar[Mapping[str, str]] = dict.fromkeys(("GET", "POST", "PUT", "DELETE"), SCOPE)
    forbidden = "You don't have access to this webhook"
    forbidden_key = "error"

    def shown_once(
        self, make: Callable[[], T], answer: Callable[[T], Json], secret: Callable[[T], str], *, status: int = 200
    ) -> HttpResponse:
        """Answers with a new secret beside `answer`. It is not kept: a repeat is answered without it."""
        made: list[T] = []
        response = self.once(make, lambda new: answer(new) | {"secret": None}, then=made.append, status=status)
        for new in made:
            response.content = dump_json(answer(new) | {"secret": secret(new)})
        return response


def read(parameters: type[S], request: Request) -> S:
    """Returns what the body asks; raises `ValidationError` by field (contract.md §2)."""
    given = parameters(data=normalise(body_of(request), aliases={}))
    given.is_valid(raise_exception=True)
    return given
