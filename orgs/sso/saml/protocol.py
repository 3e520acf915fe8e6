"""What is asked of a SAML provider, and what is demanded of its answer (Profiles for SAML 2.0, §4.1).

python3-saml checks the signature, the times, the issuer and the audience. It lets an answer pass that leaves out whom
and which request it is for; here it may not.
"""

from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.provider import ProviderException
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Xml

from orgs.sso.addresses import SamlAddresses, saml_addresses

ASSERTION = "/samlp:Response/saml:Assertion"
CONFIRMATIONS = f"{ASSERTION}/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
AUDIENCES = f"{ASSERTION}/saml:Conditions/saml:AudienceRestriction/saml:Audience"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

SECURITY = {
    "wantAssertionsSigned": True,
    "wantNameId": True,
    "wantAttributeStatement": False,  # The name may be the email.
    "rejectDeprecatedAlgorithm": True,
    "allowRepeatAttributeName": True,
    "requestedAuthnContext": False,
    "allowSingleLabelDomains": True,  # loci.net.guard has judged the addresses.
}

_MALFORMED = (
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    AttributeError,
    LookupError,
    SyntaxError,  # Of the XML.
    TypeError,
    ValueError,
)


def conversation(app: SocialApp, response: str = "") -> OneLogin_Saml2_Auth:
    """Returns python3-saml's side of a login through `app`; `response` is what came to the ACS URL."""
    acs = urlsplit(saml_addresses(app.provider_id).acs_url)
    request = {
        "https": "on" if acs.scheme == "https" else "off",
        "http_host": acs.netloc,
        "script_name": acs.path,
        "get_data": {},
        "post_data": {"SAMLResponse": response},
    }
    return OneLogin_Saml2_Auth(request, _settings_of(app))


def metadata_of(app: SocialApp) -> str:
    """Returns this server's metadata for the provider, as XML."""
    metadata = OneLogin_Saml2_Settings(_settings_of(app), sp_validation_only=True).get_sp_metadata()
    return metadata.decode() if isinstance(metadata, bytes) else str(metadata)


def read_response(app: SocialApp, response: str) -> OneLogin_Saml2_Auth:
    """Returns the conversation after a valid answer to a login of ours: who it is about can be asked of it.

    Raises `ProviderException` for every other answer. That the login was begun in this session, and was not answered
    before, is for the caller to check: `get_last_response_in_response_to()` names it.
    """
    auth = conversation(app, response)
    try:
        auth.process_response()
        if auth.get_errors():
            raise ProviderException(f"the SAML response is not valid: {auth.get_last_error_reason()}")
        _check_meant_for_us(auth, saml_addresses(app.provider_id))
    except _MALFORMED as error:
        raise ProviderException("the SAML response is not understood") from error
    return auth


def _check_meant_for_us(auth: OneLogin_Saml2_Auth, own: SamlAddresses) -> None:
    document = Xml.to_etree(auth.get_last_response_xml())
    request_id = auth.get_last_response_in_response_to()
    confirmed = {(data.get("InResponseTo"), data.get("Recipient")) for data in Xml.query(document, CONFIRMATIONS)}
    if not request_id or confirmed != {(request_id, own.acs_url)}:
        raise ProviderException("the SAML assertion is not for a login that was begun here")
    if own.entity_id not in {Xml.element_text(audience) for audience in Xml.query(document, AUDIENCES)}:
        raise ProviderException("the SAML assertion is for somebody else")
    if auth.get_nameid_format() == TRANSIENT:
        raise ProviderException("the SAML assertion has a transient name: nobody would be known by it again")


def _settings_of(app: SocialApp) -> dict[str, Any]:
    own, idp = saml_addresses(app.provider_id), app.settings["idp"]
    return {
        "strict": True,
        "sp": {
            "entityId": own.entity_id,
            "assertionConsumerService": {"url": own.acs_url, "binding": Constants.BINDING_HTTP_POST},
        },
        "idp": {
            "entityId": idp["entity_id"],
            "singleSignOnService": {"url": idp["sso_url"], "binding": Constants.BINDING_HTTP_REDIRECT},
            "x509certMulti": {"signing": idp["x509certs"]},
        },
        "security": SECURITY,
    }
