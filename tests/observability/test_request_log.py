"""The request log: what a request leaves there, and what it never does (design.md §4)."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY

from billing.models import UsageEntry
from loci.models import RequestLog
from loci.observability import request_log
from loci.observability.request_log import Answered, Entry
from loci.tenancy.context import Tenant, tenant_tx
from memories.models import Entity
from tests.conftest import Person, Services
from tests.http.endpoints import json_endpoints
from tests.memories.support import call, delete, get, keep, post, search
from tests.tenancy.rows import superuser

CANARY = "canary-7f3a"

WRITTEN_ONCE = """
import os, django
django.setup()
from tests.observability.test_request_log import answered
from loci.observability import request_log
from loci.tenancy.context import Tenant
from uuid import UUID
request_log.add(answered(Tenant(UUID(PROJECT))))
if child := os.fork():
    os.waitpid(child, 0)
    request_log.flush()
else:
    request_log.flush()
    os._exit(0)
"""


def answered(tenant: Tenant, entity: str | None = None, **entry: Any) -> Answered:
    return Answered(
        Entry(tenant=tenant, key_id=uuid4(), entity=entity, **entry),
        request_id="one",
        method="POST",
        route="/v3/memories/search/",
        status=200,
        milliseconds=20.5,
        received_at=datetime.now(UTC),
    )


def logged(person: Person) -> list[RequestLog]:
    """Returns the person's rows, oldest first, after everything that waits was written."""
    request_log.flush()
    with tenant_tx(person.tenant):
        return list(RequestLog.objects.order_by("created_at"))


def dropped() -> float:
    return REGISTRY.get_sample_value("loci_request_log_dropped_total") or 0


@pytest.fixture
def tiny_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(request_log, "MAX_WAITING", 3)
        request_log.discard()
        yield
    request_log.discard()


def test_a_search_is_logged_with_ids_and_numbers(alice: Person) -> None:
    kept = keep(alice, "Likes tea")
    body = {"query": "Which tea?", "filters": {"user_id": "alex"}, "threshold": 0}
    before = datetime.now(UTC)
    assert call(alice, "POST", "/v3/memories/search/", body, **{"X-Request-Id": "r-1"}).status_code == 200
    row = logged(alice)[-1]
    with tenant_tx(alice.tenant):
        alex = Entity.objects.get(type="user", name="alex")
    assert (row.request_id, row.method, row.route, row.status) == ("r-1", "POST", "/v3/memories/search/", 200)
    assert (row.operation, row.entity_id, row.memory_ids) == ("SEARCH", alex.id, [UUID(kept)])
    assert before <= row.created_at <= before + timedelta(milliseconds=row.milliseconds + 50)
    assert row.stages
    assert 0 < sum(row.stages.values()) < row.milliseconds


def test_a_row_names_the_key_that_asked(alice: Person, services: Services) -> None:
    get(alice, "/v1/ping/")
    with superuser(services) as admin:
        keys = admin.execute("SELECT id FROM api_key WHERE project_id = %s", [alice.tenant.project_id]).fetchall()
    assert [(row.key_id,) for row in logged(alice)] == keys


def test_a_refused_request_is_logged_and_one_without_a_key_is_not(alice: Person) -> None:
    call(alice, "POST", "/v3/memories/search/", {"query": "tea"})
    call(alice, "GET", f"/v1/memories/{uuid4()}/")
    Client().get("/v1/ping/")
    assert [(row.route, row.status) for row in logged(alice)] == [
        ("/v3/memories/search/", 400),
        ("/v1/memories/{memory_id}/", 404),
    ]


def test_a_row_is_of_the_project_that_asked(alice: Person, bob: Person) -> None:
    get(alice, "/v1/ping/")
    get(bob, "/v1/ping/")
    get(bob, "/v1/events/")
    assert len(logged(alice)) == 1
    assert [row.route for row in logged(bob)] == ["/v1/ping/", "/v1/events/"]


def test_no_name_and_no_text_gets_into_the_table(alice: Person, services: Services) -> None:
    kept = keep(alice, CANARY, user_id=CANARY, metadata={CANARY: CANARY})
    body = {
        **dict.fromkeys(("query", "text", "user_id", "agent_id", "app_id", "run_id", "feedback"), CANARY),
        "messages": [{"role": "user", "content": CANARY, "name": CANARY}],
        "metadata": {CANARY: CANARY},
        "filters": {"user_id": CANARY},
        "infer": False,
    }
    endpoints = json_endpoints("loci.urls")
    of_memories = [endpoint for endpoint in endpoints if not endpoint.route.startswith("/api/")]
    for endpoint in (*of_memories, *(endpoint for endpoint in endpoints if endpoint not in of_memories)):
        own = endpoint.path_of(alice.org_id, alice.project_id)
        for path in (own.replace("nobody", CANARY), endpoint.route.replace("<str:memory_id>", kept)):
            asked = f"{path}?{urlencode({'user_id': CANARY, 'query': CANARY})}"
            alice.client.generic(endpoint.method, asked, json.dumps(body), content_type="application/json")
    rows = logged(alice)
    with superuser(services) as admin:
        written = " ".join(str(row) for (row,) in admin.execute("SELECT to_jsonb(r)::text FROM request_log AS r"))
    assert len(rows) > len(of_memories)
    assert any(row.entity_id for row in rows)
    assert CANARY not in written


def test_two_thousand_requests_are_written_with_a_few_statements(alice: Person) -> None:
    keep(alice, "Likes tea")
    request_log.discard()
    for number in range(2_000):
        request_log.add(answered(alice.tenant, entity=["user:alex", "user:nobody", None][number % 3]))
    with CaptureQueriesContext(connection) as statements:
        request_log.flush()
    rows = logged(alice)
    assert len(rows) == 2_000
    assert sum(row.entity_id is not None for row in rows) == 667
    # The transaction's borders, the entities, and an insert of 500 rows each time.
    assert len(statements) < 10


def test_an_unknown_or_impossible_entity_is_none(alice: Person) -> None:
    request_log.add(answered(alice.tenant, entity="user:nobody"))
    request_log.add(answered(alice.tenant, entity="user:al\x00ex"))
    assert [row.entity_id for row in logged(alice)] == [None, None]


@pytest.mark.parametrize(
    ("filters", "entity"),
    [
        ({"user_id": "alex"}, "alex"),
        ({"user_id": {"in": ["alex"]}}, "alex"),
        ({"AND": [{"user_id": "alex"}, {"NOT": {"agent_id": "ada"}}, {"keywords": "tea"}]}, "alex"),
        ({"OR": [{"user_id": "alex", "keywords": "tea"}, {"user_id": "alex", "keywords": "milk"}]}, "alex"),
        ({"AND": [{"user_id": "alex"}, {"agent_id": "*"}]}, "alex"),
        ({"AND": [{"user_id": "alex"}, {"OR": [{"agent_id": "ada"}, {"keywords": "tea"}]}]}, "alex"),
        ({"user_id": {"in": ["alex", "bob"]}}, None),
        ({"OR": [{"user_id": "alex"}, {"user_id": "bob"}]}, None),
        ({"OR": [{"user_id": "alex"}, {"user_id": {"in": ["alex", "bob"]}}]}, None),
        ({"OR": [{"user_id": "alex"}, {"agent_id": "*"}]}, None),
        ({"AND": [{"user_id": "alex"}, {"agent_id": "ada"}]}, "alex"),
        ({"agent_id": "*", "OR": [{"user_id": "alex"}, {"keywords": "tea"}]}, None),
        ({"agent_id": "*", "NOT": {"user_id": "alex"}}, None),
        ({"user_id": "*"}, None),
    ],
)
def test_a_row_is_about_an_entity_only_where_every_match_would_be_its_own(
    alice: Person, filters: dict[str, Any], entity: str | None
) -> None:
    for user in ("alex", "bob"):
        keep(alice, "Likes tea", user_id=user, agent_id="ada")
    request_log.discard()
    search(alice, "tea", filters)
    post(alice, "/v3/memories/", filters=filters)
    delete(alice, f"/v1/memories/?{urlencode({'filters': json.dumps(filters)})}")
    with tenant_tx(alice.tenant):
        ids = dict(Entity.objects.filter(type="user").values_list("name", "id"))
    assert [row.entity_id for row in logged(alice)] == [ids[entity] if entity else None] * 3


def test_a_key_bound_to_an_entity_asks_about_that_one(alice: Person) -> None:
    keep(alice, "Likes tea")
    request_log.discard()
    request_log.add(answered(Tenant(alice.tenant.project_id, alice.tenant.org_id, entity="user:alex")))
    (row,) = logged(alice)
    with tenant_tx(alice.tenant):
        assert row.entity_id == Entity.objects.get(type="user", name="alex").id


def test_a_row_keeps_a_hundred_memories_and_milliseconds(alice: Person) -> None:
    ids = [uuid4() for _ in range(150)]
    request_log.add(answered(alice.tenant, memory_ids=ids, stages={"sql": 0.0063}))
    (row,) = logged(alice)
    assert row.memory_ids == ids[:100]
    assert row.stages == {"sql": 6.3}


def test_a_full_queue_loses_its_oldest_and_counts_them(alice: Person, tiny_queue: None) -> None:
    before = dropped()
    for number in range(5):
        request_log.add(answered(alice.tenant, operation=f"NUMBER_{number}"))
    assert [row.operation for row in logged(alice)] == ["NUMBER_2", "NUMBER_3", "NUMBER_4"]
    assert dropped() == before + 2


def test_a_project_that_is_gone_costs_nobody_elses_rows(alice: Person, bob: Person, written: io.StringIO) -> None:
    before = dropped()
    for tenant in (alice.tenant, Tenant(uuid4()), Tenant(uuid4()), bob.tenant):
        request_log.add(answered(tenant, entity="user:alex"))
    assert (len(logged(alice)), len(logged(bob))) == (1, 1)
    assert dropped() == before + 2
    assert written.getvalue().count("request_log.dropped") == 2


def test_without_a_database_a_batch_is_lost_with_one_line(
    alice: Person, bob: Person, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_rows: object) -> None:
        raise OperationalError(CANARY)

    for person in (alice, bob, alice):
        request_log.add(answered(person.tenant))
    with monkeypatch.context() as patch:
        patch.setattr(request_log, "_listeners", [fails])
        request_log.flush()
    line = json.loads(written.getvalue())
    assert (line["message"], line["count"], line["error"]) == ("request_log.dropped", 3, "OperationalError")
    assert CANARY not in written.getvalue()
    get(alice, "/v1/ping/")
    assert len(logged(alice)) == 1


def test_what_waits_is_written_once_though_the_process_forks(alice: Person, services: Services) -> None:
    script = f"PROJECT = {str(alice.tenant.project_id)!r}\n{WRITTEN_ONCE}"
    environment = {**os.environ, **services.environment()}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert len(logged(alice)) == 1


def test_an_answered_search_is_a_unit_of_usage_and_nothing_else_is(alice: Person) -> None:
    keep(alice, "Likes tea")
    search(alice, "tea")
    post(alice, "/v2/memories/search/", query="tea", filters={"user_id": "alex"})
    call(alice, "POST", "/v3/memories/search/", {"query": "tea"})
    get(alice, "/v1/events/")
    searches = [row.id for row in logged(alice) if row.operation == "SEARCH" and row.status == 200]
    request_log.flush()
    with tenant_tx(alice.tenant):
        units = UsageEntry.objects.filter(meter="search").order_by("id").values_list("source", "quantity")
        assert sorted(units) == sorted((source, 1) for source in searches)
    assert len(searches) == 2
