"""Rows of every tenant's table, and SQL as each of the database's roles."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
from django.apps import apps
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from billing.models import PlanAssignment, TokenBudget, UsageEntry
from billing.queries import plan_of
from billing.services import assign_plan
from loci.models import IdempotencyKey, RequestLog
from loci.tenancy.context import Tenant, tenant_tx
from loci.tenancy.registry import ORG_TABLES, PROJECT_TABLES
from memories.extraction.base import Fact
from memories.models import (
    Access,
    Attribute,
    Blob,
    BlobForm,
    Cause,
    Entity,
    Event,
    EventStatus,
    Export,
    ExportFormat,
    Feedback,
    Memory,
    Message,
    Opinion,
    Profile,
    ProfileJob,
    ProfileSettings,
    Quarantined,
    Review,
    ReviewKind,
    Revision,
    Summary,
    TermStatistic,
)
from memories.resolution.quarantine import kept_in_quarantine
from memories.text import analyzed, text_hash
from orgs import audit
from orgs.models import ApiKey, Domain, IdentityProvider, Invitation, Membership, Organization, Project, Role
from tests.conftest import DATABASE, KEPT, Services
from webhooks.bodies import body_of
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState, EventType, WebhookEndpoint
from webhooks.signing_secrets import keep, new_secret
from workers.models import Job

TENANT_TABLES = sorted(PROJECT_TABLES | ORG_TABLES)
APPEND_ONLY = frozenset({"audit_entry"})
"""Tables whose rows the app can add and read, and nothing else."""
UNCHECKED = sql.SQL("SET LOCAL session_replication_role = replica")
"""Lets a superuser put rows back in any order."""
MODELS: dict[str, Any] = {model._meta.db_table: model for model in apps.get_models()}


def quarantined_fact(text: str) -> Any:
    """Returns a fact as the quarantine keeps it."""
    return kept_in_quarantine(Fact(text), extractor="offline/1", speaker_name="", known=None)


def make_rows(
    tenant: Tenant, user: str = "alex", text: str = "Lives in San Francisco", **others: str
) -> dict[str, Any]:
    """Gives the project one row in every project table, all about one memory of `user` and of the `others`.

    `others` are `agent_id`, `app_id` and `run_id`. Returns the rows by table.
    """
    now, key = timezone.now(), f"home of {text}"
    with tenant_tx(tenant):
        scope = {"user_id": user, **others}
        event = Event.objects.create(
            event_type="ADD", status=EventStatus.SUCCEEDED, payload=scope, results=[{"memory": text}], **scope
        )
        memory = Memory.objects.create(text=text, hash=text_hash(text), **analyzed(text), **scope)
        entity, _ = Entity.objects.get_or_create(type="user", name=user)
        rows = [
            event,
            memory,
            entity,
            Message.objects.create(event=event, position=0, role="user", content=text, said_at=now, **scope),
            Revision.objects.create(
                memory=memory, event=event, text=text, valid_from=now, cause=Cause.ADD, attribute_key=key, **scope
            ),
            Attribute.objects.create(entity=entity, key=key, value=text, memory=memory),
            Access.objects.create(memory=memory, times=[now], **scope),
            Feedback.objects.create(
                memory=memory, hash=memory.hash, actor_id=entity.id, opinion=Opinion.POSITIVE, reason=text, **scope
            ),
            Review.objects.create(
                kind=ReviewKind.FEEDBACK, memory=memory, hash=memory.hash, reason=Opinion.NEGATIVE, **scope
            ),
            Blob.objects.create(
                event=event,
                position=0,
                part=1,
                form=BlobForm.FILE,
                kind="text",
                content=text.encode(),
                expires_at=now + timedelta(days=7),
                **scope,
            ),
            Summary.objects.create(key=text_hash(key), stamp="1 1", text=text, covered=1, **scope),
            ProfileSettings.objects.update_or_create(defaults={"enabled": True, "user_instructions": text})[0],
            Profile.objects.update_or_create(
                entity=entity, defaults={"content": {"home": text}, "status": "succeeded", **scope}
            )[0],
            ProfileJob.objects.create(operation="sample", entities=[entity.id]),
            Export.objects.create(
                event=event,
                format=ExportFormat.SCHEMA,
                asked={**scope, "instructions": text},
                filters_hash=key[:64],
                expires_at=now + timedelta(days=1),
                **scope,
            ),
            Quarantined.objects.create(event=event, fact=quarantined_fact(text), reason="test", **scope),
            Job.objects.create(kind="add", queue="extraction", event_id=event.id),
            TermStatistic.objects.create(term=key[:64], documents=10),
            UsageEntry.objects.create(meter="add", source=event.id, quantity=1),
            IdempotencyKey.objects.create(key=f"key of {text}", request_hash=b"hash", status=200, body=text),
            RequestLog.objects.create(
                request_id="one", key_id=entity.id, method="GET", route="/", status=200, milliseconds=1
            ),
            *delivery_rows(memory),
        ]
        return {row._meta.db_table: type(row).objects.get(id=row.id) for row in rows}


def delivery_rows(memory: Memory) -> list[Any]:
    """Makes an endpoint, a delivery to it that tells of the memory, and an attempt of it."""
    endpoint = WebhookEndpoint(name="one", url="https://example.com/", event_types=[EventType.MEMORY_ADD])
    keep(endpoint, [new_secret()])
    endpoint.save(force_insert=True)
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        event_type=EventType.MEMORY_ADD,
        memory_id=memory.id,
        version=1,
        body=body_of({"id": str(memory.id), "data": {"memory": memory.text}, "event": "ADD"}),
        state=DeliveryState.FAILED,
        attempts=1,
    )
    attempt = DeliveryAttempt.objects.create(
        delivery=delivery, number=1, started_at=timezone.now(), duration_ms=1, status=500, answer=memory.text
    )
    return [endpoint, delivery, attempt]


def org_rows(tenant: Tenant) -> dict[str, Any]:
    """Makes what the tenant's organization lacks, and returns a row of it from every org table, by table."""
    assert tenant.org_id
    assign_plan(tenant.org_id, plan_of(tenant.org_id))
    with tenant_tx(tenant):
        owner = Membership.objects.earliest("created_at")
        made = [
            Invitation.objects.create(
                org_id=tenant.org_id,
                email=f"new@{tenant.org_id}.example",
                role=Role.READER,
                invited_by_id=owner.user_id,
                expires_at=timezone.now() + timedelta(days=7),
            ),
            Domain.objects.create(org_id=tenant.org_id, name=f"{tenant.org_id}.example", token="token"),
            IdentityProvider.objects.create(org_id=tenant.org_id, kind="oidc", name="Provider", client_id="loci"),
            TokenBudget.objects.create(org_id=tenant.org_id, day=timezone.now().date()),
            audit.record(audit.SYSTEM, "test.record", "test"),
        ]
        found = [model.objects.first() for model in (Organization, ApiKey, PlanAssignment)]
        rows = [*made, *found, owner, Project.objects.get(id=tenant.project_id)]
        return {row._meta.db_table: type(row).objects.get(id=row.id) for row in rows}


def all_rows(tenant: Tenant) -> dict[str, Any]:
    """Makes the project's rows and returns one of every tenant's table, by table."""
    return {**make_rows(tenant), **org_rows(tenant)}


def connect(services: Services, role: str) -> psycopg.Connection:
    """Returns an autocommitting connection to the test database as `loci_app`, `loci_owner` or `loci_system`."""
    url = f"postgresql://{role}:{role}@127.0.0.1:{services.postgres.port}/{DATABASE}"
    return psycopg.connect(url, autocommit=True)


def superuser(services: Services) -> psycopg.Connection:
    """Returns an autocommitting connection that row-level security does not bind, to see what really is there."""
    return psycopg.connect(services.postgres.admin_url(DATABASE), autocommit=True)


def everything(services: Services, tenant: Tenant) -> dict[str, list[Any]]:
    """Returns all rows of the project and of its organization, by table, as JSON."""
    with superuser(services) as connection:
        return {table: _rows_of(connection, table, tenant) for table in TENANT_TABLES}


def _rows_of(connection: psycopg.Connection, table: str, tenant: Tenant) -> list[Any]:
    column, value = ("project_id", tenant.project_id) if table in PROJECT_TABLES else ("org_id", tenant.org_id)
    column = "id" if table == "organization" else column
    query = f"SELECT to_jsonb(t) FROM {table} AS t WHERE {column} = %s ORDER BY id"
    return [row for (row,) in connection.execute(query, [value])]


def saved(connection: psycopg.Connection, tenant: Tenant) -> sql.Composed:
    """Returns the statements that make all rows of the organization and its projects what they are now.

    For a transaction of a superuser, whom no foreign key stops. It is ten times as fast as to make them anew.
    """
    own = sql.Literal(tenant.org_id)
    of_projects = sql.SQL("project_id IN (SELECT id FROM project WHERE org_id = {})").format(own)
    # First those of projects: the organization's own rows say which these are.
    where = dict.fromkeys(sorted(PROJECT_TABLES), of_projects)
    where |= dict.fromkeys(sorted(ORG_TABLES), sql.SQL("org_id = {}").format(own))
    where["organization"] = sql.SQL("id = {}").format(own)
    emptied = [
        sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), condition)
        for table, condition in where.items()
    ]
    return sql.SQL("; ").join([UNCHECKED, *emptied, *_filled(connection, where)])


def all_saved(connection: psycopg.Connection) -> sql.Composed:
    """Returns the statements that fill the empty database of a test with all that is in it now, as `saved` does."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)"
    names = [name for (name,) in connection.execute(tables, [KEPT])]
    return sql.SQL("; ").join([UNCHECKED, *_filled(connection, dict.fromkeys(names, sql.SQL("true")))])


def _filled(connection: psycopg.Connection, where: Mapping[str, sql.Composable]) -> Iterator[sql.Composable]:
    """Yields the statements that insert the rows of each table that meet its condition now."""
    for table, condition in where.items():
        name = sql.Identifier(table)
        found = sql.SQL("SELECT to_jsonb(t) FROM {} AS t WHERE {}").format(name, condition)
        if rows := [row for (row,) in connection.execute(found)]:
            put_back = sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_recordset(NULL::{0}, {1})")
            yield put_back.format(name, sql.Literal(Jsonb(rows)))


def copy_row(connection: psycopg.Connection, table: str, row: Any) -> None:
    """Inserts `row`, taken from `everything`, into `table` as this connection's role."""
    statement = f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)"
    connection.execute(statement, [Jsonb(row)])
