"""How a file is written. It is kept as JSON lines; a CSV or a Parquet is made of them while it is downloaded."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import orjson

from memories.exports.records import Json
from memories.models import ExportFormat

MEMORY_COLUMNS = (
    *("id", "memory", "user_id", "agent_id", "app_id", "run_id", "session_id", "hash", "metadata", "categories"),
    *("created_at", "updated_at", "expiration_date", "immutable", "structured_attributes", "event_time", "lifetime"),
    *("importance", "topics", "relations", "trust", "flags", "replaced_by", "synthesized", "lifecycle_state"),
)
"""The keys of a memory object, in its order."""

FORMULA = (*"=+-@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula; some do so of full-width characters."""

Parts = Iterable[bytes]


@dataclass(frozen=True)
class FileFormat:
    """A format: `write` turns the parts of JSON lines into pieces of the file. One that is a `table` holds memories."""

    content_type: str
    extension: str
    write: Callable[[Parts], Iterator[bytes]]
    is_table: bool = False


def has_parquet() -> bool:
    """Tells whether Parquet can be written here: with `loci[parquet]`."""
    return find_spec("pyarrow") is not None


def _as_they_are(parts: Parts) -> Iterator[bytes]:
    yield from parts


def _records(part: bytes) -> list[Json]:
    return [orjson.loads(line) for line in part.splitlines()]


def _as_csv(parts: Parts) -> Iterator[bytes]:
    yield _rows([MEMORY_COLUMNS])
    for part in parts:
        yield _rows([_cell(record[name]) for name in MEMORY_COLUMNS] for record in _records(part))


def _rows(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Lists and objects are JSON. A text that a spreadsheet would run gets an apostrophe before it."""
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _as_parquet(parts: Parts) -> Iterator[bytes]:
    """One row group for each part. What cannot be a column by itself is JSON."""
    import pyarrow as pa  # noqa: PLC0415 - an optional extra
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    kinds: Mapping[str, Any] = {
        "immutable": pa.bool_(),
        "synthesized": pa.bool_(),
        "importance": pa.int64(),
        **dict.fromkeys(("categories", "topics", "flags"), pa.list_(pa.string())),
    }
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in MEMORY_COLUMNS])
    written = _Written()
    with pq.ParquetWriter(written, schema, compression="zstd") as writer:
        for part in parts:
            rows = [{name: _value(record[name], name in kinds) for name in MEMORY_COLUMNS} for record in _records(part)]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            yield written.taken()
    yield written.taken()


def _value(value: Any, is_own: bool) -> Any:
    return value if is_own or not isinstance(value, list | dict) else orjson.dumps(value).decode()


class _Written(io.RawIOBase):
    """Takes what a writer writes, until it is taken away."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


FILES: Mapping[str, FileFormat] = {
    ExportFormat.SCHEMA: FileFormat("application/json", "json", _as_they_are),
    ExportFormat.JSONL: FileFormat("application/x-ndjson", "jsonl", _as_they_are),
    ExportFormat.CSV: FileFormat("text/csv; charset=utf-8", "csv", _as_csv, is_table=True),
    ExportFormat.PARQUET: FileFormat("application/vnd.apache.parquet", "parquet", _as_parquet, is_table=True),
}
"""How each format is downloaded."""
