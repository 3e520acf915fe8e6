"""Loci's own processes, as the supervisor runs them (design.md §5)."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace

from loci.env import ROOT
from loci.env import env as setting
from loci.local.home import Home
from loci.local.programs import Program
from loci.local.supervisor import APPS_STOP_S

MARK = "LOCI_SUPERVISOR_HOME"
"""Tells the processes of this home from all others, also when their supervisor is gone."""
DEFAULTS = {
    "ADD_WAIT_MS": "3000",  # design.md §3.1: the next line of a script already finds the memory.
    "LOG_JSON": "0",
    # Less than the supervisor waits, so that a job in flight is given back and not cut off.
    "WORKER_GRACE_S": "3",
    # Celery's warning about root: the checkout and its Python may be readable to root alone, so Python stays root.
    "PYTHONWARNINGS": "ignore:You're running the worker",
}
MAINTENANCE_S = 3600.0
WORKER_QUEUES = "extraction,graph,exports,feedback,maintenance"


def environment(home: Home) -> dict[str, str]:
    """Returns what every process gets: the operator's environment, the home, and the defaults of an embedded start."""
    defaults = {name: value for name, value in DEFAULTS.items() if f"{name}_FILE" not in os.environ}
    return {
        **defaults,
        **os.environ,
        "LOCI_HOME": str(home.path),
        MARK: str(home.path),
        # Also from a file: gunicorn and Celery read neither.
        "WEB_THREADS": setting("WEB_THREADS", "8"),
        "WORKER_CONCURRENCY": setting("WORKER_CONCURRENCY", "2"),
        "WEBHOOK_THREADS": setting("WEBHOOK_THREADS", "32"),
        # All processes count into one folder, so that /metrics of the web shows the workers too.
        "PROMETHEUS_MULTIPROC_DIR": str(home.metrics()),
        "DJANGO_SETTINGS_MODULE": "loci.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        "PYTHONUNBUFFERED": "1",
    }


def command(name: str, *arguments: str, env: Mapping[str, str]) -> Program:
    """Returns the management command `name` as a program."""
    return Program(name, [sys.executable, str(ROOT / "manage.py"), name, *arguments], env, cwd=ROOT)


def services(host: str, port: int, env: Mapping[str, str]) -> list[Program]:
    """Returns web, both workers and the dispatcher, in the order of their start."""
    return [
        _as_process("web", _web(host, port, env), env),
        _as_process("worker", _worker("worker", WORKER_QUEUES, "prefork", env.get("WORKER_CONCURRENCY", "2")), env),
        _as_process(
            "worker", _worker("webhooks", "webhooks", "threads", env.get("WEBHOOK_THREADS", "32")), env, name="webhooks"
        ),
        replace(command("dispatch", env={**env, "LOCI_PROCESS": "dispatcher"}), name="dispatcher"),
    ]


def maintenance(env: Mapping[str, str]) -> Program:
    """Returns what looks after the indexes of large projects every hour."""
    return replace(command("maintain", env=env), every=MAINTENANCE_S)


def _as_process(kind: str, argv: list[str], env: Mapping[str, str], name: str = "") -> Program:
    return Program(name or kind, [sys.executable, "-m", *argv], {**env, "LOCI_PROCESS": kind}, cwd=ROOT)


def _web(host: str, port: int, env: Mapping[str, str]) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        *["gunicorn", "loci.wsgi:application", "--bind", bind, "--workers", "1"],
        *["--worker-class", "gthread", "--threads", env.get("WEB_THREADS", "8")],
        *["--graceful-timeout", f"{APPS_STOP_S - 1:.0f}", "--limit-request-line", "8190"],
        # Longer than clients keep an idle connection: else a request may meet the server hanging up.
        *["--keep-alive", "75", "--log-level", "warning", "--no-control-socket"],
    ]


def _worker(name: str, queues: str, pool: str, concurrency: str) -> list[str]:
    return [
        *["celery", "--quiet", "--app", "workers.celery", "worker", "--hostname", f"{name}@%h", "--queues", queues],
        *["--pool", pool, "--concurrency", concurrency, "--without-gossip", "--without-mingle"],
    ]
