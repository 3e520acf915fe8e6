"""Reliability B2 and B5: the signature is the one of Standard Webhooks."""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from tests.conftest import Person
from tests.fakes.receiver import Receiver
from tests.webhooks.sending import attempt, change_endpoint, new_delivery, new_endpoint
from webhooks.models import WebhookEndpoint, new_message_id
from webhooks.signing import signed_headers
from webhooks.signing_secrets import MAX_OLD, Secret, keep, live_secrets, new_secret, replace

MESSAGES = 1_000
OVERLAP = timedelta(hours=24)


def verify(secret: str, body: bytes, headers: dict[str, str]) -> None:
    Webhook(secret).verify(body, headers, json_parse=False)


def test_the_package_of_the_specification_verifies_a_thousand_messages() -> None:
    for number in range(MESSAGES):
        secret, body = new_secret().text, f'{{"number": {number}, "text": "{"ä✓😀" * (number % 99)}"}}'.encode()
        verify(secret, body, signed_headers(new_message_id(), timezone.now(), body, [secret]))


@given(text=st.text(max_size=500), key=st.binary(min_size=24, max_size=64))
def test_it_verifies_any_text_under_any_secret(text: str, key: bytes) -> None:
    secret, body = f"whsec_{b64encode(key).decode()}", text.encode()
    verify(secret, body, signed_headers(new_message_id(), timezone.now(), body, [secret]))


def test_a_known_message_has_the_signature_of_the_specification() -> None:
    """The vector of the reference implementations' own tests."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    sent_at = datetime.fromtimestamp(1614265330, UTC)
    assert signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", sent_at, b'{"test": 2432232314}', [secret]) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_whatever_is_changed_is_rejected() -> None:
    secret, body = new_secret().text, b'{"event_details":{"event":"ADD"}}'
    headers = signed_headers(new_message_id(), timezone.now(), body, [secret])
    later = str(int(headers["webhook-timestamp"]) + 1)
    changed = [headers | {"webhook-id": new_message_id()}, headers | {"webhook-timestamp": later}]
    bodies = [body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :] for place in range(len(body))]
    for given_body, given_headers in [*((each, headers) for each in bodies), *((body, each) for each in changed)]:
        with pytest.raises(WebhookVerificationError):
            verify(secret, given_body, given_headers)
    with pytest.raises(WebhookVerificationError):
        verify(new_secret().text, body, headers)


def test_an_id_has_no_dot_and_nothing_that_a_header_cannot_hold() -> None:
    assert re.fullmatch(r"msg_[0-9a-f]{32}", new_message_id())


def test_what_is_posted_is_verified(alice: Person, receiver: Receiver) -> None:
    secret = new_secret()
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, receiver.url, secret=secret))
    assert attempt(alice.tenant, delivery).state == "delivered"
    (seen,) = receiver.received
    assert seen.is_signed_by(secret.text)
    assert (seen.id, seen.body.decode()) == (delivery.message_id, delivery.body)
    assert seen.headers["content-type"] == "application/json"


def verified(person: Person, receiver: Receiver, endpoint: WebhookEndpoint, secrets: Sequence[Secret]) -> list[bool]:
    """Delivers something; tells of each secret whether it verifies that."""
    change_endpoint(person.tenant, endpoint, secrets=endpoint.secrets)
    attempt(person.tenant, new_delivery(person.tenant, endpoint))
    return [receiver.received[-1].is_signed_by(secret.text) for secret in secrets]


def pass_time(endpoint: WebhookEndpoint, time: timedelta) -> None:
    """Lets the secrets end so much earlier."""
    ends = [(secret.text, secret.expires_at) for secret in live_secrets(endpoint)]
    keep(endpoint, [Secret(text, end - time if end else None) for text, end in ends])


def test_while_a_secret_is_replaced_both_verify_and_then_the_new_one_alone(alice: Person, receiver: Receiver) -> None:
    old = new_secret()
    endpoint = new_endpoint(alice.tenant, receiver.url, secret=old)
    both = [old, replace(endpoint, overlap=OVERLAP)]
    assert verified(alice, receiver, endpoint, both) == [True, True]
    pass_time(endpoint, OVERLAP - timedelta(minutes=1))
    assert verified(alice, receiver, endpoint, both) == [True, True]
    pass_time(endpoint, timedelta(minutes=1))
    assert verified(alice, receiver, endpoint, both) == [False, True]


def test_of_many_replaced_secrets_the_newest_ten_still_sign(alice: Person, receiver: Receiver) -> None:
    first = new_secret()
    endpoint = new_endpoint(alice.tenant, receiver.url, secret=first)
    secrets = [first, *(replace(endpoint, overlap=OVERLAP) for _ in range(MAX_OLD + 1))]
    assert verified(alice, receiver, endpoint, secrets) == [False, *[True] * (MAX_OLD + 1)]
