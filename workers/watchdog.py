"""Ends a worker that is alive but takes no work, so that it is started anew (reliability.md §2.4, A10)."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing import Value

from django.db import Error, connections

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 10
DUE_FOR_S = 30
SILENT_FOR_S = 60
EXIT_CODE = 70

# Shared memory, made before the pool forks: the children claim, the parent watches.
_last_claim = Value("d", time.monotonic())

OVERDUE = """
    SELECT EXISTS (
        SELECT FROM job
        WHERE state = 'pending' AND queue = ANY(%s) AND published_at IS NOT NULL
          AND not_before < now() - make_interval(secs => %s)
          AND NOT is_deleted(project_id)
          AND NOT EXISTS (
              SELECT FROM job AS held
              WHERE held.project_id = job.project_id AND held.lane = job.lane AND held.state = 'running'
          )
    )
"""


def note_claim() -> None:
    """Notes that this worker took a job."""
    _last_claim.value = time.monotonic()


def watch(queues: Sequence[str], is_busy: Callable[[], bool]) -> threading.Thread:
    """Starts the thread that checks every 10 s; it ends the process with code 70 when the worker is stalled.

    A worker that works on something (`is_busy`) is none: a job may take longer than the watchdog's patience.
    """
    thread = threading.Thread(target=_watch, args=(list(queues), is_busy), name="watchdog", daemon=True)
    thread.start()
    return thread


def is_stalled(queues: Sequence[str]) -> bool:
    """Tells whether jobs of `queues` are due for 30 s and rung for, and this worker has claimed none for 60 s.

    When a job became due counts and not the last ring for it, which the dispatcher repeats (`RERING_AFTER_S`).
    """
    if time.monotonic() - _last_claim.value < SILENT_FOR_S:
        return False
    try:
        with connections["system"].cursor() as cursor:
            cursor.execute(OVERDUE, [list(queues), DUE_FOR_S])
            return bool(cursor.fetchone()[0])
    except Error:
        return False
    finally:
        connections["system"].close()


def _watch(queues: list[str], is_busy: Callable[[], bool]) -> None:
    while True:
        time.sleep(CHECK_EVERY_S)
        if not is_busy() and is_stalled(queues):
            logger.critical("worker.stalled", extra={"queue": ",".join(queues)})
            os._exit(EXIT_CODE)
