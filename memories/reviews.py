"""What is asked about memories, and what people think of these; inside the caller's `tenant_tx`."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import TruncDate
from django.utils import timezone

from loci.errors import NotFound
from memories.lifecycle.reviews import standing
from memories.models import Feedback, Memory, MemoryState, Opinion, Review, ReviewKind, ReviewState
from memories.queries import SEARCHED_ONLY
from memories.retrieval.opinions import NEUTRAL, WEIGHTS

NOT_THERE = "There is no such review."
OUTDATED = "outdated"
"""Shown as the state of an open review whose memories have changed since."""
DAYS = 30
WORST = 10
REASONS = 5

_SEARCHED_ONLY = [f"{memory}__{column}" for memory in ("memory", "other") for column in SEARCHED_ONLY]


def _no_opinions() -> dict[str, int]:
    return dict.fromkeys(map(str, Opinion), 0)


@dataclass(frozen=True)
class Thought:
    """What people think of a text: how many hold each opinion, and why some find it bad, the newest first."""

    counts: dict[str, int] = field(default_factory=_no_opinions)
    reasons: list[str] = field(default_factory=list)

    def add(self, opinion: str, reason: str) -> None:
        """Counts one more opinion."""
        self.counts[opinion] += 1
        if reason and opinion != Opinion.POSITIVE and len(self.reasons) < REASONS:
            self.reasons.append(reason)


def reviews(*, state: str | None = None, **where: Any) -> QuerySet[Any]:
    """Returns reviews with their memories, newest first; an open one that is outdated does not `stand`."""
    stands = ExpressionWrapper(standing(), output_field=BooleanField())
    found = Review.objects.filter(**where).annotate(stands=stands)
    if state in {ReviewState.OPEN, OUTDATED}:
        found = found.filter(state=ReviewState.OPEN, stands=state == ReviewState.OPEN)
    elif state is not None:
        found = found.filter(state=state)
    return found.select_related("memory", "other").defer(*_SEARCHED_ONLY).order_by("-created_at", "-id")


def review_of(review_id: UUID) -> Any:
    """Returns one of `reviews`; raises `NotFound`."""
    review = reviews(id=review_id).first()
    if review is None:
        raise NotFound(NOT_THERE)
    return review


def thoughts_on(page: Sequence[Review]) -> dict[UUID, Thought]:
    """Returns what people think of the texts that feedback asks about, by review."""
    asked = {(row.memory_id, row.hash): Thought() for row in page if row.kind == ReviewKind.FEEDBACK}
    given = Feedback.objects.filter(memory_id__in={memory_id for memory_id, _ in asked}).exclude(opinion="")
    rows = given.order_by("-given_at", "-id").values_list("memory_id", "hash", "opinion", "reason")
    for memory_id, text_hash, opinion, reason in rows:
        if (memory_id, text_hash) in asked:
            asked[memory_id, text_hash].add(opinion, reason)
    return {row.id: asked[row.memory_id, row.hash] for row in page if row.kind == ReviewKind.FEEDBACK}


def opinions() -> dict[str, int]:
    """Returns how many people hold each opinion of what a memory says now."""
    return _no_opinions() | dict(_counted(_given().values_list("opinion")))


def judged_memories() -> int:
    """Returns of how many memories somebody holds an opinion."""
    return _given().aggregate(count=Count("memory_id", distinct=True))["count"]


def opinions_by_day() -> dict[date, dict[str, int]]:
    """Returns how many of them were given on each of the last 30 days, in UTC, the first day first."""
    today = timezone.now().date()
    days = {today - timedelta(days=ago): _no_opinions() for ago in reversed(range(DAYS))}
    since = timezone.now() - timedelta(days=DAYS)
    given = _given().filter(given_at__gte=since).annotate(day=TruncDate("given_at"))
    for day, opinion, count in _counted(given.values_list("day", "opinion")):
        days.setdefault(day, _no_opinions())[opinion] = count
    return days


def worst_memories() -> list[tuple[Memory, dict[str, int]]]:
    """Returns the ten memories that people find worst, as searches weigh it, the worst first, with their opinions."""
    weight = Case(*(When(opinion=opinion, then=Value(float(each))) for opinion, each in WEIGHTS.items()))
    mean = ExpressionWrapper(
        Sum(weight, output_field=FloatField()) / (Count("id") + NEUTRAL), output_field=FloatField()
    )
    weighed = _given().values("memory_id").annotate(weight=mean).filter(weight__lt=0).order_by("weight", "memory_id")
    ids = list(weighed.values_list("memory_id", flat=True)[:WORST])
    counts: dict[UUID, dict[str, int]] = defaultdict(_no_opinions)
    for memory_id, opinion, count in _counted(_given().filter(memory_id__in=ids).values_list("memory_id", "opinion")):
        counts[memory_id][opinion] = count
    memories = Memory.objects.defer(*SEARCHED_ONLY).in_bulk(ids)
    return [(memories[memory_id], counts[memory_id]) for memory_id in ids]


def _given() -> QuerySet[Any, Any]:
    """What is thought of active memories as they are: searches weigh no other opinions.

    Each opinion asks for its own memory: for a join, a planner without statistics reads every memory for each of them.
    """
    active = Memory.objects.filter(id=OuterRef("memory_id"), state=MemoryState.ACTIVE)
    given = Feedback.objects.alias(said=Subquery(active.values("hash")[:1])).filter(hash=F("said"))
    return given.exclude(opinion="")


def _counted(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.annotate(count=Count("id")).order_by()
