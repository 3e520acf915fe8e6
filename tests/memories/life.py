"""A life of updates, and a plain model of what it should leave behind, which knows statements and no intervals.

The model is the promise of docs/decisions/0003 in a few lines: what a memory says at a time is its last statement up to
then, whatever the order in which statements were processed; and what was known is the state of the model at that time.
"""

import random
import time
from bisect import bisect_right
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import Json, delete, fact, facts, lives_in, put, queue, verdicts, work

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 6
FUTURE = datetime(2030, 1, 1, tzinfo=UTC)
CITIES = ("Rome", "Oslo", "Berlin")
BY_HAND = 1 << 40
"""The order of a change through the API among statements of the same time: after all events."""
MOST_OPEN = 5
"""As many as the extractor is shown for certain, so that any of them can be named."""


@dataclass(frozen=True)
class Said:
    """One statement: when, by which event, what, and the value that it gives to the memory's attribute."""

    at: datetime
    event: int
    text: str
    value: str = ""

    def order(self) -> tuple[datetime, int]:
        """Returns by what statements are ordered."""
        return self.at, self.event


@dataclass
class Remembered:
    """A memory as the model knows it: its statements in order, and since when it is untrue."""

    id: str
    said: list[Said]
    untrue_since: datetime | None = None

    def hear(self, said: Said) -> None:
        """Takes one more statement, after all of the same order."""
        self.said.insert(bisect_right(self.said, said.order(), key=Said.order), said)

    def before(self, said: Said) -> Said | None:
        """Returns the statement that this one would follow."""
        place = bisect_right(self.said, said.order(), key=Said.order)
        return self.said[place - 1] if place else None

    def says(self, at: datetime | None) -> str | None:
        """Returns the last word up to a time, or of all; None before the first."""
        heard = [said.text for said in self.said if at is None or said.at <= at]
        return heard[-1] if heard else None

    def is_untrue(self, at: datetime | None) -> bool:
        return self.untrue_since is not None and (at is None or self.untrue_since <= at)


@dataclass
class Model:
    """All memories, what they were after each step of the life, and what has no history: expiry and deletion."""

    memories: dict[str, Remembered] = field(default_factory=dict)
    states: list[tuple[datetime, dict[str, Remembered]]] = field(default_factory=list)
    expires: dict[str, date] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    home: str | None = None

    def shown(
        self, as_of: datetime | None, known_at: datetime | None, *, superseded: bool = False, expired: bool = False
    ) -> dict[str, str]:
        """Returns what is shown, by memory."""
        asked = as_of or known_at or datetime.now(UTC)
        found = {}
        for memory in self._known(known_at).values():
            text = memory.says(as_of)
            untrue = memory.is_untrue(as_of) and not superseded
            gone = not expired and self.expires.get(memory.id, asked.date()) < asked.date()
            if text is not None and memory.id not in self.deleted and not untrue and not gone:
                found[memory.id] = text
        return found

    def open(self) -> list[Remembered]:
        """Returns what may be talked about today."""
        return [self.memories[memory_id] for memory_id in self.shown(None, None)]

    def _known(self, at: datetime | None) -> dict[str, Remembered]:
        if at is None:
            return self.memories
        return next((state for begun, state in reversed(self.states) if begun < at), {})


class Life:
    """Lives through adds that were accepted in order and are done in another, and through changes by hand.

    Each step is checked: an event's verdicts must be those that the model foresees.
    """

    def __init__(self, person: Person, llm: FakeLLM, seed: int, *, adds: int = 8, by_hand: int = 4) -> None:
        self.person, self.seed, self.user = person, seed, f"life {seed}"
        self.random, self.model = random.Random(seed), Model()
        self._answer: list[Json] = []
        llm.answers = self._read
        accepted = [self._accept(number) for number in range(adds)]
        steps: list[Callable[[], None]] = [partial(self._add, *add) for add in accepted]
        steps += [self._change] * by_hand
        self.random.shuffle(steps)
        for step in steps:
            begun = tick()
            step()
            self.model.states.append((begun, deepcopy(self.model.memories)))

    def _accept(self, number: int) -> tuple[int, datetime, str]:
        at = FIRST_DAY + timedelta(hours=12 * self.random.randrange(2 * DAYS))
        at = FUTURE if self.random.random() < 0.05 else at
        return number, at, queue(self.person, f"Message {number}.", user_id=self.user, timestamp=at.isoformat())

    def _add(self, number: int, at: datetime, event_id: str) -> None:
        """Decides what the message says now that it is read, since that is about what is known now."""
        said, known = Said(at, number, f"Fact {number}"), self.model.open()
        if not known:
            return self._store(said, event_id)
        kinds = [self._refine, self._refine_twice, self._replace, self._replace, self._replace, self._repeat]
        if len(known) < MOST_OPEN:
            kinds += [self._store, self._move, self._move]
        return self.random.choice(kinds)(said, event_id)

    def _store(self, said: Said, event_id: str) -> None:
        event = self._work(event_id, ["stored"], fact(said.text))
        self._remember(event, said)

    def _refine(self, said: Said, event_id: str) -> None:
        target = self._target()
        self._work(event_id, [_unless_older("merged", target, said)], _about(target, "refines", said.text))
        target.hear(said)

    def _refine_twice(self, said: Said, event_id: str) -> None:
        target, again = self._target(), replace(said, text=f"{said.text}, to be exact")
        verdict = _unless_older("merged", target, said)
        told = [_about(target, "refines", each.text) for each in (said, again)]
        self._work(event_id, [verdict, verdict], *told)
        target.hear(said)
        target.hear(again)

    def _replace(self, said: Said, event_id: str) -> None:
        target = min(self.model.open(), key=lambda memory: memory.said[-1].order())
        verdict = _unless_older("superseded", target, said)
        event = self._work(event_id, [verdict], _about(target, "replaces", said.text))
        if verdict == "earlier":
            return target.hear(said)
        target.untrue_since = said.at
        return self._remember(event, said)

    def _repeat(self, said: Said, event_id: str) -> None:
        target = self._target()
        last = target.said[-1]
        told = [_about(target, "duplicate", "In other words."), fact(last.text)]
        self._work(event_id, ["duplicate"], self.random.choice(told))
        target.hear(replace(said, text=last.text, value=last.value))

    def _move(self, said: Said, event_id: str) -> None:
        city = self.random.choice(CITIES)
        said = replace(said, text=f"Lives in {city}", value=city)
        home = next((memory for memory in self.model.open() if memory.id == self.model.home), None)
        if home is None:
            self._settle(said, event_id, city)
            return
        before = home.before(said)
        is_known = before is not None and (before.text, before.value) == (said.text, said.value)
        verdict = "duplicate" if is_known else _unless_older("merged", home, said)
        self._work(event_id, [verdict], lives_in(city))
        home.hear(said)

    def _settle(self, said: Said, event_id: str, city: str) -> None:
        """Says a city while no memory that holds has the attribute; the last word about it may be somewhere still."""
        last = self.model.memories.get(self.model.home or "")
        same = next((memory for memory in self.model.open() if memory.said[-1].text == said.text), None)
        if same is not None:
            self._work(event_id, ["duplicate"], lives_in(city))
            same.hear(said)
        else:
            self._remember(self._work(event_id, ["stored"], lives_in(city)), said)
            same = list(self.model.memories.values())[-1]
        if last is None or last.id in self.model.deleted or _unless_older("newer", last, said) == "newer":
            self.model.home = same.id

    def _change(self) -> None:
        """Changes something by hand: also what expired or is untrue."""
        left = [memory for memory in self.model.memories.values() if memory.id not in self.model.deleted]
        if left:
            kinds = [self._edit, self._edit, self._edit, self._expire, self._delete]
            untrue = [memory for memory in left if memory.untrue_since]
            self.random.choice(kinds)(self.random.choice(self.random.choice([left, untrue or left])))

    def _edit(self, memory: Remembered) -> None:
        text = f"Text {len(self.model.states)}, by hand"
        at = max(tick(), memory.said[-1].at)
        put(self.person, memory.id, text=text)
        memory.hear(Said(at, BY_HAND, text))

    def _expire(self, memory: Remembered) -> None:
        day = (FIRST_DAY + timedelta(days=self.random.randrange(DAYS))).date()
        put(self.person, memory.id, expiration_date=day.isoformat())
        self.model.expires[memory.id] = day

    def _delete(self, memory: Remembered) -> None:
        delete(self.person, f"/v1/memories/{memory.id}/")
        self.model.deleted.add(memory.id)

    def _target(self) -> Remembered:
        return self.random.choice(self.model.open())

    def _remember(self, event: Json, said: Said) -> None:
        memory_id = event["results"][0]["id"]
        self.model.memories[memory_id] = Remembered(memory_id, [said])

    def _work(self, event_id: str, foreseen: list[str], *found: Json) -> Json:
        self._answer = list(found)
        event = work(self.person, event_id)
        assert (event["status"], verdicts(event)) == ("SUCCEEDED", foreseen), f"life {self.seed}"
        return event

    def _read(self, data: Json) -> Json:
        """Reads every message as what was decided; of what it is asked about beside that, it knows nothing."""
        if "questions" in data:
            nothing = {"relation": None, "candidate": None}
            return {"decisions": [{"question": each["number"], **nothing} for each in data["questions"]]}
        numbers = {candidate["text"]: candidate["number"] for candidate in data["candidates"]}
        told = [
            {**each, "candidate": numbers[each["candidate"]]} if "candidate" in each else each for each in self._answer
        ]
        return facts(*told)


def _about(target: Remembered, kind: str, text: str) -> Json:
    """A fact about a memory, whose number is not known before the model is asked."""
    return {**fact(text), "relation": kind, "candidate": target.said[-1].text}


def _unless_older(verdict: str, target: Remembered, said: Said) -> str:
    return "earlier" if target.said[-1].order() > said.order() else verdict


def tick() -> datetime:
    """Returns the time, which has passed when it returns."""
    now = datetime.now(UTC)
    while datetime.now(UTC) <= now:
        time.sleep(0)
    return now
