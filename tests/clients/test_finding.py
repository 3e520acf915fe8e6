"""Lists and searches of today: v3, which PyPI asks for since 2.0 and npm since 3.0."""

from tests.clients.driver import Client
from tests.clients.releases import V3, only
from tests.clients.steps import CITY, DOG, FOOD, remember, texts_of


@only(V3)
def test_a_search_answers_with_the_best_first_and_scores(client: Client, remembered: str) -> None:
    hits = client.search("Which city does this person live in?", filters={"user_id": remembered})["results"]

    scores = [hit["score"] for hit in hits]
    assert hits[0]["memory"] == CITY
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert set(hits[0]["score_breakdown"]) >= {"semantic", "bm25", "entity"}


@only(V3)
def test_top_k_limits_a_search(client: Client, remembered: str) -> None:
    found = client.search("Where is home?", filters={"user_id": remembered}, top_k=1, threshold=0)

    assert len(found["results"]) == 1


@only(V3)
def test_a_threshold_gates_the_score(client: Client, remembered: str) -> None:
    everything = client.search("Where is home?", filters={"user_id": remembered}, threshold=0)
    nothing = client.search("Where is home?", filters={"user_id": remembered}, threshold=1)

    assert set(texts_of(everything)) == {CITY, FOOD, DOG}
    assert nothing == {"results": []}


@only(V3)
def test_a_search_narrows_with_and(client: Client, remembered: str) -> None:
    filters = {"AND": [{"user_id": remembered}, {"metadata": {"about": "food"}}]}

    assert texts_of(client.search("What is known?", filters=filters, threshold=0)) == [FOOD]


@only(V3)
def test_a_search_widens_with_or(client: Client, remembered: str) -> None:
    filters = {"AND": [{"user_id": remembered}, {"OR": [{"agent_id": "vet"}, {"metadata": {"about": "place"}}]}]}

    assert set(texts_of(client.search("What is known?", filters=filters, threshold=0))) == {CITY, DOG}


@only(V3)
def test_filters_may_be_written_as_the_javascript_documentation_does(client: Client, remembered: str) -> None:
    found = client.search("What is known?", filters={"userId": remembered, "agentId": "vet"}, threshold=0)

    assert texts_of(found) == [DOG]


@only(V3)
def test_a_list_comes_newest_first_in_pages(client: Client, remembered: str) -> None:
    first = client.get_all(filters={"user_id": remembered}, page=1, page_size=2)
    second = client.get_all(filters={"user_id": remembered}, page=2, page_size=2)

    assert [texts_of(first), texts_of(second)] == [[DOG, FOOD], [CITY]]
    assert [first["count"], first["previous"], second["next"]] == [3, None, None]
    assert "page=2" in first["next"]
    assert "page_size=2" in first["next"]


@only(V3)
def test_a_list_of_an_unknown_user_is_empty(client: Client, user: str) -> None:
    assert client.get_all(filters={"user_id": user}) == {"count": 0, "next": None, "previous": None, "results": []}


@only(V3)
def test_fields_limit_what_is_shown(client: Client, remembered: str) -> None:
    found = client.search("Where is home?", filters={"user_id": remembered}, top_k=1, fields=["memory"])

    assert [set(hit) for hit in found["results"]] == [{"id", "memory"}]


@only(V3)
def test_what_expired_is_shown_on_demand(client: Client, user: str) -> None:
    remember(client, user, "Is on holiday", expiration_date="2020-01-01")
    filters = {"user_id": user}

    assert texts_of(client.get_all(filters=filters)) == []
    assert texts_of(client.get_all(filters=filters, show_expired=True)) == ["Is on holiday"]
