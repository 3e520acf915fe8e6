"""What requests about members and invitations may ask, and what they are answered (contract.md §10)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from orgs.accounts.emails import LONGEST_EMAIL, own_email
from orgs.api.serializers.organizations import MEMBER, MemberAnswer, OpenInvitation, example
from orgs.models import Role

INVITATION = {
    "id": "01930000-0000-7000-8000-000000000002",
    "email": "sam@example.com",
    "role": "READER",
    "project_id": None,
    "created_at": "2026-01-15T10:30:00.000000+00:00",
    "expires_at": "2026-01-22T10:30:00.000000+00:00",
    "status": "invited",
    "invited_by": "alex@example.com",
}


@extend_schema_field({"type": "string", "format": "email", "maxLength": LONGEST_EMAIL})
class OwnEmailField(serializers.EmailField):
    """An email in its one spelling: neither case nor the form of Unicode tells two apart."""

    def to_internal_value(self, data: Any) -> str:
        """Returns the canonical email."""
        return own_email(super().to_internal_value(data))


def _role(**kwargs: Any) -> serializers.ChoiceField:
    allowed = f"Must be one of {', '.join(Role.values)}."
    return serializers.ChoiceField(choices=Role.choices, error_messages={"invalid_choice": allowed}, **kwargs)


@extend_schema_serializer(examples=[example({"email": "sam@example.com"})])
class WhoInput(serializers.Serializer[Any]):
    """The person who is meant."""

    email = OwnEmailField(help_text="In whatever case: it means the one person.")


@extend_schema_serializer(examples=[example({"email": "sam@example.com", "role": "READER"})])
class MemberInput(WhoInput):
    """Somebody with a role."""

    role = _role(help_text="An `OWNER` may do everything there, a `READER` only read.")


@extend_schema_serializer(examples=[example({"email": "sam@example.com", "role": "READER"})])
class NewProjectMemberInput(WhoInput):
    """Somebody to be added to a project."""

    role = _role(default=Role.READER, help_text="An `OWNER` may do everything there, a `READER` only read.")


class MemberOrInvited(MemberAnswer):
    """Somebody who belongs there, or is invited to."""

    user_id = serializers.UUIDField(allow_null=True, help_text="Null for somebody who is invited.")
    status = serializers.ChoiceField(choices=["active", "invited"])


@extend_schema_serializer(examples=[example({"members": [{**MEMBER, "status": "active"}]})])
class MembersAnswer(serializers.Serializer[Any]):
    """Everybody who belongs there, and who is invited."""

    members = MemberOrInvited(many=True)


class PendingInvitation(OpenInvitation):
    """An invitation that was neither accepted nor revoked."""

    status = serializers.ChoiceField(choices=["invited", "expired"])
    invited_by = serializers.EmailField()


@extend_schema_serializer(examples=[example({"invitations": [INVITATION]})])
class InvitationsAnswer(serializers.Serializer[Any]):
    """The invitations of an organization and of its projects."""

    invitations = PendingInvitation(many=True)
