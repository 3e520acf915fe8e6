"""The audit log over REST: for an auditor to search, and to take away and verify (reliability.md §2.13, C7)."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import orjson
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loci.http.aliases import normalise
from loci.http.pagination import PAGING, Pages
from loci.tenancy.context import org_tx
from orgs import audit
from orgs.api.base import OrganizationView
from orgs.api.parameters import ORG_ID
from orgs.audit_queries import emails_of, entries_in_order, entries_that
from orgs.models import ActorType, AuditEntry, Outcome

NDJSON = "application/x-ndjson"

_ENTRY = {
    "org": "0199a1b2-0000-7000-8000-000000000001",
    "number": 42,
    "created_at": "2026-11-20T12:00:00.000000+00:00",
    "actor_type": "key",
    "actor_id": "0199a1b2-0000-7000-8000-000000000002",
    "key_id": "0199a1b2-0000-7000-8000-000000000003",
    "ip": "203.0.113.7",
    "request_id": "5f0c",
    "action": "memory.delete",
    "object_type": "memory",
    "object_id": "0199a1b2-0000-7000-8000-000000000004",
    "outcome": "done",
    "details": {"count": 1},
    "previous_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
}


class AuditInput(serializers.Serializer[Any]):
    """How the log may be narrowed; all of it must hold."""

    action = serializers.CharField(
        required=False,
        max_length=64,
        help_text="What was done: `member.add`, or `member.` for all of that beginning.",
    )
    actor = serializers.CharField(required=False, max_length=254, help_text="Who did it: an email or `actor_id`.")
    key_id = serializers.UUIDField(required=False, help_text="The API key with which it was done.")
    object_type = serializers.CharField(required=False, max_length=32, help_text="To what kind of thing.")
    object_id = serializers.CharField(required=False, max_length=300, help_text="To which one.")
    outcome = serializers.ChoiceField(choices=Outcome.values, required=False, help_text="Done or denied.")
    request_id = serializers.CharField(required=False, max_length=64, help_text="In which request: `X-Request-Id`.")

    def get_fields(self) -> dict[str, Any]:
        """Adds the two parameters whose names are Python's own words."""
        moments = {"from": "The first moment, inclusive.", "to": "The last moment, inclusive."}
        return {
            **super().get_fields(),
            **{name: serializers.DateTimeField(required=False, help_text=says) for name, says in moments.items()},
        }


@extend_schema_serializer(examples=[OpenApiExample("Example", value=_ENTRY, media_type=NDJSON)])
class ExportedEntryAnswer(serializers.Serializer[Any]):
    """A line of an export."""

    org = serializers.UUIDField(help_text="The organization's internal id.")
    number = serializers.IntegerField(help_text="From 1, without gaps; the oldest may be pruned.")
    created_at = serializers.DateTimeField()
    actor_type = serializers.ChoiceField(choices=ActorType.values)
    actor_id = serializers.UUIDField(allow_null=True, help_text="The person who did it, or whose key it was.")
    key_id = serializers.UUIDField(allow_null=True, help_text="The API key, null for a session.")
    ip = serializers.IPAddressField(allow_null=True)
    request_id = serializers.CharField(help_text="As in `X-Request-Id`; empty outside of requests.")
    action = serializers.CharField(help_text="What was done to what, as `member.add`; `request.deny` for a refusal.")
    object_type = serializers.CharField()
    object_id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.values)
    details = serializers.DictField(help_text="Ids, counts and names of settings; never a text.")
    previous_hash = serializers.CharField(help_text="The hash of the entry before; empty in the first.")
    hash = serializers.CharField(
        help_text="SHA-256 of this object without `hash` and `actor_email`, as JSON with sorted keys and no spaces."
    )


_SHOWN_ENTRY = {**_ENTRY, "actor_email": "owner@example.com"}
_PAGE = {"count": 1, "next": None, "previous": None, "results": [_SHOWN_ENTRY]}


class AuditEntryAnswer(ExportedEntryAnswer):
    """An entry, with the email of who acted as it is today."""

    actor_email = serializers.CharField(allow_null=True)


@extend_schema_serializer(examples=[OpenApiExample("Example", value=_PAGE)])
class AuditPageAnswer(serializers.Serializer[Any]):
    """One page of the log."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = AuditEntryAnswer(many=True)


class AuditView(OrganizationView):
    """The log, newest first."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:admin"}

    @extend_schema(
        summary="List audit entries",
        description="What was done in the organization, and what was refused, newest first.",
        parameters=[ORG_ID, AuditInput, *PAGING],
        responses=AuditPageAnswer,
        tags=["audit"],
    )
    def get(self, request: Request, org_id: str) -> Response:
        """Answers with one page."""
        given = AuditInput(data=normalise(request.query_params.dict()))
        given.is_valid(raise_exception=True)
        pages = Pages()
        with org_tx(self.caller.here.org_id):
            page = pages.paginate_queryset(entries_that(given.validated_data), request, view=self) or []
            emails = emails_of(page)
        return pages.get_paginated_response(
            [
                {**audit.entry_json(entry), "actor_email": entry.actor_id and emails.get(entry.actor_id)}
                for entry in page
            ]
        )


class AuditExportView(OrganizationView):
    """The whole log as JSON lines."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "org:admin"}

    @extend_schema(
        summary="Export the audit log",
        description=(
            "All entries in the order of their numbers, one JSON object to a line. The last line is the head,"
            ' `{"head": {"number", "hash"}}`: without it the export is not whole. Each `hash` is the SHA-256 of its'
            " line without `hash`; each `previous_hash` is the hash of the line before."
        ),
        parameters=[ORG_ID],
        responses={(200, NDJSON): ExportedEntryAnswer},
        tags=["audit"],
    )
    def get(self, _request: Request, org_id: str) -> StreamingHttpResponse:
        """Streams the log up to the entry of this very export."""
        place = self.caller.here
        with org_tx(place.org_id):
            head = audit.record(self.caller, "audit.export", "organization", place.org_public_id)
        return StreamingHttpResponse(
            _lines(head),
            content_type=NDJSON,
            headers={"Content-Disposition": f'attachment; filename="audit-{place.org_public_id}.jsonl"'},
        )


def _lines(head: AuditEntry) -> Iterator[bytes]:
    for part in entries_in_order(head.org_id, until=head.number):
        yield b"".join(map(_line, map(audit.entry_json, part)))
    yield _line({"head": {"number": head.number, "hash": head.hash}})


def _line(row: Mapping[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
