"""Memories that are used come up in searches, and others recede, where a project wants it (contract.md §14, Decay)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID

import pytest

from loci.observability import request_log
from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Access, Memory
from memories.retrieval import decay
from memories.retrieval.ranking import Hit
from memories.retrieval.weighing import Weights, weighed
from tests.conftest import Person, Services
from tests.memories.support import Json, call, delete, get, keep, listed, ok, put, search
from tests.orgs.support import project_of, signed_in, with_organization_key
from tests.tenancy.rows import superuser

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def decaying(alice: Person) -> Iterator[Person]:
    """Alice, whose project's memories decay; nothing of what she read before waits to be written."""
    ok(call(alice, "PATCH", project_of(alice), {"decay": True}))
    yield alice
    request_log.discard()


def of_age(person: Person, memory_id: str, age: timedelta) -> None:
    """Makes the memory as old as that."""
    with tenant_tx(person.tenant):
        then = datetime.now(UTC) - age
        Memory.objects.filter(id=memory_id).update(created_at=then, updated_at=then)


def used(person: Person, memory_id: str, *ages: timedelta) -> None:
    """Writes down that the memory was used so long ago."""
    with tenant_tx(person.tenant):
        memory, now = Memory.objects.get(id=memory_id), datetime.now(UTC)
        Access.objects.create(memory=memory, user_id=memory.user_id, times=[now - age for age in ages])


def accesses(person: Person) -> dict[str, int]:
    """Returns how many accesses of each memory are kept, after everything that waits was written."""
    request_log.flush()
    with tenant_tx(person.tenant):
        return {str(row.memory_id): len(row.times) for row in Access.objects.all()}


def hit_of(hits: list[Json], memory_id: str) -> Json:
    (hit,) = (hit for hit in hits if hit["id"] == memory_id)
    return hit


def test_what_was_used_lately_or_often_is_present_and_everything_fades_slowly() -> None:
    def factor(*ages: float) -> float:
        return decay.factor(sum(decay.trace(timedelta(days=age)) for age in ages))

    by_age = [factor(age) for age in (0, 1, 7, 30, 180, 365, 3_650)]
    assert by_age[0] == by_age[1]
    assert by_age[1:] == sorted(by_age[1:], reverse=True)
    assert factor(7) == pytest.approx(1)
    assert factor(30, 30, 30) > factor(30) > factor(60, 365)
    assert factor(*range(20)) > factor(0, 1, 2) > factor(0)
    # Of two that were used lately, the one that was used often stays; and what is used often is forgotten later.
    assert factor(*[100] * 20) > factor(60)


def test_the_factor_stays_between_its_bounds() -> None:
    assert 0.3 < decay.factor(decay.trace(100 * YEAR)) < 0.4
    assert 1.4 < decay.factor(21 * decay.trace(timedelta())) < 1.5
    # A clock that runs ahead, or a memory that is dated into the future.
    assert decay.trace(-YEAR) == decay.trace(timedelta()) == 1


def test_a_project_without_the_flag_keeps_and_weighs_nothing(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    of_age(alice, memory_id, YEAR)
    (hit,) = search(alice, "tea", threshold=0)
    get(alice, f"/v1/memories/{memory_id}/")
    assert hit["score_breakdown"]["decay"] is None
    assert hit["score"] == hit["score_breakdown"]["absolute"]
    assert accesses(alice) == {}


def test_hits_of_searches_and_reads_by_id_are_accesses_and_lists_are_none(decaying: Person) -> None:
    read, found = keep(decaying, "Lives in Rome"), keep(decaying, "Likes green tea")
    listed(decaying)
    assert accesses(decaying) == {}
    search(decaying, "green tea", threshold=0, top_k=1)
    get(decaying, f"/v1/memories/{read}/")
    get(decaying, f"/v1/memories/{read}/")
    assert accesses(decaying) == {read: 2, found: 1}
    search(decaying, "green tea", threshold=0)
    assert accesses(decaying) == {read: 3, found: 2}


def test_only_the_last_twenty_accesses_are_kept(decaying: Person) -> None:
    memory_id = keep(decaying, "Likes tea")
    used(decaying, memory_id, *(timedelta(days=day) for day in range(1, 20)))
    for _ in range(3):
        get(decaying, f"/v1/memories/{memory_id}/")
    assert accesses(decaying) == {memory_id: 20}
    with tenant_tx(decaying.tenant):
        times = Access.objects.get().times
    assert times == sorted(times, reverse=True)
    assert datetime.now(UTC) - times[-1] < timedelta(days=17, minutes=5)


def test_accesses_go_with_their_memory_and_none_come_after_it(decaying: Person) -> None:
    by_id, by_entity = keep(decaying, "Likes tea"), keep(decaying, "Likes cake", user_id="blake")
    for memory_id in (by_id, by_entity):
        get(decaying, f"/v1/memories/{memory_id}/")
    assert accesses(decaying) == {by_id: 1, by_entity: 1}
    get(decaying, f"/v1/memories/{by_id}/")
    delete(decaying, f"/v1/memories/{by_id}/")
    delete(decaying, "/v2/entities/user/blake/")
    assert accesses(decaying) == {}


def test_nobody_waits_for_accesses_to_be_written_and_they_for_nobody(decaying: Person) -> None:
    changing, other = keep(decaying, "Likes tea"), keep(decaying, "Likes cake")
    for memory_id in (changing, other):
        get(decaying, f"/v1/memories/{memory_id}/")
    with tenant_tx(decaying.tenant):
        Memory.objects.select_for_update().get(id=changing)
        # In a thread, with a connection of its own.
        writing = Thread(target=request_log.flush)
        writing.start()
        writing.join(20)
        assert not writing.is_alive()
    assert accesses(decaying) == {other: 1}


def test_an_access_is_of_the_project_that_read(decaying: Person, bob: Person, services: Services) -> None:
    ok(call(bob, "PATCH", project_of(bob), {"decay": True}))
    hers = keep(decaying, "Likes tea")
    assert call(bob, "GET", f"/v1/memories/{hers}/").status_code == 404
    # As if he had been answered.
    entry = request_log.Entry(tenant=Tenant(bob.tenant.project_id), key_id=None, operation="GET")
    entry.memory_ids = [UUID(hers)]
    request_log.add(request_log.Answered(entry, "one", "GET", "/", 200, 1.0, NOW))
    request_log.flush()
    with superuser(services) as admin:
        assert admin.execute("SELECT * FROM access").rowcount == 0


def test_a_used_memory_comes_before_one_that_fits_as_well_and_was_long_not_used(decaying: Person) -> None:
    old = keep(decaying, "Likes tea from Ceylon")
    fresh = keep(decaying, "Likes tea from Assam")
    of_age(decaying, old, YEAR)
    of_age(decaying, fresh, YEAR)
    used(decaying, fresh, timedelta(days=1), timedelta(days=2))
    hits = search(decaying, "Which tea?", threshold=0)
    assert [hit["id"] for hit in hits] == [fresh, old]
    factors = [hit["score_breakdown"]["decay"] for hit in hits]
    assert factors[0] > 1 > factors[1] > 0.3
    traces = sum(decay.trace(timedelta(days=age)) for age in (1, 2, 365))
    assert factors == pytest.approx([decay.factor(traces), decay.factor(decay.trace(YEAR))], rel=1e-6)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


def test_a_memory_that_was_never_read_is_as_old_as_its_last_change(decaying: Person) -> None:
    memory_id = keep(decaying, "Likes tea")
    of_age(decaying, memory_id, YEAR)
    before = search(decaying, "tea", threshold=0)[0]["score_breakdown"]["decay"]
    put(decaying, memory_id, metadata={"a": 1})
    after = search(decaying, "tea", threshold=0)[0]["score_breakdown"]["decay"]
    assert before < 1 < after


def test_decay_leaves_nothing_out_and_no_score_beyond_one(decaying: Person) -> None:
    kept = [keep(decaying, f"Likes tea number {number}") for number in range(12)]
    for number, memory_id in enumerate(kept):
        of_age(decaying, memory_id, (number % 4) * 10 * YEAR)
    used(decaying, kept[0], *[timedelta()] * 20)
    hits = search(decaying, "Likes tea number 0", threshold=0, top_k=12)
    assert {hit["id"] for hit in hits} == set(kept)
    first = hit_of(hits, kept[0])["score_breakdown"]
    assert first["absolute"] * first["decay"] > 1
    assert hits[0]["score"] == 1
    least = min(hit["score_breakdown"]["absolute"] for hit in hits)
    assert len(search(decaying, "Likes tea number 0", threshold=least, top_k=12)) == 12


def test_a_memory_from_below_the_first_hits_can_come_up(decaying: Person) -> None:
    kept = [keep(decaying, f"Likes tea of the year {year}") for year in range(2000, 2008)]
    last = search(decaying, "Likes tea", threshold=0)[-1]["id"]
    for memory_id in kept:
        of_age(decaying, memory_id, 30 * YEAR)
    used(decaying, last, *[timedelta()] * 20)
    assert [hit["id"] for hit in search(decaying, "Likes tea", threshold=0, top_k=1)] == [last]


def test_decay_of_equals_changes_neither_the_order_nor_the_hits(alice: Person) -> None:
    for year in range(2000, 2020):
        of_age(alice, keep(alice, f"Likes tea of the year {year}"), timedelta(weeks=1))
    before = search(alice, "Which tea did he like in 2007?", threshold=0, top_k=5)
    ok(call(alice, "PATCH", project_of(alice), {"decay": True}))
    after = search(alice, "Which tea did he like in 2007?", threshold=0, top_k=5)
    assert [hit["id"] for hit in after] == [hit["id"] for hit in before]
    assert [hit["score"] for hit in after] == pytest.approx([hit["score"] for hit in before], abs=0.01)


def test_one_hit_far_below_that_fits_well_does_not_make_equals_of_all_above_it(decaying: Person) -> None:
    kept = [keep(decaying, f"Likes tea of the year {year}") for year in range(2000, 2006)]
    for number, memory_id in enumerate(kept):
        of_age(decaying, memory_id, timedelta(days=10 - number))
    with tenant_tx(decaying.tenant):
        memories = Memory.objects.in_bulk([UUID(memory_id) for memory_id in kept])
        scores = [0.9, 0.7, 0.5, 0.3, 0.1, 0.95]
        pool = [
            Hit(memories[UUID(memory_id)], score=0.95, absolute=score, semantic=None, lexical=0)
            for memory_id, score in zip(kept, scores, strict=True)
        ]
        hits = weighed(pool, Weights(decay=True), datetime.now(UTC))[:4]
    # The last three contradict their order: they are taken to fit alike, and the newest goes first.
    assert [scores[kept.index(str(hit.memory.id))] for hit in hits] == [0.9, 0.7, 0.5, 0.95]


def test_searches_of_another_time_do_not_decay(decaying: Person) -> None:
    of_age(decaying, keep(decaying, "Likes tea"), timedelta())
    (hit,) = search(decaying, "tea", threshold=0, as_of=datetime.now(UTC).isoformat())
    assert hit["score_breakdown"]["decay"] is None


def test_a_search_by_a_key_of_the_organization_or_a_session_decays_too(decaying: Person) -> None:
    of_age(decaying, keep(decaying, "Likes tea"), YEAR)
    for person in (signed_in(decaying), with_organization_key(decaying)):
        (hit,) = search(person, "tea", threshold=0, project_id=decaying.project_id)
        assert hit["score_breakdown"]["decay"] < 1
