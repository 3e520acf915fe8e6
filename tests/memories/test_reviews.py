"""Memories that people find bad are looked at, and what was decided can be undone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from loci.tenancy.context import tenant_tx
from memories.models import Memory, Review
from orgs.models import AuditEntry
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.reviewing import (
    REVIEWS,
    believed,
    decide,
    found,
    only_review,
    refusal,
    reviews,
    set_project,
)
from tests.memories.support import (
    NOBODYS_ID,
    call,
    delete,
    get,
    history,
    keep,
    lives_in,
    memory,
    ok,
    put,
    scripted_add,
    supersede,
    texts,
)
from tests.memories.test_bound_keys import bound
from tests.memories.test_feedback import give

SECRET = "a reason that nobody may read any more"


@pytest.fixture
def reviewing(alice: Person) -> Person:
    """Alice, whose project wants to know what people find bad."""
    set_project(alice, review_negative_feedback="negative")
    return alice


def flagged(person: Person, text: str = "Likes tea") -> str:
    """Keeps a memory that somebody finds bad, and returns its id."""
    memory_id = keep(person, text)
    give(person, memory_id, "NEGATIVE", "It is coffee.")
    return memory_id


def audited(person: Person) -> list[str]:
    with tenant_tx(person.tenant):
        entries = AuditEntry.objects.filter(action__startswith="review.").order_by("number")
        return list(entries.values_list("action", flat=True))


@pytest.mark.parametrize(
    ("setting", "asks"),
    [("off", []), ("very_negative", ["VERY_NEGATIVE"]), ("negative", ["NEGATIVE", "VERY_NEGATIVE"])],
)
def test_a_project_says_which_feedback_asks(alice: Person, setting: str, asks: list[str]) -> None:
    set_project(alice, review_negative_feedback=setting)
    for opinion in ("POSITIVE", "NEGATIVE", "VERY_NEGATIVE"):
        give(alice, keep(alice, f"Something {opinion}"), opinion)
    assert sorted(row["reason"] for row in reviews(alice)) == asks


def test_a_memory_is_asked_about_once_however_many_find_it_bad(reviewing: Person) -> None:
    memory_id = flagged(reviewing)
    alex = bound(reviewing, "user:alex")
    give(alex, memory_id, "VERY_NEGATIVE", "Never tea.")
    review = only_review(reviewing)
    assert (review["kind"], review["state"], review["memory"]["id"]) == ("feedback", "open", memory_id)
    assert review["opinions"] == {"POSITIVE": 0, "NEGATIVE": 1, "VERY_NEGATIVE": 1}
    assert review["feedback_reasons"] == ["Never tea.", "It is coffee."]
    assert get(reviewing, f"{REVIEWS}{review['id']}/") == review
    # A key that is bound sees what is asked about its own entity.
    assert [row["id"] for row in reviews(alex)] == [review["id"]]
    assert reviews(bound(reviewing, "user:blake")) == []


def test_the_list_is_narrowed_and_paged(reviewing: Person) -> None:
    flagged(reviewing)
    blakes = keep(reviewing, "Likes cake", user_id="blake")
    give(reviewing, blakes, "NEGATIVE")
    assert [row["memory"]["id"] for row in reviews(reviewing, "?user_id=blake")] == [blakes]
    assert len(reviews(reviewing, "?state=open&kind=feedback")) == 2
    assert reviews(reviewing, "?state=rejected") == reviews(reviewing, "?kind=duplicate") == []
    page = get(reviewing, f"{REVIEWS}?page_size=1")
    assert (page["count"], len(page["results"])) == (2, 1)
    assert [row["memory"]["id"] for row in page["results"]] == [blakes]
    for wrong in ("state=good", "kind=bad", "page=0"):
        assert call(reviewing, "GET", f"{REVIEWS}?{wrong}").status_code == 400


def test_what_is_approved_stays_and_is_not_asked_about_again(reviewing: Person) -> None:
    memory_id = flagged(reviewing)
    before = believed(reviewing)
    done = decide(reviewing, only_review(reviewing), "approve")
    assert (done["state"], done["memory_id"], done["duplicate_id"]) == ("approved", memory_id, None)
    assert believed(reviewing) == before
    give(reviewing, memory_id, "VERY_NEGATIVE")
    assert only_review(reviewing)["state"] == "approved"
    put(reviewing, memory_id, text="Likes green tea")
    give(reviewing, memory_id, "NEGATIVE")
    assert [row["state"] for row in reviews(reviewing)] == ["open", "approved"]


def test_what_is_rejected_is_hidden_until_that_is_undone(reviewing: Person) -> None:
    memory_id = flagged(reviewing)
    keep(reviewing, "Drinks tea with milk")
    before, hits, was = believed(reviewing), found(reviewing), history(reviewing, memory_id)
    review = only_review(reviewing)
    decide(reviewing, review, "reject")
    assert texts(reviewing) == ["Drinks tea with milk"]
    assert [hit[1] for hit in found(reviewing)] == ["Drinks tea with milk"]
    hidden = memory(reviewing, memory_id)
    assert (hidden["lifecycle_state"], hidden["memory"], hidden["replaced_by"]) == ("superseded", "Likes tea", None)
    assert history(reviewing, memory_id)[-1]["event"] == "DELETE"
    assert decide(reviewing, review, "undo")["state"] == "undone"
    assert believed(reviewing) == before
    assert found(reviewing) == hits
    # The history only grows: it tells of the decision, too.
    now = history(reviewing, memory_id)
    assert [entry["event"] for entry in now] == ["ADD", "DELETE", "UPDATE"]
    assert (now[0]["new_memory"], now[-1]["new_memory"], now[-1]["valid_to"]) == ("Likes tea", "Likes tea", None)
    assert now[0]["id"] == was[0]["id"]
    assert audited(reviewing) == ["review.reject", "review.undo"]


def test_an_attribute_goes_with_its_rejected_memory_and_comes_back(alice: Person, llm: FakeLLM) -> None:
    set_project(alice, review_negative_feedback="negative")
    (result,) = scripted_add(alice, llm, lives_in("Rome", categories=["travel"]))["results"]
    give(alice, result["id"], "NEGATIVE")
    before, review = believed(alice), only_review(alice)
    decide(alice, review, "reject")
    assert get(alice, "/v1/entities/user/alex/attributes/")["attributes"] == []
    decide(alice, review, "undo")
    assert believed(alice) == before
    assert get(alice, "/v1/entities/user/alex/attributes/")["attributes"][0]["value"] == "Rome"


def test_nothing_comes_back_where_another_value_is_known_since(alice: Person, llm: FakeLLM) -> None:
    set_project(alice, review_negative_feedback="negative")
    (result,) = scripted_add(alice, llm, lives_in("Rome"))["results"]
    give(alice, result["id"], "NEGATIVE")
    review = only_review(alice)
    decide(alice, review, "reject")
    scripted_add(alice, llm, lives_in("Oslo"))
    before = believed(alice)
    assert refusal(alice, review, "undo") == 409
    assert believed(alice) == before


def test_an_edit_is_an_update_that_can_be_undone(alice: Person, llm: FakeLLM) -> None:
    set_project(alice, review_negative_feedback="negative")
    (result,) = scripted_add(alice, llm, lives_in("Rome", categories=["travel"], topics=["Rome"]))["results"]
    give(alice, result["id"], "NEGATIVE")
    before, hits, review = believed(alice), found(alice, "Rome"), only_review(alice)
    assert decide(alice, review, "edit", text="Lives in Bergen")["state"] == "edited"
    assert texts(alice) == ["Lives in Bergen"]
    assert [entry["event"] for entry in history(alice, result["id"])] == ["ADD", "UPDATE"]
    decide(alice, review, "undo")
    assert believed(alice) == before
    assert found(alice, "Rome") == hits
    assert history(alice, result["id"])[-1]["new_memory"] == "Lives in Rome"


def test_an_undo_locks_in_the_order_of_ids(reviewing: Person) -> None:
    older, newer = keep(reviewing, "Likes milk"), keep(reviewing, "Likes tea")
    supersede(reviewing, older, by=newer)
    give(reviewing, newer, "NEGATIVE")
    review = only_review(reviewing)
    decide(reviewing, review, "edit", text="Likes juice")
    with ThreadPoolExecutor(1) as pool:
        with tenant_tx(reviewing.tenant):
            Memory.objects.select_for_update(of=["self"]).get(id=older)
            undoing = pool.submit(decide, reviewing, review, "undo")
            with pytest.raises(TimeoutError):
                undoing.result(1)
            Memory.objects.select_for_update(of=["self"], nowait=True).get(id=newer)
        undoing.result()
    assert texts(reviewing) == ["Likes tea"]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": None}, {"text": ["a"]}, {"text": "x" * 10_001}])
def test_an_edit_needs_a_text(reviewing: Person, body: Any) -> None:
    flagged(reviewing)
    review = only_review(reviewing)
    assert refusal(reviewing, review, "edit", **body) == 400
    assert only_review(reviewing) == review


def test_an_immutable_memory_is_not_edited(reviewing: Person) -> None:
    memory_id = keep(reviewing, "Likes tea", immutable=True)
    give(reviewing, memory_id, "NEGATIVE")
    review = only_review(reviewing)
    assert refusal(reviewing, review, "edit", text="Likes coffee") == 400
    assert only_review(reviewing) == review
    assert texts(reviewing) == ["Likes tea"]


def change_metadata(person: Person, memory_id: str) -> None:
    put(person, memory_id, metadata={"a": 1})


def change_text(person: Person, memory_id: str) -> None:
    put(person, memory_id, text="Likes milk")


def test_nothing_is_decided_about_another_text(reviewing: Person) -> None:
    memory_id = flagged(reviewing)
    change_text(reviewing, memory_id)
    review, before = only_review(reviewing), believed(reviewing)
    assert review["state"] == "outdated"
    assert [refusal(reviewing, review, verb) for verb in ("approve", "reject", "undo")] == [409, 409, 409]
    assert refusal(reviewing, review, "edit", text="Likes beer") == 409
    assert believed(reviewing) == before
    assert reviews(reviewing, "?state=open") == []
    assert reviews(reviewing, "?state=outdated") == [review]


@pytest.mark.parametrize("change", [change_metadata, change_text])
@pytest.mark.parametrize("decision", ["reject", "edit"])
def test_nothing_is_undone_once_something_else_has_changed(reviewing: Person, decision: str, change: Any) -> None:
    memory_id, body = flagged(reviewing), {"text": "Likes juice"} if decision == "edit" else {}
    review = only_review(reviewing)
    decide(reviewing, review, decision, **body)
    change(reviewing, memory_id)
    before = believed(reviewing)
    assert refusal(reviewing, review, "undo") == 409
    assert believed(reviewing) == before


def test_a_decision_is_made_and_undone_once(reviewing: Person) -> None:
    flagged(reviewing)
    review = only_review(reviewing)
    assert refusal(reviewing, review, "undo") == 409
    decide(reviewing, review, "approve")
    assert [refusal(reviewing, review, verb) for verb in ("approve", "reject")] == [409, 409]
    assert decide(reviewing, review, "undo")["state"] == "undone"
    assert [refusal(reviewing, review, verb) for verb in ("undo", "approve")] == [409, 409]


def test_of_two_who_decide_at_once_one_does(reviewing: Person) -> None:
    flagged(reviewing)
    review = only_review(reviewing)
    with ThreadPoolExecutor(2) as pool:
        statuses = pool.map(lambda _: refusal(reviewing, review, "reject"), range(2))
    assert sorted(statuses) == [200, 409]


def test_a_repeated_request_is_answered_with_the_same_bytes(reviewing: Person) -> None:
    flagged(reviewing)
    path = f"{REVIEWS}{only_review(reviewing)['id']}/"
    for verb, body in (("edit", {"text": "Likes juice"}), ("undo", {})):
        once = call(reviewing, "POST", f"{path}{verb}/", body, **{"Idempotency-Key": verb})
        again = call(reviewing, "POST", f"{path}{verb}/", body, **{"Idempotency-Key": verb})
        assert (ok(once), once.content) == (ok(again), again.content)


def test_reviews_go_with_their_memories(reviewing: Person) -> None:
    by_id, by_filters, by_entity = flagged(reviewing), keep(reviewing, "Likes pie", run_id="one"), "blake"
    for memory_id in (by_filters, keep(reviewing, "Likes cake", user_id=by_entity)):
        give(reviewing, memory_id, "NEGATIVE", SECRET)
    assert len(reviews(reviewing)) == 3
    delete(reviewing, f"/v1/memories/{by_id}/")
    delete(reviewing, "/v1/memories/?user_id=alex&run_id=one")
    delete(reviewing, f"/v2/entities/user/{by_entity}/")
    with tenant_tx(reviewing.tenant):
        assert not Review.objects.exists()


def test_foreign_and_unknown_reviews_are_the_same_404(reviewing: Person, bob: Person) -> None:
    flagged(reviewing)
    hers = only_review(reviewing)
    for verb in ("", "approve/", "reject/", "undo/"):
        method = "POST" if verb else "GET"
        foreign, unknown, none = (
            call(bob, method, f"{REVIEWS}{review_id}/{verb}") for review_id in (hers["id"], NOBODYS_ID, "x")
        )
        assert (foreign.status_code, foreign.json()["detail"]) == (404, "There is no such review.")
        assert unknown.json()["detail"] == foreign.json()["detail"]
        assert none.status_code == 400
    assert reviews(bob) == []
    with tenant_tx(reviewing.tenant):
        assert Memory.objects.get(id=hers["memory"]["id"]).state == "active"
