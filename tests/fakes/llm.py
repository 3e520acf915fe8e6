"""An OpenAI-compatible model on loopback, with scripted answers and failures; it stands in for the paid service only.

In a test: `with FakeLLM() as llm: …` and `llm.base_url`. As a process: `python -m tests.fakes.llm --port 9999`, which
prints its base URL, answers `GET /stats`, and ends on SIGTERM or Ctrl-C.

Without a script it reads the conversation by the rules of `tests.fakes.llm_rules`.
"""

import argparse
import base64
import hashlib
import json
import random
import select
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import numpy as np

from tests.fakes.llm_rules import Json, answer_to


class Fault(StrEnum):
    """What can go wrong with an answer."""

    ERROR_500 = "error_500"
    RATE_LIMITED = "rate_limited"
    """429 with `Retry-After: 1`."""
    UNAUTHORIZED = "unauthorized"
    NOT_HTTP_JSON = "not_http_json"
    """200 with a page of HTML, as a proxy would answer."""
    GARBAGE = "garbage"
    """Prose where JSON was asked for."""
    INVALID_SCHEMA = "invalid_schema"
    """JSON of another shape."""
    TRUNCATED = "truncated"
    """`finish_reason` is "length"."""
    HUGE = "huge"
    """An answer that never ends."""
    HANG = "hang"
    """No answer until the client leaves or the server stops."""
    DRIP = "drip"
    """A byte of white space every 50 ms, until the server stops."""


_BAD_TEXTS = {
    Fault.GARBAGE: "I would rather talk about the weather.",
    Fault.INVALID_SCHEMA: '{"facts": [{"memory": 7}]}',
}

Answer = Fault | str | Json
"""A failure, a text to be given as it is, or the JSON object of an answer."""


@dataclass
class FakeLLM:
    """The server and its script. Counters and lists may be read at any time; all ends with the `with` block."""

    port: int = 0
    answers: Callable[[Json], Json] = answer_to
    """From the data of a request (the JSON object of its user message) to the answer's JSON object."""
    fault: Fault | None = None
    """Every answer fails so."""
    fail_rate: float = 0.0
    """The share of answers that fail, each by one of `faults`, drawn with `seed`."""
    faults: Sequence[Fault] = (Fault.ERROR_500, Fault.RATE_LIMITED, Fault.GARBAGE, Fault.TRUNCATED)
    seed: int = 0
    delay_s: float = 0.0
    refused_formats: frozenset[str] = frozenset()
    """Of "json_schema", "tool" and "json_object": asked for one of these, the server answers 400."""
    dimensions: int = 384
    requests: list[Json] = field(default_factory=list)
    """The bodies of all chat requests, in the order in which they came."""
    headers: list[dict[str, str]] = field(default_factory=list)
    """Their headers, by lower-case name."""
    embeddings: int = 0
    """How many requests for embeddings came in."""
    usage: Callable[[Json, Json], Json | None] | None = None
    """From a request and its answer to the `usage` that it is said to have had; by default 100 and 20 tokens."""
    max_concurrency: int = 0
    longest_s: float = 0.0
    """The longest that a client waited for a chat answer, or for the end of it."""

    def __post_init__(self) -> None:
        self._script: deque[Answer] = deque()
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()
        self._running = 0
        self._stopping = threading.Event()
        self._server: _Server | None = None

    def script(self, *answers: Answer) -> None:
        """Adds answers, given in this order before all else; each serves one request."""
        with self._lock:
            self._script.extend(answers)

    @property
    def base_url(self) -> str:
        """Returns the value for `LLM_BASE_URL` or `EMBEDDING_BASE_URL`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def calls(self) -> int:
        """Returns how many chat requests came in."""
        return len(self.requests)

    @property
    def running(self) -> int:
        """Returns how many requests are being answered."""
        return self._running

    def start(self) -> Self:
        """Listens on `port`; 0 takes a free one."""
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Ends hanging answers, waits for all threads, and frees the port."""
        self._stopping.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def take(self, body: Json, headers: dict[str, str]) -> Answer:
        """Records a chat request and returns its answer; the rules answer what neither script nor fault does."""
        with self._lock:
            self.requests.append(body)
            self.headers.append(headers)
            if self._script:
                return self._script.popleft()
            if self.fault or self._random.random() < self.fail_rate:
                return self.fault or self._random.choice(self.faults)
        return self.answers(data_of(body))

    def waited(self, seconds: float) -> None:
        """Notes how long a client waited."""
        with self._lock:
            self.longest_s = max(self.longest_s, seconds)

    def entered(self, change: int) -> None:
        """Counts a request that begins (1) or ends (-1)."""
        with self._lock:
            self._running += change
            self.max_concurrency = max(self.max_concurrency, self._running)

    def wait(self, seconds: float | None) -> bool:
        """Waits; returns whether the server is stopping."""
        return self._stopping.wait(seconds)


def data_of(body: Json) -> Json:
    """Returns the data of a chat request: the JSON object in its first user message, or the URLs of its images."""
    content: Any = next(message["content"] for message in body["messages"] if message["role"] == "user")
    if isinstance(content, list):
        return {"images": [part["image_url"] for part in content if part["type"] == "image_url"]}
    data: Json = json.loads(content[content.index("{") : content.rindex("}") + 1])
    return data


def vector_of(text: str, dimensions: int) -> list[float]:
    """Returns a unit vector that depends on the text only; texts that share words are near to each other."""
    total = np.zeros(dimensions)
    for word in text.lower().split() or [""]:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
        total += np.random.default_rng(seed).standard_normal(dimensions)
    return [float(value) for value in total / np.linalg.norm(total)]


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close then waits for them.
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], llm: FakeLLM) -> None:
        self.llm = llm
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        llm = self.server.llm
        self._send(200, {"calls": llm.calls, "running": llm.running, "max_concurrency": llm.max_concurrency})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.llm.entered(1)
        began = time.monotonic()
        try:
            self._answer(body)
        except ConnectionError:
            self.close_connection = True  # The client gave up waiting, which is what a test of time limits does.
        finally:
            self.server.llm.waited(time.monotonic() - began)
            self.server.llm.entered(-1)

    def _answer(self, body: Json) -> None:
        if self.path.endswith("/embeddings"):
            self.server.llm.embeddings += 1
            return self._send(200, _embeddings(body, self.server.llm.dimensions))
        answer = self.server.llm.take(body, {name.lower(): value for name, value in self.headers.items()})
        self.server.llm.wait(self.server.llm.delay_s)
        asked = _asked_format(body)
        if asked in self.server.llm.refused_formats:
            name = "tools" if asked == "tool" else "response_format"
            return self._error(400, f"{name} of this kind is not supported")
        if isinstance(answer, Fault):
            return self._fail(answer, asked)
        completion = _completion(answer, asked)
        if self.server.llm.usage:
            completion["usage"] = self.server.llm.usage(body, completion)
        return self._send(200, completion)

    def _fail(self, fault: Fault, asked: str) -> None:
        match fault:
            case Fault.ERROR_500:
                self._error(500, "internal error")
            case Fault.RATE_LIMITED:
                self._error(429, "too many requests", {"Retry-After": "1"})
            case Fault.UNAUTHORIZED:
                self._error(401, "wrong key")
            case Fault.NOT_HTTP_JSON:
                self._send(200, b"<html>Welcome to the proxy</html>")
            case Fault.TRUNCATED:
                self._send(200, _completion('{"facts": [{"text": "Lives in', asked, finish_reason="length"))
            case Fault.HANG:
                self._hang()
            case Fault.HUGE:
                self._pour(b" " * 65_536, pause_s=0)
            case Fault.DRIP:
                self._pour(b" ", pause_s=0.05)
            case _:
                self._send(200, _completion(_BAD_TEXTS[fault], asked))

    def _hang(self) -> None:
        while not self.server.llm.wait(0.05) and not _has_left(self.connection):
            pass

    def _pour(self, chunk: bytes, *, pause_s: float) -> None:
        self._head(200, {"Content-Type": "application/json"})
        while not self.server.llm.wait(pause_s):
            self.wfile.write(chunk)

    def _error(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, {"error": {"message": message, "type": "fake", "code": None}}, headers)

    def _send(self, status: int, body: Json | bytes, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        self._head(status, {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})})
        self.wfile.write(content)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # The base class names it so.
        """Says nothing: the requests are recorded."""


def _has_left(client: socket.socket) -> bool:
    readable, _, _ = select.select([client], [], [], 0)
    return bool(readable) and client.recv(1, socket.MSG_PEEK) == b""


def _asked_format(body: Json) -> str:
    kind: str = "tool" if body.get("tools") else body.get("response_format", {}).get("type", "text")
    return kind


def _completion(answer: str | Json, asked: str, *, finish_reason: str = "stop") -> Json:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    message: Json = {"role": "assistant", "content": text}
    if asked == "tool":
        call = {"id": "call_1", "type": "function", "function": {"name": "answer", "arguments": text}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": "fake",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def _embeddings(body: Json, dimensions: int) -> Json:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors: Iterable[list[float] | str] = [vector_of(text, dimensions) for text in texts]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(np.array(vector, dtype="<f4").tobytes()).decode() for vector in vectors]
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return {"object": "list", "model": body["model"], "data": data, "usage": usage}


def main() -> None:
    """Runs the server as a process of its own, until it is told to stop."""
    parser = argparse.ArgumentParser(prog="tests.fakes.llm")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--fail-rate", type=float, default=0)
    parser.add_argument(
        "--faults", type=lambda names: [Fault(name) for name in names.split(",")], default=FakeLLM.faults
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dimensions", type=int, default=384)
    options = parser.parse_args()
    llm = FakeLLM(
        port=options.port,
        delay_s=options.delay_ms / 1000,
        fail_rate=options.fail_rate,
        faults=options.faults,
        seed=options.seed,
        dimensions=options.dimensions,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with llm:
        print(llm.base_url, flush=True)  # noqa: T201  # The parent process reads it.
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def _faults(names: str) -> list[Fault]:
    return [Fault(name) for name in names.split(",")]


if __name__ == "__main__":
    main()
