"""Clues: what a question says of the memories that answer it beside its words: when, who said it, what it is about.

A clue is worth what it tells: a time within which half of all memories lie says little, one that holds three says much.
So it is weighed as a word is, by its inverse document frequency in the scope (`fusion`), and memories without it are
still found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from memories.models import Trust
from memories.retrieval.dates import Times, times
from memories.topics import keys_that_may_be_named

OTHER_WEEKDAY = 0.3
"""What a memory within a named time has of the clue, on another weekday than the named one."""

_I = re.compile(r"\b(?:i|me|my|mine|myself|we|our|ours)\b", re.IGNORECASE)
_YOU = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
_OF_QUOTES = re.compile(r'"[^"]*"')

_WHEN = "coalesce(memory.event_time, memory.created_at)"
_BEFORE, _AFTER = f"extract(epoch FROM %s::timestamptz - {_WHEN})", f"extract(epoch FROM {_WHEN} - %s::timestamptz)"
_NEAR = f"exp(-least(4 * greatest({_BEFORE}, {_AFTER}, 0)::float8 / %s, 50))"
"""1 within the time, and less with the distance to it, in units of its own length; not so little as to underflow."""
_WEEKDAY = f"extract(isodow FROM {_WHEN} AT TIME ZONE make_interval(secs => %s))"
_ON_WEEKDAY = f"CASE {_WEEKDAY} WHEN %s THEN 1 ELSE {OTHER_WEEKDAY} END"


@dataclass(frozen=True)
class Clue:
    """What a row of `memory` has of it, from 0 to 1, as SQL with its parameters; `name` is for explanations."""

    name: str
    sql: str
    params: Sequence[Any]


def clues(question: str, reference: datetime) -> list[Clue]:
    """Returns the clues of a question; most have none. `reference` is when it is asked, in the asker's time zone."""
    found = [_during(times(question, reference)), _spoken_by(question), _about(question)]
    return [clue for clue in found if clue is not None]


def _during(named: Sequence[Times]) -> Clue | None:
    if not named:
        return None
    parts = [_within(each) for each in named]
    params = [param for _, params in parts for param in params]
    return Clue("time", f"greatest({', '.join(sql for sql, _ in parts)})", params)


def _within(time: Times) -> tuple[str, list[Any]]:
    length = (time.end - time.start).total_seconds()
    near: list[Any] = [time.start, time.end, length]
    if time.weekday is None:
        return _NEAR, near
    # Its seconds from UTC: names such as `UTC+02:00` Postgres reads the other way around.
    east = (time.start.utcoffset() or timedelta()).total_seconds()
    return f"{_NEAR} * {_ON_WEEKDAY}", [*near, east, time.weekday + 1]


def _spoken_by(question: str) -> Clue | None:
    """Who asks about "you" asks for what the assistant said, who asks about "I", for what the user did."""
    own_words = _OF_QUOTES.sub("", question)
    if _YOU.search(own_words):
        return Clue("speaker", "(memory.trust = %s)::int", [Trust.ASSISTANT])
    return Clue("speaker", "(memory.trust = %s)::int", [Trust.USER]) if _I.search(own_words) else None


def _about(question: str) -> Clue | None:
    """A memory of a topic that the question names, or of a speaker whose name it is."""
    keys = keys_that_may_be_named([question])
    if not keys:
        return None
    speaks = "memory.speaker_name <> '' AND lower(memory.speaker_name) = ANY(%s::text[])"
    named = f"({speaks} OR memory.topic_keys && %s::varchar[])::int"
    return Clue("topic", named, [keys, keys])
