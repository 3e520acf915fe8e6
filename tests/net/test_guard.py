import ipaddress
import socket

import pytest
from pytest_django import Settings

from loci.errors import DependencyError
from loci.net.guard import UrlNotAllowed, checked_url, is_public, resolve
from tests.fakes.dns import FakeDns

HOSTILE_URLS = [
    # Another scheme, or none
    "",
    "http://a.example/",
    "http://a.example:443/",
    "ftp://a.example/",
    "file:///etc/passwd",
    "gopher://a.example/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "//a.example/",
    "a.example",
    "https:a.example",
    "https:/a.example",
    "https:///a.example",
    "https://",
    "https://:443/",
    "https://?a.example",
    # What two parsers read in two ways
    "https://127.0.0.1\\@a.example/",
    "https://a.example\\.b.example/",
    "https:\\\\a.example/",
    "https://a.example/\\..\\b",
    "https://user@a.example/",
    "https://user:word@a.example/",
    "https://@a.example/",
    "https://a.example@127.0.0.1/",
    "https://a.example#@127.0.0.1/ ",
    "https://a.example:443:80/",
    "https://a.example,b.example/",
    "https://a.example;b.example/",
    "https://ex%61mple.com/",
    "https://127.0.0.1%00.a.example/",
    "https://127.0.0.1%2f.a.example/",
    "https://[fe80::1%25eth0]/",
    "https://a .example/",
    " https://a.example/",
    "https://a.example/\n",
    "https://a.example/\r\nHost: b",
    "https://a.exa\tmple/",
    "https://a.example/\x00",
    "https://a.example/\x7f",
    "https://a.example/\u200b",
    "https://a.example/\u202e",
    "https://a\u00a0.example/",
    "https://a\u00ad.example/",
    "https://a.example/\ud800",
    "https://a.example/" + "x" * 2_048,
    # A number that is an address
    "https://2130706433/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://0x7f.1/",
    "https://0x7f.0.0.0x1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://1.1/",
    "https://1.1.1.01/",
    "https://1.1.1.1.1/",
    "https://1.1.1.256/",
    "https://a.example.0x/",
    "https://①②⑦.⓪.⓪.①/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://127。0。0。1/",
    "https://1。1。1。1/",
    "https://1\uff0e1\uff0e1\uff0e1/",
    "https://1｡1｡1｡1/",
    # A name of the inside, or none
    "https://localhost/",
    "https://LOCALHOST/",
    "https://metadata/",
    "https://a.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://METADATA.GOOGLE.INTERNAL/",
    "https://a.example./",
    "https://127.0.0.1./",
    "https://localhost./",
    "https://a..example/",
    "https://.a.example/",
    "https://-a.example/",
    "https://a-.example/",
    "https://a!.example/",
    "https://" + "x" * 64 + ".example/",
    "https://" + "x." * 130 + "example/",
    "https://xn--\u00fc.example/",
    "https://ⓔxample.com/",
    # A port
    "https://a.example:80/",
    "https://a.example:22/",
    "https://a.example:8443/",
    "https://a.example:0/",
    "https://a.example:-1/",
    "https://a.example:65979/",
    "https://a.example:443a/",
    "https://a.example:४४३/",
    # A literal that is none
    "https://[]/",
    "https://[1.1.1.1]/",
    "https://[2606:4700::1/",
    "https://2606:4700::1/",
    "https://[v1.a]/",
    "https://[2606:4700::1]a.example/",
]

PRIVATE_ADDRESSES = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]

PUBLIC_ADDRESSES = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "223.255.255.255",
    "2606:4700::1",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
]


def literal(address: str) -> str:
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


@pytest.mark.parametrize("url", HOSTILE_URLS, ids=ascii)
def test_a_hostile_url_is_refused(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        checked_url(url)


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_a_private_address_is_refused_bare_and_in_a_url(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(UrlNotAllowed):
        checked_url(literal(address))


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_a_name_of_a_private_address_is_refused(name_server: FakeDns, address: str) -> None:
    name_server.records["a.example", "AAAA" if ":" in address else "A"] = [address]
    with pytest.raises(UrlNotAllowed):
        resolve(checked_url("https://a.example/"))


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert [is_public(found) for found in resolve(checked_url(literal(address)))] == [True]


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://a.example", "a.example", 443),
        ("HTTPS://A.Example:443/Path?q=1#part", "a.example", 443),
        ("https://a_b.x-y.example/", "a_b.x-y.example", 443),
        ("https://bücher.example/ä", "xn--bcher-kva.example", 443),
        ("https://1password.example/", "1password.example", 443),
        ("https://a.example/?u=https://user@b.example:80/", "a.example", 443),
    ],
)
def test_a_public_url_is_taken_apart(url: str, host: str, port: int) -> None:
    checked = checked_url(url)
    assert (checked.scheme, checked.host, checked.port) == ("https", host, port)
    assert checked.text.isascii()


@pytest.mark.parametrize(("kind", "private"), [("A", "10.0.0.1"), ("AAAA", "::ffff:10.0.0.1")])
def test_one_private_address_among_public_ones_refuses_them_all(name_server: FakeDns, kind: str, private: str) -> None:
    name_server.records["a.example", "A"] = ["1.1.1.1"]
    assert [str(found) for found in resolve(checked_url("https://a.example/"))] == ["1.1.1.1"]
    name_server.records["a.example", kind] = [*name_server.records.get(("a.example", kind), []), private]
    with pytest.raises(UrlNotAllowed):
        resolve(checked_url("https://a.example/"))


def test_a_name_with_more_than_sixteen_addresses_is_refused(name_server: FakeDns) -> None:
    name_server.records["a.example", "A"] = [f"1.1.1.{last}" for last in range(16)]
    assert len(resolve(checked_url("https://a.example/"))) == 16
    name_server.records["a.example", "A"].append("1.1.1.16")
    with pytest.raises(UrlNotAllowed):
        resolve(checked_url("https://a.example/"))


def test_addresses_of_version_four_come_first(name_server: FakeDns) -> None:
    name_server.records["a.example", "A"] = ["1.1.1.1"]
    name_server.records["a.example", "AAAA"] = ["2606:4700::1"]
    assert [str(found) for found in resolve(checked_url("https://a.example/"))] == ["1.1.1.1", "2606:4700::1"]


def test_a_name_without_addresses_may_be_tried_again(name_server: FakeDns) -> None:
    with pytest.raises(DependencyError):
        resolve(checked_url("https://a.example/"))


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("localhost", "http://localhost:9000/"),
        ("localhost:9000", "http://localhost:9000/"),
        ("keycloak.internal", "https://keycloak.internal:8443/"),
        ("10.0.0.1:80", "http://10.0.0.1/"),
        ("[::1]:9000", "http://[::1]:9000/"),
        ("[::1]", "http://[::1]:9000/"),
    ],
)
def test_the_operator_may_allow_a_private_host(settings: Settings, allowed: str, url: str) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = [allowed]
    assert checked_url(url).is_private_allowed


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:9001/",
        "http://localhost/",
        "http://a.localhost:9000/",
        "http://localhost.a.example:9000/",
        "http://127.0.0.1:9000/",
        "http://a@localhost:9000/",
        "ftp://localhost:9000/",
    ],
)
def test_a_host_beside_the_allowed_one_stays_refused(settings: Settings, url: str) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["localhost:9000"]
    with pytest.raises(UrlNotAllowed):
        checked_url(url)


def test_an_allowed_host_is_looked_up_as_the_system_does(settings: Settings, name_server: FakeDns) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["localhost"]
    assert ipaddress.ip_address("127.0.0.1") in resolve(checked_url("http://localhost:9000/"))
    assert name_server.questions == []


def test_an_allowed_host_that_the_system_does_not_know_may_be_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    settings.ALLOWED_PRIVATE_HOSTS = ["idp.internal"]
    with pytest.raises(DependencyError):
        resolve(checked_url("http://idp.internal/"))
