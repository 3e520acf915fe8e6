"""The API keys of a project and of an organization: list, make, change, rotate, revoke (reliability.md §2.1)."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, TypeVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.pagination import PAGING, Pages
from loci.http.parser import body_of
from loci.http.renderer import dump_json
from loci.tenancy.context import tenant_tx
from orgs.api.base import OrganizationView
from orgs.api.parameters import ORG_ID, PROJECT_ID
from orgs.api.serializers.api_keys import (
    CLEARABLE,
    NARROWING,
    KeyAnswer,
    KeyChangeInput,
    KeyInput,
    KeysPageAnswer,
    NewKeyAnswer,
    OrganizationKeyInput,
    RotationInput,
    key_json,
)
from orgs.models import ApiKey
from orgs.services.api_keys import NewKey, change_key, create_key, find_key, keys_of, revoke_key, rotate_key

KEY_ID = OpenApiParameter("key_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The key's `id`.")
SHOWN_ONCE = "The answer shows the key itself, this once."
FORBIDDEN = "Unauthorized to manage API keys."

Json = dict[str, Any]
S = TypeVar("S", bound="serializers.Serializer[Any]")


def _described_list(whose: str, path: list[OpenApiParameter], parameters: type[KeyInput]) -> Any:
    return extend_schema_view(
        get=extend_schema(
            summary=f"List {whose} API keys",
            description="Newest first, also those that no longer work. No key itself is shown.",
            parameters=[*path, *PAGING],
            responses=KeysPageAnswer,
            tags=["keys"],
        ),
        post=extend_schema(
            summary=f"Make one of {whose} API keys",
            description=(
                f"{SHOWN_ONCE} A key acts as its maker, at most, and loses what they lose. Unlike elsewhere, null or an"
                " empty value is an error in what narrows a key: `scopes`, `entity`, `user_id`, `agent_id`, `app_id`,"
                " `allowed_cidrs`. A key that is restricted, limited or about to end makes no other."
            ),
            parameters=path,
            request=parameters,
            responses={201: NewKeyAnswer},
            tags=["keys"],
        ),
    )


def _described_one(whose: str, path: list[OpenApiParameter]) -> Any:
    shared: Json = {"parameters": [*path, KEY_ID], "responses": KeyAnswer, "tags": ["keys"]}
    return extend_schema_view(
        get=extend_schema(summary=f"Get one of {whose} API keys", **shared),
        patch=extend_schema(
            summary=f"Change one of {whose} API keys",
            description="What it may do and whom it is bound to cannot change. 409 for a key that no longer works.",
            request=KeyChangeInput,
            **shared,
        ),
        delete=extend_schema(
            summary=f"Revoke one of {whose} API keys",
            description="It stops working at once, everywhere. One that is revoked stays so.",
            **shared,
        ),
    )


def _described_rotation(whose: str, path: list[OpenApiParameter]) -> Any:
    return extend_schema(
        summary=f"Rotate one of {whose} API keys",
        description=(
            f"{SHOWN_ONCE} The new key has the same restrictions; the old one works on for `grace_hours`, unless it"
            " ends before. Only its maker may do so. 409 for a key that no longer works or was rotated already."
        ),
        parameters=[*path, KEY_ID],
        request=RotationInput,
        responses={201: NewKeyAnswer},
        tags=["keys"],
    )


class _KeysView(OrganizationView):
    forbidden = FORBIDDEN

    def described(self, key: ApiKey) -> Json:
        """Returns the key as it is shown."""
        return key_json(key, self.caller.here)

    def shown_once(self, make: Callable[[], NewKey]) -> HttpResponse:
        """Answers with the new key itself. It is not kept with the answer: a repeat is answered without it."""
        made: list[NewKey] = []
        response = self.once(make, lambda new: self.described(new.row) | {"key": None}, then=made.append, status=201)
        for new in made:
            response.content = dump_json(self.described(new.row) | {"key": new.secret})
        return response


@_described_list("an organization's", [ORG_ID], OrganizationKeyInput)
class OrganizationKeysView(_KeysView):
    """The keys of an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:admin", "POST": "org:admin"}
    parameters: ClassVar[type[KeyInput]] = OrganizationKeyInput

    def get(self, request: Request, **_: str) -> Response:
        """Answers with one page, newest first."""
        pages = Pages()
        with tenant_tx(self.tenant):
            found = pages.paginate_queryset(keys_of(self.caller.here), request, view=self) or []
            rows = [self.described(key) for key in found]
        return pages.get_paginated_response(rows)

    def post(self, request: Request, **_: str) -> HttpResponse:
        """Makes a key."""
        given = _read(self.parameters, request, keep=NARROWING)
        return self.shown_once(lambda: create_key(self.caller, given.validated_data["name"], given.restrictions()))


@_described_one("an organization's", [ORG_ID])
class OrganizationKeyView(_KeysView):
    """One key of an organization."""

    scopes: ClassVar[Mapping[str, str]] = dict.fromkeys(("GET", "PATCH", "DELETE"), "org:admin")

    def get(self, _request: Request, key_id: str, **_: str) -> Response:
        """Answers with the key."""
        with tenant_tx(self.tenant):
            return Response(self.described(find_key(self.caller.here, key_id)))

    def patch(self, request: Request, key_id: str, **_: str) -> HttpResponse:
        """Changes the key."""
        given = _read(KeyChangeInput, request, keep=(*NARROWING, *CLEARABLE))
        return self.once(lambda: change_key(self.caller, key_id, **given.validated_data), self.described)

    def delete(self, _request: Request, key_id: str, **_: str) -> HttpResponse:
        """Revokes the key."""
        return self.once(lambda: revoke_key(self.caller, key_id), self.described)


@extend_schema_view(post=_described_rotation("an organization's", [ORG_ID]))
class OrganizationKeyRotationView(_KeysView):
    """The rotation of a key of an organization."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "org:admin"}

    def post(self, request: Request, key_id: str, **_: str) -> HttpResponse:
        """Makes a key in its place."""
        given = _read(RotationInput, request)
        return self.shown_once(lambda: rotate_key(self.caller, key_id, given.grace()))


@_described_list("a project's", [ORG_ID, PROJECT_ID], KeyInput)
class ProjectKeysView(OrganizationKeysView):
    """The keys of a project."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "project:admin", "POST": "project:admin"}
    parameters = KeyInput


@_described_one("a project's", [ORG_ID, PROJECT_ID])
class ProjectKeyView(OrganizationKeyView):
    """One key of a project."""

    scopes: ClassVar[Mapping[str, str]] = dict.fromkeys(("GET", "PATCH", "DELETE"), "project:admin")


@extend_schema_view(post=_described_rotation("a project's", [ORG_ID, PROJECT_ID]))
class ProjectKeyRotationView(OrganizationKeyRotationView):
    """The rotation of a key of a project."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "project:admin"}


def _read(parameters: type[S], request: Request, *, keep: Collection[str] = ()) -> S:
    given = parameters(data=normalise(body_of(request), aliases={}, keep=keep))
    if not given.is_valid():
        raise serializers.ValidationError({"errors": given.errors})
    return given
