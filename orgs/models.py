"""Who owns what: people, organizations, projects, memberships and API keys (design.md §2)."""

import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models

from loci.tenancy.models import OrgManager, new_id
from orgs.ids import public_id


def canonical_email(email: str) -> str:
    """Returns the one spelling under which an address is kept: emails that differ by case or Unicode form are one."""
    return unicodedata.normalize("NFKC", email.strip()).casefold()


class UserManager(BaseUserManager["User"]):
    """Makes and finds people by their canonical email."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Returns a new user; without a password nobody can log in as them."""
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Returns the user with this email, in whatever spelling."""
        return self.get(email=canonical_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The email is the name; there is no other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        db_table = "user"

    def __str__(self) -> str:
        return self.email


class OrgRow(models.Model):
    """What every table of kind "org" has in common. Its migration needs an `OrgTable` operation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: OrgManager[Any] = OrgManager()

    class Meta:
        abstract = True


class Organization(OrgRow):
    """A customer: it owns projects and has members."""

    public_id = models.CharField(max_length=64, unique=True, default=public_id("org"))
    name = models.CharField(max_length=200)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "organization"

    def __str__(self) -> str:
        return self.name


class Attribution(models.TextChoices):
    """Whose a fact is when an add names a user and an agent (contract.md §14)."""

    BOTH = "both"
    SPEAKER = "speaker"


class Project(OrgRow):
    """The tenant: all memories, events, entities and jobs belong to one.

    Each organization has one hidden control project, whose rows are the organization's own jobs and keys.
    `add_wait_ms` is how long an asynchronous add waits for its result, `v1_is_synchronous` whether a v1 add that does
    not say so waits for all of it, `shows_superseded` whether lists and searches show what is no longer true.
    """

    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    public_id = models.CharField(max_length=64, unique=True, default=public_id("proj"))
    number = models.BigIntegerField(
        unique=True, db_default=models.Func(models.Value("project_number"), function="nextval")
    )
    name = models.CharField(max_length=200)
    is_control = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    add_wait_ms = models.PositiveIntegerField(default=0)
    v1_is_synchronous = models.BooleanField(default=False, db_default=False)
    shows_superseded = models.BooleanField(default=False, db_default=False)
    attribution = models.CharField(
        max_length=16, choices=Attribution, default=Attribution.BOTH, db_default=Attribution.BOTH
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "project"
        constraints = [
            models.UniqueConstraint(
                fields=["org"], condition=models.Q(is_control=True), name="project_one_control_per_org"
            ),
            models.UniqueConstraint(fields=["org", "id"], name="project_of_org"),
        ]

    def __str__(self) -> str:
        return self.name


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


class ApiKey(OrgRow):
    """A key of a project. Only its HMAC is kept (reliability.md §2.1)."""

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_constraint=False, related_name="api_keys")
    name = models.CharField(max_length=200)
    digest = models.BinaryField(unique=True)
    display = models.CharField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=32))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_keys")
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"

    def __str__(self) -> str:
        return f"{self.name} ({self.display})"
