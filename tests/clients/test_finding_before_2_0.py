"""Lists and searches of v1 (PyPI 0.1.x, npm 2.x) and v2 (these when asked for it, PyPI 1.0.x always)."""

from typing import Any

import pytest

from tests.clients.driver import Client
from tests.clients.releases import JAVASCRIPT, PYTHON, V1, V2, only
from tests.clients.steps import CITY, DOG, FOOD, items_of, second_version, texts_of

QUESTION = "Which city does this person live in?"
BEFORE_2_0 = [*V1, *V2]
ENVELOPE = {"count", "next", "previous", "results"}


def listed_by_its_version(client: Client, answer: Any) -> list[str]:
    """Returns the texts of a bare list, which 1.0.x wraps."""
    assert set(answer) == {"results"} if client.release in V2 else isinstance(answer, list)
    return texts_of(answer)


@only(V1)
def test_a_list_is_bare_and_comes_newest_first(client: Client, remembered: str) -> None:
    found = client.get_all(user_id=remembered)

    assert isinstance(found, list)
    assert texts_of(found) == [DOG, FOOD, CITY]
    assert [memory["metadata"] for memory in found] == [None, {"about": "food"}, {"about": "place"}]
    assert {memory["user_id"] for memory in found} == {remembered}


@only(V1)
def test_a_list_with_output_format_1_1_is_an_object(client: Client, remembered: str) -> None:
    found = client.get_all(user_id=remembered, output_format="v1.1")

    assert (texts_of(found), found["relations"]) == ([DOG, FOOD, CITY], [])


@only(V1)
def test_a_paged_list_is_an_envelope(client: Client, remembered: str) -> None:
    first, second = (client.get_all(user_id=remembered, page=page, page_size=2) for page in (1, 2))

    assert set(first) == ENVELOPE
    assert [texts_of(first), texts_of(second)] == [[DOG, FOOD], [CITY]]
    assert [first["count"], first["previous"], second["next"]] == [3, None, None]
    assert all(part in first["next"] for part in ("page=2", "page_size=2", "user_id="))


@only(V1)
def test_a_list_narrows_by_every_entity(client: Client, remembered: str) -> None:
    assert texts_of(client.get_all(user_id=remembered, agent_id="vet")) == [DOG]


@only(V1)
def test_a_limit_shortens_a_list(client: Client, remembered: str) -> None:
    assert texts_of(client.get_all(user_id=remembered, limit=1)) == [DOG]


@only([release for release in V1 if release in PYTHON])
def test_a_list_narrows_by_metadata(client: Client, remembered: str) -> None:
    assert texts_of(client.get_all(user_id=remembered, metadata={"about": "food"})) == [FOOD]


@only([release for release in V1 if release in JAVASCRIPT])
def test_metadata_that_the_client_garbles_is_ignored(client: Client, remembered: str) -> None:
    assert texts_of(client.get_all(user_id=remembered, metadata={"about": "food"})) == [DOG, FOOD, CITY]


@only(V1)
def test_a_search_is_a_bare_list_with_the_best_first(client: Client, remembered: str) -> None:
    hits = client.search(QUESTION, user_id=remembered)

    assert isinstance(hits, list)
    assert hits[0]["memory"] == CITY
    assert all(0 < hit["score"] < 1 for hit in hits)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


@only(V1)
def test_a_search_without_a_threshold_finds_everything(client: Client, remembered: str) -> None:
    assert set(texts_of(client.search(QUESTION, user_id=remembered))) == {CITY, FOOD, DOG}


@only(V1)
def test_a_search_with_output_format_1_1_is_an_object(client: Client, remembered: str) -> None:
    found = client.search(QUESTION, user_id=remembered, output_format="v1.1")

    assert (texts_of(found)[0], found["relations"]) == (CITY, [])


@only(V1)
@pytest.mark.parametrize("name", ["limit", "top_k"])
def test_a_search_is_as_long_as_asked(client: Client, remembered: str, name: str) -> None:
    assert texts_of(client.search(QUESTION, user_id=remembered, **{name: 1})) == [CITY]


@only(V1)
def test_a_search_narrows_by_metadata(client: Client, remembered: str) -> None:
    assert texts_of(client.search(QUESTION, user_id=remembered, metadata={"about": "food"})) == [FOOD]


@only(BEFORE_2_0)
def test_a_list_of_the_second_version_takes_filters(client: Client, remembered: str) -> None:
    filters = {"AND": [{"user_id": remembered}, {"metadata": {"about": "food"}}]}

    found = client.get_all(filters=filters, **second_version(client))

    assert listed_by_its_version(client, found) == [FOOD]


@only(BEFORE_2_0)
def test_a_list_of_the_second_version_takes_entities_beside_filters(client: Client, remembered: str) -> None:
    found = client.get_all(user_id=remembered, agent_id="vet", **second_version(client))

    assert listed_by_its_version(client, found) == [DOG]


@only(BEFORE_2_0)
def test_a_paged_list_of_the_second_version_is_an_envelope(client: Client, remembered: str) -> None:
    asked = {"filters": {"user_id": remembered}, **second_version(client)}
    first, second = (client.get_all(page=page, page_size=2, **asked) for page in (1, 2))

    assert set(first) == ENVELOPE
    assert [texts_of(first), texts_of(second)] == [[DOG, FOOD], [CITY]]
    assert [first["count"], first["previous"], second["next"]] == [3, None, None]


@only(BEFORE_2_0)
def test_a_list_of_the_second_version_with_output_format_1_1_is_an_object(client: Client, remembered: str) -> None:
    found = client.get_all(filters={"user_id": remembered}, output_format="v1.1", **second_version(client))

    assert (texts_of(found), found["relations"]) == ([DOG, FOOD, CITY], [])


@only(BEFORE_2_0)
def test_a_search_of_the_second_version_takes_filters(client: Client, remembered: str) -> None:
    filters = {"AND": [{"user_id": remembered}, {"OR": [{"agent_id": "vet"}, {"metadata": {"about": "place"}}]}]}

    found = client.search(QUESTION, filters=filters, threshold=0, **second_version(client))

    assert listed_by_its_version(client, found) == [CITY, DOG]
    assert all(0 < hit["score"] < 1 for hit in items_of(found))


@only(BEFORE_2_0)
def test_a_search_of_the_second_version_takes_entities_beside_filters(client: Client, remembered: str) -> None:
    found = client.search(QUESTION, user_id=remembered, agent_id="vet", threshold=0, **second_version(client))

    assert listed_by_its_version(client, found) == [DOG]


@only(BEFORE_2_0)
def test_a_search_of_the_second_version_with_output_format_1_1_is_an_object(client: Client, remembered: str) -> None:
    asked = {"filters": {"user_id": remembered}, "output_format": "v1.1", **second_version(client)}

    found = client.search(QUESTION, limit=1, **asked)

    assert (texts_of(found), found["relations"]) == ([CITY], [])
