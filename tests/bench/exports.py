"""How long files take to be written and downloaded, and how much memory that needs: `python -m tests.bench.exports`."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.bench.footprint import MB, footprints
from tests.bench.measurements import SCOPE, load
from tests.bench.report import say, show
from tests.bench.server import Client, Server, fresh_server

MEMORIES, OF_USER = 10_000, 1_000
POLL_S, SAMPLE_S = 0.05, 0.05
CHUNK = 64 * 1024
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "hobbies": {"type": "array", "items": {"type": "string"}},
        "memories": {"type": "array", "items": {"type": "object", "properties": {"text": {"type": "string"}}}},
    },
}


@dataclass
class Peak:
    """The most memory that the processes of each program had, and what they had at the beginning; in bytes."""

    before: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    def of(self, program: str) -> str:
        """Returns both of one program, in words."""
        return f"{program} {self.before[program] / MB:.0f} -> {self.most[program] / MB:.0f} MB RSS"


def measure(server: Server) -> None:
    """Prints times and peaks of exports of a project of 10,000 memories, and of a user of 1,000."""
    with server.client() as client:
        for name, asked in _asked():
            _show(server, client, name, asked)  # Once to warm up: the first of a process loads what it needs.
            _show(server, client, f"{name}, again", asked)


def _asked() -> Iterator[tuple[str, dict[str, Any]]]:
    of_user = {"filters": {"user_id": SCOPE}}
    yield f"{OF_USER:,} memories as JSON lines", {"format": "jsonl", **of_user}
    yield f"{MEMORIES:,} memories as JSON lines", {"format": "jsonl"}
    yield f"{MEMORIES:,} memories with their history", {"format": "jsonl", "include": ["history", "attributes"]}
    yield f"{MEMORIES:,} memories as CSV", {"format": "csv"}
    yield f"a schema filled from {OF_USER:,} memories", {"schema": SCHEMA, **of_user}


def _show(server: Server, client: Client, name: str, asked: dict[str, Any]) -> None:
    with _sampled(server) as made:
        began = time.perf_counter()
        export_id = client.post("/v1/exports/", asked)["id"]
        done = _finished(client, export_id)
        seconds = time.perf_counter() - began
    with _sampled(server) as taken:
        began = time.perf_counter()
        size = _download(client, f"/v1/exports/{export_id}/download/")
        downloaded = time.perf_counter() - began
    if done["status"] != "SUCCEEDED":
        raise RuntimeError(f"{name}: {done['error']}")
    show(name, f"made in {seconds:.2f} s, {size / MB:.1f} MB, downloaded in {downloaded:.2f} s")
    say(f"  making: {made.of('worker')}; downloading: {taken.of('web')}")


def _finished(client: Client, export_id: str) -> Any:
    while (told := client.get(f"/v1/exports/{export_id}/"))["status"] in {"PENDING", "RUNNING"}:
        time.sleep(POLL_S)
    return told


def _download(client: Client, path: str) -> int:
    """Takes the file in chunks, as one does who writes it to a disk, and returns its size."""
    return sum(map(len, client.stream(path, CHUNK)))


@contextmanager
def _sampled(server: Server) -> Iterator[Peak]:
    """Samples the memory of the server's processes while the block runs."""
    peak, is_over = Peak(), threading.Event()
    peak.before = peak.most = _resident(server)
    sampler = threading.Thread(target=_sample, args=(server, peak, is_over.is_set))
    sampler.start()
    try:
        yield peak
    finally:
        is_over.set()
        sampler.join()


def _sample(server: Server, peak: Peak, is_over: Callable[[], bool]) -> None:
    while not is_over():
        now = _resident(server)
        peak.most = {name: max(size, peak.most.get(name, 0)) for name, size in now.items()}
        time.sleep(SAMPLE_S)


def _resident(server: Server) -> dict[str, int]:
    return {name: used.rss for name, used in footprints(server.processes).items()}


def main() -> None:
    """Starts a server of its own, fills it and measures."""
    with fresh_server() as server:
        server.start(LOG_LEVEL="WARNING")
        show("load, 4 clients", f"{load(server, MEMORIES, OF_USER):.0f} memories/s")
        measure(server)


if __name__ == "__main__":
    main()
