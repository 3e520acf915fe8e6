"""Email domains: an organization claims one, and proves by a DNS TXT record that it is theirs."""

from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from loci.errors import DomainError, NotFound
from loci.tenancy.context import tenant_tx
from orgs import audit
from orgs.ids import random_name
from orgs.models import Domain
from orgs.queries import Caller
from orgs.sso.names import domain_name

LABEL = "_loci"
VALUE = "loci-domain-verification="
MAX_DOMAINS = 100
NOT_FOUND = "Domain not found"
NOT_A_DOMAIN = "This is no domain of email addresses, as example.com is."
PROVED_BY_ANOTHER = "Another organization has proved this domain. It must give it up first."
TOO_MANY = f"An organization may have {MAX_DOMAINS} domains."


def record_name(domain: Domain) -> str:
    """Returns the name of the TXT record that proves the domain."""
    return f"{LABEL}.{domain.name}"


def record_value(domain: Domain) -> str:
    """Returns the text of that record."""
    return f"{VALUE}{domain.token}"


def domains_of(by: Caller) -> list[Domain]:
    """Returns the organization's domains by name, those that it has not proved among them."""
    with tenant_tx(by.here.control):
        return list(Domain.objects.order_by("name"))


def find_domain(by: Caller, domain_id: str) -> Domain:
    """Returns the organization's domain with this id; raises `NotFound` where there is none."""
    with tenant_tx(by.here.control):
        found = Domain.objects.filter(id=_uuid(domain_id)).first()
    if found is None:
        raise NotFound(NOT_FOUND, body={"message": NOT_FOUND})
    return found


def add_domain(by: Caller, name: str) -> Domain:
    """Claims a domain, and returns it with the record that is to be set; one that is claimed already is returned.

    Several organizations may claim a domain, and none learns of the others. Raises `DomainError` (400) for what is
    none, or one too many.
    """
    try:
        name = domain_name(name)
    except ValueError:
        raise DomainError(NOT_A_DOMAIN, body={"errors": {"name": [NOT_A_DOMAIN]}}) from None
    with tenant_tx(by.here.control):
        if Domain.objects.exclude(name=name).count() >= MAX_DOMAINS:
            raise DomainError(TOO_MANY)
        domain, is_new = Domain.objects.get_or_create(
            name=name, defaults={"org_id": by.here.org_id, "token": random_name()}
        )
        if is_new:
            audit.record(by, "domain.add", "domain", domain.id)
        return domain


def prove_domain(by: Caller, domain_id: str, records: Iterable[str]) -> Domain:
    """Takes the domain as proved if `records`, the texts of its TXT records now, have the one of its token.

    Raises `DomainError`: 400 where that is missing, 409 where another organization has proved the domain before.
    """
    with tenant_tx(by.here.control):
        domain = find_domain(by, domain_id)
        if record_value(domain) not in {text.strip() for text in records}:
            raise DomainError(f"DNS has no TXT record {record_name(domain)} with the text {record_value(domain)} yet.")
        if domain.verified_at is None:
            _take(domain)
            audit.record(by, "domain.prove", "domain", domain.id)
        return domain


def remove_domain(by: Caller, domain_id: str) -> Domain:
    """Gives a domain up: from now on nobody logs in through the organization's providers with an email of it.

    The sessions of those who did are over.
    """
    with tenant_tx(by.here.control):
        domain = find_domain(by, domain_id)
        Domain.objects.filter(id=domain.id).delete()
        audit.record(by, "domain.remove", "domain", domain.id)
        return domain


def _take(domain: Domain) -> None:
    domain.verified_at = timezone.now()
    try:
        with transaction.atomic():
            domain.save(update_fields=["verified_at"])
    except IntegrityError:
        raise DomainError(PROVED_BY_ANOTHER, status=409) from None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
