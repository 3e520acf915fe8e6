"""What is left over goes when its time is over, and nothing that anybody may still ask for (docs/operating.md)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F
from django.utils import timezone

from loci.models import IdempotencyKey, RequestLog
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.models import first_id
from memories.models import Access, Blob, Event, Memory, Message, ProfileJob, Quarantined, Summary
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM
from tests.memories.safety.test_rollback import counts, key_of, mallory, roll_back
from tests.memories.safety.test_suspicious_content import POISON, quarantined, release
from tests.memories.support import (
    FEB,
    JAN,
    Json,
    add,
    call,
    delete,
    event,
    fact,
    get,
    history,
    keep,
    lives_in,
    memory,
    ok,
    post,
    queue,
    relation,
    scripted_add,
    search,
    texts,
    work,
)
from tests.memories.test_decay import accesses, used
from tests.memories.test_replay import LONG_AGO, given_up, replayed
from tests.orgs.support import project_of
from tests.tenancy.rows import connect
from workers import jobs
from workers.models import Job, JobState
from workers.tasks.retention import RETENTION
from workers.tasks.running import run

WEEK, MONTH = 8, 31
"""Days after which what is kept for a week or a month is over."""

__all__ = ["mallory"]


def pass_days(person: Person, days: int) -> None:
    """Makes all that the project has so much older."""
    by = timedelta(days=days)
    with tenant_tx(person.tenant):
        moved = {name: F(name) - by for name in ("created_at", "updated_at", "completed_at")}
        Event.objects.update(**moved)
        IdempotencyKey.objects.update(created_at=F("created_at") - by)
        RequestLog.objects.update(created_at=F("created_at") - by)
        Blob.objects.update(expires_at=F("expires_at") - by)
        Job.objects.update(finished_at=F("finished_at") - by)
        Summary.objects.update(created_at=F("created_at") - by)
        shift = int(by.total_seconds() * 1000) << 80
        rows: Any
        for rows in (Message.objects.all(), Job.objects.all(), ProfileJob.objects.all()):
            for row_id in list(rows.values_list("id", flat=True)):
                rows.filter(id=row_id).update(id=UUID(int=row_id.int - shift))


def prune(person: Person, *, after: int = 0) -> None:
    """Lets so many days pass, and does a retention job as a worker does."""
    if after:
        pass_days(person, after)
    with tenant_tx(person.tenant):
        job = jobs.enqueue(kind="retention", queue="maintenance", run_here=True)
    tenant = Tenant(person.tenant.project_id)
    run(RETENTION, tenant, job.id)
    with tenant_tx(person.tenant):
        assert Job.objects.get(id=job.id).state == JobState.DONE


def messages(person: Person) -> list[str]:
    with tenant_tx(person.tenant):
        return list(Message.objects.order_by("id").values_list("content", flat=True))


def rows(person: Person, model: Any) -> int:
    with tenant_tx(person.tenant):
        return int(model.objects.count())


def shown(person: Person, memory_id: str) -> list[Any]:
    """Returns what the API shows of a memory and of how it came to be."""
    return [
        memory(person, memory_id),
        history(person, memory_id),
        search(person, "Where does Alex live?"),
        texts(person),
    ]


def test_an_old_add_quotes_nothing_and_its_memories_are_as_they_were(alice: Person, llm: FakeLLM) -> None:
    done = scripted_add(alice, llm, lives_in("Rome"), fact("Is tired today", lifetime="momentary"), metadata={"a": 1})
    [stored] = done["results"]
    before = shown(alice, stored["id"])
    prune(alice, after=WEEK)
    old = event(alice, done["id"])
    assert old["results"] == [{"id": stored["id"], "event": "ADD", "user_id": "alex"}]
    assert [sorted(verdict) for verdict in old["verdicts"]] == [["id", "verdict"], ["reason", "verdict"]]
    assert old["payload"] == {"infer": True, "metadata": {"a": 1}, "immutable": False, "expiration_date": None}
    assert (old["status"], old["completed_at"] is None) == ("SUCCEEDED", False)
    assert "Rome" not in str(old)
    assert shown(alice, stored["id"]) == before
    assert before[1][0]["input"] == [{"role": "user", "content": "Something that was said."}]
    assert get(alice, "/v1/stats/")["total_add_events"] == 1


def test_a_young_add_stays_whole(alice: Person) -> None:
    event_id = add(alice, "I live in Rome.")["id"]
    pass_days(alice, 6)
    before = event(alice, event_id)
    prune(alice)
    assert event(alice, event_id) == before


def test_an_old_add_that_is_not_done_stays_whole(alice: Person) -> None:
    event_id = queue(alice, "I live in Rome.")
    prune(alice, after=WEEK)
    assert messages(alice) == ["I live in Rome."]
    assert work(alice, event_id)["results"][0]["memory"] == "Lives in Rome"


def test_zero_days_are_for_ever(alice: Person, settings: Any) -> None:
    settings.RETAIN_EVENTS = settings.RETAIN_REQUESTS = None
    event_id = add(alice, "I live in Rome.")["id"]
    pass_days(alice, 1000)
    before = event(alice, event_id)
    prune(alice)
    assert event(alice, event_id) == before


def test_what_another_project_has_stays(alice: Person, bob: Person) -> None:
    event_id = add(bob, "I live in Rome.")["id"]
    keep(alice, "Lives in Bern")
    pass_days(bob, 1000)
    before = event(bob, event_id)
    prune(alice, after=1000)
    assert event(bob, event_id) == before
    assert messages(bob) == ["I live in Rome."]


def test_messages_of_which_no_memory_came_go_and_the_others_stay(alice: Person, llm: FakeLLM) -> None:
    scripted_add(alice, llm, lives_in("Rome"))
    llm.script({"facts": []})
    add(alice, "Hm.")
    prune(alice, after=6)
    assert messages(alice) == ["Something that was said.", "Hm."]
    prune(alice, after=2)
    assert messages(alice) == ["Something that was said."]


def test_who_repeated_something_is_still_its_source(alice: Person, llm: FakeLLM) -> None:
    made = scripted_add(alice, llm, lives_in("Rome"), timestamp=JAN)["results"][0]["id"]
    scripted_add(alice, llm, lives_in("Rome", **relation("duplicate")), timestamp=FEB)
    prune(alice, after=WEEK)
    assert len(messages(alice)) == 2
    assert memory(alice, made)["memory"] == "Lives in Rome"


def test_messages_go_soon_after_their_last_memory(alice: Person, llm: FakeLLM) -> None:
    ids = [
        result["id"] for result in scripted_add(alice, llm, fact("Likes tea"), fact("Has a cat"), infer=True)["results"]
    ]
    delete(alice, f"/v1/memories/{ids[0]}/")
    prune(alice)
    assert len(messages(alice)) == 1
    delete(alice, f"/v1/memories/{ids[1]}/")
    prune(alice)
    assert messages(alice) == []
    assert [entry["event"] for entry in history(alice, ids[0])] == ["ADD", "DELETE"]


def test_messages_of_a_memory_that_is_deleted_after_its_add_was_trimmed_go_too(alice: Person) -> None:
    memory_id = keep(alice, "Lives in Rome")
    prune(alice, after=WEEK)
    assert messages(alice) == ["Lives in Rome"]
    delete(alice, f"/v1/memories/{memory_id}/")
    prune(alice)
    assert messages(alice) == []


def test_an_erasure_reaches_what_was_trimmed(alice: Person) -> None:
    keep(alice, "Lives in Rome")
    prune(alice, after=WEEK)
    delete(alice, "/v2/entities/user/alex/")
    assert messages(alice) == []


def test_a_rollback_of_what_was_trimmed_gives_a_memory_to_the_others_who_said_it(
    alice: Person, mallory: Person, llm: FakeLLM
) -> None:
    given = {"metadata": {"from": "mallory"}, "expiration_date": "2099-01-01"}
    made = scripted_add(mallory, llm, lives_in("Mars"), timestamp=JAN, **given)["results"][0]["id"]
    scripted_add(alice, llm, lives_in("Bern"), timestamp=FEB, metadata={"from": "alice"})
    prune(alice, after=WEEK)
    assert counts(roll_back(alice, key_id=key_of(mallory))) == (0, 1, 0)
    left = memory(alice, made)
    assert (left["memory"], left["metadata"], left["expiration_date"]) == ("Lives in Bern", {"from": "alice"}, None)


def test_a_failed_add_can_be_replayed_until_its_job_goes(alice: Person, llm: FakeLLM) -> None:
    failed = given_up(alice, llm, "I like tea.")
    prune(alice, after=29)
    assert replayed(alice, LONG_AGO, "--dry-run") == "1"
    assert event(alice, failed)["payload"]["user_id"] == "alex"
    prune(alice, after=2)
    assert replayed(alice, LONG_AGO, "--dry-run") == "0"
    assert messages(alice) == []
    assert event(alice, failed)["status"] == "FAILED"


def test_a_failed_add_of_which_a_part_was_taken_back_is_never_replayed_without_it(alice: Person, llm: FakeLLM) -> None:
    failed = given_up(alice, llm, "I like tea.")
    with tenant_tx(alice.tenant):
        first = Message.objects.get()
        Message.objects.create(
            event_id=UUID(failed), position=1, role="user", content="Poison", said_at=first.said_at, in_context=False
        )
    prune(alice)
    assert len(messages(alice)) == 2
    assert replayed(alice, LONG_AGO, "--dry-run") == "0"


def test_a_fact_in_the_quarantine_keeps_its_add_whole_until_it_is_decided(alice: Person, llm: FakeLLM) -> None:
    found, quarantine_id = quarantined(alice, llm, fact(POISON), metadata={"a": 1})
    prune(alice, after=WEEK)
    assert event(alice, found["id"]) == {**found, **times(event(alice, found["id"]))}
    [result] = ok(release(alice, quarantine_id))["results"]
    assert memory(alice, result["id"])["metadata"] == {"a": 1}
    prune(alice, after=6)
    assert event(alice, found["id"])["results"][0]["memory"] == POISON
    prune(alice, after=2)
    assert event(alice, found["id"])["results"] == [{"id": result["id"], "event": "ADD", "user_id": "alex"}]
    assert rows(alice, Quarantined) == 1
    assert len(messages(alice)) == 1


def times(of: Json) -> Json:
    """Returns what `pass_days` changed."""
    return {name: value for name, value in of.items() if name.endswith("_at") or name == "latency"}


def test_messages_go_by_age_where_the_operator_wants_that(alice: Person, settings: Any) -> None:
    settings.RETAIN_MESSAGES = timedelta(days=90)
    memory_id, waiting = keep(alice, "Lives in Rome"), queue(alice, "I live in Bern.")
    prune(alice, after=89)
    assert len(messages(alice)) == 2
    prune(alice, after=2)
    assert messages(alice) == ["I live in Bern."]
    [entry] = history(alice, memory_id)
    assert (entry["new_memory"], entry["input"]) == ("Lives in Rome", [])
    assert work(alice, waiting)["status"] == "SUCCEEDED"


def test_requests_and_answers_of_keys_go(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        post(person, "/v3/memories/add/", messages="I like tea.", user_id="alex")
        ok(call(person, "POST", "/v3/memories/add/", {"messages": "Hm.", "user_id": "alex"}, idempotency_key="one"))
        accesses(person)
        pass_days(person, 29)
    prune(alice)
    assert (rows(alice, IdempotencyKey), rows(alice, RequestLog)) == (0, 2)
    prune(alice, after=2)
    assert rows(alice, RequestLog) == 0
    assert (rows(bob, IdempotencyKey), rows(bob, RequestLog)) == (1, 2)


def test_a_key_is_kept_for_a_day(alice: Person) -> None:
    body = {"messages": "I like tea.", "user_id": "alex"}
    answer = call(alice, "POST", "/v3/memories/add/", body, idempotency_key="one")
    with tenant_tx(alice.tenant):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    prune(alice)
    assert call(alice, "POST", "/v3/memories/add/", body, idempotency_key="one").content == answer.content


def test_what_somebody_holds_at_this_moment_is_not_waited_for(alice: Person, services: Services) -> None:
    get(alice, "/v1/ping/")
    accesses(alice)
    pass_days(alice, MONTH)
    get(alice, "/v1/ping/")
    accesses(alice)
    with tenant_tx(alice.tenant):
        held = RequestLog.objects.earliest("created_at")
        RequestLog.objects.update(created_at=held.created_at)
    with connect(services, "loci_app") as other, other.transaction():
        other.execute(f"SET LOCAL app.project = '{alice.tenant.project_id}'")
        other.execute("SELECT FROM request_log WHERE id = %s FOR UPDATE", [held.id])
        prune(alice)
        assert rows(alice, RequestLog) == 1


def test_files_go_when_they_expire(alice: Person, llm: FakeLLM) -> None:
    part = {"type": "txt_url", "txt_url": {"url": "data:,old"}}
    queue(alice, [{"role": "user", "content": part}])
    prune(alice, after=6)
    assert rows(alice, Blob) == 1
    prune(alice, after=2)
    assert rows(alice, Blob) == 0


def test_expired_memories_stay_unless_the_operator_says_how_long(alice: Person, bob: Person, settings: Any) -> None:
    today = timezone.now().date()
    days = {"long ago": 10, "just so": 8, "still": 7, "today": 0}
    for person in (alice, bob):
        for text, ago in days.items():
            expiring(person, text, str(today - timedelta(days=ago)))
        keep(person, "for ever")
    everything = [*days, "for ever"]
    prune(alice)
    assert sorted(texts(alice, show_expired=True)) == sorted(everything)
    settings.RETAIN_EXPIRED = timedelta(days=7)
    prune(alice)
    assert sorted(texts(alice, show_expired=True)) == ["for ever", "still", "today"]
    assert sorted(texts(alice)) == ["for ever", "today"]
    assert sorted(texts(bob, show_expired=True)) == sorted(everything)


def test_what_expired_is_deleted_like_anything(alice: Person, settings: Any) -> None:
    settings.RETAIN_EXPIRED = timedelta(days=1)
    memory_id = expiring(alice, "Stays at the Ritz", "2020-01-01")
    prune(alice)
    assert call(alice, "GET", f"/v1/memories/{memory_id}/").status_code == 404
    assert [entry["event"] for entry in history(alice, memory_id)] == ["ADD", "DELETE"]
    assert "Ritz" not in str([history(alice, memory_id), get(alice, "/v1/events/")])
    assert messages(alice) == []


def expiring(person: Person, text: str, day: str) -> str:
    """Keeps a memory that expired on that day."""
    memory_id = keep(person, text)
    with tenant_tx(person.tenant):
        Memory.objects.filter(id=memory_id).update(expires_on=day)
    return memory_id


@pytest.mark.parametrize("decay", [True, False])
def test_accesses_are_kept_where_memories_decay(alice: Person, decay: bool) -> None:
    memory_id = keep(alice, "Lives in Rome")
    used(alice, memory_id, timedelta(days=1))
    ok(call(alice, "PATCH", project_of(alice), {"decay": decay}))
    prune(alice)
    assert rows(alice, Access) == int(decay)


def test_ids_are_ordered_by_the_time_of_their_making(alice: Person) -> None:
    begun = timezone.now()
    keep(alice, "Lives in Rome")
    with tenant_tx(alice.tenant):
        message = Message.objects.get()
    assert first_id(begun) <= message.id < first_id(timezone.now() + timedelta(milliseconds=1))
