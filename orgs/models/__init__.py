"""Who owns what: people, organizations, projects, members, API keys, identity providers, and the audit log."""

from orgs.models.audit import ActorType, AuditEntry, Outcome
from orgs.models.keys import ApiKey, KeyKind
from orgs.models.members import Invitation, Membership, Role
from orgs.models.organizations import Attribution, Organization, OrgRow, Project
from orgs.models.people import AGENTS_DOMAIN, User, canonical_email
from orgs.models.sso import Domain, IdentityProvider, ProviderKind

__all__ = [
    "AGENTS_DOMAIN",
    "ActorType",
    "ApiKey",
    "Attribution",
    "AuditEntry",
    "Domain",
    "IdentityProvider",
    "Invitation",
    "KeyKind",
    "Membership",
    "OrgRow",
    "Organization",
    "Outcome",
    "Project",
    "ProviderKind",
    "Role",
    "User",
    "canonical_email",
]
