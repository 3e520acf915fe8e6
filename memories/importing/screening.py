"""What an import brings is screened as adds are, by the policy of the project (docs/memory-safety.md)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import Enum, auto
from typing import Self

from loci.tenancy.context import Tenant, tenant_tx
from memories.extraction.base import Edge, Fact
from memories.extraction.screening import screened
from memories.models import Cause
from memories.resolution.timeline import Statement
from memories.screening import Flag, joined, screen
from memories.services.importing import ImportedMemory
from memories.topics import topic_keys
from orgs.models import Project
from orgs.project_settings import REDACT_PII, SUSPICIOUS, Suspicious

NOTHING_LEFT = "It holds nothing that can be read."
INSTRUCTS = "It reads like an instruction to an assistant, which this project does not keep."
OUTDATED = "It reads like an instruction to an assistant, and what is superseded cannot wait for a decision."


class Fate(Enum):
    """What becomes of a memory that was screened."""

    KEPT = auto()
    QUARANTINED = auto()
    REJECTED = auto()


@dataclass(frozen=True)
class Screening:
    """What a project does about what is found. What was screened stays as it is, so a repeat brings the same."""

    redact_pii: bool
    suspicious: Suspicious

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        """Returns the policy of the tenant's project."""
        with tenant_tx(tenant):
            kept = Project.objects.values_list("settings", flat=True).get(id=tenant.project_id)
        return cls(kept.get(REDACT_PII, False), Suspicious(kept.get(SUSPICIOUS, Suspicious.FLAG)))

    def text(self, memory: ImportedMemory) -> str:
        """Returns what the memory may say."""
        return screen(memory.text, redact_pii=self.redact_pii).text

    def screened(self, memory: ImportedMemory) -> ImportedMemory:
        """Returns the memory and its past without secrets and hidden characters, with its flags.

        What its past says that would not be kept is left out.
        """
        judged = memory.judged
        edges = tuple(Edge(**edge) for edge in judged.get("relations", ()))
        said = Fact(memory.text, topics=tuple(judged.get("topics", ())), relations=edges)
        clean = screened(said, (), redact_pii=self.redact_pii)
        found = {
            "topics": list(clean.topics),
            "topic_keys": topic_keys(clean.topics),
            "relations": [asdict(edge) for edge in clean.relations],
            "flags": list(joined(judged.get("flags", ()), clean.flags)),
        }
        past = list(self._past(memory, clean.text))
        past[0] = (Cause.ADD, past[0][1])
        return replace(memory, text=clean.text, said=tuple(past), judged={**judged, **found})

    def fate(self, memory: ImportedMemory) -> tuple[Fate, str]:
        """Returns what becomes of a screened memory, and the reason where it is rejected."""
        if not memory.text.strip():
            return Fate.REJECTED, NOTHING_LEFT
        if self.suspicious == Suspicious.FLAG or Flag.INSTRUCTION not in memory.judged["flags"]:
            return Fate.KEPT, ""
        if self.suspicious == Suspicious.REJECT:
            return Fate.REJECTED, INSTRUCTS
        return (Fate.QUARANTINED, "") if memory.closed_at is None else (Fate.REJECTED, OUTDATED)

    def _past(self, memory: ImportedMemory, now: str) -> Iterator[tuple[Cause, Statement]]:
        for cause, statement in memory.said:
            then = screen(statement.text, redact_pii=self.redact_pii)
            is_kept = then.text.strip() and (self.suspicious == Suspicious.FLAG or Flag.INSTRUCTION not in then.flags)
            if is_kept or then.text == now:
                yield cause, replace(statement, text=then.text)
