"""A profile does not keep what was deleted, whatever happens at the same time (design.md §2, Deleting)."""

from loci.tenancy.context import tenant_tx
from memories.models import Profile
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.profiles.support import (
    SCHEMA,
    answer,
    ask,
    enable,
    generate,
    generation,
    profile,
    trigger,
    work,
)
from tests.memories.support import Json, call, delete, keep, ok

HOME = {"type": "object", "properties": {"home": {"type": "string"}}}


def test_deleting_a_memory_empties_the_profile(alice: Person, llm: FakeLLM) -> None:
    berlin = keep(alice, "Lives in Berlin")
    keep(alice, "Likes tea")
    keep(alice, "Lives in Rome", user_id="blake")
    enable(alice, schema=HOME)
    llm.script(answer(home="Berlin"), answer(home="Rome"))
    generate(alice)
    generate(alice, "blake")
    delete(alice, f"/v1/memories/{berlin}/")
    found = profile(alice)
    assert (found["profile"], found["status"], found["generation_count"]) == ({}, "pending", 1)
    assert profile(alice, "blake")["profile"] == {"home": "Rome"}


def test_a_memory_that_is_deleted_while_the_model_writes_is_in_no_profile(alice: Person, llm: FakeLLM) -> None:
    berlin = keep(alice, "Lives in Berlin")
    keep(alice, "Likes tea")
    enable(alice, schema=HOME)
    seen: list[Json] = []

    def answers(data: Json) -> Json:
        seen.append(data)
        if len(seen) == 1:
            delete(alice, f"/v1/memories/{berlin}/")
        return answer(home=" ".join(row["text"] for row in data["memories"]))

    llm.answers = answers
    assert generate(alice)["profile"] == {"home": "Likes tea"}
    assert len(seen) == 2


def test_a_user_who_is_erased_while_the_model_writes_gets_no_profile(alice: Person, llm: FakeLLM) -> None:
    keep(alice, "Lives in Berlin")
    enable(alice, schema=HOME)

    def answers(_: Json) -> Json:
        delete(alice, "/v2/entities/user/alex/")
        return answer(home="Berlin")

    llm.answers = answers
    started = trigger(alice)
    work(alice)
    assert generation(alice, started)["skipped"] == 1
    with tenant_tx(alice.tenant):
        assert not Profile.objects.exists()


def test_an_erased_user_has_no_profile_and_is_named_by_no_kept_answer(alice: Person) -> None:
    keep(alice, "Lives in Berlin")
    enable(alice, schema=SCHEMA)
    asked = {"operation": "sample", "entity_type": "user"}
    assert ok(ask(alice, asked, "one"))["entity_ids"] == ["alex"]
    work(alice)
    delete(alice, "/v2/entities/user/alex/")
    assert ask(alice, asked, "one").status_code == 410
    assert call(alice, "GET", "/v2/entities/user/alex/profile/").status_code == 404
    with tenant_tx(alice.tenant):
        assert not Profile.objects.exists()
