"""The request log: how each request of a project went, without texts or names (design.md §4).

A request only queues what is to be logged. In the web process a thread writes the queue every second and at the end of
the process; a process of another kind serves nobody, and what is queued there waits for `flush`.

Rows are kept for `LOCI_RETAIN_REQUESTS_DAYS` (30).
"""

import atexit
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import InterfaceError, OperationalError

from loci.models import RequestLog
from loci.observability import metrics
from loci.tenancy.batches import delete_some
from loci.tenancy.context import Tenant, tenant_tx

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0
MAX_WAITING = 10_000
MAX_MEMORY_IDS = 100
ROWS_PER_INSERT = 500

WrittenListener = Callable[[Sequence[RequestLog]], None]


@dataclass
class Entry:
    """What a request tells of itself while it is answered.

    `operation` is the event type under which it is read (contract.md §8), "" for none. `entity` (`user:alex`) lives in
    this process only: the row holds the id of the entity's row. `stages` are seconds by part of the answer.
    """

    tenant: Tenant
    key_id: UUID | None
    operation: str = ""
    entity: str | None = None
    memory_ids: list[UUID] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Answered:
    """A request that was answered: its entry, and how it went. `route` is the template, never the path."""

    entry: Entry
    request_id: str
    method: str
    route: str
    status: int
    milliseconds: float
    received_at: datetime

    @property
    def entity(self) -> str:
        """Returns the entity that the request was about, "" for none; a bound key asks about its own."""
        return self.entry.entity or self.entry.tenant.entity

    def row(self, entity_ids: Mapping[str, UUID]) -> RequestLog:
        """Returns the row of the current project; an entity that is not in `entity_ids` is left out."""
        return RequestLog(
            request_id=self.request_id,
            key_id=self.entry.key_id,
            method=self.method,
            route=self.route,
            operation=self.entry.operation,
            status=self.status,
            milliseconds=round(self.milliseconds, 3),
            stages={part: round(seconds * 1000, 3) for part, seconds in self.entry.stages.items()},
            entity_id=entity_ids.get(self.entity),
            memory_ids=self.entry.memory_ids[:MAX_MEMORY_IDS],
            created_at=self.received_at,
        )


class Writer:
    """The queue of a process, and the thread that writes it."""

    def __init__(self) -> None:
        self._waiting: deque[Answered] = deque(maxlen=MAX_WAITING)
        self._queueing = Lock()
        self._writing = Lock()
        self._has_work = Event()
        self._thread: Thread | None = None

    def add(self, answered: Answered) -> None:
        """Queues a request; a full queue loses its oldest one, which is counted."""
        with self._queueing:
            if len(self._waiting) == MAX_WAITING:
                metrics.REQUEST_LOG_DROPPED.inc()
            self._waiting.append(answered)
            if self._thread is None and settings.PROCESS == "web":
                self._start()
        self._has_work.set()

    def flush(self) -> None:
        """Writes what waits; returns when it is written, or was given up. It does not raise."""
        with self._writing:
            _write(self.take())

    def take(self) -> Sequence[Answered]:
        """Empties the queue and returns what was in it."""
        self._has_work.clear()
        with self._queueing:
            taken, self._waiting = self._waiting, deque(maxlen=MAX_WAITING)
        return taken

    def _start(self) -> None:
        self._thread = Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()
        # Runs after gunicorn has let its threads answer what they had begun.
        atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            self._has_work.wait()
            time.sleep(INTERVAL_S)
            self.flush()


_writer = Writer()
_listeners: list[WrittenListener] = []


def _begin_anew() -> None:
    """Threads do not survive a fork, and what waits is written by the process that queued it."""
    global _writer  # noqa: PLW0603 - one writer per process is the point
    _writer = Writer()


os.register_at_fork(after_in_child=_begin_anew)


def on_written(listener: WrittenListener) -> None:
    """Registers a listener that is given the rows of one project inside their commit, in `AppConfig.ready`."""
    _listeners.append(listener)


def add(answered: Answered) -> None:
    """Queues an answered request to be written within a second or so; costs the request no SQL and no wait."""
    _writer.add(answered)


def flush() -> None:
    """Writes what waits in this process. Failures are logged and counted, never raised."""
    _writer.flush()


def prune(now: datetime, most: int) -> int:
    """Deletes up to `most` rows whose time is over, inside the caller's `tenant_tx`; returns how many."""
    if settings.RETAIN_REQUESTS is None:
        return 0
    return delete_some(
        RequestLog.objects.filter(created_at__lt=now - settings.RETAIN_REQUESTS).order_by("created_at"), most
    )


def discard() -> None:
    """Forgets what waits in this process."""
    _writer.take()


def _write(answered: Iterable[Answered]) -> None:
    projects: dict[UUID, list[Answered]] = {}
    for each in answered:
        projects.setdefault(each.entry.tenant.project_id, []).append(each)
    while projects:
        project_id, own = projects.popitem()
        try:
            _write_rows(project_id, own)
        except (OperationalError, InterfaceError) as error:
            # Without a database every other project would wait for it just as long.
            _give_up(len(own) + sum(map(len, projects.values())), error)
            return
        except Exception as error:
            _give_up(len(own), error)


def _write_rows(project_id: UUID, answered: Sequence[Answered]) -> None:
    with tenant_tx(Tenant(project_id)):
        entity_ids = _entity_ids({each.entity for each in answered})
        rows = [each.row(entity_ids) for each in answered]
        RequestLog.objects.bulk_create(rows, batch_size=ROWS_PER_INSERT)
        for listener in _listeners:
            listener(rows)


def _entity_ids(entities: Iterable[str]) -> dict[str, UUID]:
    """Returns the ids of those of `entities` that the project has, and maybe of some more."""
    # A name with U+0000 cannot be asked for, and names nobody.
    named = [entity.partition(":") for entity in entities if entity and "\x00" not in entity]
    if not named:
        return {}
    model: Any = apps.get_model("memories", "Entity")
    types, names = {kind for kind, _, _ in named}, {name for _, _, name in named}
    found = model.objects.filter(type__in=types, name__in=names).values_list("type", "name", "id")
    return {f"{kind}:{name}": entity_id for kind, name, entity_id in found}


def _give_up(count: int, error: Exception) -> None:
    metrics.REQUEST_LOG_DROPPED.inc(count)
    logger.warning("request_log.dropped", extra={"count": count, "error": type(error).__name__})
