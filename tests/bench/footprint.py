"""How much memory the processes of a server take."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

MB = 1_000_000
NAMES = {
    "worker@": "worker",
    "webhooks@": "webhooks worker",
    "gunicorn": "web",
    "dispatch": "dispatcher",
    "manage.py": "supervisor",
    "valkey": "valkey",
    "postgres": "postgres",
}
"""What in a command line tells a process from the others, most telling first."""


@dataclass
class Footprint:
    """The processes of one program together. `pss` counts a page that n processes share as 1/n; both are in bytes."""

    processes: int = 0
    pss: int = 0
    rss: int = 0


def footprints(processes: Iterable[psutil.Process]) -> dict[str, Footprint]:
    """Returns the memory that each program takes now (Linux only: no other system tells the shared part)."""
    sums: defaultdict[str, Footprint] = defaultdict(Footprint)
    for process in processes:
        used = process.memory_full_info()
        total = sums[_name(process)]
        total.processes += 1
        total.pss += used.pss
        total.rss += used.rss
    return dict(sums)


def _name(process: psutil.Process) -> str:
    command = " ".join([process.name(), *process.cmdline()])
    return next((name for mark, name in NAMES.items() if mark in command), process.name())
