"""What subscribers are told of memories, in which shape, and of what they are not (contract.md §11, design.md §2)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from loci.tenancy.context import Tenant, tenant_tx
from memories.services.adding import perform_add
from orgs.models import Project, User
from orgs.services.api_keys import create_api_key
from tests.conftest import Person
from tests.fakes.llm import FakeLLM
from tests.memories.exports.support import export
from tests.memories.reviewing import consolidate, decide, only_review, set_project
from tests.memories.safety.test_rollback import key_of, roll_back, with_another_key
from tests.memories.safety.test_suspicious_content import POISON, quarantined, release
from tests.memories.support import (
    FEB,
    JAN,
    Json,
    add,
    call,
    change_job,
    delete,
    event,
    fact,
    job_of,
    keep,
    lives_in,
    memory,
    ok,
    put,
    queue,
    relation,
    scripted_add,
    work,
)
from tests.memories.test_forget_on_request import FORGET, allow_forgetting
from tests.memories.test_statements import statements
from tests.orgs.support import with_key
from tests.webhooks.support import change, deliveries, jobs, make, news, one, shortly, subscribe, told
from webhooks.bodies import MAX_BODY_BYTES
from webhooks.models import DeliveryAttempt
from workers import jobs as job_table
from workers.limits import MAX_CRASHES


def test_a_new_memory_is_told_in_the_hosted_shape_with_more_beside(alice: Person) -> None:
    subscribe(alice, "memory_add")
    kept = keep(alice, "Likes tea", agent_id="barista")
    (delivery,) = deliveries(alice)
    assert delivery.body.startswith(f'{{"event_details":{{"id":"{kept}","data":{{"memory":"Likes tea"}},"event":"ADD",')
    (said,) = told(alice)
    shown = memory(alice, kept)
    beside = ("user_id", "agent_id", "app_id", "run_id", "created_at", "updated_at")
    assert {name: said[name] for name in beside} == {name: shown[name] for name in beside}
    assert said["seq"] == delivery.version == 1
    assert said["event_id"] == event(alice, said["event_id"])["id"]
    assert (delivery.event_type, str(delivery.memory_id), delivery.state) == ("memory_add", kept, "pending")
    assert delivery.message_id.startswith("msg_")
    assert jobs(alice) == {delivery.id}


def test_each_endpoint_is_told_what_it_subscribes_to_and_shares_the_messages_id(alice: Person, bob: Person) -> None:
    subscribe(bob)
    both = [subscribe(alice, "memory_add", "memory_delete"), subscribe(alice, "memory_add")]
    make(alice, event_types=["memory_add"], is_active=False)
    delete(alice, one(subscribe(alice)))
    kept = keep(alice, "Likes tea")
    first, second = deliveries(alice)
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert first.endpoint_id != second.endpoint_id
    delete(alice, f"/v1/memories/{kept}/")
    assert len(deliveries(alice)) == 3
    change(alice, both[0], is_active=False)
    keep(alice, "Likes coffee")
    assert len(deliveries(alice)) == 4
    assert deliveries(bob) == []


def test_an_asynchronous_add_is_told_when_it_is_done(alice: Person) -> None:
    subscribe(alice)
    queued = queue(alice, "I like tea.")
    assert told(alice) == []
    work(alice, queued)
    assert news(alice)[0] == ("ADD", "Likes tea")


def test_an_add_that_does_not_come_to_be_is_not_told(alice: Person) -> None:
    subscribe(alice)
    job = job_of(alice, queue(alice, "I like tea."))
    with tenant_tx(alice.tenant):
        claim = job_table.claim(Tenant(alice.tenant.project_id), job.id, 60)
    assert claim is not None
    with pytest.raises(job_table.Fenced):
        perform_add(replace(claim, fence=claim.fence - 1))
    assert told(alice) == []
    perform_add(claim)
    assert news(alice)[0] == ("ADD", "Likes tea")


def test_categories_are_told_beside_the_memory_that_has_them(alice: Person, llm: FakeLLM) -> None:
    subscribe(alice)
    scripted_add(alice, llm, fact("Likes tea", categories=["food"]), fact("Has a dog"))
    add_, categorized, plain = told(alice)
    assert shortly([add_, categorized, plain]) == [("ADD", "Likes tea"), ("CATEGORIZE", ["food"]), ("ADD", "Has a dog")]
    assert list(categorized)[:3] == ["event", "memory_id", "categories"]
    assert (categorized["memory_id"], categorized["seq"]) == (add_["id"], add_["seq"])


def test_a_merge_is_an_update_and_what_is_known_is_no_news(alice: Person, llm: FakeLLM) -> None:
    subscribe(alice)
    scripted_add(alice, llm, fact("Has a dog", categories=["family"]))
    news(alice)
    scripted_add(alice, llm, fact("Has a dog called Rex", categories=["family"], **relation("refines")))
    assert [each["seq"] for each in told(alice)] == [2]
    assert news(alice) == [("UPDATE", "Has a dog called Rex")]
    scripted_add(alice, llm, fact("Has a dog called Rex", **relation("duplicate")), fact("Waits", lifetime="momentary"))
    assert news(alice) == []
    scripted_add(alice, llm, fact("Has a dog called Rex, a poodle", categories=["hobbies"], **relation("refines")))
    assert news(alice) == [("UPDATE", "Has a dog called Rex, a poodle"), ("CATEGORIZE", ["hobbies"])]


def test_what_is_superseded_is_told_as_deleted_without_its_text(alice: Person, llm: FakeLLM) -> None:
    subscribe(alice)
    old = keep(alice, "Lives in Rome")
    news(alice)
    scripted_add(alice, llm, fact("Lives in Oslo", **relation("replaces")))
    new, gone = told(alice)
    assert (gone["id"], gone["event"], gone["data"], gone["seq"]) == (old, "DELETE", {"memory": None}, 2)
    assert new["data"] == {"memory": "Lives in Oslo"}
    assert "Rome" not in str([new, gone])


def test_an_older_statement_that_arrives_late_is_no_news(alice: Person, llm: FakeLLM) -> None:
    subscribe(alice)
    scripted_add(alice, llm, lives_in("Oslo"), timestamp=FEB)
    news(alice)
    scripted_add(alice, llm, lives_in("Rome"), timestamp=JAN)
    assert news(alice) == []


def test_edits_are_told_and_that_they_end_categories(alice: Person, llm: FakeLLM) -> None:
    subscribe(alice)
    kept = scripted_add(alice, llm, fact("Likes tea", categories=["food"]))["results"][0]["id"]
    news(alice)
    put(alice, kept, metadata={"a": 1})
    assert news(alice) == [("UPDATE", "Likes tea")]
    put(alice, kept, text="Likes green tea")
    assert [each["seq"] for each in told(alice)] == [3, 3]
    assert news(alice) == [("UPDATE", "Likes green tea"), ("CATEGORIZE", [])]
    ok(call(alice, "PUT", "/v1/batch/", {"memories": [{"memory_id": kept, "text": "Likes black tea"}]}))
    assert news(alice) == [("UPDATE", "Likes black tea")]


def _delete_one(person: Person, memory_id: str) -> None:
    delete(person, f"/v1/memories/{memory_id}/")


def _delete_batch(person: Person, memory_id: str) -> None:
    ok(call(person, "DELETE", "/v1/batch/", {"memories": [{"memory_id": memory_id}]}))


def _delete_all(person: Person, _: str) -> None:
    delete(person, "/v1/memories/?user_id=alex")


def _erase(person: Person, _: str) -> None:
    delete(person, "/v2/entities/user/alex/")


@pytest.mark.parametrize("remove", [_delete_one, _delete_batch, _delete_all, _erase])
def test_each_way_to_delete_is_told_and_takes_the_text_out_of_what_waits(
    alice: Person, remove: Callable[[Person, str], None]
) -> None:
    subscribe(alice)
    kept, other = keep(alice, "Likes tea", agent_id="barista"), keep(alice, "Likes mate", user_id="blake")
    put(alice, kept, text="Likes green tea")
    _answered(alice, "I know now that Alex likes green tea.")
    remove(alice, kept)
    said = [each for each in told(alice) if each["id"] == kept]
    assert shortly(said) == [("ADD", None), ("UPDATE", None), ("DELETE", None)]
    assert [each["seq"] for each in said] == [1, 2, 3]
    assert not any(word in str(said) + _answers(alice) for word in (" tea", "alex", "barista"))
    assert [each["data"]["memory"] for each in told(alice) if each["id"] == other] == ["Likes mate"]


def _answered(person: Person, answer: str) -> None:
    """Lets each message have been answered so."""
    with tenant_tx(person.tenant):
        for delivery in deliveries(person):
            DeliveryAttempt.objects.create(
                delivery=delivery, number=1, started_at=timezone.now(), duration_ms=1, status=500, answer=answer
            )


def _answers(person: Person) -> str:
    about = [delivery.id for delivery in deliveries(person) if "mate" not in delivery.body]
    with tenant_tx(person.tenant):
        return str(list(DeliveryAttempt.objects.filter(delivery_id__in=about).values_list("answer", flat=True)))


def test_categories_go_with_the_memory(alice: Person, llm: FakeLLM) -> None:
    subscribe(alice, "memory_categorize")
    kept = scripted_add(alice, llm, fact("Likes tea", categories=["food"]))["results"][0]["id"]
    _delete_one(alice, kept)
    (said,) = told(alice)
    assert said["categories"] == []
    assert "data" not in said


def test_what_is_forgotten_at_a_speakers_request_is_told(alice: Person, llm: FakeLLM) -> None:
    allow_forgetting(alice)
    subscribe(alice)
    scripted_add(alice, llm, fact("Likes olives"))
    llm.script({"facts": [], "forgotten": [0]})
    add(alice, FORGET)
    assert news(alice) == [("ADD", None), ("DELETE", None)]


def test_a_rollback_tells_what_is_gone_what_changed_and_what_is_true_again(alice: Person, llm: FakeLLM) -> None:
    mallory, _ = with_another_key(alice)
    subscribe(alice)
    keep(alice, "Has a dog")
    scripted_add(mallory, llm, fact("Has a dog called Rex", **relation("refines")))
    scripted_add(alice, llm, fact("Lives in Rome"), user_id="blake", timestamp=JAN)
    scripted_add(mallory, llm, fact("Lives in Oslo", **relation("replaces")), user_id="blake", timestamp=FEB)
    news(alice)
    roll_back(alice, key_id=key_of(mallory))
    assert sorted(news(alice), key=str) == [("ADD", "Lives in Rome"), ("DELETE", None), ("UPDATE", "Has a dog")]


def test_what_is_released_from_the_quarantine_is_told_then(alice: Person, llm: FakeLLM) -> None:
    subscribe(alice)
    _, quarantine_id = quarantined(alice, llm, fact(POISON))
    assert news(alice) == []
    ok(release(alice, quarantine_id))
    assert news(alice) == [("ADD", POISON)]


def test_what_a_review_hides_and_shows_again_is_told(alice: Person) -> None:
    set_project(alice, consolidation="propose")
    for text in ("Likes tea", "The user likes tea."):
        keep(alice, text)
    consolidate(alice)
    subscribe(alice, "memory_add", "memory_delete")
    merge = only_review(alice)
    decide(alice, merge, "approve")
    assert news(alice) == [("DELETE", None)]
    decide(alice, merge, "undo")
    assert news(alice) == [("ADD", "The user likes tea.")]


def test_an_export_is_told_when_it_is_ready(alice: Person) -> None:
    subscribe(alice, "export_completed")
    keep(alice, "Likes tea")
    export_id = export(alice, format="jsonl")
    (said,) = told(alice)
    assert (said["event"], said["export_id"], said["format"]) == ("EXPORT_COMPLETED", export_id, "jsonl")


def test_an_add_that_is_given_up_is_told(alice: Person) -> None:
    subscribe(alice, "job_failed")
    queued = queue(alice, "I like tea.")
    change_job(alice, queued, attempt=MAX_CRASHES)
    assert work(alice, queued)["status"] == "FAILED"
    (said,) = told(alice)
    reason = event(alice, queued)["error"]
    assert said == {"event": "JOB_FAILED", "event_id": queued, "job": "add", "error": reason}


def test_what_a_bound_key_adds_is_told_and_deleted_alike(alice: Person) -> None:
    subscribe(alice)
    with tenant_tx(alice.tenant):
        project = Project.objects.get(id=alice.tenant.project_id)
    maker = User.objects.get(email=alice.email)
    of_alex = with_key(create_api_key(project=project, maker=maker, name="bound", entity="user:alex"))
    bound = replace(alice, client=of_alex)
    kept = keep(bound, "Likes tea")
    assert shortly(told(alice)) == [("ADD", "Likes tea")]
    _delete_one(bound, kept)
    assert news(alice) == [("ADD", None), ("DELETE", None)]


def test_a_long_text_is_not_quoted(alice: Person) -> None:
    subscribe(alice)
    keep(alice, "ü" * (MAX_BODY_BYTES // 2 - 400))
    keep(alice, "ü" * (MAX_BODY_BYTES // 2))
    whole, thin = deliveries(alice)
    assert MAX_BODY_BYTES - 600 < len(whole.body.encode()) <= MAX_BODY_BYTES
    assert len(thin.body.encode()) < 500
    said = told(alice)[1]
    assert (said["data"], said["thin"], said["event"]) == ({"memory": None}, True, "ADD")


def test_where_nobody_subscribes_an_add_costs_one_query_more(alice: Person) -> None:
    subscribe(alice, "memory_delete")
    body: Json = {"messages": "Likes tea", "user_id": "alex", "infer": False, "async_mode": False}
    ran = statements(alice, "POST", "/v3/memories/add/", body)
    about: list[Any] = [each for each in ran if "webhook" in each or "delivery" in each]
    assert len(about) == 1
    assert "LIMIT 1" in about[0]
    assert told(alice) == []
