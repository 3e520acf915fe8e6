"""Hostile input against parser, error handler and pages (reliability.md D2)."""

from typing import Any

import pytest
from django.test import Client

from tests.http.nasties import GOOD, NASTIES, NASTY_QUERIES, Nasty
from tests.http.urls import KEPT

HOSTILE = [nasty for nasty in NASTIES if not nasty.harmless]
HARMLESS = [nasty for nasty in NASTIES if nasty.harmless]


def is_json_error(response: Any) -> bool:
    return 400 <= response.status_code < 500 and isinstance(response.json().get("detail"), str)


def test_there_are_at_least_sixty_hostile_bodies() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("nasty", HOSTILE, ids=str)
def test_a_hostile_body_is_a_json_4xx_and_reaches_no_view(client: Client, nasty: Nasty) -> None:
    KEPT.clear()
    response = nasty.send(client, "/v1/echo/")
    assert is_json_error(response)
    assert KEPT == []


@pytest.mark.parametrize("nasty", [Nasty("ordinary", GOOD), *HARMLESS], ids=str)
def test_an_unusual_but_valid_body_is_taken(client: Client, nasty: Nasty) -> None:
    response = nasty.send(client, "/v1/echo/")
    assert response.status_code == 200
    assert response.json()["data"]["user_id"] == "nasty"


@pytest.mark.parametrize("query", NASTY_QUERIES)
def test_a_hostile_page_number_is_a_json_400(client: Client, query: str) -> None:
    response = client.get(f"/v1/list/?{query}")
    assert response.status_code == 400
    assert is_json_error(response)
