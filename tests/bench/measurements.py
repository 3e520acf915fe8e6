"""What is measured over HTTP, each by one client that asks for one thing after the other."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import cycle, islice
from typing import Any

from tests.bench.report import Latency
from tests.bench.server import Client, Server
from tests.bench.texts import Texts

SCOPE = "measured"
BATCH = 50
LOADERS = 4
WARM_UP = 20
POLL_S = 0.2
PATIENCE_S = 300.0
Body = dict[str, Any]


def load(server: Server, memories: int, scope: int) -> float:
    """Adds `memories` memories, `scope` of them for the user who is searched, and returns how many per second."""
    texts = Texts(seed=1).memories(memories)
    users = [SCOPE if index < scope else f"other-{index // max(1, scope)}" for index in range(memories)]
    bodies: list[Body] = []
    for user in dict.fromkeys(users):
        own = iter([text for text, owner in zip(texts, users, strict=True) if owner == user])
        while batch := list(islice(own, BATCH)):
            bodies.append(_add(batch, user, infer=False))
    started = time.perf_counter()
    with ThreadPoolExecutor(LOADERS) as pool:
        list(pool.map(lambda share: _post_all(server, share), [bodies[n::LOADERS] for n in range(LOADERS)]))
    return memories / (time.perf_counter() - started)


def searches(client: Client, requests: int) -> tuple[Latency, dict[str, float]]:
    """Returns the latency of searches in the scope, and the mean milliseconds of their parts.

    Around is what lies outside of the view: the API key, middleware, HTTP and this client.
    """
    filters = {"user_id": SCOPE}
    bodies = [{"query": query, "filters": filters} for query in Texts(seed=2).questions(WARM_UP + requests)]
    _timed(client, "/v3/memories/search/", bodies[:WARM_UP])
    before = client.metrics("loci_search_seconds_sum", "part")
    latency = _timed(client, "/v3/memories/search/", bodies[WARM_UP:])
    after = client.metrics("loci_search_seconds_sum", "part")
    parts = {part: (total - before[part]) / requests * 1000 for part, total in after.items()}
    return latency, {**parts, "around": latency.mean - sum(parts.values())}


def plain_adds(client: Client, requests: int) -> Latency:
    """Returns the latency of adds of one message with `infer=false`: each is a memory when it is answered."""
    bodies = [_add([text], "plain", infer=False) for text in Texts(seed=3).memories(WARM_UP + requests)]
    _timed(client, "/v3/memories/add/", bodies[:WARM_UP])
    return _timed(client, "/v3/memories/add/", bodies[WARM_UP:])


def queued_adds(client: Client, requests: int, seed: int) -> tuple[Latency, float]:
    """Returns how fast asynchronous adds of as many users are accepted, and how many are done per second."""
    texts = Texts(seed=seed).memories(requests)
    bodies = [_add([text], f"queued-{seed}-{number}") for number, text in enumerate(texts)]
    answers: list[Body] = []
    latency = _timed(client, "/v3/memories/add/", bodies, answers)
    events = _finished(client, [answer["event_id"] for answer in answers])
    first = min(datetime.fromisoformat(event["created_at"]) for event in events)
    last = max(datetime.fromisoformat(event["completed_at"]) for event in events)
    return latency, requests / (last - first).total_seconds()


def large_adds(client: Client, messages: int) -> None:
    """Adds a conversation of this many messages of some 60 words through a worker, and again, verbatim, through web."""
    texts = Texts(seed=5).memories(messages * 3)
    contents = [" ".join(texts[3 * number : 3 * number + 3]) for number in range(messages)]
    answer = client.post("/v3/memories/add/", _add(contents, "large"))
    _finished(client, [answer["event_id"]])
    client.post("/v3/memories/add/", _add(contents, "large-plain", infer=False))


def _add(contents: Sequence[str], user: str, *, infer: bool = True) -> Body:
    roles = cycle(["user", "assistant"])
    messages = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=False)]
    return {"messages": messages, "user_id": user, "infer": infer}


def _timed(client: Client, path: str, bodies: Iterable[Body], answers: list[Body] | None = None) -> Latency:
    samples = []
    for body in bodies:
        started = time.perf_counter()
        answer = client.post(path, body)
        samples.append(time.perf_counter() - started)
        if answers is not None:
            answers.append(answer)
    return Latency(samples)


def _finished(client: Client, event_ids: Sequence[str]) -> list[Body]:
    """Waits until the events succeeded; raises `RuntimeError` where one does not."""
    deadline = time.monotonic() + PATIENCE_S
    events = []
    for event_id in event_ids:
        while (event := client.get(f"/v1/event/{event_id}/"))["status"] in {"PENDING", "RUNNING"}:
            if time.monotonic() > deadline:
                raise RuntimeError(f"An add is still {event['status']} after {PATIENCE_S:g} s.")
            time.sleep(POLL_S)
        if event["status"] != "SUCCEEDED":
            raise RuntimeError(f"An add failed: {event['error']}")
        events.append(event)
    return events


def _post_all(server: Server, bodies: Sequence[Body]) -> None:
    with server.client() as client:
        for body in bodies:
            client.post("/v3/memories/add/", body)
