"""Memories that say the same become one, as the project wants it, and that can be undone."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Event, Memory, Review, Revision
from memories.scope import Scope
from memories.services import consolidating
from memories.services.consolidating import accept_consolidation
from memories.text import searchable
from tests.conftest import Person, Services
from tests.fakes.llm import FakeLLM
from tests.memories.reviewing import (
    believed,
    consolidate,
    decide,
    found,
    keep_both,
    merged,
    only_review,
    refusal,
    reviews,
    schedule,
    set_project,
    two,
    work_off,
)
from tests.memories.support import (
    Json,
    add,
    call,
    delete,
    history,
    keep,
    listed,
    lives_in,
    memory,
    put,
    scripted_add,
    search,
    texts,
)
from tests.memories.test_sameness import KEPT_APART, OTHER_WORDS, SAME
from tests.tenancy.rows import superuser
from workers.models import Job, JobState
from workers.tasks.consolidate import CONSOLIDATE
from workers.tasks.running import run


def test_nothing_happens_unless_the_project_wants_it(alice: Person) -> None:
    two(alice)
    before = believed(alice)
    assert call(alice, "POST", "/v1/consolidation/", {}).status_code == 400
    assert schedule(alice) == 1
    assert believed(alice) == before
    assert reviews(alice) == []


def test_what_says_the_same_is_proposed_and_nothing_changes(proposing: Person) -> None:
    older, newer = two(proposing)
    before = believed(proposing)
    consolidate(proposing)
    review = only_review(proposing)
    assert (review["kind"], review["state"], review["opinions"]) == ("duplicate", "open", None)
    assert (review["memory"]["id"], review["duplicate"]["id"]) == (older, newer)
    assert believed(proposing) == before
    consolidate(proposing)
    assert only_review(proposing) == review


@pytest.mark.parametrize("by_policy", [True, False], ids=["policy", "person"])
def test_a_merge_hides_one_and_its_undoing_leaves_all_as_it_was(alice: Person, *, by_policy: bool) -> None:
    set_project(alice, consolidation="apply" if by_policy else "propose")
    older, newer = two(alice)
    keep(alice, "Drinks green tea with honey")
    before, hits, shown, was = believed(alice), found(alice), listed(alice), history(alice, newer)
    consolidate(alice)
    if not by_policy:
        decide(alice, only_review(alice), "approve")
    review = only_review(alice)
    assert (review["state"], review["decided_by"] is None) == ("approved", by_policy)
    assert texts(alice) == ["Drinks green tea with honey", "Likes tea"]
    assert newer not in [hit[0] for hit in found(alice)]
    gone = memory(alice, newer)
    assert (gone["lifecycle_state"], gone["replaced_by"], gone["memory"]) == (
        "superseded",
        older,
        "The user likes tea.",
    )
    for name in ("include_superseded", "include_merged"):
        shown_too: Json = {name: True}
        assert newer in [row["id"] for row in listed(alice, **shown_too)]
        assert newer in [hit["id"] for hit in search(alice, "tea", **shown_too)]
        assert newer not in [row["id"] for row in listed(alice, latest_only=True, **shown_too)]
    assert [entry["event"] for entry in history(alice, newer)] == ["ADD", "DELETE"]
    decide(alice, review, "undo")
    assert (believed(alice), found(alice), listed(alice)) == (before, hits, shown)
    assert listed(alice, include_merged=True) == shown
    assert [entry["event"] for entry in history(alice, newer)] == ["ADD", "DELETE", "UPDATE"]
    assert history(alice, newer)[0] | {"valid_to": None} == was[0]
    # A person has decided: it is not done again.
    consolidate(alice)
    assert believed(alice) == before
    assert only_review(alice)["state"] == "undone"


def test_pairs_that_say_the_same_are_merged_and_no_others(applying: Person) -> None:
    for name, pairs in (("same", SAME), ("apart", KEPT_APART + OTHER_WORDS)):
        for number, pair in enumerate(pairs):
            keep_both(applying, pair, user_id=f"{name}-{number}")
    with tenant_tx(applying.tenant):
        users = Memory.objects.values_list("user_id", flat=True).order_by()
        # Some become the very same text when they are kept, which is one memory from the start.
        stored_twice = {user for user in users if list(users).count(user) == 2}
    assert len(stored_twice) > len(KEPT_APART + OTHER_WORDS) + 10
    consolidate(applying)
    with tenant_tx(applying.tenant):
        hidden = Memory.objects.filter(state="superseded")
        assert sorted(hidden.values_list("user_id", flat=True)) == sorted(
            user for user in stored_twice if user.startswith("same")
        )


@pytest.mark.parametrize(
    "differing",
    [
        [{"user_id": "blake"}, {}],
        [{"run_id": "one"}, {}],
        [{"metadata": {"source": "a"}}, {"metadata": {"source": "b"}}],
        [{"metadata": {"source": "a"}}, {}],
        [{"expiration_date": "2999-01-01"}, {}],
        [{"immutable": True}, {}],
        [{}, {"immutable": True}],
    ],
    ids=str,
)
def test_what_would_lose_something_is_left_alone(applying: Person, differing: list[Json]) -> None:
    for text, parameters in zip(("Likes tea", "The user likes tea."), differing, strict=True):
        keep(applying, text, **parameters)
    before = believed(applying)
    consolidate(applying)
    assert believed(applying) == before
    assert reviews(applying) == []


def test_what_an_agent_knows_of_the_user_is_not_said_of_the_agent(applying: Person) -> None:
    two(applying, user_id=None, agent_id="ada")
    consolidate(applying)
    assert reviews(applying) == []


def test_what_different_people_said_stays_apart(applying: Person) -> None:
    for name, text in (("Ann", "I like tea"), ("Bob", "I like tea.")):
        add(applying, [{"role": "user", "name": name, "content": text}], infer=False)
    consolidate(applying)
    assert len(texts(applying)) == 2


def test_the_one_that_more_vouches_for_stays(applying: Person, llm: FakeLLM) -> None:
    older, newer = two(applying)
    # The newer one was said twice.
    llm.script({"facts": [{"text": "Tea", "speaker": "user", "sources": [0], "relation": "duplicate", "candidate": 0}]})
    keep(applying, "The assistant knows", user_id="blake")
    with tenant_tx(applying.tenant):
        row = Revision.objects.get(memory_id=newer, recorded_to=None)
        row.id, row.cause = None, "REPEAT"
        row.save()
    llm.script()
    consolidate(applying, user_id="alex")
    assert merged(applying) == [(newer, older)]


def test_the_one_that_supports_an_attribute_stays(applying: Person, llm: FakeLLM) -> None:
    older = keep(applying, "The user lives in Rome.")
    (result,) = scripted_add(applying, llm, lives_in("Rome"))["results"]
    consolidate(applying)
    assert merged(applying) == [(result["id"], older)]


def test_a_memory_that_changes_after_the_proposal_is_not_merged(proposing: Person) -> None:
    for changed in (0, 1):
        ids = two(proposing, user_id=f"user-{changed}")
        consolidate(proposing)
        put(proposing, ids[changed], metadata={"a": 1})
        review = only_review(proposing, f"?user_id=user-{changed}")
        before = believed(proposing)
        assert refusal(proposing, review, "approve") == 409
        assert refusal(proposing, review, "edit", text="Likes all tea") == 409
        assert believed(proposing) == before
        put(proposing, ids[changed], text="Likes milk")
        assert only_review(proposing, f"?user_id=user-{changed}")["state"] == "outdated"


@pytest.mark.parametrize("changed", [0, 1])
def test_a_merge_is_not_undone_once_something_else_has_changed(applying: Person, changed: int) -> None:
    ids = two(applying)
    consolidate(applying)
    put(applying, ids[changed], text="Likes milk")
    before = believed(applying)
    assert refusal(applying, only_review(applying), "undo") == 409
    assert believed(applying) == before


def test_those_that_are_rejected_stay_apart(proposing: Person) -> None:
    two(proposing)
    consolidate(proposing)
    before = believed(proposing)
    decide(proposing, only_review(proposing), "reject")
    set_project(proposing, consolidation="apply")
    consolidate(proposing)
    assert believed(proposing) == before
    assert only_review(proposing)["state"] == "rejected"


def test_an_edit_merges_too_and_its_undoing_takes_both_back(proposing: Person) -> None:
    two(proposing)
    before, hits = believed(proposing), found(proposing)
    consolidate(proposing)
    review = only_review(proposing)
    decide(proposing, review, "edit", text="Likes green tea")
    assert texts(proposing) == ["Likes green tea"]
    decide(proposing, review, "undo")
    assert (believed(proposing), found(proposing)) == (before, hits)


def test_open_proposals_are_merged_once_the_policy_says_so(proposing: Person) -> None:
    two(proposing)
    consolidate(proposing)
    set_project(proposing, consolidation="apply")
    consolidate(proposing)
    assert only_review(proposing)["state"] == "approved"
    assert texts(proposing) == ["Likes tea"]


def test_of_many_that_say_the_same_one_stays(applying: Person) -> None:
    first, *others = two(applying, "Likes tea", "likes tea", "Likes tea.", "Likes tea!", "The user likes tea")
    consolidate(applying)
    assert texts(applying) == ["Likes tea"]
    assert sorted(merged(applying)) == sorted((first, other) for other in others)


@pytest.mark.parametrize("how", ["by id", "with others", "by filters", "with all"])
def test_what_was_merged_is_deleted_with_what_it_was_merged_into(applying: Person, how: str) -> None:
    older, newer = two(applying)
    consolidate(applying)
    if how == "by id":
        delete(applying, f"/v1/memories/{older}/")
    elif how == "with others":
        assert call(applying, "DELETE", "/v1/batch/", {"memories": [{"memory_id": older}]}).status_code == 200
    elif how == "by filters":
        delete(applying, '/v1/memories/?user_id=alex&filters={"keywords":{"contains":"Likes"}}')
    else:
        delete(applying, "/v1/memories/?user_id=alex")
    assert call(applying, "GET", f"/v1/memories/{newer}/").status_code == 404
    with tenant_tx(applying.tenant):
        assert not Review.objects.exists()
        assert not Revision.objects.exclude(text="").exists()
        assert Revision.objects.filter(recorded_to=None).count() == 2  # One of each.


def test_a_run_looks_only_at_what_is_new_and_one_that_is_asked_for_at_all(applying: Person) -> None:
    blakes = two(applying, user_id="blake")
    schedule(applying)
    decide(applying, only_review(applying), "undo")
    with tenant_tx(applying.tenant):
        Review.objects.all().delete()
        Revision.objects.update(recorded_from="2026-01-01T00:00:00Z")
    two(applying)
    schedule(applying)
    assert [row["memory"]["user_id"] for row in reviews(applying)] == ["alex"]
    consolidate(applying, user_id="nobody")
    assert len(reviews(applying)) == 1
    consolidate(applying, user_id="blake")
    assert tuple(blakes) in merged(applying)


def test_a_run_goes_on_where_another_worker_died(applying: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consolidating, "STEP_S", 0)
    for number in range(4):
        two(applying, user_id=f"user-{number}")
    assert consolidate(applying) > 4
    assert len(merged(applying)) == 4


def test_a_commit_merges_only_so_many(applying: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consolidating, "STEP_S", 0)
    monkeypatch.setattr(consolidating, "LARGEST", 4)
    for thing in ("tea", "coffee", "milk", "water", "juice"):
        two(applying, f"Likes {thing}", f"The user likes {thing}.")
    assert consolidate(applying) == 5  # Two groups, two, one; the scope; the end.
    assert len(merged(applying)) == 5


def test_one_run_goes_on_where_the_one_before_left_many_that_say_the_same(
    proposing: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consolidating, "LARGEST", 3)
    said = [f"{subject} tea{end}" for subject in ("Likes", "likes", "The user likes") for end in ("", ".", "!")]
    oldest, *others = two(proposing, *said[:7])
    proposed = []
    for _ in range(4):
        consolidate(proposing)
        proposed.append(len(merged(proposing)))
    assert proposed == [2, 4, 6, 6]
    assert set(merged(proposing)) == {(oldest, other) for other in others}
    set_project(proposing, consolidation="apply")
    for _ in range(3):
        consolidate(proposing)
    assert texts(proposing) == ["Likes tea"]


def test_what_changes_while_a_job_reads_is_not_merged(applying: Person, services: Services) -> None:
    _, newer = two(applying)
    accept_consolidation(applying.tenant, Scope())
    with tenant_tx(applying.tenant):
        job_id = Job.objects.get(kind="consolidate").id
    with superuser(services) as admin, ThreadPoolExecutor(1) as pool:
        with admin.transaction():
            admin.execute("UPDATE memory SET text = 'Likes coffee', hash = 'new' WHERE id = %s", [newer])
            # The job still reads the text of before, and then waits for this transaction.
            working = pool.submit(run, CONSOLIDATE, Tenant(applying.tenant.project_id), job_id)
            while not admin.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                assert not working.done()
        assert working.result()
    assert reviews(applying) == []
    assert texts(applying) == ["Likes coffee", "Likes tea"]


def test_two_workers_at_once_merge_once(applying: Person) -> None:
    for number in range(5):
        two(applying, f"Likes thing number {number}", f"The user likes thing number {number}.")
    for within in (Scope(), Scope(user_id="alex")):
        accept_consolidation(applying.tenant, within)
    with tenant_tx(applying.tenant):
        ids = list(Job.objects.filter(kind="consolidate").values_list("id", flat=True))
    tenant = Tenant(applying.tenant.project_id)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda job_id: run(CONSOLIDATE, tenant, job_id), ids * 2))
    work_off(applying)
    with tenant_tx(applying.tenant):
        assert Memory.objects.filter(state="superseded").count() == Review.objects.filter(state="approved").count() == 5
        assert not Job.objects.exclude(state=JobState.DONE).exists()


def test_somebody_s_request_waits_for_the_one_that_is_open(proposing: Person) -> None:
    two(proposing)
    for _ in range(3):
        assert call(proposing, "POST", "/v1/consolidation/", {"user_id": "alex"}).status_code == 200
    with tenant_tx(proposing.tenant):
        assert Job.objects.filter(kind="consolidate").count() == 1


def test_a_thousand_memories_of_one_scope_take_little(applying: Person) -> None:
    columns = searchable("Likes tea", [1.0] + [0.0] * 383)
    with tenant_tx(applying.tenant):
        event = Event.objects.create(event_type="ADD")
        said = [f"Likes thing number {number}" for number in range(950)]
        said += [f"The user likes thing number {number}." for number in range(50)]
        memories = Memory.objects.bulk_create(
            Memory(**columns | {"text": text, "hash": str(number)}, user_id="alex") for number, text in enumerate(said)
        )
        Revision.objects.bulk_create(
            Revision(memory=row, user_id="alex", text=row.text, valid_from=row.created_at, cause="ADD", event=event)
            for row in memories
        )
    tracemalloc.start()
    consolidate(applying)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20
    with tenant_tx(applying.tenant):
        assert Memory.objects.filter(state="superseded").count() == 50
