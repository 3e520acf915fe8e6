"""Names that do not go well with addresses, as clients of all ages send them (contract.md §1, §6.3)."""

import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Person
from tests.memories.support import call, delete, get, keep, texts

NAMES = [
    "plain",
    "a/b",
    "a/b/",
    "a//b",
    "/a",
    "a b",
    "what?",
    "a?b=c&d",
    "100%",
    "a%2Fb",
    "%",
    "#1",
    "a+b",
    "alex@example.com",
    "../..",
    "filters",
    "12",
    "über",
    "名前",
    "🦙",
    "x" * 256,
    "é" * 256,
    "'; DROP TABLE entity; --",
]
RAW_NAMES = ["a/b", "a b", "alex@example.com", "über", "100%", "a+b", "[object Object]"]
MEM0_USER_ID = {"mem0-user-id": "5f4dcc3b5aa765d61d8327deb882cf99"}


def left(person: Person) -> list[str]:
    """Returns the texts of all users."""
    return sorted(texts(person, {"user_id": "*"}))


def test_an_entity_is_read_and_erased_by_any_name(alice: Person) -> None:
    for name in NAMES:
        keep(alice, name, user_id=name)
    there = sorted(NAMES)
    for name in NAMES:
        address = f"/v2/entities/user/{quote(name, safe='')}/"
        assert [row["name"] for row in get(alice, address)] == [name]
        delete(alice, address)
        there.remove(name)
        assert left(alice) == there, name


@pytest.mark.parametrize("slash", ["", "/"])
def test_older_clients_put_the_name_raw_into_the_path(alice: Person, slash: str) -> None:
    for name in RAW_NAMES:
        keep(alice, "gone", user_id=name)
        delete(alice, f"/v2/entities/user/{name}{slash}")
        assert left(alice) == [], name


def selection(person: Person) -> str:
    """Returns the parameters that clients below 2.0 and 3.0 add to the address."""
    return f"org_id={person.org_id}&project_id={person.project_id}"


@pytest.mark.parametrize("selected", [True, False])
@pytest.mark.parametrize("name", ["a?b", "what?", "a?b/c", "a?b/?c", "a?b/&c=d", "a b?c d", "a?ü"])
def test_a_raw_question_mark_does_not_erase_somebody_else(alice: Person, name: str, selected: bool) -> None:
    """As JavaScript clients up to 3.0 send it: the rest of the name, with the slash of the address, is the query."""
    in_path, _, rest = name.partition("?")
    keep(alice, "kept", user_id=in_path)
    keep(alice, "gone", user_id=name)
    parameters = f"&{selection(alice)}" if selected else ""
    delete(alice, f"/v2/entities/user/{quote(in_path)}?{quote(rest, safe='/?&=')}/{parameters}")
    assert left(alice) == ["kept"]


@pytest.mark.parametrize("official", ["by its header", "by its parameters"])
def test_a_name_that_arrives_cut_off_is_refused(alice: Person, official: str) -> None:
    """As Python clients below 2.0.20 send `a?b`, and all older ones `a#b`: nothing tells the rest of the name."""
    keep(alice, "kept", user_id="a")
    query, headers = ("", MEM0_USER_ID) if official == "by its header" else (f"?{selection(alice)}", {})
    for method in ("GET", "DELETE"):
        response = call(alice, method, f"/v2/entities/user/a{query}", None, **headers)
        assert (response.status_code, '"?"' in response.json()["detail"]) == (400, True)
    assert left(alice) == ["kept"]


def test_people_may_leave_the_last_slash_out(alice: Person) -> None:
    keep(alice, "gone", user_id="a")
    delete(alice, "/v2/entities/user/a")
    assert left(alice) == []


@pytest.mark.parametrize("name", [" alex", "alex ", "\talex"])
def test_white_space_around_a_name_is_no_part_of_it(alice: Person, name: str) -> None:
    keep(alice, "gone", user_id=name)
    assert [row["name"] for row in get(alice, "/v1/entities/")["results"]] == ["alex"]
    delete(alice, f"/v2/entities/user/{quote(name, safe='')}/")
    assert left(alice) == []


def test_both_spellings_of_an_accent_are_one_name(alice: Person) -> None:
    keep(alice, "gone", user_id=unicodedata.normalize("NFD", "André"))
    address = f"/v2/entities/user/{quote(unicodedata.normalize('NFC', 'André'))}/"
    assert len(get(alice, address)) == 1
    delete(alice, f"/v2/entities/user/{quote(unicodedata.normalize('NFD', 'André'))}/")
    assert left(alice) == []


@pytest.mark.parametrize("name", ["*", "%2A", "x" * 257, "%20", "a%01b"])
def test_what_can_be_no_name_is_refused(alice: Person, name: str) -> None:
    keep(alice, "kept")
    responses: list[Any] = [call(alice, method, f"/v2/entities/user/{name}/") for method in ("GET", "DELETE")]
    assert [response.status_code for response in responses] == [400, 400]
    assert left(alice) == ["kept"]
