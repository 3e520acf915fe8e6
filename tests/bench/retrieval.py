"""What searches find, beside others: `make bench-retrieval`, or `python -m tests.bench.retrieval --part report`.

Every turn of many chats becomes a memory of one user of a real server, and every question is searched there, as of its
own date. Its evidence is looked for in the product's order, in those of each leg alone and of simple fusions of them
(`tests.bench.orders`), and in what `mem0ai` answers as a library with the same embedder in the same Postgres.

Fit what is to be fitted with `--part tune`, and report `--part report`: which question belongs where is decided by its
id alone, in every file.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from tests.bench import comparison
from tests.bench.calibration import show_calibration
from tests.bench.chats import DATA, Chats, Question, chats
from tests.bench.orders import ORDERS, reordered
from tests.bench.peers.embeddings import KnownVectors, embedding_server
from tests.bench.peers.oss import check_installed, mem0
from tests.bench.pool import DEEP, load, search
from tests.bench.ranks import Ranking, Ranks, ranks_of
from tests.bench.report import say
from tests.bench.server import Server, fresh_server

PRODUCT = "Loci"
BEFORE = "Loci before"
TURN = "turn_id"
Rankings: TypeAlias = Mapping[str, Sequence[Ranking]]


def main() -> None:
    """Measures and prints; nothing is asserted."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data = chats(options.data)
    questions = [question for question in data.questions if options.part in {"all", part_of(question)}]
    if not options.without_mem0:
        check_installed()
    say(
        f"{options.data.name}, part {options.part}: {len(questions)} questions with evidence about"
        f" {len(data.sessions)} sessions, added as {options.adds}; load {os.getloadavg()[0]:.1f}"
    )
    with fresh_server() as server:
        server.start(LOG_LEVEL="WARNING")
        turns = load(server, data, options.adds, bare=options.bare, clients=options.clients)
        results = search(server, questions, clients=options.clients)
        rankings: dict[str, Sequence[Ranking]] = {PRODUCT: _turns_of(results, turns)}
        for name in ORDERS:
            rankings[name] = _turns_of([reordered(name, hits) for hits in results], turns)
        if options.without_mem0:
            say("mem0ai is left out.")
        else:
            rankings |= _mem0(server, data, questions)
    ranks = {
        name: [ranks_of(question, ranking) for question, ranking in zip(questions, each, strict=True)]
        for name, each in rankings.items()
    }
    if options.against:
        ranks[BEFORE] = _read(options.against, questions)
    comparison.show(ranks, [question.type for question in questions])
    show_calibration(questions, results, turns)
    if options.json:
        _write(options.json, questions, ranks)


def part_of(question: Question) -> str:
    """Returns the half to which the question belongs for ever: "tune" or "report"."""
    return "tune" if sha256(question.id.encode()).digest()[0] % 2 else "report"


def _turns_of(results: Sequence[Sequence[Any]], turns: Mapping[str, frozenset[str]]) -> list[Ranking]:
    return [[turns[hit["id"]] for hit in hits] for hits in results]


def _mem0(server: Server, data: Chats, questions: Sequence[Question]) -> Rankings:
    """As it is; asked for as much as Loci is, without its threshold; and its keyword search alone."""
    queries = [question.text for question in questions]
    adds = [
        {"messages": [turn.message], "metadata": {TURN: turn.id}}
        for session in data.sessions.values()
        for turn in session.turns
    ]
    with KnownVectors() as known, embedding_server(known) as base_url, mem0(server, base_url, english=True) as peer:
        peer.add(adds)
        found = {
            "mem0ai, defaults": peer.search(queries, top_k=20, threshold=0.1),
            "mem0ai, deep": peer.search(queries, top_k=DEEP, threshold=0),
            "mem0ai, keywords": peer.keywords(queries, top_k=DEEP),
        }
    return {name: [[{row[TURN]} for row in rows] for rows in each] for name, each in found.items()}


def _write(path: Path, questions: Sequence[Question], ranks: Mapping[str, Sequence[Ranks]]) -> None:
    systems = {
        name: {
            question.id: {"turns": found.turns, "sessions": found.sessions}
            for question, found in zip(questions, each, strict=True)
        }
        for name, each in ranks.items()
    }
    path.write_text(json.dumps(systems), encoding="utf-8")
    say(f"\nThe ranks of every question are in {path}.")


def _read(path: Path, questions: Sequence[Question]) -> list[Ranks]:
    """The product's ranks of an earlier run; ends the program where that was asked other questions."""
    earlier = json.loads(path.read_text(encoding="utf-8"))[PRODUCT]
    if missing := [question.id for question in questions if question.id not in earlier]:
        sys.exit(f"{path} does not know {len(missing)} of the questions: compare runs of the same data and part.")
    rows = [earlier[question.id] for question in questions]
    return [Ranks(tuple(row["turns"]), tuple(row["sessions"])) for row in rows]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.retrieval")
    parser.add_argument("--data", type=Path, default=DATA, help="a file in the format of the development data")
    parser.add_argument("--part", choices=["all", "tune", "report"], default="all", help="which half of the questions")
    parser.add_argument("--adds", choices=["sessions", "singles"], default="sessions", help="one add per session, turn")
    parser.add_argument("--bare", action="store_true", help="keep the session's id out of the metadata")
    parser.add_argument("--clients", type=int, default=4, help="how many load and search at once")
    parser.add_argument("--without-mem0", action="store_true", help="measure Loci alone")
    parser.add_argument("--json", type=Path, help="write the ranks of every question and system to this file")
    parser.add_argument("--against", type=Path, help="compare with the ranks that an earlier --json wrote")
    return parser.parse_args()


if __name__ == "__main__":
    main()
