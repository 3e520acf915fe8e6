"""Workers as processes, told to stop while they work."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from loci.env import ROOT
from loci.local.programs import wait_for
from loci.tenancy.context import Tenant
from tests.conftest import Services
from tests.workers.support import new_job, row
from workers.doorbell import ring
from workers.models import JobState

START_S = 60
GRACE_S = 3
STOPPED_WITHIN_S, JOB_S = 60, 600
"""A stop takes little more than the grace, and by no means as long as the job."""

Worker = subprocess.Popen[bytes]
StartWorker = Callable[[str, float], Worker]


@pytest.fixture
def start_worker(services: Services, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers of a pool, whose jobs take this many seconds."""
    with ExitStack() as running:
        yield lambda pool, seconds: running.enter_context(_worker(services.environment(), tmp_path, pool, seconds))


@contextmanager
def _worker(environment: dict[str, str], folder: Path, pool: str, seconds: float) -> Iterator[Worker]:
    settings = {"LOCI_PROCESS": "worker", "WORKER_GRACE_S": str(GRACE_S), "PROBE_S": str(seconds)}
    command = ["celery", "--quiet", "--app", "workers.celery", "worker", "--include", "tests.workers.probe"]
    options = ["--queues", "extraction", "--pool", pool, "--concurrency", "2", "--without-gossip", "--without-mingle"]
    with (folder / f"{pool}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, *options],
            cwd=ROOT,
            env={**os.environ, **environment, **settings, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"},
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()


def rung_job(tenant: Tenant) -> UUID:
    job_id = new_job(tenant)
    assert ring(kind="probe", queue="extraction", project_id=tenant.project_id, job_id=job_id)
    return job_id


def reaches(tenant: Tenant, job_id: UUID, state: JobState) -> bool:
    return wait_for(lambda: row(tenant, job_id).state == state, START_S)


def stop(worker: Worker) -> None:
    worker.terminate()
    assert worker.wait(STOPPED_WITHIN_S) == 0


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_stopped_worker_gives_back_what_it_cannot_finish(
    tenant: Tenant, start_worker: StartWorker, pool: str
) -> None:
    jobs = [rung_job(tenant), rung_job(tenant)]
    worker = start_worker(pool, JOB_S)
    assert all(reaches(tenant, job_id, JobState.RUNNING) for job_id in jobs)
    stop(worker)
    assert [(job.state, job.attempt) for job in (row(tenant, job_id) for job_id in jobs)] == [(JobState.PENDING, 0)] * 2


def test_a_stopped_worker_finishes_what_it_can(tenant: Tenant, start_worker: StartWorker) -> None:
    job_id = rung_job(tenant)
    worker = start_worker("prefork", GRACE_S / 3)
    assert reaches(tenant, job_id, JobState.RUNNING)
    stop(worker)
    assert row(tenant, job_id).state == JobState.DONE


def test_a_worker_whose_role_is_above_row_level_security_does_not_start(services: Services) -> None:
    environment = {**os.environ, **services.environment(), "DATABASE_URL": services.postgres.admin_url("loci_test")}
    done = subprocess.run(
        [sys.executable, "-m", "celery", "--app", "workers.celery", "worker", "--pool", "solo"],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"},
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    assert done.returncode != 0
    assert "no superuser" in done.stderr
