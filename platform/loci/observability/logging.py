"""Logging: one line per record, of allow-listed fields only (reliability.md §2.12).

A record's own fields come from `extra` and from `loci.observability.context`; whatever is not named in `FIELDS` is
dropped, so that no body, query or memory text gets into a log by accident. For the same reason a traceback is written
without the texts of its exceptions, which often quote data, except for those that only say what is unreachable.
"""

import json
import logging
import logging.config
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from loci.errors import DependencyError
from loci.observability import context

FIELDS = (
    "request_id",
    "method",
    "route",
    "status",
    "ms",
    "project",
    "source",
    "event",
    "job",
    "kind",
    "attempt",
    "outcome",
    "reason",
    "task",
    "queue",
    "count",
    "seconds",
    "model",
    "circuit",
    "port",
    "pid",
    "error",
)
"""What a log line may carry beside time, level, logger, process, message and traceback."""

_QUOTES_NO_DATA = (DependencyError, ImproperlyConfigured, OSError, psycopg.OperationalError)

_AT_LEAST = {
    # They put paths (with the names of users in them), SQL, task results or request bodies into their messages;
    # loci.observability says the same without.
    "django.request": "CRITICAL",
    "django.security": "CRITICAL",
    "celery.app.trace": "CRITICAL",
    "celery.worker.strategy": "WARNING",
    "django.db.backends": "WARNING",
    "psycopg": "WARNING",
    "openai": "WARNING",
    "httpx2": "WARNING",
    "httpcore": "WARNING",
    "urllib3": "WARNING",
}

_MAX_CAUSES = 5


def configure() -> None:
    """Sends every logger of this process to stderr: JSON lines, or readable ones with `LOG_JSON=0`."""
    logging.config.dictConfig(config())


def config() -> dict[str, Any]:
    """Returns the configuration as `logging.config.dictConfig` takes it, for servers that log themselves."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": _JSONLine if settings.LOG_JSON else _TextLine}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {name: {"level": level} for name, level in _AT_LEAST.items()},
        "root": {"level": settings.LOG_LEVEL.upper(), "handlers": ["stderr"]},
    }


def exception_lines(error: BaseException) -> list[str]:
    """Returns the traceback of `error` and its causes, without the texts of exceptions that may quote data."""
    lines: list[str] = []
    for number, link in enumerate(islice(_causes(error), _MAX_CAUSES)):
        title = f"{type(link).__module__}.{type(link).__qualname__}{_harmless_text(link)}"
        lines.append(f"caused by {title}" if number else title)
        lines += [line.rstrip() for line in traceback.format_tb(link.__traceback__)]
    return lines


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _harmless_text(error: BaseException) -> str:
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return f": SQLSTATE {error.sqlstate}"  # The server's own messages quote values, also those of its limits.
    return f": {error}" if isinstance(error, _QUOTES_NO_DATA) else ""


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    known = {**context.current(), **record.__dict__}
    return {name: known[name] for name in FIELDS if name in known}


def _traceback(record: logging.LogRecord) -> list[str]:
    return exception_lines(record.exc_info[1]) if record.exc_info and record.exc_info[1] else []


class _JSONLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": settings.PROCESS,
            "message": record.getMessage(),
            **_fields(record),
        }
        if exception := _traceback(record):
            line["exception"] = exception
        return json.dumps(line, default=str)


class _TextLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        extras = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        line = f"{time} {record.levelname} {record.name}: {record.getMessage()} {extras}"
        return "\n".join([line.rstrip().replace("\r", "\\r").replace("\n", "\\n"), *_traceback(record)])
