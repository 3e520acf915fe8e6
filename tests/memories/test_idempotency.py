"""`Idempotency-Key`: one effect and one answer (reliability.md §2.5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from loci.http.idempotency import Idempotency
from loci.models import IdempotencyKey
from loci.tenancy.context import tenant_tx
from tests.conftest import Person
from tests.memories.support import Json, call, delete, get, queue, texts, work

V3 = "/v3/memories/add/"
QUEUED: Json = {"messages": "I like tea.", "user_id": "alex"}
SYNCHRONOUS: Json = {**QUEUED, "async_mode": False}
VERBATIM: Json = {**QUEUED, "infer": False}
KEY = {"idempotency_key": "one"}


def send(person: Person, body: Json, **headers: str) -> Any:
    return call(person, "POST", V3, body, **{name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("body", [QUEUED, SYNCHRONOUS, VERBATIM], ids=["queued", "synchronous", "verbatim"])
def test_a_repeat_gets_the_same_bytes_and_has_no_effect(alice: Person, body: Json) -> None:
    first, again = send(alice, body, **KEY), send(alice, body, **KEY)
    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert get(alice, "/v1/events/")["count"] == 1


def test_the_order_of_keys_in_the_body_does_not_matter(alice: Person) -> None:
    first = send(alice, QUEUED, **KEY)
    assert send(alice, dict(reversed(QUEUED.items())), **KEY).content == first.content


def test_another_request_under_the_same_key_is_a_conflict(alice: Person) -> None:
    send(alice, QUEUED, **KEY)
    response = send(alice, {**QUEUED, "user_id": "bob"}, **KEY)
    assert response.status_code == 409
    assert isinstance(response.json()["detail"], str)
    assert get(alice, "/v1/events/")["count"] == 1


def test_a_key_is_of_one_project(alice: Person, bob: Person) -> None:
    send(alice, QUEUED, **KEY)
    assert "Idempotent-Replayed" not in send(bob, {**QUEUED, "user_id": "other"}, **KEY)


@pytest.mark.parametrize("key", ["x" * 256, "ключ", "tab\there"])
def test_a_key_of_another_form_is_refused(alice: Person, key: str) -> None:
    assert send(alice, QUEUED, idempotency_key=key).status_code == 400
    assert get(alice, "/v1/events/")["count"] == 0


def test_a_refused_request_uses_up_no_key(alice: Person) -> None:
    assert send(alice, {"messages": "I like tea."}, **KEY).status_code == 400
    assert send(alice, QUEUED, **KEY).status_code == 200


@pytest.mark.parametrize("body", [QUEUED, SYNCHRONOUS, VERBATIM], ids=["queued", "synchronous", "verbatim"])
def test_twenty_requests_at_once_have_one_effect(alice: Person, body: Json) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(alice, body, **KEY), range(20)))
    # Too many synchronous adds at once are refused, before anything else.
    assert {answer.status_code for answer in answers} <= ({200, 503} if body is SYNCHRONOUS else {200})
    (original,) = [answer for answer in answers if answer.status_code == 200 and "Idempotent-Replayed" not in answer]
    assert get(alice, "/v1/events/")["count"] == 1
    assert send(alice, body, **KEY).content == original.content
    work(alice, original.json()["event_id"])
    assert len(texts(alice)) == 1


def test_a_replay_does_not_bring_back_what_was_deleted(alice: Person) -> None:
    memory_id = send(alice, VERBATIM, **KEY).json()["results"][0]["id"]
    delete(alice, f"/v1/memories/{memory_id}/")
    replay = send(alice, VERBATIM, **KEY)
    assert replay.status_code == 200
    assert "tea" not in replay.content.decode()
    assert texts(alice) == []


def test_a_replay_does_not_bring_back_an_erased_user(alice: Person) -> None:
    send(alice, VERBATIM, **KEY)
    delete(alice, "/v2/entities/user/alex/")
    assert "tea" not in send(alice, VERBATIM, **KEY).content.decode()
    assert texts(alice) == []


def test_adds_without_a_key_are_all_accepted(alice: Person) -> None:
    assert queue(alice, "I like tea.") != queue(alice, "I like tea.")


def test_an_answer_that_comes_after_the_erasure_is_not_kept(alice: Person) -> None:
    key, event_id = Idempotency("one", b"hash"), UUID(queue(alice, "I live in Rome."))
    with tenant_tx(alice.tenant):
        key.begin()
        key.belongs_to(event_id)
    delete(alice, "/v2/entities/user/alex/")
    key.remember(alice.tenant, 200, b"Lives in Rome")
    with tenant_tx(alice.tenant):
        assert IdempotencyKey.objects.get().body == ""


def test_a_key_is_free_again_after_a_day(alice: Person) -> None:
    send(alice, QUEUED, **KEY)
    with tenant_tx(alice.tenant):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert "Idempotent-Replayed" not in send(alice, {**QUEUED, "messages": "I like coffee."}, **KEY)
    assert get(alice, "/v1/events/")["count"] == 2
