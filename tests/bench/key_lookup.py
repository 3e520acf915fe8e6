"""The lookup of an API key, measured in a process of the server's own: Django is set up before this is imported."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request

from loci.tenancy.context import org_tx
from orgs import keys
from orgs.authentication import ApiKeyAuthentication
from orgs.queries import Caller, caller_of
from tests.bench.report import show

WARM_UP = 50
BATCH = 10_000

KEYS = """
    INSERT INTO api_key (id, org_id, project_id, name, digest, display, scopes, created_by_id, created_at)
    SELECT gen_random_uuid(), mine.org_id, mine.project_id, 'bench',
           sha256(convert_to(number::text, 'UTF8')), '', '{}', mine.created_by_id, now()
    FROM generate_series(%s, %s) AS number, (SELECT * FROM api_key ORDER BY created_at LIMIT 1) AS mine
"""
FUNCTION = "SELECT prosrc, unnest(proconfig) FROM pg_proc WHERE proname = 'key_by_digests'"


def add_keys(key: str, first: int, last: int) -> None:
    """Gives the project of `key` the keys that are numbered from `first` to `last`."""
    caller = caller_of(key)
    assert isinstance(caller, Caller)
    for start in range(first, last + 1, BATCH):
        with org_tx(caller.here.org_id), connection.cursor() as cursor:
            cursor.execute(KEYS, [start, min(last, start + BATCH - 1)])
    # As autovacuum does within a minute; until then, sessions keep the plan that they made for fewer keys.
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE api_key")


def show_lookup(key: str, times: int) -> None:
    """Prints what authentication takes beside the making of the request, and how many queries it is."""

    def made() -> Request:
        return Request(RequestFactory().get("/", headers={"authorization": f"Token {key}"}))

    def authenticated() -> Any:
        return ApiKeyAuthentication().authenticate(made())

    authenticated()  # It notes the use of the key, which is done once a minute.
    with CaptureQueriesContext(connection) as queries:
        authenticated()
    for _ in range(WARM_UP):
        authenticated()
    microseconds = _median_us(authenticated, times) - _median_us(made, times)
    show("authentication in this process", f"p50 {microseconds:.0f} µs, queries: {len(queries)}")


def show_plan(key: str) -> None:
    """Prints by which index Postgres finds the key, under the function's own settings."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(FUNCTION)
        rows = cursor.fetchall()
        for _, setting in rows:
            cursor.execute("SELECT set_config(%s, %s, true)", setting.split("=", maxsplit=1))
        statement = rows[0][0].replace("(wanted)", "(%s)")
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS off) {statement}", [keys.digests(key)])
        lines = [line.strip(" ->") for (line,) in cursor.fetchall()]
    show("the key is found by", next(line for line in lines if " on api_key" in line))
    show("the whole statement", lines[-1])


def _median_us(work: Callable[[], Any], times: int) -> float:
    samples = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        samples.append(time.perf_counter() - started)
    return statistics.median(samples) * 1_000_000
