"""What Django must do differently because a project table's key is (project_id, id)."""

from typing import Any

import pytest
from django.db import models
from django.db.models import Count

from loci.tenancy.context import tenant_tx
from loci.tenancy.registry import PROJECT_TABLES
from tests.conftest import Person
from tests.tenancy.rows import MODELS, make_rows

pytestmark = pytest.mark.parametrize("table", sorted(PROJECT_TABLES))


def test_rows_can_be_annotated_with_an_aggregate(alice: Person, table: str) -> None:
    row = make_rows(alice.tenant)[table]
    with tenant_tx(alice.tenant):
        assert [(found.id, found.n) for found in MODELS[table].objects.annotate(n=Count("id"))] == [(row.id, 1)]


def test_rows_can_be_grouped(alice: Person, table: str) -> None:
    make_rows(alice.tenant)
    with tenant_tx(alice.tenant):
        groups = MODELS[table].objects.values("project_id").annotate(n=Count("id")).order_by()
        assert list(groups) == [{"project_id": alice.tenant.project_id, "n": 1}]


def test_rows_can_be_upserted_by_project_and_id(alice: Person, bob: Person, table: str) -> None:
    row, his = make_rows(alice.tenant)[table], make_rows(bob.tenant)[table]
    field = _changeable(MODELS[table])
    setattr(row, field.attname, value := _other(getattr(row, field.attname)))
    with tenant_tx(alice.tenant):
        MODELS[table].objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["project", "id"], update_fields=[field.name]
        )
        found = MODELS[table].objects.get()
        assert (found.id, getattr(found, field.attname)) == (row.id, value)
    with tenant_tx(bob.tenant):
        assert getattr(MODELS[table].objects.get(), field.attname) == getattr(his, field.attname)


def _changeable(model: Any) -> Any:
    """Returns the model's first column of text or numbers."""
    kinds = (models.CharField, models.TextField, models.IntegerField)
    return next(field for field in model._meta.local_fields if isinstance(field, kinds) and not field.choices)


def _other(value: Any) -> Any:
    return value + 1 if isinstance(value, int) else "another"
