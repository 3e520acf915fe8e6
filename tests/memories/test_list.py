"""Lists of memories (v3) and events (contract.md §5.8, §8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.conftest import Person, Services, SetUp, make_person
from tests.memories.support import (
    FEB,
    JAN,
    MAR,
    NOBODYS_ID,
    add,
    call,
    delete,
    event,
    get,
    keep,
    listed,
    post,
    queue,
    show_superseded,
    supersede,
    texts,
)
from tests.tenancy.rows import superuser

V3 = "/v3/memories/"
ALEX = {"user_id": "alex"}


def with_three() -> Person:
    alice = make_person("alice@example.com")
    for at, text in [(FEB, "second"), (MAR, "third"), (JAN, "first")]:
        keep(alice, text, timestamp=at)
    return alice


@pytest.fixture
def three(set_up: SetUp) -> Person:
    return set_up("three of a list", with_three)


def test_a_list_is_newest_first(three: Person) -> None:
    assert texts(three) == ["third", "second", "first"]


def test_pages_come_from_the_query_or_the_body(three: Person) -> None:
    by_query = post(three, f"{V3}?page=2&page_size=2", filters=ALEX)
    by_body = post(three, V3, filters=ALEX, page=2, page_size=2)
    query_wins = post(three, f"{V3}?page=2&page_size=2", filters=ALEX, page=1, page_size=1)
    for page in (by_query, by_body, query_wins):
        assert (page["count"], [row["memory"] for row in page["results"]]) == (3, ["first"])
        assert page["next"] is None
        assert "page=1" in page["previous"]
        assert "page_size=2" in page["previous"]


def test_a_page_beyond_the_last_is_not_there(three: Person) -> None:
    response = call(three, "POST", f"{V3}?page=9&page_size=2", {"filters": ALEX})
    assert (response.status_code, response.json()["detail"]) == (404, "Invalid page.")


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_page_counts_all_that_is_listed(three: Person, size: int) -> None:
    keep(three, "of Bob", user_id="bob")
    seen: list[str] = []
    path: str | None = f"{V3}?page_size={size}"
    while path:
        page = post(three, path, filters=ALEX)
        assert page["count"] == 3
        seen += [row["memory"] for row in page["results"]]
        path = page["next"]
    assert seen == ["third", "second", "first"]


def test_memories_of_one_moment_are_all_counted(alice: Person) -> None:
    for number in range(5):
        keep(alice, f"number {number}", timestamp=JAN)
    pages = [post(alice, f"{V3}?page={page}&page_size=2", filters=ALEX) for page in (1, 2, 3)]
    assert [page["count"] for page in pages] == [5, 5, 5]
    assert len({row["id"] for page in pages for row in page["results"]}) == 5


def test_a_page_whose_memories_are_deleted_meanwhile_counts_what_it_shows(three: Person, services: Services) -> None:
    def delete_all_before_the_count(execute: Any, statement: str, *rest: Any) -> Any:
        if "COUNT(*)" in statement:
            with superuser(services) as other:
                other.execute("UPDATE memory SET state = 'deleted'")
        return execute(statement, *rest)

    with connection.execute_wrapper(delete_all_before_the_count):
        page = post(three, f"{V3}?page=2&page_size=1", filters=ALEX)
    assert (page["count"], [row["memory"] for row in page["results"]]) == (2, ["second"])
    assert (page["next"], "page=1" in page["previous"]) == (None, True)
    assert texts(three) == []


def test_a_user_whom_nobody_knows_has_an_empty_page(alice: Person) -> None:
    page = post(alice, V3, filters={"user_id": "nobody"})
    assert page == {"count": 0, "next": None, "previous": None, "results": []}


def test_chosen_fields_always_include_the_id(three: Person) -> None:
    assert [set(row) for row in listed(three, fields=["memory", "no_such_field"])] == [{"id", "memory"}] * 3


def test_expired_memories_are_shown_on_request_and_to_the_end_of_their_day(alice: Person) -> None:
    today = datetime.now(UTC).date()
    keep(alice, "yesterday's", expiration_date=str(today - timedelta(days=1)))
    keep(alice, "tomorrow's", expiration_date=str(today + timedelta(days=1)))
    assert texts(alice) == ["tomorrow's"]
    assert sorted(texts(alice, show_expired=True)) == ["tomorrow's", "yesterday's"]


@pytest.fixture
def moved(alice: Person) -> Person:
    """Somebody who lived in Rome and now lives in Oslo."""
    supersede(alice, keep(alice, "Rome"), by=keep(alice, "Oslo"))
    return alice


def test_superseded_memories_are_shown_on_request(moved: Person) -> None:
    assert texts(moved) == ["Oslo"]
    assert texts(moved, include_superseded=True) == ["Oslo", "Rome"]
    assert texts(moved, includeSuperseded="TRUE", latest_only="False") == ["Oslo", "Rome"]
    assert texts(moved, include_superseded=True, latest_only=True) == ["Oslo"]
    assert texts(moved, include_merged=True) == ["Oslo"]  # It was not merged.


def test_a_project_may_show_superseded_memories_by_itself(moved: Person) -> None:
    show_superseded(moved)
    assert texts(moved) == ["Oslo", "Rome"]
    assert texts(moved, include_superseded=False) == ["Oslo"]
    assert texts(moved, latest_only=True) == ["Oslo"]


def test_dates_beside_the_filters_are_inclusive(three: Person) -> None:
    assert texts(three, start_date="2026-01-10", end_date="2026-02-10") == ["second", "first"]
    assert texts(three, endDate="2026-02-09") == ["first"]


def test_a_wildcard_lists_the_project(three: Person) -> None:
    keep(three, "of Bob", user_id="bob")
    assert len(texts(three, {"AND": [{"userId": "*"}]})) == 4


def test_parameters_of_other_versions_mean_nothing(three: Person) -> None:
    others: list[Any] = [True, "maybe", {"a": 1}, 7]
    for value in others:
        ignored = ("enable_graph", "version", "api_version", "source", "top_k", "output_format", "x")
        assert texts(three, **dict.fromkeys(ignored, value)) == ["third", "second", "first"]


def test_bad_parameters_are_refused(three: Person) -> None:
    bad_ones: list[Any] = [
        {"show_expired": "perhaps"},
        {"latest_only": 2},
        {"fields": {"a": 1}},
        {"start_date": "soon"},
        {"categories": []},
        {"metadata": "food"},
        {"user_id": 7.5},
        {"page": 0},
        {"page_size": 201},
    ]
    for bad in bad_ones:
        response = call(three, "POST", V3, {"filters": ALEX, **bad})
        assert response.status_code == 400, bad
        assert isinstance(response.json()["detail"], str), bad


def test_the_request_log_knows_who_and_what_was_listed(three: Person) -> None:
    filters = {"NOT": {"user_id": "bob"}, "user_id": {"in": ["alex"]}}
    response = call(three, "POST", V3, {"filters": filters})
    entry = response.wsgi_request.log_entry
    assert (entry.operation, entry.entity) == ("GET_ALL", "user:alex")
    assert [str(memory_id) for memory_id in entry.memory_ids] == [row["id"] for row in response.json()["results"]]
    assert entry.stages["sql"] > 0


@pytest.mark.parametrize("path", [V3, "/v3/memories/search/"])
def test_filters_are_required_in_the_hosted_words(alice: Person, path: str) -> None:
    nothing: list[Any] = [None, {}, ""]
    for empty in nothing:
        response = call(alice, "POST", path, {"query": "x", "filters": empty})
        assert response.status_code == 400
        assert response.json()["error"].startswith("Filters are required and cannot be empty.")
    for unscoped in ({"categories": ["food"]}, {"NOT": {"user_id": "alex"}}):
        response = call(alice, "POST", path, {"query": "x", "filters": unscoped})
        assert response.status_code == 400
        assert "at least one positively-scoped entity ID" in response.json()["detail"]
    response = call(alice, "POST", path, {"query": "x", "filters": {"user_id": "alex", "colour": "red"}})
    assert response.status_code == 400
    assert response.json()["filters"][0].startswith("Top-level key must be a logical operator")


def test_events_are_listed_newest_first_and_narrowed(alice: Person) -> None:
    first = queue(alice, "I like tea.")
    second = add(alice, "I like coffee.")["id"]
    third = delete(alice, "/v1/memories/?user_id=nobody")["event_id"]

    def found(query: str = "") -> list[str]:
        return [row["id"] for row in get(alice, f"/v1/events/{query}")["results"]]

    day = event(alice, first)["created_at"][:10]
    assert found() == [third, second, first]
    assert found("?event_type=ADD") == [second, first]
    assert found("?status=PENDING") == [first]
    assert found("?page=2&page_size=2") == [first]
    assert first in found(f"?start_date={day}&end_date={day}")
    assert found("?end_date=2020-01-01") == []
    assert found("?event_type=&status=") == [third, second, first]
    for bad in ("start_date=soon", "page=0", "page_size=101", "status=" + "x" * 17):
        assert call(alice, "GET", f"/v1/events/?{bad}").status_code == 400, bad


def test_an_event_is_of_one_project(alice: Person, bob: Person) -> None:
    theirs = queue(bob, "I like tea.")
    for unknown in (theirs, NOBODYS_ID):
        response = call(alice, "GET", f"/v1/event/{unknown}/")
        assert response.status_code == 404
        assert response.json()["error"] == "Event not found or you don't have permission to access it."
    assert call(alice, "GET", "/v1/event/7/").status_code == 400
    assert event(bob, theirs)["status"] == "PENDING"
