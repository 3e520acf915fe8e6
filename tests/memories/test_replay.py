"""An operator has adds tried again that were given up (`manage.py replay`)."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from loci.tenancy.context import tenant_tx
from orgs.models import AuditEntry
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, Fault
from tests.memories.support import add, change_job, delete, event, job_of, keep, post, queue, texts, work

LONG_AGO = "2020-01-01"


def given_up(person: Person, llm: FakeLLM, message: str) -> str:
    llm.fault = Fault.UNAUTHORIZED
    queued = queue(person, message)
    change_job(person, queued, soft=14, attempt=14)
    assert work(person, queued)["status"] == "FAILED"
    llm.fault = None
    return queued


def replayed(person: Person, since: str, *options: str) -> str:
    shown = StringIO()
    call_command("replay", person.project_id, "--since", since, *options, stdout=shown)
    return shown.getvalue().split()[-1]


def test_a_failed_add_is_done_under_its_event_when_the_model_is_back(alice: Person, llm: FakeLLM) -> None:
    add(alice, "I like coffee.")
    failed = given_up(alice, llm, "I like tea.")
    assert replayed(alice, "2999-01-01") == "0"
    assert replayed(alice, LONG_AGO, "--dry-run") == "1"
    assert event(alice, failed)["status"] == "FAILED"
    assert replayed(alice, LONG_AGO) == "1"
    job, pending = job_of(alice, failed), event(alice, failed)
    assert (job.soft, job.published_at, pending["status"], pending["error"]) == (0, None, "PENDING", None)
    assert work(alice, failed)["status"] == "SUCCEEDED"
    assert sorted(texts(alice)) == ["Likes coffee", "Likes tea"]
    assert replayed(alice, LONG_AGO) == "0"
    with tenant_tx(alice.tenant):
        assert AuditEntry.objects.get(action="memory.replay").details == {"count": 1}


def test_what_was_taken_back_or_erased_is_not_told_again(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Has a cat")
    given_up(alice, llm, "I like tea.")
    cancelled = queue(alice, "I like coffee.")
    post(alice, "/v1/memories/rollback/", start_date=LONG_AGO)
    assert event(alice, cancelled)["status"] == "FAILED"
    assert replayed(alice, LONG_AGO) == "0"
    keep(alice, "Has a dog")
    given_up(alice, llm, "I like wine.")
    delete(alice, "/v2/entities/user/alex/")
    assert replayed(alice, LONG_AGO) == "0"


@pytest.mark.parametrize(("project", "since"), [("proj_nothing", LONG_AGO), (None, "soon")])
def test_the_command_says_what_it_needs(alice: Person, project: str | None, since: str) -> None:
    with pytest.raises(CommandError, match=r"There is no project proj_nothing\.|since"):
        call_command("replay", project or alice.project_id, "--since", since)
