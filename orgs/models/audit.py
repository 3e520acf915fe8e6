"""The audit log (reliability.md §2.13)."""

from django.db import models

from orgs.models.organizations import Organization, OrgRow


class ActorType(models.TextChoices):
    """Who did something."""

    PERSON = "person"
    KEY = "key"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class Outcome(models.TextChoices):
    """Whether it was done."""

    DONE = "done"
    DENIED = "denied"


class AuditEntry(OrgRow):
    """One thing that was done in an organization, or refused. The app's role can add and read entries, nothing else.

    Entries of an organization are numbered from 1 without gaps, and each carries the hash of the one before
    (`orgs.audit`). `details` are ids and settings' names, never the text of memories nor emails: the log survives
    erasure.
    """

    org = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="audit_entries")
    number = models.BigIntegerField()
    created_at = models.DateTimeField()
    actor_type = models.CharField(max_length=16, choices=ActorType)
    actor_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True, default="")
    action = models.CharField(max_length=64)
    object_type = models.CharField(max_length=32)
    object_id = models.CharField(max_length=300, blank=True, default="")
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.DONE)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True, default="")
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_entry"
        constraints = [models.UniqueConstraint(fields=["org", "number"], name="audit_entry_number")]
        indexes = [
            models.Index(fields=["org", "action", "number"], name="audit_entry_action"),
            models.Index(fields=["org", "actor_id", "number"], name="audit_entry_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.action}"
