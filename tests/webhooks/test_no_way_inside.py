"""Reliability B7: no URL leads a delivery to where only insiders may go."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from loci.net import guard
from loci.net.guard import NOT_ALLOWED, UNREACHABLE
from tests.conftest import Person
from tests.fakes.canary import Canary
from tests.fakes.dns import FakeDns
from tests.fakes.receiver import Answer, Receiver
from tests.memories.support import call
from tests.net.test_guard import HOSTILE_URLS, PRIVATE_ADDRESSES, literal
from tests.net.test_safe_fetch import NAMED
from tests.webhooks.sending import attempt, new_delivery, new_endpoint
from tests.webhooks.support import GIVEN, OF_PROJECT, endpoint_row, make, one
from webhooks.delivering import NO_SUCCESS
from webhooks.models import MAX_URL_CHARS

VECTORS = [*HOSTILE_URLS, *map(literal, PRIVATE_ADDRESSES)]
STORABLE = [url for url in VECTORS if len(url) <= MAX_URL_CHARS and "\x00" not in url and "\ud800" not in url]
"""Those that a row can hold."""


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    """Sits on what is here the port of https, so that each URL that were let through would be heard."""
    with Canary() as bird:
        monkeypatch.setitem(guard._PORTS, "https", bird.port)
        yield bird


def test_no_hostile_url_is_taken(alice: Person, canary: Canary, name_server: FakeDns) -> None:
    webhook = make(alice)
    for url in VECTORS:
        if not url or url != url.strip() or "\ud800" in url:
            continue  # Empty counts as absent, what is around a URL is taken off, and the last no JSON can hold.
        assert call(alice, "POST", OF_PROJECT, {**GIVEN, "url": url}).status_code == 400, url
        assert call(alice, "PUT", one(webhook), {"url": url}).status_code == 400, url
    assert [endpoint_row(alice).url] == [GIVEN["url"]]
    assert (canary.connections, name_server.questions) == (0, [])


def test_a_row_with_a_hostile_url_reaches_nobody(alice: Person, canary: Canary, name_server: FakeDns) -> None:
    """The rows were written past the API, which takes none of them."""
    assert len(STORABLE) >= 60
    for url in STORABLE:
        delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, url))
        assert attempt(alice.tenant, delivery).last_error == NOT_ALLOWED, url
    assert canary.connections == 0


def test_a_redirect_to_a_hostile_url_reaches_nobody(alice: Person, canary: Canary, receiver: Receiver) -> None:
    endpoint = new_endpoint(alice.tenant, receiver.url)
    places = [url for url in VECTORS if url.isascii() and url.isprintable()]
    for place in [*places, f"http://127.0.0.1:{canary.port}/", f"http://[::1]:{canary.port}/"]:
        receiver.answers = [Answer(302, {"Location": place})]
        assert attempt(alice.tenant, new_delivery(alice.tenant, endpoint)).last_error == NO_SUCCESS
    assert canary.connections == 0


@pytest.mark.parametrize("private", NAMED)
def test_a_name_that_comes_to_mean_the_inside_reaches_nobody(
    alice: Person, canary: Canary, name_server: FakeDns, private: str
) -> None:
    kind = "AAAA" if ":" in private else "A"
    endpoint = new_endpoint(alice.tenant, "https://a.example/")
    name_server.records["a.example", kind] = [private]
    assert attempt(alice.tenant, new_delivery(alice.tenant, endpoint)).last_error == NOT_ALLOWED
    name_server.records["a.example", kind] = [private, "2606:4700::1" if kind == "AAAA" else "1.1.1.1"]
    assert attempt(alice.tenant, new_delivery(alice.tenant, endpoint)).last_error == NOT_ALLOWED
    assert canary.connections == 0


def test_a_name_that_changes_while_it_is_connected_to_reaches_nobody(
    alice: Person, canary: Canary, name_server: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer is a public address at which nobody takes a connection, and each later one the inside."""
    monkeypatch.setattr("loci.net.safe_post.CONNECT_S", 0.3)
    monkeypatch.setattr("loci.net.guard._DENIED", [each for each in guard._DENIED if "192.0.2" not in str(each)])
    answers = iter([["192.0.2.1"]])
    monkeypatch.setattr(guard, "host_addresses", lambda _: next(answers, ["127.0.0.1"]))
    delivery = new_delivery(alice.tenant, new_endpoint(alice.tenant, "https://a.example/"))
    assert attempt(alice.tenant, delivery).last_error == UNREACHABLE
    assert attempt(alice.tenant, delivery).last_error == NOT_ALLOWED
    assert canary.connections == 0


def test_the_canary_hears_what_is_let_through(alice: Person, canary: Canary, settings: Settings) -> None:
    """The control: where the guard lets something through, somebody is reached."""
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1", "[::1]"]
    for url in ("https://127.0.0.1/", "https://[::1]/"):
        attempt(alice.tenant, new_delivery(alice.tenant, new_endpoint(alice.tenant, url)))
    assert canary.connections == 2


def test_without_the_guard_the_inside_would_be_reached(
    alice: Person, canary: Canary, name_server: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: once nobody looks at addresses, those of this machine are connected to."""
    monkeypatch.setattr(guard, "is_public", lambda _: True)
    name_server.records["a.example", "A"] = ["127.0.0.1"]
    for url in ("https://127.0.0.1/", "https://[::1]/", "https://a.example/"):
        attempt(alice.tenant, new_delivery(alice.tenant, new_endpoint(alice.tenant, url)))
    assert canary.connections == 3
