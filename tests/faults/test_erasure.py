"""An erasure is finished, and counted right, although its workers are killed in the middle of it."""

from pathlib import Path

import psycopg
import pytest
from django.utils import timezone

from loci.local.programs import wait_for
from loci.tenancy.context import Tenant, tenant_tx
from orgs.models import AuditEntry, Project
from tests.conftest import Person, Services
from tests.faults.processes import environment, running
from tests.orgs.support import project_of, signed_in
from tests.tenancy.rows import make_rows, superuser
from workers.models import Job, JobState

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

MEMORIES = 10_000
KILLS = 3
ERASED_WITHIN_S = 120
NO_MODEL = "http://127.0.0.1:9/v1"

COPIES_OF_MEMORY = """
    INSERT INTO memory SELECT copy.*
    FROM memory, generate_series(2, %s) AS number,
         jsonb_populate_record(memory, jsonb_build_object('id', md5(number::text)::uuid)) AS copy
    WHERE memory.project_id = %s
"""
COPIES_OF_REVISION = """
    INSERT INTO revision SELECT copy.*
    FROM revision JOIN memory ON memory.project_id = revision.project_id AND memory.id <> revision.memory_id,
         jsonb_populate_record(revision, jsonb_build_object('id', memory.id, 'memory_id', memory.id)) AS copy
    WHERE revision.project_id = %s
"""
LEFT = """
    SELECT (SELECT count(*) FROM memory WHERE project_id = %(project)s)
         + (SELECT count(*) FROM revision WHERE project_id = %(project)s)
"""


def test_an_erasure_is_finished_although_its_workers_are_killed(
    services: Services, alice: Person, tmp_path: Path
) -> None:
    _fill(services, alice)
    assert signed_in(alice).client.delete(project_of(alice)).status_code == 200
    control = _control(alice)
    with (
        superuser(services) as admin,
        running(environment(services.environment(), NO_MODEL, tmp_path), tmp_path) as loci,
    ):
        _change_job(control, not_before=timezone.now())
        for _ in range(KILLS):
            _await_progress(admin, alice)
            loci.processes.kill("worker")
            # The lease of who was killed would end by itself, a minute and a half later.
            _change_job(control, lease_until=timezone.now(), published_at=None)
        assert 0 < _left(admin, alice) < 2 * MEMORIES
        assert wait_for(lambda: _job(control).state == JobState.DONE, ERASED_WITHIN_S), "The erasure has no end."
        assert _left(admin, alice) == 0
    with tenant_tx(control):
        [certificate] = AuditEntry.objects.filter(action="project.erase")
    assert [certificate.details["rows"][table] for table in ("memory", "revision")] == [MEMORIES] * 2


def _await_progress(admin: psycopg.Connection, person: Person) -> None:
    before = _left(admin, person)
    assert wait_for(lambda: _left(admin, person) < before, ERASED_WITHIN_S), "Nothing is erased."


def _fill(services: Services, person: Person) -> None:
    make_rows(person.tenant)
    project = person.tenant.project_id
    with superuser(services) as admin:
        admin.execute(COPIES_OF_MEMORY, [MEMORIES, project])
        admin.execute(COPIES_OF_REVISION, [project])


def _control(person: Person) -> Tenant:
    with tenant_tx(person.tenant):
        return Tenant(Project.objects.get(is_control=True).id, person.tenant.org_id)


def _left(admin: psycopg.Connection, person: Person) -> int:
    row = admin.execute(LEFT, {"project": person.tenant.project_id}).fetchone()
    assert row is not None
    return int(row[0])


def _job(control: Tenant) -> Job:
    with tenant_tx(control):
        return Job.objects.get(kind="erase")


def _change_job(control: Tenant, **columns: object) -> None:
    with tenant_tx(control):
        Job.objects.filter(kind="erase").update(**columns)
