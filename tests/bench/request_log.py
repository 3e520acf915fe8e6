"""What the request log costs a search: `python -m tests.bench.request_log --requests 500`.

Two web processes on the same stores, of which one logs nothing, are asked in turns: what else this machine does meets
both alike.
"""

import argparse
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from loci.local.programs import Program, free_port, launch, signal_group, wait_for
from tests.bench.measurements import SCOPE, WARM_UP, load
from tests.bench.report import Latency, say, show
from tests.bench.server import ROOT, Client, Server, fresh_server
from tests.bench.texts import Texts

LOGGED, UNLOGGED = "loci.wsgi:application", "tests.bench.unlogged:application"
SEARCH = "/v3/memories/search/"
START_S = 60


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="tests.bench.request_log")
    parser.add_argument("--memories", type=int, default=2_000)
    parser.add_argument("--requests", type=int, default=500)
    options = parser.parse_args()
    with fresh_server() as server:
        server.start(LOG_LEVEL="WARNING")
        load(server, options.memories, options.memories // 2)
        with _twin(server, LOGGED) as logged, _twin(server, UNLOGGED) as unlogged:
            _compare(logged, unlogged, options.requests)


def _compare(logged: Client, unlogged: Client, requests: int) -> None:
    samples: dict[Client, list[float]] = {logged: [], unlogged: []}
    for number, query in enumerate(Texts(seed=2).questions(WARM_UP + requests)):
        body = {"query": query, "filters": {"user_id": SCOPE}}
        for client in (logged, unlogged) if number % 2 else (unlogged, logged):
            started = time.perf_counter()
            client.post(SEARCH, body)
            samples[client].append(time.perf_counter() - started)
    say(f"{requests} searches of one client, in turns")
    with_log, without = (Latency(samples[client][WARM_UP:]) for client in (logged, unlogged))
    show("search, logged", with_log)
    show("search, not logged", without)
    show("ratio", f"p50 {with_log.p50 / without.p50:.3f}, p95 {with_log.p95 / without.p95:.3f}")


@contextmanager
def _twin(server: Server, application: str) -> Iterator[Client]:
    """Runs `application` as the server's own web process runs, on another port, until the end of the block."""
    web = next(process for process in server.processes if LOGGED in process.cmdline())
    port = free_port()
    swapped = {LOGGED: application, f"127.0.0.1:{server.port}": f"127.0.0.1:{port}"}
    argv = [swapped.get(argument, argument) for argument in web.cmdline()]
    process = launch(Program("web", argv, web.environ(), cwd=ROOT), subprocess.DEVNULL)
    try:
        if not wait_for(lambda: _listens(port), START_S):
            raise RuntimeError(f"{application} did not start.")
        with server.client(port) as client:
            yield client
    finally:
        signal_group(process, signal.SIGTERM)
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
