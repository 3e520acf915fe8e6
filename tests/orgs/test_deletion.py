from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from loci.errors import NotFound
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.registry import PROJECT_TABLES
from memories.models import Memory, MemoryState
from orgs.accounts.people import make_at_home
from orgs.models import AuditEntry, Organization, Project, User
from orgs.queries import Caller, organizations_of, place_of, project_tenant
from orgs.services import erasing, organizations
from orgs.services.api_keys import create_api_key
from orgs.services.deletion import restore_project
from tests.conftest import Person, Services
from tests.orgs.support import (
    ORGANIZATIONS,
    control_of,
    delete,
    member_of,
    organization_of,
    project_of,
    restored,
    signed_in,
    with_key,
)
from tests.tenancy.rows import all_rows, everything, make_rows
from workers import jobs
from workers.jobs import Claim, Fenced
from workers.models import Job, JobState
from workers.tasks.erase import ERASE, erase
from workers.tasks.running import run


def erasure_of(person: Person) -> UUID:
    """Makes the organization's newest erasure due now, and returns the id of its job."""
    control = control_of(person)
    with tenant_tx(control):
        job: Job = Job.objects.filter(kind="erase").latest("created_at")
        Job.objects.filter(id=job.id).update(not_before=timezone.now())
    return job.id


def erase_now(person: Person) -> None:
    """Runs the newest erasure to its end, as a worker would."""
    control, job_id = control_of(person), erasure_of(person)
    for _ in range(1000):
        erase(str(control.project_id), str(job_id))
        with tenant_tx(control):
            job = Job.objects.get(id=job_id)
        if job.state != JobState.PENDING:
            break
        assert job.last_error == ""
    assert job.state == JobState.DONE


def second_project(person: Person) -> Person:
    """The person with another project of their organization, and a key of it."""
    response = signed_in(person).client.post(
        organization_of(person, "projects/"), {"name": "second"}, content_type="application/json"
    )
    project_id = response.json()["project_id"]
    with tenant_tx(person.tenant):
        project = Project.objects.get(public_id=project_id)
    key = create_api_key(project=project, maker=User.objects.get(email=person.email), name="second")
    tenant = Tenant(project_id=project.id, org_id=person.tenant.org_id)
    return Person(person.email, tenant, person.org_id, project_id, key, with_key(key))


def entries(person: Person, action: str) -> list[Any]:
    with tenant_tx(control_of(person)):
        return list(AuditEntry.objects.filter(action=action).order_by("number"))


def test_a_deleted_project_is_gone_at_once(alice: Person) -> None:
    session = signed_in(alice).client
    assert project_tenant(alice.project_id) == alice.tenant
    response = session.delete(project_of(alice))
    assert response.status_code == 200
    assert project_tenant(alice.project_id) is None  # For an operator's commands.
    assert response.json()["message"] == "Project and related data deleted successfully."
    assert alice.client.get("/v1/ping/").status_code == 401
    for gone in (session.get(project_of(alice)), session.get("/v1/entities/", {"project_id": alice.project_id})):
        assert (gone.status_code, gone.json()["message"]) == (404, "Organization or project not found")
    assert session.get(organization_of(alice, "projects/")).json() == []
    assert session.delete(project_of(alice)).status_code == 404


def test_a_restored_project_is_as_it_was(alice: Person) -> None:
    memory = make_rows(alice.tenant)["memory"]
    session = signed_in(alice)
    delete(alice, project_of(alice))
    assert restored(session, project_of(alice)) == 200
    assert alice.client.get(f"/v1/memories/{memory.id}/").json()["memory"] == memory.text
    assert session.client.get(project_of(alice)).json()["is_default"] is True
    with tenant_tx(control_of(alice)):
        assert [job.state for job in Job.objects.filter(kind="erase")] == [JobState.DEAD]
    assert restored(session, project_of(alice)) == 200
    assert len(entries(alice, "project.restore")) == 1


def test_a_project_that_was_deleted_again_after_its_restoration_is_erased_once(alice: Person) -> None:
    delete(alice, project_of(alice))
    restored(signed_in(alice), project_of(alice))
    delete(alice, project_of(alice))
    erase_now(alice)
    assert len(entries(alice, "project.erase")) == 1


def test_a_project_is_restored_by_another_key_that_reaches_it(alice: Person) -> None:
    session = signed_in(alice).client
    key = session.post(organization_of(alice, "api-keys/"), {"name": "all"}, content_type="application/json").json()[
        "key"
    ]
    delete(alice, project_of(alice))
    assert restored(replace(alice, client=with_key(key)), project_of(alice)) == 200
    assert alice.client.get("/v1/ping/").status_code == 200


def test_only_who_may_change_a_project_deletes_and_restores_it(alice: Person, bob: Person) -> None:
    others = signed_in(member_of(alice, "reader@example.com", "READER")), signed_in(bob)
    assert [other.client.delete(project_of(alice)).status_code for other in others] == [403, 404]
    delete(alice, project_of(alice))
    assert [restored(other, project_of(alice)) for other in others] == [403, 404]


def test_the_oldest_project_that_is_left_becomes_the_default_one(alice: Person) -> None:
    second = second_project(alice)
    delete(alice, project_of(alice))
    [left] = signed_in(alice).client.get(organization_of(alice, "projects/")).json()
    assert (left["project_id"], left["is_default"]) == (second.project_id, True)
    restored(signed_in(alice), project_of(alice))
    flags = [each["is_default"] for each in signed_in(alice).client.get(organization_of(alice, "projects/")).json()]
    assert flags == [False, True]


@pytest.mark.parametrize("scoped", [True, False], ids=["managers and database", "database alone"])
def test_nothing_of_an_erased_project_is_left_but_its_usage(
    alice: Person, bob: Person, services: Services, settings: Any, scoped: bool
) -> None:
    second = second_project(alice)
    for person in (alice, second, bob):
        make_rows(person.tenant)
    untouched = {who.project_id: everything(services, who.tenant) for who in (second, bob)}
    delete(alice, project_of(alice))
    settings.TENANT_ORM_SCOPING = scoped
    erase_now(alice)
    settings.TENANT_ORM_SCOPING = True
    rows = everything(services, alice.tenant)
    assert {table for table in PROJECT_TABLES if rows[table]} == {"usage_entry"}
    [shell] = [row for row in rows["project"] if row["id"] == str(alice.tenant.project_id)]
    assert (shell["name"], shell["description"], shell["settings"]) == ("", "", {})
    assert shell["erased_at"]
    assert [key["project_id"] for key in rows["api_key"]] == [str(second.tenant.project_id)]
    after = {who.project_id: everything(services, who.tenant) for who in (second, bob)}
    assert after[bob.project_id] == untouched[bob.project_id]
    for table in PROJECT_TABLES:
        assert after[second.project_id][table] == untouched[second.project_id][table]


def test_the_audit_log_certifies_how_many_rows_went(alice: Person) -> None:
    make_rows(alice.tenant)
    delete(alice, project_of(alice))
    erase_now(alice)
    [certificate] = entries(alice, "project.erase")
    assert certificate.object_id == alice.project_id
    erased = certificate.details["rows"]
    assert {erased[table] for table in ("memory", "revision", "message", "event", "entity", "api_key")} == {1}
    assert "usage_entry" not in erased


def test_the_count_is_right_however_often_the_work_is_interrupted(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        make_rows(alice.tenant, user=f"user {number}", text=f"Owns {number} cats")
    delete(alice, project_of(alice))
    monkeypatch.setattr(erasing, "BATCH", 2)
    monkeypatch.setattr(erasing, "STEP_S", 0)
    erase_now(alice)
    [certificate] = entries(alice, "project.erase")
    assert certificate.details["rows"]["memory"] == 5


def test_memories_that_replaced_each_other_are_erased_in_any_order(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 1)
    first, second = (make_rows(alice.tenant, text=text)["memory"] for text in ("Lives in Oslo", "Lives in Rome"))
    with tenant_tx(alice.tenant):
        Memory.objects.filter(id=first.id).update(replaced_by=second.id, state=MemoryState.SUPERSEDED)
        Memory.objects.filter(id=second.id).update(replaced_by=first.id, state=MemoryState.SUPERSEDED)
    delete(alice, project_of(alice))
    erase_now(alice)
    with tenant_tx(alice.tenant):
        assert not Memory.objects.exists()


def _remember(claim: Claim) -> None:
    """Ends a job as an add does."""
    with tenant_tx(claim.tenant):
        Memory.objects.create(text="Too late", hash="")
        jobs.finish(claim)


def test_a_job_that_still_runs_commits_nothing_after_the_erasure(alice: Person) -> None:
    with tenant_tx(alice.tenant):
        job = jobs.enqueue(kind="add", queue="extraction")
        claim = jobs.claim(Tenant(alice.tenant.project_id), job.id, 60)
    assert claim is not None
    delete(alice, project_of(alice))
    erase_now(alice)
    with pytest.raises(Fenced):
        _remember(claim)
    with tenant_tx(alice.tenant):
        assert not Memory.objects.exists()


def test_what_is_being_erased_cannot_be_restored(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    make_rows(alice.tenant)
    delete(alice, project_of(alice))
    monkeypatch.setattr(erasing, "STEP_S", 0)
    erase(str(control_of(alice).project_id), str(erasure_of(alice)))
    assert restored(signed_in(alice), project_of(alice)) == 404


def test_who_asks_for_a_restoration_while_the_erasure_begins_does_not_stop_it(alice: Person) -> None:
    person = User.objects.get(email=alice.email)
    delete(alice, project_of(alice))
    caller = Caller(user_id=person.id, user_email=person.email)
    place = place_of(caller, org=alice.org_id, project=alice.project_id)
    erase_now(alice)
    with pytest.raises(NotFound):
        restore_project(replace(caller, place=place))
    assert entries(alice, "project.restore") == []


def test_an_identity_goes_with_the_provider_that_vouched_for_it(alice: Person) -> None:
    provider = all_rows(alice.tenant)["identity_provider"]
    person = User.objects.get(email=alice.email)
    for name in (provider.public_id, "sso_of_another"):
        SocialAccount.objects.create(user=person, provider=name, uid="subject")
    delete(alice, organization_of(alice))
    erase_now(alice)
    assert [account.provider for account in SocialAccount.objects.all()] == ["sso_of_another"]


def test_an_erasure_waits_until_it_is_due(alice: Person, services: Services) -> None:
    make_rows(alice.tenant)
    delete(alice, project_of(alice))
    control = control_of(alice)
    with tenant_tx(control):
        job = Job.objects.get(kind="erase")
    assert 6.9 < (job.not_before - timezone.now()).total_seconds() / 86_400 < 7
    assert not run(ERASE, Tenant(control.project_id), job.id)
    assert everything(services, alice.tenant)["memory"]


def test_an_erasure_that_was_given_up_is_tried_again(alice: Person) -> None:
    delete(alice, project_of(alice))
    control, job_id = control_of(alice), erasure_of(alice)
    with tenant_tx(control):
        Job.objects.filter(id=job_id).update(attempt=100)
    erase(str(control.project_id), str(job_id))
    with tenant_tx(control):
        states = dict(Job.objects.filter(event_id=alice.tenant.project_id).values_list("id", "state"))
    assert states.pop(job_id) == JobState.DEAD
    assert list(states.values()) == [JobState.PENDING]


def test_a_deleted_organization_is_gone_for_everybody_but_its_owners(alice: Person, bob: Person) -> None:
    owner, reader = signed_in(alice), signed_in(member_of(alice, "reader@example.com", "READER"))
    response = owner.client.delete(organization_of(alice))
    assert response.json()["message"] == "Organization deleted successfully!"
    assert alice.client.get("/v1/ping/").status_code == 401
    for person in (owner, reader):
        assert person.client.get(organization_of(alice)).status_code == 404
        assert person.client.get(project_of(alice)).status_code == 404
        assert person.client.get(ORGANIZATIONS).json() == []
    everybody = signed_in(bob), reader, owner
    assert [restored(person, organization_of(alice)) for person in everybody] == [404, 403, 200]
    assert alice.client.get("/v1/ping/").status_code == 200
    assert restored(owner, organization_of(alice)) == 200
    assert [entry.actor_type for entry in entries(alice, "organization.restore")] == ["person"]


def test_the_list_of_deleted_organizations_shows_owners_what_they_can_restore(alice: Person, bob: Person) -> None:
    owner, reader = signed_in(alice), signed_in(member_of(alice, "reader@example.com", "READER"))
    assert owner.client.get(ORGANIZATIONS, {"deleted": "true"}).json() == []
    delete(alice, organization_of(alice))
    lists = [who.client.get(ORGANIZATIONS, {"deleted": "true"}).json() for who in (owner, reader, signed_in(bob))]
    assert [[each["org_id"] for each in found] for found in lists] == [[alice.org_id], [], []]
    assert lists[0][0]["deleted_at"] <= timezone.now().isoformat()
    assert owner.client.get(ORGANIZATIONS, {"deleted": "perhaps"}).status_code == 400
    assert restored(owner, f"{ORGANIZATIONS}{lists[0][0]['org_id']}/") == 200
    assert owner.client.get(ORGANIZATIONS, {"deleted": "true"}).json() == []
    [living] = owner.client.get(ORGANIZATIONS).json()
    assert "deleted_at" not in living


def test_the_list_of_deleted_projects_shows_what_the_caller_can_restore(alice: Person) -> None:
    owner, reader = signed_in(alice), signed_in(member_of(alice, "reader@example.com", "READER"))
    second_project(alice)
    delete(alice, project_of(alice))
    lists = [who.client.get(organization_of(alice, "projects/"), {"deleted": "true"}).json() for who in (owner, reader)]
    assert [[each["project_id"] for each in found] for found in lists] == [[alice.project_id], []]
    assert lists[0][0]["deleted_at"] <= timezone.now().isoformat()
    assert restored(owner, organization_of(alice, f"projects/{lists[0][0]['project_id']}/")) == 200
    delete(alice, project_of(alice))
    erase_now(alice)
    assert owner.client.get(organization_of(alice, "projects/"), {"deleted": "true"}).json() == []


def test_a_project_of_a_deleted_organization_is_neither_deleted_nor_restored_by_itself(alice: Person) -> None:
    owner = signed_in(alice)
    owner.client.delete(organization_of(alice))
    assert owner.client.delete(project_of(alice)).status_code == 404
    assert restored(owner, project_of(alice)) == 404
    assert restored(owner, organization_of(alice)) == 200
    assert alice.client.get("/v1/ping/").status_code == 200


def test_nothing_of_an_erased_organization_is_left_but_usage_and_the_audit_log(
    alice: Person, bob: Person, services: Services
) -> None:
    second = second_project(alice)
    make_rows(second.tenant)
    for person in (alice, bob):
        all_rows(person.tenant)
    untouched = everything(services, bob.tenant)
    delete(alice, organization_of(alice))
    erase_now(alice)
    left = {table for table, rows in everything(services, alice.tenant).items() if rows}
    assert left == {"audit_entry", "organization", "plan_assignment", "project", "token_budget", "usage_entry"}
    for project in (alice, second):
        assert {table for table in PROJECT_TABLES if everything(services, project.tenant)[table]} == {"usage_entry"}
    assert everything(services, bob.tenant) == untouched
    with tenant_tx(control_of(alice)):
        assert Organization.objects.get().name == ""
        assert [(project.name, project.settings) for project in Project.objects.all()] == [("", {})] * 3
    [certificate] = entries(alice, "organization.erase")
    assert certificate.details["rows"]["memory"] == 2
    assert certificate.details["rows"]["membership"] == 1
    assert restored(signed_in(alice), organization_of(alice)) == 404


def test_deleting_makes_room_for_another_organization_after_the_erasure_only(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organizations, "MAX_OWNED", 1)
    session, person = signed_in(alice).client, User.objects.get(email=alice.email)
    delete(alice, organization_of(alice))
    assert session.post(ORGANIZATIONS, {"name": "Anew"}, content_type="application/json").status_code == 403
    make_at_home(person)  # As a login from the command line does for who is in none.
    assert organizations_of(person.id) == []
    erase_now(alice)
    assert session.post(ORGANIZATIONS, {"name": "Anew"}, content_type="application/json").status_code == 201


def test_people_outlive_their_organization(alice: Person) -> None:
    delete(alice, organization_of(alice))
    erase_now(alice)
    session = signed_in(alice).client
    assert session.get(ORGANIZATIONS).json() == []
    made = session.post(ORGANIZATIONS, {"name": "Anew"}, content_type="application/json")
    assert made.status_code == 201
