"""The rate and the quota that a key has of its own, beside the plan's (reliability.md §2.1, D5)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from loci.tenancy.context import org_tx
from orgs.models import ApiKey, User
from tests.billing.conftest import Limit
from tests.conftest import Person
from tests.orgs.support import member_of, signed_in

OK, REFUSED = 200, 429
DAY_S = 86_400
THREADS, EACH, LIMIT = 8, 50, 50


def limited(person: Person, **limits: int) -> None:
    assert person.tenant.org_id
    with org_tx(person.tenant.org_id):
        assert ApiKey.objects.update(**limits) == 1


def ping(person: Person) -> Any:
    return person.client.get("/v1/ping/", {"project_id": person.project_id})


def statuses(person: Person, times: int) -> list[int]:
    return [ping(person).status_code for _ in range(times)]


def said(answer: Any) -> tuple[str, str]:
    return answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]


def test_a_keys_own_rate_holds_without_a_plan(alice: Person, bob: Person) -> None:
    limited(alice, rate_per_minute=2)
    assert statuses(alice, 3) == [OK, OK, REFUSED]
    assert statuses(bob, 3) == [OK] * 3
    assert 50 < int(ping(alice)["Retry-After"]) <= 60


def test_a_keys_own_rate_counts_every_operation_together(alice: Person) -> None:
    limited(alice, rate_per_minute=2)
    search = {"query": "Where?", "filters": {"user_id": "alex"}}
    assert alice.client.post("/v3/memories/search/", search, content_type="application/json").status_code == OK
    assert alice.client.get("/v1/stats/").status_code == OK
    assert statuses(alice, 1) == [REFUSED]


def test_a_daily_quota_ends_and_comes_back_as_a_whole(alice: Person) -> None:
    limited(alice, daily_quota=3)
    assert [said(ping(alice)) for _ in range(3)] == [("3", "2"), ("3", "1"), ("3", "0")]
    refused = ping(alice)
    assert refused.status_code == REFUSED
    assert said(refused) == ("3", "0")
    assert DAY_S - 60 < int(refused["Retry-After"]) <= DAY_S


@pytest.mark.parametrize(
    ("plan", "own", "tighter"),
    [
        ('{"other": "2/minute"}', {"rate_per_minute": 9, "daily_quota": 9}, "2"),
        ('{"other": "9/minute"}', {"rate_per_minute": 2, "daily_quota": 9}, "2"),
        ('{"other": "9/minute"}', {"rate_per_minute": 9, "daily_quota": 2}, "2"),
    ],
)
def test_the_tightest_limit_answers(alice: Person, limit: Limit, plan: str, own: dict[str, int], tighter: str) -> None:
    limit(alice, plan)
    limited(alice, **own)
    answers = [ping(alice) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [OK, OK, REFUSED]
    assert [said(answer) for answer in answers] == [(tighter, "1"), (tighter, "0"), (tighter, "0")]


def test_what_the_rate_refuses_does_not_use_up_the_quota(alice: Person) -> None:
    limited(alice, rate_per_minute=1, daily_quota=5)
    assert statuses(alice, 9) == [OK] + [REFUSED] * 8
    limited(alice, rate_per_minute=9)
    assert statuses(alice, 5) == [OK] * 4 + [REFUSED]


def test_a_session_counts_for_its_person(alice: Person, limit: Limit) -> None:
    limit(alice, '{"other": "2/minute"}')
    member = member_of(alice, "member@example.com", "READER")
    first, second = signed_in(alice), signed_in(alice)
    assert statuses(first, 1) + statuses(second, 2) == [OK, OK, REFUSED]
    assert statuses(signed_in(member), 1) == [OK]
    assert statuses(alice, 1) == [OK]
    assert User.objects.count() == 2


@pytest.mark.parametrize("own", [{"rate_per_minute": LIMIT}, {"daily_quota": LIMIT}])
def test_of_400_requests_in_8_threads_exactly_50_pass(alice: Person, own: dict[str, int]) -> None:
    limited(alice, **own)

    def pings(_: int) -> list[int]:
        client = Client(headers={"authorization": f"Token {alice.key}"})
        return [client.get("/v1/ping/").status_code for _ in range(EACH)]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(status for part in pool.map(pings, range(THREADS)) for status in part)
    assert answers == {OK: LIMIT, REFUSED: THREADS * EACH - LIMIT}
