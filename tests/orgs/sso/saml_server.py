"""A SAML provider without a network: browsers carry everything that it says."""

import base64
import datetime as dt
import itertools
import re
import secrets
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from tests.orgs.sso.oidc_server import key_of

EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
SSO_URL = "https://login.corp.example/saml"


_NAMES = itertools.cycle(("one", "two", "three", "four"))


@dataclass
class Signer:
    """A key with its certificate. Of four that follow each other, none has another's key."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: key_of(next(_NAMES)))

    @property
    def private_pem(self) -> str:
        """Returns the key as PEM."""
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, *form).decode()

    @cached_property
    def certificate(self) -> str:
        """Returns the certificate as PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The tests' provider")])
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, xml: str) -> str:
        """Returns the element with its signature in it."""
        signed = OneLogin_Saml2_Utils.add_sign(
            xml,
            self.private_pem,
            self.certificate,
            sign_algorithm=Constants.RSA_SHA256,
            digest_algorithm=Constants.SHA256,
        )
        return signed.decode() if isinstance(signed, bytes) else str(signed)


@dataclass
class SamlServer:
    """Signs people in. `entity_id` is its own name, `audience` and `acs_url` are the other side's."""

    audience: str
    acs_url: str
    entity_id: str = "https://login.corp.example/metadata"
    signer: Signer = field(default_factory=Signer)

    def assertion(
        self,
        request_id: str,
        *,
        subject: str = "subject-1",
        email: str = "eve@corp.example",
        audience: str | None = None,
        recipient: str | None = None,
        valid_s: int = 300,
        format: str = PERSISTENT,  # noqa: A002 - SAML's word
        confirmed: bool = True,
    ) -> str:
        """Returns an assertion, unsigned."""
        now = dt.datetime.now(dt.UTC)
        begun, end = _stamp(now - dt.timedelta(minutes=5)), _stamp(now + dt.timedelta(seconds=valid_s))
        answers = f' InResponseTo="{request_id}"' if confirmed else ""
        restriction = f"<saml:Audience>{self.audience if audience is None else audience}</saml:Audience>"
        conditions = f"<saml:AudienceRestriction>{restriction}</saml:AudienceRestriction>" if audience != "" else ""
        attribute = f"<saml:AttributeValue>{email}</saml:AttributeValue>"
        return f"""<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
            xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
            Version="2.0" ID="_{secrets.token_hex(16)}" IssueInstant="{begun}">
          <saml:Issuer>{self.entity_id}</saml:Issuer>
          <saml:Subject>
            <saml:NameID Format="{format}">{subject}</saml:NameID>
            <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
              <saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{recipient or self.acs_url}"{answers}/>
            </saml:SubjectConfirmation>
          </saml:Subject>
          <saml:Conditions NotBefore="{begun}" NotOnOrAfter="{end}">{conditions}</saml:Conditions>
          <saml:AuthnStatement AuthnInstant="{begun}"><saml:AuthnContext><saml:AuthnContextClassRef
            >urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>
          </saml:AuthnStatement>
          <saml:AttributeStatement><saml:Attribute Name="email">{attribute}</saml:Attribute></saml:AttributeStatement>
        </saml:Assertion>"""

    def response(self, request_id: str, assertion: str) -> str:
        """Returns the response around an assertion, unsigned."""
        answers = f' InResponseTo="{request_id}"' if request_id else ""
        return f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
            xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{secrets.token_hex(16)}" Version="2.0"
            IssueInstant="{_stamp(dt.datetime.now(dt.UTC))}" Destination="{self.acs_url}"{answers}>
          <saml:Issuer>{self.entity_id}</saml:Issuer>
          <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
          {assertion}</samlp:Response>"""

    def signed(self, request_id: str, assertion: str) -> str:
        """Returns the response with its assertion signed."""
        return self.response(request_id, self.signer.sign(assertion))


def request_id_in(login_url: str) -> str:
    """Returns the id of the request that a browser brings."""
    packed = parse_qs(urlsplit(login_url).query)["SAMLRequest"][0]
    xml = zlib.decompress(base64.b64decode(packed), -15).decode()
    found = re.search(r'\bID="([^"]+)"', xml)
    assert found
    return found[1]


def as_form(xml: str) -> dict[str, str]:
    """Returns what the provider's page sends with the browser."""
    return {"SAMLResponse": base64.b64encode(xml.encode()).decode()}


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
