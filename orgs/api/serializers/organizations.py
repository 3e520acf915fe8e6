"""What requests about organizations may ask, and what they are answered (contract.md §10)."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from orgs.models import Role

MAX_NAME = 200
MEMBER = {
    "username": "alex",
    "role": "OWNER",
    "email": "alex@example.com",
    "user_id": "01930000-0000-7000-8000-000000000001",
}
ORGANIZATION = {
    "org_id": "org_…",
    "name": "Example & Co.",
    "created_at": "2026-01-15T10:30:00.000000+00:00",
    "updated_at": "2026-01-15T10:30:00.000000+00:00",
    "members": [MEMBER],
    "is_default": True,
    "byok_enabled": False,
    "invitations": [],
    "owner_pricing_plan": "self-hosted",
    "is_owner": True,
    "user_role": "OWNER",
}
DELETED = {"message": "Organization deleted successfully!", "erased_at": "2026-01-22T10:30:00.000000+00:00"}
MADE = {"message": "Organization created successfully.", "org_id": "org_…"}


def example(value: Any) -> OpenApiExample:
    """Returns a serializer's example."""
    return OpenApiExample("Example", value=value)


@extend_schema_serializer(examples=[example({"name": "Example & Co."})])
class OrganizationInput(serializers.Serializer[Any]):
    """The parameters of a new organization, and of a change."""

    name = serializers.CharField(max_length=MAX_NAME, help_text="What people call it.")


@extend_schema_serializer(examples=[example({"message": "Organization updated successfully."})])
class Done(serializers.Serializer[Any]):
    """What was done, in a sentence."""

    message = serializers.CharField()


@extend_schema_serializer(examples=[example(DELETED)])
class Deleted(Done):
    """What was deleted, and when its data will be erased."""

    erased_at = serializers.DateTimeField(help_text="Until then it can be restored.")


def deleted_at() -> serializers.DateTimeField:
    """Returns the field for when something was deleted."""
    return serializers.DateTimeField(required=False, help_text="Only with `deleted=true`.")


@extend_schema_serializer(examples=[example(MADE)])
class MadeOrganization(Done):
    """The id of a new organization."""

    org_id = serializers.CharField()


class MemberAnswer(serializers.Serializer[Any]):
    """Somebody who belongs to an organization or a project."""

    username = serializers.CharField(help_text="The email up to the `@`: people have no other name.")
    role = serializers.ChoiceField(choices=list(Role))
    email = serializers.EmailField()
    user_id = serializers.UUIDField()


class OpenInvitation(serializers.Serializer[Any]):
    """A role that somebody was offered and has not taken yet."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=list(Role))
    project_id = serializers.CharField(allow_null=True, help_text="Null for the whole organization.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[example(ORGANIZATION)])
class OrganizationAnswer(serializers.Serializer[Any]):
    """An organization as the caller sees it: of somebody in one of its projects only, its name."""

    org_id = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    members = MemberAnswer(many=True, help_text="Empty without the scope `org:read`.")
    is_default = serializers.BooleanField(help_text="Whether it is the first that the person came to belong to.")
    byok_enabled = serializers.BooleanField(help_text="Always false.")
    invitations = OpenInvitation(many=True, help_text="Those that are open. Empty without the scope `org:admin`.")
    owner_pricing_plan = serializers.CharField(allow_null=True, help_text="Null without the scope `org:read`.")
    is_owner = serializers.BooleanField()
    user_role = serializers.ChoiceField(
        choices=list(Role), allow_null=True, help_text="Null for somebody who is in one of its projects only."
    )
    deleted_at = deleted_at()
