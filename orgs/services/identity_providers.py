"""Identity providers: how an organization says through whom its people log in."""

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount

from loci import crypto
from loci.errors import DomainError, NotFound
from loci.tenancy.context import org_tx, tenant_tx
from orgs import audit
from orgs.models import IdentityProvider
from orgs.queries import Caller, organization_of_domain, organization_of_provider
from orgs.services.authority import check_unrestricted

MAX_PROVIDERS = 20
NOT_FOUND = "Identity provider not found"
TOO_MANY = f"An organization may have {MAX_PROVIDERS} identity providers."


def providers_of(by: Caller) -> list[IdentityProvider]:
    """Returns the organization's providers, oldest first."""
    with tenant_tx(by.here.control):
        return list(IdentityProvider.objects.order_by("id"))


def find_provider(by: Caller, public_id: str) -> IdentityProvider:
    """Returns the organization's provider `sso_…`; raises `NotFound` where there is none."""
    with tenant_tx(by.here.control):
        found = IdentityProvider.objects.filter(public_id=public_id).first()
    if found is None:
        raise NotFound(NOT_FOUND, body={"message": NOT_FOUND})
    return found


def add_provider(by: Caller, *, kind: str, name: str, secret: str = "", **columns: Any) -> IdentityProvider:
    """Adds a provider of `kind` ("oidc", "saml"). `secret` is readable; `columns` are those of `IdentityProvider`.

    Raises `DomainError`: 400 for one too many, 403 for keys that hand on nothing.
    """
    with tenant_tx(by.here.control):
        check_unrestricted(by)
        if IdentityProvider.objects.count() >= MAX_PROVIDERS:
            raise DomainError(TOO_MANY)
        provider = IdentityProvider(org_id=by.here.org_id, kind=kind, name=name, **columns)
        provider.secret = _sealed(provider, secret)
        provider.save(force_insert=True)
        audit.record(by, "provider.add", "provider", provider.public_id, kind=kind)
        return provider


def change_provider(
    by: Caller, public_id: str, *, settings: Mapping[str, Any], secret: str = "", **columns: Any
) -> IdentityProvider:
    """Changes columns of a provider, and its secret if one is given; `settings` replace those of the same names.

    Raises `DomainError` (403) for keys that hand on nothing.
    """
    with tenant_tx(by.here.control):
        check_unrestricted(by)
        provider = find_provider(by, public_id)
        changed = sorted([*columns, *settings, *(["secret"] if secret else [])])
        if secret:
            columns["secret"] = _sealed(provider, secret)
        for column, value in columns.items():
            setattr(provider, column, value)
        provider.settings = provider.settings | settings
        provider.save(force_update=True)
        audit.record(by, "provider.change", "provider", provider.public_id, changed=changed)
        return provider


def remove_provider(by: Caller, public_id: str) -> IdentityProvider:
    """Removes a provider, and that its people were known by it: their sessions are over, their memberships stay."""
    with tenant_tx(by.here.control):
        provider = find_provider(by, public_id)
        SocialAccount.objects.filter(provider=provider.public_id).delete()
        IdentityProvider.objects.filter(id=provider.id).delete()
        audit.record(by, "provider.remove", "provider", provider.public_id)
        return provider


def enabled_provider(public_id: str) -> IdentityProvider | None:
    """Returns the provider `sso_…` that people may log in through; None for one that is disabled or unknown.

    Those of a deleted organization are unknown.
    """
    org_id = organization_of_provider(public_id)
    if org_id is None:
        return None
    with org_tx(org_id):
        return IdentityProvider.objects.filter(public_id=public_id, is_enabled=True).first()


def providers_of_domain(name: str) -> list[IdentityProvider]:
    """Returns the enabled providers, oldest first, of the organization that has proved the email domain."""
    org_id = organization_of_domain(name)
    if org_id is None:
        return []
    with org_tx(org_id):
        return list(IdentityProvider.objects.filter(is_enabled=True).order_by("id"))


def secret_of(provider: IdentityProvider) -> str:
    """Returns the provider's secret, "" for none. Raises `UnreadableSecretError` under another master key."""
    return crypto.decrypt(provider.secret, _context(provider)) if provider.secret else ""


def renew_secrets() -> int:
    """Encrypts every secret under the current master key; returns how many were under the old one."""
    kept = IdentityProvider._base_manager.using("owner").exclude(secret="")  # Of all organizations.
    return sum(map(_renew, kept.order_by("id")))


def _renew(provider: IdentityProvider) -> bool:
    new = crypto.renewed(provider.secret, _context(provider))
    if new == provider.secret:
        return False
    with org_tx(provider.org_id):
        # One that is changed meanwhile is under the current key already.
        return bool(IdentityProvider.objects.filter(id=provider.id, secret=provider.secret).update(secret=new))


def _sealed(provider: IdentityProvider, secret: str) -> str:
    return crypto.encrypt(secret, _context(provider)) if secret else ""


def _context(provider: IdentityProvider) -> str:
    return f"identity provider:{provider.id}"
