"""Projects with more memories than are read one by one: their indexes, and searches by these (design.md §4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from loci.tenancy.context import tenant_tx
from memories.embedding import embed_query, embedder
from memories.embedding.base import Vectors
from memories.maintenance import LOCK
from memories.models import Memory, TermStatistic
from memories.retrieval import analyzer
from tests.conftest import Person, Services
from tests.fakes.settings import unreachable_embedder
from tests.memories.support import Json, call, search, supersede
from tests.tenancy.rows import connect, superuser

Maintained = Callable[[int], list[str]]

LIMIT = 40
QUESTION = "Who went to Zanzibar?"
ANSWER = "Zanzibar was lovely"


def remember(person: Person, texts: list[str], vectors: Vectors, **columns: Any) -> list[str]:
    """Keeps texts of Alex with these vectors, whatever they say, and returns their ids."""
    found_by = [{"terms": analyzer.tsvector(text), "term_count": len(analyzer.terms(text))} for text in texts]
    given = {"user_id": "alex", "embedding_model": embedder().model, **columns}
    with tenant_tx(person.tenant):
        rows = [
            Memory(text=text, hash=text, embedding=vector, **of_text, **given)
            for text, vector, of_text in zip(texts, vectors, found_by, strict=True)
        ]
        return [str(row.id) for row in Memory.objects.bulk_create(rows)]


def near(text: str, count: int) -> Vectors:
    """Returns vectors that are nearer to that of the text than any other text's is."""
    noise = np.random.default_rng(1).normal(size=(count, embedder().dimensions)) * 0.01
    return np.asarray(embed_query(text) + noise, np.float16)


@pytest.fixture
def many(alice: Person) -> Person:
    """Alice, who has sixty memories by the vector of the question, one opposite of it, and the answer in between."""
    remember(alice, [f"Note {number}" for number in range(60)], near(QUESTION, 60))
    remember(alice, ["Opposite"], -near(QUESTION, 1))
    remember(alice, [ANSWER], near("The kettle is broken", 1))
    return alice


def found(person: Person, **parameters: Any) -> list[Json]:
    return search(person, QUESTION, threshold=0, **parameters)


def test_a_rare_word_wins_over_any_number_of_nearer_vectors(
    many: Person, maintained: Maintained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memories.retrieval.indexed.NEAREST", 20)
    maintained(LIMIT)
    assert ANSWER in [hit["memory"] for hit in found(many, top_k=5)]


def test_an_index_finds_what_reading_everything_finds(many: Person, maintained: Maintained) -> None:
    whole = found(many)
    maintained(LIMIT)
    by_index = found(many)
    assert [hit["id"] for hit in by_index] == [hit["id"] for hit in whole]
    assert [hit["score"] for hit in by_index] == pytest.approx([hit["score"] for hit in whole], abs=0.05)


def test_what_is_not_to_be_shown_no_index_shows(many: Person, bob: Person, maintained: Maintained) -> None:
    yesterday = timezone.now().date() - timedelta(days=1)
    hidden = [
        *remember(many, [ANSWER], near(QUESTION, 1), expires_on=yesterday),
        *remember(many, [ANSWER], near(QUESTION, 1), user_id="other"),
        *remember(bob, [ANSWER], near(QUESTION, 1)),
        *remember(many, [ANSWER], near(QUESTION, 1)),
    ]
    supersede(many, hidden[-1], by=found(many)[0]["id"])
    maintained(LIMIT)
    assert {hit["id"] for hit in found(many, top_k=100)}.isdisjoint(hidden)
    assert len(found(many, top_k=100)) == 62


@pytest.mark.parametrize("question", ["What is it?", "…"])
def test_a_question_that_tells_nothing_finds_every_memory_once(
    many: Person, maintained: Maintained, question: str
) -> None:
    maintained(LIMIT)
    hits = [hit["id"] for hit in search(many, question, threshold=0, top_k=100)]
    assert len(hits) == len(set(hits)) == 62


def test_with_the_embedder_down_the_words_still_find(many: Person, maintained: Maintained) -> None:
    maintained(LIMIT)
    with unreachable_embedder():
        body = {"query": "Zanzibar", "filters": {"user_id": "alex"}, "threshold": 0}
        response = call(many, "POST", "/v3/memories/search/", body)
    assert response["X-Degraded"]
    assert response.json()["results"][0]["memory"] == ANSWER


def test_with_the_embedder_down_a_common_word_finds_too(
    many: Person, maintained: Maintained, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(many, ["Went to the dentist"] * 12, near(QUESTION, 12), created_at=timezone.now() - timedelta(days=9))
    monkeypatch.setattr("memories.retrieval.indexed.NEAREST", 20)
    monkeypatch.setattr("memories.retrieval.indexed.HOLDING", 10)
    maintained(LIMIT)
    with unreachable_embedder():
        assert {hit["memory"] for hit in search(many, "dentist", top_k=5)} == {"Went to the dentist"}


def test_maintenance_builds_what_is_missing_and_then_only_counts(many: Person, maintained: Maintained) -> None:
    first, second = maintained(LIMIT), maintained(LIMIT)
    assert ["count terms" in line for line in first] == [True, False, False]
    assert all("build index" in line for line in first[1:])
    assert second == first[:1]
    with tenant_tx(many.tenant):
        assert dict(TermStatistic.objects.values_list("term", "documents")) == {"note": 60}


def test_without_an_exact_limit_every_search_is_by_index(many: Person, maintained: Maintained) -> None:
    maintained(0)
    assert len(found(many, top_k=100)) == 62


def test_an_interrupted_index_is_built_again(many: Person, maintained: Maintained, services: Services) -> None:
    maintained(LIMIT)
    with superuser(services) as connection:
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid::regclass::text ~ 'memory_vectors'")
    said = maintained(LIMIT)
    assert ["drop" in said[0], "build" in said[-1], len(said)] == [True, True, 3]
    assert found(many)


def test_a_project_that_shrank_loses_its_indexes(many: Person, maintained: Maintained) -> None:
    maintained(LIMIT)
    assert [line.split()[0] for line in maintained(100)] == [many.project_id + ","]
    assert [line.split()[0] for line in maintained(1000)] == ["drop", "drop"]
    with tenant_tx(many.tenant):
        assert not TermStatistic.objects.exists()
    assert len(found(many, top_k=100)) == 62


def test_two_runs_at_once_do_nothing_twice(many: Person, maintained: Maintained, services: Services) -> None:
    with connect(services, "loci_owner") as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        assert maintained(LIMIT) == ["another run is under way"]


def test_readiness_names_a_large_project_without_its_indexes(
    many: Person, maintained: Maintained, services: Services
) -> None:
    maintained(LIMIT)
    assert Client().get("/readyz").json()["without_index"] == []
    with connect(services, "loci_owner") as owner:
        owner.execute("UPDATE search_index SET ready = false")
    assert Client().get("/readyz").json()["without_index"] == [many.project_id]
