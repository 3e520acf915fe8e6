"""The request log of a real web process: who writes it, and what is left of it when the process ends."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from loci.local.processes import services as programs
from loci.local.programs import free_port, launch, signal_group, wait_for
from loci.models import RequestLog
from loci.tenancy.context import tenant_tx
from tests.conftest import Person, Services
from tests.faults.processes import environment

REQUESTS = 300


class Web:
    """gunicorn as `make up` runs it."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], key: str) -> None:
        self.process = process
        self._client = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Token {key}"}, trust_env=False
        )

    def is_ready(self) -> bool:
        try:
            return self._client.get("/readyz").is_success
        except httpx2.TransportError:
            return False

    def serve(self, requests: int) -> None:
        for _ in range(requests):
            assert self._client.get("/v1/ping/").status_code == 200

    def end(self, number: signal.Signals) -> None:
        self._client.close()
        signal_group(self.process, number)
        self.process.wait(60)


@pytest.fixture
def web(alice: Person, services: Services) -> Iterator[Web]:
    folder = Path(tempfile.mkdtemp(prefix="loci-web-"))
    port = free_port()
    program = programs("127.0.0.1", port, environment(services.environment(), "http://127.0.0.1:9", folder))[0]
    with (folder / "log").open("ab") as log:
        made = Web(port, launch(program, log), alice.key)
    try:
        assert wait_for(made.is_ready, 60), (folder / "log").read_text()
        yield made
    finally:
        made.end(signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def written(person: Person) -> int:
    with tenant_tx(person.tenant):
        count: int = RequestLog.objects.count()
        return count


def test_rows_are_written_in_the_background_and_kill_9_costs_only_the_newest(web: Web, alice: Person) -> None:
    web.serve(REQUESTS)
    assert wait_for(lambda: written(alice) == REQUESTS, 60)
    web.serve(3)
    web.end(signal.SIGKILL)
    assert REQUESTS <= written(alice) <= REQUESTS + 3


def test_a_stopped_web_process_writes_what_waits(web: Web, alice: Person) -> None:
    web.serve(REQUESTS)
    web.end(signal.SIGTERM)
    assert written(alice) == REQUESTS
