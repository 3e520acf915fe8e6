"""How the people of an organization log in through its own identity provider."""

from django.db import models

from orgs.ids import public_id
from orgs.models.members import Role
from orgs.models.organizations import Organization, OrgRow


class Domain(OrgRow):
    """An email domain that an organization claims; `verified_at` is when a DNS TXT record proved it.

    One organization at most has proved a domain.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domains")
    name = models.CharField(max_length=253)
    token = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "domain"
        constraints = [
            models.UniqueConstraint(fields=["org", "name"], name="domain_once_per_org"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(verified_at__isnull=False), name="domain_proved_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProviderKind(models.TextChoices):
    """The protocol of an identity provider."""

    OIDC = "oidc"
    SAML = "saml"


class IdentityProvider(OrgRow):
    """An organization's OIDC or SAML provider. A person of it is (provider, subject), whatever the email says.

    `settings` are those of django-allauth's provider, without secrets; `secret` is encrypted (`loci.crypto`). Who logs
    in for the first time becomes a member with `default_role`.
    """

    org = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="identity_providers")
    public_id = models.CharField(max_length=64, unique=True, default=public_id("sso"))
    kind = models.CharField(max_length=8, choices=ProviderKind)
    name = models.CharField(max_length=200)
    client_id = models.CharField(max_length=500)
    secret = models.TextField(blank=True, default="")
    settings = models.JSONField(default=dict)
    default_role = models.CharField(max_length=16, choices=Role, default=Role.READER)
    is_enabled = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "identity_provider"

    def __str__(self) -> str:
        return self.name
