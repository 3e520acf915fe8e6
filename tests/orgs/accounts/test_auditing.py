"""What happens to an account is in the audit log of each organization of its person, and never in the way."""

import pytest
from django.contrib.auth.signals import user_login_failed
from django.core.cache import caches
from django.core.signals import request_finished
from django.db import connection

from loci.tenancy.context import org_tx
from orgs.accounts.auditing import note_failed_code, notes
from orgs.accounts.people import NewOwner, create_person
from orgs.models import AuditEntry, Membership, Project, Role
from tests.conftest import Person, Services
from tests.orgs.accounts.browser import PASSWORD, RESET, Browser, last_mail, link_in
from tests.orgs.accounts.test_second_factor import CODE, enrol
from tests.tenancy.rows import superuser

NEW = "another way to tipperary"


@pytest.fixture(autouse=True)
def _nothing_noted() -> None:
    """What was noted less than a minute ago is not noted again."""
    caches["process"].clear()


def noted(project: Project) -> list[tuple[str, str, str]]:
    notes().wait()
    with org_tx(project.org_id):
        entries = AuditEntry.objects.filter(object_type="person").order_by("number")
        return list(entries.values_list("action", "actor_type", "outcome"))


def test_a_failed_login_is_noted_in_every_organization_of_the_person(ada: NewOwner, alice: Person) -> None:
    assert alice.tenant.org_id
    with org_tx(alice.tenant.org_id):
        Membership.objects.create(org_id=alice.tenant.org_id, user=ada.person, role=Role.READER)
        hers = Project.objects.get(id=alice.tenant.project_id)
    for _ in range(2):
        Browser("203.0.113.7").log_in(ada.person.email, "a guess")
    for project in (ada.project, hers):
        assert noted(project) == [("login.fail", "anonymous", "denied")]
    with org_tx(ada.project.org_id):
        entry = AuditEntry.objects.get(object_type="person")
    assert (entry.object_id, entry.ip, entry.details) == (str(ada.person.id), "203.0.113.7", {})


def test_a_failed_login_is_noted_after_the_answer(ada: NewOwner) -> None:
    user_login_failed.send(None, credentials={"email": "ADA@example.com", "password": "*"}, request=None)
    assert noted(ada.project) == []
    request_finished.send(None)
    assert noted(ada.project) == [("login.fail", "anonymous", "denied")]


def test_a_wrong_second_factor_is_noted_once_a_minute(browser: Browser, ada: NewOwner) -> None:
    enrol(browser, ada.person.email)
    other = Browser("203.0.113.7")
    other.log_in(ada.person.email)
    for _ in range(2):
        assert other.submit(CODE, code="000000").status_code == 200
    notes().wait()
    with org_tx(ada.project.org_id):
        [entry] = AuditEntry.objects.filter(action="login.fail")
    assert (entry.object_id, entry.ip) == (str(ada.person.id), "203.0.113.7")
    assert (entry.outcome, entry.details) == ("denied", {"reason": "second_factor"})


def test_a_wrong_code_of_a_mail_is_noted_after_the_answer(ada: NewOwner) -> None:
    note_failed_code(ada.person.email, "203.0.113.7")
    assert noted(ada.project) == []
    request_finished.send(None)
    assert noted(ada.project) == [("login.fail", "anonymous", "denied")]


def test_no_later_request_of_the_thread_waits_for_a_note(ada: NewOwner, services: Services) -> None:
    with superuser(services) as elsewhere, elsewhere.transaction():
        elsewhere.execute("LOCK TABLE audit_entry")
        note_failed_code(ada.person.email, "203.0.113.7")
        request_finished.send(None)
        assert Browser().open("/account/login/").status_code == 200
    assert noted(ada.project) == [("login.fail", "anonymous", "denied")]


def test_a_failed_login_of_nobody_leaves_nothing_behind(ada: NewOwner, browser: Browser) -> None:
    browser.log_in("who@example.com", "a guess")
    assert noted(ada.project) == []
    assert connection.connection is None


def test_a_password_that_is_changed_or_reset_is_noted(browser: Browser, ada: NewOwner) -> None:
    browser.log_in(ada.person.email)
    browser.submit("/account/password/change/", oldpassword=PASSWORD, password1=NEW, password2=NEW)
    other = Browser()
    other.submit(RESET, email=ada.person.email)
    other.submit(other.open(link_in(last_mail()))["Location"], password1=PASSWORD, password2=PASSWORD)
    assert noted(ada.project) == [("password.change", "person", "done"), ("password.reset", "person", "done")]


def test_a_second_factor_that_is_added_or_removed_is_noted(browser: Browser, ada: NewOwner) -> None:
    enrol(browser, ada.person.email)
    browser.submit("/account/2fa/totp/deactivate/")
    actions = [action for action, _, _ in noted(ada.project)]
    assert actions[0] == "second_factor.add"
    assert actions[-1] == "second_factor.remove"


def test_without_a_place_in_the_log_a_password_is_changed_all_the_same(
    browser: Browser, ada: NewOwner, services: Services
) -> None:
    browser.log_in(ada.person.email)
    with superuser(services) as admin:
        admin.execute("REVOKE INSERT ON audit_entry FROM loci_app")
        try:
            answer = browser.submit("/account/password/change/", oldpassword=PASSWORD, password1=NEW, password2=NEW)
        finally:
            admin.execute("GRANT INSERT ON audit_entry TO loci_app")
    assert answer.status_code == 302
    assert Browser().log_in(ada.person.email, NEW).status_code == 302


def test_a_failed_login_of_somebody_in_no_organization_is_noted_nowhere(ada: NewOwner) -> None:
    person = create_person(email="bea@example.com", password=PASSWORD)
    browser = Browser()
    browser.log_in(person.email, "a guess")
    assert browser.log_in(person.email).status_code == 302
    assert noted(ada.project) == []
