"""What a question says beside its words finds memories: when, who said it, what it is about (design.md §4)."""

from typing import Any

from tests.conftest import Person
from tests.memories.support import Json, keep, post, put, search

ASKED_ON = "2026-05-15T12:00:00Z"


def first(person: Person, query: str, **parameters: Any) -> str:
    found: str = search(person, query, threshold=0, **parameters)[0]["memory"]
    return found


def test_a_time_in_the_question_finds_what_was_said_then(alice: Person) -> None:
    for day in ("2026-02-10", "2026-04-20", "2026-05-09", "2026-05-13"):
        keep(alice, f"Ran with the club, note of {day}", timestamp=f"{day}T09:00:00+00:00")
    assert first(alice, "Where did I run last Saturday?", reference_date=ASKED_ON).endswith("2026-05-09")
    assert first(alice, "Where did I run last month?", reference_date=ASKED_ON).endswith("2026-04-20")
    assert first(alice, "Where did I run in February?", reference_date=ASKED_ON).endswith("2026-02-10")
    assert first(alice, "Where did I run two days ago?", reference_date=ASKED_ON).endswith("2026-05-13")


def test_a_time_is_understood_from_the_reference_date(alice: Person) -> None:
    for month in range(1, 6):
        keep(alice, f"Went swimming, for the {month}th time", timestamp=f"2025-1{month % 3}-09T09:00:00+00:00")
    keep(alice, "Went swimming in the lake", timestamp="2025-03-09T09:00:00+00:00")
    keep(alice, "Went swimming in the pool", timestamp="2026-03-09T09:00:00+00:00")
    assert first(alice, "Where did I swim yesterday?", reference_date="2025-03-10") == "Went swimming in the lake"
    assert first(alice, "Where did I swim yesterday?", reference_date="2026-03-10") == "Went swimming in the pool"


def test_days_are_those_of_the_time_zone_of_the_reference_date(alice: Person) -> None:
    for said_at in ("04-28T20:00", "04-29T20:00", "05-14T20:00", "05-15T10:00"):
        keep(alice, f"Ran with the club, note of 2026-{said_at[:5]}", timestamp=f"2026-{said_at}:00-08:00")
    evening = "2026-05-15T20:00:00-08:00"
    assert first(alice, "Where did I run yesterday?", reference_date=evening).endswith("2026-05-14")
    assert first(alice, "Where did I run the Wednesday two weeks ago?", reference_date=evening).endswith("2026-04-29")


def told(person: Person, *messages: Json, **parameters: Any) -> None:
    post(person, "/v3/memories/add/", user_id="alex", infer=False, messages=list(messages), **parameters)


def test_who_asks_about_you_asks_for_what_the_assistant_said(alice: Person) -> None:
    told(
        alice,
        {"role": "user", "content": "A good book about the sea"},
        {"role": "assistant", "content": "A fine book about the sea"},
    )
    assert first(alice, "Which book about the sea did you recommend?") == "A fine book about the sea"
    assert first(alice, "Which book about the sea did I like?") == "A good book about the sea"


def test_a_name_in_the_question_finds_what_its_bearer_said(alice: Person) -> None:
    told(
        alice,
        {"role": "user", "name": "Caroline", "content": "I signed up for the pottery class"},
        {"role": "user", "name": "Melanie", "content": "I signed up for a pottery class"},
    )
    assert first(alice, "Which class did Melanie sign up for?") == "I signed up for a pottery class"
    assert first(alice, "Which class did Caroline sign up for?") == "I signed up for the pottery class"


def test_who_said_a_text_did_not_say_the_one_that_it_is_edited_to(alice: Person) -> None:
    told(alice, {"role": "user", "name": "Caroline", "content": "I signed up for the pottery class"})
    kept = search(alice, "Caroline", threshold=0)[0]["id"]
    put(alice, kept, text="Melanie signed up for the pottery class")
    (hit,) = search(alice, "Caroline", threshold=0, explain=True)
    assert hit["explanation"]["matched_clues"] == []


def test_a_short_answer_is_found_by_what_it_answers(alice: Person) -> None:
    told(
        alice,
        {"role": "user", "content": "Which colour did you choose for the kitchen walls?"},
        {"role": "assistant", "content": "The pale one."},
    )
    told(alice, {"role": "user", "content": "The loud one."}, timestamp="2026-01-01T00:00:00+00:00")
    found = [hit["memory"] for hit in search(alice, "kitchen walls colour", threshold=0)]
    assert found.index("The pale one.") < found.index("The loud one.")


def test_messages_of_single_adds_are_one_conversation_without_a_long_pause(alice: Person) -> None:
    told(alice, {"role": "user", "content": "Which colour for the kitchen walls?"}, timestamp="2026-01-01T10:00:00Z")
    told(alice, {"role": "user", "content": "The pale one."}, timestamp="2026-01-01T10:02:00Z")
    told(alice, {"role": "user", "content": "The loud one."}, timestamp="2026-01-01T11:30:00Z")
    found = [hit["memory"] for hit in search(alice, "kitchen walls colour", threshold=0)]
    assert found.index("The pale one.") < found.index("The loud one.")


def test_a_session_is_one_conversation_whatever_comes_between(alice: Person) -> None:
    told(alice, {"role": "user", "content": "Which colour for the walls?"}, metadata={"session_id": "a"})
    told(alice, {"role": "user", "content": "The loud one."}, metadata={"session_id": "b"})
    told(alice, {"role": "user", "content": "The pale one."}, metadata={"session_id": "a"})
    found = [hit["memory"] for hit in search(alice, "Which colour for the walls?", threshold=0)]
    assert found.index("The pale one.") < found.index("The loud one.")
