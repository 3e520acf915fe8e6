"""What requests about domains and identity providers may ask, and how these are shown."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from rest_framework import serializers

from loci.http.renderer import moment
from loci.net.guard import MAX_URL_CHARS, UrlNotAllowed, checked_url
from orgs.api.serializers.organizations import example
from orgs.models import Domain, IdentityProvider, ProviderKind, Role
from orgs.services.domains import record_name, record_value
from orgs.sso.addresses import oidc_callback, saml_addresses
from orgs.sso.certificates import certificates_in

MAX_CLIENT_ID = 500
MAX_SECRET = 2_000
MAX_ENTITY_ID = 1_024
MAX_PEM = 64 * 1_024
MAX_METADATA = 256 * 1_024
DISCOVERY = "/.well-known/openid-configuration"
SAML_FIELDS = ("entity_id", "sso_url", "x509cert")
OIDC_FIELDS = ("server_url", "client_id", "client_secret")

_DOMAIN = {
    "id": "01930000-0000-7000-8000-000000000003",
    "name": "example.com",
    "is_verified": False,
    "verified_at": None,
    "record": {"type": "TXT", "name": "_loci.example.com", "value": "loci-domain-verification=…"},
    "created_at": "2026-01-15T10:30:00.000000+00:00",
}
_PROVIDER = {
    "id": "sso_example",
    "kind": "oidc",
    "name": "Example's staff",
    "is_enabled": True,
    "default_role": "READER",
    "trusts_emails": False,
    "server_url": "https://login.example.com",
    "client_id": "loci",
    "redirect_url": "https://loci.example.net/account/oidc/sso_…/callback/",
    "idp": None,
    "acs_url": None,
    "entity_id": None,
    "created_at": "2026-01-15T10:30:00.000000+00:00",
    "updated_at": "2026-01-15T10:30:00.000000+00:00",
}
_NEW_OIDC = {
    "kind": "oidc",
    "name": "Example's staff",
    "server_url": "https://login.example.com",
    "client_id": "loci",
    "client_secret": "…",
}


@extend_schema_serializer(examples=[example({"name": "example.com"})])
class DomainInput(serializers.Serializer[Any]):
    """A domain that an organization claims."""

    name = serializers.CharField(max_length=253, help_text="What stands behind the `@`; also in its own script.")


class RecordAnswer(serializers.Serializer[Any]):
    """A DNS record."""

    type = serializers.CharField()
    name = serializers.CharField()
    value = serializers.CharField()


@extend_schema_serializer(examples=[example(_DOMAIN)])
class DomainAnswer(serializers.Serializer[Any]):
    """An email domain of an organization."""

    id = serializers.UUIDField()
    name = serializers.CharField(help_text="In lower case and ASCII.")
    is_verified = serializers.BooleanField(help_text="Whether DNS has proved it. Only then it counts.")
    verified_at = serializers.DateTimeField(allow_null=True)
    record = RecordAnswer(help_text="What DNS must have when it is verified; it may go afterwards.")
    created_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[example({"domains": [_DOMAIN]})])
class DomainsAnswer(serializers.Serializer[Any]):
    """The domains of an organization."""

    domains = DomainAnswer(many=True)


@extend_schema_field({"type": "string", "format": "uri", "maxLength": MAX_URL_CHARS})
class PublicUrlField(serializers.CharField):
    """An address that this server, or a browser that it sends there, may be asked to open."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_URL_CHARS, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Returns the address as it was written."""
        url = super().to_internal_value(data)
        try:
            checked_url(url)
        except UrlNotAllowed as error:
            raise serializers.ValidationError(f"{error} It must be https and public.") from None
        return url


class IssuerField(PublicUrlField):
    """The issuer of an OpenID Connect provider."""

    def to_internal_value(self, data: Any) -> str:
        """Returns the issuer without a final slash, also where the address of its discovery document was given."""
        url = super().to_internal_value(data).removesuffix(DISCOVERY).rstrip("/")
        if "?" in url or "#" in url:
            raise serializers.ValidationError("An issuer has no query and no fragment.")
        return url


@extend_schema_field({"type": "string", "maxLength": MAX_PEM, "description": "One or more X.509 certificates, PEM."})
class CertificatesField(serializers.CharField):
    """The certificates that a provider's signatures are checked with."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_PEM, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]  # one text holds several
        """Returns the certificates, each in base64 without line breaks."""
        try:
            return certificates_in(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class ProviderFields(serializers.Serializer[Any]):
    """What can be said of a provider at any time."""

    name = serializers.CharField(max_length=200, help_text="What people see on the button.")
    is_enabled = serializers.BooleanField(default=True, help_text="Whether people can log in through it.")
    default_role = serializers.ChoiceField(
        choices=Role.choices, default=Role.READER, help_text="What who comes for the first time may do."
    )
    trusts_emails = serializers.BooleanField(
        default=False,
        help_text=(
            "OIDC: whether an email counts that the provider does not call verified, nor unverified. Only for a"
            " provider whose people cannot choose their own."
        ),
    )
    client_id = serializers.CharField(max_length=MAX_CLIENT_ID, required=False, help_text="OIDC.")
    client_secret = serializers.CharField(
        max_length=MAX_SECRET, required=False, trim_whitespace=False, help_text="OIDC. It is kept encrypted."
    )
    sso_url = PublicUrlField(help_text="SAML: where browsers are sent to log in, by the HTTP-Redirect binding.")
    x509cert = CertificatesField(help_text="SAML: what its signatures are checked with; during a change, both.")

    def columns(self) -> dict[str, Any]:
        """Returns what was given, as `orgs.services.identity_providers` takes it."""
        given = dict(self.validated_data)
        columns = {name: given[name] for name in ("name", "is_enabled", "default_role", "client_id") if name in given}
        if "client_secret" in given:
            columns["secret"] = given["client_secret"]
        return columns


@extend_schema_serializer(examples=[example(_NEW_OIDC)])
class ProviderInput(ProviderFields):
    """A new provider: of OpenID Connect, or of SAML by its metadata or by three fields of these."""

    kind = serializers.ChoiceField(choices=ProviderKind.choices, help_text="What it speaks. It cannot change.")
    server_url = IssuerField(help_text="OIDC: the issuer. It cannot change.")
    entity_id = serializers.CharField(max_length=MAX_ENTITY_ID, required=False, help_text="SAML. It cannot change.")
    metadata = serializers.CharField(max_length=MAX_METADATA, required=False, help_text="SAML: the XML document.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reads the metadata, and asks for what the kind needs."""
        if attrs["kind"] == ProviderKind.SAML and "metadata" in attrs:
            attrs |= _described_in(attrs["metadata"])
        needed = OIDC_FIELDS if attrs["kind"] == ProviderKind.OIDC else SAML_FIELDS
        if missing := [name for name in needed if name not in attrs]:
            raise serializers.ValidationError(dict.fromkeys(missing, "This field is required."))
        return attrs

    def columns(self) -> dict[str, Any]:
        """Returns all columns of the new provider."""
        given = self.validated_data
        if given["kind"] == ProviderKind.OIDC:
            settings = {"server_url": given["server_url"], "trusts_emails": given["trusts_emails"]}
            return {**super().columns(), "kind": given["kind"], "settings": settings}
        idp = {"entity_id": given["entity_id"], "sso_url": given["sso_url"], "x509certs": given["x509cert"]}
        return {**super().columns(), "kind": given["kind"], "client_id": "", "secret": "", "settings": {"idp": idp}}


@extend_schema_serializer(examples=[example({"is_enabled": False})])
class ProviderChangeInput(ProviderFields):
    """What can change of a provider. Its kind and issuer cannot: by them its people are known."""

    def settings_after(self, provider: IdentityProvider) -> dict[str, Any]:
        """Returns the settings that change."""
        given = self.validated_data
        if provider.kind == ProviderKind.OIDC:
            return {name: given[name] for name in ("trusts_emails",) if name in given}
        changes = {"sso_url": given.get("sso_url"), "x509certs": given.get("x509cert")}
        idp = {name: value for name, value in changes.items() if value}
        return {"idp": provider.settings["idp"] | idp} if idp else {}


class IdpAnswer(serializers.Serializer[Any]):
    """A SAML provider's own description."""

    entity_id = serializers.CharField()
    sso_url = serializers.CharField()
    x509certs = serializers.ListField(child=serializers.CharField(), help_text="In base64.")


@extend_schema_serializer(examples=[example(_PROVIDER)])
class ProviderAnswer(serializers.Serializer[Any]):
    """An identity provider, without its secret."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=ProviderKind.choices)
    name = serializers.CharField()
    is_enabled = serializers.BooleanField()
    default_role = serializers.ChoiceField(choices=Role.choices)
    trusts_emails = serializers.BooleanField(allow_null=True, help_text="Null for SAML.")
    server_url = serializers.CharField(allow_null=True, help_text="OIDC.")
    client_id = serializers.CharField(allow_null=True, help_text="OIDC.")
    redirect_url = serializers.CharField(allow_null=True, help_text="OIDC: to be registered at the provider.")
    idp = IdpAnswer(allow_null=True, help_text="SAML.")
    acs_url = serializers.CharField(allow_null=True, help_text="SAML: to be registered at the provider.")
    entity_id = serializers.CharField(
        allow_null=True, help_text="SAML: what this server is called there, and where its metadata are."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[example({"identity_providers": [_PROVIDER]})])
class ProvidersAnswer(serializers.Serializer[Any]):
    """The identity providers of an organization."""

    identity_providers = ProviderAnswer(many=True)


def domain_json(domain: Domain) -> dict[str, Any]:
    """Returns a domain as `DomainAnswer` describes it."""
    return {
        "id": str(domain.id),
        "name": domain.name,
        "is_verified": domain.verified_at is not None,
        "verified_at": moment(domain.verified_at),
        "record": {"type": "TXT", "name": record_name(domain), "value": record_value(domain)},
        "created_at": moment(domain.created_at),
    }


def provider_json(provider: IdentityProvider) -> dict[str, Any]:
    """Returns a provider as `ProviderAnswer` describes it."""
    is_oidc = provider.kind == ProviderKind.OIDC
    saml = None if is_oidc else saml_addresses(provider.public_id)
    return {
        "id": provider.public_id,
        "kind": provider.kind,
        "name": provider.name,
        "is_enabled": provider.is_enabled,
        "default_role": provider.default_role,
        "trusts_emails": provider.settings.get("trusts_emails"),
        "server_url": provider.settings.get("server_url"),
        "client_id": provider.client_id or None,
        "redirect_url": oidc_callback(provider.public_id) if is_oidc else None,
        "idp": provider.settings.get("idp"),
        "acs_url": saml.acs_url if saml else None,
        "entity_id": saml.entity_id if saml else None,
        "created_at": moment(provider.created_at),
        "updated_at": moment(provider.updated_at),
    }


def _described_in(metadata: str) -> dict[str, Any]:
    """What the three fields would have said."""
    try:
        idp = OneLogin_Saml2_IdPMetadataParser.parse(metadata)["idp"]
        certificates = [idp["x509cert"]] if "x509cert" in idp else idp["x509certMulti"]["signing"]
        described = {
            "entity_id": idp["entityId"],
            "sso_url": PublicUrlField().run_validation(idp["singleSignOnService"]["url"]),
            "x509cert": [each for text in certificates for each in certificates_in(text)],
        }
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"metadata": error.detail}) from None
    except (SyntaxError, LookupError, TypeError, ValueError):  # lxml's own are SyntaxErrors.
        words = "Must be the metadata of a SAML identity provider, with a certificate and an HTTP-Redirect binding."
        raise serializers.ValidationError({"metadata": words}) from None
    if not 0 < len(described["entity_id"]) <= MAX_ENTITY_ID:
        raise serializers.ValidationError({"metadata": "Its entityID is empty or too long."})
    return described
