"""The labelled conversations are well formed, and the held-out ones as various as they claim."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).with_name("conversations")
FILES = sorted(FOLDER.glob("*.json"), key=lambda path: path.name)

BIG_DOMAINS = {"support", "health", "travel", "coding", "companionship"}
DOMAINS = BIG_DOMAINS | {"work", "family", "other"}
TAGS = {
    "change",
    "correction",
    "hypothetical",
    "joke_or_sarcasm",
    "list_of_several",
    "lower_case_typos",
    "negation",
    "nothing_to_keep",
    "other_people",
    "pasted_text",
    "quoted",
    "repetition",
    "short_answer",
}
VERDICTS = {"stored", "merged", "superseded", "duplicate", "earlier"}
ROLES = {"user", "assistant", "system", "tool"}
REQUIRED = {"messages", "facts"}
OPTIONAL = {"verdicts", "also", "drop", "speaker"}

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def conversations(path: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def adds(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for conversation in conversations(path):
        for add in conversation["adds"]:
            yield conversation["name"], add


def held_out() -> list[dict[str, Any]]:
    return conversations(FOLDER / "held_out.json")


def expectations(add: dict[str, Any]) -> list[str]:
    return [*add["facts"], *add.get("also", []), *add.get("drop", [])]


@every_file
def test_each_conversation_has_a_name_of_its_own_a_known_domain_and_known_tags(path: Path) -> None:
    items = conversations(path)
    assert all(set(item) == {"name", "domain", "tags", "adds"} and item["adds"] for item in items)
    assert [name for name, times in Counter(item["name"] for item in items).items() if times > 1] == []
    assert {item["domain"] for item in items} <= DOMAINS
    assert {tag for item in items for tag in item["tags"]} <= TAGS
    assert [item["name"] for item in items if len(set(item["tags"])) < len(item["tags"])] == []


@every_file
def test_each_add_has_messages_of_known_roles_and_the_known_fields(path: Path) -> None:
    for name, add in adds(path):
        assert REQUIRED <= set(add) <= REQUIRED | OPTIONAL, name
        assert add["messages"], name
        assert all(role in ROLES and content.strip() for role, content in add["messages"]), name
        assert add.get("speaker", "user") in {role for role, _ in add["messages"]}, name


@every_file
def test_each_expected_fact_has_a_known_verdict_or_several_that_will_do(path: Path) -> None:
    for name, add in adds(path):
        verdicts = add.get("verdicts", [])
        assert len(verdicts) == len(add["facts"]), name
        assert {word for verdict in verdicts for word in verdict.split("|")} <= VERDICTS, name


@every_file
def test_expectations_are_words_or_one_attribute_with_one_value(path: Path) -> None:
    """An attribute has no alternatives, and what must not be remembered is one string of words."""
    for name, add in adds(path):
        assert all(isinstance(text, str) and text.strip() for text in expectations(add)), name
        assert [text for text in expectations(add) if " =" in text and "|" in text] == [], name
        assert [text for text in add.get("drop", []) if " =" in text or "|" in text] == [], name
        assert all(words.strip() for text in expectations(add) for words in text.split("|")), name


@every_file
def test_what_must_not_be_remembered_is_not_expected_either(path: Path) -> None:
    """No wording that is expected or allowed holds all words of one that is forbidden."""
    for name, add in adds(path):
        allowed = [words for text in [*add["facts"], *add.get("also", [])] for words in text.casefold().split("|")]
        for drop in add.get("drop", []):
            assert [words for words in allowed if all(word in words for word in drop.casefold().split())] == [], name


def test_the_held_out_part_is_large_and_covers_its_domains() -> None:
    items = held_out()
    by_domain = Counter(item["domain"] for item in items)
    assert len(items) >= 160
    assert {domain: by_domain[domain] for domain in BIG_DOMAINS if by_domain[domain] < 20} == {}


def test_the_held_out_part_has_each_difficulty_ten_times_and_often_nothing_to_keep() -> None:
    by_tag = Counter(tag for item in held_out() for tag in item["tags"])
    assert {tag: by_tag[tag] for tag in TAGS if by_tag[tag] < 10} == {}
    assert by_tag["nothing_to_keep"] >= 25


def test_conversations_of_the_held_out_part_with_nothing_to_keep_are_tagged_so() -> None:
    for item in held_out():
        empty = not any(add["facts"] for add in item["adds"])
        assert empty == ("nothing_to_keep" in item["tags"]), item["name"]


def test_the_held_out_part_comes_back_to_forty_users_who_changed_or_repeated_themselves() -> None:
    later = [item for item in held_out() if 2 <= len(item["adds"]) <= 3]
    verdicts = Counter(v for item in later for add in item["adds"][1:] for v in add["verdicts"])
    assert len(later) >= 40
    assert verdicts["merged"] >= 20
    assert verdicts["duplicate"] >= 10
    assert verdicts["superseded"] >= 1


def test_nothing_of_the_held_out_part_is_merged_or_repeated_before_something_is_known() -> None:
    for item in held_out():
        assert set(item["adds"][0]["verdicts"]) <= {"stored"}, item["name"]


def test_no_message_of_the_held_out_part_is_there_twice() -> None:
    long = Counter(
        content
        for item in held_out()
        for add in item["adds"]
        for role, content in add["messages"]
        if role == "user" and len(content) > 20
    )
    assert [content for content, times in long.items() if times > 1] == []
