"""Webhooks as the tests drive them: by HTTP, with what is to be delivered read from the database."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from loci.tenancy.context import tenant_tx
from tests.conftest import Person
from tests.memories.support import call, ok
from webhooks.models import Delivery, EventType, WebhookEndpoint
from workers.models import Job

Json = dict[str, Any]

WEBHOOKS = "/api/v1/webhooks/"
OF_PROJECT = f"{WEBHOOKS}projects/null/"
GIVEN: Json = {"name": "Production", "url": "https://example.com/hooks", "event_types": ["memory_add"]}
EVERYTHING = [event_type.value for event_type in EventType]


def make(person: Person, **given: Any) -> Json:
    """Makes a webhook and returns what is shown of it, with its secret."""
    response = call(person, "POST", OF_PROJECT, {**GIVEN, **given})
    assert response.status_code == 201, response.content
    made: Json = response.json()
    return made


def one(webhook: Json, rest: str = "") -> str:
    """Returns the address of a webhook, or of something below it."""
    return f"{WEBHOOKS}{webhook['webhook_id']}/{rest}"


def change(person: Person, webhook: Json, **given: Any) -> Json:
    changed: Json = ok(call(person, "PUT", one(webhook), given))
    return changed


def subscribe(person: Person, *event_types: str) -> Json:
    """Makes a webhook that is told of these types, or of everything."""
    return make(person, event_types=list(event_types or EVERYTHING))


def deliveries(person: Person) -> list[Delivery]:
    """Returns all that is or was to be delivered, in order."""
    with tenant_tx(person.tenant):
        return list(Delivery.objects.order_by("id"))


def told(person: Person) -> list[Json]:
    """Returns the `event_details` of all that is or was to be delivered, in order."""
    return [details_of(delivery) for delivery in deliveries(person)]


def details_of(delivery: Delivery) -> Json:
    (details,) = json.loads(delivery.body).values()
    assert isinstance(details, dict)
    return details


def shortly(details: Iterable[Json]) -> list[tuple[str, Any]]:
    """Returns what each message says happened, and what the memory says now or is sorted into."""
    return [
        (each["event"], each["categories"] if each["event"] == "CATEGORIZE" else each.get("data", {}).get("memory"))
        for each in details
    ]


def news(person: Person) -> list[tuple[str, Any]]:
    """Returns `shortly` what is to be delivered, and forgets it."""
    said = shortly(told(person))
    with tenant_tx(person.tenant):
        Delivery.objects.all().delete()
        jobs_of_deliveries().delete()
    return said


def jobs_of_deliveries() -> Any:
    return Job.objects.filter(kind="deliver")


def jobs(person: Person) -> set[UUID]:
    """Returns the deliveries that there are jobs for."""
    with tenant_tx(person.tenant):
        return set(jobs_of_deliveries().values_list("event_id", flat=True))


def change_deliveries(person: Person, **columns: Any) -> None:
    """Lets all deliveries be in another state."""
    with tenant_tx(person.tenant):
        Delivery.objects.update(**columns)


def change_endpoints(person: Person, **columns: Any) -> None:
    with tenant_tx(person.tenant):
        WebhookEndpoint.objects.update(**columns)


def endpoint_row(person: Person) -> WebhookEndpoint:
    with tenant_tx(person.tenant):
        found: WebhookEndpoint = WebhookEndpoint.objects.get()
        return found
