"""The settings of profiles: a schema that is safe to check, and names that stay as they are (contract.md §12)."""

from typing import Any

import pytest

from loci.tenancy.context import org_tx
from orgs.models import AuditEntry
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.profiles.support import SCHEMA, SETTINGS, enable
from tests.memories.support import Json, call, get, ok


def test_a_new_project_has_no_profiles(alice: Person) -> None:
    assert get(alice, SETTINGS) == {
        "enabled": False,
        "entities": {"user": {"schema": None, "custom_instructions": None}},
        "capabilities": {"method": "deterministic", "sample_limit": 10, "sample_pause_seconds": 60},
    }


def test_what_is_given_is_changed_and_the_rest_stays(alice: Person, bob: Person) -> None:
    assert enable(alice, schema=SCHEMA)["entities"]["user"] == {"schema": SCHEMA, "custom_instructions": None}
    body = {"entities": {"user": {"customInstructions": "In German."}}}
    changed = ok(call(alice, "POST", SETTINGS, body))
    assert (changed["enabled"], changed["entities"]) == (
        True,
        {"user": {"schema": SCHEMA, "custom_instructions": "In German."}},
    )
    assert get(alice, SETTINGS) == changed
    assert not get(bob, SETTINGS)["enabled"]
    with org_tx(alice.tenant.org_id):  # type: ignore[arg-type]  # a person's tenant has its organization
        entries = AuditEntry.objects.filter(action="profiles.update").order_by("number")
        assert [entry.details["changed"] for entry in entries] == [
            ["enabled", "user_schema"],
            ["user_instructions"],
        ]


def test_null_clears(alice: Person) -> None:
    enable(alice, schema=SCHEMA, custom_instructions="In German.")
    cleared = enable(alice, schema=None, custom_instructions=None)
    assert cleared["entities"]["user"] == {"schema": None, "custom_instructions": None}


def test_with_a_model_it_says_so(alice: Person, llm: FakeLLM) -> None:
    assert get(alice, SETTINGS)["capabilities"]["method"] == "llm"


@pytest.mark.parametrize(
    "body",
    [
        {"schema": SCHEMA},
        {"custom_instructions": "In German."},
        {"enabledd": True},
        {"entities": {"agent": {"schema": SCHEMA}}},
        {"entities": {"user": {"shema": SCHEMA}}},
        {"entities": []},
        {"entities": {"user": [1]}},
    ],
    ids=str,
)
def test_what_is_no_setting_is_refused(alice: Person, body: Json) -> None:
    refused = call(alice, "POST", SETTINGS, body)
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("Unsupported settings")
    assert not get(alice, SETTINGS)["enabled"]


@pytest.mark.parametrize(
    "user",
    [
        {"schema": "text"},
        {"schema": []},
        {"schema": {"type": "array"}},
        {"schema": {"type": "object", "properties": 5}},
        {"custom_instructions": 5 * [""]},
        {"custom_instructions": "x" * 10_001},
    ],
    ids=lambda user: str(user)[:50],
)
def test_a_wrong_setting_is_refused_and_changes_nothing(alice: Person, user: Any) -> None:
    refused = call(alice, "POST", SETTINGS, {"enabled": True, "entities": {"user": user}})
    assert refused.status_code == 400
    assert not get(alice, SETTINGS)["enabled"]
