"""What every place is like that memories are imported from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from memories.scope import Scope

PAGE = 200
"""Memories that are read, embedded and kept together: so much is done again after a crash, at the most."""


@dataclass(frozen=True)
class Row:
    """One memory as the source gives it. `label` is what people find it by; `problem` says why it is no data at all."""

    label: str
    data: Any = None
    problem: str = ""


@dataclass(frozen=True)
class Page:
    """Some rows, and how far the source is read with them, in the unit of its `total`."""

    rows: Sequence[Row]
    position: int


class Source(Protocol):
    """Where memories come from; it can be read once. Reading raises `DependencyError` when the place fails."""

    total: int | None
    """How much there is; None where that is not known (yet)."""

    def entities(self) -> Iterator[Sequence[Any]]:
        """Yields pages of entity objects, if the source knows of entities by themselves."""
        ...

    def pages(self, only: Scope) -> Iterator[Page]:
        """Yields all memories, or at least those that have the ids of `only`."""
        ...

    def histories(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Returns the histories of these rows where they are not in the rows themselves; None for what is gone."""
        ...
