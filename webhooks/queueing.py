"""Each delivery is the work of one job."""

from collections.abc import Sequence

from webhooks.models import Delivery
from workers.models import Job

KIND = "deliver"
QUEUE = "webhooks"


def enqueue(deliveries: Sequence[Delivery]) -> None:
    """Stores the jobs of stored deliveries, inside the caller's `tenant_tx`; the dispatcher rings for them."""
    Job.objects.bulk_create(
        [Job(kind=KIND, queue=QUEUE, cursor={"delivery": str(delivery.id)}) for delivery in deliveries]
    )
