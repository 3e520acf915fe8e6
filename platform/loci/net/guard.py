"""Which addresses a request to a user's URL may reach (reliability.md §2.7). Any client may stand on it.

`checked_url` judges the text, when it is stored and again when it is used; `resolve` asks for its addresses once. The
client connects to one of those and asks for no name itself: the next answer of a stranger's DNS may be another.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass

import httpx2
from django.conf import settings

from loci.errors import DependencyError, DomainError
from loci.net.dns import host_addresses

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_CHARS = 2_048
MAX_ADDRESSES = 16
NOT_ALLOWED = "This address is not allowed."
UNREACHABLE = "The host did not answer."

_PORTS = {"https": 443, "http": 80}
_AUTHORITY = re.compile(
    r"https?://(\[[0-9a-f:.]+\]|[^/?#@:\[\]\u3002\uff0e\uff61]+)(:[0-9]{1,5})?(?=[/?#]|\Z)", re.IGNORECASE
)
"""A scheme, a host and a port, without userinfo and the dots of other scripts."""
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INNER_SUFFIXES = (".local", ".internal", ".localhost")

_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out for the internet; loopback, link-local, NAT64 and the like lie outside of it."""
_DENIED = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent, inside of every one of its machines.
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # IETF protocols, Teredo (2001::/32) among them.
        "2001:db8::/32",
        "2002::/16",  # 6to4: it carries an IPv4 address.
        "3fff::/20",
    )
]


class UrlNotAllowed(DomainError):
    """The URL is none that a user may have requested."""

    def __init__(self) -> None:
        super().__init__(NOT_ALLOWED)


@dataclass(frozen=True)
class CheckedUrl:
    """A URL whose text is allowed: `host` is a lower-case ASCII name or an IP address without brackets."""

    text: str
    scheme: str
    host: str
    port: int
    is_private_allowed: bool
    """The operator named the host in `LOCI_ALLOWED_PRIVATE_HOSTS`."""

    @property
    def target(self) -> str:
        """Returns the path and query, as a request line has them."""
        return httpx2.URL(self.text).raw_path.decode()


def checked_url(url: str) -> CheckedUrl:
    """Returns the parts of `url`, an absolute `https` URL on port 443 of a public name or address.

    Hosts of `LOCI_ALLOWED_PRIVATE_HOSTS` may be of one label or private, and have `http` and other ports too. Raises
    `UrlNotAllowed` for everything else, and for each text that two parsers could read in two ways.
    """
    if len(url) > MAX_URL_CHARS or not url.isprintable() or " " in url or "\\" in url or not _AUTHORITY.match(url):
        raise UrlNotAllowed
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise UrlNotAllowed from None
    host, port = parsed.raw_host.decode(), _PORTS[parsed.scheme] if parsed.port is None else parsed.port
    checked = CheckedUrl(str(parsed), parsed.scheme, host, port, _is_private_allowed(host, port))
    _check_parts(checked)
    return checked


def resolve(url: CheckedUrl) -> list[Address]:
    """Returns the addresses of the URL's host, IPv4 first: to be connected to, and not to be asked for again.

    Raises `UrlNotAllowed` when one of them is not public or there are more than 16, and `DependencyError` when the name
    has none or its DNS does not answer within 3 seconds.
    """
    literal = _literal(url.host)
    addresses = [literal] if literal else [_unwrapped(ipaddress.ip_address(found)) for found in _lookup(url)]
    if len(addresses) > MAX_ADDRESSES:
        raise UrlNotAllowed
    if not url.is_private_allowed and not all(is_public(address) for address in addresses):
        raise UrlNotAllowed
    return sorted(addresses, key=lambda address: address.version)


def is_public(address: Address) -> bool:
    """Tells whether an address is one of the internet's own, and carries no other one in it.

    It is Loci's own list: `ipaddress.is_global` says True of NAT64, 6to4 and multicast addresses.
    """
    address = _unwrapped(address)
    if address.version == 6 and address not in _PUBLIC_IPV6:
        return False
    return not any(address in network for network in _DENIED)


def _check_parts(url: CheckedUrl) -> None:
    literal = _literal(url.host)
    if literal is None:
        _check_name(url.host)
    if url.is_private_allowed:
        return
    is_inner = not is_public(literal) if literal else "." not in url.host or url.host.endswith(_INNER_SUFFIXES)
    if is_inner or url.scheme != "https" or url.port != _PORTS["https"]:
        raise UrlNotAllowed


def _check_name(host: str) -> None:
    labels = host.split(".")
    # A last label that is a number makes the host an IPv4 address in some parsers: 127.1, 0x7f.1, 2130706433.
    if _NUMBER.fullmatch(labels[-1]) or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlNotAllowed


def _is_private_allowed(host: str, port: int) -> bool:
    named = f"[{host}]" if ":" in host else host
    return not {named, f"{named}:{port}"}.isdisjoint(settings.ALLOWED_PRIVATE_HOSTS)


def _literal(host: str) -> Address | None:
    try:
        return _unwrapped(ipaddress.ip_address(host))
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _lookup(url: CheckedUrl) -> list[str]:
    """The operator's own host is looked up as the system does; a stranger's in DNS alone, within a time."""
    if not url.is_private_allowed:
        found = host_addresses(url.host)
    else:
        try:
            found = [str(info[4][0]) for info in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)]
        except OSError:
            found = []
    if not found:
        raise DependencyError(UNREACHABLE)
    return found
