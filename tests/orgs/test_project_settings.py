"""The settings of a project (contract.md §10), by `manage.py project` and over REST, and what they change."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loci.tenancy.context import org_tx
from orgs.models import AuditEntry, Project
from orgs.project_settings import DEFAULTS
from tests.conftest import Person
from tests.fakes.llm import FakeLLM, data_of
from tests.fakes.settings import use
from tests.memories.support import add, call, get, ok
from tests.orgs.support import project_of

CRITERION = {"name": "joy", "description": "How joyful it is.", "weight": 2.5}
ACCEPTED = {
    "custom_instructions": "Leave out prices.",
    "agent_custom_instructions": "Note what was promised.",
    "update_custom_instructions": "Keep names.",
    "summary_custom_instructions": "Be brief.",
    "inclusion_prompt": "Travel only.",
    "exclusion_prompt": "Health.",
    "custom_categories": [{"food": "What they eat."}, {"sports": ""}],
    "retrieval_criteria": [CRITERION],
    "usecase": "support",
    "memory_depth": "deep",
    "summary_batch_size": 10,
    "summary_max_tokens": 500,
    "expiration_date": "2030-01-31",
    "active_prompt_profile": "default",
    "version": "v3",
    "enable_graph": True,
    "multilingual": False,
    "forget_on_request": True,
    "redact_pii": True,
    "suspicious_content": "quarantine",
    "review_negative_feedback": "negative",
    "consolidation": "propose",
    "decay": True,
}
OWN = {"add_wait_ms": 60_000, "v1_is_synchronous": True, "shows_superseded": True, "attribution": "speaker"}
REFUSED: dict[str, list[Any]] = {
    "custom_instructions": ["x" * 20_001, ["x" * 20_000, "x"], {"a": 1}, [1], True],
    "custom_categories": [
        "food",
        {"food": "What they eat."},
        [1],
        [{"": "nothing"}],
        [{"food": 1}],
        [{"food": "x" * 1_001}],
        ["x" * 101],
        [f"category {number}" for number in range(101)],
    ],
    "retrieval_criteria": [[{"name": "joy"}], [{**CRITERION, "weight": "much"}], [CRITERION] * 21, CRITERION],
    "summary_batch_size": [0, 1_001, "many"],
    "summary_max_tokens": [0, 100_001],
    "expiration_date": ["tomorrow", "2030-02-31"],
    "version": ["v9"],
    "suspicious_content": ["burn", ["flag"]],
    "review_negative_feedback": ["positive", True],
    "consolidation": ["merge", ["apply"]],
    "decay": ["perhaps", {}],
    "memory_depth": [[], "x" * 20_001],
    "add_wait_ms": [-1, 60_001],
    "attribution": ["nobody"],
    "name": ["x" * 201, []],
    "description": ["x" * 5_001],
}


def settings_of(person: Person, *options: str) -> str:
    shown = StringIO()
    call_command("project", person.project_id, *options, stdout=shown)
    return shown.getvalue()


def change(person: Person, **settings: Any) -> Any:
    """Changes settings and returns the project."""
    answer = ok(call(person, "PATCH", project_of(person), settings))
    assert answer == {"message": "Project updated successfully"}
    return get(person, project_of(person))


def kept_by(person: Person) -> Any:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return Project.objects.get(id=person.tenant.project_id).settings


def v1_add(person: Person, **parameters: Any) -> Any:
    body = {"messages": "I live in Rome.", "user_id": "alex", **parameters}
    return ok(call(person, "POST", "/v1/memories/", body))


@pytest.fixture
def llm() -> Iterator[FakeLLM]:
    """A scripted model, in place of the offline extractor."""
    with FakeLLM() as server, use(server):
        yield server


def test_every_setting_of_the_contract_is_tried_here() -> None:
    assert set(ACCEPTED) == set(DEFAULTS)


@pytest.mark.parametrize("name", [*ACCEPTED, *OWN])
def test_a_setting_is_kept_and_no_other_is_changed(alice: Person, name: str) -> None:
    before = get(alice, project_of(alice))
    value = {**ACCEPTED, **OWN}[name]

    after = change(alice, **{name: value})

    assert after == {**before, name: value, "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
def test_null_and_an_empty_text_put_every_setting_of_the_contract_back(alice: Person, nothing: Any) -> None:
    change(alice, **ACCEPTED, description="Conversations with customers.")
    after = change(alice, **dict.fromkeys(ACCEPTED, nothing), description=nothing)
    assert {name: after[name] for name in DEFAULTS} == DEFAULTS
    assert after["description"] is None
    assert kept_by(alice) == {}


def test_of_our_own_settings_and_the_name_null_changes_nothing(alice: Person) -> None:
    before = change(alice, **OWN, name="Support")
    assert change(alice, **dict.fromkeys([*OWN, "name"])) == before


def test_a_change_of_nothing_that_is_known_changes_nothing(alice: Person) -> None:
    before = get(alice, project_of(alice))
    assert change(alice, colour="red") == before


def test_only_what_differs_from_the_default_is_kept(alice: Person) -> None:
    change(alice, decay=True, version="v2", summary_batch_size=50, custom_categories=[])
    assert kept_by(alice) == {"decay": True}


def test_the_camel_case_of_javascript_is_understood(alice: Person) -> None:
    after = change(alice, customInstructions="Be brief.", customCategories=["food"], usecaseSetting=3)
    assert after["custom_instructions"] == "Be brief."
    assert after["custom_categories"] == [{"food": ""}]
    assert after["usecase"] == "3"


def test_instructions_may_be_a_list_of_lines(alice: Person) -> None:
    assert change(alice, custom_instructions=["One.", "Two."])["custom_instructions"] == "One.\nTwo."


def test_categories_may_be_bare_names_and_objects_of_several(alice: Person) -> None:
    after = change(alice, custom_categories=["food", {"sports": "What they play.", "music": "What they hear."}])
    assert after["custom_categories"] == [
        {"food": ""},
        {"sports": "What they play."},
        {"music": "What they hear."},
    ]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_a_wrong_value_is_said_by_field_and_nothing_is_changed(alice: Person, name: str, value: Any) -> None:
    before = get(alice, project_of(alice))
    response = call(alice, "PATCH", project_of(alice), {"decay": True, name: value})
    assert response.status_code == 400
    assert set(response.json()) == {name, "detail", "request_id"}
    assert get(alice, project_of(alice)) == before


def test_a_change_is_audited_by_the_names_of_settings(alice: Person) -> None:
    change(alice, custom_instructions="Something private.", decay=True)
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.details) == ("project.update", {"changed": ["custom_instructions", "decay"]})


def test_the_extractor_heeds_what_the_project_says(alice: Person, llm: FakeLLM) -> None:
    change(
        alice,
        custom_instructions="Leave out prices.",
        agent_custom_instructions="Note promises.",
        inclusion_prompt="Travel.",
        exclusion_prompt="Health.",
        custom_categories=[{"food": "What they eat."}, "sports"],
    )
    add(alice, "I live in Rome.")
    assert data_of(llm.requests[-1])["instructions"] == {
        "custom_instructions": "Leave out prices.",
        "agent_custom_instructions": "Note promises.",
        "includes": "Travel.",
        "excludes": "Health.",
        "categories": {"food": "What they eat.", "sports": ""},
    }


def test_what_an_add_brings_goes_before_what_the_project_says(alice: Person, llm: FakeLLM) -> None:
    change(alice, custom_instructions="Leave out prices.", custom_categories=["food"])
    add(alice, "I live in Rome.", custom_categories=["travel"])
    instructions = data_of(llm.requests[-1])["instructions"]
    assert (instructions["custom_instructions"], instructions["categories"]) == ("Leave out prices.", {"travel": ""})


def test_the_bundled_extractor_leaves_out_what_the_project_excludes(alice: Person) -> None:
    change(alice, exclusion_prompt="any health information")
    results = add(alice, "I live in Rome. I'm allergic to walnuts.")["results"]
    assert [result["memory"] for result in results] == ["Lives in Rome"]


def test_what_an_add_waits_for_is_set_over_rest_too(alice: Person) -> None:
    change(alice, v1_is_synchronous=True)
    assert [item["memory"] for item in v1_add(alice)] == ["Lives in Rome"]


def test_the_settings_are_shown(alice: Person) -> None:
    shown = settings_of(alice)
    assert "attribution = both" in shown
    assert "v1_is_synchronous = False" in shown


def test_a_setting_is_kept(alice: Person, bob: Person) -> None:
    assert "attribution = speaker" in settings_of(alice, "--attribution", "speaker")
    assert "attribution = speaker" in settings_of(alice, "--add-wait-ms", "10")
    assert "attribution = both" in settings_of(bob)


@pytest.mark.parametrize("options", [["--attribution", "nobody"], ["--add-wait-ms", "-1"], ["--add-wait-ms", "99999"]])
def test_a_wrong_setting_is_refused(alice: Person, options: list[str]) -> None:
    with pytest.raises(CommandError):
        settings_of(alice, *options)


def test_an_unknown_project_is_said_so(database: None) -> None:
    with pytest.raises(CommandError, match="There is no project proj_nothing"):
        call_command("project", "proj_nothing")


def test_a_v1_add_may_wait_for_its_memories(alice: Person) -> None:
    assert [item["status"] for item in v1_add(alice)] == ["PENDING"]
    settings_of(alice, "--v1-is-synchronous")
    assert [item["memory"] for item in v1_add(alice, user_id="bea")] == ["Lives in Rome"]
    assert [item["status"] for item in v1_add(alice, user_id="cleo", async_mode=True)] == ["PENDING"]
