"""Who asked for a change: kept with what it made (reliability.md §2.11)."""

from dataclasses import asdict, dataclass
from typing import Self
from uuid import UUID

from orgs.queries import Caller


@dataclass(frozen=True)
class Author:
    """The person for whom a request acts, and the API key by which it does; both None for work of Loci's own."""

    actor_id: UUID | None = None
    key_id: UUID | None = None

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Returns the author of what this caller asks for."""
        return cls(actor_id=caller.user_id, key_id=caller.key_id)

    def columns(self) -> dict[str, UUID | None]:
        """Returns both ids by column, for a new row."""
        return asdict(self)


LOCI = Author()
