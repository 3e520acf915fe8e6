"""What authentication costs, with few and with many API keys: `python -m tests.bench.authentication`.

A request that says who calls (`/v1/ping/`) and one that asks nothing (`/healthz/`) are sent in turns, so that what else
this machine does meets both alike. The lookup is timed in this process, too, and Postgres says how it finds a key.
"""

import argparse
import os
import signal
import time

from tests.bench.report import Latency, say, show
from tests.bench.server import Client, fresh_server

SIZES = (10, 10_000, 100_000)
WARM_UP = 50
PING, HEALTH = "/v1/ping/", "/healthz/"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="tests.bench.authentication")
    parser.add_argument("--requests", type=int, default=1_000, help="how often each is timed at each number of keys")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with fresh_server() as server:
        server.start(LOG_LEVEL="WARNING")
        key = server.enter()
        with server.client() as client:
            _measure(client, key, options.requests)


def _measure(client: Client, key: str, requests: int) -> None:
    from tests.bench import key_lookup

    there = 1
    for size in SIZES:
        key_lookup.add_keys(key, there + 1, size)
        there = size
        say(f"{size:,} keys, load {os.getloadavg()[0]:.1f}")
        _show_requests(client, requests)
        key_lookup.show_lookup(key, requests)
        key_lookup.show_plan(key)


def _show_requests(client: Client, requests: int) -> None:
    samples: dict[str, list[float]] = {PING: [], HEALTH: []}
    for number in range(WARM_UP + requests):
        for path in (PING, HEALTH) if number % 2 else (HEALTH, PING):
            started = time.perf_counter()
            client.get(path)
            samples[path].append(time.perf_counter() - started)
    asked, plain = (Latency(samples[path][WARM_UP:]) for path in (PING, HEALTH))
    show("request with a key", asked)
    show("request without", plain)
    show("difference", f"p50 {(asked.p50 - plain.p50) * 1000:.0f} µs")


if __name__ == "__main__":
    main()
