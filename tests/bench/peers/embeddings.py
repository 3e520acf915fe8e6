"""The bundled embedder behind the protocol of OpenAI's embeddings, on loopback, so that a peer has the same vectors.

What was embedded once for its content, and not for the time that it takes, is known to the next run, too, from
`.cache/bench/vectors.sqlite`.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import numpy as np

from memories.embedding import local_embedder
from memories.embedding.base import Embedder
from tests.bench.server import ROOT

VECTORS = ROOT / ".cache" / "bench" / "vectors.sqlite"


class KnownVectors:
    """Embeds texts and keeps their vectors in a file: a context manager, which several threads may use at once."""

    def __init__(self, path: Path = VECTORS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._embedder = local_embedder()
        self._lock = threading.Lock()
        self._kept = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._kept.execute("CREATE TABLE IF NOT EXISTS vector (digest BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    @property
    def model(self) -> str:
        """Returns the name of the model."""
        return self._embedder.model

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Returns the vector of each text."""
        return [self._vector(text) for text in texts]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def _vector(self, text: str) -> list[float]:
        digest = sha256(f"{self.model}\n{text}".encode(errors="replace")).digest()
        with self._lock:
            kept = self._kept.execute("SELECT vector FROM vector WHERE digest = ?", [digest]).fetchone()
        if kept:
            return np.frombuffer(kept[0], np.float32).tolist()
        vector = self._embedder.embed([text])[0]
        with self._lock:
            self._kept.execute("INSERT OR IGNORE INTO vector VALUES (?, ?)", [digest, vector.tobytes()])
        return vector.tolist()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, embedder: KnownVectors | Embedder) -> None:
        self._embedder = embedder
        super().__init__(*args)

    def do_POST(self) -> None:
        """Answers `POST /v1/embeddings` with floats; anything else is refused."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.endswith("/embeddings") or asked.get("encoding_format") != "float":
            self._answer(400, {"error": {"message": "Only embeddings are made here, as floats."}})
            return
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        data = [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(np.asarray(self._embedder.embed(texts)).tolist())
        ]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        self._answer(200, {"object": "list", "data": data, "model": self._embedder.model, "usage": usage})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Says nothing."""


@contextmanager
def embedding_server(embedder: KnownVectors | Embedder) -> Iterator[str]:
    """Yields the base URL of a server that embeds with the bundled model."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, embedder=embedder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
