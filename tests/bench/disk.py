"""What memories take on disk, with all their indexes."""

from collections.abc import Iterable, Mapping

import psycopg

from tests.bench.report import Limit, show, table

COUNTED = """
    SELECT count(*), avg(octet_length(text)), pg_table_size('memory'), pg_total_relation_size('memory') FROM memory
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index
    WHERE indrelid = 'memory'::regclass ORDER BY 2 DESC
"""


def sizes(url: str, tables: Iterable[str]) -> dict[str, int]:
    """Returns the bytes of each table with its indexes and what lies beside it, after a vacuum."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("VACUUM")
        rows = admin.execute(
            "SELECT name, pg_total_relation_size(name::regclass) FROM unnest(%s::text[]) AS name", [list(tables)]
        )
        return dict(rows.fetchall())


def show_memory(url: str) -> None:
    """Prints the bytes of the table of memories, by its parts, for each memory in it."""
    with psycopg.connect(url) as admin:
        counted = admin.execute(COUNTED).fetchone()
        assert counted is not None
        count, text, own, everything = counted
        parts = [("table", own), *admin.execute(INDEXES).fetchall()]
    table("Bytes of a memory on disk", ["", "bytes"], [(name, f"{size / count:.0f}") for name, size in parts])
    each = everything / count
    show("bytes of a memory", f"{each:.0f}, its text of {text:.0f} included", Limit(each, 3_000, "bytes"))


def show_beside(before: Mapping[str, int], after: Mapping[str, int], memories: int) -> None:
    """Prints how much so many memories that were added through the API took in every table."""
    grown = sorted(((after[name] - before[name], name) for name in after), reverse=True)
    rows = [(name, f"{size / memories:.0f}") for size, name in grown if size]
    table(f"Bytes of each of {memories:,} memories that were added one by one, by table", ["", "bytes"], rows)
