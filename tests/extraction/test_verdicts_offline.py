"""What becomes of what somebody says in a later conversation, when no model reads it (design.md §2)."""

import pytest

from tests.conftest import Person
from tests.memories.support import add, texts, verdicts


@pytest.mark.parametrize(
    ("first", "later", "verdict", "shown"),
    [
        # The same in other words.
        (
            "I usually go running on Sundays.",
            "I go running on Sundays",
            "duplicate",
            ["Usually goes running on Sundays"],
        ),
        ("I love hiking in the Alps.", "I enjoy hiking in the Alps.", "duplicate", ["Loves hiking in the Alps"]),
        # The same with more to it.
        ("I volunteer at a shelter.", "I volunteer at a cat shelter.", "merged", ["Volunteers at a cat shelter"]),
        # An end, and what was left for something else.
        ("I play tennis with Ana.", "I no longer play tennis.", "superseded", ["No longer plays tennis"]),
        ("I collect old maps.", "I stopped collecting old maps.", "superseded", ["Stopped collecting old maps"]),
        ("I live in Rome.", "We moved to Oslo.", "merged", ["Lives in Oslo"]),
        # A denial is never the same as what it denies, in either order.
        ("I like cheese.", "I don't like cheese.", "merged", ["Does not like cheese"]),
        ("I do not drink coffee.", "I drink coffee.", "stored", ["Does not drink coffee", "Drinks coffee"]),
        # Other things in the same words.
        ("I play tennis on Sundays.", "I play chess on Sundays.", "stored", None),
        ("My sister runs marathons on Sundays.", "I run marathons on Sundays.", "stored", None),
        ("I have a dog.", "My dog sitter is called Ana.", "stored", None),
    ],
)
def test_a_later_statement_changes_what_it_is_about_and_nothing_else(
    alice: Person, first: str, later: str, verdict: str, shown: list[str] | None
) -> None:
    add(alice, first)
    before = texts(alice)
    event = add(alice, later)

    assert verdicts(event) == [verdict]
    assert sorted(texts(alice)) == sorted(shown or [*before, event["results"][0]["memory"]])


def test_three_conversations_leave_one_memory_of_each_thing(alice: Person) -> None:
    add(alice, "I volunteer at a shelter. I play the guitar.")
    add(alice, "I volunteer at a cat shelter on Mondays.")
    event = add(alice, "I volunteer at a shelter on Mondays. I no longer play the guitar.")

    assert sorted(verdicts(event)) == ["duplicate", "superseded"]
    assert sorted(texts(alice)) == ["No longer plays the guitar", "Volunteers at a cat shelter on Mondays"]
