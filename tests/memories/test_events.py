"""Events: what asynchronous requests became, and what was asked for besides (contract.md §8)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from loci.errors import NotFound
from loci.models import RequestLog
from loci.observability import request_log
from loci.tenancy.context import Tenant, tenant_tx
from memories.models import EventType
from memories.queries import event_of, events
from tests.conftest import Person
from tests.memories.support import NOBODYS_ID, Json, call, event, get, keep, queue, search


def shown(person: Person, query: str = "") -> list[Json]:
    """Returns the events that a list shows, after everything that waits was written."""
    request_log.flush()
    rows: list[Json] = get(person, f"/v1/events/{query}")["results"]
    return rows


def types(person: Person, query: str = "") -> list[str]:
    return [row["event_type"] for row in shown(person, query)]


def views(patterns: list[Any]) -> list[Any]:
    nested = [each for pattern in patterns for each in views(getattr(pattern, "url_patterns", []))]
    return [*nested, *(pattern.callback for pattern in patterns if hasattr(pattern, "callback"))]


def test_a_search_is_an_event(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    search(alice, "tea", threshold=0)
    row = shown(alice, "?event_type=SEARCH")[0]
    assert row == event(alice, row["id"])
    times = [datetime.fromisoformat(row.pop(name)) for name in ("created_at", "started_at", "completed_at")]
    assert row.pop("id")
    assert row.pop("latency") == pytest.approx((times[2] - times[0]) / timedelta(milliseconds=1), abs=0.01)
    assert row.pop("updated_at") == times[2].isoformat(timespec="microseconds")
    assert times[0] == times[1]
    asked = row.pop("payload")
    assert set(asked.pop("stages")) == {"embedding", "sql"}
    assert asked.pop("request_id")
    assert asked == {"method": "POST", "route": "/v3/memories/search/", "status": 200}
    assert row == {
        "event_type": "SEARCH",
        "status": "SUCCEEDED",
        "metadata": None,
        "results": [{"id": kept}],
        "verdicts": [],
        "graph_status": None,
        "error": None,
    }


def test_a_refused_request_is_a_failed_event_that_found_nothing(alice: Person) -> None:
    call(alice, "POST", "/v3/memories/search/", {"query": "tea"})
    call(alice, "GET", f"/v1/memories/{NOBODYS_ID}/")
    found = [(row["event_type"], row["status"], row["error"], row["results"]) for row in shown(alice)]
    assert found == [("GET", "FAILED", "Not Found", []), ("SEARCH", "FAILED", "Bad Request", [])]


def test_requests_and_adds_are_listed_together_newest_first(alice: Person) -> None:
    keep(alice, "Likes tea")
    search(alice, "tea")
    queue(alice, "I like coffee.")
    search(alice, "coffee")
    assert types(alice) == ["SEARCH", "ADD", "SEARCH", "ADD"]
    assert types(alice, "?page_size=1&page=3") == ["SEARCH"]
    assert get(alice, "/v1/events/")["count"] == 4


def test_both_are_narrowed_by_type_status_and_dates(alice: Person) -> None:
    queue(alice, "I like coffee.")
    search(alice, "coffee")
    call(alice, "POST", "/v3/memories/search/", {"query": "tea"})
    day = shown(alice)[0]["created_at"][:10]
    assert types(alice, "?event_type=ADD") == ["ADD"]
    assert types(alice, "?event_type=SEARCH&status=FAILED") == ["SEARCH"]
    assert types(alice, "?status=SUCCEEDED") == ["SEARCH"]
    assert types(alice, "?status=PENDING") == ["ADD"]
    assert len(types(alice, f"?start_date={day}&end_date={day}")) == 3
    assert types(alice, "?end_date=2020-01-01") == []


def test_an_unknown_type_or_status_is_refused_with_the_known_ones(alice: Person) -> None:
    response = call(alice, "GET", "/v1/events/?event_type=LOOK&status=DONE")
    assert response.status_code == 400
    assert response.json()["status"] == ["Must be one of PENDING, RUNNING, SUCCEEDED, FAILED."]
    assert "GET_ALL, GET, DELETE_ALL, DELETE_USER, ROLLBACK, EXPORT." in response.json()["event_type"][0]


def test_every_view_logs_its_requests_under_a_type_that_can_be_asked_for() -> None:
    named = {
        word
        for view in views(get_resolver().url_patterns)
        for word in getattr(getattr(view, "cls", None), "operations", {}).values()
    }
    assert named
    assert named <= {*EventType.values}


def test_a_request_that_is_no_event_of_its_own_is_not_listed(alice: Person) -> None:
    get(alice, "/v1/ping/")
    event(alice, queue(alice, "I like tea."))
    assert types(alice) == ["ADD"]
    with tenant_tx(alice.tenant):
        unlisted = RequestLog.objects.filter(operation="").earliest("created_at")
    assert call(alice, "GET", f"/v1/event/{unlisted.id}/").status_code == 404


def test_a_list_takes_few_statements_however_long_it_is(alice: Person) -> None:
    for number in range(20):
        search(alice, f"tea {number}")
    request_log.flush()
    with CaptureQueriesContext(connection) as statements:
        assert len(get(alice, "/v1/events/")["results"]) == 20
    # The key, the transaction's borders, how many there are, a page of ids, and their rows from either table.
    assert len(statements) <= 8


def test_a_request_is_an_event_of_one_project(alice: Person, bob: Person) -> None:
    search(bob, "tea")
    theirs = shown(bob)[0]["id"]
    assert shown(alice) == []
    unknown, foreign = (call(alice, "GET", f"/v1/event/{event_id}/") for event_id in (NOBODYS_ID, theirs))
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert unknown.json()["error"] == foreign.json()["error"]


def test_a_key_bound_to_a_user_sees_requests_about_that_user_only(alice: Person) -> None:
    for name in ("alex", "anna"):
        keep(alice, "Likes tea", user_id=name)
        search(alice, "tea", {"user_id": name})
    search(alice, "tea", {"user_id": "*"})
    request_log.flush()
    with tenant_tx(alice.tenant):
        of_everybody, of_anna, of_alex = RequestLog.objects.filter(operation="SEARCH").order_by("-created_at")
    alexs = Tenant(alice.tenant.project_id, alice.tenant.org_id, entity="user:alex")
    with tenant_tx(alexs):
        seen: set[UUID] = {event_id for event_id, _ in events(Q(), event_type="SEARCH")}
        assert seen == {of_alex.id}
        assert event_of(of_alex.id) == of_alex
        for other in (of_anna, of_everybody):
            with pytest.raises(NotFound):
                event_of(other.id)
