"""A whole import: page by page from a source into a project, each page in one commit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from loci.tenancy.context import Tenant
from memories.importing.reading import Unreadable, read_entity, read_history, read_memory
from memories.importing.screening import Fate, Screening
from memories.importing.sources import Page, Row, Source
from memories.scope import Scope
from memories.screening import Flag
from memories.services.importing import (
    ImportedEntity,
    ImportedMemory,
    import_entities,
    import_memories,
    link_superseded,
    quarantine_memories,
    quarantined_there,
    texts_there,
)

TAKEN = "Its id is that of a memory with another text here."
DELETED = "It was deleted here."
GONE = "It is gone at the source."


@dataclass(frozen=True)
class Skipped:
    """A row that was not taken over, and why."""

    label: str
    reason: str


@dataclass
class Import:
    """Takes over what `source` has of the entities in `only`, or of all. `is_dry` counts and changes nothing.

    Everything that a repeat needs is in the rows themselves: what is there already is passed over.
    """

    tenant: Tenant
    source: Source
    only: Scope = field(default_factory=Scope)
    is_dry: bool = False
    imported: int = 0
    there: int = 0
    skipped: int = 0
    flagged: int = 0
    redacted: int = 0
    """Of those that came, also into quarantine: in whose texts something suspect was found, or taken out."""
    quarantined: int = 0
    rejected: int = 0
    """Of those skipped: what the project's policy does not keep."""
    unlinked: dict[UUID, UUID] = field(default_factory=dict)
    """The successors of superseded memories that were not there when these came."""

    def __post_init__(self) -> None:
        """Reads the project's policy."""
        self._screening = Screening.of(self.tenant)

    def run(self) -> Iterator[tuple[int, list[Skipped]]]:
        """Yields after each page how far the source is read, and what was skipped of the page.

        Raises `DependencyError` when source or embedder fail; the pages before are kept.
        """
        if not self.is_dry:
            self._take_entities()
        for page in self.source.pages(self.only):
            skipped = self._take(page)
            self.skipped += len(skipped)
            yield page.position, skipped
        if self.unlinked:
            self.unlinked = link_superseded(self.tenant, self.unlinked)

    def _take_entities(self) -> None:
        for rows in self.source.entities():
            entities = [entity for entity in map(_entity, rows) if entity and self._is_wanted(entity)]
            import_entities(self.tenant, entities)

    def _is_wanted(self, entity: ImportedEntity) -> bool:
        return not self.only.present() or (entity.type, entity.name) in set(self.only.entities())

    def _take(self, page: Page) -> list[Skipped]:
        skipped: list[Skipped] = []
        read = [(row, memory) for row in page.rows if (memory := self._read(row, skipped))]
        new = self._new(read, skipped)
        self._keep(new if self.is_dry else self._with_past(new, skipped), skipped)
        if not self.is_dry:
            self._link([memory for _, memory in read])
        return skipped

    def _read(self, row: Row, skipped: list[Skipped]) -> ImportedMemory | None:
        try:
            if row.problem:
                raise Unreadable(row.problem)
            memory = read_memory(row.data)
        except Unreadable as problem:
            skipped.append(Skipped(row.label, str(problem)))
            return None
        has_all = self.only.present().items() <= memory.scope.present().items()
        return memory if has_all else None

    def _new(
        self, read: Sequence[tuple[Row, ImportedMemory]], skipped: list[Skipped]
    ) -> list[tuple[Row, ImportedMemory]]:
        ids = {memory.id for _, memory in read}
        texts, waiting = texts_there(self.tenant, ids), quarantined_there(self.tenant, ids)
        new = []
        for row, memory in read:
            text, own = texts.get(memory.id), self._screening.text(memory)
            if text == own or memory.id in waiting:
                self.there += 1
            elif text is None:
                texts[memory.id] = own
                new.append((row, memory))
            else:
                skipped.append(Skipped(row.label, TAKEN if text else DELETED))
        return new

    def _with_past(
        self, new: Sequence[tuple[Row, ImportedMemory]], skipped: list[Skipped]
    ) -> list[tuple[Row, ImportedMemory]]:
        histories = self.source.histories([row.label for row, _ in new])
        memories = []
        for row, memory in new:
            try:
                whole = _completed(memory, histories[row.label]) if row.label in histories else memory
                memories.append((row, whole))
            except Unreadable as problem:
                skipped.append(Skipped(row.label, str(problem)))
        return memories

    def _keep(self, new: Sequence[tuple[Row, ImportedMemory]], skipped: list[Skipped]) -> None:
        by_fate: dict[Fate, list[ImportedMemory]] = {fate: [] for fate in Fate}
        for row, whole in new:
            memory = self._screening.screened(whole)
            fate, reason = self._screening.fate(memory)
            by_fate[fate].append(memory)
            if fate is Fate.REJECTED:
                skipped.append(Skipped(row.label, reason))
        kept, waiting = by_fate[Fate.KEPT], by_fate[Fate.QUARANTINED]
        flags = [set(memory.judged["flags"]) for memory in (*kept, *waiting)]
        self.flagged += sum(map(bool, flags))
        self.redacted += sum(not found.isdisjoint({Flag.SECRET, Flag.PII}) for found in flags)
        self.rejected += len(by_fate[Fate.REJECTED])
        self.imported += self._done(import_memories, kept)
        self.quarantined += self._done(quarantine_memories, waiting)

    def _done(self, keep: Callable[[Tenant, list[ImportedMemory]], int], memories: list[ImportedMemory]) -> int:
        return len(memories) if self.is_dry or not memories else keep(self.tenant, memories)

    def _link(self, memories: Sequence[ImportedMemory]) -> None:
        successors = {memory.id: memory.replaced_by for memory in memories if memory.replaced_by}
        if successors:
            self.unlinked |= link_superseded(self.tenant, successors)


def _completed(memory: ImportedMemory, history: object) -> ImportedMemory:
    if history is None:
        raise Unreadable(GONE)
    return read_history(memory, history)


def _entity(row: object) -> ImportedEntity | None:
    """One that cannot be read is known by its memories at least."""
    try:
        return read_entity(row)
    except Unreadable:
        return None
