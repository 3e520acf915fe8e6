"""The official clients, each in a process and an environment of its own."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.clients.matrix import Matrix
from tests.clients.releases import Release
from tests.clients.server import Server


class ClientError(Exception):
    """What the client raised: its exception's name, message and, where it has them, details (the error's JSON)."""

    def __init__(self, kind: str, message: str, details: Any) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.details = details


class Client:
    """An official client: each attribute is the client's method of that name, with Python's names and keywords.

    Methods return what the client returned, as JSON, and raise `ClientError`. `constructor` makes one more client, of
    which it only returns what that learned from the server: `org_id` and `project_id`.
    """

    def __init__(self, release: Release, process: subprocess.Popen[str], matrix: Matrix) -> None:
        self.release = release
        self._process = process
        self._matrix = matrix
        matrix.has(release, ["constructor", *self._answer()])

    def __getattr__(self, method: str) -> Any:
        return partial(self.call, method)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Calls a method by its dotted name."""
        assert self._process.stdin is not None
        self._matrix.called(self.release, method)
        self._process.stdin.write(json.dumps({"method": method, "args": args, "kwargs": kwargs}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline())
        if error := answer.get("error"):
            raise ClientError(error["type"], error["message"], error["details"])
        return answer["result"]


@contextmanager
def connected(release: Release, server: Server, matrix: Matrix) -> Iterator[Client]:
    """Gives a client of this release with the key of the server's first project."""
    process = subprocess.Popen(
        [*release.command, server.host],
        env=client_environment(server) | {"MEM0_API_KEY": server.api_key},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Client(release, process, matrix)
    finally:
        process.kill()
        process.communicate()


def client_environment(server: Server) -> dict[str, str]:
    """Returns the variables of a process with a client: no telemetry, and its settings in the server's folder."""
    # The JavaScript clients know only this spelling of false.
    return {"PATH": os.environ["PATH"], "MEM0_TELEMETRY": "false", "MEM0_DIR": str(server.folder / "mem0")}
