"""Where a request comes from, behind however many proxies of one's own."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

COUNTED_IPV6_BITS = 64
"""Whoever has one IPv6 address has its whole network of this many bits."""
UNKNOWN = "0.0.0.0"  # noqa: S104 - no address to listen on: what is said of a client whose address nobody knows


def client_address(request: HttpRequest) -> str:
    """Returns the client's IP address, IPv4 in its own form; `UNKNOWN` where the server was not told one.

    `LOCI_TRUSTED_PROXIES` says how many proxies stand in front. Each appends who it was called by to X-Forwarded-For,
    so the client is that many entries from the right; what stands further left, anybody may have written. A request
    with fewer entries did not come through all of them: then the client is whoever called this server.
    """
    peer = _parsed(request.META.get("REMOTE_ADDR", "")) or UNKNOWN
    proxies: int = settings.TRUSTED_PROXIES
    header = request.headers.get("X-Forwarded-For", "")
    forwarded = header.split(",") if header else []
    if not 0 < proxies <= len(forwarded):
        return peer
    # Not the proxy's own address: a key's networks may hold that one.
    return _parsed(forwarded[-proxies]) or UNKNOWN


def counted_address(request: HttpRequest) -> str:
    """Returns what rates by address count: an IPv4 address whole, of an IPv6 address its network (`/64`)."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ip_network(f"{address}/{COUNTED_IPV6_BITS}", strict=False).network_address)


def _parsed(text: str) -> str | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # IPv4 with a port, as some proxies write it.
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address).partition("%")[0]  # A zone means something on the machine that wrote it.
