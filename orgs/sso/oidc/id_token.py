"""ID tokens (OpenID Connect Core §3.1.3.7)."""

from typing import Any

import jwt
from allauth.socialaccount.providers.base.provider import ProviderException

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with a public key: a token that is signed with a shared secret, or not at all, proves nothing here."""
REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")
LEEWAY_S = 60
NOT_UNDERSTOOD = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What comes of JSON that is something else than it should be, or nested without end."""


def read_id_token(token: Any, *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """Returns the claims of an ID token that one of `keys`, a JSON Web Key Set, signed for this client and login.

    Raises `ProviderException` for every other token.
    """
    if not isinstance(token, str):
        raise ProviderException("there is no ID token")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key_of(token, keys),
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY_S,
            options={"require": list(REQUIRED)},
        )
    except (jwt.PyJWTError, *NOT_UNDERSTOOD) as error:
        raise ProviderException("the ID token is not valid") from error
    if claims["nonce"] != nonce:
        raise ProviderException("the ID token is of another login")
    if claims.get("azp", client_id) != client_id or claims["aud"] not in (client_id, [client_id]):
        raise ProviderException("the ID token is for others too")
    return claims


def _key_of(token: str, keys: dict[str, Any]) -> jwt.PyJWK:
    """The key that the token names; the only one there is, where it names none."""
    signing = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in {None, "sig"}]
    name = jwt.get_unverified_header(token).get("kid")
    found = [key for key in signing if name in {None, key.key_id}]
    if len(found) != 1:
        raise ProviderException("the key of the ID token is not known")
    return found[0]
