"""What the deepest filter costs: lists and searches with it against unfiltered ones, by turns in one scope."""

import time
from collections.abc import Sequence
from typing import Any

from tests.bench.report import Latency
from tests.bench.server import Client
from tests.bench.texts import Texts

USER = "filtered"
MEMORIES = 1_500
BATCH = 50
WARM_UP = 10
Json = dict[str, Any]


def fill(client: Client) -> None:
    """Gives a user of its own the memories, with metadata of every kind."""
    texts = Texts(seed=7).memories(MEMORIES)
    for number, start in enumerate(range(0, MEMORIES, BATCH)):
        batch = [{"role": "user", "content": text} for text in texts[start : start + BATCH]]
        metadata = {"n": number, "team": f"team {number}", "tags": ["a", "b"], "trip": {"city": {"name": "Rome"}}}
        client.post("/v3/memories/add/", {"messages": batch, "user_id": USER, "metadata": metadata, "infer": False})


def compare(client: Client, requests: int) -> dict[str, tuple[Latency, Latency]]:
    """Returns the latency without a filter and with the deepest one, of lists and of searches."""
    questions = Texts(seed=8).questions(WARM_UP + requests)
    searches = [{"query": question, "threshold": 0} for question in questions]
    return {
        "list": _by_turns(client, "/v3/memories/", [{} for _ in questions]),
        "search": _by_turns(client, "/v3/memories/search/", searches),
    }


def deepest() -> Json:
    """Returns a filter of 50 conditions, five levels deep, which every memory of the user passes only at its end.

    No part can be left out: each OR fails until its last member, each AND and NOT holds.
    """
    innermost = {"AND": [*_true(5), {"NOT": _false(9)}]}
    return {"user_id": USER, "OR": [*_false(12), {"AND": [*_true(5), {"OR": [*_false(12), innermost]}]}]}


def _false(count: int) -> list[Json]:
    kinds: list[Json] = [
        {"metadata": {"n": {"gt": 1_000_000}}},
        {"metadata": {"team": {"contains": "nobody"}}},
        {"keywords": {"icontains": "nowhere"}},
        {"metadata.trip.city.name": {"in": ["Oslo", "Turin"]}},
        {"categories": {"contains": "none"}},
        {"metadata": {"tags": {"contains": "z"}}},
        {"text": "neither"},
        {"created_at": {"lt": "2000-01-01"}},
    ]
    return [kinds[number % len(kinds)] for number in range(count)]


def _true(count: int) -> list[Json]:
    kinds: list[Json] = [
        {"metadata": {"n": {"gte": 0}}},
        {"metadata.trip.city.name": "Rome"},
        {"keywords": {"contains": "Note"}},
        {"metadata": {"tags": {"contains": "a"}}},
        {"agent_id": {"ne": "helper"}},
    ]
    return kinds[:count]


def _by_turns(client: Client, path: str, bodies: Sequence[Json]) -> tuple[Latency, Latency]:
    plain, filtered = {"user_id": USER}, deepest()
    times: tuple[list[float], list[float]] = ([], [])
    for body in bodies:
        answers = []
        for filters, samples in zip((plain, filtered), times, strict=True):
            started = time.perf_counter()
            answers.append(client.post(path, {**body, "filters": filters}))
            samples.append(time.perf_counter() - started)
        if answers[0] != answers[1]:
            raise RuntimeError("The deepest filter does not find the same memories.")
    return Latency(times[0][WARM_UP:]), Latency(times[1][WARM_UP:])
