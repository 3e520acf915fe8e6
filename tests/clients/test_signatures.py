"""Reliability B2: the npm package of Standard Webhooks verifies what Loci signs, and nothing else."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from secrets import token_bytes, token_hex
from typing import Any

from tests.clients.releases import HERE
from webhooks.signing import PREFIX, signed_headers

MESSAGES = 1_000

Json = dict[str, Any]


def signed(body: str, *, secrets: int = 1) -> Json:
    """A message as Loci sends it, and the first of the secrets that sign it."""
    made = [PREFIX + b64encode(token_bytes(32)).decode() for _ in range(secrets)]
    headers = signed_headers(f"msg_{token_hex(16)}", datetime.now(UTC), body.encode(), made)
    return {"secret": made[0], "body": body, "headers": headers}


def verified(messages: Iterable[Json]) -> list[bool]:
    """Tells of each message whether the package finds it genuine."""
    lines = "\n".join(json.dumps(message) for message in messages)
    done = subprocess.run(
        ["node", str(HERE / "js" / "verify.mjs")], input=lines, capture_output=True, text=True, check=True, timeout=60
    )
    return [line == "true" for line in done.stdout.split()]


def test_a_thousand_messages_are_verified() -> None:
    bodies = [json.dumps({"number": number, "text": "ä✓😀" * (number % 99)}) for number in range(MESSAGES)]
    messages = [signed(body, secrets=1 + number % 3) for number, body in enumerate(bodies)]
    assert verified(messages) == [True] * MESSAGES


def test_whatever_is_changed_is_rejected() -> None:
    message = signed('{"event_details": {"event": "ADD"}}')
    body, headers = message["body"], message["headers"]
    later = str(int(headers["webhook-timestamp"]) + 1)
    changed: list[Json] = [
        *({"body": body[:place] + chr(ord(body[place]) ^ 1) + body[place + 1 :]} for place in range(len(body))),
        {"headers": headers | {"webhook-id": f"msg_{token_hex(16)}"}},
        {"headers": headers | {"webhook-timestamp": later}},
        {"secret": signed("")["secret"]},
    ]
    assert verified([message, *({**message, **change} for change in changed)]) == [True] + [False] * len(changed)
