"""Questions that ask for an attribute find the memory that says so, whatever its words (design.md §4)."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memories.retrieval import searching
from memories.retrieval.attributes import asked
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.support import FEB, JAN, Json, add, fact, keep, lives_in, put, scripted_add, search

PEOPLE = tomllib.loads(Path(__file__).with_name("attribute_questions.toml").read_text())["people"]
Ask = Callable[[str, str], str]


def told(person: Person, llm: FakeLLM, people: list[Json]) -> None:
    for one in people:
        known = [fact(text, attribute=key, value=value) for text, key, value in one["facts"]]
        scripted_add(person, llm, *known, user_id=one["name"])
        messages = [{"role": "user", "content": text} for text in one["others"]]
        add(person, messages, infer=False, user_id=one["name"])


def shares(asks: list[str], people: list[Json], first: Ask) -> dict[str, float]:
    """Returns of each kind of question the share whose answer comes first."""
    found = {}
    for kind in asks:
        answers = [
            first(one["name"], question) == {key: text for text, key, _ in one["facts"]}.get(answer, answer)
            for one in people
            for question, answer in one[kind]
        ]
        found[kind] = sum(answers) / len(answers)
    return found


def test_the_memory_behind_an_attribute_comes_first_and_ordinary_questions_lose_nothing(
    alice: Person, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(name: str, question: str) -> str:
        (hit,) = search(alice, question, {"user_id": name}, top_k=1)
        text: str = hit["memory"]
        return text

    told(alice, llm, PEOPLE)
    kinds = ["questions", "ordinary"]
    with_leg = shares(kinds, PEOPLE, first)
    with monkeypatch.context() as without:
        without.setattr(searching, "named_entities", lambda _: ())
        without_leg = shares(kinds, PEOPLE, first)
    assert with_leg["questions"] >= 0.95
    assert with_leg["questions"] > without_leg["questions"]
    assert with_leg["ordinary"] >= without_leg["ordinary"]


def first(person: Person, question: str, **parameters: Any) -> Json:
    hit: Json = search(person, question, threshold=0, **parameters)[0]
    return hit


@pytest.fixture
def settled(alice: Person, llm: FakeLLM) -> Person:
    """Alex has a home in Oslo since February, before that in Rome; another memory has the words of the question."""
    scripted_add(alice, llm, fact("Has a flat in Rome", attribute="location", value="Rome"), timestamp=JAN)
    scripted_add(alice, llm, fact("Found a boat in Oslo", attribute="location", value="Oslo"), timestamp=FEB)
    keep(alice, "Asked where fish live")
    return alice


def test_a_hit_says_how_much_of_an_attribute_the_question_names(settled: Person) -> None:
    home, other = search(settled, "Where does he live?", threshold=0)
    assert (home["memory"], home["score_breakdown"]["entity"]) == ("Found a boat in Oslo", 1.0)
    assert (other["memory"], other["score_breakdown"]["entity"]) == ("Asked where fish live", None)


def test_what_supports_an_attribute_passes_the_usual_threshold_without_a_word_of_the_question(settled: Person) -> None:
    assert search(settled, "Wo wohnt er?")[0]["memory"] == "Found a boat in Oslo"


@pytest.mark.parametrize(
    "question",
    [
        "Where did he live before?",
        "Where does his sister live?",
        "Where does he want to live?",
        "Asked where fish live",
    ],
)
def test_a_question_about_another_time_or_somebody_else_asks_for_no_attribute(settled: Person, question: str) -> None:
    assert [hit["score_breakdown"]["entity"] for hit in search(settled, question, threshold=0)] == [None, None]


def test_only_what_the_filters_admit_is_found_by_its_attribute(settled: Person, bob: Person, llm: FakeLLM) -> None:
    scripted_add(settled, llm, lives_in("Lima"), user_id="blake")
    (fish,) = search(settled, "Where does he live?", {"AND": [{"user_id": "alex"}, {"text": {"contains": "fish"}}]})
    assert fish["memory"] == "Asked where fish live"
    both = search(settled, "Where does he live?", {"user_id": {"in": ["alex", "blake"]}}, threshold=0)
    assert [hit["memory"] for hit in both[:2]] == ["Lives in Lima", "Found a boat in Oslo"]
    not_blake = {"AND": [{"user_id": "*"}, {"NOT": [{"user_id": "blake"}]}]}
    assert first(settled, "Where does he live?", filters=not_blake)["score_breakdown"]["entity"] is None
    assert search(bob, "Where does he live?", threshold=0) == []


def test_at_another_time_nothing_is_found_by_what_is_known_now(settled: Person) -> None:
    then = search(settled, "Where does he live?", threshold=0, as_of=JAN)
    assert [hit["score_breakdown"]["entity"] for hit in then] == [None]


def test_what_was_edited_is_still_about_its_attribute(settled: Person) -> None:
    put(settled, first(settled, "Where does he live?")["id"], text="Moored in Bergen")
    assert first(settled, "Where does he live?")["memory"] == "Moored in Bergen"


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("Where's Eli's home?", "location"),
        ("What does he do for a living?", "work.role"),
        ("Which dishes does she hate?", "preference"),
        ("quelle est la meilleure route", None),
        ("What is the name of the restaurant?", None),
        ("How do I wash a car?", None),
        ("How many days passed between the talk about my car's suspension and the race?", None),
        ("Does it rain much there, and where does Alex live?", "location"),
    ],
)
def test_questions_ask_for_keys_by_phrases(question: str, key: str | None) -> None:
    assert [each.key for each in asked(question)] == ([key] if key else [])
