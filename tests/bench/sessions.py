"""What is extracted offline from real chats: `python -m tests.bench.sessions` (the data is named by --data).

Some sessions are added to a user for each question that they answer, and the first questions are shown with what was
expected and what is found. What searches find in whole chats, as they were said, `tests.bench.retrieval` measures.
"""

import argparse
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.chats import DATA, Chats, Question, Session, chats
from tests.bench.report import say
from tests.bench.server import Client, fresh_server

SHOWN = 8


def main() -> None:
    """Prints; nothing is asserted."""
    parser = argparse.ArgumentParser(prog="tests.bench.sessions")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sessions", type=int, default=20, help="how many sessions are extracted")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data = chats(options.data)
    with fresh_server() as server:
        server.start(LOG_LEVEL="WARNING")
        with server.client() as client:
            _show_extracted(client, data, options.sessions)


def _show_extracted(client: Client, data: Chats, sessions: int) -> None:
    questions = list(_answerable(data, sessions))
    counts = [
        len(client.post("/v3/memories/add/", _add(data.sessions[session_id], question.id))["results"])
        for question in questions
        for session_id in question.sessions
    ]
    say(f"{len(counts)} sessions extracted: {sum(counts)} results, for {len(questions)} questions of a user each")
    for question in questions[:SHOWN]:
        say(f"\n  {question.text}\n    expected: {question.answer}")
        body = {"query": question.text, "filters": {"user_id": question.id}, "top_k": 3, "threshold": 0}
        for hit in client.post("/v3/memories/search/", body)["results"]:
            say(f"    {hit['score']:.2f}  {hit['memory']}")


def _answerable(data: Chats, sessions: int) -> Iterator[Question]:
    """The first questions whose evidence fits into this many sessions together."""
    for question in data.questions:
        if len(question.sessions) <= sessions:
            sessions -= len(question.sessions)
            yield question


def _add(session: Session, user: str) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": session.messages, "user_id": user, "async_mode": False}
    return body | ({"timestamp": session.at.isoformat()} if session.at else {})


if __name__ == "__main__":
    main()
