"""Each delivery is the work of one job, in one of its endpoint's lanes: a lane's jobs run one at a time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from webhooks.models import Delivery, DeliveryState, WebhookEndpoint
from workers import jobs
from workers.models import Job, JobState

KIND = "deliver"
QUEUE = "webhooks"
LANES = 2
"""How many deliveries of one endpoint may be in flight. One that is failing has the first lane alone."""
FAILING_AFTER = timedelta(minutes=1)
"""An endpoint is failing when nothing has gone well for so long: one that stumbles keeps its lanes."""


def enqueue(deliveries: Sequence[Delivery]) -> None:
    """Stores the jobs of new deliveries, inside the caller's `tenant_tx`; the dispatcher rings for them."""
    of = {delivery.endpoint_id for delivery in deliveries}
    failing = WebhookEndpoint.objects.filter(id__in=of, first_failure_at__lt=Now() - FAILING_AFTER)
    ill = set(failing.values_list("id", flat=True))
    lanes = {each.id: _lane_of(each, is_failing=each.endpoint_id in ill) for each in deliveries}
    jobs.enqueue_many(kind=KIND, queue=QUEUE, lanes=lanes, cursor={"tried": 0})


def enqueue_again(deliveries: Sequence[Delivery]) -> None:
    """Stores the jobs of deliveries that had jobs before; those that are still open end."""
    jobs.cancel([delivery.id for delivery in deliveries], "The delivery was sent again.")
    enqueue(deliveries)


def end_unsent(unsent: QuerySet[Any], state: DeliveryState, reason: str) -> None:
    """Ends deliveries that are still to be sent, without an attempt; their jobs then find nothing left to do."""
    unsent.update(state=state, last_error=reason, next_at=None, finished_at=timezone.now())


def keep_to_one_lane(endpoint_id: UUID, lane: str | None) -> None:
    """Moves what waits for a failing endpoint to its first lane, if a job in another `lane` has just run."""
    first, *others = _lanes(endpoint_id)
    if lane in others:
        Job.objects.filter(queue=QUEUE, lane__in=others, state=JobState.PENDING).update(lane=first)


def withdraw(endpoint_id: UUID, reason: str) -> None:
    """Kills the jobs that wait for the endpoint."""
    jobs.kill(Job.objects.filter(queue=QUEUE, lane__in=_lanes(endpoint_id), state=JobState.PENDING), reason)


def _lane_of(delivery: Delivery, *, is_failing: bool) -> str:
    """What is told of one memory is in one lane, and so mostly arrives in its order."""
    about: UUID = delivery.memory_id or delivery.id
    return _lanes(delivery.endpoint_id)[0 if is_failing else about.int % LANES]


def _lanes(endpoint_id: UUID) -> list[str]:
    return [f"webhook:{endpoint_id}:{number}" for number in range(LANES)]
