"""Lists of memories and events (contract.md §5.8, §8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Person
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
    texts,
)

V3 = "/v3/memories/"
ALEX = {"user_id": "alex"}


@pytest.fixture
def three(alice: Person) -> Person:
    for at, text in [(FEB, "second"), (MAR, "third"), (JAN, "first")]:
        keep(alice, text, timestamp=at)
    return alice


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


def test_dates_beside_the_filters_are_inclusive(three: Person) -> None:
    assert texts(three, start_date="2026-01-10", end_date="2026-02-10") == ["second", "first"]
    assert texts(three, endDate="2026-02-09") == ["first"]


def test_a_wildcard_lists_the_project(three: Person) -> None:
    keep(three, "of Bob", user_id="bob")
    assert len(texts(three, {"AND": [{"userId": "*"}]})) == 4


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
