"""The entity ids of one request."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import takewhile
from typing import Any


class EntityType(StrEnum):
    """What memories are about, in the order that decides a job's lane (design.md §3.2)."""

    USER = "user"
    AGENT = "agent"
    APP = "app"
    RUN = "run"


SCOPED = tuple(f"{kind}_id" for kind in EntityType)
"""The columns of rows that belong to entities."""


@dataclass(frozen=True)
class Scope:
    """Whose memories a request is about; None where it names no such entity."""

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None

    def entities(self) -> Iterator[tuple[EntityType, str]]:
        """Yields the type and name of each entity of the scope, the lane's first."""
        for kind in EntityType:
            name = getattr(self, f"{kind}_id")
            if name is not None:
                yield kind, name

    def includes(self, entity: str) -> bool:
        """Tells whether `entity`, written `user:alex`, is one of the scope's."""
        return entity in {f"{kind}:{name}" for kind, name in self.entities()}

    @property
    def lane(self) -> str | None:
        """Returns the entity whose adds are done one at a time: `user:alex`."""
        for kind, name in self.entities():
            return f"{kind}:{name}"
        return None

    def columns(self) -> dict[str, str | None]:
        """Returns all four ids by column, for a new row."""
        return asdict(self)

    def exactly(self) -> dict[str, Any]:
        """Returns the filter that finds rows of this very scope, with nothing more and nothing less."""
        return {
            (column if name is not None else f"{column}__isnull"): (name if name is not None else True)
            for column, name in asdict(self).items()
        }

    def in_lane(self) -> dict[str, Any]:
        """Returns the filter of what an add in this scope may change: the rows of its lane.

        What a user told an agent is none of a conversation's business that is about the agent alone.
        """
        lane_type, name = next(self.entities())
        earlier = takewhile(lambda kind: kind != lane_type, EntityType)
        return {f"{lane_type}_id": name, **{f"{kind}_id__isnull": True for kind in earlier}}

    def within_lane(self) -> dict[str, Any]:
        """Returns the filter of what an add in this scope may know: the rows of its lane that have all its ids."""
        return {**self.in_lane(), **self.present()}

    def by_speaker(self, *, apart: bool) -> "dict[str, Scope]":
        """Returns whose messages are read for facts, and the scope under which each speaker's facts are kept.

        An add about an agent alone reads the assistant. `apart` gives each of a user and an agent what they said
        themselves; else both ids stay on what the user said (contract.md §14, Attribution).
        """
        if self.user_id is None and self.agent_id is not None:
            return {"assistant": self}
        if apart and self.agent_id is not None:
            return {"user": replace(self, agent_id=None), "assistant": replace(self, user_id=None)}
        return {"user": self}

    def present(self) -> dict[str, str]:
        """Returns the ids that are given, for a filter."""
        return {column: name for column, name in asdict(self).items() if name is not None}
