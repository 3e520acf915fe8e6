"""Organizations, projects and who belongs to them as the wire shows them (contract.md §10)."""

from typing import Any

from loci.http.renderer import moment
from orgs.listings import SeenOrganization, SeenProject
from orgs.models import Invitation, Membership, Organization, Project, Role
from orgs.project_settings import COLUMNS, all_settings


def username_of(email: str) -> str:
    """Returns what stands for a person's name, since there is no other: their email up to the `@`."""
    return email.rpartition("@")[0]


def member_json(membership: Membership) -> dict[str, Any]:
    """Returns a member as organizations and projects show theirs."""
    email = membership.user.email
    return {
        "username": username_of(email),
        "role": membership.role,
        "email": email,
        "user_id": str(membership.user_id),
    }


def invitation_json(invitation: Invitation) -> dict[str, Any]:
    """Returns an open invitation; `project_id` is null for one to the whole organization."""
    return {
        "id": str(invitation.id),
        "email": invitation.email,
        "role": invitation.role,
        "project_id": invitation.project.public_id if invitation.project else None,
        "created_at": moment(invitation.created_at),
        "expires_at": moment(invitation.expires_at),
    }


def organization_json(seen: SeenOrganization, plan: str | None) -> dict[str, Any]:
    """Returns the organization object, with the name of its plan for those who may know."""
    organization = seen.organization
    return {
        "org_id": organization.public_id,
        "name": organization.name,
        "created_at": moment(organization.created_at),
        "updated_at": moment(organization.updated_at),
        "members": [member_json(member) for member in seen.members],
        "is_default": seen.is_default,
        "byok_enabled": False,
        "invitations": [invitation_json(invitation) for invitation in seen.invitations],
        "owner_pricing_plan": plan,
        "is_owner": seen.role == Role.OWNER,
        "user_role": seen.role,
        **_deletion(organization),
    }


def project_json(seen: SeenProject) -> dict[str, Any]:
    """Returns the project object with all of its settings."""
    project = seen.project
    return {
        "project_id": project.public_id,
        "name": project.name,
        "description": project.description or None,
        "created_at": moment(project.created_at),
        "updated_at": moment(project.updated_at),
        "members": [member_json(member) for member in seen.members],
        **all_settings(project.settings),
        **{name: getattr(project, name) for name in COLUMNS},
        "is_default": project.is_default,
        "user_role": seen.role,
        **_deletion(project),
    }


def _deletion(row: Organization | Project) -> dict[str, Any]:
    return {"deleted_at": moment(row.deleted_at)} if row.deleted_at else {}
