"""Large databases of memories: many projects and users, written as they would be, but by COPY and as the superuser.

Sentences with a few rarer words, their terms as the product makes them, and vectors that are mixed, with noise, from
those of some thousands of embedded sentences. The rows of all users are mixed, as time would have mixed them. A
database grows: what one size had, the next has, too. Django is set up before this is imported.
"""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql
from uuid_utils.compat import uuid7

from memories.embedding.base import Vectors
from memories.models import Lifetime, MemoryState, Trust
from memories.text import searchable
from tests.bench.texts import Texts

BATCH = 2_000
USER_ROWS = 200
"""How many memories users have who are not searched."""
PROJECT_ROWS = 10_000
"""How many memories projects have that are not searched."""
SCOPES_SHARE = 0.75
"""The most of a database that the searched scopes are: beside them, there are others."""
NEIGHBOURS_SHARE = 0.1
"""How much of the rest belongs to other users of the searched project."""
DAYS = 700
NOISE = 0.6
Owner: TypeAlias = tuple[UUID, str]
"""A project, and one of its users."""

COLUMNS = (
    *("id", "project_id", "user_id", "text", "hash", "embedding", "embedding_model", "terms", "term_count", "lifetime"),
    *("trust", "state", "immutable", "version", "created_at", "updated_at"),
)
COPY = sql.SQL("COPY memory ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
PEER_COPY: sql.Composed | sql.SQL = sql.SQL("COPY mem0 (id, vector, payload) FROM STDIN")
OWN_INDEXES = """
    SELECT indexname FROM pg_indexes
    WHERE tablename = 'memory' AND (indexdef LIKE '%USING hnsw%' OR indexdef LIKE '%USING gin%')
"""
NEW_PROJECT = """
    INSERT INTO project
    SELECT (jsonb_populate_record(first, jsonb_build_object(
        'id', gen_random_uuid(), 'public_id', 'bench-' || gen_random_uuid(), 'number', nextval('project_number'),
        'name', 'Bench', 'is_control', false, 'is_default', false
    ))).*
    FROM project AS first ORDER BY created_at LIMIT 1
    RETURNING id
"""
_HALVES = np.array([f"{number:.4g}" for number in np.arange(65_536, dtype=np.uint16).view(np.float16)], dtype=object)
"""How each of the 65,536 numbers of two bytes is written."""


def scope_of(rows: int) -> str:
    """Returns the user whose scope has so many memories."""
    return f"scope-{rows}"


class Sentences:
    """Sentences and questions with words of which most are rare, and few are frequent, as in any language."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(0)  # The words are the same ones for every seed.
        self._words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(30_000)]
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._words) + 1)))
        self._chance = random.Random(seed)
        self._texts = Texts(seed)

    def memories(self, count: int) -> list[str]:
        """Returns statements of some 25 words."""
        return [f"{text} It had to do with {self._some(3)}." for text in self._texts.memories(count)]

    def questions(self, count: int) -> list[str]:
        """Returns different questions of some 12 words."""
        return [f"{text} Was it about {self._some(1)}?" for text in self._texts.questions(count)]

    def _some(self, count: int) -> str:
        return ", ".join(self._chance.choices(self._words, cum_weights=self._weights, k=count))


SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "an", "er", "il")]


class Mixer:
    """Makes unit vectors that lie as embedded sentences do: between two of them, and a little aside."""

    def __init__(self, embedded: Vectors, seed: int) -> None:
        self._embedded = embedded
        self._chance = np.random.default_rng(seed)

    def vectors(self, count: int) -> NDArray[np.float16]:
        """Returns an array of shape (count, dimensions)."""
        first, second = (self._embedded[self._chance.integers(len(self._embedded), size=count)] for _ in range(2))
        dimensions = self._embedded.shape[1]
        noise = self._chance.normal(scale=NOISE / np.sqrt(dimensions), size=(count, dimensions))
        mixed = first + self._chance.random((count, 1)) * second + noise
        return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float16)


@dataclass
class Database:
    """The database of a server, and perhaps that of a peer, as the superuser. Rows are added, never taken away."""

    url: str
    project: UUID
    mixer: Mixer
    peer_url: str = ""

    def size(self) -> int:
        """Returns how many memories there are."""
        with psycopg.connect(self.url) as admin:
            return int(_one(admin.execute("SELECT count(*) FROM memory")))

    def scopes(self) -> list[int]:
        """Returns the sizes of the scopes that can be searched."""
        with psycopg.connect(self.url) as admin:
            rows = admin.execute("SELECT user_id FROM memory WHERE user_id LIKE 'scope-%' GROUP BY user_id").fetchall()
        return sorted(int(user.removeprefix("scope-")) for (user,) in rows)

    def grow(self, size: int, scopes: Sequence[int]) -> None:
        """Adds memories until there are `size`: those of the smallest `scopes` that fit and are missing, and others.

        Indexes of a project's own are dropped before: `manage.py maintain` builds them again, faster than they grow.
        """
        there = self.size()
        owners = self._owners(size - there, self._missing(size, scopes))
        random.Random(size).shuffle(owners)
        self._drop_own_indexes()
        with self._sinks() as sinks:
            for start in range(0, len(owners), BATCH):
                self._write(sinks, owners[start : start + BATCH], seed=there + start)
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute("VACUUM (ANALYZE) memory")

    def count(self, project: UUID) -> int:
        """Returns how many memories a project has."""
        with psycopg.connect(self.url) as admin:
            return int(_one(admin.execute("SELECT count(*) FROM memory WHERE project_id = %s", [project])))

    def _missing(self, size: int, scopes: Sequence[int]) -> list[int]:
        known = self.scopes()
        fitting, total = [], 0
        for rows in sorted({*scopes, *known}):
            if total + rows <= size * SCOPES_SHARE:
                total += rows
                fitting.append(rows)
        return [rows for rows in fitting if rows not in known]

    def _owners(self, rows: int, scopes: Sequence[int]) -> list[Owner]:
        """Returns whose each row is to be."""
        owners: list[Owner] = [(self.project, scope_of(scope)) for scope in scopes for _ in range(scope)]
        rest = max(0, rows - len(owners))
        neighbours = int(rest * NEIGHBOURS_SHARE)
        owners += _others(self.project, neighbours, f"of-{rows}")
        for start in range(neighbours, rest, PROJECT_ROWS):
            owners += _others(self._new_project(), min(PROJECT_ROWS, rest - start), "other")
        return owners

    def _new_project(self) -> UUID:
        with psycopg.connect(self.url) as admin:
            project: UUID = _one(admin.execute(NEW_PROJECT))
            return project

    def _drop_own_indexes(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as admin:
            for (name,) in admin.execute(OWN_INDEXES).fetchall():
                admin.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))

    @contextmanager
    def _sinks(self) -> Iterator[list[psycopg.Cursor]]:
        with ExitStack() as stack:
            if self.peer_url:
                stack.enter_context(_without_indexes(self.peer_url, "mem0"))
            urls = [url for url in (self.url, self.peer_url) if url]
            yield [stack.enter_context(psycopg.connect(url)).cursor() for url in urls]

    def _write(self, sinks: Sequence[psycopg.Cursor], owners: Sequence[Owner], seed: int) -> None:
        texts = Sentences(seed).memories(len(owners))
        vectors = [_written(vector) for vector in self.mixer.vectors(len(owners))]
        rows = [_row(owner, text, vector) for owner, text, vector in zip(owners, texts, vectors, strict=True)]
        writers = [(COPY, _own_row), (PEER_COPY, _peer_row)]
        for cursor, (statement, values) in zip(sinks, writers, strict=False):
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(values(row))
            cursor.connection.commit()


@contextmanager
def _without_indexes(url: str, table: str) -> Iterator[None]:
    """Makes the indexes of a table anew after the block: that is many times faster than to extend a graph."""
    with psycopg.connect(url, autocommit=True) as admin:
        found = admin.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", [table]).fetchall()
        indexes = [(name, written) for name, written in found if not name.endswith("_pkey")]
        for name, _ in indexes:
            admin.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        yield
        admin.execute("SET maintenance_work_mem = '2GB'")
        for _, written in indexes:
            admin.execute(written)
        admin.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


def _others(project: UUID, rows: int, name: str) -> list[Owner]:
    return [(project, f"{name}-{number // USER_ROWS}") for number in range(rows)]


def _row(owner: Owner, text: str, vector: str) -> dict[str, Any]:
    project, user = owner
    said_at = datetime.now(UTC) - timedelta(days=random.random() * DAYS)
    return {
        **searchable(text, vector),
        "id": uuid7(),
        "project_id": project,
        "user_id": user,
        "created_at": said_at,
        "updated_at": said_at,
        "lifetime": Lifetime.LASTING,
        "trust": Trust.USER,
        "state": MemoryState.ACTIVE,
        "immutable": False,
        "version": 1,
    }


def _own_row(row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in COLUMNS]


def _peer_row(row: dict[str, Any]) -> list[Any]:
    """As `mem0ai` writes it without a model of English; a user of each project is one of its users."""
    said_at = row["created_at"].isoformat()
    payload = {
        "user_id": peer_user(row["project_id"], row["user_id"]),
        "role": "user",
        "data": row["text"],
        "hash": row["hash"],
        "created_at": said_at,
        "updated_at": said_at,
        "text_lemmatized": row["text"],
    }
    return [row["id"], row["embedding"], json.dumps(payload)]


def peer_user(project: UUID, user: str) -> str:
    """Returns the name under which a peer without projects knows a user."""
    return f"{project}/{user}"


def _written(vector: NDArray[np.float16]) -> str:
    return f"[{','.join(_HALVES[vector.view(np.uint16)])}]"


def _one(cursor: psycopg.Cursor) -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row[0]
