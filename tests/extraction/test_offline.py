import importlib
import json
import pkgutil
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from memories.api.fields import MAX_CONTENT, MAX_TEXT
from memories.embedding.local import LocalEmbedder
from memories.extraction import offline
from memories.extraction.base import Candidate, ExtractionInput, Fact, InputMessage, Instructions, Question, Relation
from memories.extraction.offline import OfflineExtractor
from memories.extraction.offline.extractor import Found, found_in
from memories.extraction.offline.features import signs_of
from memories.extraction.offline.keeping import learned
from memories.extraction.offline.patterns import PATTERNS
from tests.extraction.labelled import Conversation, conversations, given_to, measured, total
from tests.extraction.train import EXAMPLES
from tests.growth import grows_too_fast

WEDNESDAY = datetime(2026, 5, 13, 10, tzinfo=UTC)
EXTRACTOR = OfflineExtractor(LocalEmbedder())
FLOORS = {"development": (0.9, 0.88), "held_out": (0.83, 0.79)}
"""Precision and recall that are kept; nothing is fitted to the held-out part (`python -m tests.extraction.report`)."""


def facts(*messages: tuple[str, str], **rest: Any) -> list[Fact]:
    given = ExtractionInput([InputMessage(role, content) for role, content in messages], WEDNESDAY, **rest)
    return list(EXTRACTOR.extract(given).facts)


def facts_of(content: str, **rest: Any) -> list[Fact]:
    return facts(("user", content), **rest)


def test_the_readme_example_yields_its_two_memories() -> None:
    found = facts(
        ("user", "I live in San Francisco. Thinking of making a sandwich. What do you recommend?"),
        ("assistant", "How about adding some cheese for extra flavor?"),
        ("user", "Actually, I don't like cheese."),
    )

    assert [(fact.text, fact.sources) for fact in found] == [
        ("Lives in San Francisco", (0,)),
        ("Does not like cheese", (2,)),
    ]


@pytest.mark.parametrize(
    ("said", "text", "attribute", "value"),
    [
        ("I moved to Berlin.", "Lives in Berlin", "location", "Berlin"),
        ("I live in Berlin now", "Lives in Berlin", "location", "Berlin"),
        ("I don't like cheese", "Does not like cheese", "preference.cheese", "dislike"),
        ("now I like cheese!", "Likes cheese", "preference.cheese", "like"),
        ("I love olives.", "Loves olives", "preference.olive", "like"),
        ("I hate the olives", "Dislikes the olives", "preference.olive", "dislike"),
        ("I no longer work at Acme.", "No longer works at Acme", "work.employer", ""),
        ("I quit my job", "Quit their job", "work.employer", ""),
        ("We broke up.", "Is single after a breakup", "relationship.status", "single"),
        ("I work at Acme", "Works at Acme", "work.employer", "Acme"),
        ("i'm an accountant", "Is an accountant", "work.role", "accountant"),
        ("Call me Ishmael.", "Name is Ishmael", "name", "Ishmael"),
        ("I just turned 40!", "Is 40 years old", "age", "40"),
        ("My birthday is on May 3rd", "Birthday is 3 May", "birthday", "3 May"),
        ("I'm vegan", "Is vegan", "diet", "vegan"),
        ("I am not vegan anymore", "Is no longer vegan", "diet", ""),
        ("I'm allergic to walnuts", "Is allergic to walnuts", "allergy.walnut", "allergic"),
        ("I'm learning Spanish", "Is learning Spanish", "language.spanish", "learning"),
        ("We have a dog called Rex", "Has a dog named Rex", "pet.rex", "dog"),
        ("My favourite colour is green", "Favorite colour is green", "favorite.color", "green"),
        ("I prefer to be called Liz", "Name is Liz", "name", "Liz"),
        ("My dog Max died.", "Dog Max died", "pet.max", ""),
        ("I moved to Austria in 2020", "Lives in Austria", "location", "Austria"),
        ("I work for tesco", "Works at Tesco", "work.employer", "Tesco"),
        ("I'm no longer allergic to nuts", "Is not allergic to nuts", "allergy.nut", "not allergic"),
        ("My husband's name is Omar", "Husband's name is Omar", "partner.name", "Omar"),
    ],
)
def test_a_statement_becomes_a_text_and_an_attribute(said: str, text: str, attribute: str, value: str) -> None:
    [fact] = facts_of(said)

    assert (fact.text, fact.attribute, fact.value) == (text, attribute, value)


@pytest.mark.parametrize(
    "said",
    [
        "Do you think I should move to Berlin?",
        "If I lived in Berlin I would have a dog.",
        "My friend said I live in Berlin.",
        "Berlin is the capital of Germany.",
        "Please translate: I live in Berlin. I have a dog.",
        "```\nI live in Berlin\n```",
        "> I live in Berlin",
        "Vivo en Berlín con mi perro y trabajo en una escuela.",
        "Ich lebe in Berlin und ich mag Käse nicht.",
        "我住在柏林。",
        "I have a question about dogs.",
        "I love it! I like the first one.",
        "I could eat pizza every day.",
        "I'm hungry and a bit tired today.",
        "Forget that I'm allergic to peanuts, the doctor says it's gone.",
        "",
    ],
)
def test_what_is_no_fact_about_the_speaker_is_dropped(said: str) -> None:
    assert facts_of(said) == []


@pytest.mark.parametrize(
    ("said", "when", "day"),
    [
        ("I bought a bike yesterday.", "on 12 May 2026", (2026, 5, 12)),
        ("I'm flying to Tokyo next Friday.", "on 22 May 2026", (2026, 5, 22)),
        ("I'm flying to Tokyo on Friday.", "on 15 May 2026", (2026, 5, 15)),
        ("I visited Rome last Friday.", "on 8 May 2026", (2026, 5, 8)),
        ("I visited Rome last May.", "in May 2025", (2025, 5, 1)),
        ("I visited Rome two years ago.", "in 2024", (2024, 1, 1)),
        ("I'm visiting Rome next month.", "in June 2026", (2026, 6, 1)),
        ("I'm visiting Rome on March 3rd.", "on 3 March 2027", (2027, 3, 3)),
        ("I have been going to the gym since February 20th.", "since 20 February 2026", (2026, 2, 20)),
    ],
)
def test_relative_dates_are_made_absolute(said: str, when: str, day: tuple[int, int, int]) -> None:
    [fact] = facts_of(said)

    assert when in fact.text
    assert fact.event_time == datetime(*day, tzinfo=UTC)


def test_a_short_answer_is_understood_by_the_question_in_the_context() -> None:
    [fact] = facts_of("Peanuts", context=[InputMessage("assistant", "Got it! Do you have any allergies?")])

    assert (fact.text, fact.attribute) == ("Is allergic to Peanuts", "allergy.peanut")


@pytest.mark.parametrize(
    ("question", "answer", "texts"),
    [
        ("Which browser do you use?", "firefox", ["Uses firefox"]),
        ("How often do you exercise?", "twice a week", ["Exercises twice a week"]),
        ("Do you smoke?", "no, never", ["Does not smoke"]),
        ("Do you have any pets?", "a tortoise", ["Has one tortoise"]),
        ("How was your day?", "long", []),
    ],
)
def test_a_short_answer_becomes_what_it_states(question: str, answer: str, texts: list[str]) -> None:
    assert [fact.text for fact in facts(("assistant", question), ("user", answer))] == texts


def test_each_thing_of_a_list_is_a_fact_of_its_own() -> None:
    texts = [fact.text for fact in facts_of("I have already been to Peru, Chile and Bolivia.")]

    assert texts == ["Has already been to Peru", "Has already been to Chile", "Has already been to Bolivia"]


@pytest.mark.parametrize(
    "pasted",
    [
        "What do you make of this review?\nI stayed here with my wife. I am a heavy sleeper.",
        "Transcript:\nInterviewer: Where do you live?\nCandidate: I live in Boston.",
        "My friend wrote a profile, here it is: I'm Jonas, I love hiking and I have a dog called Waffles.",
        "Suppose I run a shop with three employees. I live in Rome. What tax do I pay?",
        "Make it sound less stiff:\nI'm Ada and I run a bakery in Ghent.",
        "Please answer this customer.\n\nDear shop,\nI bought two chairs and I have a baby at home.",
        "My brother sent me this last night: I live in Perth now, I quit my job.",
        "Who wrote 'I live at the end of the world with my dog'?",
        "A story about a lighthouse keeper: say I live on an island and I have a dog. What happens?",
    ],
)
def test_a_pasted_text_and_a_scenario_are_nobodys_words(pasted: str) -> None:
    assert facts_of(pasted) == []


def test_a_tool_is_no_place_to_live_in() -> None:
    attributes = [fact.attribute for fact in facts_of("We moved to Python 3.12 at work. We moved to Kubernetes.")]

    assert "location" not in attributes


def test_only_the_speaker_is_read() -> None:
    said = [("user", "I live in Rome."), ("assistant", "My name is Ada."), ("system", "I live in Oslo.")]

    assert [fact.text for fact in facts(*said)] == ["Lives in Rome"]
    assert [(fact.text, fact.speaker) for fact in facts(*said, speakers=("assistant",))] == [
        ("Name is Ada", "assistant")
    ]
    assert facts(*said, speakers=("system",)) == []


def test_what_is_said_twice_is_one_fact() -> None:
    assert [fact.text for fact in facts_of("I live in Rome. As I said, I live in Rome now.")] == ["Lives in Rome"]


def test_who_moves_away_and_back_lives_where_they_said_last() -> None:
    found = facts_of("I live in Rome. I moved to Oslo. Last month I moved back to Rome.")

    assert [fact.value for fact in found] == ["Rome", "Oslo", "Rome"]


def test_categories_come_from_the_project_where_it_has_its_own() -> None:
    own = {"seafood": "fish, crabs and what lives in the sea", "vehicles": "cars, bicycles and other transport"}

    [fact] = facts_of("I drive a Toyota car.", instructions=Instructions(categories=own))

    assert fact.categories == ("vehicles",)


def test_excludes_and_includes_filter_by_words() -> None:
    said = "I live in Rome. I'm allergic to walnuts."

    excluded = facts_of(said, instructions=Instructions(excludes="any health information"))
    included = facts_of(said, instructions=Instructions(includes="only allergies"))

    assert [fact.text for fact in excluded] == ["Lives in Rome"]
    assert [fact.text for fact in included] == ["Is allergic to walnuts"]


def test_only_a_candidate_in_the_same_words_is_named_as_a_duplicate() -> None:
    near = [Candidate(1, "Lives in Romania"), Candidate(2, "lives in Rome.")]

    [fact] = facts_of("I live in Rome", candidates=near)

    assert (fact.relation, fact.candidate) == (Relation.DUPLICATE, 2)
    assert EXTRACTOR.decide([Question(Fact("Lives in Paris"), near)]) == [None]


@pytest.mark.parametrize("part", [pytest.param("development", marks=pytest.mark.chaos), "held_out"])
def test_precision_and_recall_stay_above_their_floors(part: str) -> None:
    score = total(measured(EXTRACTOR, part))
    precision, recall = FLOORS[part]
    assert score.precision >= precision
    assert score.recall >= recall


def test_the_weights_name_the_signs_that_the_conversations_give() -> None:
    """Otherwise a sign was added, renamed or dropped since: `python -m tests.extraction.train`."""
    found = [one for each in conversations("development") for at in range(len(each.adds)) for one in found_of(each, at)]
    texts = [text for side in json.loads(EXAMPLES.read_text(encoding="utf-8")).values() for text in side]

    assert set(learned().signs) == set().union(*(one.signs for one in found), *map(signs_of, texts))


def found_of(conversation: Conversation, add: int) -> list[Found]:
    return found_in(given_to(conversation, add))


def own_patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for module in pkgutil.walk_packages(offline.__path__, f"{offline.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            yield from ((f"{module.name}.{name}", pattern) for pattern in _compiled(value))
    yield from ((pattern.regex, pattern.compiled) for pattern in PATTERNS)


def _compiled(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _compiled(part)


NASTY = [
    *("a", " ", "I ", "I am ", "my ", "I really ", "1 ", ", and ", "I like to ", '"a', "`a", "I am a b and "),
    *("I do not eat a b ", "my older ", "I have two red ", "on 1 May ", "I was wondering "),
]


@pytest.mark.parametrize("unit", NASTY)
def test_no_patterns_time_grows_faster_than_its_text(unit: str) -> None:
    assert [name for name, pattern in own_patterns() if grows_too_fast(partial(pattern.sub, ""), unit)] == []


@pytest.mark.parametrize("unit", ["I live in Rome and I like tea. ", "a", "I am not sure what I did. ", "I enjoy x\n"])
def test_the_largest_input_is_read_within_seconds(unit: str) -> None:
    messages = [("user", (unit * MAX_CONTENT)[:MAX_CONTENT])] * (MAX_TEXT // MAX_CONTENT)
    started = time.process_time()
    facts(*messages)

    assert time.process_time() - started < 8
