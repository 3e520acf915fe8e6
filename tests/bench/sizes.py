"""The measurements of `tests.bench.search`. Django is set up before this is imported."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from loci.tenancy.registry import PROJECT_TABLES
from memories.embedding import local_embedder
from orgs.queries import Caller, caller_of
from tests.bench import disk
from tests.bench.clients import drive
from tests.bench.large import Database, Mixer, Sentences, peer_user, scope_of
from tests.bench.peers.embeddings import KnownVectors, embedding_server
from tests.bench.peers.oss import DATABASE, Oss, Race, mem0, scanning_on
from tests.bench.report import Latency, say
from tests.bench.server import Server
from tests.bench.speeds import KNOWN, KNOWN_COMPLETE, NEW, Measured, show_size, show_targets
from tests.bench.statements import searched
from tests.bench.texts import Texts

KNOWN_QUESTIONS = 64
"""Fewer than the vectors that a web process remembers."""
EACH = 20
"""The fewest requests of one of many clients."""
OTHER_RUN = "another run"
SETTLE_S = 15.0
"""A web process learns only after some seconds that its project has an index."""
RACE_S, RACE_QUESTIONS = 15.0, 10_000
TOP = 10
"""Of Loci's searches by default, and so of the peer's."""
EMBEDDED_TEXTS = 2_000
ADDS = 500
LOG_S = 2.0
"""The request log is written a little later."""
Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is to be measured. The plans go to a file."""

    sizes: Sequence[int]
    scopes: Sequence[int]
    clients: Sequence[int]
    requests: int
    plans: Path


def show_searches(server: Server, key: str, asked: Asked, peer: Oss | None) -> None:
    """Lets a database grow through the sizes, and prints how fast searches are in each."""
    asked.plans.parent.mkdir(parents=True, exist_ok=True)
    asked.plans.write_text("# Plans of searches\n", encoding="utf-8")
    searches = Searches(server, key, asked)
    database = Database(server.postgres("loci"), searches.project, _mixer(), server.postgres(DATABASE) if peer else "")
    measured: list[Measured] = []
    for size in sorted(asked.sizes):
        started = time.perf_counter()
        database.grow(size, asked.scopes)
        seconds, own = time.perf_counter() - started, database.count(searches.project)
        say(f"\n{database.size():,} memories, {own:,} of them in the searched project, loaded in {seconds:.0f} s")
        maintain(server)
        say(f"load {os.getloadavg()[0]:.1f}")
        there = [scope for scope in database.scopes() if scope in asked.scopes]
        of_size = [searches.measure(size, scope, peer) for scope in there]
        if of_size:
            show_size(of_size)
        disk.show_memory(database.url)
        measured += of_size
    show_targets(measured)
    say(f"\nThe plans are in {asked.plans}.")


@contextmanager
def peer(server: Server) -> Iterator[Oss]:
    """Yields the library that is measured beside Loci."""
    with embedding_server(local_embedder()) as base_url, mem0(server, base_url, english=False) as oss:
        yield oss


def show_adds(server: Server) -> None:
    """Prints what memories take that were added as applications do: two messages at a time, in this case verbatim."""
    url = server.postgres("loci")
    before = disk.sizes(url, PROJECT_TABLES)
    texts = Texts(seed=1).memories(2 * ADDS)
    with server.client() as client:
        for number in range(ADDS):
            said = zip(("user", "assistant"), texts[2 * number : 2 * number + 2], strict=True)
            messages = [{"role": role, "content": text} for role, text in said]
            client.post("/v3/memories/add/", {"messages": messages, "user_id": f"adds-{number // 50}", "infer": False})
    time.sleep(LOG_S)
    disk.show_beside(before, disk.sizes(url, PROJECT_TABLES), 2 * ADDS)


def _mixer() -> Mixer:
    with KnownVectors() as vectors:
        embedded = vectors.embed(Sentences(seed=1).memories(EMBEDDED_TEXTS))
    return Mixer(np.array(embedded, np.float32), seed=1)


class Searches:
    """Searches of the scopes of one project."""

    def __init__(self, server: Server, key: str, asked: Asked) -> None:
        caller = caller_of(key)
        assert isinstance(caller, Caller)
        self.project = caller.tenant.project_id
        self._server, self._key, self._asked = server, key, asked
        self._known = Sentences(seed=2).questions(KNOWN_QUESTIONS)
        self._seeds = count(3)

    def measure(self, size: int, scope: int, peer: Oss | None) -> Measured:
        """Returns the measurements of one scope, and writes a plan of its statements."""
        measured = Measured(size, scope)
        for number in self._asked.clients:
            times = max(self._asked.requests, EACH * number)
            measured.new[number] = drive(self._server, self._new(scope, times), number)
            drive(self._server, _asking(scope, self._known), 1)
            measured.known[number] = drive(self._server, _asking(scope, islice(cycle(self._known), times)), number)
        measured.statements = self._statements(size, scope)
        if peer:
            measured.races = self._races(peer, scope, max(self._asked.clients))
        return measured

    def _new(self, scope: int, times: int) -> list[Body]:
        return _asking(scope, Sentences(seed=next(self._seeds)).questions(times))

    def _statements(self, size: int, scope: int) -> Latency:
        """The statements that read memories, in this process; the first round warms it up."""
        bodies = _asking(scope, self._known)
        rounds = [[sum(searched(self._key, body).seconds) for body in bodies] for _ in range(2)]
        plans = searched(self._key, bodies[0], explain=True).plans
        with self._asked.plans.open("a", encoding="utf-8") as file:
            file.write(f"\n\n## {size:,} memories, a scope of {scope:,}: {self._known[0]}\n\n" + "\n\n".join(plans))
        return Latency(rounds[-1])

    def _races(self, peer: Oss, scope: int, threads: int) -> dict[str, Race]:
        """As it is, it finds only what is of the scope among the 40 nearest of all; its store can go on until it has
        enough, though not by a setting of the library.
        """
        with KnownVectors() as kept:
            vectors = kept.embed(self._known)
        new = Sentences(seed=next(self._seeds)).questions(RACE_QUESTIONS)
        race = partial(peer.race, peer_user(self.project, scope_of(scope)), threads=threads, seconds=RACE_S, top_k=TOP)
        races = {NEW: race(new), KNOWN: race(self._known, vectors)}
        with scanning_on(self._server.postgres(DATABASE)):
            return {**races, KNOWN_COMPLETE: race(self._known, vectors)}


def maintain(server: Server) -> None:
    """Has the projects get their own indexes, where this version knows how to."""
    if server.command("help", "maintain").returncode:
        say("This version has no `manage.py maintain`: every scope is searched as a whole.")
        return
    started = time.perf_counter()
    while OTHER_RUN in (done := server.command("maintain")).stdout:
        time.sleep(1)  # The server's own, which may have begun before the last memories came.
    done.check_returncode()
    say(f"manage.py maintain took {time.perf_counter() - started:.0f} s. {done.stdout.strip()}")
    time.sleep(SETTLE_S)


def _asking(scope: int, questions: Iterable[str]) -> list[Body]:
    return [{"query": question, "filters": {"user_id": scope_of(scope)}} for question in questions]
