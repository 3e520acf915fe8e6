"""What a deleted memory said is in no message and no answer to one any more (design.md §2, Deleting)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

from loci.tenancy.context import current_project_id
from webhooks.bodies import WHOSE
from webhooks.models import Delivery, DeliveryAttempt
from webhooks.queries import lock_deliveries

# In one statement, because whole entities are erased. What a message does not say, it is not made to say.
UNQUOTE = """
    UPDATE delivery SET body = jsonb_build_object(
        'event_details',
        jsonb_set(
            jsonb_set((body::jsonb -> 'event_details') - %(whose)s::text[], '{data,memory}', 'null', false),
            '{categories}', '[]', false
        )
    )::text
    WHERE project_id = %(project)s AND id = ANY(%(deliveries)s)
"""


def forget(memory_ids: Collection[UUID]) -> None:
    """Takes what these memories said out of all deliveries, inside the caller's `tenant_tx`.

    What is not sent yet is sent without it.
    """
    about = lock_deliveries(Delivery.objects.filter(memory_id__in=list(memory_ids)))
    if not about:
        return
    parameters: dict[str, Any] = {"whose": list(WHOSE), "project": current_project_id(), "deliveries": about}
    with connection.cursor() as cursor:
        cursor.execute(UNQUOTE, parameters)
    DeliveryAttempt.objects.filter(delivery__in=about).exclude(answer="").update(answer="")
