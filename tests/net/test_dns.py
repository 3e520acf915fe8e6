import time
from pathlib import Path

import dns.rcode
import pytest
from pytest_django import Settings

from loci.errors import DependencyError
from loci.net.dns import host_addresses, txt_records
from tests.fakes.dns import FakeDns


def test_the_pieces_of_a_record_are_joined(name_server: FakeDns) -> None:
    name_server.records["acme.example", "TXT"] = ['"loci-verification=" "abc"', '"v=spf1 -all"']
    assert sorted(txt_records("acme.example")) == ["loci-verification=abc", "v=spf1 -all"]


def test_bytes_that_are_no_utf8_are_replaced(name_server: FakeDns) -> None:
    name_server.records["acme.example", "TXT"] = [r'"a\255b"']
    assert txt_records("acme.example") == ["a\ufffdb"]


@pytest.mark.parametrize("name", ["unknown.example", "acme.example", "a..b", "x" * 64 + ".example", "x." * 200])
def test_a_name_without_records_has_none(name_server: FakeDns, name: str) -> None:
    name_server.records["acme.example", "A"] = ["192.0.2.1"]
    assert txt_records(name) == []


def test_a_resolver_that_fails_is_a_dependency_that_fails(name_server: FakeDns) -> None:
    name_server.rcode = dns.rcode.SERVFAIL
    with pytest.raises(DependencyError):
        txt_records("acme.example")


@pytest.mark.parametrize("ask", [txt_records, host_addresses])
def test_a_silent_resolver_is_given_up(name_server: FakeDns, monkeypatch: pytest.MonkeyPatch, ask: object) -> None:
    assert callable(ask)
    monkeypatch.setattr("loci.net.dns.LIFETIME_S", 0.2)
    name_server.is_silent = True
    started = time.monotonic()
    with pytest.raises(DependencyError):
        ask("acme.example")
    assert time.monotonic() - started < 4.5  # dnspython's own are 5.


def test_a_host_has_the_addresses_of_both_families(name_server: FakeDns) -> None:
    name_server.records["acme.example", "A"] = ["93.184.216.34"]
    name_server.records["acme.example", "AAAA"] = ["2606:4700::1"]
    assert sorted(host_addresses("acme.example")) == ["2606:4700::1", "93.184.216.34"]
    assert host_addresses("unknown.example") == []


def test_the_file_is_read_at_each_call_instead_of_dns(tmp_path: Path, settings: Settings, name_server: FakeDns) -> None:
    settings.DNS_FILE = str(tmp_path / "records")
    with pytest.raises(DependencyError):
        txt_records("acme.example")
    lines = ["# who owns what", "", 'Acme.Example. "loci-verification=abc" "def"', 'other.example "x"']
    (tmp_path / "records").write_text("\n".join(lines))
    assert txt_records("acme.example") == ["loci-verification=abcdef"]
    assert txt_records("unknown.example") == []
    assert name_server.questions == []
