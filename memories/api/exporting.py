"""Exports: asked for, followed and taken away (contract.md §9.1, §9.2)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import normalise, query_parameters
from loci.http.parser import body_of
from loci.http.renderer import moment
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import EXPORT_ID, EXPORT_METHOD
from memories.api.answers.base import MessageAnswer
from memories.api.answers.examples import EXPORT_ACCEPTED, EXPORT_PENDING, EXPORTED, EXPORTED_LINE, EXPORTED_TABLE
from memories.api.answers.exports import (
    NDJSON,
    ExportAcceptedAnswer,
    ExportAnswer,
    ExportStatusAnswer,
    FileAnswer,
)
from memories.api.export_input import NO_PARQUET, ExportInput, GetExportInput, export_request, filters_of, scoped
from memories.api.waiting import wait_for
from memories.exports import parts
from memories.exports.filling import PART
from memories.exports.formats import FILES, has_parquet
from memories.exports.requesting import Request as Wanted
from memories.exports.requesting import accept_export, delete_export, export_of, newest_export
from memories.models import OPEN_STATUSES, EventStatus, Export, ExportFormat
from memories.provenance import Author
from memories.services.accepting import Accepted
from orgs import audit
from orgs.api.base import ProjectView
from workers.doorbell import announce
from workers.models import Job

WAIT_MS = 3_000
IS_A_FILE = "This export is a file: it is at {path}"
NOT_READY = "The export is not ready yet."
DELETED = "The export was deleted."
METHOD = "X-Export-Method"


class ExportsView(ProjectView):
    """Takes the request for an export, and gives older clients what became of one."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "exports:write", "POST": "exports:write"}

    @extend_schema(
        summary="Create an export",
        description=(
            "Makes an object that fits your JSON schema from the memories that the filters find, the newest 2,000: by a"
            " language model, or where none is set up or it fails by rules, which map attributes, categories and"
            " memories onto the fields and make nothing up. With a `format` it makes a file of all memories instead, of"
            " the project where no filters are given, with all of their fields, also those that are expired or"
            " superseded. Exports are kept for 24 hours; what is deleted meanwhile leaves them at once."
        ),
        request=ExportInput,
        responses={201: ExportAcceptedAnswer},
        tags=["exports"],
    )
    def post(self, request: Request) -> HttpResponse:
        """Accepts the export."""
        wanted = export_request(normalise(body_of(request)))
        return self.once(
            lambda: self._accept(wanted),
            lambda accepted: {**EXPORT_ACCEPTED, "id": str(accepted[0].event_id)},
            then=self._ring,
            status=201,
        )

    def _accept(self, wanted: Wanted) -> tuple[Accepted, Job]:
        with tenant_tx(self.tenant):
            accepted, job = accept_export(wanted, Author.of(self.caller))
            audit.record(self.caller, "export.create", "export", accepted.event_id, format=str(wanted.format))
            return accepted, job

    def _ring(self, accepted: tuple[Accepted, Job]) -> None:
        _, job = accepted
        if job.published_at is not None:
            announce(self.tenant, job)

    @extend_schema(
        summary="Get an export (v1)",
        description="As `POST /v1/exports/get/`, for clients that ask in the address.",
        parameters=[GetExportInput, EXPORT_METHOD],
        responses=ExportAnswer,
        tags=["exports"],
        deprecated=True,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Answers with the export."""
        return _result(self, normalise(query_parameters(request.query_params, objects=("filters", "metadata"))))


class GetExportView(ProjectView):
    """Gives what an export came to."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": "exports:write"}
    changes_nothing = True

    @extend_schema(
        summary="Get an export",
        description=(
            "Answers with the object itself: of the export with this id, or of the newest with these filters. One that"
            " is not ready is waited for a few seconds, then the answer says that it is pending. A failed one is"
            " refused with the reason."
        ),
        request=GetExportInput,
        parameters=[EXPORT_METHOD],
        responses=ExportAnswer,
        tags=["exports"],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Answers with the export."""
        return _result(self, normalise(body_of(request)))


class ExportView(ProjectView):
    """One export."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "exports:write", "DELETE": "exports:write"}

    @extend_schema(
        summary="Get the status of an export",
        parameters=[EXPORT_ID],
        responses=ExportStatusAnswer,
        tags=["exports"],
        description="How far it is, and for a file its size, its digest and where it is.",
    )
    def get(self, _request: Request, export_id: str) -> Response:
        """Answers with the status."""
        with tenant_tx(self.tenant):
            return Response(_status_json(export_of(export_id)))

    @extend_schema(
        summary="Delete an export",
        description="Also one that is still being made. Its memories stay.",
        parameters=[EXPORT_ID],
        responses=MessageAnswer,
        tags=["exports"],
    )
    def delete(self, _request: Request, export_id: str) -> HttpResponse:
        """Deletes the export."""
        return self.once(lambda: self._delete(export_id), lambda _: {"message": DELETED})

    def _delete(self, export_id: str) -> None:
        with tenant_tx(self.tenant):
            export = delete_export(export_id)
            audit.record(self.caller, "export.delete", "export", export.id)


class DownloadView(ProjectView):
    """The content of an export as a file."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "exports:write"}

    @extend_schema(
        summary="Download an export",
        description="Streams the file. What is deleted while it is streamed may be missing at its end.",
        parameters=[EXPORT_ID],
        responses={
            (200, NDJSON): FileAnswer,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY,
        },
        examples=[
            OpenApiExample(
                "Object", value=EXPORTED, media_type="application/json", response_only=True, status_codes=[200]
            ),
            OpenApiExample("JSON lines", value=EXPORTED_LINE, media_type=NDJSON, response_only=True),
            OpenApiExample("CSV", value=EXPORTED_TABLE, media_type="text/csv", response_only=True),
            OpenApiExample("Parquet", value="PAR1", media_type="application/vnd.apache.parquet", response_only=True),
        ],
        tags=["exports"],
    )
    def get(self, _request: Request, export_id: str) -> StreamingHttpResponse:
        """Streams the file, of which one part at a time is read."""
        with tenant_tx(self.tenant):
            export = export_of(export_id)
            _check(export, needs_end=True)
            audit.record(self.caller, "export.download", "export", export.id)
        form = FILES[export.format]
        headers = {"Content-Disposition": f'attachment; filename="export-{export.id}.{form.extension}"'}
        if export.size is not None:
            headers |= {"Content-Length": str(export.size), "ETag": f'"{export.sha256}"'}
        pieces = form.write(parts.read(self.tenant, export.id))
        return StreamingHttpResponse(pieces, content_type=form.content_type, headers=headers)


def _result(view: ProjectView, asked: dict[str, Any]) -> HttpResponseBase:
    export = _wanted(view, asked)
    if export.format != ExportFormat.SCHEMA:
        raise DomainError(IS_A_FILE.format(path=_download(export)))
    if export.event.status in OPEN_STATUSES:
        wait_for(view.tenant, Accepted(export.event_id, export.event), WAIT_MS)
    with tenant_tx(view.tenant):
        export = export_of(export.id)
        _check(export, needs_end=False)
        if export.event.status in OPEN_STATUSES:
            return Response(EXPORT_PENDING)
        content = parts.part_of(export.id, PART)
    return HttpResponse(content, content_type="application/json", headers={METHOD: export.method})


def _wanted(view: ProjectView, asked: dict[str, Any]) -> Export:
    if wanted := asked.get("memory_export_id"):
        with tenant_tx(view.tenant):
            return export_of(str(wanted))
    filters = scoped(filters_of(asked))
    with tenant_tx(view.tenant):
        return newest_export(filters)


def _check(export: Export, *, needs_end: bool) -> None:
    """Raises `DomainError` (400) for an export that failed, and for one that is not done where that is needed."""
    if export.event.status == EventStatus.FAILED:
        raise DomainError(export.event.error, body={"error": export.event.error})
    if needs_end and export.event.status in OPEN_STATUSES:
        raise DomainError(NOT_READY, body={"error": NOT_READY})
    if needs_end and export.format == ExportFormat.PARQUET and not has_parquet():
        raise DomainError(NO_PARQUET, body={"error": NO_PARQUET})


def _download(export: Export) -> str:
    return f"/v1/exports/{export.id}/download/"


def _status_json(export: Export) -> dict[str, Any]:
    event = export.event
    return {
        "id": str(export.id),
        "status": event.status,
        "format": export.format,
        "method": export.method or None,
        "count": export.count,
        "removed": export.removed,
        "size": export.size,
        "sha256": export.sha256 or None,
        "created_at": moment(export.created_at),
        "expires_at": moment(export.expires_at),
        "error": event.error or None,
        "download": _download(export) if event.status == EventStatus.SUCCEEDED else None,
    }
