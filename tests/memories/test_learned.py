"""A past that becomes known at once leaves what the same statements leave one by one."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from loci.tenancy.context import tenant_tx
from memories.models import Cause, Memory, Revision
from memories.resolution import timeline
from memories.resolution.timeline import Statement
from tests.conftest import Person

START = datetime(2026, 1, 1, tzinfo=UTC)


def rows(memory: Memory) -> list[tuple[Any, ...]]:
    """Returns what is recorded of a memory, in the order of history, with whether it is still believed."""
    kept = Revision.objects.filter(memory=memory).order_by("recorded_from", "id")
    return [(row.cause, row.text, row.valid_from, row.valid_to, row.recorded_to is None) for row in kept]


def shown(memory: Memory) -> list[tuple[Any, ...]]:
    return [row for row in rows(memory) if row[0] in {Cause.ADD, Cause.UPDATE, Cause.DELETE}]


@pytest.mark.parametrize("seed", range(12))
def test_a_past_learned_at_once_is_as_if_it_had_been_told(alice: Person, seed: int) -> None:
    chance = random.Random(seed)
    days = [chance.randrange(6) for _ in range(chance.randrange(1, 9))]
    said = [
        Statement(text=f"Statement {number}", said_at=START + timedelta(days=day)) for number, day in enumerate(days)
    ]
    closed_at = START + timedelta(days=7) if chance.random() < 0.5 else None
    with tenant_tx(alice.tenant):
        told = Memory.objects.create(text="told", user_id="alex")
        timeline.begin(told, said[0])
        for statement in said[1:]:
            timeline.insert(told, statement, Cause.UPDATE)
        if closed_at:
            timeline.end(told, at=closed_at, recorded_at=timezone.now())

        learned = Memory.objects.create(text="learned", user_id="alex")
        causes = [Cause.ADD, *[Cause.UPDATE] * len(said)]
        Revision.objects.bulk_create(
            timeline.learned(learned, list(zip(causes, said, strict=False)), closed_at=closed_at)
        )

        assert sorted(map(repr, rows(learned))) == sorted(map(repr, rows(told)))
        assert shown(learned) == shown(told)
        assert [row.text for row in timeline.believed(learned)] == [row.text for row in timeline.believed(told)]
