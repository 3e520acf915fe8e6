"""Who belongs to an organization, and who is asked to."""

from django.conf import settings
from django.db import models

from orgs.models.organizations import Organization, OrgRow, Project


class Role(models.TextChoices):
    """What a member may do (contract.md §10)."""

    OWNER = "OWNER"
    READER = "READER"


class Membership(OrgRow):
    """A person's role in an organization, or in one project of it."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="memberships"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(fields=["org", "project", "user"], name="membership_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


class Invitation(OrgRow):
    """An offer of a role, sent to an email; whoever opens its link while it is open takes it.

    The link's token is signed and not kept (`orgs.services.invitations`). An invitation is open until `expires_at`
    while it is neither accepted nor revoked.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="invitations"
    )
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "invitation"
        constraints = [
            models.UniqueConstraint(
                fields=["org", "project", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                nulls_distinct=False,
                name="invitation_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.role}"
