"""Reliability B4: an endpoint that does nothing but fail is disabled, and somebody is told."""

from datetime import timedelta

import pytest
from django.core import mail

from loci.errors import DependencyError
from loci.tenancy.context import Tenant, tenant_tx
from orgs.models import AuditEntry, Role
from tests.conftest import Person
from tests.fakes.receiver import Answer, Receiver
from tests.orgs.support import member_of
from tests.webhooks.sending import (
    attempt,
    job_of,
    new_deliveries,
    new_delivery,
    new_endpoint,
    open_jobs,
    pass_time,
    stored,
    stored_endpoint,
)
from webhooks.health import DEAD, DISABLED, GONE
from webhooks.models import Delivery, DeliveryState, WebhookEndpoint
from webhooks.queueing import enqueue_again
from workers.models import Job, JobState
from workers.tasks.disabled import DISABLED as MAILING
from workers.tasks.running import run

FIVE_DAYS = timedelta(hours=120)
A_MOMENT = timedelta(minutes=1)


def disabled_entries(person: Person) -> list[AuditEntry]:
    with tenant_tx(person.tenant):
        return list(AuditEntry.objects.filter(action="webhook.disable"))


def mailing(person: Person) -> Job | None:
    with tenant_tx(person.tenant):
        return Job.objects.filter(kind="disabled").first()


@pytest.fixture
def endpoint(alice: Person, receiver: Receiver) -> WebhookEndpoint:
    return new_endpoint(alice.tenant, receiver.url)


def test_after_five_days_of_failures_the_next_one_disables(
    alice: Person, receiver: Receiver, endpoint: WebhookEndpoint
) -> None:
    receiver.answers = [Answer(500)]
    first, *waiting = new_deliveries(alice.tenant, endpoint, 12)
    attempt(alice.tenant, first)
    began = stored_endpoint(alice.tenant, endpoint).first_failure_at
    attempt(alice.tenant, waiting[0])
    assert stored_endpoint(alice.tenant, endpoint).first_failure_at == began

    pass_time(alice.tenant, endpoint, FIVE_DAYS - A_MOMENT)
    attempt(alice.tenant, waiting[1])
    assert stored_endpoint(alice.tenant, endpoint).is_active

    pass_time(alice.tenant, endpoint, A_MOMENT)
    last = attempt(alice.tenant, waiting[2])
    now = stored_endpoint(alice.tenant, endpoint)
    assert (now.is_active, now.disabled_reason, now.disabled_at is None) == (False, DEAD, False)
    assert (last.state, last.last_status) == ("failed", 500)
    given_up = [stored(alice.tenant, delivery) for delivery in waiting[3:]]
    assert {(each.state, each.last_error, each.next_at) for each in given_up} == {("failed", DISABLED, None)}
    assert open_jobs(alice.tenant) == {}
    assert len(receiver.received) == 4


def test_one_success_makes_it_well_again(alice: Person, receiver: Receiver, endpoint: WebhookEndpoint) -> None:
    receiver.answers = [Answer(500), Answer(200), Answer(500)]
    for _ in range(2):
        attempt(alice.tenant, new_delivery(alice.tenant, endpoint))
        pass_time(alice.tenant, endpoint, FIVE_DAYS)
    assert stored_endpoint(alice.tenant, endpoint).first_failure_at is None
    attempt(alice.tenant, new_delivery(alice.tenant, endpoint))
    assert stored_endpoint(alice.tenant, endpoint).is_active


def test_an_endpoint_that_is_gone_is_disabled_at_once(
    alice: Person, receiver: Receiver, endpoint: WebhookEndpoint
) -> None:
    receiver.answers = [Answer(410)]
    first, other = new_deliveries(alice.tenant, endpoint, 2)
    assert attempt(alice.tenant, first).state == "failed"
    now = stored_endpoint(alice.tenant, endpoint)
    assert (now.is_active, now.disabled_reason) == (False, GONE)
    assert stored(alice.tenant, other).state == "failed"


def test_a_success_while_another_delivery_fails_keeps_it_active(
    alice: Person, receiver: Receiver, endpoint: WebhookEndpoint
) -> None:
    receiver.answers = [Answer(500)]
    attempt(alice.tenant, new_delivery(alice.tenant, endpoint))
    pass_time(alice.tenant, endpoint, FIVE_DAYS)
    failing = new_delivery(alice.tenant, endpoint)

    def meanwhile(_: object) -> Answer:
        with tenant_tx(alice.tenant):
            WebhookEndpoint.objects.filter(id=endpoint.id).update(first_failure_at=None)
        return Answer(500)

    receiver.react = meanwhile
    attempt(alice.tenant, failing)
    assert stored_endpoint(alice.tenant, endpoint).is_active


def test_what_is_on_its_way_when_the_endpoint_is_disabled_still_counts(
    alice: Person, receiver: Receiver, endpoint: WebhookEndpoint
) -> None:
    on_its_way, gone = new_deliveries(alice.tenant, endpoint, 2)
    with tenant_tx(alice.tenant):
        Job.objects.filter(event_id=gone.id).update(lane="another")

    def meanwhile(_: object) -> Answer:
        receiver.react = lambda _: Answer(410)
        attempt(alice.tenant, gone)
        return Answer(200)

    receiver.react = meanwhile
    assert attempt(alice.tenant, on_its_way).state == "delivered"
    assert not stored_endpoint(alice.tenant, endpoint).is_active


def test_the_owners_get_a_mail_and_the_log_an_entry(
    alice: Person, bob: Person, receiver: Receiver, endpoint: WebhookEndpoint
) -> None:
    member_of(alice, "second@example.com", Role.OWNER)
    member_of(alice, "reader@example.com", Role.READER)
    receiver.answers = [Answer(410)]
    attempt(alice.tenant, new_delivery(alice.tenant, endpoint))
    job = mailing(alice)
    assert job is not None
    run(MAILING, Tenant(alice.tenant.project_id), job.id)
    assert sorted(sent.to[0] for sent in mail.outbox) == ["alice@example.com", "second@example.com"]
    assert all(endpoint.public_id in str(sent.body) and GONE in str(sent.body) for sent in mail.outbox)
    (entry,) = disabled_entries(alice)
    assert (entry.actor_type, entry.object_id, entry.details) == ("system", endpoint.public_id, {"reason": GONE})
    assert disabled_entries(bob) == []


def test_a_mail_that_the_server_does_not_take_is_sent_later(
    alice: Person, receiver: Receiver, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = [Answer(410)]
    attempt(alice.tenant, new_delivery(alice.tenant, endpoint))
    job = mailing(alice)
    assert job is not None

    def refuse(*_: object) -> None:
        raise DependencyError("The mail server did not take a mail.")

    monkeypatch.setattr("webhooks.health.send_mail", refuse)
    run(MAILING, Tenant(alice.tenant.project_id), job.id)
    with tenant_tx(alice.tenant):
        assert Job.objects.get(id=job.id).state == JobState.PENDING


def test_an_endpoint_is_disabled_once(alice: Person, receiver: Receiver, endpoint: WebhookEndpoint) -> None:
    receiver.answers = [Answer(410)]
    for delivery in new_deliveries(alice.tenant, endpoint, 3):
        attempt(alice.tenant, delivery)
    assert len(receiver.received) == len(disabled_entries(alice)) == 1


def test_what_was_given_up_is_delivered_when_it_is_sent_again(
    alice: Person, receiver: Receiver, endpoint: WebhookEndpoint
) -> None:
    """B4's replay, below the API: the same ids, and a whole schedule of attempts."""
    receiver.answers = [Answer(410), Answer(500), Answer()]
    some = new_deliveries(alice.tenant, endpoint, 5)
    attempt(alice.tenant, some[0])
    with tenant_tx(alice.tenant):
        WebhookEndpoint.objects.filter(id=endpoint.id).update(is_active=True, first_failure_at=None)
        failed = list(Delivery.objects.filter(state=DeliveryState.FAILED).select_related("endpoint"))
        Delivery.objects.filter(state=DeliveryState.FAILED).update(state=DeliveryState.PENDING)
        enqueue_again(failed)
    for delivery in [some[0], *some]:
        attempt(alice.tenant, delivery)
    assert {stored(alice.tenant, delivery).state for delivery in some} == {"delivered"}
    assert {seen.id for seen in receiver.received} == {delivery.message_id for delivery in some}
    assert job_of(alice.tenant, some[0]).state == JobState.DONE
