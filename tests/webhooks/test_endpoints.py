"""Webhooks over REST, as the contract has them (contract.md §2, §11)."""

from typing import Any

import pytest

from tests.conftest import Person
from tests.memories.support import call, delete, get
from tests.orgs.support import member_of, project_of, signed_in, with_restricted_key
from tests.webhooks.support import (
    GIVEN,
    OF_PROJECT,
    WEBHOOKS,
    Json,
    change,
    change_deliveries,
    change_endpoints,
    deliveries,
    endpoint_row,
    make,
    one,
    subscribe,
)
from webhooks.services.endpoints import MAX_ENDPOINTS, TOO_MANY
from webhooks.signing_secrets import SECRET_BYTES


def refused(person: Person, method: str, path: str, body: Json | None = None, *, status: int = 400) -> Json:
    response = call(person, method, path, body)
    assert response.status_code == status, response.content
    answer: Json = response.json()
    assert answer["detail"]
    return answer


def test_a_webhook_is_made_listed_changed_and_deleted(alice: Person) -> None:
    made = make(alice)
    assert made["webhook_id"].startswith("wh_")
    assert {name: made[name] for name in GIVEN} == GIVEN
    assert (made["is_active"], made["owner"], made["project"]) == (True, "alice", get(alice, project_of(alice))["name"])
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert get(alice, OF_PROJECT) == [shown]
    assert get(alice, one(made)) == shown
    assert change(alice, made, name="Staging") == {"message": "Webhook updated successfully"}
    assert get(alice, one(made))["name"] == "Staging"
    assert delete(alice, one(made)) == {"message": "Webhook deleted successfully"}
    assert get(alice, OF_PROJECT) == []
    assert refused(alice, "GET", one(made), status=404)["error"] == "Webhook not found"


@pytest.mark.parametrize("project", ["null", "undefined", "mine"])
def test_the_project_of_the_address_is_the_keys_own(alice: Person, project: str) -> None:
    path = f"{WEBHOOKS}projects/{alice.project_id if project == 'mine' else project}/"
    assert call(alice, "POST", path, GIVEN).status_code == 201
    assert [webhook["name"] for webhook in get(alice, path)] == ["Production"]


def test_a_session_names_the_project(alice: Person) -> None:
    in_session, path = signed_in(alice), f"{WEBHOOKS}projects/{alice.project_id}/"
    made = make(alice)
    assert [webhook["webhook_id"] for webhook in get(in_session, path)] == [made["webhook_id"]]
    refused(in_session, "GET", OF_PROJECT)
    refused(in_session, "GET", one(made))
    assert get(in_session, f"{one(made)}?project_id={alice.project_id}")["webhook_id"] == made["webhook_id"]


def test_old_clients_write_camel_case_and_repeat_the_ids(alice: Person) -> None:
    body = {"name": "Old", "url": GIVEN["url"], "eventTypes": ["memory_update"], "projectId": None}
    made = call(alice, "POST", OF_PROJECT, body).json()
    ids = {"webhookId": made["webhook_id"], "projectId": alice.project_id}
    change(alice, made, eventTypes=["memory_delete", "memory_delete"], **ids)
    assert get(alice, one(made))["event_types"] == ["memory_delete"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"url": ""}, "url"),
        ({"url": "http://example.com/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://metadata.internal/"}, "url"),
        ({"url": "https://example.com:8443/"}, "url"),
        ({"url": "https://user@example.com/"}, "url"),
        ({"event_types": []}, "event_types"),
        ({"event_types": ["memory_sung"]}, "event_types"),
        ({"event_types": "memory_add,memory_sung"}, "event_types"),
        ({"is_active": "perhaps"}, "is_active"),
    ],
)
def test_bad_input_is_refused_by_field_and_changes_nothing(alice: Person, given: Json, field: str) -> None:
    assert field in refused(alice, "POST", OF_PROJECT, {**GIVEN, **given})
    assert get(alice, OF_PROJECT) == []
    made = make(alice)
    if None not in given.values() and "" not in given.values():
        assert field in refused(alice, "PUT", one(made), given)
    assert get(alice, one(made))["url"] == GIVEN["url"]


def test_a_missing_parameter_is_named_as_the_hosted_service_does(alice: Person) -> None:
    answer = refused(alice, "POST", OF_PROJECT, {})
    required = ["This field is required."]
    assert [answer[name] for name in ("name", "url", "event_types")] == [required, required, required]


def test_an_operators_own_host_may_be_private(alice: Person, settings: Any) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1:9000"]
    assert make(alice, url="http://127.0.0.1:9000/hooks")["url"] == "http://127.0.0.1:9000/hooks"


def test_a_project_has_at_most_twenty(alice: Person) -> None:
    webhooks = [make(alice) for _ in range(MAX_ENDPOINTS)]
    assert refused(alice, "POST", OF_PROJECT, GIVEN)["error"] == TOO_MANY
    delete(alice, one(webhooks[0]))
    make(alice)


def test_who_may_not_manage_them_is_told_so_in_the_hosted_words(alice: Person) -> None:
    made, reader = make(alice), member_of(alice, "reader@example.com", "READER")
    assert refused(reader, "GET", OF_PROJECT, status=403)["error"] == "You don't have access to this project"
    assert refused(reader, "PUT", one(made), {}, status=403)["error"] == "You don't have access to this webhook"
    manager = with_restricted_key(alice, ("webhooks:manage",))
    assert len(get(manager, OF_PROJECT)) == 1


def test_a_webhook_of_somebody_else_is_as_unknown_as_none(alice: Person, bob: Person) -> None:
    made = make(alice)
    for webhook in (made, {"webhook_id": "wh_nothing"}):
        assert refused(bob, "DELETE", one(webhook), status=404)["error"] == "Webhook not found"
    refused(bob, "GET", f"{WEBHOOKS}projects/{alice.project_id}/", status=404)
    assert len(get(alice, OF_PROJECT)) == 1


def test_a_secret_is_shown_once_and_kept_encrypted(alice: Person) -> None:
    made = make(alice)
    assert made["secret"].startswith("whsec_")
    assert len(made["secret"].removeprefix("whsec_")) > SECRET_BYTES
    assert made["secret"] not in endpoint_row(alice).secrets
    assert "secret" not in str(get(alice, OF_PROJECT))


def test_a_repeated_request_makes_one_webhook_and_does_not_show_its_secret(alice: Person) -> None:
    first, second = (call(alice, "POST", OF_PROJECT, GIVEN, **{"Idempotency-Key": "one"}).json() for _ in range(2))
    assert first["secret"]
    assert second == {**first, "secret": None}
    assert len(get(alice, OF_PROJECT)) == 1


def test_one_that_was_disabled_begins_anew_when_it_is_made_active(alice: Person, bob: Person) -> None:
    made = subscribe(alice)
    for _ in range(3):
        call(alice, "POST", one(made, "test/"))
    change_deliveries(alice, state="failed")
    at = "2026-01-01T00:00:00+00:00"
    change_endpoints(alice, is_active=False, first_failure_at=at, disabled_at=at, disabled_reason="It is gone.")
    assert get(alice, one(made))["disabled_reason"] == "It is gone."
    assert change(alice, made, is_active=True) == {"message": "Webhook updated successfully", "replayable": 3}
    shown = get(alice, one(made))
    assert (shown["first_failure_at"], shown["disabled_at"], shown["disabled_reason"]) == (None, None, "")
    assert change(alice, made, is_active=True) == {"message": "Webhook updated successfully"}


def test_one_that_is_made_inactive_gives_up_what_waits_and_a_deleted_one_cancels_it(alice: Person) -> None:
    made = subscribe(alice)
    call(alice, "POST", one(made, "test/"))
    change(alice, made, is_active=False)
    assert [delivery.state for delivery in deliveries(alice)] == ["failed"]
    assert change(alice, made, is_active=True)["replayable"] == 1
    call(alice, "POST", one(made, "test/"))
    delete(alice, one(made))
    assert [delivery.state for delivery in deliveries(alice)] == ["failed", "cancelled"]
