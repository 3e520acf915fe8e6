"""An object that fits a schema is made: by the language model where one is set up, else by rules (contract.md §9.1).

A model that fails does not fail the export: after a little patience the rules make it, and it says that they did.
"""

from dataclasses import dataclass

import orjson
from django.utils import timezone

from loci.errors import DependencyError, NotNow
from loci.http.renderer import dump_json
from loci.net.endpoint import Endpoint, endpoint
from loci.tenancy.context import tenant_tx
from memories.exports import copies, finishing, parts
from memories.exports.knowledge import Known, known
from memories.exports.mapping import Unfillable, filled
from memories.extraction.asking import NoValidAnswer
from memories.json_schemas import InvalidSchema, Json
from memories.models import Attribute, Blob, Export, ExportMethod
from memories.queries import visible
from memories.retrieval.filters import fold, to_q
from workers import jobs
from workers.jobs import Claim, Spent

MOST = 2_000
"""Memories that a schema is filled from, the newest; a file has them all."""
PATIENCE, PATIENCE_S = 2, 60.0
"""Failures of the model, and seconds, after which an export is made without it."""
PART = 1


@dataclass(frozen=True)
class _Given:
    """What a schema is filled from, and what earlier steps made of the first batches."""

    export: Export
    memories: list[Known]
    so_far: Json | None
    batch: int


def fill_schema(claim: Claim, export: Export) -> None:
    """Takes one step of an object. Raises `jobs.Unfinished` when more is left, `Fenced`, and what a model raises."""
    given = copies.undisturbed(claim, lambda: _given(claim, export))
    configured = endpoint()
    if configured is None or not given.memories:
        return _map(claim, given)
    try:
        return _ask(claim, given, configured)
    except (DependencyError, Spent) as error:
        if isinstance(error, DependencyError) and _may_wait(claim, error):
            raise
        return _map(claim, given)


def _given(claim: Claim, export: Export) -> _Given:
    batch = (claim.cursor or {}).get("batch", 0)
    shown = visible(to_q(fold(export.asked))).filter(recorded_at__lte=export.created_at)
    memories = list(shown.order_by("-created_at", "-id").defer("terms")[:MOST])
    attributes = Attribute.objects.filter(memory_id__in=[memory.id for memory in memories])
    so_far = orjson.loads(parts.part_of(export.id, PART)) if batch else None
    return _Given(export, known(memories, attributes), so_far, batch)


def _ask(claim: Claim, given: _Given, configured: Endpoint) -> None:
    from memories.exports import llm  # noqa: PLC0415 - the SDK costs 38 MB where no model is set up

    shown, so_far = list(llm.batches(given.memories)), given.so_far
    if so_far is not None and given.batch >= len(shown):
        # Some were hidden since the step before.
        return _finish(claim, given, so_far, ExportMethod.LLM)
    asked = given.export.asked
    try:
        answer = llm.ask(configured, asked["schema"], asked["instructions"], shown[given.batch], so_far)
    except (NoValidAnswer, InvalidSchema):
        return _map(claim, given)
    if given.batch + 1 >= len(shown):
        return _finish(claim, given, answer, ExportMethod.LLM)
    with tenant_tx(claim.tenant):
        jobs.advance(claim, {"batch": given.batch + 1})
        parts.write(given.export, PART, dump_json(answer))
    raise jobs.Unfinished


def _may_wait(claim: Claim, error: DependencyError) -> bool:
    if not isinstance(error, NotNow):
        return claim.soft < PATIENCE
    waited = (timezone.now() - claim.created_at).total_seconds()
    return waited + (error.retry_after or 0) < PATIENCE_S


def _map(claim: Claim, given: _Given) -> None:
    try:
        answer = filled(given.export.asked["schema"], given.memories)
    except (Unfillable, InvalidSchema) as error:
        return _give_up(claim, given, str(error))
    return _finish(claim, given, answer, ExportMethod.DETERMINISTIC)


def _finish(claim: Claim, given: _Given, answer: Json, method: ExportMethod) -> None:
    content, export = dump_json(answer), given.export
    with tenant_tx(claim.tenant):
        jobs.finish(claim)
        parts.write(export, PART, content)
        export.method, export.count, export.size = method, len(given.memories), len(content)
        finishing.succeed(claim, export)


def _give_up(claim: Claim, given: _Given, reason: str) -> None:
    with tenant_tx(claim.tenant):
        jobs.finish(claim)
        Blob.objects.filter(event_id=given.export.id).delete()
        finishing.fail(claim, reason)
