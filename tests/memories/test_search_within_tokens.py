"""`max_tokens` of a search: the best hits whose texts fit into a context."""

from typing import Any

import pytest

from memories.retrieval.context_budget import estimated_tokens
from tests.conftest import Person
from tests.memories.support import call, keep, ok

SEARCH = "/v3/memories/search/"
LONG = "Drinks tea every day" + ", and tells a long story of how it came to that" * 30
SHORT = ["Likes green tea", "Drinks tea at noon", "Buys tea in Bremen"]


@pytest.fixture
def drinker(alice: Person) -> Person:
    for text in (LONG, *SHORT):
        keep(alice, text)
    return alice


def asked(person: Person, **parameters: Any) -> Any:
    body = {"query": "Which long story does he tell of tea?", "filters": {"user_id": "alex"}, "threshold": 0}
    return call(person, "POST", SEARCH, {**body, **parameters})


def texts(response: Any) -> list[str]:
    return [hit["memory"] for hit in ok(response)["results"]]


def test_the_best_that_fit_are_answered_in_their_order(drinker: Person) -> None:
    everything = texts(asked(drinker))
    most = sum(map(estimated_tokens, SHORT))
    response = asked(drinker, max_tokens=most)
    assert texts(response) == [text for text in everything if text in SHORT]
    assert int(response["X-Context-Tokens"]) == most
    assert len(texts(asked(drinker, max_tokens=most - 1))) == 2


def test_what_all_fits_is_all_answered(drinker: Person) -> None:
    response = asked(drinker, max_tokens=10**9)
    assert texts(response) == texts(asked(drinker))
    assert int(response["X-Context-Tokens"]) == sum(map(estimated_tokens, (LONG, *SHORT)))


def test_nothing_fits_into_too_little(drinker: Person) -> None:
    response = asked(drinker, max_tokens=1)
    assert (texts(response), response["X-Context-Tokens"]) == ([], "0")


def test_without_a_limit_nothing_is_said_of_tokens(drinker: Person) -> None:
    assert "X-Context-Tokens" not in asked(drinker)


def test_a_hit_beyond_top_k_takes_the_place_of_one_that_does_not_fit(drinker: Person) -> None:
    assert texts(asked(drinker, top_k=1)) == [LONG]
    assert texts(asked(drinker, top_k=1, max_tokens=20))[0] in SHORT
    assert len(texts(asked(drinker, top_k=2, max_tokens=10_000))) == 2


def test_the_same_words_are_not_paid_for_twice(drinker: Person) -> None:
    keep(drinker, "likes  GREEN tea", run_id="another")
    both = texts(asked(drinker))
    assert {"Likes green tea", "likes  GREEN tea"} <= set(both)
    chosen = texts(asked(drinker, max_tokens=10_000))
    assert len({"Likes green tea", "likes  GREEN tea"} & set(chosen)) == 1
    assert len(chosen) == len(both) - 1


def test_scores_stay_sorted_where_hits_are_left_out(drinker: Person) -> None:
    scores = [hit["score"] for hit in ok(asked(drinker, max_tokens=15))["results"]]
    assert scores == sorted(scores, reverse=True)


def test_filters_alone_fill_a_context_with_the_newest(drinker: Person) -> None:
    response = asked(drinker, max_tokens=10, only_metadata_based_search=True)
    assert texts(response) == SHORT[:0:-1]


def test_an_estimate_counts_bytes(drinker: Person) -> None:
    assert [estimated_tokens(text) for text in ("", "tea", "green tea", "お茶が好き", "\ud800")] == [1, 1, 3, 4, 1]
