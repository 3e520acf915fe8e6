"""`manage.py dispatch`: the process that rings for due jobs."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from workers.dispatcher import dispatch_until


class Command(BaseCommand):
    """Runs the dispatcher until SIGTERM or Ctrl-C."""

    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Dispatches."""
        stop = threading.Event()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signal_number, lambda *_: stop.set())
        dispatch_until(stop.is_set)
