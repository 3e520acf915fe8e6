"""The command as an operator runs it, and what it brings."""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from tests.conftest import Person
from tests.memories.support import Json, history, listed

ANYBODY = {"OR": [{"user_id": "*"}, {"agent_id": "*"}, {"app_id": "*"}, {"run_id": "*"}]}


@dataclass(frozen=True)
class Ended:
    """How the command ended, and what it wrote: `said`, and `complaints` with the sentence that ended it."""

    code: int
    said: str
    complaints: list[str]

    def count(self, what: str) -> int:
        """Returns the number in the report's line that begins with `what`."""
        (line,) = [line for line in self.said.splitlines() if line.startswith(what)]
        return int(line.removeprefix(what).replace(",", ""))


def run_import(person: Person, place: object, *options: object) -> Ended:
    """Imports into the person's project."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("import_mem0", person.project_id, "--from", str(place), *map(str, options), stdout=out, stderr=err)
    except CommandError as error:
        code = error.returncode
        err.write(f"{error}\n")
    return Ended(code, out.getvalue(), err.getvalue().splitlines())


def write_lines(path: Path, rows: Iterable[object]) -> Path:
    """Writes rows as JSON lines, and texts as they are."""
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def everything(person: Person) -> list[Json]:
    """Returns what the project holds, expired and superseded memories too, newest first."""
    return listed(person, ANYBODY, show_expired=True, include_superseded=True, page_size=200)


def past(person: Person, memory_id: str) -> list[tuple[Any, ...]]:
    """Returns what history says of a memory: all but the ids, what is known since when, and the messages."""
    told = ("event", "old_memory", "new_memory", "created_at", "valid_from", "valid_to", "user_id", "metadata")
    return [tuple(entry[name] for name in told) for entry in history(person, memory_id)]
