"""Migration operations that make tables a tenant's own (design.md §2)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from loci.tenancy.registry import BACKUP_ROLE

PROJECT = "(SELECT nullif(current_setting('app.project', true), '')::uuid)"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::uuid)"
BOUND_ENTITY = (
    "(SELECT coalesce(current_setting('app.entity', true), ''))"
    " IN ('', 'user:' || user_id, 'agent:' || agent_id, 'app:' || app_id)"
)
READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"
APPEND = "SELECT, INSERT"


class _TableOperation(Operation, ABC):
    """An operation on the table of one model that changes nothing in Django's own state."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str) -> None:
        self.model = model

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leaves Django's state as it is."""

    def database_backwards(self, *args: Any) -> None:
        """Leaves everything to the removal of the table itself."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Runs the operation's statements on the model's table."""
        for statement in self.statements(to_state.apps.get_model(app_label, self.model)):
            schema_editor.execute(statement, params=None)

    @abstractmethod
    def statements(self, model: type[models.Model]) -> Iterator[str]:
        """Yields the SQL to run, in order."""


class TenantTable(_TableOperation):
    """Makes a new model's table a project table: composite key and references, policies, FORCE, grants.

    `bound` adds the rule for keys that are bound to one user, agent or app: the table has those three columns.
    `system` names what the system role may do to all projects' rows ("SELECT, INSERT, UPDATE").
    """

    def __init__(self, model: str, *, bound: bool = False, system: str = "") -> None:
        super().__init__(model)
        self.bound = bound
        self.system = system

    def statements(self, model: type[models.Model]) -> Iterator[str]:
        """Yields the statements that make the table a project's own."""
        table = model._meta.db_table
        yield f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (project_id, id)"
        yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_project_fk FOREIGN KEY (project_id) REFERENCES project (id)"
        for field in model._meta.local_fields:
            if isinstance(field, models.ForeignKey) and field.name != "project":
                other = field.remote_field.model._meta.db_table
                yield (
                    f"ALTER TABLE {table} ADD CONSTRAINT {table}_{field.name}_fk"
                    f" FOREIGN KEY (project_id, {field.column})"
                    f" REFERENCES {other} (project_id, id) DEFERRABLE INITIALLY DEFERRED"
                )
        condition = f"project_id = {PROJECT}" + (f" AND {BOUND_ENTITY}" if self.bound else "")
        yield from _secure(table, condition, condition, self.system)

    def describe(self) -> str:
        """Returns what the operation does, for `migrate`."""
        return f"Make {self.model} a project table"


class OrgTable(_TableOperation):
    """Makes a new model's table an organization's own, by row-level security on `column`.

    Its reference to a project, if any, becomes (org_id, project_id): a key of one organization cannot open another's
    project. `or_project` also finds the row of the current project, which cannot leave its organization. `owner_reads`
    admits SELECT by the schema's owner: what must be read before the tenant is known goes through functions that run
    as the owner, and FORCE binds it too. `append_only` lets the app add and read rows, and nothing else.
    """

    def __init__(
        self,
        model: str,
        *,
        column: str = "org_id",
        or_project: bool = False,
        owner_reads: bool = False,
        append_only: bool = False,
        system: str = "",
    ) -> None:
        super().__init__(model)
        self.column = column
        self.or_project = or_project
        self.owner_reads = owner_reads
        self.append_only = append_only
        self.system = system

    def statements(self, model: type[models.Model]) -> Iterator[str]:
        """Yields the statements that make the table an organization's own."""
        table = model._meta.db_table
        if any(field.name == "project" for field in model._meta.local_fields):
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_project_fk FOREIGN KEY (org_id, project_id)"
                " REFERENCES project (org_id, id) DEFERRABLE INITIALLY DEFERRED"
            )
        check = f"{self.column} = {ORG}"
        using = f"{check} OR id = {PROJECT}" if self.or_project else check
        yield from _secure(table, using, check, self.system, app_may=APPEND if self.append_only else READ_WRITE)
        if self.owner_reads:
            yield owner_reads(table)

    def describe(self) -> str:
        """Returns what the operation does, for `migrate`."""
        return f"Make {self.model} an organization's table"


class GrantTable(_TableOperation):
    """Lets the app's role read and write an identity table and those that join it to others: no row-level security.

    `app` is the label of the model's app, where that is another one than the migration's.
    """

    def __init__(self, model: str, *, app: str = "") -> None:
        super().__init__(model)
        self.app = app

    def database_forwards(self, app_label: str, *args: Any) -> None:
        """Runs the grants on the model's tables."""
        super().database_forwards(self.app or app_label, *args)

    def statements(self, model: type[models.Model]) -> Iterator[str]:
        """Yields the grants."""
        app = settings.DATABASE_ROLES["app"]
        joining = [field.remote_field.through for field in model._meta.local_many_to_many]
        for each in filter(None, [model, *joining]):
            yield f'GRANT {READ_WRITE} ON "{each._meta.db_table}" TO {app}'

    def describe(self) -> str:
        """Returns what the operation does, for `migrate`."""
        return f"Let the app read and write {self.model}"


def owner_reads(table: str) -> str:
    """Returns the statement that lets functions of the schema's owner read the table before the tenant is known."""
    return f"CREATE POLICY before_tenant ON {table} FOR SELECT TO {settings.DATABASE_ROLES['owner']} USING (true)"


def _secure(table: str, using: str, check: str, system: str, app_may: str = READ_WRITE) -> Iterator[str]:
    app, system_role = settings.DATABASE_ROLES["app"], settings.DATABASE_ROLES["system"]
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY tenant ON {table} USING ({using}) WITH CHECK ({check})"
    yield f"CREATE POLICY backup ON {table} FOR SELECT TO {BACKUP_ROLE} USING (true)"
    yield f"GRANT {app_may} ON {table} TO {app}"
    yield f"GRANT SELECT ON {table} TO {BACKUP_ROLE}"
    if system:
        for command in system.split(", "):
            yield f"CREATE POLICY system_{command.lower()} ON {table} FOR {command} TO {system_role} {_admits(command)}"
        yield f"GRANT {system} ON {table} TO {system_role}"


def _admits(command: str) -> str:
    return "WITH CHECK (true)" if command == "INSERT" else "USING (true)"
