"""The statements with which the product searches: their time and their plans. Django is set up before it is imported.

The request is answered in this process, as the web process would, by its role and under row-level security.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test import Client as InProcess

READS = ("SELECT", "WITH")
TABLE = "memory"


@dataclass
class Statements:
    """The seconds of each statement that read memories, and where it was asked for, their plans."""

    seconds: list[float] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)


@contextmanager
def _watched(*, explain: bool) -> Iterator[Statements]:
    watched = Statements()

    def watch(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: Mapping[str, Any]) -> Any:
        is_search = str(statement).strip().startswith(READS) and TABLE in str(statement)
        if is_search and explain:
            execute(f"EXPLAIN (ANALYZE, BUFFERS, SETTINGS) {statement}", params, many, context)
            watched.plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        started = time.perf_counter()
        outcome = execute(statement, params, many, context)
        if is_search:
            watched.seconds.append(time.perf_counter() - started)
        return outcome

    with connection.execute_wrapper(watch):
        yield watched


def searched(key: str, body: Mapping[str, Any], *, explain: bool = False) -> Statements:
    """Returns what a search of v3 asked of the memories; raises `RuntimeError` where it was not answered with 200."""
    client = InProcess(SERVER_NAME="127.0.0.1")
    headers = {"authorization": f"Token {key}"}
    with _watched(explain=explain) as watched:
        response = client.post("/v3/memories/search/", dict(body), content_type="application/json", headers=headers)
    if response.status_code != 200:
        raise RuntimeError(f"A search in this process was answered with {response.status_code}: {response.content!r}")
    return watched
