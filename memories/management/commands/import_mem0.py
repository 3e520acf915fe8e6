"""`manage.py import_mem0 proj_…`: memories of the hosted service, of another Loci, or from JSON lines."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from rest_framework.exceptions import ValidationError

from loci.env import env
from loci.errors import DependencyError
from loci.net.json_api import JsonApi, Refused
from memories.api.fields import EntityIdField
from memories.importing.json_lines import JsonLines
from memories.importing.progress import ProgressBar
from memories.importing.remote import RemoteProject
from memories.importing.running import Import, Skipped
from memories.importing.sources import Source
from memories.scope import EntityType, Scope
from memories.services.importing import note_import
from orgs.management.named import named_project

FAILED = 2
"""The exit code of an import that could not go on; 1 is that of one that is through and has skipped something."""
STOPPED = 130
LONGEST_LINE = 500

KEY = "MEM0_API_KEY"
AGAIN = "The same command goes on from there."


class Command(BaseCommand):
    """Imports memories with their ids, times and history; run again, it goes on, and changes nothing that is there.

    The project is the one to fill. What is no memory is listed and does not stop the import.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes no key: arguments are shown to every user of the machine."""
        parser.add_argument("project", help="proj_…, the project to fill")
        parser.add_argument(
            "--from",
            dest="source",
            required=True,
            help="the address of an API (https://api.mem0.ai, or another Loci), a file of JSON lines, or - for stdin",
        )
        parser.add_argument("--key-file", type=Path, help=f"holds the source's API key; without it, {KEY} does")
        for kind in EntityType:
            parser.add_argument(f"--{kind}", help=f"import only what is about this {kind}")
        parser.add_argument("--dry-run", action="store_true", help="count only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Imports. Ends with 1 when something was skipped, with 2 when the import could not go on."""
        tenant = named_project(options["project"], returncode=FAILED)
        with _opened(options["source"], options["key_file"]) as source:
            work = Import(tenant, source, _only(options), is_dry=options["dry_run"])
            try:
                self._run(work)
            finally:
                came = work.imported + work.quarantined
                if came and not work.is_dry:
                    note_import(tenant, options["project"], came)
        self._report(work)

    def _run(self, work: Import) -> None:
        try:
            self._follow(work)
        except Refused as refused:
            raise CommandError(_refusal(refused), returncode=FAILED) from refused
        except DependencyError as error:
            raise CommandError(f"{error} {_kept(work)}", returncode=FAILED) from error
        except OperationalError as error:
            raise CommandError(f"The database fails. {_kept(work)}", returncode=FAILED) from error
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {_kept(work)}", returncode=STOPPED) from None

    def _follow(self, work: Import) -> None:
        bar = ProgressBar(sys.stderr)
        try:
            for position, skipped in work.run():
                if skipped:
                    bar.clear()
                    self._list(skipped)
                bar.show(position, work.source.total, f"{work.imported:,} imported, {work.there:,} already there")
        finally:
            bar.clear()

    def _list(self, skipped: list[Skipped]) -> None:
        for row in skipped:
            self.stderr.write(_shown(f"{row.label}: {row.reason}"))

    def _report(self, work: Import) -> None:
        self.stdout.write(f"{'to import' if work.is_dry else 'imported':<15}{work.imported:,}")
        self.stdout.write(f"{'already there':<15}{work.there:,}")
        for name in ("skipped", "rejected", "quarantined", "flagged", "redacted"):
            self.stdout.write(f"{name:<15}{getattr(work, name):,}")
        if work.unlinked:
            self.stdout.write(f"{len(work.unlinked):,} superseded memories name a successor that is not there.")
        if work.skipped:
            raise CommandError(f"Skipped {work.skipped:,}; the reasons are above.")


def _shown(text: str) -> str:
    """A source's own words must not steer the terminal."""
    return "".join(character if character.isprintable() else "?" for character in text[:LONGEST_LINE])


def _kept(work: Import) -> str:
    return "" if work.is_dry else f"Imported so far: {work.imported:,}. {AGAIN}"


def _refusal(refused: Refused) -> str:
    if refused.status in {401, 403}:
        return "The source does not accept the API key."
    return str(refused)


def _only(options: dict[str, Any]) -> Scope:
    names = {f"{kind}_id": options[kind] for kind in EntityType if options[kind] is not None}
    try:
        return Scope(**{column: EntityIdField().run_validation(name) for column, name in names.items()})
    except ValidationError as error:
        raise CommandError(" ".join(map(str, error.args)), returncode=FAILED) from error


@contextmanager
def _opened(place: str, key_file: Path | None) -> Iterator[Source]:
    if place.startswith(("http://", "https://")):
        with _api(place, _key(key_file)) as api:
            yield RemoteProject(api)
    elif place == "-":
        yield JsonLines(sys.stdin.buffer)
    else:
        with _file(place) as stream:
            yield JsonLines(stream, os.fstat(stream.fileno()).st_size)


def _api(address: str, key: str) -> JsonApi:
    try:
        return JsonApi(address.rstrip("/"), f"Token {key}")
    except DependencyError as error:
        raise CommandError(str(error), returncode=FAILED) from error


def _file(place: str) -> IO[bytes]:
    try:
        return Path(place).open("rb")
    except OSError as error:
        raise CommandError(f"{place} cannot be read: {error.strerror}.", returncode=FAILED) from error


def _key(key_file: Path | None) -> str:
    try:
        key = key_file.read_text().strip() if key_file else env(KEY)
    except OSError as error:
        raise CommandError(f"{key_file} cannot be read: {error.strerror}.", returncode=FAILED) from error
    if not re.fullmatch(r"[!-~]+", key):
        raise CommandError(f"{KEY}, or the file that --key-file names, must hold an API key.", returncode=FAILED)
    return key
