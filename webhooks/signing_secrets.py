"""The secrets by which a receiver knows that a message is ours: encrypted, and several while one is replaced."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any

from django.utils import timezone

from loci import crypto
from loci.tenancy.context import Tenant, tenant_tx
from orgs.models import Project
from webhooks.models import WebhookEndpoint

PREFIX = "whsec_"
SECRET_BYTES = 32
MAX_OLD = 10


@dataclass(frozen=True)
class Secret:
    """A secret of the form that Standard Webhooks gives it. One without an end counts until it is replaced."""

    text: str
    expires_at: datetime | None = None


def new_secret() -> Secret:
    """Returns a secret that nobody knows yet."""
    return Secret(PREFIX + b64encode(token_bytes(SECRET_BYTES)).decode())


def keep(endpoint: WebhookEndpoint, secrets: Sequence[Secret]) -> None:
    """Sets what the endpoint's messages are signed with, the newest first. The caller saves the row."""
    endpoint.secrets = crypto.encrypt(json.dumps([_kept(secret) for secret in secrets]), _context(endpoint))


def live_secrets(endpoint: WebhookEndpoint) -> list[Secret]:
    """Returns the secrets that still count, the newest first. Raises `UnreadableSecretError` under another key."""
    now = timezone.now()
    kept = map(_read, json.loads(crypto.decrypt(endpoint.secrets, _context(endpoint))))
    return [secret for secret in kept if secret.expires_at is None or secret.expires_at > now]


def replace(endpoint: WebhookEndpoint, *, overlap: timedelta) -> Secret:
    """Gives the endpoint a new secret and returns it; those before it count for `overlap` more, at most ten of them.

    The caller saves the row.
    """
    end = timezone.now() + overlap
    old = [Secret(each.text, min(each.expires_at or end, end)) for each in live_secrets(endpoint)]
    new = new_secret()
    keep(endpoint, [new, *old[:MAX_OLD]])
    return new


def renew_secrets() -> int:
    """Encrypts all secrets under the current master key; returns of how many endpoints they were under the old one."""
    projects = Project._base_manager.using("owner").filter(erased_at=None)  # Of all organizations.
    return sum(_renew_project(Tenant(project_id=project_id)) for project_id in projects.values_list("id", flat=True))


def _renew_project(tenant: Tenant) -> int:
    with tenant_tx(tenant):
        kept = WebhookEndpoint.objects.filter(deleted_at=None).order_by("id")
        return sum(map(_renew, kept.select_for_update(of=["self"], no_key=True)))


def _renew(endpoint: WebhookEndpoint) -> bool:
    new = crypto.renewed(endpoint.secrets, _context(endpoint))
    is_new = new != endpoint.secrets
    if is_new:
        WebhookEndpoint.objects.filter(id=endpoint.id).update(secrets=new)
    return is_new


def _kept(secret: Secret) -> dict[str, str | None]:
    return {"secret": secret.text, "expires_at": secret.expires_at.isoformat() if secret.expires_at else None}


def _read(kept: dict[str, Any]) -> Secret:
    return Secret(kept["secret"], datetime.fromisoformat(kept["expires_at"]) if kept["expires_at"] else None)


def _context(endpoint: WebhookEndpoint) -> str:
    return f"webhook endpoint:{endpoint.id}"
