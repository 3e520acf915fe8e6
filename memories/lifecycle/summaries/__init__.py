"""Summaries of memories (contract.md §9.3): written by the model that is set up, or put together without one."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from django.utils import timezone

from loci.errors import DependencyError, NotNow
from loci.http.places import place_if_free
from loci.net.endpoint import Endpoint, endpoint
from loci.net.spending import metered
from loci.tenancy.context import Tenant, tenant_tx
from memories.lifecycle.derived import Covered, are_unchanged, cover
from memories.lifecycle.summaries.plain import put_together
from memories.models import Memory, Summary
from memories.retrieval.filters import Node, named_entity, to_q
from orgs.models import Project
from orgs.project_settings import DEFAULTS
from workers.allowance import RequestMeter
from workers.jobs import Spent

logger = logging.getLogger(__name__)

PROMPT = "summary-1"
MAX_BATCHES = 6
"""The calls that one summary may cost, a repair aside: what more memories say is left out."""
DEFAULT_TOKENS = 1_000


class Method(StrEnum):
    """How a summary came to be."""

    LLM = "llm"
    DETERMINISTIC = "deterministic"


@dataclass(frozen=True)
class Options:
    """What a project's settings say of its summaries."""

    instructions: str = ""
    batch_size: int = DEFAULTS["summary_batch_size"]
    max_tokens: int = DEFAULT_TOKENS

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Options":
        """Returns the options among the settings that a project keeps."""
        given = {
            "instructions": kept.get("summary_custom_instructions"),
            "batch_size": kept.get("summary_batch_size"),
            "max_tokens": kept.get("summary_max_tokens"),
        }
        return cls(**{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True)
class Summarized:
    """A summary. `total` memories were found, and `covered` of them read; `degraded` says that the model failed."""

    text: str
    total: int
    covered: int
    method: Method
    degraded: bool = False
    created_at: datetime = field(default_factory=timezone.now)


def summarize(tenant: Tenant, where: Node) -> Summarized:
    """Returns a summary of the memories that `where` admits and the tenant may see.

    What a model wrote is kept until one of these memories changes, comes or goes, or the settings do. A model that
    fails, or that nobody may wait for now, is done without.
    """
    with tenant_tx(tenant):
        options = Options.of(Project.objects.values_list("settings", flat=True).get(id=tenant.project_id))
        covered = cover(to_q(where), most=options.batch_size * MAX_BATCHES)
        model = endpoint()
        key = _key(tenant, where, options, model)
        kept = Summary.objects.filter(key=key, stamp=covered.stamp).first()
    if kept is not None:
        return Summarized(kept.text, covered.total, kept.covered, Method.LLM, created_at=kept.created_at)
    if model is None or not covered.memories:
        return _put_together(covered, options)
    try:
        text, read = _ask(model, tenant, covered.memories, options)
    except (DependencyError, Spent) as error:
        logger.warning("summary.degraded", extra={"error": type(error).__name__})
        return _put_together(covered, options, degraded=True)
    made = Summarized(text, covered.total, read, Method.LLM)
    _keep(tenant, where, key, covered, made)
    return made


def _key(tenant: Tenant, where: Node, options: Options, model: Endpoint | None) -> str:
    """With the entity that a key is bound to: it sees other memories than the project does."""
    asked = [
        tenant.entity,
        repr(where),
        asdict(options),
        PROMPT,
        model.base_url if model else "",
        model and model.model,
    ]
    return hashlib.sha256(orjson.dumps(asked)).hexdigest()


def _ask(model: Endpoint, tenant: Tenant, memories: Sequence[Memory], options: Options) -> tuple[str, int]:
    from memories.lifecycle.summaries.model import written_by  # noqa: PLC0415 - the SDK costs 38 MB where it is unused

    # A model takes seconds, in which those who wait for it must leave threads to all else.
    with place_if_free() as has_place, metered(RequestMeter(tenant)):
        if not has_place:
            raise NotNow("Too many requests wait for a model.")
        return written_by(
            model,
            memories,
            instructions=options.instructions,
            size=options.batch_size,
            most=MAX_BATCHES,
            max_tokens=options.max_tokens,
        )


def _keep(tenant: Tenant, where: Node, key: str, read: Covered, made: Summarized) -> None:
    kind, _, name = (tenant.entity or named_entity(where) or "").partition(":")
    ids = {f"{kind}_id": name} if kind else {}
    with tenant_tx(tenant):
        if not are_unchanged(read.memories):
            return
        columns = {"stamp": read.stamp, "text": made.text, "covered": made.covered, "created_at": made.created_at}
        Summary.objects.update_or_create(key=key, defaults={**columns, **ids})


def _put_together(covered: Covered, options: Options, *, degraded: bool = False) -> Summarized:
    text, used = put_together(covered.memories, max_tokens=options.max_tokens)
    return Summarized(text, covered.total, used, Method.DETERMINISTIC, degraded)
