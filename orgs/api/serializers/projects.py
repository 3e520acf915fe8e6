"""What requests about projects may ask, and what they are answered (contract.md §10)."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from orgs.api.serializers.organizations import MAX_NAME, MEMBER, Done, MemberAnswer, deleted_at, example
from orgs.models import Attribution, Role
from orgs.project_settings import DEFAULTS, LONGEST_WAIT_MS, ProjectSettings

MAX_DESCRIPTION = 5_000
ALIASES = {"usecase_setting": "usecase"}
CLEARABLE = frozenset({"description", *DEFAULTS})
"""What null and "" put back to its default, where elsewhere they are as if they were not there."""

PROJECT = {
    "project_id": "proj_…",
    "name": "default-project",
    "description": None,
    "created_at": "2026-01-15T10:30:00.000000+00:00",
    "updated_at": "2026-01-15T10:30:00.000000+00:00",
    "members": [MEMBER],
    **DEFAULTS,
    "custom_categories": [{"food": "What they like to eat."}],
    "add_wait_ms": 0,
    "v1_is_synchronous": False,
    "shows_superseded": False,
    "attribution": "both",
    "is_default": True,
    "user_role": "OWNER",
}
MADE = {"message": "Project created successfully.", "project_id": "proj_…"}


def _name(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=MAX_NAME, help_text="What people call it.", **options)


def _description() -> serializers.CharField:
    return serializers.CharField(
        max_length=MAX_DESCRIPTION, required=False, allow_blank=True, help_text="What it is for."
    )


@extend_schema_serializer(examples=[example({"name": "Support", "description": "Conversations with customers."})])
class ProjectInput(serializers.Serializer[Any]):
    """The parameters of a new project."""

    name = _name()
    description = _description()


@extend_schema_serializer(
    examples=[example({"custom_instructions": "Leave out prices.", "custom_categories": [{"food": "What they eat."}]})]
)
class ProjectChanges(ProjectSettings):
    """The parameters of a change: whatever is not given stays.

    Null or "" empties the description and puts a setting that has a default here back to it.
    """

    name = _name(required=False)
    description = _description()
    add_wait_ms = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_WAIT_MS,
        required=False,
        help_text="How long an asynchronous add waits for its result before it answers PENDING.",
    )
    v1_is_synchronous = serializers.BooleanField(
        required=False, help_text="Whether a v1 add without `async_mode` waits for its memories."
    )
    shows_superseded = serializers.BooleanField(
        required=False, help_text="Whether lists and searches also show what another memory has made untrue."
    )
    attribution = serializers.ChoiceField(
        choices=Attribution.choices,
        required=False,
        help_text="Whose a fact is when an add names a user and an agent: both keep it, or only its speaker.",
    )


@extend_schema_serializer(examples=[example(MADE)])
class MadeProject(Done):
    """The id of a new project."""

    project_id = serializers.CharField()


@extend_schema_serializer(examples=[example(PROJECT)])
class ProjectAnswer(ProjectSettings):
    """A project with all of its settings."""

    project_id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    members = MemberAnswer(
        many=True, help_text="Who has a role in it; without the scope `org:read`, only who has one of its own."
    )
    add_wait_ms = serializers.IntegerField()
    v1_is_synchronous = serializers.BooleanField()
    shows_superseded = serializers.BooleanField()
    attribution = serializers.ChoiceField(choices=Attribution.choices)
    is_default = serializers.BooleanField()
    user_role = serializers.ChoiceField(choices=list(Role), allow_null=True)
    deleted_at = deleted_at()
