"""The clients' four methods of webhooks. Tests share the project: what they make is removed."""

from typing import Any

from tests.clients.driver import Client
from tests.clients.releases import JAVASCRIPT
from tests.clients.server import Server
from tests.clients.steps import refused

URL = "https://example.com/hooks"
IN_JAVASCRIPT = {"event_types": "eventTypes", "webhook_id": "webhookId", "project_id": "projectId"}


def named(client: Client, **arguments: Any) -> dict[str, Any]:
    """Returns the arguments as the release names them: before 3.0 the JavaScript client takes camelCase as it is."""
    if client.release not in JAVASCRIPT or client.release.version.startswith("3"):
        return arguments
    return {IN_JAVASCRIPT.get(name, name): value for name, value in arguments.items()}


def listed(client: Client, server: Server) -> list[Any]:
    found: list[Any] = client.get_webhooks(**named(client, project_id=server.project_id))
    return found


def test_a_webhook_is_made_changed_and_deleted(client: Client, server: Server) -> None:
    given = {"url": URL, "name": "Production", "event_types": ["memory_add", "memory_delete"]}
    made = client.create_webhook(**named(client, **given, project_id=server.project_id))
    assert {name: made[name] for name in given} == given
    assert (made["is_active"], made["project"]) == (True, "default-project")
    assert made["secret"].startswith("whsec_")

    webhook_id = made["webhook_id"]
    changed = client.update_webhook(**named(client, webhook_id=webhook_id, name="Staging", event_types=["memory_add"]))
    assert changed == {"message": "Webhook updated successfully"}
    [shown] = [webhook for webhook in listed(client, server) if webhook["webhook_id"] == webhook_id]
    assert (shown["name"], shown["event_types"], shown["url"]) == ("Staging", ["memory_add"], URL)

    assert client.delete_webhook(webhook_id) == {"message": "Webhook deleted successfully"}
    assert webhook_id not in str(listed(client, server))


def test_what_cannot_be_is_refused(client: Client, server: Server) -> None:
    given = {"url": "http://127.0.0.1/", "name": "Inside", "event_types": ["memory_add"]}
    with refused(client, "ValidationError", "This address is not allowed."):
        client.create_webhook(**named(client, **given, project_id=server.project_id))
    with refused(client, "MemoryNotFoundError", "Webhook not found"):
        client.delete_webhook("wh_nothing")
