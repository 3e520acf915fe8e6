"""Column types that Django does not have."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class TSVectorField(models.Field):  # type: ignore[type-arg]  # at run time fields take no parameters
    """A tsvector that is written as its literal (`'chees':3 'like':2`), made by `memories.retrieval.analyzer`."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Returns Postgres' name of the type."""
        return "tsvector"

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        """Casts the literal: Postgres does not take text for a tsvector by itself."""
        return "%s::tsvector"
