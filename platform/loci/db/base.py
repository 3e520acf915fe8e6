"""Postgres as Django knows it, except that `id` alone is no key of a project table (design.md §2)."""

from django.db.backends.postgresql import base
from django.db.backends.postgresql.features import DatabaseFeatures as PostgresFeatures


class DatabaseFeatures(PostgresFeatures):
    """A project table's key is (project_id, id), so grouping by `id` does not cover the other columns."""

    allows_group_by_selected_pks = False


class DatabaseWrapper(base.DatabaseWrapper):
    """The backend that `DATABASES` names as `loci.db`."""

    features_class = DatabaseFeatures
