"""All chats as the memories of one user of a running server, through its API: each turn is a memory as it was said."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from tests.bench.chats import Chats, Question, Session, Turn
from tests.bench.report import say
from tests.bench.server import Client, Server

USER = "everybody"
DEEP = 1_000
"""The most that one search returns."""
MOST_MESSAGES, MOST_CHARACTERS = 500, 400_000
"""The most that one add takes."""
BETWEEN = timedelta(minutes=1)
Adds: TypeAlias = Literal["sessions", "singles"]
Json: TypeAlias = dict[str, Any]
Turns: TypeAlias = dict[str, frozenset[str]]
"""The turns that a memory stands for, by its id."""


def load(server: Server, data: Chats, adds: Adds, *, bare: bool, clients: int) -> Turns:
    """Adds every turn and returns what the memories stand for.

    `sessions` are whole ones in one add, each at the session's time; `singles` are adds of one turn, a minute apart.
    Unless `bare`, the session's id is in the metadata, and of singles the turn's index, too.
    """
    sessions = list(data.sessions.values())
    started = time.perf_counter()

    def share(number: int) -> list[tuple[str, str]]:
        with server.client() as client:
            return [pair for session in sessions[number::clients] for pair in _add(client, session, adds, bare)]

    turns: defaultdict[str, set[str]] = defaultdict(set)
    with ThreadPoolExecutor(clients) as pool:
        for pairs in pool.map(share, range(clients)):
            for memory_id, turn_id in pairs:
                turns[memory_id].add(turn_id)
    count = sum(len(session.turns) for session in sessions)
    say(f"{count:,} turns are {len(turns):,} memories of one user, after {time.perf_counter() - started:.0f} s")
    return {memory_id: frozenset(each) for memory_id, each in turns.items()}


def search(server: Server, questions: Sequence[Question], *, clients: int) -> list[list[Json]]:
    """Returns the hits of each question, best first: as many as there can be, whatever their score."""

    def share(number: int) -> list[list[Json]]:
        with server.client() as client:
            return [_search(client, question) for question in questions[number::clients]]

    with ThreadPoolExecutor(clients) as pool:
        shares = list(pool.map(share, range(clients)))
    return [shares[index % clients][index // clients] for index in range(len(questions))]


def _add(client: Client, session: Session, adds: Adds, bare: bool) -> Iterator[tuple[str, str]]:
    batches = ([turn] for turn in session.turns) if adds == "singles" else _batches(session.turns)
    for number, turns in enumerate(batches):
        body: Json = {"messages": [turn.message for turn in turns], "user_id": USER, "infer": False}
        if session.at:
            body["timestamp"] = (session.at + number * BETWEEN).isoformat()
        if not bare:
            body["metadata"] = {"session_id": session.id} | ({"turn": number} if adds == "singles" else {})
        results = client.post("/v3/memories/add/", body)["results"]
        if len(results) != len(turns):
            raise RuntimeError(f"{len(turns)} turns of {session.id} were answered with {len(results)} results.")
        yield from ((result["id"], turn.id) for result, turn in zip(results, turns, strict=True))


def _batches(turns: Sequence[Turn]) -> Iterator[list[Turn]]:
    batch: list[Turn] = []
    size = 0
    for turn in turns:
        length = len(turn.message["content"])
        if batch and (len(batch) == MOST_MESSAGES or size + length > MOST_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(turn)
        size += length
    if batch:
        yield batch


def _search(client: Client, question: Question) -> list[Json]:
    body: Json = {"query": question.text, "filters": {"user_id": USER}, "top_k": DEEP, "threshold": 0}
    if question.asked_at:
        body["reference_date"] = question.asked_at.isoformat()
    hits: list[Json] = client.post("/v3/memories/search/", body | {"fields": ["id", "score_breakdown"]})["results"]
    return hits
