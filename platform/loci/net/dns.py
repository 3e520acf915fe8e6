"""What public DNS says: the addresses of a host, and TXT records, by which somebody proves that a domain is theirs."""

import shlex
from pathlib import Path

import dns.exception
import dns.name
import dns.resolver
from django.conf import settings

from loci.errors import DependencyError

LIFETIME_S = 3.0
"""The time for one question, all tries included."""

_NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)
_NOT_A_NAME = (dns.exception.SyntaxError, dns.exception.FormError)


def txt_records(name: str) -> list[str]:
    """Returns the TXT records of `name`, the pieces of each joined; none when it has none or cannot exist.

    They come from the file that `LOCI_DNS_FILE` names, if it does, else from DNS. Raises `DependencyError` when the
    resolver does not answer or the file cannot be read.
    """
    if settings.DNS_FILE:
        return _file_records(Path(settings.DNS_FILE), name)
    try:
        answer = dns.resolver.resolve(_absolute(name), "TXT", lifetime=LIFETIME_S)
    except (*_NOTHING, *_NOT_A_NAME):
        return []
    except dns.exception.DNSException as error:
        raise DependencyError("The DNS resolver does not answer.") from error
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


def host_addresses(host: str) -> list[str]:
    """Returns the IPv4 and IPv6 addresses of `host` in DNS, none when it has none.

    Raises `DependencyError` when the resolver does not answer.
    """
    try:
        return list(dns.resolver.resolve_name(_absolute(host), lifetime=LIFETIME_S).addresses())
    except (*_NOTHING, *_NOT_A_NAME):
        return []
    except dns.exception.DNSException as error:
        raise DependencyError("The DNS resolver does not answer.") from error


def _absolute(name: str) -> dns.name.Name:
    """The name from the root on: the resolver's own search domains must not complete it."""
    return dns.name.from_text(name, origin=dns.name.root)


def _file_records(path: Path, name: str) -> list[str]:
    """Reads lines of the form `name "text"`; more texts of a line are pieces of one record, `#` begins a comment."""
    try:
        lines = [shlex.split(line, comments=True) for line in path.read_text().splitlines()]
    except (OSError, ValueError) as error:
        raise DependencyError("The file that LOCI_DNS_FILE names cannot be read.") from error
    return ["".join(texts) for owner, *texts in filter(None, lines) if _same_name(owner, name)]


def _same_name(one: str, other: str) -> bool:
    return one.rstrip(".").lower() == other.rstrip(".").lower()
