"""A limit is a limit, whatever comes at once (reliability.md D5)."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from django.core.cache.backends.redis import RedisCache
from limits import parse
from rest_framework.throttling import UserRateThrottle

from billing import counting
from loci.local.processes import services as programs
from loci.local.programs import free_port, wait_for
from tests.billing.conftest import Limit
from tests.conftest import Person, Services
from tests.faults.processes import Processes, environment

THREADS, EACH, LIMIT = 8, 50, 50
SERVERS = 2
"""Two web processes share the limit: what each counts for itself would let in twice as many."""


@pytest.fixture
def servers(services: Services, database: None, tmp_path: Path) -> Iterator[list[str]]:
    """The addresses of real web servers over the same stores."""
    env = environment(services.environment(), "http://127.0.0.1:1", tmp_path)
    ports = [free_port() for _ in range(SERVERS)]
    running = []
    try:
        for port in ports:
            folder = tmp_path / str(port)
            folder.mkdir()
            (web,) = [program for program in programs("127.0.0.1", port, env) if program.name == "web"]
            running.append(Processes([web], folder))
            running[-1].start()
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        assert wait_for(lambda: all(map(_is_ready, urls)), 60)
        yield urls
    finally:
        for processes in running:
            processes.stop()


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=2).is_success
    except httpx2.TransportError:
        return False


def test_of_400_requests_in_8_threads_to_two_servers_exactly_50_pass(
    servers: list[str], alice: Person, limit: Limit
) -> None:
    limit(alice, f'{{"other": "{LIMIT}/hour"}}')
    urls = [servers[number % SERVERS] for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for part in pool.map(partial(_pings, alice.key), urls) for answer in part]
    assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 429: THREADS * EACH - LIMIT}
    for answer in answers:
        assert answer.headers["X-RateLimit-Limit"] == str(LIMIT)
        assert 0 <= int(answer.headers["X-RateLimit-Remaining"]) < LIMIT
        assert ("Retry-After" in answer.headers) == (answer.status_code == 429)


def _pings(key: str, url: str) -> list[httpx2.Response]:
    with httpx2.Client(base_url=url, headers={"Authorization": f"Token {key}"}, timeout=30) as client:
        return [client.get("/v1/ping/") for _ in range(EACH)]


def test_without_redis_a_process_lets_exactly_as_many_writes_pass() -> None:
    alone = counting.Counter(f"redis://127.0.0.1:{free_port()}/0")
    with ThreadPoolExecutor(THREADS) as pool:
        windows = pool.map(lambda _: alone.count(parse(f"{LIMIT}/hour"), "alice", is_read=False), range(THREADS * EACH))
        assert Counter(window is not None and window.is_admitted for window in windows)[True] == LIMIT


def test_the_throttle_of_drf_itself_lets_more_pass(services: Services) -> None:
    """The reason for a limiter of our own: DRF reads, decides and writes in three steps."""

    class Throttle(UserRateThrottle):
        rate = f"{LIMIT}/hour"
        cache = RedisCache(services.valkey.url, {})

    request: Any = SimpleNamespace(user=SimpleNamespace(is_authenticated=True, pk="alice"))
    view: Any = None
    with closing(Throttle.cache._cache.get_client().connection_pool), ThreadPoolExecutor(THREADS) as pool:
        admitted = list(pool.map(lambda _: Throttle().allow_request(request, view), range(THREADS * EACH)))
    assert sum(admitted) > LIMIT
