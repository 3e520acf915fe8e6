"""Memories are given the vectors of the embedder that is set up now, and the terms of the analyzer of now.

Searches and writes go on meanwhile: a memory whose turn has not come is found by its words, and what is written is
current already. Nothing is kept of the run itself. Each batch is one commit, and the rows tell which of them are left:
wherever a run ended, the next one goes on.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from loci.errors import DependencyError
from loci.tenancy.context import Tenant, tenant_tx
from memories.embedding import embedder
from memories.models import Memory, MemoryState, Revision
from memories.retrieval import analyzer
from memories.text import analyzed, found_by, vectors_of

BATCH = 100
"""Rows of one call of the embedder, and of one commit, which locks them for some 50 ms."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Before a failing embedder is asked again; each pause is twice as long as the one before."""

_Stale = Callable[[], QuerySet[Any]]


def remaining(tenant: Tenant) -> int:
    """Returns how many memories, and texts that they said in the past, are not found by what is current."""
    with tenant_tx(tenant):
        return sum(stale().count() for stale in _TABLES)


def reembed(tenant: Tenant, *, patience_s: float) -> Iterator[int]:
    """Yields after each batch how many rows it made current, until none is left but those that others are changing.

    A row that changed after it was read stays as it is. Raises `DependencyError` when the embedder has failed for
    `patience_s` seconds; all batches before are kept.
    """
    for stale in _TABLES:  # Memories first: their edits copy what they are found by to their past.
        has_changed = True
        while has_changed:  # Once more, for those that were locked or changed.
            has_changed = False
            for count in _once(tenant, stale, patience_s):
                has_changed |= count > 0
                yield count


def _once(tenant: Tenant, stale: _Stale, patience_s: float) -> Iterator[int]:
    after = UUID(int=0)
    while rows := _next(tenant, stale, after):
        yield _renewed(tenant, stale, _columns(rows, patience_s))
        after = rows[-1].id


def _next(tenant: Tenant, stale: _Stale, after: UUID) -> list[Any]:
    with tenant_tx(tenant):
        rows = stale().filter(id__gt=after).order_by("id")
        return list(rows.only("id", "project_id", "text", "embedding_model")[:BATCH])


def _columns(rows: Sequence[Any], patience_s: float) -> dict[UUID, tuple[str, dict[str, Any]]]:
    """The text of each row, and what it is to be found by: a vector that is current is not asked for again."""
    model = embedder().model
    texts = list({row.text: None for row in rows if row.embedding_model != model})
    vectors = dict(zip(texts, _patiently(lambda: vectors_of(texts), patience_s) if texts else [], strict=True))
    return {
        row.id: (
            row.text,
            analyzed(row.text) if row.embedding_model == model else found_by(row.text, vectors[row.text]),
        )
        for row in rows
    }


def _renewed(tenant: Tenant, stale: _Stale, columns: dict[UUID, tuple[str, dict[str, Any]]]) -> int:
    """Writes the columns of the rows that still have the text; waits for nobody, so that nobody waits in a circle."""
    with tenant_tx(tenant):
        rows = stale().filter(id__in=columns).select_for_update(of=["self"], skip_locked=True, no_key=True)
        unchanged = [row for row in rows.only("id", "project_id", "text") if row.text == columns[row.id][0]]
        for row in unchanged:
            type(row).objects.filter(id=row.id).update(**columns[row.id][1])
        return len(unchanged)


def _patiently(ask: Callable[[], Any], patience_s: float) -> Any:
    began, pause_s = time.monotonic(), FIRST_PAUSE_S
    while True:
        try:
            return ask()
        except DependencyError as error:
            wait_s = max(error.retry_after or 0, pause_s)
            if time.monotonic() - began + wait_s > patience_s:
                raise
            time.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _is_current() -> Q:
    return Q(embedding_model=embedder().model, analyzer=analyzer.VERSION)


def _memories() -> QuerySet[Memory]:
    memories: QuerySet[Memory] = Memory.objects.exclude(_is_current()).exclude(state=MemoryState.DELETED)
    return memories


def _past() -> QuerySet[Revision]:
    """What a memory says now it has itself, and what it said before vectors were kept has none."""
    revisions: QuerySet[Revision] = Revision.objects.exclude(_is_current()).filter(terms__isnull=False)
    return revisions


_TABLES: tuple[_Stale, ...] = (_memories, _past)
