"""The log of what a webhook was sent, and sending again (reliability.md §2.6)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from loci.tenancy.context import tenant_tx
from orgs.models import AuditEntry
from tests.conftest import Person
from tests.memories.support import call, delete, get, keep, post
from tests.webhooks.support import (
    Json,
    change,
    change_deliveries,
    deliveries,
    details_of,
    jobs,
    jobs_of_deliveries,
    make,
    one,
    subscribe,
)
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState, WebhookEndpoint
from webhooks.services import replaying
from webhooks.services.pruning import KEPT_FOR, prune


def listed(person: Person, webhook: Json, query: str = "") -> list[str]:
    """Returns the ids of the messages that the log shows."""
    return [row["message_id"] for row in get(person, one(webhook, f"deliveries/{query}"))["results"]]


def failed(person: Person, count: int) -> list[str]:
    """Lets so many messages have been given up, and returns their ids, the oldest first."""
    for number in range(count):
        keep(person, f"Memory {number}")
    change_deliveries(person, state=DeliveryState.FAILED, attempts=10, next_at=None, finished_at=timezone.now())
    with tenant_tx(person.tenant):
        jobs_of_deliveries().delete()
    return [delivery.message_id for delivery in deliveries(person)]


def long_ago(person: Person, message_id: str, **ago: int) -> None:
    with tenant_tx(person.tenant):
        Delivery.objects.filter(message_id=message_id).update(created_at=timezone.now() - timedelta(**ago))


def test_the_log_shows_messages_newest_first_and_can_be_narrowed(alice: Person) -> None:
    webhook = subscribe(alice, "memory_add", "memory_delete")
    first, second = keep(alice, "Likes tea"), keep(alice, "Likes coffee")
    delete(alice, f"/v1/memories/{first}/")
    rows = get(alice, one(webhook, "deliveries/"))["results"]
    assert [(row["event_type"], row["memory_id"]) for row in rows] == [
        ("memory_delete", first),
        ("memory_add", second),
        ("memory_add", first),
    ]
    newest = rows[0]
    assert (newest["state"], newest["attempts"], newest["last_status"], newest["version"]) == ("pending", 0, None, 2)
    assert listed(alice, webhook, "?event_type=memory_delete") == [newest["message_id"]]
    assert listed(alice, webhook, "?state=delivered") == []
    long_ago(alice, newest["message_id"], days=3)
    lately = (timezone.now() - timedelta(days=1)).isoformat().replace("+", "%2B")
    assert len(listed(alice, webhook, f"?since={lately}")) == 2
    assert len(listed(alice, webhook, "?page=2&page_size=2")) == 1


@pytest.mark.parametrize("query", ["state=lost", "event_type=memory_sung", "since=yesterday", "page=none"])
def test_a_log_that_cannot_be_narrowed_so_says_why(alice: Person, query: str) -> None:
    response = call(alice, "GET", one(make(alice), f"deliveries/?{query}"))
    assert (response.status_code, query.partition("=")[0] in response.json()) == (400, True)


def test_one_message_is_shown_with_its_body_and_attempts(alice: Person) -> None:
    webhook = subscribe(alice)
    keep(alice, "Likes tea")
    (delivery,) = deliveries(alice)
    with tenant_tx(alice.tenant):
        DeliveryAttempt.objects.create(
            delivery=delivery, number=1, started_at=timezone.now(), duration_ms=80, status=500, answer="Oh no"
        )
    shown = get(alice, one(webhook, f"deliveries/{delivery.message_id}/"))
    assert shown["body"] == delivery.body
    (attempt,) = shown["log"]
    assert (attempt["number"], attempt["status"], attempt["duration_ms"], attempt["answer"]) == (1, 500, 80, "Oh no")
    unknown = call(alice, "GET", one(webhook, "deliveries/msg_1/"))
    assert (unknown.status_code, unknown.json()["error"]) == (404, "Message not found")


def test_a_message_of_another_webhook_is_unknown(alice: Person) -> None:
    webhook, other = subscribe(alice), make(alice, event_types=["memory_delete"])
    keep(alice, "Likes tea")
    (message_id,) = listed(alice, webhook)
    for rest in (f"deliveries/{message_id}/", f"deliveries/{message_id}/replay/"):
        method = "POST" if "replay" in rest else "GET"
        assert call(alice, method, one(other, rest)).status_code == 404


def test_a_message_is_sent_again_under_its_own_id(alice: Person) -> None:
    webhook = subscribe(alice)
    (message_id,) = failed(alice, 1)
    again = post(alice, one(webhook, f"deliveries/{message_id}/replay/"))
    assert (again["message_id"], again["state"], again["finished_at"]) == (message_id, "pending", None)
    (delivery,) = deliveries(alice)
    assert jobs(alice) == {delivery.id}
    response = call(alice, "POST", one(webhook, f"deliveries/{message_id}/replay/"))
    assert (response.status_code, response.json()["error"]) == (409, replaying.UNFINISHED)


def test_all_that_failed_since_then_is_sent_again(alice: Person) -> None:
    webhook, other = subscribe(alice, "memory_add"), subscribe(alice, "memory_add")
    failed(alice, 4)
    old, *late = reversed(listed(alice, webhook))
    long_ago(alice, old, days=20)
    since = (timezone.now() - timedelta(days=10)).isoformat()
    assert post(alice, one(webhook, "replay/"), since=since) == {"replayed": 3, "left": 0}
    pending = [delivery for delivery in deliveries(alice) if delivery.state == "pending"]
    assert sorted(delivery.message_id for delivery in pending) == sorted(late)
    assert jobs(alice) == {delivery.id for delivery in pending}
    assert len(listed(alice, other, "?state=failed")) == 4
    with tenant_tx(alice.tenant):
        entry = AuditEntry.objects.latest("number")
    assert (entry.action, entry.details["count"]) == ("webhook.replay", 3)


def test_a_great_many_are_sent_again_in_parts_the_oldest_first(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "MAX_REPLAYED", 2)
    webhook = subscribe(alice, "memory_add")
    failed(alice, 3)
    oldest = list(reversed(listed(alice, webhook)))[:2]
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    assert post(alice, one(webhook, "replay/"), since=since) == {"replayed": 2, "left": 1}
    assert sorted(listed(alice, webhook, "?state=pending")) == sorted(oldest)
    assert post(alice, one(webhook, "replay/"), since=since) == {"replayed": 1, "left": 0}


@pytest.mark.parametrize("since", [None, "lately", "2020-01-01T00:00:00Z"])
def test_a_replay_says_since_when_within_thirty_days(alice: Person, since: Any) -> None:
    response = call(alice, "POST", one(make(alice), "replay/"), {"since": since})
    assert (response.status_code, "since" in response.json()) == (400, True)


def test_nothing_is_sent_to_a_webhook_that_is_not_active(alice: Person) -> None:
    webhook = subscribe(alice)
    (message_id,) = failed(alice, 1)
    change(alice, webhook, is_active=False)
    since = (timezone.now() - timedelta(days=1)).isoformat()
    asked: list[tuple[str, Any]] = [
        ("test/", None),
        ("replay/", {"since": since}),
        (f"deliveries/{message_id}/replay/", None),
    ]
    for rest, body in asked:
        response = call(alice, "POST", one(webhook, rest), body)
        assert (response.status_code, response.json()["error"]) == (409, "The webhook is not active."), rest
    assert jobs(alice) == set()


def test_a_test_is_a_message_that_tells_of_nothing(alice: Person) -> None:
    webhook = make(alice)
    response = call(alice, "POST", one(webhook, "test/"))
    assert (response.status_code, response.json()["event_type"]) == (201, "test")
    (delivery,) = deliveries(alice)
    assert details_of(delivery)["event"] == "TEST"
    assert details_of(delivery)["webhook_id"] == webhook["webhook_id"]
    assert jobs(alice) == {delivery.id}


def test_a_repeated_test_is_one_message(alice: Person) -> None:
    webhook = make(alice)
    both = [call(alice, "POST", one(webhook, "test/"), None, **{"Idempotency-Key": "one"}).json() for _ in range(2)]
    assert both[0] == both[1]
    assert len(deliveries(alice)) == 1


def test_deliveries_are_kept_for_thirty_days_and_pruned_with_deleted_webhooks(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        subscribe(person, "memory_add")
        gone = subscribe(person, "memory_add")
        failed(person, 2)
        delete(person, one(gone))
    now = timezone.now()
    with tenant_tx(alice.tenant):
        assert prune(now + KEPT_FOR - timedelta(hours=1), 100) == 0
        assert prune(now + KEPT_FOR + timedelta(hours=1), 3) == 3
        assert prune(now + KEPT_FOR + timedelta(hours=1), 3) == 1
    assert deliveries(alice) == []
    assert len(deliveries(bob)) == 4
    with tenant_tx(alice.tenant):
        assert WebhookEndpoint.objects.count() == 1
