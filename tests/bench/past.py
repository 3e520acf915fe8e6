"""What questions about the past cost: lists and searches with `as_of` and `known_at` against plain ones, by turns."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.bench.report import Latency
from tests.bench.server import Client
from tests.bench.texts import Texts

USER = "remembered"
MEMORIES = 1_000
BATCH = 50
WARM_UP = 10
SAID_AT, AS_OF = "2026-01-10T12:00:00Z", "2026-02-10"
Json = dict[str, Any]


def fill(client: Client) -> str:
    """Gives a user of its own the memories and changes every second one; returns when nothing had been changed."""
    texts = Texts(seed=9).memories(MEMORIES + MEMORIES // 2)
    for start in range(0, MEMORIES, BATCH):
        batch = [{"role": "user", "content": text} for text in texts[start : start + BATCH]]
        client.post("/v3/memories/add/", {"messages": batch, "user_id": USER, "timestamp": SAID_AT, "infer": False})
    unchanged = datetime.now(UTC).isoformat()
    ids = [row["id"] for page in range(1, 6) for row in _page(client, page)]
    changes = [
        {"memory_id": memory_id, "text": text} for memory_id, text in zip(ids[::2], texts[MEMORIES:], strict=True)
    ]
    client.put("/v1/batch/", {"memories": changes})
    return unchanged


def compare(client: Client, requests: int, unchanged: str) -> dict[str, dict[str, Latency]]:
    """Returns the latency of lists and of searches, by what they ask about."""
    questions = [{"query": question, "threshold": 0} for question in Texts(seed=10).questions(WARM_UP + requests)]
    moments = {"now": {}, "as_of": {"as_of": AS_OF}, "known_at": {"known_at": unchanged}}
    return {
        "list": _by_turns(client, "/v3/memories/", [{} for _ in questions], moments),
        "search": _by_turns(client, "/v3/memories/search/", questions, moments),
    }


def _page(client: Client, page: int) -> list[Json]:
    asked = {"filters": {"user_id": USER}, "page": page, "page_size": 200}
    rows: list[Json] = client.post("/v3/memories/", asked)["results"]
    return rows


def _by_turns(
    client: Client, path: str, bodies: list[Json], moments: Mapping[str, Mapping[str, str]]
) -> dict[str, Latency]:
    times: dict[str, list[float]] = {name: [] for name in moments}
    for body in bodies:
        client.post(path, {**body, "filters": {"user_id": USER}})  # Embeds the question, which is then known.
        for name, moment in moments.items():
            started = time.perf_counter()
            client.post(path, {**body, **moment, "filters": {"user_id": USER}})
            times[name].append(time.perf_counter() - started)
    return {name: Latency(samples[WARM_UP:]) for name, samples in times.items()}
