"""What large projects need to be searched fast (design.md §4): indexes and statistics of their own.

Indexes are made by the owner of the schema, who sees no row: building them needs no right to read. Counting is done as
the app, in each project's own transaction.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID
from zlib import crc32

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL
from django.utils import timezone
from psycopg import sql

from loci.tenancy.context import Tenant, tenant_tx
from memories.embedding import embedder
from memories.models import MAX_TERM, Memory, MemoryState, SearchIndex, TermStatistic
from orgs.queries import project_tenants

LOCK = 1_280_262_985
"""The number of the advisory lock by which two runs at once do nothing twice."""
LEAVES_AT = 0.5
"""The share of `EXACT_LIMIT` below which a project loses its indexes: not at the limit, or some would come and go."""
FEW = 10
"""Terms of fewer memories are not counted."""
MOST_DIMENSIONS = 4_000
"""Of vectors that an index can hold."""
BUILD_KB = 256 * 1024
"""Memory for building an index, where the server does not give more: a graph that does not fit is built slowly."""

Say = Callable[[str], object]


@dataclass(frozen=True)
class Project:
    """A project above the limit, or still near it with indexes of its own."""

    tenant: Tenant
    public_id: str
    memories: int
    model: str
    dimensions: int

    @property
    def can_be_ready(self) -> bool:
        """Tells whether there are vectors of the model, and an index can hold them."""
        return 0 < self.dimensions <= MOST_DIMENSIONS

    def indexes(self) -> Mapping[str, sql.Composable]:
        """Returns what its indexes are on, by their names, which tell what they are for."""
        project = sql.SQL("project_id = {}").format(sql.Literal(self.tenant.project_id))
        terms = {_name("terms", self): sql.SQL("USING gin (terms) WHERE {}").format(project)}
        if not self.can_be_ready:
            return terms
        vectors = sql.SQL(
            "USING hnsw ((embedding::halfvec({0})) halfvec_cosine_ops) WHERE {1} AND embedding_model = {2}"
        ).format(sql.Literal(self.dimensions), project, sql.Literal(self.model))
        return {**terms, f"{_name('vectors', self)}_{crc32(f'{self.model}/{self.dimensions}'.encode()):08x}": vectors}


def maintain(say: Say, *, dry_run: bool = False) -> bool:
    """Builds, repairs and drops indexes, and counts terms anew; tells `say` of each step, before it.

    Run again, it only counts. With `dry_run` it only tells. Returns whether all went well; where
    another run is under way it leaves everything to that.
    """
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            say("another run is under way")
            return True
        try:
            return _Run(say, dry_run=dry_run).whole()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


class _Run:
    """One run: what there was before, and what is done about it."""

    def __init__(self, say: Say, *, dry_run: bool) -> None:
        self._say = say
        self._dry_run = dry_run
        self._known = {row.project_id: row for row in SearchIndex.objects.using("owner")}
        self._built = _built()
        self._failed = False

    def whole(self) -> bool:
        """Returns whether every step went well; one that fails leaves its project to the exact search."""
        projects = [found for each in project_tenants().items() if (found := self._large(*each))]
        self._register(projects)
        for name in self._unwanted({name for project in projects for name in project.indexes()}):
            self._step(f"drop index {name}", partial(_drop, name))
        for project in projects:
            self._serve(project)
        return not self._failed

    def _large(self, public_id: str, tenant: Tenant) -> Project | None:
        known = self._known.get(tenant.project_id)
        limit = int(settings.EXACT_LIMIT * LEAVES_AT) if known else settings.EXACT_LIMIT
        with tenant_tx(tenant):
            kept = Memory.objects.exclude(state=MemoryState.DELETED)
            if kept.values("id")[: limit + 1].count() <= limit:
                return None
            model = embedder().model
            dimensions = RawSQL("vector_dims(embedding)", [], IntegerField())
            embedded = kept.filter(embedding_model=model).annotate(dimensions=dimensions)
            return Project(
                tenant,
                public_id,
                model=model,
                dimensions=embedded.values_list("dimensions", flat=True).first() or 0,
                memories=kept.count(),
            )

    def _register(self, projects: Sequence[Project]) -> None:
        """Writes down which projects are large, and which of them are ready, before anything is dropped or built."""
        if self._dry_run:
            return
        for project in projects:
            _write(project, ready=project.can_be_ready and self._missing(project) == [])
        gone = set(self._known) - {project.tenant.project_id for project in projects}
        SearchIndex.objects.using("owner").filter(project_id__in=gone).delete()
        for project_id in gone:
            _forget_statistics(project_id)

    def _unwanted(self, wanted: Collection[str]) -> list[str]:
        """Returns the indexes that no project needs any more, and those of which the building was interrupted."""
        return [name for name, is_valid in self._built.items() if name not in wanted or not is_valid]

    def _missing(self, project: Project) -> list[str]:
        return [name for name in project.indexes() if not self._built.get(name)]

    def _serve(self, project: Project) -> None:
        """Gives the project what it lacks, and lets searches use it when all is there."""
        about = f"{project.public_id}, {project.memories} memories"
        self._step(f"{about}: count terms", partial(_count_terms, project))
        indexes = project.indexes()
        built = [
            self._step(f"{about}: build index {name}", partial(_build, name, indexes[name]))
            for name in self._missing(project)
        ]
        if not project.can_be_ready:
            self._say(
                f"{about}: no vectors of {project.model} that an index can hold ({project.dimensions} dimensions)"
            )
        elif all(built) and not self._dry_run:
            _write(project, ready=True)

    def _step(self, what: str, do: Callable[[], object]) -> bool:
        self._say(f"would {what}" if self._dry_run else what)
        try:
            if not self._dry_run:
                do()
        except DatabaseError as error:
            # Its text may quote what memories say.
            self._say(f"failed: {type(error).__name__}")
            self._failed = True
            return False
        return True


def _name(kind: str, project: Project) -> str:
    return f"memory_{kind}_{project.tenant.project_id.hex}"


def _built() -> dict[str, bool]:
    """Returns the indexes of single projects by name, and whether each is valid."""
    statement = """
        SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = 'memory'::regclass AND relname ~ '^memory_(terms|vectors)_[0-9a-f]{32}'
    """
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)
        return dict(cursor.fetchall())


def _drop(name: str) -> None:
    _as_owner(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))


def _build(name: str, definition: sql.Composable) -> None:
    # One process: it takes no more memory than it is given, and leaves the other cores to searches.
    _as_owner(sql.SQL("SET max_parallel_maintenance_workers = 0"))
    _as_owner(
        sql.SQL(
            "SELECT set_config('maintenance_work_mem', greatest({}, setting::int)::text, false)"
            " FROM pg_settings WHERE name = 'maintenance_work_mem'"
        ).format(sql.Literal(BUILD_KB))
    )
    _as_owner(sql.SQL("CREATE INDEX CONCURRENTLY {} ON memory {}").format(sql.Identifier(name), definition))


def _as_owner(statement: sql.Composable) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)


def _write(project: Project, *, ready: bool) -> None:
    columns = {
        "public_id": project.public_id,
        "memories": project.memories,
        "embedding_model": project.model,
        "dimensions": project.dimensions,
        "ready": ready,
        "seen_at": timezone.now(),
    }
    SearchIndex.objects.using("owner").update_or_create(project_id=project.tenant.project_id, defaults=columns)


def _count_terms(project: Project) -> None:
    """Counts in how many memories each term is, in one commit; terms of few memories are left out."""
    project_id = project.tenant.project_id
    memories = sql.SQL("SELECT terms FROM memory WHERE project_id = {} AND state = 'active'").format(project_id)
    statement = sql.SQL("""
        INSERT INTO term_statistic (id, project_id, term, documents)
        SELECT gen_random_uuid(), {}, word, ndoc FROM ts_stat({}) WHERE ndoc >= {} AND length(word) <= {}
    """)
    with tenant_tx(project.tenant):
        TermStatistic.objects.all().delete()
        with connection.cursor() as cursor:
            written = memories.as_string(cursor.connection)
            cursor.execute(statement.format(project_id, written, FEW, MAX_TERM))


def _forget_statistics(project_id: UUID) -> None:
    with tenant_tx(Tenant(project_id)):
        TermStatistic.objects.all().delete()
