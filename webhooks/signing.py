"""The headers of Standard Webhooks, by which a receiver knows who sent a message and when (reliability.md §2.6)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"


def signed_headers(message_id: str, sent_at: datetime, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Returns the id, the time of this attempt, and a signature of them and of `body` by each of the secrets.

    A secret is `whsec_` and base64. While one takes the place of another both sign: receivers need one that fits.
    """
    timestamp = str(int(sent_at.timestamp()))
    signed = b".".join([message_id.encode(), timestamp.encode(), body])
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
