"""An embedding endpoint on loopback, with scripted answers; it stands in for the paid service only."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from memories.embedding.openai_compatible import OpenAICompatibleEmbedder

Json = dict[str, Any]
Answer = Callable[[list[str]], tuple[int, Json]]


class Endpoint(ThreadingHTTPServer):
    """Answers each request with the next of `answers`, then with `usual`; keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.usual: Answer = fine
        self.received: list[Json] = []
        self.keys: list[str] = []
        self.closing = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def embedder(self, **options: Any) -> OpenAICompatibleEmbedder:
        return OpenAICompatibleEmbedder(**{"model": "small", "api_key": "sk-test", "base_url": self.url, **options})


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(request)
        self.server.keys.append(self.headers["Authorization"])
        answer = self.server.answers.pop(0) if self.server.answers else self.server.usual
        status, body = answer(request["input"])
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": len(content),
            "Retry-After": 0,
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so.
        """Says nothing: the tests look at what was received."""


def fine(texts: list[str]) -> tuple[int, Json]:
    """Answers each text with [its length, 1], last one first."""
    data = [{"object": "embedding", "index": at, "embedding": [len(text), 1.0]} for at, text in enumerate(texts)]
    return 200, {
        "object": "list",
        "data": data[::-1],
        "model": "small",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


def failing(status: int) -> Answer:
    return lambda texts: (status, {"error": {"message": f"cannot embed {texts}"}})


def giving(*vectors: list[Any]) -> Answer:
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return lambda texts: (200, {"object": "list", "data": data})


def hang(endpoint: Endpoint) -> Answer:
    """Returns the answer that does not come before the endpoint closes."""

    def wait(texts: list[str]) -> tuple[int, Json]:
        endpoint.closing.wait(20)
        return fine(texts)

    return wait


@contextmanager
def embedding_endpoint() -> Iterator[Endpoint]:
    """Serves until the end of the block."""
    with Endpoint() as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
