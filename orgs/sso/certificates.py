"""The X.509 certificates of SAML providers."""

import base64
import re

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

MIN_RSA_BITS = 2_048
MAX_CERTIFICATES = 10
NOT_CERTIFICATES = "Must be one or more X.509 certificates, as PEM or base64."
TOO_WEAK = f"A certificate's RSA key must have {MIN_RSA_BITS} bits."

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def certificates_in(text: str) -> list[str]:
    """Returns the certificates of a text, PEM or the bare base64 of one, each in base64 without line breaks.

    Raises `ValueError` where there are none or too many, or one is no certificate or too weak.
    """
    found = [_checked(body) for body in _PEM.findall(text) or [text]]
    if len(found) > MAX_CERTIFICATES:
        raise ValueError(NOT_CERTIFICATES)
    return found


def _checked(body: str) -> str:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(body.split()), validate=True))
        key = certificate.public_key()
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise ValueError(NOT_CERTIFICATES) from error
    if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise ValueError(TOO_WEAK)
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
