"""Keeps what a search reads of each row in the row: a long text moves out before these do (design.md §4).

By default they moved as soon as a row had 2 kB, and each term of a query then fetched the terms of each such row anew.
Rows that are there stay as they are until they are written again.
"""

from django.db import migrations

SCANNED = [(table, column) for table in ("memory", "revision") for column in ("embedding", "terms")]


class Migration(migrations.Migration):
    dependencies = [("memories", "0012_large_projects")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ALTER {column} SET STORAGE MAIN",
            f"ALTER TABLE {table} ALTER {column} SET STORAGE EXTENDED",
        )
        for table, column in SCANNED
    ]
