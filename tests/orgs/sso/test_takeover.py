"""A hostile provider takes over no account: whoever the victim is, and whatever the provider says of them."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail

from loci.tenancy.context import org_tx
from orgs.accounts.people import create_owner, create_person
from orgs.models import Membership, Role, User
from orgs.queries import organizations_of
from tests.orgs.accounts.browser import PASSWORD, Browser
from tests.orgs.sso.oidc_server import OidcServer
from tests.orgs.sso.support import Company, begin, log_in, oidc_company, path_of, person_of

VICTIM, EVIL = "victim@corp.example", "evil@corp.example"


def _with_an_organization_of_their_own(_evil: Company, _idp: OidcServer) -> User:
    return create_owner(email="victim@home.example", password=PASSWORD, organization="Theirs").person


def _with_an_email_of_the_domain(_evil: Company, _idp: OidcServer) -> User:
    return create_owner(email=VICTIM, password=PASSWORD, organization="Theirs").person


def _member(evil: Company, role: str) -> User:
    person = create_person(email=VICTIM, password=PASSWORD)
    with org_tx(evil.org_id):
        Membership.objects.create(org_id=evil.org_id, user=person, role=role)
    return person


def _member_of_the_organization(evil: Company, _idp: OidcServer) -> User:
    return _member(evil, Role.READER)


def _another_owner_of_the_organization(evil: Company, _idp: OidcServer) -> User:
    return _member(evil, Role.OWNER)


def _known_at_another_provider(_evil: Company, idp: OidcServer) -> User:
    other = oidc_company(idp, "other.example")
    log_in(Browser(), idp, other.provider, sub="victim", email="victim@other.example")
    return User.objects.get(email="victim@other.example")


def _not_verified_yet(_evil: Company, _idp: OidcServer) -> User:
    Browser().sign_up(VICTIM)
    return User.objects.get(email=VICTIM)


VICTIMS: dict[str, Callable[[Company, OidcServer], User]] = {
    "with an organization of their own": _with_an_organization_of_their_own,
    "with an email of the domain": _with_an_email_of_the_domain,
    "member of the organization": _member_of_the_organization,
    "another owner of the organization": _another_owner_of_the_organization,
    "known at another provider": _known_at_another_provider,
    "not verified yet": _not_verified_yet,
}

ATTACKS: dict[str, Callable[[User], dict[str, Any]]] = {
    "says the victim's email": lambda victim: {"sub": "evil", "email": victim.email},
    "says it in capitals": lambda victim: {"sub": "evil", "email": victim.email.upper()},
    "says it in other letters": lambda victim: {
        "sub": "evil",
        "email": victim.email.replace("v", "\N{FULLWIDTH LATIN SMALL LETTER V}"),
    },
    "says it is not verified": lambda victim: {"sub": "evil", "email": victim.email, "email_verified": False},
    "says the victim's subject": lambda victim: {"sub": "victim", "email": victim.email},
    "says the victim's subject with an own email": lambda victim: {"sub": "victim", "email": "evil@corp.example"},
    "says the victim's id": lambda victim: {"sub": str(victim.id), "email": victim.email},
    "says the victim's email as its subject": lambda victim: {"sub": victim.email, "email": victim.email},
    "says both emails": lambda victim: {"sub": "evil", "email": f"evil@corp.example, {victim.email}"},
    "says no email": lambda victim: {"sub": victim.email, "email": None},
}


def _facts_of(victim: User) -> dict[str, Any]:
    """Everything by which the victim is somebody, and logs in."""
    return {
        "person": User.objects.values().get(pk=victim.pk),
        "emails": [*EmailAddress.objects.filter(user=victim).values()],
        "factors": [*Authenticator.objects.filter(user=victim).values()],
        "identities": [*SocialAccount.objects.filter(user=victim).values_list("provider", "uid")],
        "organizations": organizations_of(victim.id),
    }


@pytest.mark.parametrize("victim_of", VICTIMS.values(), ids=[*VICTIMS])
def test_a_hostile_provider_takes_over_no_account(
    idp: OidcServer, company: Company, victim_of: Callable[[Company, OidcServer], User]
) -> None:
    victim = victim_of(company, idp)
    before, members = _facts_of(victim), company.members()
    mail.outbox.clear()
    for name, attack in ATTACKS.items():
        told, browser = attack(victim), Browser()
        idp.userinfo = {"sub": told["sub"]}
        log_in(browser, idp, company.provider, **told)
        assert person_of(browser) in {None, *User.objects.filter(email=EVIL)}, name
        with org_tx(company.org_id):
            User.objects.filter(email=EVIL).delete()
        assert (_facts_of(victim), company.members(), mail.outbox) == (before, members, []), name


def test_the_attacks_would_be_seen(idp: OidcServer, company: Company) -> None:
    """The same measure finds it when somebody who is known logs in: the table above can fail."""
    log_in(Browser(), idp, company.provider, sub="victim", email=VICTIM)
    victim = User.objects.get(email=VICTIM)
    browser = Browser()
    log_in(browser, idp, company.provider, sub="victim", email=VICTIM)
    assert person_of(browser) == victim


def test_a_provider_does_not_connect_itself_to_who_is_logged_in(idp: OidcServer, company: Company) -> None:
    """Its callback, opened in the browser of a victim who logged in by password, is no answer to what they asked."""
    victim = create_person(email="victim@home.example", password=PASSWORD)
    browser, attacker = Browser(), Browser()
    browser.log_in(victim.email)
    told = {"sub": "evil", "email": "evil@corp.example", "email_verified": True}
    address = path_of(idp.sign_in(begin(attacker, company.provider)["Location"], **told))
    assert browser.open(address).status_code == 403
    assert person_of(browser) == victim
    assert not SocialAccount.objects.exists()


def test_a_provider_does_not_reset_passwords(idp: OidcServer, company: Company) -> None:
    """The link goes to the mailbox, which the provider does not name: it cannot change an email that is known."""
    log_in(Browser(), idp, company.provider)
    log_in(Browser(), idp, company.provider, email="evil@corp.example")
    Browser().submit("/account/password/reset/", email="eve@corp.example")
    assert [message.to for message in mail.outbox] == [["eve@corp.example"]]
    mail.outbox.clear()
    Browser().submit("/account/password/reset/", email="evil@corp.example")
    assert "no account" in mail.outbox[0].body


def test_a_claim_to_an_email_that_was_never_proved_does_not_keep_its_owner_out(
    idp: OidcServer, company: Company
) -> None:
    squatter = create_person(email="squatter@home.example", password=PASSWORD)
    EmailAddress.objects.create(user=squatter, email="eve@corp.example", verified=False, primary=False)
    browser = Browser()
    log_in(browser, idp, company.provider)
    person = person_of(browser)
    assert person is not None
    assert person.email == "eve@corp.example"
