"""The part of the hosted service that an import reads, in its own shapes, on loopback (contract.md §3, §5.8, §5.13)."""

import json
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.loopback import Loopback

Json = dict[str, Any]

KEY = "m0-hosted-key"


@dataclass
class Hosted(Loopback):
    """Holds memories, newest first, and their histories by id. `failures` are answered first, one to each request.

    `failing_pages` of memories are answered 503, and a wait longer than anybody's patience.
    """

    memories: list[Json] = field(default_factory=list)
    histories: dict[str, list[Json]] = field(default_factory=dict)
    entities: list[Json] = field(default_factory=list)
    failures: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    failing_pages: set[int] = field(default_factory=set)
    requests: list[tuple[str, Json]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.serve_by(_Server(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.bound_port}"


class _Server(ThreadingHTTPServer):
    def __init__(self, hosted: Hosted) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hosted = hosted


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        hosted, place = self.server.hosted, urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        hosted.requests.append((self.path, body))
        if hosted.failures:
            status, headers = hosted.failures.popleft()
            self._answer({"detail": "not now"}, status, headers)
        elif self.headers.get("Authorization") != f"Token {KEY}":
            self._answer({"detail": "Invalid API key"}, 401)
        else:
            self._found(hosted, place.path.strip("/").split("/"), place.query)

    do_POST = do_GET  # noqa: N815  # The base class names them so.

    def _found(self, hosted: Hosted, path: list[str], query: str) -> None:
        match path:
            case ["v1", "entities"]:
                self._page(hosted.entities, query)
            case ["v3", "memories"] if int(parse_qs(query)["page"][0]) in hosted.failing_pages:
                self._answer({"detail": "down"}, 503, {"Retry-After": "3000"})
            case ["v3", "memories"]:
                self._page(hosted.memories, query)
            case ["v1", "memories", memory_id, "history"] if memory_id in hosted.histories:
                self._answer(hosted.histories[memory_id])
            case _:
                self._answer({"detail": "Not found."}, 404)

    def _page(self, rows: list[Json], query: str) -> None:
        asked = {name: int(values[0]) for name, values in parse_qs(query).items()}
        number, size = asked["page"], asked.get("page_size", 50)
        end = number * size
        following = f"https://elsewhere.invalid/?page={number + 1}" if end < len(rows) else None
        self._answer({"count": len(rows), "next": following, "previous": None, "results": rows[end - size : end]})

    def _answer(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # The base class names it so.
        """Says nothing: the requests are recorded."""
