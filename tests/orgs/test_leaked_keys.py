"""Keys that somebody found in public and reported (reliability.md §2.1)."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loci.errors import DependencyError
from loci.tenancy.context import org_tx, tenant_tx
from orgs import keys
from orgs.models import ApiKey, AuditEntry, Role, User
from orgs.queries import Caller, caller_of
from tests.conftest import Person
from tests.orgs.support import member_of, organization_of, signed_in, with_key
from workers import jobs
from workers.models import Job, JobState
from workers.tasks.leak import LEAK
from workers.tasks.running import run

REPORT = "/api/v1/keys/report/"
_addresses = count(1)

Report = Callable[..., Any]


@pytest.fixture
def report(database: None) -> Report:
    """Reports from a network that nobody else reports from."""
    address = f"2001:db8:1:{next(_addresses):x}::1"

    def send(**body: Any) -> Any:
        return Client(raise_request_exception=False, REMOTE_ADDR=address).post(
            REPORT, body, content_type="application/json"
        )

    return send


def control_of(person: Person) -> Any:
    caller = caller_of(person.key)
    assert isinstance(caller, Caller)
    return caller.here.control


def works(key: str) -> bool:
    return with_key(key).get("/v1/ping/").status_code == 200


def jobs_of(control: Any) -> list[Job]:
    with tenant_tx(control):
        return list(Job.objects.filter(kind="leak").order_by("id"))


def mailed(control: Any) -> list[str]:
    """Does the jobs, and returns who got a mail."""
    for job in jobs_of(control):
        run(LEAK, control, job.id)
    return [address for message in mail.outbox for address in message.to]


def forms_of_the_mail() -> tuple[str, str]:
    """Returns the first mail as text and as HTML."""
    message = mail.outbox[0]
    assert isinstance(message, mail.EmailMultiAlternatives)
    (alternative,) = message.alternatives
    return str(message.body), str(alternative[0])


def test_a_reported_key_ends_at_once_with_an_entry_and_one_job(alice: Person, report: Report) -> None:
    control = control_of(alice)
    answer = report(keys=[alice.key])
    assert answer.status_code == 202
    assert not works(alice.key)
    (job,) = jobs_of(control)
    with org_tx(control.org_id):
        key, entry = ApiKey.objects.get(), AuditEntry.objects.get(action="key.leak")
    assert job.event_id == key.id
    assert (entry.object_id, entry.actor_type, entry.actor_id) == (str(key.id), "anonymous", None)
    assert entry.ip.startswith("2001:db8:1:")


def test_the_answer_is_the_same_whatever_the_keys_are(alice: Person, report: Report) -> None:
    found: list[dict[str, Any]] = [
        {"keys": [alice.key]},
        {"keys": [alice.key]},
        {"keys": [keys.new_key()]},
        {"keys": ["no key", "", "loci_sk_"]},
        {"keys": []},
        {"key": keys.new_key("ak")},
        {"keys": [f"{number}" for number in range(100)], "key": "one more"},
    ]
    answers = [report(**body) for body in found]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}


def test_a_bulk_report_ends_the_keys_of_every_organization_in_it(alice: Person, bob: Person, report: Report) -> None:
    whole = signed_in(bob).client.post(
        organization_of(bob, "api-keys/"), {"name": "all"}, content_type="application/json"
    )
    found = [alice.key, bob.key, whole.json()["key"]]
    assert all(map(works, found))
    report(keys=[*found, keys.new_key(), "rubbish", alice.key])
    assert not any(map(works, found))


def test_a_key_of_somebody_who_is_away_does_not_come_back_with_them(alice: Person, report: Report) -> None:
    User.objects.filter(email=alice.email).update(is_active=False)
    report(key=alice.key)
    User.objects.filter(email=alice.email).update(is_active=True)
    assert not works(alice.key)


def test_a_report_again_changes_and_mails_nothing(alice: Person, report: Report) -> None:
    control = control_of(alice)
    for _ in range(3):
        report(key=alice.key)
    assert len(jobs_of(control)) == 1
    with org_tx(control.org_id):
        assert AuditEntry.objects.filter(action="key.leak").count() == 1


def test_an_unknown_key_costs_the_one_query_that_a_known_one_costs_first(alice: Person, report: Report) -> None:
    def statements(**body: Any) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            report(**body)
        return [query["sql"].partition("(")[0] for query in queries]

    lookup = ["SELECT * FROM caller_by_digests"]
    assert statements(keys=[keys.new_key()]) == lookup
    assert statements(keys=[keys.new_key(), keys.new_key()]) == lookup * 2
    assert statements(keys=[alice.key])[:1] == lookup
    assert statements(keys=["rubbish"]) == []


def test_the_maker_and_the_owners_are_told_and_nobody_else(alice: Person, bob: Person, report: Report) -> None:
    control = control_of(alice)
    reader = member_of(alice, "reader@example.com", Role.READER)
    member_of(alice, "second@example.com", Role.OWNER)
    member_of(alice, "other@example.com", Role.READER)
    member_of(alice, "project@example.com", Role.OWNER, only_project=True)
    member_of(alice, "gone@example.com", Role.OWNER)
    User.objects.filter(email="gone@example.com").update(is_active=False)
    report(key=reader.key)
    assert mailed(control) == [alice.email, reader.email, "second@example.com"]
    assert all(len(message.to) == 1 for message in mail.outbox)
    text, html = forms_of_the_mail()
    for said in ("alice@example.com", "reader@example.com", "default-project", keys.display(reader.key)):
        assert said in text
        assert said in html
    assert reader.key not in text + html


def test_a_name_is_text_in_a_mail(alice: Person, report: Report) -> None:
    name = "<script>alert(1)</script>"
    new = alice.client.post(
        organization_of(alice, f"projects/{alice.project_id}/api-keys/"),
        {"name": name},
        content_type="application/json",
    )
    report(key=new.json()["key"])
    mailed(control_of(alice))
    text, html = forms_of_the_mail()
    assert name in text
    assert name not in html


def test_a_mail_server_that_is_away_is_tried_again(
    alice: Person, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = control_of(alice)
    report(key=alice.key)
    with monkeypatch.context() as patch:
        patch.setattr(mail.EmailMultiAlternatives, "send", _refuse)
        assert mailed(control) == []
    (job,) = jobs_of(control)
    assert (job.state, job.soft, job.last_error) == (JobState.PENDING, 1, DependencyError.__name__)
    with tenant_tx(control):
        Job.objects.update(not_before=job.created_at)
    assert mailed(control) == [alice.email]
    assert [job.state for job in jobs_of(control)] == [JobState.DONE]


def _refuse(*_: Any) -> None:
    raise ConnectionRefusedError


@pytest.mark.parametrize(
    "body", [{}, {"keys": "loci_sk_"}, {"keys": ["x"] * 101}, {"keys": [1, None]}, {"keys": ["x" * 201]}, {"keys": {}}]
)
def test_what_is_no_report_is_said(report: Report, body: dict[str, Any]) -> None:
    assert report(**body).status_code == 400


def test_sixty_reports_an_hour_are_taken_from_an_address_whoever_sends_them(alice: Person, report: Report) -> None:
    statuses = [report(key="rubbish").status_code for _ in range(61)]
    assert statuses == [202] * 60 + [429]
    refused = report(key=alice.key)
    assert refused.status_code == 429
    assert 3500 < int(refused["Retry-After"]) <= 3600
    assert works(alice.key)


def test_a_key_stops_at_once_while_many_mails_wait(
    alice: Person, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = control_of(alice)
    monkeypatch.setattr(jobs, "MAX_PUBLISHED", 0)
    report(keys=[alice.key])
    assert not works(alice.key)
    [job] = jobs_of(control)
    assert (job.state, job.published_at) == (JobState.PENDING, None)
