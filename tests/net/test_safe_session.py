import socket
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_django import Settings

from loci.local.programs import free_port
from loci.net.guard import NOT_ALLOWED, UNREACHABLE
from loci.net.safe_session import DEADLINE_S, NOT_TRUSTED, TOO_LARGE, TOO_SLOW, OutboundError, SafeSession
from tests.fakes.authority import Authority
from tests.fakes.dns import FakeDns
from tests.fakes.site import Site, bomb

HOST = "idp.internal"


class SystemNames:
    """What the system answers for `HOST`, one list after the other; all else is as it was."""

    def __init__(self) -> None:
        self.answers = [["127.0.0.1"]]
        self.asked = 0
        self._system = socket.getaddrinfo

    def __call__(self, host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if host != HOST:
            return self._system(host, port, *args, **options)
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> SystemNames:
    system = SystemNames()
    monkeypatch.setattr(socket, "getaddrinfo", system)
    return system


@pytest.fixture(autouse=True)
def authority(tmp_path: Path, settings: Settings) -> Authority:
    """Signs for the tests' servers, and is the only one trusted; `HOST` is the operator's own."""
    created = Authority(tmp_path)
    settings.CA_BUNDLE = str(created.bundle)
    settings.ALLOWED_PRIVATE_HOSTS = [HOST]
    return created


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        yield server


@pytest.fixture
def session() -> Iterator[SafeSession]:
    with SafeSession(deadline_s=5) as created:
        yield created


def url(site: Site, path: str = "/", *, scheme: str = "http") -> str:
    return f"{scheme}://{HOST}:{site.port}{path}"


def refusal(session: SafeSession, address: str, **options: Any) -> str:
    """The text of the error that a request of `address` ends in."""
    with pytest.raises(OutboundError) as refused:
        session.get(address, **options)
    return str(refused.value)


def test_an_answer_comes_as_of_any_session(session: SafeSession, site: Site) -> None:
    answer = session.get(url(site, "/found"), params={"q": "1"})
    assert (answer.status_code, answer.json(), answer.headers["X-From"]) == (200, {"hello": "there"}, "site")
    assert site.paths == ["/found?q=1"]


def test_a_form_and_its_credentials_arrive(session: SafeSession, site: Site) -> None:
    session.post(url(site), data={"code": "a b"}, auth=("client", "secret"))
    seen = site.requests[0]
    assert (seen.body, seen.headers["Authorization"]) == (b"code=a+b", "Basic Y2xpZW50OnNlY3JldA==")


def test_host_header_sni_and_certificate_are_of_the_name(session: SafeSession, authority: Authority) -> None:
    with Site(authority.server_context(HOST)) as site:
        assert session.get(url(site, scheme="https")).ok
        assert site.names == [HOST]
        assert site.requests[0].headers["Host"] == f"{HOST}:{site.port}"


def test_a_certificate_of_another_name_is_refused(session: SafeSession, authority: Authority) -> None:
    with Site(authority.server_context("other.internal")) as site:
        assert refusal(session, url(site, scheme="https")) == NOT_TRUSTED
        assert refusal(session, url(site, scheme="https"), verify=False) == NOT_TRUSTED
        assert site.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(
    session: SafeSession, authority: Authority, settings: Settings
) -> None:
    settings.CA_BUNDLE = ""
    with Site(authority.server_context(HOST)) as site:
        assert refusal(session, url(site, scheme="https")) == NOT_TRUSTED
        assert site.requests == []


def test_a_name_is_asked_for_once_and_only_that_answer_is_used(
    session: SafeSession, site: Site, names: SystemNames
) -> None:
    names.answers = [["127.0.0.1"], ["127.0.0.99"]]
    assert session.get(url(site)).ok
    assert names.asked == 1


def test_the_next_address_is_tried_when_the_first_takes_no_connection(
    session: SafeSession, site: Site, names: SystemNames
) -> None:
    names.answers = [["127.0.0.99", "127.0.0.1"]]
    assert session.get(url(site)).ok


def test_a_name_with_one_private_address_is_refused(session: SafeSession, name_server: FakeDns) -> None:
    name_server.records["a.example", "A"] = ["127.0.0.1", "1.1.1.1"]
    assert refusal(session, "https://a.example/") == NOT_ALLOWED


def test_a_url_is_judged_as_it_was_written(session: SafeSession) -> None:
    """`requests` would make 1.1.1.1 of it."""
    assert refusal(session, "https://①.①.①.①/") == NOT_ALLOWED


def test_a_request_that_was_prepared_elsewhere_is_judged_too(session: SafeSession, site: Site) -> None:
    with pytest.raises(OutboundError, match=NOT_ALLOWED):
        session.send(requests.Request("GET", f"http://127.0.0.1:{site.port}/").prepare())
    assert site.requests == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/"])
def test_a_private_server_that_nobody_allowed_is_not_reached(session: SafeSession, site: Site, address: str) -> None:
    assert refusal(session, address.format(port=site.port)) == NOT_ALLOWED
    assert site.requests == []


def test_a_redirect_is_handed_over_and_not_followed(session: SafeSession, site: Site, settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = [HOST, "127.0.0.1"]
    assert session.get(url(site, "/redirect"), allow_redirects=True).status_code == 302
    assert site.paths == ["/redirect"]


def test_no_cookie_is_kept(session: SafeSession, site: Site) -> None:
    answer = session.get(url(site, "/cookie"))
    session.get(url(site))
    assert (len(session.cookies), len(answer.cookies)) == (0, 0)
    assert "Cookie" not in site.requests[1].headers


def test_no_proxy_is_used(session: SafeSession, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site() as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        monkeypatch.setenv("HTTP_PROXY", address)
        monkeypatch.setenv("http_proxy", address)
        session.get(url(site))
        session.get(url(site), proxies={"http": address})
        assert (len(site.requests), proxy.requests) == (2, [])


def test_no_password_of_the_machine_is_sent(
    session: SafeSession, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text(f"machine {HOST} login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    session.get(url(site))
    assert "Authorization" not in site.requests[0].headers


@pytest.mark.parametrize("path", ["/silent", "/slow-headers", "/slow-body"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_slow_server_is_cut_at_the_deadline(authority: Authority, path: str, scheme: str) -> None:
    tls = authority.server_context(HOST) if scheme == "https" else None
    with Site(tls) as site, SafeSession(deadline_s=0.4) as hasty:
        started = time.monotonic()
        assert refusal(hasty, url(site, path, scheme=scheme)) == TOO_SLOW
        assert time.monotonic() - started < DEADLINE_S
        assert site.paths == [path]


def test_a_server_that_never_shakes_hands_is_cut_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, SafeSession(deadline_s=0.4) as hasty:
        started = time.monotonic()
        assert refusal(hasty, f"https://{HOST}:{mute.getsockname()[1]}/") == TOO_SLOW
        assert time.monotonic() - started < DEADLINE_S


def test_an_answer_of_a_megabyte_is_the_largest(session: SafeSession, site: Site) -> None:
    assert len(session.get(url(site, "/just-small-enough")).content) == 1024 * 1024
    assert refusal(session, url(site, "/large")) == TOO_LARGE


def test_a_compressed_answer_is_read(session: SafeSession, site: Site) -> None:
    assert session.get(url(site, "/zipped")).content == b"zipped"


def test_a_bomb_is_not_unpacked(session: SafeSession, site: Site) -> None:
    bomb()
    tracemalloc.start()
    try:
        assert refusal(session, url(site, "/bomb")) == TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["/cut", "/nonsense"])
def test_an_answer_that_is_none_says_only_that(session: SafeSession, site: Site, path: str) -> None:
    assert refusal(session, url(site, path)) == UNREACHABLE


def test_a_host_that_takes_no_connection_says_only_that(session: SafeSession) -> None:
    assert refusal(session, f"http://{HOST}:{free_port()}/") == UNREACHABLE


def test_a_name_without_an_address_says_only_that(session: SafeSession, name_server: FakeDns) -> None:
    assert refusal(session, "https://unknown.example/") == UNREACHABLE
