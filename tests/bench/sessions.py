"""Real chats against a real server: `python -m tests.bench.sessions` (the data is named by --data).

First twenty sessions are extracted by the offline extractor and searched with the questions that they answer; a few are
shown. Then every turn of all sessions becomes a memory of one user, and each question is searched: R@10 is the share of
its evidence among the first ten results, MRR the mean of 1 / the rank of the first, by the product's order and by each
leg alone.
"""

import argparse
import signal
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench.chats import DATA, Chats, Question, chats
from tests.bench.report import say, show
from tests.bench.server import Client, fresh_server

SHOWN = 8
TOP = 10
DEEP = 1_000
"""The most that one search returns: enough to put the results in the order of one leg."""
POOL = "everybody"
Json = dict[str, Any]
Ranking = Sequence[set[str]]
"""The turns that each result stands for: equal texts are one memory."""

ORDERS: dict[str, Callable[[Json], float]] = {
    "dense alone": lambda hit: -hit["score_breakdown"]["semantic"],
    "lexical alone": lambda hit: -hit["score_breakdown"]["bm25"],
}


def main() -> None:
    """Measures and prints; nothing is asserted."""
    parser = argparse.ArgumentParser(prog="tests.bench.sessions")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sessions", type=int, default=20, help="how many sessions are extracted")
    parser.add_argument("--only", choices=["extracted", "verbatim"], help="one of the two parts")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data = chats(options.data)
    with fresh_server() as server:
        server.start(LOG_LEVEL="WARNING")
        with server.client() as client:
            if options.only != "verbatim":
                _show_extracted(client, data, options.sessions)
            if options.only != "extracted":
                _show_verbatim(client, data)


def _show_extracted(client: Client, data: Chats, sessions: int) -> None:
    questions = list(_answerable(data, sessions))
    counts = []
    for question in questions:
        for session_id in question.sessions:
            answer = client.post("/v3/memories/add/", data.sessions[session_id].add(question.id, infer=True))
            counts.append(len(answer["results"]))
    say(f"{len(counts)} sessions extracted: {sum(counts)} results, for {len(questions)} questions of a user each")
    for question in questions[:SHOWN]:
        say(f"\n  {question.text}\n    expected: {question.answer}")
        for hit in _search(client, question.text, user=question.id, top_k=3):
            say(f"    {hit['score']:.2f}  {hit['memory']}")


def _answerable(data: Chats, sessions: int) -> Iterator[Question]:
    """The first questions whose evidence fits into this many sessions together."""
    for question in data.questions:
        if len(question.sessions) <= sessions:
            sessions -= len(question.sessions)
            yield question


def _show_verbatim(client: Client, data: Chats) -> None:
    turns = _add_turns(client, data)
    say(f"\n{len(turns):,} turns as memories of one user, {len(data.questions)} questions")
    results = [_search(client, question.text, user=POOL, top_k=DEEP) for question in data.questions]
    _show_scores("fused", data.questions, results, turns)
    for name, key in ORDERS.items():
        _show_scores(name, data.questions, [sorted(hits, key=key) for hits in results], turns)


def _add_turns(client: Client, data: Chats) -> dict[str, set[str]]:
    """Adds every turn, and returns which turns each memory stands for."""
    turns: defaultdict[str, set[str]] = defaultdict(set)
    for session in data.sessions.values():
        answer = client.post("/v3/memories/add/", session.add(POOL, infer=False))
        for index, result in enumerate(answer["results"]):
            turns[result["id"]].add(f"{session.id}#{index}")
    return turns


def _search(client: Client, query: str, *, user: str, top_k: int) -> list[Json]:
    body = {"query": query, "filters": {"user_id": user}, "top_k": top_k, "threshold": 0}
    hits: list[Json] = client.post("/v3/memories/search/", body)["results"]
    return hits


def _show_scores(
    name: str, questions: Sequence[Question], results: Sequence[list[Json]], turns: dict[str, set[str]]
) -> None:
    rankings: list[Ranking] = [[turns[hit["id"]] for hit in hits] for hits in results]
    pairs = list(zip(questions, rankings, strict=True))
    recall = statistics.fmean(_recall(question.turns, ranking) for question, ranking in pairs)
    mrr = statistics.fmean(_reciprocal_rank(question.turns, ranking) for question, ranking in pairs)
    show(name, f"R@{TOP} {recall:.3f}, MRR {mrr:.3f}")


def _recall(gold: frozenset[str], ranking: Ranking) -> float:
    found = gold & set().union(*ranking[:TOP])
    return len(found) / len(gold)


def _reciprocal_rank(gold: frozenset[str], ranking: Ranking) -> float:
    return next((1 / rank for rank, turns in enumerate(ranking, start=1) if turns & gold), 0.0)


if __name__ == "__main__":
    main()
