"""What may be asked of API keys, and how they are shown (reliability.md §2.1)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Network, ip_network
from typing import Any

from django.core.validators import RegexValidator
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from loci.errors import DomainError
from memories.retrieval.filters.values import MAX_ID_CHARS, read_entity_id
from orgs.api.base import SELECTION
from orgs.api.serializers.organizations import MAX_NAME, example
from orgs.keys import KeyState, state_of
from orgs.models import ApiKey, KeyKind
from orgs.queries import Place
from orgs.roles import BOUND_SCOPES, SCOPES
from orgs.services.api_keys import Restrictions

MAX_CIDRS = 50
MAX_RATE = 100_000
MAX_QUOTA = 1_000_000_000
MAX_GRACE_H = 168
BOUND_KINDS = ("user", "agent", "app")
BINDINGS = ("entity", "user_id", "agent_id", "app_id")
"""The names under which a request may say whom a key is bound to."""
NARROWING = ("scopes", "allowed_cidrs", "expires_at", "rate_per_minute", "daily_quota", *BINDINGS)
"""What restricts a key: null or empty is an error here, where an absent restriction would mean all."""
CLEARABLE = ("rate_per_minute", "daily_quota")

_KEY_ID = "01a1f7c0-5d2e-7c3a-9b1f-6d0f5e3c2a10"
_EXAMPLE = {
    "id": _KEY_ID,
    "name": "support bot",
    "kind": "rk",
    "display": "loci_rk_…w3Xz",
    "state": "active",
    "project_id": "proj_…",
    "scopes": ["memories:read", "memories:write"],
    "entity": "agent:support",
    "allowed_cidrs": ["203.0.113.0/24"],
    "rate_per_minute": 600,
    "daily_quota": 100_000,
    "created_by": "owner@example.com",
    "created_at": "2026-01-15T10:30:00.000000+00:00",
    "expires_at": "2027-01-15T00:00:00.000000+00:00",
    "last_used_at": None,
    "rotated_from": None,
    "grace_until": None,
    "revoked_at": None,
}


@extend_schema_field({"type": "string", "maxLength": 43, "description": "An IPv4 or IPv6 network, or one address."})
class CidrField(serializers.CharField):
    """A network in CIDR notation, or one address; kept in its canonical spelling."""

    def to_internal_value(self, data: Any) -> str:
        """Returns the network as `10.0.0.0/8`. Host bits beyond the prefix are an error, not a guess."""
        text = super().to_internal_value(data)
        try:
            network = ip_network(text)
        except ValueError:
            raise serializers.ValidationError("Must be a network like 203.0.113.0/24 or 2001:db8::/32.") from None
        if isinstance(network, IPv6Network):
            if network.network_address.ipv4_mapped:
                raise serializers.ValidationError("Write an IPv4 network in IPv4's own form.")
            if network.network_address.scope_id:
                raise serializers.ValidationError("A network has no zone: clients have none here.")
        return str(network)


class EntityNameField(serializers.CharField):
    """The name of a user, agent or app, in its one spelling."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_ID_CHARS, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Returns the name as memories have it."""
        return _entity_name(super().to_internal_value(data))


class BoundEntityField(serializers.CharField):
    """An entity that a key can be bound to: `user:alex`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=MAX_ID_CHARS + max(map(len, BOUND_KINDS)) + 1, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Returns the type and the name, in its one spelling."""
        kind, colon, name = super().to_internal_value(data).partition(":")
        if kind not in BOUND_KINDS or not colon:
            raise serializers.ValidationError("Must be user:…, agent:… or app:….")
        return f"{kind}:{_entity_name(name)}"


def _entity_name(text: str) -> str:
    if text in {"*", ".", ".."}:
        raise serializers.ValidationError(f'Nobody can be called "{text}".')
    try:
        return read_entity_id("id", text)
    except DomainError as error:
        raise serializers.ValidationError(str(error).removeprefix("id: ")) from error


def _not_past(moment: datetime) -> None:
    if moment <= timezone.now():
        raise serializers.ValidationError("Must be in the future. To end a key now, revoke it.")


def _name(*, required: bool) -> serializers.CharField:
    one_line = RegexValidator(r"^[^\x00-\x1f\x7f-\x9f]+$", "A name has no control characters.")
    return serializers.CharField(required=required, max_length=MAX_NAME, validators=[one_line], help_text="For people.")


def _cidrs() -> serializers.ListField:
    return serializers.ListField(
        child=CidrField(),
        required=False,
        max_length=MAX_CIDRS,
        help_text="The networks from which alone the key works; none given or an empty list is everywhere.",
    )


def _number(most: int, says: str, **kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, min_value=1, max_value=most, help_text=says, **kwargs)


_RATE = "Requests in any minute, beside the plan's rate."
_QUOTA = "Requests in a day, which begins with the first of them."


def refuse_unknown(parameters: serializers.Serializer[Any], known: Collection[str] = ()) -> None:
    """Raises `ValidationError` for a name that means nothing here: a misspelt restriction must not be none."""
    allowed = {*parameters.fields, *SELECTION, *known}
    if unknown := sorted(set(parameters.initial_data) - allowed):
        raise serializers.ValidationError({unknown[0][:100]: "A key has no such parameter."})


@extend_schema_serializer(examples=[example({"name": "support bot", "agent_id": "support", "rate_per_minute": 600})])
class KeyInput(serializers.Serializer[Any]):
    """A key of a project. Without scopes and entity it may do all that its maker may."""

    name = _name(required=True)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(SCOPES)),
        required=False,
        allow_empty=False,
        help_text="All that the key may do, of what its maker may.",
    )
    entity = BoundEntityField(help_text="The user, agent or app that the key is bound to: `user:alex`.")
    user_id = EntityNameField(help_text="The same as `entity`, for a user.")
    agent_id = EntityNameField(help_text="The same as `entity`, for an agent.")
    app_id = EntityNameField(help_text="The same as `entity`, for an app.")
    expires_at = serializers.DateTimeField(required=False, validators=[_not_past], help_text="When the key ends.")
    allowed_cidrs = _cidrs()
    rate_per_minute = _number(MAX_RATE, _RATE)
    daily_quota = _number(MAX_QUOTA, _QUOTA)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses what it does not know, two entities, and scopes that no bound key can have."""
        refuse_unknown(self)
        bindings = [name for name in BINDINGS if name in attrs]
        if len(bindings) > 1:
            raise serializers.ValidationError({bindings[1]: "A key is bound to one user, agent or app."})
        if bindings and (beyond := sorted(set(attrs.get("scopes", ())) - BOUND_SCOPES)):
            raise serializers.ValidationError({"scopes": f"A bound key cannot have {', '.join(beyond)}."})
        return attrs

    def restrictions(self) -> Restrictions:
        """Returns what the key may not do."""
        given = self.validated_data
        bound = [given["entity"]] if "entity" in given else []
        bound += [f"{kind}:{given[f'{kind}_id']}" for kind in BOUND_KINDS if f"{kind}_id" in given]
        return Restrictions(
            scopes=tuple(sorted(set(given.get("scopes", ())))),
            entity=next(iter(bound), ""),
            expires_at=given.get("expires_at"),
            allowed_cidrs=tuple(dict.fromkeys(given.get("allowed_cidrs", ()))),
            rate_per_minute=given.get("rate_per_minute"),
            daily_quota=given.get("daily_quota"),
        )


class OrganizationKeyInput(KeyInput):
    """A key of an organization, which acts on those of its projects that requests name."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses what it does not know, and an entity, which is a project's."""
        refuse_unknown(self)
        if bindings := [name for name in BINDINGS if name in attrs]:
            raise serializers.ValidationError({bindings[0]: "Only a project's key can be bound."})
        return attrs


@extend_schema_serializer(examples=[example({"rate_per_minute": None})])
class KeyChangeInput(serializers.Serializer[Any]):
    """What can change of a key. What it may do and whom it is bound to cannot."""

    name = _name(required=False)
    expires_at = serializers.DateTimeField(
        required=False, validators=[_not_past], help_text="When the key ends: earlier than it would."
    )
    allowed_cidrs = _cidrs()
    rate_per_minute = _number(MAX_RATE, f"{_RATE} Null clears it.", allow_null=True)
    daily_quota = _number(MAX_QUOTA, f"{_QUOTA} Null clears it.", allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses a change of nothing, and of what no key changes: whoever asks for that must not think it done."""
        given: Mapping[str, Any] = self.initial_data
        refuse_unknown(self, known=("scopes", *BINDINGS))
        if fixed := [name for name in ("scopes", *BINDINGS) if name in given]:
            raise serializers.ValidationError({fixed[0]: "This cannot change: make another key."})
        if not attrs:
            raise serializers.ValidationError(f"One of {', '.join(self.fields)} is required.")
        return attrs


@extend_schema_serializer(examples=[example({"grace_hours": 24})])
class RotationInput(serializers.Serializer[Any]):
    """How long the old key works on."""

    grace_hours = serializers.IntegerField(
        default=24, min_value=0, max_value=MAX_GRACE_H, help_text="For so many hours both keys work."
    )

    def grace(self) -> timedelta:
        """Returns it as a duration."""
        return timedelta(hours=self.validated_data["grace_hours"])


@extend_schema_serializer(examples=[example(_EXAMPLE)])
class KeyAnswer(serializers.Serializer[Any]):
    """An API key, without the key itself."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=KeyKind.values, help_text="`sk` of a project, `rk` restricted, `ak` of an organization."
    )
    display = serializers.CharField(help_text="Its prefix and last four characters.")
    state = serializers.ChoiceField(choices=KeyState.values, help_text="`active` and `retiring` keys work.")
    project_id = serializers.CharField(allow_null=True, help_text="Null for a key of the organization.")
    scopes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Null: all that its maker may do."
    )
    entity = serializers.CharField(allow_null=True, help_text="Whom it is bound to: `user:alex`.")
    allowed_cidrs = serializers.ListField(child=serializers.CharField(), help_text="None: it works everywhere.")
    rate_per_minute = serializers.IntegerField(allow_null=True)
    daily_quota = serializers.IntegerField(allow_null=True)
    created_by = serializers.EmailField(help_text="Its maker, as whom it acts.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    rotated_from = serializers.UUIDField(allow_null=True, help_text="The key that it took the place of.")
    grace_until = serializers.DateTimeField(allow_null=True, help_text="Until when it works after its rotation.")
    revoked_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=[example({**_EXAMPLE, "key": "loci_rk_…"})])
class NewKeyAnswer(KeyAnswer):
    """A key that was just made."""

    key = serializers.CharField(
        allow_null=True, help_text="The key. It is shown this once: null on a repeat under the same `Idempotency-Key`."
    )


@extend_schema_serializer(examples=[example({"count": 1, "next": None, "previous": None, "results": [_EXAMPLE]})])
class KeysPageAnswer(serializers.Serializer[Any]):
    """One page of keys."""

    count = serializers.IntegerField(min_value=0)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = KeyAnswer(many=True)


def key_json(key: ApiKey, place: Place) -> dict[str, Any]:
    """Returns a key of the place as `KeyAnswer` describes it."""
    return {
        "id": str(key.id),
        "name": key.name,
        "kind": key.kind,
        "display": key.display,
        "state": str(state_of(key)),
        "project_id": place.project_public_id or None,
        "scopes": None if key.kind == KeyKind.PROJECT else key.scopes or None,
        "entity": key.entity or None,
        "allowed_cidrs": key.allowed_cidrs,
        "rate_per_minute": key.rate_per_minute,
        "daily_quota": key.daily_quota,
        "created_by": key.created_by.email,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "rotated_from": str(key.rotated_from) if key.rotated_from else None,
        "grace_until": key.grace_until,
        "revoked_at": key.revoked_at,
    }
