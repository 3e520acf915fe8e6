"""Questions about memories: asked once, and gone with the memories that they are about; inside a `tenant_tx`."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from memories.models import Memory, MemoryState, Opinion, Review, ReviewKind, ReviewState
from memories.queries import merges
from memories.scope import SCOPED
from orgs.project_settings import Flagging

FLAGGED_BY = {
    Flagging.OFF: frozenset[Opinion](),
    Flagging.VERY_NEGATIVE: frozenset({Opinion.VERY_NEGATIVE}),
    Flagging.NEGATIVE: frozenset({Opinion.VERY_NEGATIVE, Opinion.NEGATIVE}),
}
"""The opinions that open a review, by what the project wants."""


def standing() -> Q:
    """Returns the filter of reviews whose memories still are what is asked about; the others are outdated."""
    is_memory, is_other = _still("memory_id", "hash"), _still("other_id", "other_hash")
    return Q(is_memory) & (Q(other__isnull=True) | Q(is_other))


def _still(memory_id: str, text_hash: str) -> Exists:
    meant = {"id": OuterRef(memory_id), "hash": OuterRef(text_hash)}
    return Exists(Memory.objects.filter(**meant, state=MemoryState.ACTIVE))


def flag(memory: Memory, opinion: Opinion) -> None:
    """Asks about a locked memory that somebody found bad, unless that is being asked, or was approved, of its text."""
    asked = Review.objects.filter(kind=ReviewKind.FEEDBACK, memory=memory, hash=memory.hash)
    if memory.state == MemoryState.ACTIVE and not asked.filter(state__in=_SETTLED).exists():
        Review.objects.create(
            kind=ReviewKind.FEEDBACK, memory=memory, hash=memory.hash, reason=opinion, **_scope_of(memory)
        )


_SETTLED = (ReviewState.OPEN, ReviewState.APPROVED)


def propose(memory: Memory, other: Memory, reason: str) -> Review:
    """Asks, of two locked memories, whether `other` is to be merged into `memory`; returns what was asked before.

    Whatever was decided then, these texts of theirs are asked about once.
    """
    asked = Review.objects.filter(
        Q(memory=memory, hash=memory.hash, other=other, other_hash=other.hash)
        | Q(memory=other, hash=other.hash, other=memory, other_hash=memory.hash),
        kind=ReviewKind.DUPLICATE,
    )
    review: Review = asked.first() or Review.objects.create(
        kind=ReviewKind.DUPLICATE,
        memory=memory,
        hash=memory.hash,
        other=other,
        other_hash=other.hash,
        reason=reason,
        **_scope_of(memory),
    )
    return review


def asked_about(memory_ids: Collection[UUID], *, even_open: bool) -> set[UUID]:
    """Returns those of these memories of which somebody decided whether to merge them, or with `even_open` is asked."""
    asked = _about(memory_ids, side="other").filter(_still("other_id", "other_hash"), kind=ReviewKind.DUPLICATE)
    settled = asked if even_open else asked.exclude(state=ReviewState.OPEN)
    return set(settled.values_list("other_id", flat=True))


def merged_into(memory_ids: Collection[UUID]) -> set[UUID]:
    """Returns the memories that were merged into these, into those, and so on."""
    found: set[UUID] = set()
    while memory_ids:
        memory_ids = set(merges().filter(memory_id__in=memory_ids).values_list("other_id", flat=True)) - found
        found |= memory_ids
    return found


def drop_reviews(memory_ids: Collection[UUID]) -> None:
    """Removes all that is asked, or was decided, about these memories."""
    for side in ("memory", "other"):
        _about(memory_ids, side=side).delete()


def _about(memory_ids: Collection[UUID], *, side: str) -> QuerySet[Review]:
    reviews: QuerySet[Review] = Review.objects.filter(**{f"{side}_id__in": memory_ids})
    return reviews


def _scope_of(memory: Memory) -> dict[str, str | None]:
    return {name: getattr(memory, name) for name in SCOPED}
