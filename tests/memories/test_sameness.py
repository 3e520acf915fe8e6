"""Which texts say the same in the same words, and which no judgement may take for the same."""

from itertools import combinations

import pytest

from memories.lifecycle.sameness import tell_apart, wording
from tests.growth import grows_too_fast

SAME = [
    ("Likes tea", "likes tea."),
    ("Likes tea", "  Likes   tea! "),
    ("Likes tea", "The user likes tea."),
    ("Likes tea", "User likes tea"),
    ("Does not eat meat", "Doesn't eat meat"),
    ("Does not eat meat", "The user doesn\u2019t eat meat\u2026"),
    ("Cannot swim", "Can't swim"),
    ("Will not move", "Won't move"),
    ("I am from Oslo", "I'm from Oslo"),
    ("Has two cats", "Has 2 cats"),
    ("Plays chess, go, and bridge", "Plays chess, go and bridge"),
    ("Reads \u201cUlysses\u201d", 'Reads "Ulysses"'),
    ("Lives in Ko\u0308ln", "Lives in K\u00f6ln"),
    ("Likes tea", "Likes\u200b tea".replace("\u200b", "\u200d")),
    ("\u559c\u6b22\u8336", "\u559c\u6b22\u8336"),
]
KEPT_APART = [
    # Numbers.
    ("Has 2 cats", "Has 3 cats"),
    ("Has two cats", "Has three cats"),
    ("Runs 5 km", "Runs 5.5 km"),
    ("Earns 1,500", "Earns 1500"),
    ("Owes $5", "Owes 5"),
    ("It was -5 degrees", "It was 5 degrees"),
    ("Uses Python 3.11", "Uses Python 3.12"),
    ("Has one cat", "Has a cat"),
    # Denial.
    ("Likes tea", "Does not like tea"),
    ("Likes tea", "Likes no tea"),
    ("Eats meat", "Doesn't eat meat"),
    ("Can swim", "Can't swim"),
    ("Drinks coffee with milk", "Drinks coffee without milk"),
    ("Smokes", "No longer smokes"),
    ("Works out", "Never works out"),
    # Names.
    ("Ann likes tea", "Bob likes tea"),
    ("Lives in Rome", "Lives in Oslo"),
    ("Sister lives in Rome", "Brother lives in Rome"),
    ("Ann's dog is big", "Bob's dog is big"),
    ("Works at Apple", "Works at Google"),
    ("Dog is called Rex", "Cat is called Rex"),
    # Dates.
    ("Flies on Monday", "Flies on Tuesday"),
    ("Moves in March", "Moves in April"),
    ("Born on 5 May 1990", "Born on 6 May 1990"),
    ("Has an exam today", "Has an exam tomorrow"),
    ("Moves next year", "Moved last year"),
    # Tense.
    ("Lives in Rome", "Lived in Rome"),
    ("Is a nurse", "Was a nurse"),
    ("Works at Acme", "Worked at Acme"),
    ("Will visit Oslo", "Visited Oslo"),
    ("Has a car", "Had a car"),
]
OTHER_WORDS = [
    ("Has a few friends", "Has few friends"),
    ("Likes Turkey", "Likes turkey"),
    ("Ann loves Bob", "Bob loves Ann"),
    ("Likes C", "Likes C#"),
    ("Likes tea", "Likes tea?"),
    ("Likes cats", "Likes cat"),
    ("Has a friend", 'Has a "friend"'),
    ("Eats, shoots and leaves", "Eats shoots and leaves"),
    ("Likes tea \U0001f600", "Likes tea \U0001f622"),
    ("Prefers tea to coffee", "Prefers coffee to tea"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_only_looks_different_says_the_same(one: str, other: str) -> None:
    assert wording(one) == wording(other)
    assert not tell_apart(one, other)


@pytest.mark.parametrize(("one", "other"), KEPT_APART + OTHER_WORDS)
def test_what_says_something_else_has_other_words(one: str, other: str) -> None:
    assert wording(one) != wording(other)


@pytest.mark.parametrize(("one", "other"), KEPT_APART)
def test_no_model_may_merge_other_numbers_names_dates_denials_and_tenses(one: str, other: str) -> None:
    assert tell_apart(one, other)
    assert tell_apart(other, one)


def test_a_model_may_judge_what_is_said_in_other_words() -> None:
    for one, other in combinations(["Likes tea a lot", "Is fond of tea", "The user loves tea"], 2):
        assert not tell_apart(one, other)


def test_of_an_agent_the_user_is_somebody_else() -> None:
    one, other = "Likes tea", "The user likes tea"
    assert wording(one, of_user=False) != wording(other, of_user=False)
    assert tell_apart(one, other, of_user=False)
    assert not tell_apart(one, "Loves tea", of_user=False)


def test_a_text_without_words_says_nothing() -> None:
    assert {wording(text) for text in ("", " ", "...", "!")} == {""}


@pytest.mark.parametrize("unit", [".", "!", " ", "a", "a'", "n't ", ", and ", "A. ", '"', "user "])
def test_the_time_grows_with_the_text(unit: str) -> None:
    assert not grows_too_fast(wording, unit)
    assert not grows_too_fast(lambda text: tell_apart(text, text), unit)
