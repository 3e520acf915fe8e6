"""A server that `make up` starts, with a folder and a port of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loci.env import ROOT

START_S = 300
STOP_S = 60
SHOWN_CHARS = 4_000
"""How much of a failed server's output every test shows: its end, as there may be much of it."""


@dataclass(frozen=True)
class Server:
    """What `LOCI_HOME/credentials.json` says of a running server, and the folder that it may use."""

    folder: Path
    host: str
    api_key: str
    org_id: str
    project_id: str


@contextmanager
def running_server(**settings: str) -> Iterator[Server]:
    """Starts a server with these settings, waits until it is ready, and ends it.

    Raises `AssertionError` with its last output if it does not get ready.
    """
    folder = Path(tempfile.mkdtemp(prefix="loci-clients-"))
    folder.chmod(0o711)  # As root the stores run as another user, who must be able to pass.
    output = folder / "output"
    with output.open("wb") as written:
        process = subprocess.Popen(
            ["make", "up"],
            cwd=ROOT,
            env=_environment(folder / "home") | settings,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _await_ready(process, folder / "home" / "credentials.json", output)
    finally:
        _stop(process)
        shutil.rmtree(folder)


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's settings: the server is as a new user's first one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return {"PATH": os.environ["PATH"], "LOCI_HOME": str(home), "LOCI_PORT": str(port)}


def _await_ready(process: subprocess.Popen[bytes], credentials: Path, output: Path) -> Server:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        if credentials.exists() and _is_ready((server := _server(credentials)).host):
            return server
        time.sleep(0.1)
    raise AssertionError(f"The server is not ready:\n{output.read_text()[-SHOWN_CHARS:]}")


def _server(credentials: Path) -> Server:
    given = json.loads(credentials.read_text())
    return Server(credentials.parents[1], *(given[name] for name in ("host", "api_key", "org_id", "project_id")))


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def _is_ready(host: str) -> bool:
    try:
        with urllib.request.urlopen(f"{host}/readyz", timeout=5):
            return True
    except OSError:
        return False
