"""One memory by its id, and the deletion of many by filters (contract.md §5.3, §5.10 to §5.12)."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loci.errors import DomainError
from loci.http.aliases import ALIASES, normalise, query_objects
from loci.http.parser import body_of
from loci.tenancy.context import tenant_tx
from memories.api.address_parameters import BESIDE_FILTERS, FILTERS_AND_METADATA, MEMORY_ID
from memories.api.answers.memories import DeletedAnswer, DeletingAnswer, EditedMemoryAnswer, MemoryAnswer
from memories.api.parameters import MomentInput
from memories.api.serializers import DeleteInput, EditInput, ScopeInput
from memories.api.waiting import run_if_free
from memories.api.wire import said_json
from memories.models import Memory
from memories.provenance import Author
from memories.queries import memory_of, memory_then
from memories.retrieval.filters import named_entity
from memories.retrieval.filters.request import FOLDED, fold_deletion, narrowing_names
from memories.services.accepting import Accepted
from memories.services.deleting import accept_delete_all, delete_memory
from memories.services.editing import Edit, edit_memory, prepare
from memories.wire import memory_json
from orgs import audit
from orgs.api.base import ProjectView
from workers.tasks.delete import DELETE

INVALID_ID = "memory_id should be a valid UUID"
DELETING = "Delete in progress. This may take some time."
DELETED = "Memory deleted successfully!"

_OBJECTS = ("metadata", "filters")
_WITHIN_OBJECT = re.compile(r"(metadata|filters)(\[[^\[\]]+\])+")


class MemoryView(ProjectView):
    """One memory."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": "memories:read", "PUT": "memories:write", "DELETE": "memories:delete"}
    operations: ClassVar[Mapping[str, str]] = {"GET": "GET", "PUT": "UPDATE", "DELETE": "DELETE"}
    for_bound_keys = frozenset({"GET", "PUT", "DELETE"})

    @extend_schema(
        summary="Get a memory",
        description=(
            "Also one that expired, or that a newer one superseded. With `as_of` or `known_at`, a memory that said"
            " nothing by then is not found."
        ),
        parameters=[MEMORY_ID, MomentInput],
        responses=MemoryAnswer,
        tags=["memories"],
    )
    def get(self, request: Request, memory_id: str) -> Response:
        """Answers with the memory, also with an expired or superseded one; or with what it said at another time."""
        wanted = self._named(memory_id)
        given = MomentInput(data=normalise(request.query_params.dict()))
        given.is_valid(raise_exception=True)
        moment = given.moment()
        with tenant_tx(self.tenant):
            return Response(said_json(memory_then(wanted, moment)) if moment else memory_json(memory_of(wanted)))

    @extend_schema(
        summary="Update a memory",
        description=(
            "Changes what is given: a new `text` (`message` for older clients) goes into the history, `metadata` is"
            " replaced, `timestamp` dates the memory, and an `expiration_date` of null clears it."
        ),
        parameters=[MEMORY_ID],
        request=EditInput,
        responses=EditedMemoryAnswer,
        tags=["memories"],
    )
    def put(self, request: Request, memory_id: str) -> HttpResponse:
        """Changes text, metadata, timestamp or expiration date, and answers with the memory."""
        wanted = self._named(memory_id)
        given = EditInput(data=normalise_edit(body_of(request)))
        given.is_valid(raise_exception=True)
        if replay := self.replay():
            return replay
        (edit,) = prepare(self.tenant, [edit_of(wanted, given.validated_data)])
        return self.once(lambda: edit_memory(self.tenant, edit, by=Author.of(self.caller)), _edited, about=wanted)

    @extend_schema(
        summary="Delete a memory",
        description="Forgets it at once: only its history remains, without texts.",
        parameters=[MEMORY_ID, DeleteInput],
        responses=DeletedAnswer,
        tags=["memories"],
    )
    def delete(self, request: Request, memory_id: str) -> HttpResponse:
        """Forgets the memory, and with `delete_linked` also those that it superseded, and those that they did."""
        wanted = self._named(memory_id)
        given = DeleteInput(data=normalise(request.query_params.dict()))
        given.is_valid(raise_exception=True)
        linked: bool = given.validated_data["delete_linked"]
        return self.once(
            lambda: self._delete(wanted, linked=linked),
            lambda others: {"message": DELETED, **({"cascade_count": others} if linked else {})},
        )

    def _delete(self, wanted: UUID, *, linked: bool) -> int:
        with tenant_tx(self.tenant):
            others = delete_memory(self.tenant, wanted, linked=linked)
            audit.record(self.caller, "memory.delete", "memory", wanted, count=1 + others)
            return others

    def _named(self, memory_id: str) -> UUID:
        wanted = read_memory_id(memory_id)
        self.log.memory_ids = [wanted]
        return wanted


class DeleteAllView(ProjectView):
    """The deletion of all memories that filters find, beside the v1 add at the same address."""

    @extend_schema(
        summary="Delete memories",
        description=(
            "Deletes what all given filters find together. At least one entity must be among them; `*` stands for"
            " every one of its type, and four times `*` for the whole project. `metadata` and `filters` are JSON, or"
            " `metadata[key]=value`. A body that names filters is refused: they are read from the query only."
        ),
        parameters=[ScopeInput, *FILTERS_AND_METADATA, *BESIDE_FILTERS],
        responses=DeletingAnswer,
        tags=["memories"],
    )
    def delete(self, request: Request) -> HttpResponse:
        """Deletes what all given filters find together; without an entity among them it deletes nothing."""
        filters = _deletion(request)
        self.log.entity = named_entity(fold_deletion(filters))
        return self.once(
            lambda: self._accept(filters),
            lambda accepted: {"message": DELETING, "event_id": str(accepted.event_id)},
            then=self._run,
        )

    def _accept(self, filters: Mapping[str, Any]) -> Accepted:
        with tenant_tx(self.tenant):
            accepted = accept_delete_all(self.tenant, filters)
            audit.record(self.caller, "memory.delete_all", "event", accepted.event_id)
            return accepted

    def _run(self, accepted: Accepted) -> None:
        run_if_free(DELETE, self.tenant, accepted)


def read_memory_id(given: Any) -> UUID:
    """Returns a memory's id; raises `DomainError` (400) for what is none."""
    try:
        return UUID(given)
    except (ValueError, AttributeError, TypeError) as error:
        raise DomainError(INVALID_ID, body={"error": INVALID_ID}) from error


def normalise_edit(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parameters of an update under their own names (contract.md §5.11)."""
    return normalise(data, aliases={**ALIASES, "message": "text"}, keep={"expiration_date"})


def edit_of(memory_id: UUID, given: Mapping[str, Any]) -> Edit:
    """Returns what validated parameters of an update mean."""
    column_of = {"metadata": "metadata", "timestamp": "created_at", "expiration_date": "expires_on"}
    columns = {column: given[name] for name, column in column_of.items() if name in given}
    return Edit(memory_id, text=given.get("text"), columns=columns)


def _edited(memory: Memory) -> dict[str, Any]:
    return {**memory_json(memory), "text": memory.text}


def _deletion(request: Request) -> dict[str, Any]:
    """The parameters of a deletion. One that cannot be read is an error: it must not widen what is deleted."""
    misplaced = narrowing_names(normalise(body_of(request)))
    if misplaced:
        raise DomainError(f"The filters of a deletion belong in the query, not in the body: {misplaced[0][:100]}.")
    query = request.query_params
    unread = [name for name in query if "[" in name and not _WITHIN_OBJECT.fullmatch(name)]
    objects = query_objects(query, _OBJECTS)
    unread += [name for name, value in objects.items() if value is None]
    given = normalise({**query.dict(), **objects})
    unread += [name for name in narrowing_names(given) if name not in FOLDED and "[" not in name]
    if unread:
        raise DomainError(f"{unread[0][:100]} cannot be read: put it into filters or metadata, as a JSON object.")
    return given
