"""What requests cost the database, and what they must not do inside a transaction (design.md §2, §4)."""

from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from memories.retrieval import indexed
from tests.conftest import Person
from tests.memories.support import call, keep, ok, post, queue, search, work
from tests.orgs.support import project_of


@pytest.fixture(autouse=True)
def _indexes_stay_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which projects have indexes is asked anew every ten seconds: not in the middle of a test."""
    monkeypatch.setattr(indexed, "KNOWN_S", 600)
    caches["process"].clear()


NOISE = ("BEGIN", "COMMIT", "SET LOCAL", "SELECT * FROM caller_by_digests(")


def statements(person: Person, method: str, path: str, body: dict[str, Any] | None = None) -> list[str]:
    """Returns the SQL of a request beyond authentication and the borders of transactions."""
    with CaptureQueriesContext(connection) as captured:
        response = call(person, method, path, body)
    connection.close()
    assert response.status_code == 200, response.content
    return [query["sql"] for query in captured if not query["sql"].startswith(NOISE)]


def test_a_search_is_one_statement(alice: Person) -> None:
    keep(alice, "Likes tea")
    search(alice, "Each process first asks which projects have indexes of their own.")
    body = {"query": "Which tea does he like?", "filters": {"user_id": "alex"}}
    assert len(statements(alice, "POST", "/v3/memories/search/", body)) == 1


def test_what_a_search_weighs_costs_a_statement_where_a_project_has_it(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    body = {"query": "Which tea does he like?", "filters": {"user_id": "alex"}}
    post(alice, "/v1/feedback/", memory_id=kept, feedback="POSITIVE")
    search(alice, "As above")
    assert len(statements(alice, "POST", "/v3/memories/search/", body)) == 2
    ok(call(alice, "PATCH", project_of(alice), {"decay": True}))
    assert len(statements(alice, "POST", "/v3/memories/search/", body)) == 3


def test_a_list_is_a_page_and_only_where_that_is_full_a_count(alice: Person) -> None:
    keep(alice, "Likes tea")
    assert len(statements(alice, "POST", "/v3/memories/", {"filters": {"user_id": "alex"}})) == 1
    full = statements(alice, "POST", "/v3/memories/", {"filters": {"user_id": "alex"}, "page_size": 1})
    assert ["COUNT(*)" in statement for statement in full] == [False, True]


def test_an_add_is_accepted_with_few_statements_however_long_it_is(alice: Person) -> None:
    work(alice, queue(alice, "I like tea."))
    for length in (1, 100):
        body = {"messages": [{"role": "user", "content": "I like tea."}] * length, "user_id": "alex"}
        # The event, its messages, two looks at what is published, the job, and the event once more for the answer.
        assert len(statements(alice, "POST", "/v3/memories/add/", body)) <= 6


def test_one_memory_is_read_with_one_statement(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    assert len(statements(alice, "GET", f"/v1/memories/{kept}/")) == 1
    assert len(statements(alice, "GET", f"/v1/memories/{kept}/history/")) == 3
