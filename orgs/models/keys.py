"""API keys (reliability.md §2.1)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from orgs.models.organizations import Organization, OrgRow, Project


class KeyKind(models.TextChoices):
    """What a key is for; its value is part of the key itself, `loci_sk_…`."""

    PROJECT = "sk"
    RESTRICTED = "rk"
    ORGANIZATION = "ak"


class ApiKey(OrgRow):
    """A key of a project, or of an organization (`ak`: then `project` is its control project). Only its HMAC is kept.

    It acts as its maker, `created_by`. `scopes` restrict a key of kind `rk` and, where there are any, of kind `ak`.
    `entity` (`user:alex`) is the user, agent or app that the key is bound to, "" for none. `pepper_id` names the pepper
    of the digest. A rotated key works until `grace_until`. `is_confined`: it was made within a session of the
    organization's identity provider, and never leaves the organization, nor do its successors.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_constraint=False, related_name="api_keys")
    kind = models.CharField(max_length=2, choices=KeyKind, default=KeyKind.PROJECT, db_default=KeyKind.PROJECT)
    name = models.CharField(max_length=200)
    digest = models.BinaryField(unique=True)
    pepper_id = models.CharField(max_length=8, default="", db_default="")
    display = models.CharField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=32))
    entity = models.CharField(max_length=300, blank=True, default="", db_default="")
    is_confined = models.BooleanField(default=False, db_default=False)
    allowed_cidrs = ArrayField(models.CharField(max_length=43), default=list, db_default=[])
    rate_per_minute = models.PositiveIntegerField(null=True)
    daily_quota = models.PositiveIntegerField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_keys")
    rotated_from = models.UUIDField(null=True)
    grace_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"

    def __str__(self) -> str:
        return f"{self.name} ({self.display})"
