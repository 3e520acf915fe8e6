"""A model is asked which memories near a new one say the same; likeness alone decides nothing (design.md §3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from loci.net.endpoint import endpoint
from loci.tenancy.context import Tenant, tenant_tx
from memories.embedding import embedder
from memories.extraction import extractor
from memories.extraction.base import Candidate, Fact, Question, Relation
from memories.lifecycle.sameness import tell_apart
from memories.models import Cause, Memory, Revision
from memories.queries import visible
from memories.retrieval.query import Query
from memories.retrieval.scanning import cosine
from memories.scope import Scope

ASKED = 20
"""Memories about which a model is asked in one call."""
MOST = 1_000
"""Those of one scope in one run, the newest: each is compared with the whole scope."""
NEAR = 0.85
"""The cosine from which a model is asked: what says the same in other words is seldom farther away."""
NEAREST = 3
LONGEST = 500
"""Characters of a text about which a model is asked: it is shown no more of a candidate."""


@dataclass(frozen=True)
class Judged:
    """Two memories that say the same, as a model says: the hashes of the texts that it read, by id."""

    hashes: dict[UUID, str]


@dataclass(frozen=True)
class Answer:
    """The pairs that a model found, and the last memory that it was asked about."""

    pairs: Sequence[Judged]
    last: UUID


def judge(tenant: Tenant, scope: Scope, *, since: str | None, after: str | None) -> Answer | None:
    """Asks about the next 20 memories of the scope in the order of ids, beyond `after`; None where none is left.

    They are those that say something new since a time in ISO format, or all; without a model there are none. Call it
    outside of any transaction. Raises `DependencyError`.
    """
    if endpoint() is None:
        return None
    with tenant_tx(tenant):
        new = _said_since(since)
        asked = _next(scope, new, after)
        near = {memory: found for memory in asked if (found := _near(scope, memory, new))}
    if not asked:
        return None
    return Answer(_answered(near), asked[-1].id)


def _answered(near: dict[Memory, list[Memory]]) -> list[Judged]:
    questions = [
        Question(Fact(memory.text), [Candidate(number, other.text) for number, other in enumerate(others)])
        for memory, others in near.items()
    ]
    decisions = extractor().decide(questions) if questions else []
    return [
        Judged({each.id: each.hash for each in (memory, others[decision[1]])})
        for (memory, others), decision in zip(near.items(), decisions, strict=True)
        if decision is not None and decision[0] == Relation.DUPLICATE
    ]


def _said_since(since: str | None) -> Q:
    if since is None:
        return Q(id__isnull=False)
    said = Revision.objects.filter(
        memory_id=OuterRef("id"),
        recorded_from__gte=datetime.fromisoformat(since),
        cause__in=[Cause.ADD, Cause.UPDATE],
    )
    return Q(Exists(said))


def _next(scope: Scope, new: Q, after: str | None) -> list[Memory]:
    newest = _comparable(scope).filter(new).order_by("-id").values("id")[:MOST]
    left = Memory.objects.filter(Q(id__gt=after) if after else Q(), id__in=newest)
    return list(left.defer("terms").order_by("id")[:ASKED])


def _near(scope: Scope, memory: Memory, new: Q) -> list[Memory]:
    """Those near to it that may say the same; of two new ones, the newer is asked about the older."""
    query = Query(text="", vector=memory.embedding, model=memory.embedding_model)
    others = _comparable(scope).filter(Q(id__lt=memory.id) | ~new).exclude(id=memory.id)
    found = others.annotate(cosine=cosine(query)).filter(cosine__gte=NEAR).order_by(F("cosine").desc(), "id")
    nearest = found.defer("embedding", "terms")[:NEAREST]
    return [other for other in nearest if not tell_apart(memory.text, other.text, of_user=scope.user_id is not None)]


def _comparable(scope: Scope) -> QuerySet[Memory]:
    of_scope = visible(Q(**scope.exactly(), embedding_model=embedder().model, immutable=False))
    return of_scope.annotate(length=Length("text")).filter(length__lte=LONGEST)
