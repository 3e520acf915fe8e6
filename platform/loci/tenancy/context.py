"""Which tenant the running code acts for, and the transaction that tells Postgres so (design.md §2, Transactions)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql


class NoTenant(RuntimeError):
    """A tenant's table was asked for outside of `tenant_tx` or `org_tx`."""


@dataclass(frozen=True)
class Tenant:
    """A project, as row-level security sees it.

    `entity` is set for a key that is bound to one user, agent or app: `user:alex`. Workers know only the project.
    """

    project_id: UUID
    org_id: UUID | None = None
    entity: str = ""


_tenant: ContextVar[Tenant | None] = ContextVar("tenant", default=None)
_org: ContextVar[UUID | None] = ContextVar("org", default=None)


def current_tenant() -> Tenant:
    """Returns the tenant of the running `tenant_tx`; raises `NoTenant` outside of one."""
    tenant = _tenant.get()
    if tenant is None:
        raise NoTenant("Open a tenant_tx(tenant) around queries of a project's tables.")
    return tenant


def current_project_id() -> UUID:
    """Returns the id of the current project; the default of every project table's `project`."""
    return current_tenant().project_id


def current_org_id() -> UUID:
    """Returns the id of the organization of the running `org_tx` or `tenant_tx`; raises `NoTenant` outside of one."""
    org_id = _org.get()
    if org_id is None:
        raise NoTenant("Open an org_tx(org_id) or a tenant_tx around queries of an organization's tables.")
    return org_id


def has_tenant() -> bool:
    """Tells whether a tenant or an organization is set here; tests assert that none is left behind."""
    return _tenant.get() is not None or _org.get() is not None


@contextmanager
def tenant_tx(tenant: Tenant) -> Iterator[None]:
    """Opens a transaction in which only this tenant's rows exist. It may contain SQL only: no model, no fetch, no wait.

    Inside another `tenant_tx` of the same tenant it joins that one; inside one of another tenant it raises
    `RuntimeError`, and inside an `org_tx` too. Leaving the outermost gives the connection back to the pool.
    """
    if _tenant.get() == tenant:
        yield
        return
    if has_tenant():
        raise RuntimeError("A transaction cannot act for two tenants.")
    tenant_token, org_token = _tenant.set(tenant), _org.set(tenant.org_id)
    try:
        with _transaction(project=str(tenant.project_id), org=str(tenant.org_id or ""), entity=tenant.entity):
            yield
    finally:
        _tenant.reset(tenant_token)
        _org.reset(org_token)


@contextmanager
def unbound() -> Iterator[None]:
    """Lifts the binding to one entity for a part of the running `tenant_tx`.

    For what must reach every copy of rows that were found under the binding, such as the texts that events repeat.
    """
    tenant = current_tenant()
    if not tenant.entity:
        yield
        return
    project, org = str(tenant.project_id), str(tenant.org_id or "")
    _announce(project, org, "")
    yield
    # Not after an error: then everything of the transaction is rolled back, with its settings.
    _announce(project, org, tenant.entity)


@contextmanager
def org_tx(org_id: UUID) -> Iterator[None]:
    """Opens a transaction in which only this organization's rows exist, and none of its projects' own."""
    if has_tenant():
        raise RuntimeError("An organization's transaction cannot be opened inside of another tenant's.")
    token = _org.set(org_id)
    try:
        with _transaction(org=str(org_id)):
            yield
    finally:
        _org.reset(token)


@contextmanager
def _transaction(*, project: str = "", org: str = "", entity: str = "") -> Iterator[None]:
    is_outermost = not connection.in_atomic_block
    try:
        with transaction.atomic():
            _announce(project, org, entity)
            yield
            if not is_outermost:
                # SET LOCAL lasts until the end of the whole transaction.
                _announce("", "", "")
    finally:
        if is_outermost:
            # Django gives a pooled connection back only when it is closed.
            connection.close()


def _announce(project: str, org: str, entity: str) -> None:
    # Statements, not set_config(): Citus forwards SET LOCAL to its nodes.
    statement = sql.SQL("SET LOCAL app.project = {}; SET LOCAL app.org = {}; SET LOCAL app.entity = {}")
    with connection.cursor() as cursor:
        cursor.execute(statement.format(project, org, entity))
