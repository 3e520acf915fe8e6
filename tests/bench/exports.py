"""How long files take to be written and downloaded, and how much memory that needs: `python -m tests.bench.exports`."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.bench.footprint import MB, footprints
from tests.bench.report import say, show
from tests.bench.server import Client, Server, fresh_server
from tests.bench.texts import Texts

MEMORIES, OF_USER, USER = 10_000, 1_000, "exported"
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
    server.command("shell", "-c", f"from tests.bench.exports import fill; fill({server.key!r})").check_returncode()
    with server.client() as client:
        for name, asked in _asked():
            _show(server, client, name, asked)  # Once to warm up: the first of a process loads what it needs.
            _show(server, client, f"{name}, again", asked)


def fill(key: str) -> None:
    """Gives the key's project the memories, each with its history; what they are found by is not exported."""
    from loci.tenancy.context import tenant_tx
    from memories.models import Cause, Memory, Revision
    from orgs.queries import Caller, caller_of

    caller = caller_of(key)
    assert isinstance(caller, Caller)
    texts = Texts(seed=1).memories(MEMORIES)
    with tenant_tx(caller.tenant):
        rows = [
            Memory(text=text, user_id=USER if number < OF_USER else f"other-{number // OF_USER}", categories=["misc"])
            for number, text in enumerate(texts)
        ]
        Memory.objects.bulk_create(rows, batch_size=500)
        Revision.objects.bulk_create(
            (
                Revision(memory=row, user_id=row.user_id, text=row.text, valid_from=row.created_at, cause=Cause.ADD)
                for row in rows
            ),
            batch_size=500,
        )


def _asked() -> Iterator[tuple[str, dict[str, Any]]]:
    of_user = {"filters": {"user_id": USER}}
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
        with suppress(psutil.Error):  # Of a process that has just ended nothing is known.
            now = _resident(server)
            peak.most = {**peak.most, **{name: max(size, peak.most.get(name, 0)) for name, size in now.items()}}
        time.sleep(SAMPLE_S)


def _resident(server: Server) -> dict[str, int]:
    return {name: used.rss for name, used in footprints(server.processes).items()}


def main() -> None:
    """Starts a server of its own, fills it and measures."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with fresh_server() as server:
        server.start(LOG_LEVEL="WARNING")
        measure(server)


if __name__ == "__main__":
    main()
