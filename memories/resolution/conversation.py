"""Which verbatim memory follows which, so that a search can weigh a message with those beside it (design.md §4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Q

from memories.queries import visible
from memories.scope import Scope

LONGEST_PAUSE = timedelta(minutes=30)
"""Between two messages of one conversation, where nothing else says that they are of the same."""
SESSION = "session_id"
"""The key of metadata that names a conversation."""
LOOKED_AT = 200
"""The newest memories of a scope, among which the message before is looked for: it is rarely farther away."""


@dataclass
class Conversation:
    """The messages of one run or session or, where neither is named, of a lane without a long pause."""

    last: UUID | None
    """The memory of the newest message up to now, in the order in which they were said."""

    @classmethod
    def of(cls, scope: Scope, metadata: Mapping[str, Any] | None, said_at: datetime) -> Self:
        """Returns the conversation that a message of this time continues, inside the caller's `tenant_tx`."""
        said = visible(Q(created_at__lte=said_at, **scope.exactly())).order_by("-created_at", "-id")
        session = (metadata or {}).get(SESSION)
        is_named = session is not None or scope.run_id is not None
        rows = said.values_list("id", "created_at", "verbatim", f"metadata__{SESSION}")[:LOOKED_AT]
        same = (
            memory_id
            for memory_id, at, verbatim, named in rows
            if verbatim and named == session and (is_named or at >= said_at - LONGEST_PAUSE)
        )
        return cls(next(same, None))
