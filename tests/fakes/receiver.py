"""A receiver of webhooks on loopback, which checks every message with the package of Standard Webhooks.

As a process (`python -m tests.fakes.receiver`) it may be killed and started again at its port: each message is a line
of its file before it is answered. Every line begins with its break, so that one that was cut off spoils no other.
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.fakes.loopback import Loopback

HANG_S = 20.0
"""How long posts to `/hang` wait: longer than anybody who delivers."""


@dataclass(frozen=True)
class Seen:
    """A message that arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed_by(self, secret: str) -> bool:
        """Tells whether the package of Standard Webhooks finds the message signed with the secret, and not too old."""
        try:
            Webhook(secret).verify(self.body, dict(self.headers))
        except WebhookVerificationError:
            return False
        return True


@dataclass
class Answer:
    """What a receiver answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"


@dataclass
class Receiver(Loopback):
    """Answers each message with the next of `answers`, the last of them again and again; or as `react` says."""

    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    react: Callable[[Seen], Answer] | None = None
    port: int = 0
    received: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.serve_by(_Server(self, self.port))
        self.port = self.bound_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def host(self) -> str:
        """What the operator has to allow."""
        return f"127.0.0.1:{self.port}"

    def answer(self, seen: Seen) -> Answer:
        self.received.append(seen)
        if self.react:
            return self.react(seen)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def run(self) -> None:
        """Serves until the process ends."""
        self._server.serve_forever()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, receiver: Receiver, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.receiver = receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up has waited long enough."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.receiver.answer(Seen(self.path, headers, body))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so.
        """Tests are quiet."""


def _writing(file: Path, secret: str, fail_rate: float) -> Callable[[Seen], Answer]:
    """Notes each message in `file`; some are answered with an error although they were taken."""
    lock, chance = threading.Lock(), random.Random()

    def react(seen: Seen) -> Answer:
        status = 500 if chance.random() < fail_rate else 200
        line = {"path": seen.path, "id": seen.id, "at": time.time(), "is_signed": seen.is_signed_by(secret)}
        with lock, file.open("a") as lines:
            lines.write("\n" + json.dumps({**line, "status": status}))
        if seen.path.startswith("/hang"):
            time.sleep(HANG_S)
        return Answer(status)

    return react


def main() -> None:
    """Runs a receiver until it is killed; prints its port first."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--file", type=Path, required=True)
    options.add_argument("--secret", required=True)
    options.add_argument("--fail-rate", type=float, default=0.0)
    given = options.parse_args()
    receiver = Receiver(react=_writing(given.file, given.secret, given.fail_rate), port=given.port)
    print(receiver.port, flush=True)  # noqa: T201 - whoever started it waits for the port
    receiver.run()


if __name__ == "__main__":
    main()
