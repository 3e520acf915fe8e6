"""How memories came to say what they say (contract.md §3.3, §5.13 to §5.15); inside the caller's `tenant_tx`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from memories.models import EDITOR, SHOWN_CAUSES, Cause, Memory, Message, Revision
from memories.queries import no_memory


def history_of(memory_id: UUID) -> list[dict[str, Any]]:
    """Returns what history shows of a memory, oldest first, also of a deleted one; raises `NotFound` for no memory."""
    revisions = list(_oldest_first([memory_id]))
    if not revisions:
        raise no_memory([memory_id])
    return _entries(revisions, revisions, whole_input=True)


def histories_of(memory_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Returns what history shows of each of these memories, oldest first, as `entries_of` does."""
    revisions = list(_oldest_first(memory_ids))
    histories: dict[UUID, list[dict[str, Any]]] = {memory_id: [] for memory_id in memory_ids}
    for revision, entry in zip(revisions, _entries(revisions, revisions, whole_input=False), strict=True):
        histories[revision.memory_id].append(entry)
    return histories


def project_history() -> QuerySet[Revision]:
    """Returns what history shows of all memories, newest first, for `entries_of` a page."""
    return _shown().order_by("-recorded_from", "-id")


def entries_of(revisions: Iterable[Revision]) -> list[dict[str, Any]]:
    """Returns the history entries (contract.md §3.3) of these revisions, in their order.

    Their `input` holds only the messages that each names: a page of a hundred memories of one long conversation would
    repeat all of it a hundred times.
    """
    page = list(revisions)
    return _entries(page, _oldest_first({revision.memory_id for revision in page}), whole_input=False)


def _entries(
    page: Collection[Revision], oldest_first: Iterable[Revision], *, whole_input: bool
) -> list[dict[str, Any]]:
    memory_ids = {revision.memory_id for revision in page}
    memories = Memory.objects.only("id", "metadata", "categories", "project_id").in_bulk(list(memory_ids))
    told, inputs = _told(oldest_first), _inputs(page, whole=whole_input)
    return [
        _entry(revision, memories[revision.memory_id], told[revision.id], inputs.get(revision.id, []))
        for revision in page
    ]


@dataclass(frozen=True)
class Origin:
    """The messages that a memory names as its source, as `{"role", "content"}`, and whether it was changed since."""

    messages: list[dict[str, str]]
    is_updated: bool


def origins_of(memory_ids: Collection[UUID]) -> dict[UUID, Origin]:
    """Returns where these memories came from, by their ids."""
    revisions = Revision.objects.filter(memory_id__in=memory_ids, cause__in=[Cause.ADD, Cause.UPDATE])
    added = {revision.memory_id: revision for revision in revisions if revision.cause == Cause.ADD}
    updated = {revision.memory_id for revision in revisions if revision.cause == Cause.UPDATE}
    inputs = _inputs(added.values(), whole=False)
    return {
        memory_id: Origin(inputs.get(revision.id, []), memory_id in updated) for memory_id, revision in added.items()
    }


def _shown() -> QuerySet[Revision]:
    return Revision.objects.filter(cause__in=SHOWN_CAUSES)


def _oldest_first(memory_ids: Collection[UUID]) -> QuerySet[Revision]:
    return _shown().filter(memory_id__in=memory_ids).order_by("recorded_from", "id")


@dataclass
class _Told:
    """What a memory said before a revision, and until when it said what the revision says."""

    before: str | None
    until: datetime | None


def _told(oldest_first: Iterable[Revision]) -> dict[UUID, _Told]:
    """By each revision; what was said before what is known already changed nothing, and has its interval itself."""
    told: dict[UUID, _Told] = {}
    newest: dict[UUID, Revision] = {}
    for revision in oldest_first:
        told[revision.id] = _Told(None, revision.valid_to)
        if _was_late(revision):
            continue
        if last := newest.get(revision.memory_id):
            # What a newer memory made untrue was so until then: its last revision has the whole interval.
            told[last.id].until = told[last.id].until or revision.valid_to or revision.valid_from
            told[revision.id].before = last.text or None
        newest[revision.memory_id] = revision
    return told


def _was_late(revision: Revision) -> bool:
    """A change through the API is never late: of a superseded memory it has an end too."""
    return revision.cause == Cause.UPDATE and revision.valid_to is not None and revision.speaker != EDITOR


def _inputs(revisions: Iterable[Revision], *, whole: bool) -> Mapping[UUID, list[dict[str, str]]]:
    """By each revision with a text, the messages of its event: all, or those that it names, where it names any."""
    sources = {revision.id: revision for revision in revisions if revision.text and revision.event_id}
    by_event: dict[UUID | None, list[Message]] = {}
    event_ids = {revision.event_id for revision in sources.values()}
    for message in Message.objects.filter(event_id__in=event_ids, in_context=True).order_by("position"):
        by_event.setdefault(message.event_id, []).append(message)
    return {
        revision_id: [
            {"role": message.role, "content": message.content}
            for message in by_event.get(revision.event_id, [])
            if whole or not revision.sources or message.position in revision.sources
        ]
        for revision_id, revision in sources.items()
    }


def _entry(revision: Revision, memory: Memory, told: _Told, messages: list[dict[str, str]]) -> dict[str, Any]:
    deleted = revision.cause == Cause.DELETE
    return {
        "id": str(revision.id),
        "memory_id": str(memory.id),
        "input": messages,
        "old_memory": told.before,
        "new_memory": None if deleted else revision.text or None,
        "user_id": revision.user_id,
        "agent_id": revision.agent_id,
        "app_id": revision.app_id,
        "run_id": revision.run_id,
        "session_id": revision.run_id,
        "categories": memory.categories,
        "event": revision.cause,
        "metadata": memory.metadata,
        "created_at": revision.valid_from,
        "updated_at": revision.recorded_from,
        "valid_from": revision.valid_from,
        "valid_to": told.until,
    }
