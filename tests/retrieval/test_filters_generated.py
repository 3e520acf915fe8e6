"""The SQL of a filter against a plain reading of contract.md §4 in Python, over generated filters."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from loci.tenancy.context import tenant_tx
from memories.models import Memory
from memories.retrieval.filters import parse, to_q
from memories.retrieval.filters.parser import ENTITY_FIELDS
from tests.conftest import Person

IDS = ["a", "b", "A", "%", "o'c"]
TEXTS = ["ab", "aXb", "a_b", "a%b", "50% \\o/", "it's"]
PARTS = ["a", "x", "_", "%", "\\", "'", "b"]
CATEGORIES = ["food", "Food", "food_x", "fo%"]
SCALARS = [1, 2, 1.5, 10, True, False, "a", "ab", "1", "b%", ""]
DAYS = ["2026-01-01", "2026-01-02", "2026-01-03"]
MEMORY_IDS = [UUID(int=number) for number in range(4)]
MOMENTS = [f"{day}T{time}" for day in DAYS for time in ("00:00:00Z", "12:00:00", "13:00:00+02:00")]

Row = dict[str, Any]


def make_rows(count: int) -> list[Row]:
    """Returns memories whose values collide often, with every field missing in some."""
    draw = Random(7)
    return [
        {
            "id": UUID(int=number),
            "hash": str(number),
            **{field: draw.choice([None, *IDS]) for field in ENTITY_FIELDS},
            "text": draw.choice(TEXTS),
            "categories": draw.choice([None, [], draw.sample(CATEGORIES, 2)]),
            "metadata": draw.choice([None, *[make_metadata(draw) for _ in range(4)]]),
            "created_at": make_moment(draw),
            "updated_at": make_moment(draw),
            "expires_on": draw.choice([None, *map(date.fromisoformat, DAYS)]),
        }
        for number in range(count)
    ]


def make_moment(draw: Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=draw.randrange(0, 72, 12))


def make_metadata(draw: Random) -> dict[str, Any]:
    values = [*SCALARS, None, draw.sample(SCALARS, 2), {"in": draw.choice(SCALARS)}]
    return {key: draw.choice(values) for key in draw.sample(["k", "l", "k.in"], 2)}


def operations(one: st.SearchStrategy[Any], operators: list[str], *, bare: bool = True) -> st.SearchStrategy[Any]:
    """Draws a bare value or an object of one or two operators."""
    some = st.lists(one, min_size=1, max_size=3)
    written = st.fixed_dictionaries({}, optional={name: some if name == "in" else one for name in operators})
    return st.one_of(*([one] if bare else []), written.filter(bool))


scalars = st.sampled_from(SCALARS)
comparable = st.sampled_from([value for value in SCALARS if not isinstance(value, bool)])
ordered = operations(comparable, ["gt", "gte", "lt", "lte"], bare=False)
metadata_value = st.one_of(
    operations(scalars, ["eq", "ne", "in", "contains"]),
    ordered,
    st.none(),
    st.lists(scalars, min_size=1, max_size=2),
    st.fixed_dictionaries({"exists": st.booleans()}),
)
dates = operations(st.sampled_from(DAYS + MOMENTS), ["gt", "gte", "lt", "lte", "ne", "in"])
ids = operations(st.sampled_from([*IDS, "*"]), ["eq", "ne", "in"])
days = operations(st.sampled_from(DAYS), ["gt", "gte", "lt", "lte", "ne", "in"])
categories = operations(st.sampled_from(CATEGORIES), ["in"])
some_category = st.fixed_dictionaries({"contains": st.sampled_from(PARTS + CATEGORIES)})
texts = operations(st.sampled_from(PARTS), ["contains", "icontains"])
memory_ids = operations(st.sampled_from([*map(str, MEMORY_IDS)]), ["in"])
leaf = st.one_of(
    *[st.fixed_dictionaries({field: ids}) for field in ENTITY_FIELDS],
    *[st.fixed_dictionaries({field: dates}) for field in ("created_at", "updated_at", "timestamp")],
    st.fixed_dictionaries({"expiration_date": days}),
    st.fixed_dictionaries({"categories": categories | some_category}),
    *[st.fixed_dictionaries({field: texts}) for field in ("keywords", "keywords_search", "text")],
    st.fixed_dictionaries({"memory_ids": memory_ids}),
    st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"k": metadata_value}, optional={"l": metadata_value})}),
    st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"k.in": metadata_value})}),
    st.fixed_dictionaries({"metadata.k.in": metadata_value}),
)


def combined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draws an object of a leaf with logical siblings, from up to three parts each."""
    lists = st.lists(parts, min_size=1, max_size=3)
    logic = st.fixed_dictionaries({}, optional={"AND": lists, "OR": lists, "NOT": st.one_of(lists, parts)})
    return st.tuples(logic, leaf).map(lambda pair: {**pair[0], **pair[1]})


filters_of_any_shape = st.recursive(leaf, combined, max_leaves=6)


def matches(filters: Mapping[str, Any], row: Row) -> bool:
    """Reads a filter as contract.md §4 says it."""
    return all(member(key, value, row) for key, value in filters.items())


def member(key: str, value: Any, row: Row) -> bool:
    if key == "AND":
        return all(matches(item, row) for item in value)
    if key == "OR":
        return any(matches(item, row) for item in value)
    if key == "NOT":
        return not any(matches(item, row) for item in (value if isinstance(value, list) else [value]))
    if key == "metadata":
        inner = row["metadata"] or {}
        return all(by_operator(compare_json, inner.get(name), asked, bare="eq") for name, asked in value.items())
    if key == "metadata.k.in":
        outer = (row["metadata"] or {}).get("k")
        return by_operator(compare_json, outer.get("in") if isinstance(outer, dict) else None, value, bare="eq")
    compare, column, bare = FIELDS[key]
    if isinstance(value, list):
        value = {"in": value}
    elif bare == "in" and not isinstance(value, dict):
        value = [value]
    return by_operator(compare, row[column], value, bare)


def by_operator(compare: Any, actual: Any, value: Any, bare: str) -> bool:
    asked = value if isinstance(value, dict) else {bare: value}
    return all(holds(compare, actual, operator, operand) for operator, operand in asked.items())


def holds(compare: Any, actual: Any, operator: str, operand: Any) -> bool:
    if operator == "ne":
        return not compare(actual, "eq", operand)
    if operator == "in" and compare not in {compare_categories, compare_memory_id}:
        return any(compare(actual, "eq", item) for item in operand)
    return bool(compare(actual, operator, operand))


def compare_id(actual: str | None, _: str, wanted: str) -> bool:
    return actual is not None and wanted in ("*", actual)


def compare_memory_id(actual: UUID, _: str, wanted: list[str]) -> bool:
    return str(actual) in wanted


def compare_text(actual: str, operator: str, part: str) -> bool:
    return part in actual if operator == "contains" else part.lower() in actual.lower()


def compare_categories(actual: list[str] | None, operator: str, wanted: Any) -> bool:
    categories = actual or []
    if operator == "in":
        return not set(wanted).isdisjoint(categories)
    return any(wanted.lower() in category.lower() for category in categories)


def compare_moment(actual: datetime, operator: str, written: str) -> bool:
    if operator == "eq" and len(written) == len("2026-01-01"):
        return actual.date() == date.fromisoformat(written)
    moment = datetime.fromisoformat(written)
    return in_order(actual, operator, moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def compare_day(actual: date | None, operator: str, written: str) -> bool:
    return actual is not None and in_order(actual, operator, date.fromisoformat(written))


def compare_json(actual: Any, operator: str, wanted: Any) -> bool:
    if operator == "exists":
        return (actual is not None) is wanted
    if operator == "eq":
        return same(actual, wanted)
    if operator == "contains":
        if isinstance(actual, list):
            return any(same(item, wanted) for item in actual)
        return isinstance(actual, str) and isinstance(wanted, str) and wanted in actual
    return json_kind(actual) == json_kind(wanted) and in_order(actual, operator, wanted)


def json_kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(value), type(value).__name__)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return json_kind(left) == json_kind(right) and bool(left == right)


def in_order(actual: Any, operator: str, wanted: Any) -> bool:
    return bool(
        {
            "eq": actual == wanted,
            "gt": actual > wanted,
            "gte": actual >= wanted,
            "lt": actual < wanted,
            "lte": actual <= wanted,
        }[operator]
    )


FIELDS: Mapping[str, tuple[Any, str, str]] = {
    **{field: (compare_id, field, "eq") for field in ENTITY_FIELDS},
    "memory_ids": (compare_memory_id, "id", "in"),
    "created_at": (compare_moment, "created_at", "eq"),
    "updated_at": (compare_moment, "updated_at", "eq"),
    "timestamp": (compare_moment, "created_at", "eq"),
    "expiration_date": (compare_day, "expires_on", "eq"),
    "categories": (compare_categories, "categories", "in"),
    **dict.fromkeys(("keywords", "keywords_search", "text"), (compare_text, "text", "icontains")),
}


def test_sql_finds_what_a_plain_reading_of_the_filter_finds(alice: Person) -> None:
    rows = make_rows(40)

    @settings(max_examples=500, deadline=None, database=None, derandomize=True)
    @given(filters_of_any_shape)
    def agree(filters: dict[str, Any]) -> None:
        found = set(Memory.objects.filter(to_q(parse(filters))).values_list("hash", flat=True))
        assert found == {row["hash"] for row in rows if matches(filters, row)}

    with tenant_tx(alice.tenant):
        Memory.objects.bulk_create([Memory(**row) for row in rows])
        agree()
