"""A reranker on loopback that speaks the dialects, and fails in the ways, that real ones do."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.loopback import Loopback

Json = dict[str, Any]


class Dialect(StrEnum):
    """How it is asked and answers."""

    COHERE = "cohere"
    """And Jina, vLLM, llama.cpp: `documents`, and `results` with `relevance_score`."""
    VOYAGE = "voyage"
    """`documents`, and `data` with `relevance_score`."""
    TEI = "tei"
    """`texts`, at most 32, and a bare list with `score`."""


@dataclass
class FakeReranker(Loopback):
    """The server. `answer` replaces what is sent; `status` and `hangs` are failures of the service itself."""

    dialect: Dialect = Dialect.COHERE
    prefers: tuple[str, ...] = ()
    """The texts that it likes most, best first."""
    status: int = 200
    answer: Callable[[Any], Any] | None = None
    """From the right answer to the one that is given: bytes as they are, all else as JSON."""
    hangs: bool = False
    drips: bool = False
    requests: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.serve_by(_Server(self))

    @property
    def url(self) -> str:
        """Returns the value for `RERANK_BASE_URL`."""
        return f"http://127.0.0.1:{self.bound_port}/v1"

    def scores(self, texts: list[str]) -> list[float]:
        """Returns how it likes each text: those that it prefers, then the others as they come."""
        liked = {text: len(self.prefers) - at for at, text in enumerate(self.prefers)}
        return [float(liked.get(text, at / -1000)) for at, text in enumerate(texts)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, reranker: FakeReranker) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reranker = reranker


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        fake = self.server.reranker
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fake.requests.append(body)
        fake.headers.append({name.lower(): value for name, value in self.headers.items()})
        try:
            self._answer(fake, body)
        except ConnectionError:
            self.close_connection = True

    def _answer(self, fake: FakeReranker, body: Json) -> None:
        if fake.hangs:
            fake.closing.wait()
        elif fake.drips:
            self._drip(fake)
        elif self.path != "/v1/rerank":
            self._send(404, {"detail": "Not Found"})
        elif fake.status != 200:
            self._send(fake.status, {"detail": f"cannot rank {body}"})
        else:
            status, right = _answered(fake, body)
            self._send(status, fake.answer(right) if fake.answer and status == 200 else right)

    def _drip(self, fake: FakeReranker) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not fake.closing.wait(0.05):
            self.wfile.write(b" ")

    def _send(self, status: int, answer: Any) -> None:
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # The base class names it so.
        """Says nothing: the requests are recorded."""


def _answered(fake: FakeReranker, body: Json) -> tuple[int, Any]:
    name, score = ("texts", "score") if fake.dialect is Dialect.TEI else ("documents", "relevance_score")
    if name not in body:
        return 422, {"detail": f"missing field `{name}`"}
    texts = body[name]
    if fake.dialect is Dialect.TEI and len(texts) > 32:
        return 422, {"error": f"batch size {len(texts)} > maximum allowed batch size 32", "error_type": "Validation"}
    rows = [{"index": at, score: value} for at, value in enumerate(fake.scores(texts))]
    rows.sort(key=lambda row: -row[score])
    match fake.dialect:
        case Dialect.COHERE:
            return 200, {"id": "1", "results": rows, "meta": {"billed_units": {"search_units": 1}}}
        case Dialect.VOYAGE:
            return 200, {"object": "list", "data": rows, "model": body.get("model"), "usage": {"total_tokens": 1}}
        case Dialect.TEI:
            return 200, rows
