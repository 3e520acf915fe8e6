"""Hostile input against every endpoint of the real URL configuration (reliability.md D2)."""

from typing import Any

import pytest
from django.test import Client

from tests.http.endpoints import Endpoint, json_endpoints
from tests.http.nasties import NASTIES, NASTY_QUERIES, ONE_OF_EACH_KIND

READS_BODY = {"POST", "PUT", "PATCH"}
every_endpoint = pytest.mark.parametrize("endpoint", json_endpoints("loci.urls"), ids=str)


def memories(client: Client) -> Any:
    everything = {"filters": {"user_id": "*"}}
    return client.post("/v3/memories/", everything, content_type="application/json").json()["results"]


def number_of_events(client: Client) -> Any:
    return client.get("/v1/events/").json()["count"]


@every_endpoint
def test_hostile_bodies_are_answered_with_a_json_4xx_and_leave_nothing(alice: Any, endpoint: Endpoint) -> None:
    before = number_of_events(alice.client)
    reads_body = endpoint.method in READS_BODY
    hostile = [nasty for nasty in NASTIES if not nasty.harmless] if reads_body else ONE_OF_EACH_KIND
    path = endpoint.path_of(alice.org_id, alice.project_id) if reads_body else endpoint.path
    answers = {nasty.name: nasty.send(alice.client, path, endpoint.method) for nasty in hostile}
    # Who does not read the body may answer as if there were none.
    allowed = range(400, 500) if reads_body else range(200, 500)
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code not in allowed} == {}
    assert [name for name, answer in answers.items() if not isinstance(answer.json(), (dict, list))] == []
    assert memories(alice.client) == []
    assert not reads_body or number_of_events(alice.client) == before


@every_endpoint
def test_what_is_unusual_but_valid_is_no_bug(alice: Any, endpoint: Endpoint) -> None:
    unusual = [nasty for nasty in NASTIES if nasty.harmless]
    answers = {nasty.name: nasty.send(alice.client, endpoint.path, endpoint.method).status_code for nasty in unusual}
    assert {name: status for name, status in answers.items() if status >= 500} == {}


@every_endpoint
def test_hostile_numbers_in_the_query_are_no_bug(alice: Any, endpoint: Endpoint) -> None:
    for query in NASTY_QUERIES:
        response = alice.client.generic(endpoint.method, f"{endpoint.path}?{query}", content_type="application/json")
        assert response.status_code < 500, query
        assert isinstance(response.json(), (dict, list)), query
