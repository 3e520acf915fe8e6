import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from loci.net.breaker import Breaker, CircuitOpen, LocalStore, RedisStore, Store
from tests.conftest import Services


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["local", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "local":
        return LocalStore()
    services: Services = request.getfixturevalue("services")
    return RedisStore(services.valkey.url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(store: Store, clock: Clock) -> Breaker:
    return Breaker(new_name(), store=store, clock=clock)


def new_name() -> str:
    return f"test:{uuid.uuid4()}"


def finish(breaker: Breaker, *, failed: bool) -> None:
    breaker.record(failed=failed, probe=breaker.admit())


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        finish(breaker, failed=True)


def test_it_opens_after_five_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 4)
    finish(breaker, failed=False)
    fail(breaker, 5)
    with pytest.raises(CircuitOpen) as refused:
        breaker.admit()
    assert refused.value.retry_after == pytest.approx(15)


def test_it_opens_when_half_of_twenty_calls_fail(breaker: Breaker) -> None:
    for _ in range(9):
        finish(breaker, failed=False)
        finish(breaker, failed=True)
    finish(breaker, failed=False)
    breaker.admit()
    finish(breaker, failed=True)
    with pytest.raises(CircuitOpen):
        breaker.admit()


def test_it_stays_closed_when_less_than_half_fail(breaker: Breaker) -> None:
    for _ in range(30):
        finish(breaker, failed=False)
        finish(breaker, failed=True)
        finish(breaker, failed=False)
    breaker.admit()


def test_failures_of_more_than_thirty_seconds_ago_do_not_count(breaker: Breaker, clock: Clock) -> None:
    for _ in range(9):
        finish(breaker, failed=True)
        finish(breaker, failed=False)
    clock.now += 31
    finish(breaker, failed=False)
    finish(breaker, failed=True)
    breaker.admit()


def test_one_probe_goes_after_fifteen_seconds_and_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.now += 15
    probe = breaker.admit()
    assert probe
    with pytest.raises(CircuitOpen):
        breaker.admit()
    breaker.record(failed=False, probe=probe)
    assert breaker.admit() is False


def test_a_failed_probe_keeps_it_open_for_another_fifteen_seconds(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.now += 15
    finish(breaker, failed=True)
    clock.now += 14
    with pytest.raises(CircuitOpen):
        breaker.admit()
    clock.now += 1
    assert breaker.admit()


def test_a_probe_that_died_is_replaced(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.now += 15
    breaker.admit()
    clock.now += 36
    assert breaker.admit()


@pytest.mark.parametrize("failed", [True, False])
def test_a_call_from_before_it_opened_neither_closes_nor_prolongs_it(
    breaker: Breaker, clock: Clock, failed: bool
) -> None:
    early = breaker.admit()
    fail(breaker, 5)
    clock.now += 10
    breaker.record(failed=failed, probe=early)
    with pytest.raises(CircuitOpen):
        breaker.admit()
    clock.now += 5
    assert breaker.admit()


def test_processes_share_one_circuit_through_redis(services: Services, clock: Clock) -> None:
    name, others_name = new_name(), new_name()
    fail(Breaker(name, store=RedisStore(services.valkey.url), clock=clock), 5)
    with pytest.raises(CircuitOpen):
        Breaker(name, store=RedisStore(services.valkey.url), clock=clock).admit()
    Breaker(others_name, store=RedisStore(services.valkey.url), clock=clock).admit()


def test_without_redis_a_process_keeps_its_own_circuit_and_loses_no_time(clock: Clock) -> None:
    breaker = Breaker(new_name(), store=RedisStore("redis://127.0.0.1:1/0"), clock=clock)
    started = time.monotonic()
    fail(breaker, 5)
    with pytest.raises(CircuitOpen):
        breaker.admit()
    assert time.monotonic() - started < 5


def test_changes_made_at_the_same_time_are_all_counted(services: Services) -> None:
    breaker = Breaker(new_name(), store=RedisStore(services.valkey.url))
    with ThreadPoolExecutor(8) as threads:
        for _ in range(40):
            threads.submit(finish, breaker, failed=False)
    with redis.Redis.from_url(services.valkey.url, decode_responses=True) as connection:
        stored = json.loads(str(connection.get(f"circuit:{breaker.name}")))
    assert sum(calls for _, calls, _ in stored["seconds"]) == 40
