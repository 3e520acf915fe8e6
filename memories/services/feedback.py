"""Somebody says what they think of a memory (contract.md §9.4)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from loci.tenancy.context import Tenant, tenant_tx
from memories.lifecycle.reviews import FLAGGED_BY, flag
from memories.models import Feedback, Opinion
from memories.provenance import Author
from memories.queries import memories_of
from memories.scope import SCOPED
from memories.screening import redact
from orgs.models import Project
from orgs.project_settings import FLAGGING, REDACT_PII, Flagging
from orgs.services.projects import note_feedback


@dataclass(frozen=True)
class Judgement:
    """What somebody thinks of a memory; no `opinion` takes back what they thought before."""

    memory_id: UUID
    opinion: Opinion | None
    reason: str = ""


def give_feedback(tenant: Tenant, judgement: Judgement, *, by: Author) -> Feedback:
    """Keeps the opinion in place of the one that the author had before, and returns it; the reason is screened.

    Where the project wants that, a negative one opens a review of the memory in the same commit. Raises `NotFound` for
    a memory that was deleted or never was.
    """
    with tenant_tx(tenant):
        (memory,) = memories_of([judgement.memory_id])
        opinion = judgement.opinion or ""
        kept = _settings(tenant) if opinion else {}
        given = {
            "opinion": opinion,
            "reason": redact(judgement.reason, redact_pii=kept.get(REDACT_PII, False)) if opinion else "",
            "hash": memory.hash,
            "key_id": by.key_id,
            "given_at": timezone.now(),
        }
        scope = {name: getattr(memory, name) for name in SCOPED}
        # The memory is locked: nobody else gives it feedback meanwhile, or deletes it.
        feedback, _ = Feedback.objects.update_or_create(
            memory=memory,
            actor_id=by.actor_id,
            bound_to=tenant.entity,
            defaults=given,
            create_defaults={**given, **scope},
        )
        if opinion:
            note_feedback()
        if opinion in FLAGGED_BY[Flagging(kept.get(FLAGGING, Flagging.OFF))]:
            flag(memory, Opinion(opinion))
        return feedback


def _settings(tenant: Tenant) -> dict[str, Any]:
    kept: dict[str, Any] = Project.objects.values_list("settings", flat=True).get(id=tenant.project_id)
    return kept
