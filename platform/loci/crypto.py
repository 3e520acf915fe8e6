"""Small secrets in the database, readable with the deployment's master key only (reliability.md §2.12)."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

FORMAT = "v1"
_NONCE_BYTES = 12

Rotation = Callable[[], int]

_rotations: dict[str, Rotation] = {}


class UnreadableSecretError(Exception):
    """A secret that neither of the two master keys opens, or that was moved from where it belongs."""


def encrypt(text: str, context: str) -> str:
    """Returns `text` as a token of ASCII: AES-256-GCM under `LOCI_MASTER_KEY`.

    `context` names what the secret belongs to; only under the same context it can be read again.
    """
    key = _derived(settings.MASTER_KEY)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), context.encode())
    return ":".join([FORMAT, _id_of(key), urlsafe_b64encode(nonce + sealed).decode()])


def decrypt(token: str, context: str) -> str:
    """Returns the text of a token of `encrypt`, made under the master key or the one before (`LOCI_MASTER_KEY_OLD`).

    Raises `UnreadableSecretError` for a token of another key or context, or one that was changed.
    """
    form, key_id, body = [*token.split(":"), "", "", ""][:3]
    key = next((key for key in _live_keys() if _id_of(key) == key_id), None)
    if form != FORMAT or key is None:
        raise UnreadableSecretError("The secret was encrypted under another master key.")
    try:
        raw = urlsafe_b64decode(body)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise UnreadableSecretError("The secret is damaged, or belongs to something else.") from error


def renewed(token: str, context: str) -> str:
    """Returns the token of the same secret under the current master key: `token` itself if it is."""
    if token.startswith(f"{FORMAT}:{_id_of(_derived(settings.MASTER_KEY))}:"):
        return token
    return encrypt(decrypt(token, context), context)


def register_rotation(name: str, rotate: Rotation) -> None:
    """Registers, in `AppConfig.ready`, what renews the secrets called `name`; it returns how many it changed."""
    _rotations[name] = rotate


def rotations() -> dict[str, Rotation]:
    """Returns what was registered, by name."""
    return dict(_rotations)


def _live_keys() -> list[bytes]:
    return [_derived(secret) for secret in (settings.MASTER_KEY, settings.MASTER_KEY_OLD) if secret]


def _derived(secret: str) -> bytes:
    """The secret is text of any length; the cipher wants 32 bytes."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"loci secrets").derive(secret.encode())


def _id_of(key: bytes) -> str:
    """Tells the live keys apart, and nothing of the key."""
    digest = Hash(SHA256())
    digest.update(key)
    return digest.finalize()[:4].hex()
