"""What an add costs and how soon it is found, with a model of 500 ms on loopback: `python -m tests.bench.extraction`.

Prompt tokens are counted by the bundled tokenizer, whose pieces are a little shorter than those of large models.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from tokenizers import Tokenizer

from memories.embedding.local import TOKENIZER
from tests.bench.report import Latency, Limit, say, show
from tests.bench.server import Client, Server, fresh_server
from tests.bench.texts import Texts
from tests.fakes.llm import FakeLLM

LLM_S = 0.5
KNOWN = (0, 10, 1_000)
ADDS = 20
POLL_S = 0.02
PATIENCE_S = 120.0
FLOOD = 5_000
AT_ONCE = 8
FLOODED_USERS = 100


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="tests.bench.extraction")
    parser.add_argument("--flood", type=int, default=FLOOD, help="adds of one project that are queued at once")
    options = parser.parse_args()
    with FakeLLM(delay_s=LLM_S) as llm, fresh_server() as server:
        settings = {"LLM_BASE_URL": llm.base_url, "LLM_API_KEY": "bench", "LLM_MODEL": "bench"}
        server.start(**settings, ADD_WAIT_MS="0", LOG_LEVEL="WARNING")
        with server.client() as client:
            for known in KNOWN:
                _show_cost(client, llm, known)
            _show_wait(client)
            _show_throughput(client)
        _show_fairness(server, options.flood)


def _show_cost(client: Client, llm: FakeLLM, known: int) -> None:
    """Calls, prompt tokens and second calls of adds of a user of whom this much is known."""
    user = f"knows-{known}"
    texts = iter(Texts(seed=7).memories(known + ADDS))
    _fill(client, user, list(islice(texts, known)))
    before = llm.calls
    for text in texts:
        _follow(client, _add(client, user, text))
    requests = llm.requests[before:]
    tokens = [_tokens(request) for request in requests]
    second = len(requests) - ADDS
    show(f"calls per add, {known} memories", f"{len(requests) / ADDS:.2f} ({second} of {ADDS} adds asked twice)")
    show(f"prompt tokens per add, {known} memories", f"{sum(tokens) / ADDS:.0f} (at most {max(tokens)} in one call)")


def _fill(client: Client, user: str, texts: Sequence[str]) -> None:
    for start in range(0, len(texts), 50):
        messages = [{"role": "user", "content": text} for text in texts[start : start + 50]]
        client.post("/v3/memories/add/", {"messages": messages, "user_id": user, "infer": False})


def _show_wait(client: Client) -> None:
    """From an accepted add to a search that finds its memory, with nothing else to do."""
    waits = [_seconds_to_found(client, "waiting", text) for text in Texts(seed=8).memories(ADDS)]
    latency = Latency(waits)
    show("accepted to searchable, idle queue", latency, Limit(latency.p95, 1_500, "ms"))


def _show_throughput(client: Client) -> None:
    started = time.perf_counter()
    events = [_add(client, f"many-{number}", text) for number, text in enumerate(Texts(seed=9).memories(5 * ADDS))]
    for event in events:
        _follow(client, event)
    show("adds end to end", f"{len(events) / (time.perf_counter() - started):.1f} adds/s of as many users")


def _show_fairness(server: Server, flood: int) -> None:
    """A single add of another project, while the first one's flood is worked on."""
    neighbour = Client(server.port, server.new_owner("neighbour@example.org"))
    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda share: _flood(server, share), _shares(flood)))
    say(f"{flood:,} adds of one project accepted in {time.perf_counter() - started:.0f} s")
    with neighbour:
        waits = [_seconds_to_found(neighbour, "neighbour", text) for text in Texts(seed=10).memories(5)]
    latency = Latency(waits)
    show(f"searchable beside {flood:,} queued adds", latency, Limit(max(waits) * 1000, 3_000, "ms"))


def _shares(flood: int) -> Iterator[Sequence[tuple[int, str]]]:
    texts = list(enumerate(Texts(seed=11).memories(flood)))
    return (texts[start::AT_ONCE] for start in range(AT_ONCE))


def _flood(server: Server, share: Sequence[tuple[int, str]]) -> None:
    with server.client() as client:
        for number, text in share:
            _add(client, f"flooded-{number % FLOODED_USERS}", text)


def _seconds_to_found(client: Client, user: str, text: str) -> float:
    started = time.perf_counter()
    event_id = _add(client, user, text)
    while not _finds(client, user, event_id):
        if time.perf_counter() - started > PATIENCE_S:
            raise RuntimeError(f"An add is not searchable after {PATIENCE_S:g} s.")
        time.sleep(POLL_S)
    return time.perf_counter() - started


def _finds(client: Client, user: str, event_id: str) -> bool:
    """Asks for the event first: only its result tells which memory is to be found."""
    event = client.get(f"/v1/event/{event_id}/")
    if event["status"] != "SUCCEEDED":
        return False
    (result,) = event["results"]
    asked = {"query": result["memory"], "filters": {"user_id": user}, "threshold": 0}
    return result["id"] in [hit["id"] for hit in client.post("/v3/memories/search/", asked)["results"]]


def _add(client: Client, user: str, text: str) -> str:
    event_id: str = client.post("/v3/memories/add/", {"messages": text, "user_id": user})["event_id"]
    return event_id


def _follow(client: Client, event_id: str) -> None:
    deadline = time.perf_counter() + PATIENCE_S
    while (status := client.get(f"/v1/event/{event_id}/")["status"]) != "SUCCEEDED":
        if status == "FAILED" or time.perf_counter() > deadline:
            raise RuntimeError(f"An add is {status}.")
        time.sleep(POLL_S)


def _tokens(request: dict[str, Any]) -> int:
    texts = [message["content"] for message in request["messages"]]
    return sum(len(encoding.ids) for encoding in _TOKENIZER.encode_batch(texts, add_special_tokens=False))


_TOKENIZER = Tokenizer.from_file(str(TOKENIZER))
_TOKENIZER.no_truncation()
_TOKENIZER.no_padding()

if __name__ == "__main__":
    main()
