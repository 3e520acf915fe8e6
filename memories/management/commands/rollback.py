"""`manage.py rollback proj_…`: an operator takes back what came from one source."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loci.errors import DomainError
from loci.tenancy.context import tenant_tx
from memories.lifecycle.sources import Source
from memories.retrieval.filters.request import read_moment
from memories.services.rolling_back import accept_rollback, preview
from orgs import audit
from orgs.management.named import named_project


class Command(BaseCommand):
    """Accepts a rollback, which the workers carry out, and shows its event; with `--dry-run` only what it would change.

    What is given is meant together. `docs/memory-safety.md` says what a rollback is.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes the project's public id, and the source."""
        parser.add_argument("project", help="proj_…, as in credentials.json or the answer of /v1/ping/")
        parser.add_argument("--event", type=UUID, help="the add, by its event")
        parser.add_argument("--key", type=UUID, help="the id of the API key with which it was asked for")
        parser.add_argument("--actor", type=UUID, help="the id of the person for whom the caller acted")
        parser.add_argument("--speaker", help="the name of who said it")
        parser.add_argument("--start", help="the first day or moment at which it was asked for")
        parser.add_argument("--end", help="the last day or moment at which it was asked for")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        """Accepts or counts, or says in one sentence why not."""
        tenant, source = named_project(options["project"]), _source(options)
        if options["dry_run"]:
            self._show(preview(tenant, source))
            return
        with tenant_tx(tenant):
            event_id = accept_rollback(tenant, source, run_here=False).event_id
            audit.record(
                audit.SYSTEM, "memory.rollback", "event", event_id, project=options["project"], **source.noted()
            )
        self._show({"event": event_id})

    def _show(self, rows: dict[str, Any]) -> None:
        for name, value in rows.items():
            self.stdout.write(f"{name}  {value}")


def _source(options: dict[str, Any]) -> Source:
    names = {"event": "event_id", "key": "key_id", "actor": "actor_id", "speaker": "speaker"}
    given = {name: options[option] for option, name in names.items() if options[option] is not None}
    try:
        return Source(**given, start=_moment(options, "start", time.min), end=_moment(options, "end", time.max))
    except ValueError as error:
        raise CommandError("Name the source: --event, --key, --actor, --speaker, --start or --end.") from error
    except DomainError as error:
        raise CommandError(str(error)) from error


def _moment(options: dict[str, Any], name: str, of_day: time) -> datetime | None:
    return read_moment(name, options[name], of_day) if options[name] else None
