"""design.md §2, Transactions: nobody holds a connection while a model is waited for."""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from loci.local.programs import wait_for
from memories.extraction.base import InputMessage
from memories.scope import Scope
from memories.services.accepting import AddRequest, accept_add
from tests.conftest import DATABASE, Person, Services
from tests.fakes.llm import FakeLLM, Fault
from tests.fakes.settings import use
from tests.pool import lends
from workers.tasks.add import ADD
from workers.tasks.running import run

JOBS = 4
STATES = "SELECT DISTINCT state FROM pg_stat_activity WHERE usename = 'loci_app'"


def test_no_connection_is_held_while_a_model_hangs(alice: Person, services: Services) -> None:
    requests = [
        AddRequest(Scope(user_id=f"user-{number}"), (InputMessage("user", "Hello."),)) for number in range(JOBS)
    ]
    jobs = [accept_add(alice.tenant, request, run_here=True).job_id for request in requests]
    with FakeLLM(fault=Fault.HANG) as llm, use(llm), ThreadPoolExecutor(JOBS) as threads:
        runs = [threads.submit(run, ADD, alice.tenant, job_id) for job_id in jobs if job_id]
        assert wait_for(lambda: llm.running == JOBS, 60)
        assert lends(0)
        with psycopg.connect(services.postgres.admin_url(DATABASE)) as admin:
            states = {state for (state,) in admin.execute(STATES)}
        llm.stop()
        assert all(each.result() for each in runs)
    assert states == {"idle"}
