"""What a search reads of each text of a scope, as SQL: one row with the raw values of the legs.

Texts are those of now, or those that memories said at another time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import FloatField, IntegerField, QuerySet, UUIDField
from django.db.models.expressions import RawSQL

from memories.embedding.base import Vectors
from memories.models import Memory, Revision
from memories.retrieval import analyzer
from memories.retrieval.query import Query
from memories.text import FOUND_BY

Scan: TypeAlias = tuple[str, Sequence[Any]]
"""The SQL of a scan, and its parameters. Its columns are `id`, `follows`, and those that `fusion` reads."""
OF_SCANNED = RawSQL("memory.id", [], UUIDField())
"""The memory that a scan is at."""


@dataclass(frozen=True)
class Texts:
    """Whose texts are ranked, in SQL: a column that they are found by, a scanned row's memory, and what is shown."""

    found_by: str
    memory: str
    shown: str = ""


NOW = Texts(found_by="memory.{}", memory="JOIN memory ON memory.project_id = %s AND memory.id = best.id")
THEN = Texts(
    found_by="CASE WHEN revision.terms IS NULL THEN memory.{0} ELSE revision.{0} END",
    memory="JOIN revision ON revision.project_id = %s AND revision.id = best.id"
    " JOIN memory ON memory.project_id = revision.project_id AND memory.id = revision.memory_id",
    shown=", revision.text AS said_text, revision.trust AS vouched_by, revision.valid_from, revision.valid_to",
)


def scan(scope: QuerySet[Memory], query: Query) -> Scan:
    """Returns the scan of one row per memory of the scope."""
    return read(scope.order_by(), query).query.sql_with_params()


def read(memories: QuerySet[Memory], query: Query) -> QuerySet[Memory, Any]:
    """Returns the memories with the columns of a scan."""
    columns = {**_columns(NOW, query), **_clues(query)}
    return memories.annotate(**columns).values("id", "follows", *columns)


def scan_then(scope: QuerySet[Memory], said: QuerySet[Revision], query: Query) -> Scan:
    """Returns the scan of one row per revision that a memory of the scope said; `said` is of `OF_SCANNED`.

    What was replaced before vectors were kept is left out. Clues are of what a memory says now, and stay out too.
    """
    columns = _columns(THEN, query)
    memories, of_memories = scope.order_by().values("id", "text", *FOUND_BY).query.sql_with_params()
    revisions, of_revisions = said.values("id", "text", *FOUND_BY)[:1].query.sql_with_params()
    written = ", ".join(f"({column.sql}) AS {name}" for name, column in columns.items())
    statement = f"""
        SELECT revision.id, NULL::uuid AS follows, {written}
        FROM ({memories}) AS memory CROSS JOIN LATERAL ({revisions}) AS revision
        WHERE revision.terms IS NOT NULL OR revision.text = memory.text
    """  # noqa: S608 - only SQL of Django's and constants of this module are written into the text; all else is bound
    return statement, [*(param for column in columns.values() for param in column.params), *of_memories, *of_revisions]


def cosine(query: Query, texts: Texts = NOW) -> RawSQL:
    """Returns the SQL of a memory's cosine with the query.

    NULL for a vector of another model: such a memory has no dense leg until it is embedded anew.
    """
    if query.vector is None:
        return _sql("NULL::float8", [], FloatField())
    model, embedding = texts.found_by.format("embedding_model"), texts.found_by.format("embedding")
    compared = f"CASE WHEN ({model}) = %s THEN 1 - (({embedding}) <=> %s::halfvec) END"
    return _sql(compared, [query.model, literal(query.vector)], FloatField())


def literal(vector: Vectors) -> str:
    """Returns a vector as Postgres' types of pgvector read it."""
    return "[" + ",".join(f"{number:.6g}" for number in vector) + "]"


def _columns(texts: Texts, query: Query) -> Mapping[str, RawSQL]:
    """What a scan tells of each text: its cosine, its length, and for each term whether the text holds it."""
    holds = f"(({texts.found_by.format('terms')}) @@ %s::tsquery)::int"
    return {
        "semantic": cosine(query, texts),
        "length": _sql(texts.found_by.format("term_count"), [], IntegerField()),
        **{
            f"t{number}": _sql(holds, [analyzer.tsquery_literal(term)], IntegerField())
            for number, term in enumerate(analyzer.query_terms(query.text))
        },
    }


def _clues(query: Query) -> Mapping[str, RawSQL]:
    """How much a memory has of each clue."""
    return {f"c{number}": _sql(clue.sql, [*clue.params], FloatField()) for number, clue in enumerate(query.clues)}


def _sql(written: str, params: list[Any], kind: "FloatField[Any, Any] | IntegerField[Any, Any]") -> RawSQL:
    return RawSQL(written, params, kind)  # noqa: S611 - only constants of this module are written into the text
