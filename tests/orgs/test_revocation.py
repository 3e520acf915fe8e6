"""What ends in one process has ended in all: nothing about a key is kept (reliability.md §2.1)."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from loci.local.processes import services as programs
from loci.local.programs import free_port, wait_for
from loci.tenancy.context import org_tx
from orgs.models import Membership, Role
from orgs.services.leaks import report_leaked_keys
from tests.conftest import Person, Services
from tests.faults.processes import Processes, environment
from tests.orgs.support import member_of, project_of


@pytest.fixture
def other_process(services: Services, database: None, tmp_path: Path) -> Iterator[str]:
    """The address of a web server over the stores of this process."""
    env, port = environment(services.environment(), "http://127.0.0.1:1", tmp_path), free_port()
    (web,) = [program for program in programs("127.0.0.1", port, env) if program.name == "web"]
    processes = Processes([web], tmp_path)
    url = f"http://127.0.0.1:{port}"
    try:
        processes.start()
        assert wait_for(lambda: _is_ready(url), 60)
        yield url
    finally:
        processes.stop()


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=2).is_success
    except httpx2.TransportError:
        return False


def test_what_ends_here_has_ended_there(alice: Person, other_process: str) -> None:
    reader, leaver, leaked = (
        member_of(alice, f"{name}@example.com", Role.OWNER) for name in ("reader", "leaver", "leaked")
    )
    made = alice.client.post(project_of(alice, "api-keys/"), {"name": "bot"}, content_type="application/json").json()
    path = project_of(alice, f"api-keys/{made['id']}/")

    with httpx2.Client(base_url=other_process, timeout=30) as client:

        def status(key: str, call: str = "/v1/stats/") -> int:
            return client.get(call, headers={"Authorization": f"Token {key}"}).status_code

        everybody = [made["key"], reader.key, leaver.key, leaked.key]
        assert [status(key) for key in everybody] == [200] * 4
        assert status(reader.key, path) == 200
        assert alice.tenant.org_id
        assert alice.client.delete(path).status_code == 200
        report_leaked_keys([leaked.key], "203.0.113.9")
        with org_tx(alice.tenant.org_id):
            Membership.objects.filter(user__email=leaver.email).delete()
            Membership.objects.filter(user__email=reader.email).update(role=Role.READER)
        assert [status(key) for key in everybody] == [401, 200, 401, 401]
        assert status(reader.key, path) == 403
