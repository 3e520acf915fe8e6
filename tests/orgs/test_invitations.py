"""Invitations: mailed by a job, accepted on their page, once and by whom they are for."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core import mail, signing
from django.db import connection
from django.utils import timezone

from loci.tenancy.context import Tenant, org_tx, tenant_tx
from orgs.accounts import rates
from orgs.accounts.people import INVITATION, create_person
from orgs.models import AGENTS_DOMAIN, AuditEntry, Invitation, Membership, Organization, Project, User
from orgs.services.invitations import MAILS_PER_DAY_TO_ONE
from tests.conftest import Person
from tests.orgs.accounts.browser import HOME, PASSWORD, Browser, link_in
from tests.orgs.accounts.smtp import postbox
from tests.orgs.support import ORGANIZATIONS, confined_to, member_of, organization_of, project_of, signed_in
from workers.models import Job, JobState
from workers.tasks.invite import invite

NEW = "new@example.com"
GONE = "This invitation can no longer be used"


def ask(by: Person, email: str = NEW, role: str = "READER", *, to_project: bool = False) -> Any:
    """Invites somebody to the organization, or to the project."""
    place = project_of if to_project else organization_of
    return by.client.post(place(by, "members/"), {"email": email, "role": role}, "application/json")


def control_of(person: Person) -> Tenant:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        control = Project.objects.get(is_control=True)
    return Tenant(project_id=control.id, org_id=person.tenant.org_id)


def jobs_of(person: Person) -> list[Job]:
    with tenant_tx(control_of(person)):
        return list(Job.objects.filter(kind="invite").order_by("created_at"))


def deliver(person: Person) -> list[str]:
    """Runs the jobs of the organization's invitations as a worker does; returns the states that they end in."""
    for job in jobs_of(person):
        invite(str(job.project_id), str(job.id))
    return [job.state for job in jobs_of(person)]


def the_invitation(person: Person, **which: Any) -> Invitation:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        found: Invitation = Invitation.objects.get(**which)
        return found


def change(person: Person, model: Any, **changes: Any) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        assert model.objects.update(**changes)


def invited(by: Person, email: str = NEW, role: str = "READER", *, to_project: bool = False) -> str:
    """Invites somebody and returns the path in their mail."""
    ask(by, email, role, to_project=to_project)
    deliver(by)
    return link_in(mail.outbox[-1])


def html_of(message: Any) -> str:
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    return str(html)


def browser_of(email: str) -> Browser:
    """Returns the browser of somebody new who has an account of this email and is logged in."""
    create_person(email=email, password=PASSWORD)
    browser = Browser()
    browser.log_in(email)
    return browser


def roles(person: Person, email: str = NEW) -> list[tuple[UUID | None, str]]:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        return list(Membership.objects.filter(user__email=email).order_by("id").values_list("project_id", "role"))


def test_an_invitation_is_mailed_as_text_and_html_with_a_link_of_this_host(alice: Person) -> None:
    assert ask(alice).status_code == 201
    assert deliver(alice) == [JobState.DONE]
    [message] = mail.outbox
    assert message.to == [NEW]
    assert message.subject == f"Invitation to {alice.email}'s"
    assert (
        f"{alice.email} invites you to the organization {alice.email}'s on Loci, with the role READER." in message.body
    )
    link = re.search(r"http://localhost:8000/account/invitations/\S+/", str(message.body))
    assert link
    assert f'href="{link[0]}"' in html_of(message)


def test_the_mail_of_a_project_names_it(alice: Person) -> None:
    invited(alice, to_project=True)
    assert "the project default-project of the organization" in mail.outbox[0].body


def test_a_name_with_line_breaks_or_markup_does_no_harm_in_a_mail(alice: Person) -> None:
    change(alice, Organization, name="Evil\r\nBcc: bob@example.org <script>alert(1)</script>")
    invited(alice)
    [message] = mail.outbox
    assert message.recipients() == [NEW]
    assert "\n" not in message.subject
    assert "<script>" not in html_of(message)


def test_what_is_mailed_is_kept_nowhere(alice: Person) -> None:
    path = invited(alice)
    row = the_invitation(alice)
    token = path.split("/")[3]
    assert token not in str(row.__dict__)
    assert signing.loads(token, salt="orgs.invitation") == [str(row.org_id), str(row.id)]


def test_a_mail_server_that_is_away_is_tried_again(alice: Person, settings: Any) -> None:
    ask(alice)
    with postbox() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        server.refuses = True
        assert deliver(alice) == [JobState.PENDING]
        [job] = jobs_of(alice)
        assert job.not_before > timezone.now()
        server.refuses = False
        with tenant_tx(control_of(alice)):
            Job.objects.update(not_before=timezone.now())
        assert deliver(alice) == [JobState.DONE]
        assert [message["To"] for message in server.mails] == [NEW]


@pytest.mark.parametrize("ending", ["revoked_at", "accepted_at", "expires_at"])
def test_an_invitation_that_ended_meanwhile_is_not_mailed(alice: Person, ending: str) -> None:
    ask(alice)
    change(alice, Invitation, **{ending: timezone.now()})
    assert deliver(alice) == [JobState.DONE]
    assert mail.outbox == []


def test_asking_again_renews_the_one_invitation(alice: Person) -> None:
    ask(alice)
    change(alice, Invitation, expires_at=timezone.now() - timedelta(days=1))
    assert ask(alice, role="OWNER").status_code == 201
    row = the_invitation(alice)
    assert row.role == "OWNER"
    assert row.expires_at > timezone.now() + timedelta(days=6)


def test_a_mailbox_is_not_flooded(alice: Person) -> None:
    statuses = [ask(alice).status_code for _ in range(MAILS_PER_DAY_TO_ONE + 1)]
    assert statuses == [201] * MAILS_PER_DAY_TO_ONE + [429]
    alice.client.delete(organization_of(alice, f"members/?email={NEW}"))
    assert ask(alice).status_code == 429
    assert ask(alice, "another@example.com").status_code == 201


def test_owners_list_send_again_and_revoke_invitations(alice: Person) -> None:
    ask(alice)
    ask(alice, "other@example.com", to_project=True)
    [first, second] = alice.client.get(organization_of(alice, "invitations/")).json()["invitations"]
    assert [first[name] for name in ("email", "role", "project_id", "status", "invited_by")] == [
        NEW,
        "READER",
        None,
        "invited",
        alice.email,
    ]
    assert second["project_id"] == alice.project_id
    change(alice, Invitation, expires_at=timezone.now())
    listed = alice.client.get(organization_of(alice, "invitations/")).json()["invitations"]
    assert [each["status"] for each in listed] == ["expired", "expired"]
    one = organization_of(alice, f"invitations/{first['id']}/")
    assert alice.client.post(f"{one}resend/", {}, "application/json").json() == {"message": "Invitation sent."}
    assert len(jobs_of(alice)) == 3
    assert alice.client.delete(one).json() == {"message": "Invitation revoked."}
    listed = alice.client.get(organization_of(alice, "invitations/")).json()["invitations"]
    assert [each["id"] for each in listed] == [second["id"]]
    assert alice.client.delete(one).status_code == 404
    assert alice.client.post(f"{one}resend/", {}, "application/json").status_code == 404


def test_invitations_are_for_owners_of_the_organization(alice: Person, bob: Person) -> None:
    ask(alice)
    one = f"invitations/{the_invitation(alice).id}/"
    reader = member_of(alice, "carol@example.com", "READER")
    project_owner = member_of(alice, "dave@example.com", "OWNER", only_project=True)
    for person, status in ((reader, 403), (project_owner, 403), (bob, 404)):
        client = person.client
        statuses = [
            client.get(organization_of(alice, "invitations/")).status_code,
            client.delete(organization_of(alice, one)).status_code,
            client.post(organization_of(alice, f"{one}resend/"), {}, "application/json").status_code,
        ]
        assert statuses == [status] * 3
    assert bob.client.delete(organization_of(bob, one)).status_code == 404


def test_who_is_signed_in_with_the_email_accepts_by_a_button(alice: Person) -> None:
    path = invited(alice, role="OWNER")
    browser = browser_of(NEW)
    page = browser.open(path).content.decode()
    assert alice.email in page
    assert "Owner" in page
    assert roles(alice) == []  # Opening the link changes nothing: mail programs do it by themselves.
    answer = browser.submit(path)
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert "You accepted the invitation." in browser.open(HOME).content.decode()
    assert roles(alice) == [(None, "OWNER")]
    assert NEW in str(alice.client.get(organization_of(alice, "members/")).json())
    with org_tx(alice.tenant.org_id):  # type: ignore[arg-type]  # she has an organization
        entry = AuditEntry.objects.latest("number")
    assert (entry.action, entry.actor_id, entry.details) == (
        "invitation.accept",
        User.objects.get(email=NEW).id,
        {"role": "OWNER"},
    )


def test_an_invitation_to_a_project_opens_that_alone(alice: Person) -> None:
    path = invited(alice, role="OWNER", to_project=True)
    browser = browser_of(NEW)
    browser.submit(path)
    assert roles(alice) == [(alice.tenant.project_id, "OWNER")]
    assert browser.open(project_of(alice)).status_code == 200
    assert browser.open(organization_of(alice, "members/")).status_code == 403


def test_a_new_user_signs_up_with_the_invitation_even_where_sign_up_is_closed(alice: Person, settings: Any) -> None:
    settings.SIGN_UP = False
    path = invited(alice)
    browser = Browser()
    page = browser.open(path).content.decode()
    assert f"/account/signup/?next={quote(path)}" in page
    assert browser.client.session[INVITATION] in path
    browser.sign_up(NEW)
    browser.submit(link_in(mail.outbox[-1]))
    browser.log_in(NEW)
    assert browser.submit(path).status_code == 302
    assert roles(alice) == [(None, "READER")]
    assert INVITATION not in browser.client.session


def test_a_login_comes_back_to_the_invitation(alice: Person) -> None:
    path = invited(alice)
    create_person(email=NEW, password=PASSWORD)
    browser = Browser()
    browser.open(path)
    assert browser.submit(f"/account/login/?next={path}", login=NEW, password=PASSWORD, next=path)["Location"] == path


def test_a_forwarded_link_lets_no_stranger_in(alice: Person, bob: Person) -> None:
    path = invited(alice)
    browser = browser_of("stranger@example.com")
    page = browser.open(path)
    assert "You are signed in as <strong>stranger@example.com</strong>" in page.content.decode()
    assert 'action="/account/logout/"' in page.content.decode()
    assert browser.submit(path).status_code == 403
    assert roles(alice, "stranger@example.com") == []


def test_an_email_that_was_never_proved_accepts_nothing(alice: Person) -> None:
    path = invited(alice)
    User.objects.create_user(NEW)
    person = signed_in(member_of(alice, "carol@example.com", "READER"))
    person.client.force_login(User.objects.get(email=NEW))
    assert person.client.post(path).status_code == 403
    assert roles(alice) == []


def test_a_session_of_another_organizations_provider_accepts_nothing(alice: Person, bob: Person) -> None:
    path = invited(alice)
    browser = browser_of(NEW)
    assert bob.tenant.org_id
    with org_tx(bob.tenant.org_id):
        Membership.objects.create(org_id=bob.tenant.org_id, user=User.objects.get(email=NEW), role="READER")
    confined_to(browser.client, bob.tenant.org_id)
    assert browser.submit(path).status_code == 403
    assert roles(alice) == []


def test_accepting_needs_the_forms_token(alice: Person) -> None:
    path = invited(alice)
    assert browser_of(NEW).client.post(path).status_code == 403
    assert roles(alice) == []


@pytest.mark.parametrize("ending", ["revoked_at", "accepted_at", "expires_at"])
def test_an_invitation_that_ended_shows_nothing_of_itself(alice: Person, ending: str) -> None:
    path = invited(alice)
    browser = browser_of(NEW)
    change(alice, Invitation, **{ending: timezone.now()})
    _is_gone(browser, path, 410, alice)


@pytest.mark.parametrize("what", [Organization, Project])
def test_an_invitation_to_what_was_deleted_shows_nothing_of_it(alice: Person, what: Any) -> None:
    path = invited(alice, to_project=True)
    browser = browser_of(NEW)
    change(alice, what, deleted_at=timezone.now())
    _is_gone(browser, path, 410, alice)


def test_a_forged_link_is_of_nothing(alice: Person, settings: Any) -> None:
    path = invited(alice)
    browser = browser_of(NEW)
    token = path.split("/")[3]
    row = the_invitation(alice)
    elsewhere = signing.dumps([str(row.org_id), str(row.id)], salt="another purpose")
    for forged in (token[:-1], f"{token[:10]}x{token[11:]}", elsewhere, "x", f"{row.org_id}:{row.id}"):
        _is_gone(browser, f"/account/invitations/{forged}/", 404, alice)


def _is_gone(browser: Browser, path: str, status: int, by: Person) -> None:
    token = browser.client.cookies["csrf"].value
    sent = browser.client.post(path, {"csrfmiddlewaretoken": token})
    for answer in (browser.open(path), sent, Browser().open(path)):
        page = answer.content.decode()
        assert answer.status_code == status
        assert GONE in page
        assert by.email not in page
    assert roles(by) == []


def test_clicks_at_once_make_one_membership(alice: Person) -> None:
    path = invited(alice)
    browsers = [browser_of(NEW)]
    for _ in range(3):
        browsers.append(Browser())
        browsers[-1].log_in(NEW)
    for browser in browsers:
        browser.open(path)
    at_once = Barrier(len(browsers))

    def accept(browser: Browser) -> int:
        at_once.wait()
        try:
            return int(browser.submit(path).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as pool:
        assert set(pool.map(accept, browsers)) == {302}
    assert roles(alice) == [(None, "READER")]
    with org_tx(alice.tenant.org_id):  # type: ignore[arg-type]  # she has an organization
        assert AuditEntry.objects.filter(action="invitation.accept").count() == 1


def test_who_was_removed_does_not_come_back_by_the_old_link(alice: Person) -> None:
    path = invited(alice)
    browser = browser_of(NEW)
    browser.submit(path)
    alice.client.delete(organization_of(alice, f"members/?email={NEW}"))
    _is_gone(browser, path, 410, alice)


def test_a_role_that_one_has_already_stays(alice: Person) -> None:
    path = invited(alice)
    browser = browser_of(NEW)
    with org_tx(alice.tenant.org_id):  # type: ignore[arg-type]  # she has an organization
        user = User.objects.get(email=NEW)
        Membership.objects.create(org_id=alice.tenant.org_id, user=user, role="OWNER")
    assert browser.submit(path).status_code == 302
    assert roles(alice) == [(None, "OWNER")]


def test_an_invitation_to_a_narrower_role_is_not_accepted_by_a_projects_only_owner(alice: Person) -> None:
    path = invited(alice, to_project=True)
    browser = browser_of(NEW)
    with org_tx(alice.tenant.org_id):  # type: ignore[arg-type]  # she has an organization
        user = User.objects.get(email=NEW)
        Membership.objects.create(org_id=alice.tenant.org_id, user=user, role="OWNER")
        Membership.objects.filter(user__email=alice.email).delete()
    assert browser.submit(path).status_code == 400
    assert roles(alice) == [(None, "OWNER")]
    assert the_invitation(alice).accepted_at is None


def test_a_person_mails_only_so_many_whatever_organizations_they_make(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rates.RATES, "invite", "2/d/key")
    body = {"email": NEW, "role": "READER"}
    statuses = []
    for number in range(3):
        made = alice.client.post(ORGANIZATIONS, {"name": f"o{number}"}, content_type="application/json").json()
        members = f"{ORGANIZATIONS}{made['org_id']}/members/"
        statuses.append(alice.client.post(members, body, content_type="application/json").status_code)
    assert statuses == [201, 201, 429]


def test_a_mailbox_gets_only_so_many_whoever_invites(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rates.RATES, "invited", "1/d/key")
    assert [ask(alice).status_code, ask(bob).status_code] == [201, 429]


def test_an_agent_whom_nobody_has_claimed_invites_nobody(alice: Person) -> None:
    agent = member_of(alice, f"bot@{AGENTS_DOMAIN}", "OWNER")
    assert ask(agent).status_code == 403
    assert mail.outbox == []
