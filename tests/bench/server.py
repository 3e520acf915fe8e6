"""Loci as `manage.py up` runs it, in a home of its own under the temporary folder, and a client that keeps its line."""

import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import django
import psutil
from prometheus_client.parser import text_string_to_metric_families

from loci.local.home import Home
from loci.local.programs import Program, free_port, launch

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
"""What a server gets from this process's environment: no setting of the caller's may change what is measured."""
START_S = 120.0
STOP_S = 20.0
POLL_S = 0.05


class Server:
    """An embedded start that can be stopped and started again with its data, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._home = folder / "home"
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> float:
        """Starts it with these settings and returns the seconds until `/readyz` answered 200.

        Raises `RuntimeError` with the end of its output when it does not.
        """
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        own = {"LOCI_HOME": str(self._home), "LOCI_PORT": str(self.port), "PYTHONPATH": str(ROOT / "platform")}
        argv = [sys.executable, "-m", "loci.local"]  # What `make up` runs.
        started = time.perf_counter()
        with self._log.open("ab") as log:
            self._process = launch(Program("up", argv, kept | own | settings, cwd=ROOT), log)
        while not self._is_ready():
            if self._process.poll() is not None or time.perf_counter() - started > START_S:
                raise RuntimeError(f"The server did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(POLL_S)
        return time.perf_counter() - started

    def stop(self) -> None:
        """Ends it and everything that it started."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # Its programs end with it.
            self._process.wait()
        self._process = None

    @property
    def processes(self) -> list[psutil.Process]:
        """Returns the supervisor and all processes below it."""
        assert self._process is not None
        supervisor = psutil.Process(self._process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def client(self, port: int | None = None) -> "Client":
        """Returns a client with the first API key; `port` is that of another web process on the same stores."""
        return Client(port or self.port, self.key)

    def postgres(self, database: str) -> str:
        """Returns the superuser's URL of a database in the server's Postgres."""
        home = Home(self._home)
        password, port = home.secret("POSTGRES_PASSWORD"), urlsplit(home.secret("DATABASE_URL")).port
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/{database}"

    def enter(self) -> str:
        """Makes this process one of the server's own, as a person's command is, and returns the first API key."""
        environment = self._environment()
        os.environ.clear()
        os.environ.update(environment)
        django.setup()
        return self.key

    def command(self, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:  # noqa: A002 - as there
        """Runs `manage.py` as an operator does."""
        argv = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            argv, env=self._environment(), cwd=ROOT, input=input, text=True, capture_output=True, check=False
        )

    def new_owner(self, email: str) -> str:
        """Makes somebody with an organization of their own, as an operator does, and returns their API key."""
        done = self.command("create_owner", "--email", email, "--password-stdin", input=secrets.token_urlsafe())
        done.check_returncode()
        return done.stdout.split()[-1]

    def _environment(self) -> dict[str, str]:
        web = next(process for process in self.processes if "loci.wsgi:application" in process.cmdline())
        return {**web.environ(), "LOCI_PROCESS": "command"}

    @property
    def key(self) -> str:
        """Returns the first API key."""
        return str(json.loads((self._home / "credentials.json").read_text())["api_key"])

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class Client:
    """One keep-alive connection with an API key: a context manager."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Token {key}", "Content-Type": "application/json"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Returns the JSON of a 200 or 201; raises `RuntimeError` for any other answer."""
        return json.loads(self._request("POST", path, json.dumps(body).encode()))

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Returns the JSON of a 200; raises `RuntimeError` for any other answer."""
        return json.loads(self._request("PUT", path, json.dumps(body).encode()))

    def get(self, path: str) -> Any:
        """Returns the JSON of a 200; raises `RuntimeError` for any other answer."""
        return json.loads(self._request("GET", path))

    def stream(self, path: str, size: int) -> Iterator[bytes]:
        """Yields the content of a 200 in pieces of `size` bytes at the most."""
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"GET {path} answered {response.status}: {response.read(500)!r}")
        while piece := response.read(size):
            yield piece

    def metrics(self, name: str, label: str) -> dict[str, float]:
        """Returns the samples called `name` of `/metrics`, by the value of `label`."""
        families = text_string_to_metric_families(self._request("GET", "/metrics").decode())
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return {sample.labels[label]: sample.value for sample in samples}

    def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status not in {200, 201}:
            raise RuntimeError(f"{method} {path} answered {response.status}: {content[:500]!r}")
        return content


@contextmanager
def fresh_server() -> Iterator[Server]:
    """Yields a server that is not started yet; ends it and removes its home afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="loci-bench-"))
    folder.chmod(0o711)  # As root, Postgres runs as another user, who has to pass through.
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def fake_llm(delay_ms: int) -> Iterator[dict[str, str]]:
    """Runs a model on loopback that answers after `delay_ms`, and yields the settings with which a server uses it."""
    argv = [sys.executable, "-m", "tests.fakes.llm", "--delay-ms", str(delay_ms)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")])}
    with subprocess.Popen(argv, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            base_url = process.stdout.readline().strip()
            yield {"LLM_BASE_URL": base_url, "LLM_API_KEY": "bench", "LLM_MODEL": "bench"}
        finally:
            process.terminate()
