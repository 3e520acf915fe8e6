"""What people think of a project's memories, in numbers."""

from datetime import UTC, datetime, timedelta

from loci.tenancy.context import tenant_tx
from memories.models import Feedback
from tests.conftest import Person
from tests.memories.reviewing import decide, only_review, set_project
from tests.memories.support import Json, delete, get, keep, put
from tests.memories.test_bound_keys import bound
from tests.memories.test_feedback import give, others_think

NOTHING = {"POSITIVE": 0, "NEGATIVE": 0, "VERY_NEGATIVE": 0}


def stats(person: Person) -> Json:
    found: Json = get(person, "/v1/feedback/stats/")
    return found


def test_without_feedback_all_is_zero(alice: Person) -> None:
    found = stats(alice)
    assert (found["opinions"], found["worst"], found["judged_share"]) == (NOTHING, [], 0)
    assert len(found["by_day"]) == 30
    assert all({**day, "date": ""} == {**NOTHING, "date": ""} for day in found["by_day"])


def test_opinions_of_what_memories_say_now_are_counted(alice: Person) -> None:
    tea, cake, pie, _ = (keep(alice, f"Likes {thing}") for thing in ("tea", "cake", "pie", "jam"))
    others_think(alice, tea, "POSITIVE", people=3)
    give(bound(alice, "user:alex"), tea, "NEGATIVE")
    give(alice, cake, "VERY_NEGATIVE")
    give(alice, pie, "NEGATIVE")
    found = stats(alice)
    assert found["opinions"] == {"POSITIVE": 3, "NEGATIVE": 2, "VERY_NEGATIVE": 1}
    assert (found["total_memories"], found["judged_memories"], found["judged_share"]) == (4, 3, 0.75)
    assert [row["memory"] for row in found["worst"]] == ["Likes cake", "Likes pie"]
    assert found["worst"][0] == {"memory_id": cake, "memory": "Likes cake", **NOTHING, "VERY_NEGATIVE": 1}
    put(alice, pie, text="Likes plum pie")
    delete(alice, f"/v1/memories/{cake}/")
    give(alice, tea, None)
    found = stats(alice)
    assert found["opinions"] == {"POSITIVE": 2, "NEGATIVE": 1, "VERY_NEGATIVE": 0}
    assert (found["judged_memories"], found["worst"]) == (1, [])


def test_the_worst_are_those_that_many_find_bad(alice: Person) -> None:
    by_one, by_many = keep(alice, "Likes tea"), keep(alice, "Likes cake")
    give(alice, by_one, "VERY_NEGATIVE")
    others_think(alice, by_many, "NEGATIVE", people=20)
    assert [row["memory_id"] for row in stats(alice)["worst"]] == [by_many, by_one]
    for number in range(12):
        give(alice, keep(alice, f"Likes number {number}"), "VERY_NEGATIVE")
    assert len(stats(alice)["worst"]) == 10


def test_days_are_those_on_which_opinions_were_given(alice: Person) -> None:
    today = datetime.now(UTC)
    for ago, opinion in ((0, "POSITIVE"), (3, "NEGATIVE"), (40, "NEGATIVE")):
        given = give(alice, keep(alice, f"Likes {ago}"), opinion)
        with tenant_tx(alice.tenant):
            Feedback.objects.filter(id=given["id"]).update(given_at=today - timedelta(days=ago))
    days = {row.pop("date"): row for row in stats(alice)["by_day"]}
    assert days[today.date().isoformat()]["POSITIVE"] == 1
    assert days[(today - timedelta(days=3)).date().isoformat()]["NEGATIVE"] == 1
    assert sum(sum(row.values()) for row in days.values()) == 2
    assert list(days) == sorted(days)


def test_open_reviews_are_counted(alice: Person) -> None:
    set_project(alice, review_negative_feedback="negative")
    give(alice, keep(alice, "Likes tea"), "NEGATIVE")
    assert stats(alice)["open_reviews"] == 1
    decide(alice, only_review(alice), "approve")
    assert stats(alice)["open_reviews"] == 0


def test_another_project_has_its_own(alice: Person, bob: Person) -> None:
    give(alice, keep(alice, "Likes tea"), "VERY_NEGATIVE")
    assert (stats(bob)["opinions"], stats(bob)["worst"]) == (NOTHING, [])
