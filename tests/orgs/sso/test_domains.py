"""Email domains over the API: claimed by anybody, proved by DNS, of one organization at a time."""

from pathlib import Path
from typing import Any

import pytest

from orgs.queries import organization_of_domain
from orgs.sso.names import domain_name, domain_of
from tests.conftest import Person
from tests.orgs.support import member_of, organization_of

JSON = "application/json"


@pytest.fixture
def dns(settings: Any, tmp_path: Path) -> Path:
    """The file of TXT records, empty."""
    file = tmp_path / "dns"
    file.write_text("")
    settings.DNS_FILE = str(file)
    return file


def claim(person: Person, name: Any = "corp.example") -> Any:
    return person.client.post(organization_of(person, "domains/"), {"name": name}, content_type=JSON)


def verify(person: Person, domain: dict[str, Any]) -> Any:
    return person.client.post(organization_of(person, f"domains/{domain['id']}/verify/"), content_type=JSON)


def publish(dns: Path, *domains: dict[str, Any]) -> None:
    records = [domain["record"] for domain in domains]
    dns.write_text("".join(f'{record["name"]} "{record["value"]}"\n' for record in records))


def test_a_domain_is_claimed_proved_and_listed(alice: Person, dns: Path) -> None:
    domain = claim(alice).json()
    assert (domain["is_verified"], domain["record"]["name"]) == (False, "_loci.corp.example")
    assert organization_of_domain("corp.example") is None
    publish(dns, domain)
    proved = verify(alice, domain)
    assert (proved.status_code, proved.json()["is_verified"]) == (200, True)
    assert organization_of_domain("corp.example") == alice.tenant.org_id
    assert alice.client.get(organization_of(alice, "domains/")).json() == {"domains": [proved.json()]}


def test_claiming_again_gives_the_same_record(alice: Person, dns: Path) -> None:
    assert claim(alice).json() == claim(alice, "CORP.example.").json()


def test_without_the_record_it_is_not_proved(alice: Person, bob: Person, dns: Path) -> None:
    domain = claim(alice).json()
    publish(dns, claim(bob).json())
    answer = verify(alice, domain)
    assert (answer.status_code, domain["record"]["value"] in answer.json()["detail"]) == (400, True)
    assert organization_of_domain("corp.example") is None


def test_without_dns_it_may_be_tried_again(alice: Person, dns: Path) -> None:
    domain = claim(alice).json()
    dns.unlink()
    assert verify(alice, domain).status_code == 503


def test_one_organization_has_a_domain_until_it_gives_it_up(alice: Person, bob: Person, dns: Path) -> None:
    hers, his = claim(alice).json(), claim(bob).json()
    publish(dns, hers, his)
    assert verify(alice, hers).status_code == 200
    assert verify(bob, his).status_code == 409
    assert alice.client.delete(organization_of(alice, f"domains/{hers['id']}/")).status_code == 200
    assert verify(bob, his).status_code == 200
    assert organization_of_domain("corp.example") == bob.tenant.org_id


def test_who_has_a_domain_is_told_only_to_who_proves_it(alice: Person, bob: Person, dns: Path) -> None:
    hers = claim(alice).json()
    publish(dns, hers)
    verify(alice, hers)
    his = claim(bob)
    assert (his.status_code, his.json()["is_verified"]) == (201, False)
    assert verify(bob, his.json()).status_code == 400


def test_proving_again_changes_nothing(alice: Person, dns: Path) -> None:
    domain = claim(alice).json()
    publish(dns, domain)
    assert verify(alice, domain).json() == verify(alice, domain).json()


def test_a_repeated_proof_is_answered_without_asking_dns(alice: Person, dns: Path) -> None:
    domain = claim(alice).json()
    publish(dns, domain)
    path, once = organization_of(alice, f"domains/{domain['id']}/verify/"), {"Idempotency-Key": "one"}
    first = alice.client.post(path, headers=once, content_type=JSON)
    dns.unlink()
    assert alice.client.post(path, headers=once, content_type=JSON).content == first.content


@pytest.mark.parametrize(
    "name",
    ["corp", "localhost", "127.0.0.1", "[::1]", "corp..example", "-corp.example", "a b.example", "_loci.corp.example"],
)
def test_what_is_no_domain_is_refused(alice: Person, dns: Path, name: str) -> None:
    answer = claim(alice, name)
    assert (answer.status_code, [*answer.json()["errors"]]) == (400, ["name"])


@pytest.mark.parametrize("name", [7, [], {}, None, "", "x" * 300, "\x00.example"])
def test_what_is_no_text_is_refused(alice: Person, dns: Path, name: Any) -> None:
    assert claim(alice, name).status_code == 400


def test_a_reader_sees_domains_and_changes_none(alice: Person, dns: Path) -> None:
    domain = claim(alice).json()
    reader = member_of(alice, "reader@example.com", "READER")
    assert reader.client.get(organization_of(alice, "domains/")).status_code == 200
    for method, path in [("post", ""), ("post", f"{domain['id']}/verify/"), ("delete", f"{domain['id']}/")]:
        assert (
            getattr(reader.client, method)(organization_of(alice, f"domains/{path}"), content_type=JSON).status_code
            == 403
        )


def test_domains_of_others_are_like_unknown_ones(alice: Person, bob: Person, dns: Path) -> None:
    hers = claim(alice).json()
    for domain_id in (hers["id"], "01930000-0000-7000-8000-000000000000", "nonsense"):
        for method, rest in [("post", "verify/"), ("delete", "")]:
            answer = getattr(bob.client, method)(organization_of(bob, f"domains/{domain_id}/{rest}"), content_type=JSON)
            assert (answer.status_code, answer.json()["message"]) == (404, "Domain not found")


def test_there_are_not_too_many(alice: Person, dns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgs.services.domains.MAX_DOMAINS", 1)
    assert claim(alice).status_code == 201
    assert claim(alice).status_code == 201
    assert claim(alice, "other.example").status_code == 400


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Corp.Example", "corp.example"),
        (" corp.example. ", "corp.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("corp\N{IDEOGRAPHIC FULL STOP}example", "corp.example"),
    ],
)
def test_a_domain_has_one_spelling(text: str, name: str) -> None:
    assert domain_name(text) == name


@pytest.mark.parametrize("email", ["eve", "eve@", "eve@corp", "eve@[127.0.0.1]", "@"])
def test_what_has_no_domain_has_none(email: str) -> None:
    assert domain_of(email) == ""
