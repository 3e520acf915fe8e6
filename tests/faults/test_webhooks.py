"""Reliability B1 and B6: every event is delivered, whatever is killed; and who hangs is waited for by nobody else."""

import math
import os
import statistics
import time
from collections import Counter
from pathlib import Path

import pytest

from loci.local.programs import wait_for
from loci.tenancy.context import Tenant, tenant_tx
from tests.conftest import Person, Services
from tests.faults.webhooks import Receiving, await_first, delivering
from tests.webhooks.sending import new_deliveries, new_delivery, new_endpoint
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

EVENTS = int(os.environ.get("CHAOS_EVENTS", "1000"))
BATCHES = 10
FAIL_RATE = 0.1
DOWN_S = 6.0
"""Several attempts of the schedule below."""
SCHEDULE = {"WEBHOOK_SCHEDULE_S": "0,1,1,2,2,3,3,4,5,5,10,20,40"}
"""Long enough for a receiver that a busy machine starts slowly."""
DRAINED_WITHIN_S = 480.0

HANGING = 10
HANG_SECONDS = float(os.environ.get("CHAOS_HANG_S", "60"))
TICK_S = 0.25
MOST_P95_S = 10.0
"""The promise is 2, and the figure is printed; on a busy machine, what waits for one that hangs still waits for 15."""


def pending(tenant: Tenant) -> int:
    with tenant_tx(tenant):
        return Delivery.objects.filter(state=DeliveryState.PENDING).count()


def test_every_event_is_delivered_although_receiver_and_workers_are_killed(
    services: Services, alice: Person, tmp_path: Path
) -> None:
    with delivering(services, tmp_path, SCHEDULE, fail_rate=FAIL_RATE) as (workers, receiving):
        endpoint = new_endpoint(alice.tenant, receiving.url, secret=receiving.secret)
        told = new_deliveries(alice.tenant, endpoint, 1)
        await_first(receiving)
        for number in range(BATCHES):
            if number % 5 == 1:
                receiving.process.stop()
            told += new_deliveries(alice.tenant, endpoint, EVENTS // BATCHES)
            time.sleep(0.5)
            if number % 5 == 1:
                time.sleep(DOWN_S)
                receiving.process.start()
            if number % 5 == 3:
                workers.kill("webhooks")
        began = time.monotonic()
        assert wait_for(lambda: pending(alice.tenant) == 0, DRAINED_WITHIN_S), "Deliveries are left over."
        drained_s, lines = time.monotonic() - began, receiving.lines()
    lost = {delivery.message_id for delivery in told} - {line.id for line in lines}
    unsigned = [line for line in lines if not line.is_signed]
    print(  # noqa: T201 - the figures are to be published
        f"{len(told)} events, {len(lines)} posts, {len(lost)} lost, {len(unsigned)} with a bad signature,"
        f" drained after {drained_s:.0f} s"
    )
    assert (lost, unsigned) == (set(), [])
    assert {line.id for line in lines} == {delivery.message_id for delivery in told}
    assert len(lines) > len(told)
    with tenant_tx(alice.tenant):
        assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}
        answered = Counter(DeliveryAttempt.objects.values_list("status", flat=True))
    assert answered[200] == len(told)
    assert answered[500] > 0
    assert answered[None] > 0


def test_without_further_attempts_events_are_lost(services: Services, alice: Person, tmp_path: Path) -> None:
    """The control: the same faults, and every event is posted once."""
    with delivering(services, tmp_path, {"WEBHOOK_SCHEDULE_S": "0"}) as (_, receiving):
        endpoint = new_endpoint(alice.tenant, receiving.url, secret=receiving.secret)
        new_delivery(alice.tenant, endpoint)
        await_first(receiving)
        receiving.process.stop()
        told = new_deliveries(alice.tenant, endpoint, 20)
        assert wait_for(lambda: pending(alice.tenant) == 0, DRAINED_WITHIN_S)
        receiving.process.start()
        assert receiving.ids().isdisjoint({delivery.message_id for delivery in told})


def test_endpoints_that_hang_do_not_delay_another_of_their_project(
    services: Services, alice: Person, tmp_path: Path
) -> None:
    with delivering(services, tmp_path, {}) as (_, receiving):
        seconds = _waited(alice.tenant, receiving, HANG_SECONDS)
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(  # noqa: T201 - the figures are to be published
        f"{len(seconds)} deliveries beside {HANGING} endpoints that hang: p50 {statistics.median(seconds):.2f} s,"
        f" p95 {p95:.2f} s, at most {max(seconds):.2f} s"
    )
    assert p95 <= MOST_P95_S


def test_with_few_threads_they_would(services: Services, alice: Person, tmp_path: Path) -> None:
    """The control: where all threads hang, the other endpoint waits as long as they do."""
    with delivering(services, tmp_path, {"WEBHOOK_THREADS": "4"}) as (_, receiving):
        seconds = _waited(alice.tenant, receiving, 1, patience_s=MOST_P95_S)
    assert max(seconds) > MOST_P95_S


def test_many_endpoints_are_served_at_once(services: Services, alice: Person, tmp_path: Path) -> None:
    with delivering(services, tmp_path, {}) as (_, receiving):
        endpoints = [
            new_endpoint(alice.tenant, f"{receiving.url}/{number}", secret=receiving.secret) for number in range(10)
        ]
        new_delivery(alice.tenant, endpoints[0])
        await_first(receiving)
        told = [new_deliveries(alice.tenant, endpoint, EVENTS // 10) for endpoint in endpoints]
        began = time.monotonic()
        assert wait_for(lambda: pending(alice.tenant) == 0, DRAINED_WITHIN_S), "Deliveries are left over."
        seconds = time.monotonic() - began
    print(f"{sum(map(len, told))} deliveries to 10 endpoints: {sum(map(len, told)) / seconds:.0f} a second")  # noqa: T201 - the figures are to be published


def _waited(tenant: Tenant, receiving: Receiving, seconds: float, *, patience_s: float = 60) -> list[float]:
    """How long each event took to arrive at the endpoint that is well; all of them are told every event."""
    well = new_endpoint(tenant, f"{receiving.url}/well", secret=receiving.secret)
    hanging = [new_endpoint(tenant, f"{receiving.url}/hang/{number}") for number in range(HANGING)]
    new_delivery(tenant, well)
    await_first(receiving)
    told, began = {}, time.monotonic()
    while time.monotonic() < began + seconds:
        for endpoint in hanging:
            new_delivery(tenant, endpoint)
        at = time.time()
        told[new_delivery(tenant, well).message_id] = at
        time.sleep(TICK_S)
    wait_for(lambda: told.keys() <= receiving.ids("/well"), patience_s)
    arrived = {line.id: line.at for line in reversed(receiving.lines())}
    return [arrived.get(message, math.inf) - at for message, at in told.items()]
