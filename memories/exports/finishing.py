"""The end of an export, told to its event, its project's meters and the subscribers of webhooks, in one commit."""

from typing import Any

from django.utils import timezone

from memories.exports.expiring import KEPT_FOR
from memories.models import Blob, BlobForm, Export
from memories.services import events
from workers import outcomes
from workers.jobs import Claim
from workers.outcomes import Notice, Outcome


def succeed(claim: Claim, export: Export, **told: Any) -> None:
    """Notes that the export is done, and keeps it for 24 hours from now; `told` is what its event shows of it."""
    export.expires_at = timezone.now() + KEPT_FOR
    export.save(update_fields=["method", "count", "size", "sha256", "expires_at"])
    Blob.objects.filter(event_id=export.id, form=BlobForm.EXPORT).update(expires_at=export.expires_at)
    details = {"export_id": str(export.id), "format": export.format, "method": export.method or None, **told}
    events.mark_succeeded(export.event_id, results=[details])
    outcomes.record(Outcome(meter="export", source=claim.job_id))
    outcomes.notify([Notice("export_completed", {"event": "EXPORT_COMPLETED", **details})])


def fail(claim: Claim, reason: str) -> None:
    """Notes that the export came to nothing, and why."""
    events.mark_failed(claim, reason)
    said = {"event": "EXPORT_FAILED", "export_id": str(claim.event_id), "error": reason}
    outcomes.notify([Notice("export_failed", said)])
