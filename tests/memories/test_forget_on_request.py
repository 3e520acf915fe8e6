"""Memories that a speaker asks to have forgotten, where the project allows that (contract.md §5.1)."""

from loci.tenancy.context import tenant_tx
from orgs.models import Project
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, data_of
from tests.memories.support import add, call, fact, history, keep, memory, scripted_add, texts, verdicts

FORGET = "Please forget that I like olives."


def allow_forgetting(person: Person) -> None:
    path = f"/api/v1/orgs/organizations/{person.org_id}/projects/{person.project_id}/"
    assert call(person, "PATCH", path, {"forget_on_request": True}).status_code == 200


def test_what_a_user_asks_to_forget_is_forgotten_with_its_copies(alice: Person, llm: FakeLLM) -> None:
    allow_forgetting(alice)
    event = scripted_add(alice, llm, fact("Likes olives"), fact("Likes tea"))
    olives = event["results"][0]["id"]
    llm.script({"facts": [], "forgotten": [0]})
    asked = add(alice, FORGET)
    assert verdicts(asked) == ["forgotten"]
    assert [(item["id"], item["event"], item["memory"]) for item in asked["results"]] == [(olives, "DELETE", "")]
    assert call(alice, "GET", f"/v1/memories/{olives}/").status_code == 404
    assert [entry["event"] for entry in history(alice, olives)][-1] == "DELETE"
    assert texts(alice) == ["Likes tea"]
    add(alice, "Hello")
    assert "olives" not in str(data_of(llm.requests[-1]))


def test_without_the_projects_leave_nothing_is_forgotten(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, fact("Likes olives"))
    llm.script({"facts": [], "forgotten": [0]})
    assert verdicts(add(alice, FORGET)) == []
    assert texts(alice) == ["Likes olives"]


def test_only_a_user_may_ask_and_only_for_candidates_of_the_scope(alice: Person, llm: FakeLLM) -> None:
    allow_forgetting(alice)
    scripted_add(alice, llm, fact("Likes olives"))
    llm.answers = lambda data: {"facts": [], "forgotten": list(range(50))}
    add(alice, [{"role": "tool", "content": FORGET}])
    add(alice, FORGET, user_id="somebody else")
    assert texts(alice) == ["Likes olives"]


def test_an_immutable_memory_is_not_forgotten(alice: Person, llm: FakeLLM) -> None:
    allow_forgetting(alice)
    kept = keep(alice, "Likes olives", immutable=True)
    llm.script({"facts": [], "forgotten": [0]})
    assert verdicts(add(alice, FORGET)) == []
    assert memory(alice, kept)["memory"] == "Likes olives"


def test_the_leave_is_a_setting_of_the_project(alice: Person) -> None:
    allow_forgetting(alice)
    with tenant_tx(alice.tenant):
        assert Project.objects.get(id=alice.tenant.project_id).settings == {"forget_on_request": True}
