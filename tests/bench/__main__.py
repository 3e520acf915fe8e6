"""The numbers of Loci as `make up` runs it: `make bench`, or `python -m tests.bench --only search --requests 500`.

Everything is real, except for the language model: a process on loopback that takes 500 ms for each answer. Nothing is
asserted, and nothing is written outside of the temporary folder. Repeat it on a busy machine.
"""

import argparse
import os
import signal
from collections.abc import Callable

from tests.bench import exports, filters, past
from tests.bench.footprint import MB, footprints
from tests.bench.measurements import large_adds, load, plain_adds, queued_adds, searches
from tests.bench.report import Latency, Limit, say, show
from tests.bench.server import Server, fake_llm, fresh_server

LLM_DELAY_MS = 500
MANY_WORKERS = 8
LARGE_ADD = 64


def main() -> None:
    """Measures and prints."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say(
        f"{options.memories:,} memories, {options.scope:,} in the scope, {options.requests} requests of one client, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    with fake_llm(LLM_DELAY_MS) as model, fresh_server() as server:
        settings = model | {"ADD_WAIT_MS": "0", "LOG_LEVEL": "WARNING"}
        _show_start("first start to ready", server.start(**settings))
        if {"search", "add"} & options.only:
            show("load, 4 clients", f"{load(server, options.memories, options.scope):.0f} memories/s")
        for name, measure in PARTS.items():
            if name in options.only:
                measure(server, options.requests)
        server.stop()
        _show_start("second start to ready", server.start(**settings, WORKER_CONCURRENCY=str(MANY_WORKERS)))
        if "async" in options.only:
            _show_async(server, options.requests, workers=f"{MANY_WORKERS} workers", seed=6)


def _show_start(name: str, seconds: float) -> None:
    show(name, f"{seconds:.1f} s", Limit(seconds, 15, "s"))


def _show_search(server: Server, requests: int) -> None:
    with server.client() as client:
        latency, parts = searches(client, requests)
    show("search", latency, Limit(latency.p50, 20, "ms"), Limit(latency.p95, 50, "ms"))
    for part, milliseconds in parts.items():
        show(f"  {part}, mean", f"{milliseconds:.1f} ms")


def _show_filters(server: Server, requests: int) -> None:
    with server.client() as client:
        filters.fill(client)
        for name, (plain, filtered) in filters.compare(client, requests).items():
            show(f"{name}, unfiltered", plain)
            show(f"{name}, deepest filter", filtered, Limit(filtered.p50 / plain.p50, 2, "times"))


def _show_past(server: Server, requests: int) -> None:
    with server.client() as client:
        unchanged = past.fill(client)
        for kind, latencies in past.compare(client, requests, unchanged).items():
            for asked, latency in latencies.items():
                ratio = latency.p50 / latencies["now"].p50
                show(f"{kind} of {past.MEMORIES:,}, {asked}", f"{latency}, {ratio:.2f} times")


def _show_add(server: Server, requests: int) -> None:
    with server.client() as client:
        show("add, infer=false", plain_adds(client, requests))


def _show_default_async(server: Server, requests: int) -> None:
    _show_async(server, requests, workers="default workers", seed=4)


def _show_async(server: Server, requests: int, *, workers: str, seed: int) -> None:
    with server.client() as client:
        latency, per_second = queued_adds(client, requests, seed)
    show(f"add, accepted ({workers})", latency, *_accept_limit(latency))
    show(f"add, end to end ({workers})", f"{per_second:.2f} adds/s")


def _accept_limit(latency: Latency) -> list[Limit]:
    return [Limit(latency.p95, 25, "ms")]


def _show_memory(server: Server, _requests: int) -> None:
    with server.client() as client:
        large_adds(client, LARGE_ADD)
    used = footprints(server.processes)
    for name, part in used.items():
        show(
            f"memory of {name}", f"{part.pss / MB:.0f} MB PSS, {part.rss / MB:.0f} MB RSS ({part.processes} processes)"
        )
    total = sum(part.pss for name, part in used.items() if name != "postgres") / MB
    show("memory without postgres", f"{total:.0f} MB PSS", Limit(total, 900, "MB"))


def _show_exports(server: Server, _requests: int) -> None:
    exports.measure(server)


PARTS: dict[str, Callable[[Server, int], None]] = {
    "search": _show_search,
    "filters": _show_filters,
    "past": _show_past,
    "add": _show_add,
    "async": _show_default_async,
    "memory": _show_memory,
    "exports": _show_exports,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--scope", type=int, default=1_000, help="how many of the memories belong to the searched user")
    parser.add_argument("--requests", type=int, default=200, help="how often each kind of request is timed")
    parser.add_argument("--only", type=_parts, default=set(PARTS), help=f"some of {','.join(PARTS)}")
    return parser.parse_args()


def _parts(names: str) -> set[str]:
    chosen = set(names.split(","))
    if unknown := chosen - set(PARTS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    return chosen


if __name__ == "__main__":
    main()
