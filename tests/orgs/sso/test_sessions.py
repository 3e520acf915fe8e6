"""A session that began at an organization's provider: it sees that organization only, and opens no settings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from loci.tenancy.context import org_tx
from orgs.accounts.people import create_owner
from orgs.models import Domain, Membership, Project, Role, User
from orgs.services.api_keys import create_api_key
from orgs.services.domains import remove_domain
from orgs.services.identity_providers import remove_provider
from orgs.services.organizations import create_organization
from orgs.sso.identities import disconnect, identities_of
from tests.orgs.accounts.browser import HOME, LOGIN, PASSWORD, Browser
from tests.orgs.sso.oidc_server import OidcServer
from tests.orgs.sso.support import Company, begin, caller_for, code_of, log_in, path_of, person_of, prove, saml_company
from tests.orgs.support import ORGANIZATIONS, with_key


@pytest.fixture
def eve(idp: OidcServer, company: Company) -> User:
    """Somebody of two organizations, one of which has the provider that knows her."""
    log_in(Browser(), idp, company.provider)
    person = User.objects.get(email="eve@corp.example")
    create_organization(name="Her own", owner=person)
    return person


@pytest.fixture
def browser(idp: OidcServer, company: Company, eve: User) -> Browser:
    """Her browser, after single sign-on."""
    browser = Browser()
    log_in(browser, idp, company.provider)
    assert person_of(browser) == eve
    return browser


def call(browser: Browser, method: str, path: str, body: Any = None) -> Any:
    token = browser.client.cookies["csrf"].value if "csrf" in browser.client.cookies else ""
    return browser.client.generic(
        method, path, "" if body is None else body, content_type="application/json", headers={"x-csrftoken": token}
    )


def test_it_lists_its_organization_only(browser: Browser, company: Company) -> None:
    found = browser.open(ORGANIZATIONS).json()
    rows = found if isinstance(found, list) else found["results"]
    assert [row["org_id"] for row in rows] == [company.owner.project.org.public_id]


def test_her_page_shows_its_organization_only(browser: Browser) -> None:
    text = browser.open(HOME).content.decode()
    assert "The corp.example company" in text
    assert "Her own" not in text


def test_another_organization_of_hers_is_like_one_that_does_not_exist(browser: Browser, eve: User) -> None:
    project = create_organization(name="Another of hers", owner=eve)
    own = browser.open(f"{ORGANIZATIONS}{project.org.public_id}/")
    nobodys = browser.open(f"{ORGANIZATIONS}org_unknown/")
    assert (own.status_code, own.json()["detail"]) == (404, nobodys.json()["detail"])
    assert browser.open(f"/v1/memories/?user_id=alex&project_id={project.public_id}").status_code == 404


def test_it_makes_no_organization(browser: Browser) -> None:
    browser.open("/account/sso/")
    assert call(browser, "POST", ORGANIZATIONS, '{"name": "One more"}').status_code == 403


def own(company: Company, eve: User) -> Project:
    """Makes her an owner of the company, and returns its project."""
    with org_tx(company.org_id):
        Membership.objects.filter(user=eve).update(role=Role.OWNER)
    return company.owner.project


def keys_of(project: Project, rest: str = "") -> str:
    return f"{ORGANIZATIONS}{project.org.public_id}/projects/{project.public_id}/api-keys/{rest}"


def found(client: Any) -> Any:
    return client.post(ORGANIZATIONS, {"name": "One more"}, content_type="application/json")


def test_neither_its_keys_nor_what_comes_of_them_make_an_organization(
    browser: Browser, company: Company, eve: User
) -> None:
    address = keys_of(own(company, eve))
    browser.open("/account/sso/")
    first = call(browser, "POST", address, '{"name": "hers"}').json()
    client = with_key(first["key"])
    heirs = [
        first,
        client.post(address, {"name": "made with it"}, content_type="application/json").json(),
        client.post(f"{address}{first['id']}/rotate/", {}, content_type="application/json").json(),
    ]
    assert [found(with_key(heir["key"])).status_code for heir in heirs] == [403, 403, 403]
    assert with_key(heirs[-1]["key"]).get(address).status_code == 200


def test_a_key_that_it_rotates_does_not_reach_what_was_made_with_the_key(
    browser: Browser, company: Company, eve: User
) -> None:
    project = own(company, eve)
    before = with_key(create_api_key(project=project, maker=eve, name="from before"))
    made = f"{ORGANIZATIONS}{found(before).json()['org_id']}/"
    newest = before.get(keys_of(project)).json()["results"][0]["id"]
    browser.open("/account/sso/")
    after = with_key(call(browser, "POST", keys_of(project, f"{newest}/rotate/"), "{}").json()["key"])
    assert [client.get(made).status_code for client in (before, after)] == [200, 404]
    assert len(after.get(ORGANIZATIONS).json()) == 1


@pytest.mark.parametrize(
    "path", ["/account/3rdparty/", "/account/email/", "/account/password/change/", "/account/password/set/"]
)
def test_it_opens_no_settings(browser: Browser, path: str) -> None:
    assert browser.open(path).status_code == 403


def test_it_connects_and_disconnects_nothing(browser: Browser, company: Company) -> None:
    assert begin(browser, company.provider, "connect").status_code == 403
    token = browser.client.cookies["csrf"].value
    assert browser.client.post("/account/3rdparty/1/disconnect/", {"csrfmiddlewaretoken": token}).status_code == 403


def test_it_ends_after_half_a_day(browser: Browser) -> None:
    session = Session.objects.get(session_key=browser.client.session.session_key)
    assert session.expire_date <= timezone.now() + timedelta(hours=12)


def test_it_has_a_key_of_its_own(idp: OidcServer, company: Company) -> None:
    browser = Browser()
    before = begin(browser, company.provider)
    first = browser.client.cookies["session"].value
    told = {"sub": "subject-1", "email": "eve@corp.example", "email_verified": True}
    browser.open(path_of(idp.sign_in(before["Location"], **told)))
    assert browser.client.cookies["session"].value != first
    assert not Session.objects.filter(session_key=first).exists()


def test_it_leaves_the_session_before_it_behind(idp: OidcServer, company: Company) -> None:
    create_owner(email="ada@example.com", password=PASSWORD, organization="Engines")
    browser = Browser()
    browser.log_in("ada@example.com")
    first = browser.client.cookies["session"].value
    log_in(browser, idp, company.provider)
    person = person_of(browser)
    assert person is not None
    assert person.email == "eve@corp.example"
    assert not Session.objects.filter(session_key=first).exists()
    assert browser.open("/account/email/").status_code == 403


def test_a_login_that_is_refused_leaves_the_session_as_it_was(idp: OidcServer, company: Company) -> None:
    ada = create_owner(email="ada@example.com", password=PASSWORD, organization="Engines").person
    browser = Browser()
    browser.log_in(ada.email)
    assert log_in(browser, idp, company.provider, email="eve@gmail.example").status_code == 403
    assert person_of(browser) == ada
    assert browser.open("/account/email/").status_code == 200


def test_a_login_by_password_sees_all_organizations_again(browser: Browser, eve: User) -> None:
    eve.set_password(PASSWORD)
    eve.save()
    browser.submit("/account/logout/")
    browser.log_in(eve.email)
    assert "Her own" in browser.open(HOME).content.decode()
    assert browser.open("/account/email/").status_code == 200


def _dismiss(company: Company, eve: User) -> None:
    with org_tx(company.org_id):
        Membership.objects.filter(user=eve).delete()


def _remove_provider(company: Company, _eve: User) -> None:
    remove_provider(caller_for(company.owner), company.provider.public_id)


def _disable_provider(company: Company, _eve: User) -> None:
    company.change(is_enabled=False)


def _disconnect(_company: Company, eve: User) -> None:
    [identity] = identities_of(eve)
    disconnect(eve, identity.id, "192.0.2.1")


def _give_domain_up(company: Company, _eve: User) -> None:
    with org_tx(company.org_id):
        domain = Domain.objects.get()
    remove_domain(caller_for(company.owner), str(domain.id))
    prove(company.owner, domain.name)


@pytest.mark.parametrize("end", [_dismiss, _remove_provider, _disable_provider, _disconnect, _give_domain_up])
def test_it_is_over_when_the_provider_vouches_no_more(
    browser: Browser, company: Company, eve: User, end: Callable[[Company, User], None]
) -> None:
    organization = f"{ORGANIZATIONS}{company.owner.project.org.public_id}/"
    assert browser.open(organization).status_code == 200
    end(company, eve)
    assert browser.open(organization).status_code == 401
    assert connection.connection is None
    assert browser.open(HOME)["Location"].startswith(LOGIN)
    assert person_of(browser) is None


def test_a_session_of_nobody_that_waits_for_a_provider_ends_soon(company: Company) -> None:
    browser = Browser()
    begin(browser, company.provider)
    session = Session.objects.get(session_key=browser.client.session.session_key)
    assert session.expire_date <= timezone.now() + timedelta(minutes=10)


def test_a_saml_login_that_waits_ends_soon_too(database: None) -> None:
    company, _ = saml_company()
    browser = Browser()
    begin(browser, company.provider)
    session = Session.objects.get(session_key=browser.client.session.session_key)
    assert session.expire_date <= timezone.now() + timedelta(minutes=10)


def test_a_login_by_password_in_a_session_that_waited_lasts_as_always(company: Company) -> None:
    browser = Browser()
    begin(browser, company.provider)
    browser.log_in(company.owner.person.email)
    session = Session.objects.get(session_key=browser.client.session.session_key)
    assert session.expire_date > timezone.now() + timedelta(days=13)


def test_a_login_clears_sessions_away_that_are_over(company: Company) -> None:
    for number in range(3):
        over = timezone.now() - timedelta(days=number - 1)
        Session.objects.create(session_key=f"old{number}", session_data="", expire_date=over)
    Browser().log_in(company.owner.person.email)
    left = set(Session.objects.filter(session_key__startswith="old").values_list("session_key", flat=True))
    assert left == {"old0"}


def test_a_member_of_one_project_logs_in(idp: OidcServer, company: Company, eve: User) -> None:
    with org_tx(company.org_id):
        Membership.objects.filter(user=eve).update(project=company.owner.project, role=Role.READER)
    browser = Browser()
    log_in(browser, idp, company.provider)
    assert person_of(browser) == eve


def test_who_has_a_second_factor_is_asked_for_it_and_stays_confined(
    idp: OidcServer, company: Company, eve: User
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(eve, secret)
    browser = Browser()
    answer = log_in(browser, idp, company.provider)
    assert answer["Location"] == "/account/2fa/authenticate/"
    assert not browser.is_logged_in
    assert "of the provider" not in str(dict(browser.client.session))  # Its access token.
    browser.submit("/account/2fa/authenticate/", code=code_of(secret))
    assert person_of(browser) == eve
    assert browser.open("/account/email/").status_code == 403


def test_a_provider_that_is_disabled_before_the_second_factor_lets_nobody_in(
    idp: OidcServer, company: Company, eve: User
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(eve, secret)
    browser = Browser()
    log_in(browser, idp, company.provider)
    page = browser.open("/account/2fa/authenticate/")
    company.change(is_enabled=False)
    token = browser.client.cookies["csrf"].value
    answer = browser.client.post(page.request["PATH_INFO"], {"code": code_of(secret), "csrfmiddlewaretoken": token})
    assert answer.status_code < 500
    assert not browser.is_logged_in


def test_a_login_that_is_broken_off_confines_no_later_one(idp: OidcServer, company: Company, eve: User) -> None:
    TOTP.activate(eve, generate_totp_secret())
    ada = create_owner(email="ada@example.com", password=PASSWORD, organization="Engines").person
    browser = Browser()
    log_in(browser, idp, company.provider)
    session = browser.client.session
    session["account_login"] = {**session["account_login"], "initiated_at": 1}  # So long ago that it is over.
    session.save()
    browser.log_in(ada.email)
    assert person_of(browser) == ada
    assert browser.open("/account/email/").status_code == 200
