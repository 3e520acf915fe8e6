"""The official clients, each in a process and an environment of its own."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from loci.env import ROOT
from tests.clients.matrix import Matrix
from tests.clients.server import Server

CLIENT_PYTHON = ROOT / ".cache" / "clients" / "python" / "bin" / "python"
HERE = Path(__file__).parent
COMMANDS = {
    "MemoryClient": [str(CLIENT_PYTHON), str(HERE / "python" / "drive.py"), "MemoryClient"],
    "AsyncMemoryClient": [str(CLIENT_PYTHON), str(HERE / "python" / "drive.py"), "AsyncMemoryClient"],
    "JavaScript": ["node", str(HERE / "js" / "drive.mjs")],
}


class ClientError(Exception):
    """What the client raised: its exception's name, message and, where it has them, details (the error's JSON)."""

    def __init__(self, kind: str, message: str, details: Any) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.details = details


class Client:
    """An official client: each attribute is the client's method of that name, with Python's names and keywords.

    Methods return what the client returned, as JSON, and raise `ClientError`.
    """

    def __init__(self, name: str, process: subprocess.Popen[str], matrix: Matrix) -> None:
        self.name = name
        self._process = process
        self._matrix = matrix
        self.identity: dict[str, Any] = self._answer()
        matrix.has(name, ["constructor", *self.identity.pop("methods")])
        matrix.called(name, "constructor")

    def __getattr__(self, method: str) -> Any:
        return partial(self.call, method)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Calls a method by its dotted name."""
        assert self._process.stdin is not None
        self._matrix.called(self.name, method)
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
def connected(name: str, server: Server, matrix: Matrix, *, api_key: str = "") -> Iterator[Client]:
    """Gives a new client of this name; raises `ClientError` if its constructor (JavaScript: its ping) does."""
    with subprocess.Popen(
        [*COMMANDS[name], server.host],
        env=client_environment(server) | {"MEM0_API_KEY": api_key or server.api_key},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Client(name, process, matrix)


def client_environment(server: Server) -> dict[str, str]:
    """Returns the variables of a process with a client: no telemetry, and its settings in the server's folder."""
    # The JavaScript client knows only this spelling of false.
    return {"PATH": os.environ["PATH"], "MEM0_TELEMETRY": "false", "MEM0_DIR": str(server.folder / "mem0")}
