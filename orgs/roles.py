"""What a role allows, in scopes: verb and resource (reliability.md §2.1)."""

from collections.abc import Mapping
from typing import Final

from orgs.models import Role

READER_OF_PROJECT: Final = frozenset({"memories:read", "events:read", "project:read"})
OWNER_OF_PROJECT: Final = READER_OF_PROJECT | {
    "memories:write",
    "memories:delete",
    "entities:delete",
    "exports:write",
    "webhooks:manage",
    "project:admin",
}
READER_OF_ORGANIZATION: Final = frozenset({"org:read"})
OWNER_OF_ORGANIZATION: Final = READER_OF_ORGANIZATION | {"org:admin", "billing:read"}
SCOPES: Final = OWNER_OF_PROJECT | OWNER_OF_ORGANIZATION
"""Every scope that there is."""

BOUND_SCOPES: Final = frozenset({"memories:read", "memories:write", "memories:delete", "events:read"})
"""What a key may have that is bound to one user, agent or app."""

_IN_ORGANIZATION: Mapping[str | None, frozenset[str]] = {
    Role.OWNER: OWNER_OF_ORGANIZATION,
    Role.READER: READER_OF_ORGANIZATION,
}
_IN_PROJECT: Mapping[str | None, frozenset[str]] = {Role.OWNER: OWNER_OF_PROJECT, Role.READER: READER_OF_PROJECT}


def scopes_in_organization(role: str | None) -> frozenset[str]:
    """Returns what a person with this role in an organization may do to the organization itself."""
    return _IN_ORGANIZATION.get(role, frozenset())


def scopes_in_project(org_role: str | None, project_role: str | None) -> frozenset[str]:
    """Returns what a person with these roles may do in a project: the project's own role goes before."""
    return _IN_PROJECT.get(project_role or org_role, frozenset())
