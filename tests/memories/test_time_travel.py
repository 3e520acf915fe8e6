"""Generated lives of updates, compared day by day and instant by instant with a plain model (issue 5, item 3)."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Revision
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.life import DAYS, FIRST_DAY, FUTURE, Life, tick
from tests.memories.support import Json, call, listed

AT_ONCE = 5
LONG_LIVES = int(os.environ.get("CHAOS_LIVES", "100"))
EVERY_DAY = [FIRST_DAY + timedelta(hours=12 * half) for half in range(-1, 2 * DAYS + 1)]
FAR = [FIRST_DAY - timedelta(days=900), FUTURE - timedelta(days=1), FUTURE, FUTURE + timedelta(days=1)]


def test_every_day_of_a_life_is_remembered_as_it_was(alice: Person, llm: FakeLLM) -> None:
    for seed in range(4):
        compare(Life(alice, llm, seed))


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1_000, 1_000 + LONG_LIVES, AT_ONCE))
def test_long_lives_are_remembered_as_they_were(alice: Person, llm: FakeLLM, first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        compare(Life(alice, llm, seed, adds=20, by_hand=10))


def compare(life: Life) -> None:
    """Asks what held every day, what was known at every instant at which that changed, and a mixture of both."""
    steps = life.random.sample([begun for begun, _ in life.model.states], 5)
    questions: list[Json] = [{"as_of": day} for day in [*EVERY_DAY, *FAR, *steps, tick()]]
    questions += [{"known_at": instant} for instant in instants(life)]
    questions += list(mixtures(life, 12))
    for question in questions:
        model = life.model.shown(**{"as_of": None, "known_at": None, **question})
        assert shown(life, question) == model, f"life {life.seed}: {question}"
    for memory_id in life.model.memories:
        compare_one(life, memory_id)


def instants(life: Life) -> list[datetime]:
    """Before the first step, when what each changed was recorded, to the microsecond, and now."""
    with tenant_tx(life.person.tenant):
        recorded = set(Revision.objects.filter(user_id=life.user).values_list("recorded_from", flat=True))
    return sorted({life.model.states[0][0], *recorded, tick()})


def mixtures(life: Life, count: int) -> Iterator[Json]:
    times = [*EVERY_DAY, *FAR, *instants(life)]
    for _ in range(count):
        yield {
            "as_of": life.random.choice([None, *times]),
            "known_at": life.random.choice(instants(life)),
            "superseded": life.random.random() < 0.5,
            "expired": life.random.random() < 0.5,
        }


def shown(life: Life, question: Json) -> dict[str, str]:
    """Returns what a list shows, by memory: each once, and within the interval that it names."""
    names = {"superseded": "include_superseded", "expired": "show_expired"}
    given = {names.get(name, name): wire(value) for name, value in question.items() if value is not None}
    rows = listed(life.person, {"user_id": life.user}, **given)
    found = {row["id"]: row["memory"] for row in rows}
    assert len(found) == len(rows)
    if question.get("as_of") and not question.get("superseded"):
        assert [row for row in rows if not holds(row, question["as_of"])] == []
    return found


def holds(row: Json, at: datetime) -> bool:
    begins, ends = row["valid_from"], row["valid_to"]
    return datetime.fromisoformat(begins) <= at and (ends is None or at < datetime.fromisoformat(ends))


def compare_one(life: Life, memory_id: str) -> None:
    """A memory is read by its id also where it had expired or was untrue; before its first word it is not found."""
    question: Json = {"as_of": life.random.choice(EVERY_DAY), "known_at": life.random.choice([None, *instants(life)])}
    model = life.model.shown(**question, superseded=True, expired=True)
    given = urlencode({name: wire(value) for name, value in question.items() if value is not None})
    response = call(life.person, "GET", f"/v1/memories/{memory_id}/?{given}")
    if memory_id in model:
        assert response.json()["memory"] == model[memory_id], f"life {life.seed}: {question}"
    else:
        assert response.status_code == 404, f"life {life.seed}: {question}"


def wire(value: Any) -> Any:
    """Returns a value as the API takes it; a midnight as its day alone."""
    if not isinstance(value, datetime):
        return value
    at = value.astimezone(UTC)
    return at.date().isoformat() if at.time() == datetime.min.time() else at.isoformat()
