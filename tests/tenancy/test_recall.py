"""Every scope finds its memories beside others of any size: as many and as near as an exact search (reliability.md C8).

Above `EXACT_LIMIT` that is the work of the project's own indexes.
"""

import os
from collections.abc import Callable
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from django.db import connection

from loci.tenancy.context import tenant_tx
from memories.embedding import embed_query, embedder
from memories.embedding.base import Vectors
from memories.models import Memory
from memories.retrieval import analyzer
from tests.conftest import Person
from tests.memories.support import search

TOP = 10
QUERIES = (
    "Where does she live?",
    "What may he not eat?",
    "Which language do they speak?",
    "Who looks after the dog?",
    "When was the house built?",
    "How do I get to the airport?",
    "Why did the meeting end early?",
    "What instrument is played at weekends?",
)
LARGEST = int(os.environ.get("RECALL_ROWS", "60000"))
"""The size of the largest scope under `make chaos`."""
TEXT = "Memorandum"
"""Of every memory: no word of a query, so that the vectors alone decide."""


def near(queries: Vectors, rows: int, chance: np.random.Generator) -> Vectors:
    """Returns unit vectors around those of the queries, each as far from its own as the others' are."""
    noise = chance.normal(size=(rows, queries.shape[1])) / np.sqrt(queries.shape[1])
    moved = queries[np.arange(rows) % len(queries)] + noise
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float16)


def keep(person: Person, user: str, vectors: Vectors) -> None:
    found_by = {"terms": analyzer.tsvector(TEXT), "term_count": 1, "embedding_model": embedder().model}
    with tenant_tx(person.tenant):
        Memory.objects.bulk_create(
            (Memory(text=TEXT, hash=str(n), user_id=user, embedding=v, **found_by) for n, v in enumerate(vectors)),
            batch_size=1_000,
        )


def recalls(person: Person, user: str, queries: Vectors, kept: Vectors) -> list[float]:
    """Returns for each query how many of what is found are as near as the nearest ten; 0 where rows are missing."""
    return [
        _recall(person, user, text, kept.astype(np.float32) @ query)
        for text, query in zip(QUERIES, queries, strict=True)
    ]


def _recall(person: Person, user: str, text: str, cosines: Any) -> float:
    wanted = np.sort(cosines)[-TOP:]
    hits = search(person, text, {"user_id": user}, top_k=TOP, threshold=0.0)
    near_enough = [hit for hit in hits if hit["score_breakdown"]["semantic"] >= wanted[0] - 1e-3]
    return len(near_enough) / len(wanted) if len(hits) == len(wanted) else 0.0


@pytest.mark.parametrize(
    ("sizes", "limit"),
    [
        ((10, 100, 1_000), 10_000),
        ((10, 120, 3_000), 100),
        pytest.param(
            (10, 400, LARGEST // 12, LARGEST // 4, LARGEST),
            10_000,
            marks=[pytest.mark.chaos, pytest.mark.timeout(1800)],
        ),
    ],
)
def test_every_scope_finds_what_an_exact_search_of_it_finds(
    alice: Person, bob: Person, sizes: tuple[int, ...], limit: int, maintained: Callable[[int], list[str]]
) -> None:
    chance, queries = np.random.default_rng(8), np.stack([embed_query(text) for text in QUERIES])
    scopes = [(alice, 10), *((bob, size) for size in sizes)]
    kept = [near(queries, size, chance) for _, size in scopes]
    for (person, size), vectors in zip(scopes, kept, strict=True):
        keep(person, f"user of {size}", vectors)
    maintained(limit)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("loci_app",)
    found = {
        (person.email, size): recalls(person, f"user of {size}", queries, vectors)
        for (person, size), vectors in zip(scopes, kept, strict=True)
    }
    read_whole = {scope: every for scope, every in found.items() if scope[1] <= limit}
    assert read_whole == {scope: [1.0] * len(QUERIES) for scope in read_whole}
    means = {scope: fmean(every) for scope, every in found.items()}
    assert min(means.values()) >= 0.9, means
    assert fmean(means.values()) >= 0.97, means
