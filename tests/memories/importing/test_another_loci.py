"""A project of a running Loci is taken over through its API, and says the same afterwards."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone

from loci.tenancy.context import tenant_tx
from memories.models import Memory
from tests.conftest import Person, SetUp, make_person
from tests.fakes.llm import FakeLLM
from tests.memories.importing.support import everything, past, run_import
from tests.memories.support import (
    FEB,
    JAN,
    Json,
    call,
    delete,
    fact,
    get,
    keep,
    lives_in,
    memory,
    put,
    relation,
    scripted_add,
    search,
    texts,
)


@pytest.fixture
def filled(set_up: SetUp, llm: FakeLLM) -> Person:
    """Alice's project has a memory of every kind, among them a changed one, a superseded one and a late one."""
    return set_up("a memory of every kind", partial(with_every_kind, llm))


def with_every_kind(llm: FakeLLM) -> Person:
    alice = make_person("alice@example.com")
    vet = {"agent_id": "vet", "name": "The vet", "metadata": {"room": 7}}
    assert call(alice, "POST", "/v1/agents/", vet).status_code == 201
    keep(alice, "Is looking for a flat", timestamp=JAN)
    scripted_add(alice, llm, fact("Has found a flat", categories=["housing"], **relation("replaces")), timestamp=FEB)
    dog = keep(alice, "Has a dog", agent_id="vet", run_id="visit", metadata={"pet": True}, timestamp=JAN)
    put(alice, dog, text="Has two dogs", metadata={"pets": 2})
    scripted_add(alice, llm, lives_in("Berlin"), user_id="mary", timestamp=FEB)
    scripted_add(alice, llm, lives_in("Oslo"), user_id="mary", timestamp=JAN)
    edge = {"source": "user", "relation": "works at", "target": "Acme"}
    judged = {"event_time": "2026-01-01", "lifetime": "temporary", "importance": 4, "topics": ["Acme"]}
    scripted_add(alice, llm, fact("Works at Acme", relations=[edge], **judged), user_id="mary", timestamp=FEB)
    keep(alice, "Is on holiday", expiration_date=str((timezone.now() - timedelta(days=3)).date()))
    keep(alice, "Was born in Rome", user_id="mary", immutable=True)
    delete(alice, f"/v1/memories/{keep(alice, 'Is forgotten')}/")
    return alice


def without_owner(row: Json) -> Json:
    return {name: value for name, value in row.items() if name not in {"owner", "organization", "id", "total_memories"}}


def test_a_project_of_another_loci_comes_whole(filled: Person, bob: Person, web: str, key_file: Path) -> None:
    key_file.write_text(f"{filled.key}\n")
    ended = run_import(bob, web, "--key-file", key_file)
    assert (ended.code, ended.complaints) == (0, [])
    assert (ended.count("imported"), ended.count("already there")) == (7, 0)

    assert everything(bob) == everything(filled)
    assert texts(bob) == texts(filled) == ["Has found a flat", "Has two dogs"]
    for row in everything(filled):
        assert memory(bob, row["id"]) == memory(filled, row["id"])
        assert past(bob, row["id"]) == past(filled, row["id"])
    query = "Which animals are at home?"
    assert search(bob, query) == search(filled, query)
    mine, theirs = (get(person, "/v1/entities/")["results"] for person in (filled, bob))
    assert sorted(map(str, map(without_owner, mine))) == sorted(map(str, map(without_owner, theirs)))


def test_a_second_import_changes_nothing(filled: Person, bob: Person, web: str, key_file: Path) -> None:
    key_file.write_text(filled.key)
    run_import(bob, web, "--key-file", key_file)
    before = [(row, past(bob, row["id"])) for row in everything(bob)]
    ended = run_import(bob, web, "--key-file", key_file)
    assert (ended.code, ended.count("imported"), ended.count("already there")) == (0, 0, 7)
    assert [(row, past(bob, row["id"])) for row in everything(bob)] == before


def test_what_changed_since_is_kept_here_and_listed(filled: Person, bob: Person, web: str, key_file: Path) -> None:
    key_file.write_text(filled.key)
    run_import(bob, web, "--key-file", key_file)
    changed, gone = (row["id"] for row in everything(bob) if row["memory"] in {"Has found a flat", "Has two dogs"})
    put(bob, changed, text="Owns a flat")
    delete(bob, f"/v1/memories/{gone}/")
    ended = run_import(bob, web, "--key-file", key_file)
    assert (ended.code, ended.count("imported"), ended.count("skipped")) == (1, 0, 2)
    assert set(ended.complaints) == {
        f"{changed}: Its id is that of a memory with another text here.",
        f"{gone}: It was deleted here.",
        "Skipped 2; the reasons are above.",
    }
    assert texts(bob) == ["Owns a flat"]


def test_one_user_can_be_imported_alone(filled: Person, bob: Person, web: str, key_file: Path) -> None:
    key_file.write_text(filled.key)
    ended = run_import(bob, web, "--key-file", key_file, "--user", "mary")
    assert (ended.code, ended.count("imported")) == (0, 3)
    assert {row["user_id"] for row in everything(bob)} == {"mary"}
    assert [row["name"] for row in get(bob, "/v1/entities/")["results"]] == ["mary"]


def test_a_dry_run_counts_and_changes_nothing(filled: Person, bob: Person, web: str, key_file: Path) -> None:
    key_file.write_text(filled.key)
    ended = run_import(bob, web, "--key-file", key_file, "--dry-run")
    assert (ended.code, ended.count("to import")) == (0, 7)
    assert get(bob, "/v1/entities/")["count"] == 0
    with tenant_tx(bob.tenant):
        assert not Memory.objects.exists()
