"""Feedback on memories, and what searches make of it (contract.md §9.4)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from loci.tenancy.context import org_tx, tenant_tx
from memories.models import Feedback
from orgs.models import Project
from tests.conftest import Person
from tests.memories.support import NOBODYS_ID, Json, call, delete, keep, ok, post, put, search, supersede
from tests.memories.test_bound_keys import bound
from tests.orgs.support import member_of, project_of, with_restricted_key

FEEDBACK = "/v1/feedback/"


def give(person: Person, memory_id: str, feedback: str | None, reason: str | None = None) -> Json:
    given: Json = post(person, FEEDBACK, memory_id=memory_id, feedback=feedback, feedback_reason=reason)
    return given


def kept(person: Person) -> list[Feedback]:
    with tenant_tx(person.tenant):
        return list(Feedback.objects.order_by("id"))


def others_think(person: Person, memory_id: str, opinion: str, *, people: int) -> None:
    """Writes down what so many other people think of the memory as it is."""
    own = give(person, memory_id, opinion)
    with tenant_tx(person.tenant):
        row = Feedback.objects.get(id=own["id"])
        columns = {name: getattr(row, name) for name in ("memory_id", "user_id", "opinion", "hash")}
        Feedback.objects.bulk_create(Feedback(actor_id=uuid4(), **columns) for _ in range(people - 1))


def weight(person: Person, memory_id: str) -> float | None:
    """Returns what feedback makes of the memory in a search that finds it."""
    (hit,) = (hit for hit in search(person, "tea", threshold=0, top_k=50) if hit["id"] == memory_id)
    found: float | None = hit["score_breakdown"]["feedback"]
    return found


def test_feedback_is_kept_and_answered(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    given = give(alice, memory_id, "POSITIVE", "It is so.")
    assert given == {"id": given["id"], "feedback": "POSITIVE", "feedback_reason": "It is so."}
    (row,) = kept(alice)
    assert (str(row.id), str(row.memory_id), row.user_id) == (given["id"], memory_id, "alex")


def test_new_feedback_replaces_the_old_and_null_takes_it_back(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    first = give(alice, memory_id, "negative", "It is not so.")
    assert give(alice, memory_id, "VERY_NEGATIVE") == {**first, "feedback": "VERY_NEGATIVE", "feedback_reason": None}
    assert weight(alice, memory_id) is not None
    assert give(alice, memory_id, None, "Nothing.") == {**first, "feedback": None, "feedback_reason": None}
    assert post(alice, FEEDBACK, memoryId=memory_id) == {**first, "feedback": None, "feedback_reason": None}
    assert weight(alice, memory_id) is None


def test_superseded_memories_take_feedback_too(alice: Person) -> None:
    memory_id, newer = keep(alice, "Lives in Rome"), keep(alice, "Lives in Oslo")
    supersede(alice, memory_id, by=newer)
    assert give(alice, memory_id, "NEGATIVE")["feedback"] == "NEGATIVE"


@pytest.mark.parametrize("memory_id", ["not-a-uuid", "", None, 1, ["a"]])
def test_what_is_no_id_is_refused(alice: Person, memory_id: Any) -> None:
    response = call(alice, "POST", FEEDBACK, {"memory_id": memory_id, "feedback": "POSITIVE"})
    assert response.status_code == 400
    assert response.json()["error"] == "Invalid memory_id"


def test_a_memory_that_is_not_there_takes_none(alice: Person) -> None:
    deleted = keep(alice, "Likes tea")
    delete(alice, f"/v1/memories/{deleted}/")
    for memory_id in (deleted, NOBODYS_ID):
        response = call(alice, "POST", FEEDBACK, {"memory_id": memory_id, "feedback": "POSITIVE"})
        assert (response.status_code, response.json()["error"]) == (404, "Memory not found!")
    assert kept(alice) == []


@pytest.mark.parametrize(
    "wrong", [{"feedback": "GREAT"}, {"feedback": True}, {"feedback": ["POSITIVE"]}, {"feedback_reason": "x" * 2_001}]
)
def test_what_is_no_feedback_is_refused_and_changes_nothing(alice: Person, wrong: Json) -> None:
    memory_id = keep(alice, "Likes tea")
    response = call(alice, "POST", FEEDBACK, {"memory_id": memory_id, "feedback": "POSITIVE", **wrong})
    assert response.status_code == 400
    assert wrong.keys() & response.json().keys()
    assert kept(alice) == []


def test_a_reason_is_screened_like_everything_that_is_kept(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    assert "[secret]" in give(alice, memory_id, "NEGATIVE", "My password: hunter2-horse-7")["feedback_reason"]
    ok(call(alice, "PATCH", project_of(alice), {"redact_pii": True}))
    assert "[email]" in give(alice, memory_id, "NEGATIVE", "Ask alex@example.com.")["feedback_reason"]


def test_feedback_goes_with_its_memory(alice: Person) -> None:
    by_id, by_entity = keep(alice, "Likes tea"), keep(alice, "Likes cake", user_id="blake")
    for memory_id in (by_id, by_entity):
        give(alice, memory_id, "NEGATIVE", "A secret reason.")
    delete(alice, f"/v1/memories/{by_id}/")
    assert [str(row.memory_id) for row in kept(alice)] == [by_entity]
    delete(alice, "/v2/entities/user/blake/")
    assert kept(alice) == []


def test_a_repeated_request_is_answered_with_the_same_bytes_until_the_memory_is_gone(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    body = {"memory_id": memory_id, "feedback": "NEGATIVE", "feedback_reason": "A secret reason."}
    first = call(alice, "POST", FEEDBACK, body, **{"Idempotency-Key": "one"})
    give(alice, memory_id, "POSITIVE")
    assert call(alice, "POST", FEEDBACK, body, **{"Idempotency-Key": "one"}).content == first.content
    assert kept(alice)[0].opinion == "POSITIVE"
    delete(alice, f"/v1/memories/{memory_id}/")
    assert call(alice, "POST", FEEDBACK, body, **{"Idempotency-Key": "one"}).status_code == 410


def test_one_opinion_moves_a_score_a_little_and_many_move_it_more(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    weights = []
    for opinion in ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE"):
        for people in (1, 20, 1000):
            others_think(alice, memory_id, opinion, people=people)
            weights.append(weight(alice, memory_id) or 0)
            with tenant_tx(alice.tenant):
                Feedback.objects.all().delete()
    good, bad, very_bad = weights[:3], weights[3:6], weights[6:]
    assert 1 < good[0] < 1.1
    assert good == sorted(good)
    assert good[-1] < 1.5
    assert 0.9 < bad[0] < 1
    assert bad == sorted(bad, reverse=True)
    assert 0.8 < very_bad[0] < bad[0]
    assert very_bad[1] < bad[1]
    assert very_bad[-1] > 0.4


def test_opinions_that_contradict_each_other_cancel_out(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    others_think(alice, memory_id, "POSITIVE", people=3)
    give(alice, memory_id, "VERY_NEGATIVE")
    assert weight(alice, memory_id) == 1


def test_nobody_counts_twice_however_many_requests_and_keys_they_make(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    once = give(alice, memory_id, "NEGATIVE") and weight(alice, memory_id)
    for person in [alice, *(with_restricted_key(alice, ("memories:write",)) for _ in range(3))]:
        give(person, memory_id, "NEGATIVE")
    assert weight(alice, memory_id) == once
    give(member_of(alice, "carol@example.com", "OWNER"), memory_id, "NEGATIVE")
    assert (weight(alice, memory_id) or 1) < (once or 0)


def test_a_bound_key_speaks_for_its_entity_and_of_its_memories_only(alice: Person) -> None:
    alex = bound(alice, "user:alex")
    own, others = keep(alice, "Likes tea"), keep(alice, "Likes tea", user_id="blake")
    give(alice, own, "POSITIVE")
    first = give(alex, own, "NEGATIVE")
    assert give(bound(alice, "user:alex"), own, "NEGATIVE")["id"] == first["id"]
    assert sorted((row.bound_to, row.opinion) for row in kept(alice)) == [("", "POSITIVE"), ("user:alex", "NEGATIVE")]
    assert call(alex, "POST", FEEDBACK, {"memory_id": others, "feedback": "NEGATIVE"}).status_code == 404
    assert len(kept(replace(alice, tenant=replace(alice.tenant, entity="user:blake")))) == 0
    assert weight(alex, own) == weight(alice, own)


def test_feedback_on_a_text_does_not_count_for_another_one(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    give(alice, memory_id, "VERY_NEGATIVE", "He does not.")
    assert weight(alice, memory_id) is not None
    put(alice, memory_id, text="Likes coffee")
    assert weight(alice, memory_id) is None
    give(alice, memory_id, "POSITIVE")
    assert (weight(alice, memory_id) or 0) > 1


def test_what_many_find_bad_gives_way_to_what_was_below_and_the_list_stays_sorted(alice: Person) -> None:
    worst = keep(alice, "Likes green tea")
    better = [keep(alice, f"Likes green tea from {country}") for country in ("Japan", "India", "China")]
    assert [hit["id"] for hit in search(alice, "Likes green tea", threshold=0, top_k=1)] == [worst]
    others_think(alice, worst, "VERY_NEGATIVE", people=30)
    hits = search(alice, "Likes green tea", threshold=0)
    assert [hit["id"] for hit in hits][-1] == worst
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    # It comes from beyond the first hit.
    (first,) = search(alice, "Likes green tea", threshold=0, top_k=1)
    assert first["id"] in better
    assert first["score_breakdown"]["feedback"] is None


def test_the_threshold_is_compared_with_the_score_before(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    (hit,) = search(alice, "Likes tea")
    others_think(alice, memory_id, "VERY_NEGATIVE", people=30)
    (weighed,) = search(alice, "Likes tea", threshold=hit["score"] - 0.01)
    breakdown = weighed["score_breakdown"]
    assert weighed["score"] == pytest.approx(breakdown["absolute"] * breakdown["feedback"])
    assert weighed["score"] < hit["score"] / 1.5


def test_searches_of_another_time_are_not_weighed(alice: Person) -> None:
    memory_id = keep(alice, "Likes tea")
    give(alice, memory_id, "VERY_NEGATIVE")
    (hit,) = search(alice, "tea", as_of=datetime.now(UTC).isoformat())
    assert hit["score_breakdown"]["feedback"] is None


def test_nothing_of_a_project_weighs_in_another_one(alice: Person, bob: Person) -> None:
    give(alice, keep(alice, "Likes tea"), "VERY_NEGATIVE")
    his = keep(bob, "Likes tea")
    assert weight(bob, his) is None
    with org_tx(bob.tenant.org_id or UUID(int=0)):
        assert not Project.objects.get(id=bob.tenant.project_id).has_feedback
