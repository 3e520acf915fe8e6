"""Who changes deliveries at the same moment waits for each other, and never in a circle (reliability.md §2.6)."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection, connections

from loci.tenancy.context import tenant_tx
from tests.conftest import Person
from tests.fakes.receiver import Answer, Receiver
from tests.memories.support import call
from tests.webhooks.sending import attempt, new_deliveries, new_endpoint, stored
from webhooks import health
from webhooks.models import WebhookEndpoint
from webhooks.services.forgetting import forget

MEMORY = UUID(int=2)


def disabled(person: Person, endpoint: WebhookEndpoint) -> None:
    response = call(person, "PUT", f"/api/v1/webhooks/{endpoint.public_id}/", {"is_active": False})
    assert response.status_code == 200, response.content


def deleted(person: Person, endpoint: WebhookEndpoint) -> None:
    response = call(person, "DELETE", f"/api/v1/webhooks/{endpoint.public_id}/")
    assert response.status_code == 200, response.content


def forgotten(person: Person, _: WebhookEndpoint) -> None:
    with tenant_tx(person.tenant):
        forget([MEMORY])


def is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("status", [200, 410, 500])
@pytest.mark.parametrize("change", [disabled, deleted, forgotten])
def test_the_end_of_an_attempt_and_a_change_do_not_wait_in_a_circle(
    alice: Person, receiver: Receiver, change: Callable[[Person, WebhookEndpoint], None], status: int
) -> None:
    endpoint = new_endpoint(alice.tenant, receiver.url)
    waiting, sent, failed = new_deliveries(alice.tenant, endpoint, 3, memory_id=MEMORY)
    if status == 200:
        receiver.answers = [Answer(500), Answer(200)]
        attempt(alice.tenant, failed)
    else:
        receiver.answers = [Answer(status)]
    changing: list[Future[None]] = []

    def meanwhile(note: Callable[..., None]) -> Callable[..., None]:
        def paused(*noted: Any) -> None:
            changing.append(threads.submit(closed, change, alice, endpoint))
            while not is_waited_for():
                time.sleep(0.01)
            note(*noted)

        return paused

    with (
        ThreadPoolExecutor(1) as threads,
        patch.object(health, "note_failure", meanwhile(health.note_failure)),
        patch.object(health, "note_success", meanwhile(health.note_success)),
    ):
        done = attempt(alice.tenant, sent)
        changing[0].result()
    assert (done.attempts, done.last_status) == (1, status)
    assert stored(alice.tenant, waiting).attempts == 0


def closed(change: Callable[[Person, WebhookEndpoint], None], person: Person, endpoint: WebhookEndpoint) -> None:
    try:
        change(person, endpoint)
    finally:
        connections.close_all()
