from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from django.test import Client
from pytest_django import Settings

from tests.conftest import Person
from tests.memories.support import get as fetched
from tests.memories.support import keep


def get(client: Client, query: str = "") -> Any:
    return client.get(f"/v1/list/{query}").json()


def test_it_works(client: Client) -> None:
    body = get(client)
    assert body["count"] == 250
    assert body["results"] == list(range(100))
    assert body["previous"] is None


def test_links_are_absolute_and_keep_the_rest_of_the_query(client: Client, settings: Settings) -> None:
    settings.BASE_URL = "https://memory.example.com/api"
    body = get(client, "?user_id=a%26b&page=2&page_size=50&fields=x&fields=y")
    start = "https://memory.example.com/api/v1/list/?user_id=a%26b"
    assert body["next"] == f"{start}&page=3&page_size=50&fields=x&fields=y"
    assert body["previous"] == f"{start}&page=1&page_size=50&fields=x&fields=y"


def test_the_host_header_is_in_no_link(client: Client) -> None:
    assert "evil" not in client.get("/v1/list/", headers={"Host": "evil.example"}).json()["next"]


def test_following_next_lists_everything_once(client: Client) -> None:
    seen: list[int] = []
    query: str | None = "?page_size=60"
    while query:
        body = get(client, query)
        seen += body["results"]
        query = body["next"] and "?" + body["next"].split("?")[1]
    assert seen == list(range(250))


@pytest.mark.parametrize("name", ["x#y z é", "a?b", "50% off", "50%25", "a/b", "a/../b", "../..", "./b", "a//b", "a;b"])
def test_next_and_previous_lead_on_within_an_entity_of_any_name(alice: Person, name: str) -> None:
    for user in (name, "a", "b", "x"):
        keep(alice, f"first of {user}", user_id=user)
        keep(alice, f"second of {user}", user_id=user)
    page = fetched(alice, f"/v1/memories/user/{quote(name, safe='')}/?page_size=1")
    after = fetched(alice, as_a_client_sends(page["next"]))
    before = fetched(alice, as_a_client_sends(after["previous"]))
    found = [[row["memory"] for row in each["results"]] for each in (page, after, before)]
    assert found == [[f"second of {name}"], [f"first of {name}"], [f"second of {name}"]]
    assert after["next"] is None


def as_a_client_sends(link: str) -> str:
    return httpx2.URL(link).raw_path.decode()


def test_the_body_may_ask_and_the_query_wins(client: Client) -> None:
    asked = {"page": 2, "page_size": 10}
    assert client.post("/v1/list/", asked, content_type="application/json").json()["results"][0] == 10
    response = client.post("/v1/list/?page=3", asked, content_type="application/json")
    assert response.json()["results"] == list(range(20, 30))


def test_the_javascript_spelling_is_known(client: Client) -> None:
    assert len(client.post("/v1/list/", {"pageSize": 7}, content_type="application/json").json()["results"]) == 7
    assert len(get(client, "?pageSize=7")["results"]) == 7


@pytest.mark.parametrize("body", [{"page": None, "page_size": ""}, {}])
def test_null_and_the_empty_text_are_absent(client: Client, body: dict[str, Any]) -> None:
    assert len(client.post("/v1/list/?page=", body, content_type="application/json").json()["results"]) == 100


def test_a_page_beyond_the_end_is_404_in_the_hosted_words(client: Client) -> None:
    response = client.get("/v1/list/?page=4")
    assert (response.status_code, response.json()["detail"]) == (404, "Invalid page.")


@pytest.mark.parametrize("page", [-1, 0, 10**20, "x", True, [1], {"a": 1}, 1.5])
def test_a_page_that_is_no_number_is_400_and_names_the_field(client: Client, page: Any) -> None:
    response = client.post("/v1/list/", {"page": page}, content_type="application/json")
    assert response.status_code == 400


def test_a_page_size_over_the_limit_names_the_field(client: Client) -> None:
    body = get(client, "?page_size=201")
    assert body["page_size"] == ["Ensure this value is less than or equal to 200."]
    assert body["detail"] == "page_size: Ensure this value is less than or equal to 200."


def test_events_come_by_50_and_at_most_100(client: Client) -> None:
    assert len(client.get("/v1/events/").json()["results"]) == 50
    assert client.get("/v1/events/?page_size=101").status_code == 400
