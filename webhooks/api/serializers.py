"""What requests about webhooks may ask, and what they are answered (contract.md §11)."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.fields import empty

from loci.http.renderer import moment
from loci.net.guard import UrlNotAllowed, checked_url
from orgs.api.serializers.organizations import example
from orgs.api.wire import username_of
from webhooks.models import MAX_URL_CHARS, TEST, Delivery, DeliveryAttempt, DeliveryState, EventType, WebhookEndpoint
from webhooks.queries import REPLAYABLE_FOR
from webhooks.signing_secrets import Secret

MAX_NAME = 200
MAX_OVERLAP_H = 168
TOO_LONG_AGO = "Deliveries are kept for 30 days."

_AT = "2026-01-15T10:30:00.000000+00:00"
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="  # noqa: S105 - the example of Standard Webhooks
_MESSAGE_ID = "msg_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b"
_GIVEN = {"name": "Production", "url": "https://example.com/hooks/loci", "event_types": ["memory_add"]}
_WEBHOOK = {
    "webhook_id": "wh_…",
    **_GIVEN,
    "is_active": True,
    "owner": "owner",
    "project": "default",
    "created_at": _AT,
    "updated_at": _AT,
    "first_failure_at": None,
    "disabled_at": None,
    "disabled_reason": "",
}
_DELIVERY = {
    "message_id": _MESSAGE_ID,
    "event_type": "memory_add",
    "memory_id": "f4cbdb08-7062-4f3e-8eb2-9f5c80dfe64c",
    "version": 1,
    "state": "delivered",
    "attempts": 2,
    "last_status": 204,
    "last_error": "",
    "next_at": None,
    "created_at": _AT,
    "finished_at": "2026-01-15T10:30:06.000000+00:00",
}
_ATTEMPT = {"number": 2, "started_at": _AT, "duration_ms": 84, "status": 204, "error": "", "answer": ""}
_BODY = '{"event_details":{"id":"f4cbdb08-7062-4f3e-8eb2-9f5c80dfe64c","data":{"memory":"Likes tea"},"event":"ADD"}}'


@extend_schema_field({"type": "string", "format": "uri", "maxLength": MAX_URL_CHARS})
class UrlField(serializers.CharField):
    """A URL that Loci may send to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_URL_CHARS, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Returns the URL as it was given."""
        url = super().to_internal_value(data)
        try:
            checked_url(url)
        except UrlNotAllowed as error:
            raise serializers.ValidationError(str(error)) from None
        return url


@extend_schema_serializer(examples=[example(_GIVEN)])
class WebhookInput(serializers.Serializer[Any]):
    """The parameters of a new webhook."""

    name = serializers.CharField(max_length=MAX_NAME, help_text="For people.")
    url = UrlField(help_text="Where to send: `https`, on port 443 of a public host.")
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.values), allow_empty=False, help_text="What to be told of."
    )
    is_active = serializers.BooleanField(default=True, help_text="Whether to send anything.")

    def validate_event_types(self, value: list[str]) -> list[str]:
        """Returns each type once."""
        return list(dict.fromkeys(value))


@extend_schema_serializer(examples=[example({"event_types": ["memory_add", "memory_delete"], "is_active": True})])
class WebhookChangeInput(WebhookInput):
    """What is to change of a webhook; what is left out stays."""

    def get_fields(self) -> dict[str, Any]:
        """Returns the same fields, of which none must be given."""
        fields = super().get_fields()
        for field in fields.values():
            field.required, field.default = False, empty
        return fields


@extend_schema_serializer(examples=[example({"overlap_hours": 24})])
class SecretRotationInput(serializers.Serializer[Any]):
    """How long the secrets before go on."""

    overlap_hours = serializers.IntegerField(
        default=24, min_value=0, max_value=MAX_OVERLAP_H, help_text="For so many hours the old secrets sign too."
    )

    def overlap(self) -> timedelta:
        """Returns it as a duration."""
        return timedelta(hours=self.validated_data["overlap_hours"])


class DeliveriesInput(serializers.Serializer[Any]):
    """How the list may be narrowed; all of it must hold."""

    state = serializers.ChoiceField(choices=DeliveryState.values, required=False, help_text="What became of them.")
    event_type = serializers.ChoiceField(
        choices=[*EventType.values, TEST], required=False, help_text="What they tell of."
    )
    since = serializers.DateTimeField(required=False, help_text="Not those from before.")


@extend_schema_serializer(examples=[example({"since": _AT})])
class WebhookReplayInput(serializers.Serializer[Any]):
    """What to send again."""

    since = serializers.DateTimeField(help_text="What was given up of all that was told since then; up to 30 days.")

    def validate_since(self, value: datetime) -> datetime:
        """Refuses a time of which nothing is kept: whoever asks for that must not think that it was sent."""
        if value < timezone.now() - REPLAYABLE_FOR:
            raise serializers.ValidationError(TOO_LONG_AGO)
        return value


@extend_schema_serializer(examples=[example(_WEBHOOK)])
class WebhookAnswer(serializers.Serializer[Any]):
    """A webhook, without its secrets."""

    webhook_id = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()
    owner = serializers.CharField(help_text="Who made it; empty where they have no account any more.")
    project = serializers.CharField(help_text="The project's name.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    first_failure_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when nothing but failures; null where it is healthy."
    )
    disabled_at = serializers.DateTimeField(allow_null=True, help_text="When Loci made it inactive by itself.")
    disabled_reason = serializers.CharField(help_text="Why it did.")


@extend_schema_serializer(examples=[example({**_WEBHOOK, "secret": _SECRET})])
class NewWebhookAnswer(WebhookAnswer):
    """A webhook that was just made."""

    secret = serializers.CharField(
        allow_null=True, help_text="What signs its messages; null on a repeat under the same `Idempotency-Key`."
    )


@extend_schema_serializer(examples=[example({"message": "Webhook updated successfully", "replayable": 12})])
class WebhookChangedAnswer(serializers.Serializer[Any]):
    """What was done, in a sentence."""

    message = serializers.CharField()
    replayable = serializers.IntegerField(
        required=False, help_text="Where it was made active again: how many messages it missed, for a replay."
    )


@extend_schema_serializer(examples=[example({"message": "Webhook deleted successfully"})])
class WebhookDeletedAnswer(serializers.Serializer[Any]):
    """What was done, in a sentence."""

    message = serializers.CharField()


class OldSecretAnswer(serializers.Serializer[Any]):
    """A secret that was replaced, and signs on for some time."""

    secret = serializers.CharField()
    expires_at = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[example({"webhook_id": "wh_…", "secret": _SECRET, "old": [{"secret": _SECRET, "expires_at": _AT}]})]
)
class SecretAnswer(serializers.Serializer[Any]):
    """What a webhook's messages are signed with."""

    webhook_id = serializers.CharField()
    secret = serializers.CharField()
    old = OldSecretAnswer(many=True)


@extend_schema_serializer(examples=[example({"webhook_id": "wh_…", "secret": _SECRET})])
class RotatedSecretAnswer(serializers.Serializer[Any]):
    """A secret that was just made."""

    webhook_id = serializers.CharField()
    secret = serializers.CharField(allow_null=True, help_text="Null on a repeat under the same `Idempotency-Key`.")


@extend_schema_serializer(examples=[example(_DELIVERY)])
class DeliveryAnswer(serializers.Serializer[Any]):
    """One message for a webhook."""

    message_id = serializers.CharField(help_text="The `webhook-id` header of all its attempts.")
    event_type = serializers.CharField()
    memory_id = serializers.UUIDField(allow_null=True, help_text="The memory that it tells of, if any.")
    version = serializers.IntegerField(allow_null=True, help_text="The memory's `seq` in it.")
    state = serializers.ChoiceField(choices=DeliveryState.values)
    attempts = serializers.IntegerField(help_text="How often it was sent.")
    last_status = serializers.IntegerField(allow_null=True, help_text="Of the last answer; null where none came.")
    last_error = serializers.CharField(help_text="Why the last attempt failed; empty where it did not.")
    next_at = serializers.DateTimeField(allow_null=True, help_text="When it is sent next.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class AttemptAnswer(serializers.Serializer[Any]):
    """One time that a message was sent."""

    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()
    answer = serializers.CharField(help_text="The first KB of the receiver's answer.")


@extend_schema_serializer(examples=[example({**_DELIVERY, "body": _BODY, "log": [_ATTEMPT]})])
class LoggedDeliveryAnswer(DeliveryAnswer):
    """One message for a webhook, with its body and what became of each attempt."""

    body = serializers.CharField(help_text="What is signed and sent, byte for byte.")
    log = AttemptAnswer(many=True)


@extend_schema_serializer(examples=[example({"count": 1, "next": None, "previous": None, "results": [_DELIVERY]})])
class DeliveriesPageAnswer(serializers.Serializer[Any]):
    """One page of messages."""

    count = serializers.IntegerField(min_value=0)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DeliveryAnswer(many=True)


@extend_schema_serializer(examples=[example({"replayed": 12, "left": 0})])
class WebhookReplayedAnswer(serializers.Serializer[Any]):
    """How many messages are to be sent again."""

    replayed = serializers.IntegerField(min_value=0)
    left = serializers.IntegerField(min_value=0, help_text="Beyond 5,000: ask again for these.")


def webhook_json(endpoint: WebhookEndpoint, *, owner: str, project: str) -> dict[str, Any]:
    """Returns the webhook object (contract.md §11); `owner` is an email, or nobody's."""
    return {
        "webhook_id": endpoint.public_id,
        "name": endpoint.name,
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "owner": username_of(owner),
        "is_active": endpoint.is_active,
        "project": project,
        "created_at": moment(endpoint.created_at),
        "updated_at": moment(endpoint.updated_at),
        "first_failure_at": moment(endpoint.first_failure_at),
        "disabled_at": moment(endpoint.disabled_at),
        "disabled_reason": endpoint.disabled_reason,
    }


def secrets_json(webhook_id: str, secrets: list[Secret]) -> dict[str, Any]:
    """Returns what a webhook signs with, the newest apart."""
    newest, *old = secrets
    replaced = [{"secret": secret.text, "expires_at": moment(secret.expires_at)} for secret in old]
    return {"webhook_id": webhook_id, "secret": newest.text, "old": replaced}


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """Returns a message as a list shows it."""
    return {
        "message_id": delivery.message_id,
        "event_type": delivery.event_type,
        "memory_id": str(delivery.memory_id) if delivery.memory_id else None,
        "version": delivery.version,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "next_at": moment(delivery.next_at),
        "created_at": moment(delivery.created_at),
        "finished_at": moment(delivery.finished_at),
    }


def attempt_json(attempt: DeliveryAttempt) -> dict[str, Any]:
    """Returns how one attempt went."""
    return {
        "number": attempt.number,
        "started_at": moment(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "status": attempt.status,
        "error": attempt.error,
        "answer": attempt.answer,
    }
