"""Clients that ask at once, each over a connection that it keeps."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.bench.report import Latency
from tests.bench.server import Server

AT_MOST_S = 30.0


@dataclass(frozen=True)
class Run:
    """What clients saw together: the time of every request and the mean number of hits."""

    latency: Latency
    per_second: float
    hits: float


def drive(server: Server, bodies: Sequence[Mapping[str, Any]], clients: int) -> Run:
    """Sends the searches, shared out among the clients, and leaves off after 30 seconds."""
    started = time.perf_counter()

    def share(number: int) -> list[tuple[float, int]]:
        outcomes = []
        with server.client() as client:
            client.get("/healthz/")  # The connection is made before anything is timed.
            for body in bodies[number::clients]:
                sent = time.perf_counter()
                hits = client.post("/v3/memories/search/", body)["results"]
                outcomes.append((time.perf_counter() - sent, len(hits)))
                if time.perf_counter() - started > AT_MOST_S:
                    break
        return outcomes

    with ThreadPoolExecutor(clients) as pool:
        outcomes = [outcome for each in pool.map(share, range(clients)) for outcome in each]
    seconds = time.perf_counter() - started
    times, hits = zip(*outcomes, strict=True)
    return Run(Latency(times), len(times) / seconds, sum(hits) / len(times))
