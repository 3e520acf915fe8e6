"""How Celery's processes start and end around the jobs that they hold (reliability.md §2.4, §2.16).

SIGTERM is Celery's warm shutdown: no new job is taken, and the process ends when the running ones are done. What is
not done within `WORKER_GRACE_S` is given back here, for another worker to take at once; it does not count as a crash.
"""

import logging
import os
import threading
import time
from contextlib import suppress
from typing import Any

import django
from billiard import active_children
from celery.signals import (
    import_modules,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)
from celery.worker import state
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

logger = logging.getLogger(__name__)

GIVE_BACK_S = 2.0
"""How long the processes of the pool have to give back their jobs."""


def set_up_django(**_: Any) -> None:
    """Sets up Django before the tasks are imported."""
    django.setup()


def verify(**_: Any) -> None:
    """Ends a worker that must not serve; leaves no connection behind for the pool's processes to inherit."""
    from loci.tenancy.checks import verify_start  # noqa: PLC0415 - Django is set up only now

    try:
        verify_start()
    except ImproperlyConfigured as error:
        # Celery logs an exception of a signal's receiver and goes on.
        raise SystemExit(str(error)) from error
    _close_pool()


def watch(sender: Any, **_: Any) -> None:
    """Starts the watchdog of the queues that the worker consumes."""
    from workers import watchdog  # noqa: PLC0415 - as above

    watchdog.watch(list(sender.app.amqp.queues.consume_from), is_busy=lambda: bool(state.active_requests))


def bound_shutdown(**_: Any) -> None:
    """Ends the worker after `WORKER_GRACE_S`, whatever still runs."""
    timer = threading.Timer(settings.WORKER_GRACE_S, _end)
    timer.daemon = True
    timer.start()


def close_connections(**_: Any) -> None:
    """Closes what this process of the pool has open."""
    connections.close_all()
    _close_pool()


def _close_pool() -> None:
    connections["default"].close_pool()  # type: ignore[attr-defined]  # of the Postgres backend


def _end() -> None:
    processes = active_children()
    for process in processes:
        process.terminate()  # SIGTERM: raises SystemExit in the job, see `workers.tasks.running`.
    _give_back_of_threads()
    deadline = time.monotonic() + GIVE_BACK_S
    while time.monotonic() < deadline and any(process.is_alive() for process in processes):
        time.sleep(0.05)
    # Nothing in this process is worth keeping, and Celery would wait for threads that cannot be interrupted.
    os._exit(0)


def _give_back_of_threads() -> None:
    from loci.tenancy.context import tenant_tx  # noqa: PLC0415 - as above
    from workers import jobs  # noqa: PLC0415 - as above

    for claim in tuple(jobs.held):
        with suppress(jobs.Fenced, DatabaseError), tenant_tx(claim.tenant):
            jobs.give_back(claim)


import_modules.connect(set_up_django)
worker_init.connect(verify)
worker_ready.connect(watch)
worker_shutting_down.connect(bound_shutdown)
worker_process_init.connect(close_connections)
worker_process_shutdown.connect(close_connections)
