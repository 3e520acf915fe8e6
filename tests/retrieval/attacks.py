"""What attackers write into filters, and where they can write it (reliability.md D4)."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from loci.tenancy.context import tenant_tx
from memories.models import Memory
from memories.retrieval import analyzer
from tests.conftest import Person

QUOTES = ["", "'", "''", '"', "\\'", "$$", "`", "')", '"}', "']"]
ATTACKS = [
    "OR 1=1 --",
    "; DROP TABLE memory; --",
    "UNION SELECT text FROM memory --",
    "UNION ALL SELECT NULL, rolpassword FROM pg_authid --",
    "AND pg_sleep(9) --",
    "; SELECT pg_terminate_backend(pg_backend_pid()) --",
    "; SET LOCAL app.project = '' --",
    "; RESET ROLE; --",
    "; COPY memory TO PROGRAM 'id' --",
    "::text) OR (TRUE",
    "::uuid IS NOT NULL OR (TRUE",
    "IS NOT TRUE) OR (project_id IS NOT NULL",
    "@> '{}' OR metadata IS NOT NULL",
    "#>> '{value}' IS NOT NULL",
    "@? '$.** ? (@ == 1)'",
    "|| (SELECT version())",
    "AND 1 = CAST((SELECT current_user) AS int) --",
    "ILIKE '%' ESCAPE '!",
    "/**/OR/**/true/*",
    "} RETURN 1 //",
    "}) DETACH DELETE n //",
    "\\g /tmp/x",
]
PLACEHOLDERS = [
    *["%s", "%%s", "%(project)s", "%(user_id)s", "%d", "%", "%%", "%n%n", "%1$s", "?", "?1", ":name", "::", "$1", "$$"],
    *[
        "{}",
        "{0}",
        "{project}",
        "{0.__class__}",
        "{scan}",
        "{{",
        "}}",
        "${x}",
        "#{x}",
        "<%= 1 %>",
        "{% x %}",
        "{{ 7*7 }}",
    ],
]
PATTERNS = [
    "_",
    "__",
    "_%",
    "%_%",
    "\\",
    "\\\\",
    "\\%",
    "\\_",
    "[a-z]",
    "(a|b)*",
    "^.*$",
    "(((((((((a+)+)+)+)+)+)+)+)+)$",
    "!",
]
JSON_PATHS = [
    *[
        "$",
        "$.a",
        "$.*",
        "$.**",
        "$.** ? (@ > 0)",
        "$[*]",
        "$[0]",
        '$."a"',
        "strict $",
        "lax $.a",
        "@",
        "@.x",
        "0",
        "-1",
    ],
    *[
        "[0]",
        "{a,b}",
        "{}'",
        "a,b",
        "a.b",
        ".",
        "..",
        "null",
        "true",
        "false",
        "1e999",
        "NaN",
        '{"a": 1}',
        "[1, 2]",
        '"x"',
    ],
]
LOOKUPS = [
    *[
        "_connector",
        "_negated",
        "_filtered_relation",
        "user_id__startswith",
        "user_id__regex",
        "text__search",
        "pk",
        "id",
    ],
    *[
        "project_id",
        "project__org",
        "metadata__contains",
        "metadata__k",
        "metadata__has_key",
        "categories__len",
        "state",
    ],
    *[
        "categories__0",
        "embedding__isnull",
        "replaced_by__text",
        "F(text)",
        "OuterRef",
        "RawSQL",
        "__class__",
        "__dict__",
    ],
    *[
        "self",
        "constructor",
        "__proto__",
        "exists",
        "isnull",
        "regex",
        "AND;",
        "OR;",
        "and",
        "Not",
        "and_",
        "$or",
        "$where",
    ],
]
LOOKALIKES = [
    *[
        "\u2019 OR 1=1",
        "\u02bc",
        "\uff07",
        "\u2018; --",
        "\U0001f600",
        "\u202e",
        "\u200b",
        "\ufeffx",
        "\u0130",
        "\u00df",
    ],
    *["\uff2b", "\ufdfa", "\U0010ffff", "\ud7ff", "\uff05", "\uff3f"],
]
PAYLOADS = [
    *[quote + attack for quote, attack in product(QUOTES, ATTACKS)],
    *PLACEHOLDERS,
    *PATTERNS,
    *JSON_PATHS,
    *LOOKUPS,
    *LOOKALIKES,
]

Position = Callable[[str], Mapping[str, Any]]

VALUES: list[Position] = [
    lambda payload: {"user_id": payload},
    lambda payload: {"user_id": {"in": [payload]}},
    lambda payload: {"user_id": "*", "NOT": {"user_id": {"ne": payload}}},
    lambda payload: {"categories": {"in": [payload]}},
    lambda payload: {"metadata": {"value": payload}},
    lambda payload: {"metadata.value": {"in": [payload]}},
    lambda payload: {"metadata": {"list": {"contains": payload}}},
    lambda payload: {"metadata": {"value": {"gte": payload, "lte": payload}}},
    lambda payload: {"metadata": {"value": {"contains": payload}, "length": len(payload)}},
    lambda payload: {"metadata": {f"key {payload}": 1}},
    lambda payload: {"metadata": {"nested": {f"key {payload}": {"exists": True}}}},
    lambda payload: {"text": payload, "metadata": {"length": len(payload)}},
    lambda payload: {"keywords": {"contains": payload}, "metadata": {"length": len(payload)}},
    lambda payload: {"categories": {"contains": payload}, "metadata": {"length": len(payload)}},
]
"""Where a text is data: exactly what equals or contains it is found."""

REFUSED: list[Position] = [
    lambda payload: {payload: "x"},
    lambda payload: {"AND": [{f"user_id{payload}.": "x"}]},
    lambda payload: {"user_id": {payload: "x"}},
    lambda payload: {"created_at": {payload: "2026-01-01"}},
    lambda payload: {"metadata": {"k": {"eq": 1, payload: 1}}},
    lambda payload: {"created_at": payload},
    lambda payload: {"expiration_date": {"gt": payload}},
    lambda payload: {"memory_ids": [payload]},
    lambda payload: {"metadata": {"k": {"exists": payload}}},
]
"""Where only words of the grammar may stand."""

PATHS: list[Position] = [
    lambda payload: {f"metadata.{payload}": "x"},
    lambda payload: {"metadata": {payload: {payload: "x"}}},
    lambda payload: {"metadata": {"k": {payload: 1}}},
]
"""Where a text names a place in metadata, or reads as an operator and is refused: nothing is there."""


def keep_payloads(person: Person) -> Person:
    """Gives the person one memory per payload, which holds it everywhere."""
    with tenant_tx(person.tenant):
        Memory.objects.bulk_create(
            Memory(
                user_id=payload,
                text=f"({payload})",
                terms=analyzer.tsvector(payload),
                categories=[payload],
                metadata={
                    "value": payload,
                    "length": len(payload),
                    "list": [payload],
                    f"key {payload}": 1,
                    "nested": {f"key {payload}": 1},
                },
            )
            for payload in PAYLOADS
        )
    return person
