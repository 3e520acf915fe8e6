"""Organizations and their projects."""

from typing import Any

from django.db import models

from loci.tenancy.models import OrgManager, new_id
from orgs.ids import public_id


class OrgRow(models.Model):
    """What every table of kind "org" has in common. Its migration needs an `OrgTable` operation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: OrgManager[Any] = OrgManager()

    class Meta:
        abstract = True


class Organization(OrgRow):
    """A customer: it owns projects and has members.

    `made_with` is the API key with which it was made: that key may act on it as its maker. `deleted_at` hides it from
    everybody but its owners, who may restore it until its data are erased; after that `erased_at` is set, and the row
    stays for the audit log.
    """

    public_id = models.CharField(max_length=64, unique=True, default=public_id("org"))
    name = models.CharField(max_length=200)
    made_with = models.UUIDField(null=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

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
    `has_feedback` tells whether anybody ever said what a memory of it is worth: then searches weigh that.
    `settings` holds the settings of contract.md §10 that differ from their defaults (`orgs.project_settings`).
    """

    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    public_id = models.CharField(max_length=64, unique=True, default=public_id("proj"))
    number = models.BigIntegerField(
        unique=True, db_default=models.Func(models.Value("project_number"), function="nextval")
    )
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="", db_default="")
    is_control = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    add_wait_ms = models.PositiveIntegerField(default=0)
    v1_is_synchronous = models.BooleanField(default=False, db_default=False)
    shows_superseded = models.BooleanField(default=False, db_default=False)
    attribution = models.CharField(
        max_length=16, choices=Attribution, default=Attribution.BOTH, db_default=Attribution.BOTH
    )
    settings = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    has_feedback = models.BooleanField(default=False, db_default=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

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
