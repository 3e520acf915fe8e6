"""`mem0ai` as a library beside Loci: with the same embedder, on pgvector in the same Postgres, without any LLM.

It runs in an environment of its own, which `make bench-peers` makes, and finds nothing but loopback.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tests.bench.report import Latency
from tests.bench.server import ROOT, Server

PYTHON = ROOT / ".cache" / "peers" / "mem0" / "bin" / "python"
DRIVER = ROOT / "tests" / "bench" / "peers" / "drive.py"
DATABASE = "mem0"
THREADS = 4
NOWHERE = "http://127.0.0.1:9"
Json = dict[str, Any]


@dataclass(frozen=True)
class Race:
    """How long many searches took together and each, and how many results they had in the mean."""

    seconds: float
    samples: Sequence[float]
    results: float

    @property
    def latency(self) -> Latency:
        """Returns the times of the searches."""
        return Latency(self.samples)

    @property
    def per_second(self) -> float:
        """Returns the searches of all threads together."""
        return len(self.samples) / self.seconds


class Oss:
    """A process that holds one `mem0.Memory`, and does one thing after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def perform(self, asked: Json) -> Any:
        """Returns what the driver answers; raises `RuntimeError` where it ended instead, with a trace on stderr."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """Returns the next answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The library's process ended; its reason stands above.")
        return json.loads(line)["done"]

    def add(self, adds: Sequence[Json]) -> None:
        """Stores messages as they are, each list with its metadata."""
        self.perform({"do": "add", "threads": THREADS, "adds": adds})

    def search(self, queries: Sequence[str], *, top_k: int, threshold: float) -> list[list[Json]]:
        """Returns the metadata of the results of each query, best first."""
        asked = {"threads": THREADS, "queries": queries, "top_k": top_k, "threshold": threshold}
        found: list[list[Json]] = self.perform({"do": "search", **asked})
        return found

    def keywords(self, queries: Sequence[str], *, top_k: int) -> list[list[Json]]:
        """Returns the metadata of what the store's keyword search finds alone, best first."""
        found: list[list[Json]] = self.perform(
            {"do": "keywords", "threads": THREADS, "queries": queries, "top_k": top_k}
        )
        return found

    def race(
        self,
        user: str,
        queries: Sequence[str],
        vectors: Sequence[Sequence[float]] = (),
        *,
        threads: int,
        seconds: float,
        top_k: int,
    ) -> Race:
        """Searches for a user, for so long, with questions that it need not embed where their vectors are given."""
        asked = {"user": user, "threads": threads, "seconds": seconds, "top_k": top_k}
        asked |= {"queries": queries, "vectors": vectors}
        return Race(**self.perform({"do": "race", **asked}))


def check_installed() -> None:
    """Ends the program with one sentence where the library's environment is missing."""
    if not PYTHON.exists():
        sys.exit("mem0ai is not installed beside Loci: run `make bench-peers`, or measure --without-mem0.")


@contextmanager
def mem0(server: Server, embeddings: str, *, english: bool) -> Iterator[Oss]:
    """Yields the library with an empty database of its own in the Postgres of `server`; `embeddings` is a base URL.

    `english` gives it the model of the language with which its `nlp` extra finds lemmas and names.
    """
    with psycopg.connect(server.postgres("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {DATABASE}")
    with tempfile.TemporaryDirectory(prefix="loci-bench-mem0-") as folder:
        process = subprocess.Popen(
            [str(PYTHON), str(DRIVER)],
            env=_environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            peer = Oss(process)
            try:
                configuration = _configuration(server.postgres(DATABASE), embeddings, folder)
                peer.perform({"memory": configuration, "english": english})
                yield peer
            finally:
                process.terminate()


@contextmanager
def scanning_on(database: str) -> Iterator[None]:
    """Lets indexes of vectors be read until enough rows pass the filters, by connections that are made from now on."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} SET hnsw.iterative_scan = 'relaxed_order'").format(name))
        try:
            yield
        finally:
            admin.execute(sql.SQL("ALTER DATABASE {} RESET hnsw.iterative_scan").format(name))


def _environment(folder: str) -> dict[str, str]:
    """Telemetry off, and a proxy that does not exist for whatever is not on loopback."""
    proxies = {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "ALL_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1"}
    return {"MEM0_TELEMETRY": "False", "MEM0_DIR": folder, "HOME": folder, "PYTHONUNBUFFERED": "1", **proxies}


def _configuration(database: str, embeddings: str, folder: str) -> Json:
    """Its defaults, but for what has to be named."""
    from memories.embedding.local import DIMENSIONS  # Django reads its settings then, in some callers later than this.

    endpoint = {"api_key": "bench", "openai_base_url": embeddings}
    store = {"connection_string": database, "embedding_model_dims": DIMENSIONS, "maxconn": 32}
    embedder = {**endpoint, "model": "all-MiniLM-L6-v2", "embedding_dims": DIMENSIONS}
    return {
        "vector_store": {"provider": "pgvector", "config": store},
        "embedder": {"provider": "openai", "config": embedder},
        "llm": {"provider": "openai", "config": endpoint},
        "history_db_path": f"{folder}/history.db",
    }
