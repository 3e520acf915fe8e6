import socket
import time
import tracemalloc
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pytest_django import Settings

from loci.local.programs import free_port
from loci.net import guard, safe_fetch
from loci.net.guard import NOT_ALLOWED, UNREACHABLE
from loci.net.safe_fetch import NO_FILE, FetchRefused
from loci.net.safe_session import TOO_LARGE, TOO_SLOW
from tests.fakes.canary import Canary
from tests.fakes.dns import FakeDns
from tests.fakes.site import Site, bomb
from tests.net.test_guard import HOSTILE_URLS, PRIVATE_ADDRESSES, literal
from tests.net.test_safe_session import HOST, SystemNames

MIB = 1024 * 1024
SOON_S = 10
VECTORS = [*HOSTILE_URLS, *map(literal, PRIVATE_ADDRESSES)]
ELSEWHERE = [address for address in VECTORS if address != "a.example"]
"""Without the one that is a file beside the redirect."""
NAMED = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> SystemNames:
    system = SystemNames()
    monkeypatch.setattr(socket, "getaddrinfo", system)
    return system


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    """Sits on what is here the port of https, so that each URL that were let through would be heard."""
    with Canary() as bird:
        monkeypatch.setitem(guard._PORTS, "https", bird.port)
        yield bird


def url(site: Site, path: str) -> str:
    return f"http://127.0.0.1:{site.port}{path}"


def refusal(address: str, **options: float) -> FetchRefused:
    with pytest.raises(FetchRefused) as refused:
        safe_fetch.safe_fetch(address, **options)  # type: ignore[arg-type]  # `most` is whole in every call.
    return refused.value


@pytest.mark.parametrize("address", VECTORS, ids=ascii)
def test_a_hostile_url_reaches_nobody(canary: Canary, name_server: FakeDns, address: str) -> None:
    assert str(refusal(address)) == NOT_ALLOWED
    assert canary.connections == 0


@pytest.mark.parametrize("address", ELSEWHERE, ids=ascii)
def test_a_redirect_to_a_hostile_url_reaches_nobody(
    canary: Canary, site: Site, name_server: FakeDns, address: str
) -> None:
    refused = refusal(url(site, f"/to?{quote(address, safe='', errors='surrogatepass')}"))
    assert str(refused) in {NOT_ALLOWED, UNREACHABLE, NO_FILE}
    assert canary.connections == 0


@pytest.mark.parametrize("private", NAMED)
def test_a_name_of_the_inside_reaches_nobody_directly_or_by_redirect(
    canary: Canary, site: Site, name_server: FakeDns, private: str
) -> None:
    name_server.records["a.example", "AAAA" if ":" in private else "A"] = [private]
    assert str(refusal("https://a.example/")) == NOT_ALLOWED
    assert str(refusal(url(site, f"/to?{quote('https://a.example/')}"))) == NOT_ALLOWED
    assert canary.connections == 0


def test_the_canary_hears_what_is_let_through(canary: Canary, settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    refusal("https://127.0.0.1/")
    assert canary.connections == 1


def test_a_name_is_asked_for_once_so_that_its_next_answer_is_not_used(
    site: Site, names: SystemNames, settings: Settings
) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = [HOST]
    names.answers = [["127.0.0.1"], ["10.0.0.1"]]
    assert b"hello" in safe_fetch.safe_fetch(f"http://{HOST}:{site.port}/")
    assert names.asked == 1


def test_each_redirect_is_resolved_anew_and_checked(site: Site, name_server: FakeDns) -> None:
    name_server.records["a.example", "A"] = ["10.0.0.1"]
    assert str(refusal(url(site, "/to?https%3A//a.example/"))) == NOT_ALLOWED
    assert name_server.questions


def test_three_redirects_are_followed_and_the_file_is_given(site: Site) -> None:
    path = "/file"
    for _ in range(3):
        path = f"/to?{quote(path)}"
    site.files["/file"] = b"content"
    assert safe_fetch.safe_fetch(url(site, path)) == b"content"
    assert str(refusal(url(site, f"/to?{quote(path)}"))) == NO_FILE


def test_a_redirect_that_leads_to_itself_ends(site: Site) -> None:
    assert str(refusal(url(site, "/loop"))) == NO_FILE
    assert site.paths == ["/loop"] * 4


def test_a_request_says_little_and_asks_for_no_compression(site: Site) -> None:
    safe_fetch.safe_fetch(url(site, "/file?q=1#part"))
    seen = site.requests[0]
    assert seen.path == "/file?q=1"
    assert seen.headers["User-Agent"] == "Loci"
    assert seen.headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer"} & seen.headers.keys()


def test_no_proxy_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        safe_fetch.safe_fetch(url(site, "/"))
        assert (len(site.requests), proxy.requests) == (1, [])


def test_twenty_megabytes_are_the_most(site: Site) -> None:
    assert len(safe_fetch.safe_fetch(url(site, f"/zeros?{20 * MIB}"))) == 20 * MIB
    refused = refusal(url(site, f"/zeros?{20 * MIB + 1}"))
    assert (str(refused), refused.may_pass) == (TOO_LARGE, False)


def test_a_bomb_is_not_unpacked(site: Site) -> None:
    bomb()
    tracemalloc.start()
    try:
        assert str(refusal(url(site, "/bomb"), most=2 * MIB)) == TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_an_answer_that_is_compressed_all_the_same_is_read(site: Site) -> None:
    assert safe_fetch.safe_fetch(url(site, "/zipped")) == b"zipped"


@pytest.mark.parametrize("path", ["/silent", "/slow-headers", "/slow-body"])
def test_a_slow_server_is_cut_at_the_deadline(site: Site, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_fetch, "PATIENCE_S", SOON_S)
    started = time.monotonic()
    refused = refusal(url(site, path), deadline_s=0.4)
    assert (str(refused), refused.may_pass) == (TOO_SLOW, True)
    assert time.monotonic() - started < SOON_S


def test_the_deadline_is_of_all_redirects_together(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_fetch, "PATIENCE_S", SOON_S)
    started = time.monotonic()
    assert str(refusal(url(site, f"/to?{quote('/slow-body')}"), deadline_s=0.4)) == TOO_SLOW
    assert time.monotonic() - started < SOON_S


def test_a_server_that_drips_is_left_before_the_deadline(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_fetch, "PATIENCE_S", 0.2)
    started = time.monotonic()
    assert str(refusal(url(site, "/slow-body"))) == TOO_SLOW
    assert time.monotonic() - started < SOON_S


def test_a_server_that_never_answers_a_handshake_is_cut(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
        assert str(refusal(f"https://127.0.0.1:{mute.getsockname()[1]}/", deadline_s=0.4)) == TOO_SLOW


@pytest.mark.parametrize(("path", "may_pass"), [("/gone", False), ("/busy", True)])
def test_an_answer_without_the_file_says_only_that(site: Site, path: str, may_pass: bool) -> None:
    refused = refusal(url(site, path))
    assert (str(refused), refused.may_pass) == (NO_FILE, may_pass)


@pytest.mark.parametrize("path", ["/cut", "/nonsense"])
def test_an_answer_that_is_none_says_only_that(site: Site, path: str) -> None:
    assert str(refusal(url(site, path))) == UNREACHABLE


def test_a_host_that_takes_no_connection_may_do_so_later(settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    refused = refusal(f"http://127.0.0.1:{free_port()}/")
    assert (str(refused), refused.may_pass) == (UNREACHABLE, True)
