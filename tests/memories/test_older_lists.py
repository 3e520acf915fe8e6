"""The lists of v1 and v2 (contract.md §5.2, §5.5), as clients before 2.0 ask for them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.conftest import Person, SetUp, make_person
from tests.memories.support import FEB, JAN, MAR, call, get, keep, ok, post, show_superseded, supersede

V1, V2 = "/v1/memories/", "/v2/memories/"
ONE_OF = "One of the filters: app_id, user_id, agent_id, run_id is required!"
NEWEST_FIRST = ["third", "second", "first"]


def with_three() -> Person:
    alice = make_person("alice@example.com")
    keep(alice, "second", timestamp=FEB, metadata={"n": 2, "about": "food"})
    keep(alice, "third", timestamp=MAR, metadata={"n": 3, "about": "trips"}, run_id="r1")
    keep(alice, "first", timestamp=JAN, metadata={"n": "2"}, agent_id="helper")
    return alice


@pytest.fixture
def three(set_up: SetUp) -> Person:
    return set_up("three of older lists", with_three)


def v1(person: Person, query: str = "", **parameters: Any) -> Any:
    return get(person, f"{V1}?{urlencode({'user_id': 'alex', **parameters}, doseq=True)}{query}")


def v2(person: Person, **parameters: Any) -> Any:
    return post(person, V2, **{"filters": {"user_id": "alex"}, **parameters})


older = pytest.mark.parametrize("listed", [v1, v2])
Listed = Callable[..., Any]


def texts(rows: Any) -> list[str]:
    return [row["memory"] for row in rows]


@older
def test_a_list_is_a_bare_array_newest_first(three: Person, listed: Listed) -> None:
    rows = listed(three)
    assert texts(rows) == NEWEST_FIRST
    assert (rows[0]["run_id"], rows[0]["session_id"], rows[0]["metadata"]) == ("r1", "r1", {"n": 3, "about": "trips"})
    assert listed(three, user_id="nobody") == []


@older
def test_version_1_1_is_an_object_with_relations(three: Person, listed: Listed) -> None:
    answer = listed(three, output_format="v1.1")
    assert (texts(answer["results"]), answer["relations"]) == (NEWEST_FIRST, [])
    assert texts(listed(three, output_format="v1.0")) == NEWEST_FIRST


@older
def test_a_page_and_its_size_ask_for_an_envelope(three: Person, listed: Listed) -> None:
    page = listed(three, page=2, page_size=2, output_format="v1.1")
    assert (page["count"], texts(page["results"]), page["next"]) == (3, ["first"], None)
    assert "page=1&page_size=2" in page["previous"]


@older
def test_a_page_or_a_size_alone_asks_for_an_array(three: Person, listed: Listed) -> None:
    assert texts(listed(three, page=1)) == NEWEST_FIRST
    assert texts(listed(three, page_size=2)) == ["third", "second"]
    assert texts(listed(three, page=1, page_size="")) == NEWEST_FIRST


def test_the_page_may_stand_in_the_address_of_v2(three: Person) -> None:
    page = post(three, f"{V2}?page=1&page_size=2", filters={"user_id": "alex"})
    assert texts(page["results"]) == ["third", "second"]
    assert page["next"].endswith("/v2/memories/?page=2&page_size=2")


def test_the_address_of_the_next_page_repeats_the_rest(three: Person) -> None:
    page = v1(three, page=1, page_size=1, output_format="v1.1", metadata="{'n': 3}", fields=["memory", "id"])
    assert page["next"] is None
    page = v1(three, page=1, page_size=1, output_format="v1.1", fields=["memory", "id"])
    following = ok(call(three, "GET", page["next"].removeprefix("http://127.0.0.1:8000")))
    assert texts(following["results"]) == ["second"]
    assert "output_format=v1.1&fields=memory&fields=id" in page["next"]


@older
def test_a_page_beyond_the_last_is_not_there(three: Person, listed: Listed) -> None:
    for asked in ({"page": 9, "page_size": 2}, {"page": 9}):
        with pytest.raises(AssertionError, match="Invalid page"):
            listed(three, **asked)


@older
def test_a_limit_cuts_what_is_not_paged(three: Person, listed: Listed) -> None:
    for name in ("limit", "top_k", "topK"):
        assert texts(listed(three, **{name: 2})) == ["third", "second"]
    assert len(listed(three, limit=1, page=1, page_size=3)["results"]) == 3
    assert len(listed(three, limit=900, page=1, page_size=3)["results"]) == 3
    assert texts(listed(three, limit=200)) == NEWEST_FIRST
    with pytest.raises(AssertionError, match='"error":"limit must be <= 200"'):
        listed(three, limit=201)


def test_without_an_entity_nothing_is_listed_in_the_hosted_words(three: Person) -> None:
    nobodies = [
        call(three, "GET", V1),
        call(three, "GET", f"{V1}?user_id=&agent_id=&categories=food"),
        call(three, "GET", f"{V1}?filters=%5Bobject+Object%5D"),
        call(three, "GET", f"{V1}?version=v2", {"filters": {}}),
        call(three, "POST", V2, {}),
        call(three, "POST", V2, {"filters": {}, "user_id": None}),
        call(three, "POST", V2, {"filters": {"categories": ["food"]}}),
        call(three, "POST", V2, {"filters": {"NOT": {"user_id": "bob"}}}),
    ]
    for response in nobodies:
        assert response.status_code == 400
        assert response.json().items() >= {"message": ONE_OF, "detail": ONE_OF}.items()


def test_ids_beside_empty_filters_are_enough_for_v2(three: Person) -> None:
    assert texts(post(three, V2, user_id="alex", filters=None)) == NEWEST_FIRST
    assert texts(post(three, V2, agent_id="helper", limit=5, output_format="v1.0")) == ["first"]
    assert texts(post(three, V2, filters={"user_id": "alex"}, run_id="r1")) == ["third"]


def test_every_spelling_of_an_object_in_the_address_of_v1(three: Person) -> None:
    for metadata in ('{"n": 2}', "{'n': 2}"):
        assert texts(v1(three, metadata=metadata)) == ["second"]
    assert texts(v1(three, "&metadata[n]=2")) == ["second"]
    assert texts(v1(three, "&metadata%5Bn%5D=%222%22")) == ["first"]
    assert texts(v1(three, "&metadata[n]=2&metadata[about]=trips")) == []
    assert texts(v1(three, metadata="[object Object]")) == NEWEST_FIRST
    assert texts(get(three, f"{V1}?filters={quote(repr({'user_id': 'alex', 'run_id': 'r1'}))}")) == ["third"]


def test_every_spelling_of_a_list_in_the_address_of_v1(three: Person) -> None:
    chosen = [{"id", "memory", "metadata"}] * 3
    assert [set(row) for row in v1(three, fields=["memory", "metadata"])] == chosen
    assert [set(row) for row in v1(three, fields="memory,metadata")] == chosen
    assert v1(three, categories=["food", "sports"]) == v1(three, categories="food,sports") == []


@older
def test_dates_and_keywords_narrow_a_list(three: Person, listed: Listed) -> None:
    assert texts(listed(three, start_date="2026-02-10", end_date="2026-02-10")) == ["second"]
    assert texts(listed(three, keywords="IR")) == ["third", "first"]
    assert texts(listed(three, endDate="2026-02-10", runId="")) == ["second", "first"]


@older
def test_expired_and_superseded_memories_are_shown_on_request(alice: Person, listed: Listed) -> None:
    keep(alice, "expired", expiration_date="2020-01-01")
    supersede(alice, keep(alice, "past"), by=keep(alice, "present"))
    assert texts(listed(alice)) == ["present"]
    for value in ("True", "true", "TRUE", True):
        assert texts(listed(alice, show_expired=value)) == ["present", "expired"]
    assert texts(listed(alice, include_superseded="true")) == ["present", "past"]
    show_superseded(alice)
    assert texts(listed(alice)) == ["present", "past"]
    assert texts(listed(alice, latest_only="true")) == ["present"]


def test_a_get_with_a_body_is_a_list_of_v2(three: Person) -> None:
    assert texts(ok(call(three, "GET", f"{V1}?version=v2", {"filters": {"agentId": "helper"}}))) == ["first"]
    paged = ok(call(three, "GET", f"{V1}?version=v2&page=1&page_size=1", {"filters": {"user_id": "alex"}}))
    assert (paged["count"], texts(paged["results"])) == (3, ["third"])


@older
def test_the_request_log_tells_a_list_apart(three: Person, listed: Listed) -> None:
    method, path = ("GET", f"{V1}?user_id=alex") if listed is v1 else ("POST", V2)
    entry = call(three, method, path, {"user_id": "alex"}).wsgi_request.log_entry
    assert (entry.operation, entry.entity, len(entry.memory_ids)) == ("GET_ALL", "user:alex", 3)
