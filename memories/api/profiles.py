"""Profiles of users: read, generated, set up (contract.md §12)."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError, NotFound
from loci.http.aliases import normalise
from loci.http.idempotency import REPLAYED
from loci.http.parser import body_of
from loci.http.renderer import dump_json, moment
from loci.net.endpoint import endpoint
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import ENTITY_ID, ENTITY_TYPE, PROFILE_JOB_ID
from memories.api.answers.memories import DeletingAnswer
from memories.api.answers.profiles import (
    NOT_ENABLED,
    ProfileAnswer,
    ProfileJobAnswer,
    ProfileJobStartedAnswer,
    ProfileSettingsAnswer,
)
from memories.api.description import example
from memories.api.entities import EntityView
from memories.api.entity_names import read_name, read_type
from memories.api.fields import EntityIdField
from memories.api.serializers import MAX_INSTRUCTIONS, Input
from memories.json_schemas import InvalidSchema, checked
from memories.lifecycle.summaries import Method
from memories.models import Entity, Profile, ProfileJob, ProfileOperation, ProfileSettings
from memories.provenance import Author
from memories.scope import EntityType
from memories.services.profiles import (
    NO_SUCH_JOB,
    SAMPLE_PAUSE,
    Started,
    accept_sample,
    accept_trigger,
    change_settings,
    job_of_profiles,
    profile_of,
    settings_of_profiles,
)
from orgs import audit
from orgs.api.base import SELECTION, ProjectView
from workers.doorbell import announce

Json = dict[str, Any]

SAMPLE_LIMIT, DEFAULT_SAMPLE = 10, 3
USERS_ONLY = "Only users have profiles."
UNSUPPORTED = "Unsupported settings"
OF_USERS = {"schema": "user_schema", "custom_instructions": "user_instructions"}
"""Settings of one type of entity, and where they are kept."""


class ProfileView(EntityView):
    """The profile of a user; and the erasure of an entity whose own name ends like this address."""

    for_bound_keys = frozenset({"GET"})

    @extend_schema(
        summary="Get a user's profile",
        description=(
            "What is known of the user, in the form of the project's schema. It is generated when it is asked for, and"
            " again within a day when memories have changed: `status` says how that stands. Deleting a memory of the"
            " user empties it, and it is generated again a few minutes later."
        ),
        parameters=[ENTITY_TYPE, ENTITY_ID],
        responses=ProfileAnswer,
        tags=["profiles"],
    )
    def get(self, request: Request, entity_type: str, entity_id: str) -> Response:
        """Answers with the profile; 404 for an unknown user."""
        if read_type(entity_type) != EntityType.USER:
            raise DomainError(USERS_ONLY, body={"message": USERS_ONLY})
        name = read_name(request, entity_id)
        self.log.entity = f"{EntityType.USER}:{name}"
        with tenant_tx(self.tenant):
            found = profile_of(name)
            return Response(_profile_json(*found, is_enabled=settings_of_profiles().enabled))

    @extend_schema(
        summary="Erase an entity whose name ends like this address",
        description="Erases the entity that is called `{entity_id}/profile`, as the erasure of any other does.",
        parameters=[ENTITY_TYPE, ENTITY_ID],
        responses=DeletingAnswer,
        tags=["entities"],
    )
    def delete(self, request: Request, entity_type: str, entity_id: str) -> HttpResponse:
        """Erases the entity."""
        return super().delete(request, entity_type, f"{entity_id}/profile")


@example({"operation": "trigger", "entity_type": "user", "entity_id": "alex"})
class ProfileJobInput(Input):
    """Whose profiles to generate."""

    operation = serializers.ChoiceField(
        choices=[ProfileOperation.TRIGGER.value, ProfileOperation.SAMPLE.value],
        help_text="`trigger` generates the profile of one user, `sample` those of a few of whom most is remembered.",
    )
    entity_type = serializers.ChoiceField(choices=["user"], default="user", help_text="Only users have profiles.")
    entity_id = EntityIdField(help_text="Of a trigger: the user.")
    limit = serializers.IntegerField(
        default=DEFAULT_SAMPLE, min_value=1, max_value=SAMPLE_LIMIT, help_text="Of a sample: how many users."
    )

    def validate(self, attrs: Json) -> Json:
        """Refuses a trigger of nobody."""
        if attrs["operation"] == ProfileOperation.TRIGGER and "entity_id" not in attrs:
            raise serializers.ValidationError({"entity_id": "This field is required."})
        return attrs


class ProfileJobsView(ProjectView):
    """Has profiles generated."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "memories:write"}

    @extend_schema(
        summary="Generate profiles",
        description=(
            "Starts the generation of one user's profile, or of those of a few users to see what the schema makes of"
            " them. It needs profiles to be enabled. A project may start one sample a minute."
        ),
        request=ProfileJobInput,
        responses=ProfileJobStartedAnswer,
        tags=["profiles"],
    )
    def post(self, request: Request) -> HttpResponse:
        """Answers as soon as the work is stored."""
        given = ProfileJobInput(data=normalise(body_of(request), aliases={}))
        given.is_valid(raise_exception=True)
        answer = self.once(
            lambda: self._accept(given.validated_data),
            _started_json,
            then=self._ring,
            about=lambda started: started.subject_id,
        )
        return _said_to_be_replayed(answer) if REPLAYED in answer else answer

    def _accept(self, asked: Json) -> Started:
        by = Author.of(self.caller)
        if asked["operation"] == ProfileOperation.SAMPLE:
            return accept_sample(self.tenant, asked["limit"], by=by)
        return accept_trigger(self.tenant, asked["entity_id"], by=by)

    def _ring(self, started: Started) -> None:
        if started.job is not None and started.job.published_at is not None:
            announce(self.tenant, started.job)


class ProfileJobView(ProjectView):
    """One generation."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read"}

    @extend_schema(
        summary="Get a generation of profiles",
        description="How far it is, and what became of its users' profiles.",
        parameters=[PROFILE_JOB_ID],
        responses=ProfileJobAnswer,
        tags=["profiles"],
    )
    def get(self, _request: Request, job_id: str) -> Response:
        """Answers with the generation; 404 for an unknown one."""
        try:
            wanted = UUID(job_id)
        except ValueError as error:
            raise NotFound(NO_SUCH_JOB, body={"error": NO_SUCH_JOB}) from error
        with tenant_tx(self.tenant):
            return Response({"job": _job_json(job_of_profiles(wanted))})


@extend_schema_field(OpenApiTypes.OBJECT)
class SchemaField(serializers.Field[Json, Any, Any, Any]):
    """A JSON schema of an object; its names stay as they are."""

    def to_internal_value(self, data: Any) -> Json:
        """Returns the schema. Raises `DomainError` for one that is not taken, and says why."""
        try:
            return checked(data)
        except InvalidSchema as error:
            words = f"The schema cannot be used: {error}"
            raise DomainError(words, body={"error": words}) from error

    def to_representation(self, value: Any) -> Any:
        """Never called: the field is only read."""
        return value


class UserProfileInput(Input):
    """What profiles of users look like; what is left out stays as it is."""

    schema = SchemaField(
        required=False,
        allow_null=True,
        help_text="The JSON schema of a profile: at most 64 KiB; a `$ref` leads to its own definitions, and a `pattern`"
        " is shown to a model and not enforced. Descriptions of properties say what belongs there. Null is Loci's own.",
    )
    custom_instructions = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_INSTRUCTIONS,
        help_text="What the generation should heed, where a model does it. Null clears it.",
    )


class EntityProfilesInput(Input):
    """By type of entity."""

    user = UserProfileInput(required=False, help_text="Of users, the only ones that have profiles.")


@example({"enabled": True, "entities": {"user": {"custom_instructions": "Write in German."}}})
class ProfileSettingsInput(Input):
    """What is to be changed."""

    enabled = serializers.BooleanField(required=False, help_text="Whether the project has profiles.")
    entities = EntityProfilesInput(required=False, help_text="What they look like, by type of entity.")


class ProfileSettingsView(ProjectView):
    """Whether the project has profiles, and what they look like."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "project:read", "POST": "project:admin"}

    @extend_schema(
        summary="Get the settings of profiles",
        description="Whether the project has profiles, their schema, and what their generation heeds.",
        responses=ProfileSettingsAnswer,
        tags=["profiles"],
    )
    def get(self, _request: Request) -> Response:
        """Answers with the settings."""
        with tenant_tx(self.tenant):
            return Response(_settings_json(settings_of_profiles()))

    @extend_schema(
        summary="Change the settings of profiles",
        description="Changes what is given, and leaves the rest. Profiles stay as they are until they are generated.",
        request=ProfileSettingsInput,
        responses=ProfileSettingsAnswer,
        tags=["profiles"],
    )
    def post(self, request: Request) -> HttpResponse:
        """Answers with the settings as they are now."""
        changes = _changes_in(body_of(request))
        return self.once(lambda: self._change(changes), _settings_json)

    def _change(self, changes: Json) -> ProfileSettings:
        with tenant_tx(self.tenant):
            if not changes:
                return settings_of_profiles()
            changed = change_settings(self.tenant, changes)
            audit.record(
                self.caller, "profiles.update", "project", self.caller.here.project_public_id, changed=sorted(changes)
            )
            return changed


def _changes_in(body: Mapping[str, Any]) -> Json:
    """The columns that are to be changed; None clears one."""
    asked = _only(("enabled", "entities", *SELECTION), normalise(body, aliases={}))
    entities = _only(("user",), normalise(_object(asked.get("entities", {})), aliases={}))
    user = normalise(_object(entities.get("user", {})), aliases={}, keep=OF_USERS)
    given = ProfileSettingsInput(data={**asked, "entities": {"user": _only(tuple(OF_USERS), user)}})
    given.is_valid(raise_exception=True)
    of_users = given.validated_data["entities"]["user"]
    changes = {column: of_users[name] for name, column in OF_USERS.items() if name in of_users}
    if "user_instructions" in changes:
        changes["user_instructions"] = changes["user_instructions"] or ""
    return changes | ({"enabled": given.validated_data["enabled"]} if "enabled" in given.validated_data else {})


def _object(given: Any) -> Json:
    if not isinstance(given, dict):
        raise DomainError(UNSUPPORTED, body={"error": UNSUPPORTED})
    return given


def _only(names: tuple[str, ...], given: Json) -> Json:
    """An object with no other names; what was meant by those would be lost."""
    if unknown := sorted(given.keys() - set(names)):
        words = f"{UNSUPPORTED}: {', '.join(unknown)[:200]}"
        raise DomainError(words, body={"error": words})
    return given


def _said_to_be_replayed(answer: HttpResponse) -> HttpResponse:
    answer.content = dump_json({**orjson.loads(answer.content), "replayed": True})
    return answer


def _profile_json(user: Entity, profile: Profile, *, is_enabled: bool) -> Json:
    return {
        "profile": profile.content if is_enabled else {},
        "status": profile.status if is_enabled else NOT_ENABLED,
        "entity_type": user.type,
        "entity_id": user.name,
        "updated_at": moment(profile.updated_at) if profile.updated_at else None,
        "generation_count": profile.generation_count,
        "error": profile.error or None,
    }


def _started_json(started: Started) -> Json:
    request = started.request
    sample = {"sampled": len(started.names), "entity_ids": list(started.names)}
    return {
        "job_id": str(request.id),
        "status": request.status,
        "status_url": f"/v2/profiles/jobs/{request.id}/",
        "operation": request.operation,
        "entity_type": str(EntityType.USER),
        "entity_count_reserved": len(started.names),
        "event_id": None,
        "replayed": False,
        **(sample if request.operation == ProfileOperation.SAMPLE else {}),
    }


def _job_json(request: ProfileJob) -> Json:
    return {
        "id": str(request.id),
        "operation": request.operation,
        "entity_type": str(EntityType.USER),
        "status": request.status,
        "total": len(request.entities),
        "enumeration_complete": True,
        "completed": request.completed,
        "succeeded": request.succeeded,
        "failed": request.failed,
        "skipped": request.skipped,
    }


def _settings_json(kept: ProfileSettings) -> Json:
    return {
        "enabled": kept.enabled,
        "entities": {"user": {"schema": kept.user_schema, "custom_instructions": kept.user_instructions or None}},
        "capabilities": {
            "method": Method.LLM if endpoint() else Method.DETERMINISTIC,
            "sample_limit": SAMPLE_LIMIT,
            "sample_pause_seconds": int(SAMPLE_PAUSE.total_seconds()),
        },
    }
