"""Questions about the past: lists, searches and gets with `as_of` (what held then) and `known_at` (what was known)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loci.tenancy.context import tenant_tx
from memories.models import Memory, Revision
from memories.text import NOT_FOUND_BY
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.life import tick
from tests.memories.support import (
    APR,
    FEB,
    JAN,
    MAR,
    Json,
    call,
    delete,
    fact,
    get,
    keep,
    listed,
    lives_in,
    memory,
    post,
    put,
    relation,
    scripted_add,
    search,
    show_superseded,
    texts,
    verdicts,
)
from tests.memories.test_bound_keys import bound

BEFORE = "2026-01-01"
ALEX = {"user_id": "alex"}
DOG, VIOLIN = "Has a golden retriever called Rex", "Plays the violin in an orchestra"
Ask = Callable[..., list[Json]]


def moved(person: Person, llm: FakeLLM) -> str:
    """Alex lived in Rome from January, and lives in Oslo since March; returns the memory."""
    scripted_add(person, llm, lives_in("Rome"), timestamp=JAN)
    (result,) = scripted_add(person, llm, lives_in("Oslo"), timestamp=MAR)["results"]
    memory_id: str = result["id"]
    return memory_id


def then(person: Person, memory_id: str, **moment: str) -> Any:
    return get(person, f"/v1/memories/{memory_id}/?{urlencode(moment)}")


LISTS: dict[str, Ask] = {
    "v3": listed,
    "v2": lambda person, **given: post(person, "/v2/memories/", filters=ALEX, **given),
    "v1": lambda person, **given: get(person, f"/v1/memories/?{urlencode({**ALEX, **given})}"),
}
SEARCHES: dict[str, Ask] = {
    "v3": lambda person, **given: search(person, "Where does Alex live?", **given),
    "v2": lambda person, **given: post(person, "/v2/memories/search/", query="Lives in", filters=ALEX, **given),
    "v1": lambda person, **given: post(person, "/v1/memories/search/", query="Lives in", **ALEX, **given),
}


ASKS: list[Ask] = [*LISTS.values(), *SEARCHES.values()]


def test_lists_and_searches_of_all_generations_show_what_held(alice: Person, llm: FakeLLM) -> None:
    kept = moved(alice, llm)
    for ask in ASKS:
        (row,) = ask(alice, as_of=FEB)
        assert (row["id"], row["memory"]) == (kept, "Lives in Rome")
        assert (row["valid_from"][:7], row["valid_to"][:7]) == ("2026-01", "2026-03")
        (row,) = ask(alice, as_of=APR)
        assert (row["memory"], row["valid_from"][:7], row["valid_to"]) == ("Lives in Oslo", "2026-03", None)
        assert ask(alice, as_of=BEFORE) == []
        (row,) = ask(alice)
        assert row["memory"] == "Lives in Oslo"
        assert "valid_from" not in row


def test_lists_and_searches_of_all_generations_show_what_was_known(alice: Person, llm: FakeLLM) -> None:
    begun = tick()
    scripted_add(alice, llm, lives_in("Oslo"), timestamp=MAR)
    knew_oslo = tick()
    scripted_add(alice, llm, lives_in("Rome"), timestamp=JAN)
    for ask in ASKS:
        assert ask(alice, known_at=begun.isoformat()) == []
        assert [row["memory"] for row in ask(alice, known_at=knew_oslo.isoformat())] == ["Lives in Oslo"]
        assert ask(alice, known_at=knew_oslo.isoformat(), as_of=FEB) == []
        assert [row["memory"] for row in ask(alice, as_of=FEB)] == ["Lives in Rome"]


def test_one_memory_says_what_it_said(alice: Person, llm: FakeLLM) -> None:
    kept = moved(alice, llm)
    read = then(alice, kept, as_of=FEB)
    assert (read["memory"], read["valid_from"][:7], read["valid_to"][:7]) == ("Lives in Rome", "2026-01", "2026-03")
    assert read["hash"] != memory(alice, kept)["hash"]
    assert call(alice, "GET", f"/v1/memories/{kept}/?as_of={BEFORE}").status_code == 404
    assert then(alice, kept, asOf=APR)["memory"] == "Lives in Oslo"


@pytest.mark.parametrize("bad", ["soon", "2026-13-01", "99999999999999999999", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_a_time_that_is_none_is_refused(alice: Person, name: str, bad: str) -> None:
    kept = keep(alice, DOG)
    given = {"filters": ALEX, "query": "dog", name: bad}
    paths = [f"/{version}/memories/{rest}" for version in ("v2", "v3") for rest in ("", "search/")]
    answers = [call(alice, "POST", path, given) for path in [*paths, "/v1/memories/search/"]]
    answers += [call(alice, "GET", f"/v1/memories/{path}{name}={bad}") for path in ("?user_id=alex&", f"{kept}/?")]
    for answer in answers:
        assert answer.status_code == 400
        assert name in answer.json()


def test_a_time_is_a_moment_and_a_day_alone_its_first(alice: Person) -> None:
    keep(alice, DOG, timestamp="2026-02-10T00:00:00+01:00")
    assert texts(alice, as_of="2026-02-09") == []
    assert texts(alice, as_of="2026-02-10") == [DOG]
    assert texts(alice, as_of="2026-02-09T22:59:59.999999Z") == []
    assert texts(alice, as_of="2026-02-10T00:00+01:00") == [DOG]
    assert texts(alice, as_of=datetime(2026, 2, 9, 22, tzinfo=UTC).timestamp()) == []
    assert texts(alice, as_of=datetime(2026, 2, 9, 23, tzinfo=UTC).timestamp()) == [DOG]


@pytest.mark.parametrize(
    ("old", "new"), [("Which dog does he own?", "Which instrument does he play?"), ("Rex", "orchestra")]
)
def test_a_search_of_the_past_finds_by_the_text_of_then_and_not_by_that_of_now(
    alice: Person, old: str, new: str
) -> None:
    kept = keep(alice, DOG, timestamp=JAN)
    put(alice, kept, text=VIOLIN)
    assert [hit["memory"] for hit in search(alice, old, threshold=0.3, as_of=FEB)] == [DOG]
    assert search(alice, new, threshold=0.3, as_of=FEB) == []
    assert [hit["memory"] for hit in search(alice, new, threshold=0.3)] == [VIOLIN]
    assert search(alice, old, threshold=0.3) == []


def test_the_score_of_then_is_that_which_a_search_had_then(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Likes green tea", timestamp="2026-01-05T12:00:00+00:00")
    kept = keep(alice, DOG, timestamp=JAN)
    had = [(hit["memory"], hit["score"], hit["score_breakdown"]) for hit in search(alice, "Which dog?", threshold=0)]
    known_at = tick().isoformat()
    put(alice, kept, text=VIOLIN)
    scripted_add(alice, llm, fact("Has a cat"))
    moments: list[Json] = [{"as_of": FEB}, {"known_at": known_at}]
    for moment in moments:
        hits = search(alice, "Which dog?", threshold=0, **moment)
        assert [(hit["memory"], hit["score"], hit["score_breakdown"]) for hit in hits] == had


def test_each_way_to_say_something_of_the_past_is_found(alice: Person, llm: FakeLLM) -> None:
    kept = scripted_add(alice, llm, lives_in("Berlin"), timestamp=APR)["results"][0]["id"]
    late = [scripted_add(alice, llm, lives_in("Rome"), timestamp=at) for at in (JAN, MAR)]
    assert [verdicts(event) for event in late] == [["earlier"], ["duplicate"]]
    scripted_add(alice, llm, lives_in("Oslo"), timestamp=FEB)
    for at, city in ((JAN, "Rome"), (FEB, "Oslo"), (MAR, "Rome"), (APR, "Berlin")):
        assert [(hit["id"], hit["memory"]) for hit in search(alice, city, as_of=at)] == [(kept, f"Lives in {city}")]


def test_what_was_untrue_later_held_until_then(alice: Person, llm: FakeLLM) -> None:
    old = keep(alice, "Is looking for a flat", timestamp=JAN)
    (new, _) = scripted_add(alice, llm, fact("Has found a flat", **relation("replaces")), timestamp=MAR)["results"]
    (row,) = listed(alice, as_of=FEB)
    assert (row["id"], row["memory"], row["replaced_by"]) == (old, "Is looking for a flat", new["id"])
    assert [hit["memory"] for hit in search(alice, "flat", as_of=FEB)] == ["Is looking for a flat"]
    assert texts(alice, as_of=MAR) == ["Has found a flat"]
    assert sorted(texts(alice, as_of=MAR, include_superseded=True)) == ["Has found a flat", "Is looking for a flat"]
    assert texts(alice, as_of=FEB, include_superseded=True) == ["Is looking for a flat"]
    show_superseded(alice)
    assert len(texts(alice, as_of=MAR)) == 2
    assert texts(alice, as_of=MAR, latest_only=True) == ["Has found a flat"]
    assert then(alice, old, as_of=APR)["memory"] == "Is looking for a flat"


def test_what_is_changed_by_hand_after_it_was_untrue_does_not_hold_again(alice: Person, llm: FakeLLM) -> None:
    old = keep(alice, "Is looking for a flat", timestamp=JAN)
    scripted_add(alice, llm, fact("Has found a flat", **relation("replaces")), timestamp=MAR)
    put(alice, old, text="Was looking for a flat")
    assert texts(alice, as_of=FEB) == ["Is looking for a flat"]
    assert texts(alice, as_of=timezone.now().isoformat()) == ["Has found a flat"]
    assert memory(alice, old)["memory"] == then(alice, old, as_of="2099-01-01")["memory"] == "Was looking for a flat"


def test_expiration_is_judged_by_the_day_that_is_asked_about(alice: Person) -> None:
    keep(alice, DOG, timestamp=JAN, expiration_date="2026-02-10")
    assert texts(alice) == []
    assert texts(alice, as_of=FEB) == [DOG]
    assert texts(alice, as_of="2026-02-11") == []
    assert texts(alice, as_of="2026-02-11", show_expired=True) == [DOG]
    assert [hit["memory"] for hit in search(alice, "dog", as_of=FEB, reference_date=MAR)] == [DOG]


def test_a_deleted_text_is_gone_from_the_past_too(alice: Person) -> None:
    kept = keep(alice, DOG, timestamp=JAN)
    put(alice, kept, text=VIOLIN)
    known_at = tick().isoformat()
    delete(alice, f"/v1/memories/{kept}/")
    moments: list[Json] = [{"as_of": FEB}, {"known_at": known_at}]
    for moment in moments:
        assert texts(alice, **moment) == []
        assert search(alice, "dog violin", threshold=0, **moment) == []
        assert call(alice, "GET", f"/v1/memories/{kept}/?{urlencode(moment)}").status_code == 404
    with tenant_tx(alice.tenant):
        left = Revision.objects.filter(memory=kept)
        assert {tuple(row) for row in left.values_list("text", *NOT_FOUND_BY)} == {("", *NOT_FOUND_BY.values())}


def test_only_texts_that_are_said_no_more_are_kept_with_their_vectors(alice: Person, llm: FakeLLM) -> None:
    plain, edited = keep(alice, DOG), keep(alice, "Likes tea")
    put(alice, edited, text="Likes tea")
    with tenant_tx(alice.tenant):
        assert not Revision.objects.filter(embedding__isnull=False).exists()
    put(alice, edited, text="Likes coffee")
    scripted_add(alice, llm, fact("Likes strong coffee", **relation("refines", 0)))
    with tenant_tx(alice.tenant):
        kept = Revision.objects.filter(embedding__isnull=False)
        assert set(kept.exclude(text=F("memory__text")).values_list("memory_id", "text")) == set(
            Revision.objects.exclude(text=F("memory__text")).values_list("memory_id", "text")
        )
        assert not kept.filter(text=F("memory__text")).exclude(memory__text="Likes tea").exists()
    assert memory(alice, plain)["memory"] in {DOG, "Likes strong coffee"}


def test_filters_compare_the_text_of_then_and_all_else_of_now(alice: Person) -> None:
    kept = keep(alice, DOG, timestamp=JAN, metadata={"pet": True})
    put(alice, kept, text=VIOLIN, metadata={"pet": False})
    for words, found in (("Rex", [DOG]), ("violin", [])):
        for key in ("text", "keywords", "keywords_search"):
            assert texts(alice, {**ALEX, key: {"contains": words}}, as_of=FEB) == found
        assert texts(alice, as_of=FEB, keywords=words) == found
    assert texts(alice, {**ALEX, "metadata": {"pet": False}}, as_of=FEB) == [DOG]
    assert texts(alice, {**ALEX, "metadata": {"pet": True}}, as_of=FEB) == []
    every = {"created_at": {"lt": FEB}, "memory_ids": [kept], "NOT": {"categories": {"in": ["x"]}}}
    assert texts(alice, {"OR": [{**ALEX, **every}, {"agent_id": "ada"}]}, as_of=FEB) == [DOG]


def test_what_was_judged_of_one_text_is_not_said_of_another(alice: Person, llm: FakeLLM) -> None:
    judged = {"importance": 5, "topics": ["Rex"], "lifetime": "temporary"}
    kept = scripted_add(alice, llm, fact(DOG), timestamp=JAN)["results"][0]["id"]
    scripted_add(alice, llm, fact("Rex is old", **relation("refines"), **judged), timestamp=MAR)
    assert {name: then(alice, kept, as_of=APR)[name] for name in judged} == judged
    assert {name: then(alice, kept, as_of=FEB)[name] for name in judged} == {
        "importance": None,
        "topics": [],
        "lifetime": "lasting",
    }


def test_the_past_comes_in_pages_newest_first(alice: Person) -> None:
    for number in range(5):
        kept = keep(alice, f"Said {number}", timestamp=f"2026-01-1{number}")
        put(alice, kept, text=f"Says {number}")
    keep(alice, "Said later", timestamp=MAR)
    pages = [
        post(alice, "/v3/memories/", filters=ALEX, as_of=FEB, page=page, page_size=2, fields=["memory", "valid_to"])
        for page in (1, 2, 3)
    ]
    assert [page["count"] for page in pages] == [5, 5, 5]
    shown = [[row["memory"] for row in page["results"]] for page in pages]
    assert shown == [["Said 4", "Said 3"], ["Said 2", "Said 1"], ["Said 0"]]
    assert {frozenset(row) for page in pages for row in page["results"]} == {frozenset({"id", "memory", "valid_to"})}


def test_texts_replaced_before_their_vectors_were_kept_are_listed_and_not_found(alice: Person) -> None:
    kept = keep(alice, DOG, timestamp=JAN)
    keep(alice, "Likes green tea", timestamp=JAN)
    put(alice, kept, text=VIOLIN)
    with tenant_tx(alice.tenant):
        Revision.objects.update(**NOT_FOUND_BY)
    assert set(texts(alice, as_of=FEB)) == {DOG, "Likes green tea"}
    assert [hit["memory"] for hit in search(alice, "dog violin tea", threshold=0, as_of=FEB)] == ["Likes green tea"]
    assert len(search(alice, "dog violin tea", threshold=0)) == 2


def test_a_bound_key_sees_its_own_past_alone(alice: Person) -> None:
    keep(alice, "Alex likes tea", timestamp=JAN)
    of_blake = keep(alice, "Blake likes tea", user_id="blake", timestamp=JAN)
    put(alice, of_blake, text="Blake likes coffee")
    alex, everyone = bound(alice, "user:alex"), {"user_id": "*"}
    assert texts(alex, everyone, as_of=FEB) == ["Alex likes tea"]
    assert [hit["memory"] for hit in search(alex, "likes tea", everyone, as_of=FEB)] == ["Alex likes tea"]
    assert call(alex, "GET", f"/v1/memories/{of_blake}/?as_of={urlencode({'': FEB})[1:]}").status_code == 404


def test_a_server_whose_clock_is_behind_never_makes_two_texts_known_at_once(alice: Person, llm: FakeLLM) -> None:
    kept = moved(alice, llm)
    ahead = timezone.now() + timedelta(minutes=5)
    with tenant_tx(alice.tenant):
        believed = Revision.objects.filter(memory=kept, recorded_to=None)
        Revision.objects.filter(memory=kept, recorded_to__gt=JAN).update(recorded_to=ahead)
        believed.update(recorded_from=ahead)
    put(alice, kept, text="Lives in Lima")
    scripted_add(alice, llm, lives_in("Bonn"), timestamp=FEB)
    for known_at in (ahead - timedelta(minutes=1), ahead, ahead + timedelta(minutes=1)):
        for as_of in (JAN, FEB, MAR, timezone.now().isoformat()):
            assert len(texts(alice, known_at=known_at.isoformat(), as_of=as_of)) <= 1


def test_a_question_about_the_past_is_one_statement_and_one_about_now_reads_no_revision(alice: Person) -> None:
    kept = keep(alice, DOG, timestamp=JAN)
    asked: list[tuple[str, str, Json | None]] = [
        ("POST", "/v3/memories/search/", {"query": "dog", "filters": ALEX}),
        ("POST", "/v3/memories/", {"filters": ALEX}),
        ("GET", f"/v1/memories/{kept}/", None),
    ]
    for method, path, body in asked:
        now = read_by(alice, method, path, body)
        past = read_by(alice, method, *((path, {**body, "as_of": FEB}) if body else (f"{path}?as_of=2026-02-10", None)))
        assert (len(now), len(past)) == (1, 1)
        assert "revision" not in now[0]


def read_by(person: Person, method: str, path: str, body: Json | None) -> list[str]:
    """Returns the statements of a request that read memories."""
    with CaptureQueriesContext(connection) as captured:
        assert call(person, method, path, body).status_code == 200
    connection.close()
    return [query["sql"] for query in captured if "memory" in query["sql"]]


def test_what_the_memory_itself_says_is_left_alone(alice: Person, llm: FakeLLM) -> None:
    kept = moved(alice, llm)
    then(alice, kept, as_of=FEB)
    search(alice, "Rome", as_of=FEB)
    with tenant_tx(alice.tenant):
        assert Memory.objects.get(id=kept).text == "Lives in Oslo"
