"""Which memories an extractor is shown beside the new messages (design.md §3.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from uuid import UUID

from django.db.models import F, Q, QuerySet

from loci.tenancy.context import Tenant, tenant_tx
from memories.embedding import embedder
from memories.embedding.base import Vectors
from memories.extraction.base import Candidate
from memories.models import Attribute, Memory
from memories.queries import SEARCHED_ONLY, visible
from memories.resolution.quarantine import Known
from memories.retrieval.query import Query
from memories.retrieval.ranking import rank
from memories.retrieval.scanning import cosine
from memories.scope import Scope
from memories.text import vectors_of
from memories.topics import keys_that_may_be_named

MOST = 30
"""Candidates of one add, whatever found them."""
ATTRIBUTES = 12
MESSAGES = 8
"""Only the newest messages are searched with: the last ones of a long paste say what it is about."""
OF_TOPICS = 5
OF_FACT = 5
"""The nearest memories of a fact that an extractor must have seen. One farther away is no likelier to be the same."""
SEARCHED = 2_000
"""Characters of a message that are searched with."""

NEAR = 0.7
"""The cosine from which a memory is near enough to a fact to be decided about. Nearness alone decides nothing."""


@dataclass(frozen=True)
class Shown:
    """The candidates that were shown, under their numbers, and which memories these numbers mean."""

    candidates: tuple[Candidate, ...] = ()
    known: Mapping[int, Known] = field(default_factory=dict)

    def with_more(self, memories: Sequence[Memory], attributes: Mapping[object, Attribute] | None = None) -> Shown:
        """Returns the candidates with these memories added under the next numbers, each once."""
        have = {known.memory_id for known in self.known.values()}
        fresh = {memory.id: memory for memory in memories if memory.id not in have}
        start = len(self.known)
        numbered = list(enumerate(fresh.values(), start=start))
        return Shown(
            (*self.candidates, *(_candidate(number, memory, attributes or {}) for number, memory in numbered)),
            {**self.known, **{number: Known(memory.id, memory.version) for number, memory in numbered}},
        )

    def of(self, memory_ids: Collection[UUID]) -> list[Candidate]:
        """Returns the candidates that are these memories."""
        return [each for each in self.candidates if self.known[each.number].memory_id in memory_ids]


class Queries:
    """What an add searches with. It is embedded once, and not before a scope has something to be found."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = [text[:SEARCHED] for text in texts[-MESSAGES:] if text.strip()]

    @cached_property
    def vectors(self) -> Vectors:
        """Returns the texts' embeddings. Raises `DependencyError`."""
        return vectors_of(self.texts)


def gather(tenant: Tenant, scope: Scope, queries: Queries, shown: Shown, *, most: int = MOST) -> Shown:
    """Returns `shown` and what the texts may be about: at most `most` memories more, the likeliest first.

    Those are the entity's current attributes, then what a search with each of the texts finds, the best of every text
    before the second best of any, then memories of the topics that the texts name. A short text finds as many as a long
    conversation: to show some more costs less than a second call for the one that was left out.
    """
    with tenant_tx(tenant):
        if not _active(scope).exists():
            return shown
    by_text = list(zip(queries.texts, queries.vectors, strict=True))
    with tenant_tx(tenant):
        attributes = _attributes(scope)
        found = [attribute.memory for attribute in attributes.values()]
        found += _interleaved([_found(scope, text, vector, most) for text, vector in by_text])
        first, others = found[: most - OF_TOPICS], found[most - OF_TOPICS :]
        likeliest = list(dict.fromkeys([*first, *_of_same_topics(scope, queries.texts), *others]))
        return shown.with_more(likeliest[:most], attributes)


def _found(scope: Scope, text: str, vector: Vectors, most: int) -> list[Memory]:
    query = Query(text=text, vector=vector, model=embedder().model)
    return [hit.memory for hit in rank(_active(scope), query, limit=most)]


def _interleaved(found: Sequence[Sequence[Memory]]) -> list[Memory]:
    return [memory for equally_good in zip_longest(*found) for memory in equally_good if memory is not None]


def _of_same_topics(scope: Scope, texts: Sequence[str]) -> QuerySet[Memory]:
    named = _active(scope).filter(topic_keys__overlap=keys_that_may_be_named(texts))
    return named.defer(*SEARCHED_ONLY).order_by("-updated_at", "-id")[:OF_TOPICS]


def near(tenant: Tenant, scopes: Sequence[Scope], vectors: Vectors, shown: Shown) -> list[list[Memory]]:
    """Returns for each fact's scope and vector those of its nearest memories that were not shown: usually none."""
    have = {known.memory_id for known in shown.known.values()}
    with tenant_tx(tenant):
        return [
            [memory for memory in _nearest(scope, vector) if memory.id not in have]
            for scope, vector in zip(scopes, vectors, strict=True)
        ]


def _nearest(scope: Scope, vector: Vectors) -> QuerySet[Memory]:
    """Compares with every memory, however many: nobody waits for it, and one that is missed would be kept twice."""
    query = Query(text="", vector=vector, model=embedder().model)
    near_enough = _active(scope).annotate(cosine=cosine(query)).filter(cosine__gte=NEAR)
    return near_enough.defer(*SEARCHED_ONLY).order_by(F("cosine").desc())[:OF_FACT]


def _active(scope: Scope) -> QuerySet[Memory]:
    return visible(Q(**scope.within_lane()))


def _attributes(scope: Scope) -> dict[object, Attribute]:
    kind, name = next(scope.entities())
    current = Attribute.objects.filter(entity__type=kind, entity__name=name, memory__in=visible(Q()))
    newest = current.select_related("memory").order_by("-updated_at")[:ATTRIBUTES]
    return {attribute.memory_id: attribute for attribute in newest}


def _candidate(number: int, memory: Memory, attributes: Mapping[object, Attribute]) -> Candidate:
    attribute = attributes.get(memory.id)
    return Candidate(
        number=number,
        text=memory.text,
        attribute=attribute.key if attribute else None,
        value=attribute.value if attribute else None,
        said_at=memory.updated_at,
    )
