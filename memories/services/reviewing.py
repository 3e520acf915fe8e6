"""Somebody decides what is asked about memories, or takes back what they decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from loci.errors import DomainError, NotFound
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import new_id
from memories.lifecycle import rollback
from memories.lifecycle.closing import CHANGED, close, reopen
from memories.lifecycle.merging import may_merge
from memories.models import Memory, MemoryState, Review, ReviewKind, ReviewState, Revision
from memories.provenance import LOCI, Author
from memories.queries import SEARCHED_ONLY
from memories.resolution import timeline
from memories.reviews import NOT_THERE, review_of
from memories.services.editing import Edit, PreparedEdit, edit_memories, prepare
from memories.text import vectors_of
from workers import outcomes
from workers.outcomes import Outcome

DECIDED = "The review is decided already."
UNDECIDED = "The review has no decision that could be undone."

DECISIONS = (ReviewState.APPROVED, ReviewState.EDITED, ReviewState.REJECTED)


@dataclass(frozen=True)
class Asked:
    """A review with its memories, all locked, as they are now."""

    review: Review
    memories: Mapping[UUID, Memory]

    @property
    def memory(self) -> Memory:
        """Returns the memory that it is about, or into which the other one is to be merged."""
        return self.memories[self.review.memory_id]

    @property
    def other(self) -> Memory | None:
        """Returns the memory that is to be merged, where that is asked."""
        return self.memories.get(self.review.other_id) if self.review.other_id else None


@dataclass(frozen=True)
class PreparedUndo:
    """The embedding of the text that a memory is to say again, by text; none where no text was changed."""

    review_id: UUID
    vectors: Mapping[str, Any] = field(default_factory=dict)


def approve(tenant: Tenant, review_id: UUID, *, by: Author = LOCI) -> Review:
    """The memory stays as it is; of two, one is merged into the other.

    Raises `NotFound`, and `DomainError` (409) for what is decided, or about memories that have changed since.
    """
    with tenant_tx(tenant):
        asked = _to_decide(review_id)
        return decide(asked, ReviewState.APPROVED, _merged(asked), by=by)


def reject(tenant: Tenant, review_id: UUID, *, by: Author = LOCI) -> Review:
    """The memory is hidden; two that were said to be the same stay apart, and are not asked about again.

    Raises as `approve`.
    """
    with tenant_tx(tenant):
        asked = _to_decide(review_id)
        done = {"closed": close(asked.memory)} if asked.review.kind == ReviewKind.FEEDBACK else {}
        return decide(asked, ReviewState.REJECTED, done, by=by)


def prepare_edit(tenant: Tenant, review_id: UUID, text: str) -> PreparedEdit:
    """Screens and embeds what the review's memory is to say, outside of any transaction; raises as `editing.prepare`.

    Raises `NotFound` for no review.
    """
    with tenant_tx(tenant):
        memory_id = review_of(review_id).memory_id
    (edit,) = prepare(tenant, [Edit(memory_id, text)])
    return edit


def edit(tenant: Tenant, review_id: UUID, prepared: PreparedEdit, *, by: Author = LOCI) -> Review:
    """The memory says something else from now on, and the other one, if there is one, is merged into it.

    Raises as `approve`, and `DomainError` for an immutable memory.
    """
    with tenant_tx(tenant):
        asked = _to_decide(review_id)
        done, before = _merged(asked), asked.memory.updated_at
        edit_memories(tenant, [prepared], by=by)
        newest = timeline.believed(asked.memory)[-1]
        done["edited"] = {"revision": str(newest.id), "updated_at": before.isoformat()}
        return decide(asked, ReviewState.EDITED, done, by=by)


def decide(asked: Asked, state: ReviewState, done: dict[str, Any], *, by: Author = LOCI) -> Review:
    """Notes the decision and what was done for it, with the versions that it left, inside the caller's `tenant_tx`."""
    changed = Memory.objects.filter(id__in=asked.memories)
    versions = {str(memory_id): version for memory_id, version in changed.values_list("id", "version")}
    review = asked.review
    review.state, review.decided_by, review.decided_at = state, by.actor_id, timezone.now()
    review.done = {**done, "versions": versions} if done else None
    review.save(update_fields=["state", "decided_by", "decided_at", "done"])
    return review


def merge(asked: Asked) -> dict[str, Any]:
    """Merges the other memory into the first, inside the caller's `tenant_tx`; returns what undoes it.

    Raises `DomainError` (409) where they may not be merged any more.
    """
    memory, other = asked.memory, asked.other
    if other is None or not may_merge(memory, other):
        raise DomainError(CHANGED, status=409)
    return {"closed": close(other, merged_into=memory)}


def prepare_undo(tenant: Tenant, review_id: UUID) -> PreparedUndo:
    """Embeds the text that a memory is to say again, outside of any transaction. Raises as `undo`."""
    with tenant_tx(tenant):
        asked = _to_undo(review_id)
        texts = _taken_back(asked).new_texts
    return PreparedUndo(review_id, dict(zip(texts, vectors_of(texts), strict=True)) if texts else {})


def undo(tenant: Tenant, prepared: PreparedUndo, *, by: Author = LOCI) -> Review:
    """Takes back exactly what the decision changed.

    Raises `NotFound`, and `DomainError` (409) where there is no decision, or a memory has changed since.
    """
    with tenant_tx(tenant):
        asked = _to_undo(prepared.review_id)
        done = asked.review.done or {}
        if edited := done.get("edited"):
            rollback.take_back(_taken_back(asked), prepared.vectors)
            was = {"updated_at": parse_datetime(edited["updated_at"])}
            Memory.objects.filter(id=asked.memory.id).update(**was)
            outcomes.record(Outcome(meter="update", source=new_id()))
        if closed := done.get("closed"):
            reopen(closed)
        return decide(asked, ReviewState.UNDONE, {}, by=by)


def lock(review: Review) -> Asked:
    """Locks a review's memories in the order of their ids, as all who change memories do, and then the review."""
    ids = [each for each in (review.memory_id, review.other_id) if each]
    locked = Memory.objects.filter(id__in=ids).select_for_update(of=["self"]).order_by("id")
    memories = {memory.id: memory for memory in locked.defer(*SEARCHED_ONLY)}
    found = Review.objects.filter(id=review.id).select_for_update(of=["self"]).first()
    if found is None:
        raise NotFound(NOT_THERE)
    return Asked(found, memories)


def _to_decide(review_id: UUID) -> Asked:
    asked = lock(review_of(review_id))
    if asked.review.state != ReviewState.OPEN:
        raise DomainError(DECIDED, status=409)
    meant = {asked.review.memory_id: asked.review.hash, asked.review.other_id: asked.review.other_hash}
    if any(
        memory.state != MemoryState.ACTIVE or memory.hash != meant[memory_id]
        for memory_id, memory in asked.memories.items()
    ):
        raise DomainError(CHANGED, status=409)
    return asked


def _to_undo(review_id: UUID) -> Asked:
    review = review_of(review_id)
    # Those that taking back an edit locks, too: all at first, in the order of their ids.
    wanted = Q(id__in=[review.memory_id, review.other_id]) | Q(replaced_by=review.memory_id)
    list(Memory.objects.filter(wanted).select_for_update(of=["self"]).order_by("id").values_list("id"))
    asked = lock(review)
    if asked.review.state not in DECISIONS:
        raise DomainError(UNDECIDED, status=409)
    left = (asked.review.done or {}).get("versions", {})
    if any(memory.version != left.get(str(memory_id), memory.version) for memory_id, memory in asked.memories.items()):
        raise DomainError(CHANGED, status=409)
    return asked


def _merged(asked: Asked) -> dict[str, Any]:
    return merge(asked) if asked.review.kind == ReviewKind.DUPLICATE else {}


def _taken_back(asked: Asked) -> rollback.Parts:
    """What taking back the edit takes from its memory; raises `DomainError` (409) where it was said again since."""
    edited = (asked.review.done or {}).get("edited")
    if not edited:
        return rollback.Parts()
    said = Revision.objects.filter(id=edited["revision"], recorded_to__isnull=True)
    parts = rollback.read([asked.memory.id], said)
    if not parts.parts:
        raise DomainError(CHANGED, status=409)
    return parts
