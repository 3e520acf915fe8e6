"""`Idempotency-Key`: one effect and one answer (reliability.md §2.5)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from loci.http import idempotency
from loci.http.idempotency import Idempotency
from loci.models import IdempotencyKey
from loci.observability import request_log
from loci.tenancy.context import tenant_tx
from tests.conftest import Person, Services
from tests.fakes.settings import unreachable_embedder
from tests.memories.support import NOBODYS_ID, Json, call, delete, get, history, keep, queue, texts, work
from tests.tenancy.rows import superuser

V3 = "/v3/memories/add/"
QUEUED: Json = {"messages": "I like tea.", "user_id": "alex"}
SYNCHRONOUS: Json = {**QUEUED, "async_mode": False}
VERBATIM: Json = {**QUEUED, "infer": False}
KEY = {"idempotency_key": "one"}
HEADER = {"Idempotency-Key": "one"}


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
    assert " tea" not in replay.content.decode()
    assert texts(alice) == []


def test_a_replay_does_not_bring_back_an_erased_user(alice: Person) -> None:
    send(alice, VERBATIM, **KEY)
    delete(alice, "/v2/entities/user/alex/")
    assert " tea" not in send(alice, VERBATIM, **KEY).content.decode()
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


CHANGES = [
    ("PUT", "/v1/memories/{id}/", {"text": "Likes coffee"}),
    ("DELETE", "/v1/memories/{id}/", None),
    ("DELETE", "/v1/memories/{id}/?delete_linked=true", None),
    ("PUT", "/v1/batch/", {"memories": [{"memory_id": "{id}", "text": "Likes coffee"}]}),
    ("DELETE", "/v1/batch/", {"memory_ids": ["{id}"]}),
    ("DELETE", "/v1/memories/?user_id=alex", None),
]


def change(person: Person, memory_id: str, method: str, path: str, body: Json | None) -> Any:
    """Returns the response to one of `CHANGES` under the key "one"."""
    filled = json.loads(json.dumps(body).replace("{id}", memory_id))
    return call(person, method, path.replace("{id}", memory_id), filled, **{"idempotency-key": "one"})


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_repeated_change_gets_the_same_bytes_and_has_one_effect(
    alice: Person, method: str, path: str, body: Json | None
) -> None:
    kept = keep(alice, "Likes tea")
    first, again = (change(alice, kept, method, path, body) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert len(history(alice, kept)) == 2


def test_a_refused_change_uses_up_no_key(alice: Person) -> None:
    kept = keep(alice, "Likes tea", immutable=True)
    assert change(alice, kept, *CHANGES[0]).status_code == 400
    assert change(alice, NOBODYS_ID, *CHANGES[1]).status_code == 404
    assert change(alice, kept, *CHANGES[1]).status_code == 200


def test_deletions_by_other_filters_are_other_requests(alice: Person) -> None:
    keep(alice, "Likes tea", user_id="blake")
    assert change(alice, "", "DELETE", "/v1/memories/?user_id=alex", None).status_code == 200
    assert change(alice, "", "DELETE", "/v1/memories/?user_id=blake", None).status_code == 409
    assert texts(alice, {"user_id": "blake"}) == ["Likes tea"]


def test_the_answer_of_an_update_is_not_repeated_once_the_memory_is_deleted(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    change(alice, kept, *CHANGES[0])
    delete(alice, f"/v1/memories/{kept}/")
    gone = change(alice, kept, *CHANGES[0])
    assert gone.status_code == 410
    assert "coffee" not in gone.content.decode()
    with tenant_tx(alice.tenant):
        assert IdempotencyKey.objects.get().body == ""


def test_twenty_updates_at_once_have_one_effect(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: change(alice, kept, *CHANGES[0]), range(20)))
    # Who waits too long for the first one is told to come again.
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert len(history(alice, kept)) == 2


def test_a_replay_needs_no_embedder(alice: Person) -> None:
    path = f"/v1/memories/{keep(alice, 'Likes tea')}/"
    first = call(alice, "PUT", path, {"text": "Likes green tea"}, **HEADER)
    with unreachable_embedder():
        again = call(alice, "PUT", path, {"text": "Likes green tea"}, **HEADER)
        other = call(alice, "PUT", path, {"text": "Likes black tea"})
    assert (again.status_code, again.content) == (200, first.content)
    assert other.status_code == 503


def test_a_replay_is_no_event_of_its_own(alice: Person) -> None:
    path = f"/v1/memories/{keep(alice, 'Likes tea')}/"
    for _ in range(3):
        call(alice, "PUT", path, {"text": "Likes green tea"}, **HEADER)
    request_log.flush()
    assert get(alice, "/v1/events/?event_type=UPDATE")["count"] == 1


def test_while_a_key_is_held_its_repeats_get_a_409_and_others_are_answered(
    alice: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WAIT_S", "MOMENT_S"):
        monkeypatch.setattr(idempotency, name, 3.0)
    path = f"/v1/memories/{keep(alice, 'Likes tea')}/"
    name = f"{alice.tenant.project_id} {HEADER['Idempotency-Key']}"
    with superuser(services) as elsewhere, ThreadPoolExecutor(12) as threads:
        elsewhere.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        repeats = [threads.submit(_put, alice, path) for _ in range(8)]
        time.sleep(0.2)
        assert get(alice, "/v1/ping/")["status"] == "ok"
        assert not any(repeat.done() for repeat in repeats)
        assert {repeat.result() for repeat in repeats} == {409}
    assert _put(alice, path) == 200


def _put(person: Person, path: str) -> int:
    try:
        status: int = call(person, "PUT", path, {"text": "Likes green tea"}, **HEADER).status_code
        return status
    finally:
        connection.close()
