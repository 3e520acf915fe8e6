"""`manage.py reembed proj_…`: after a change of the embedder or an upgrade, memories are found by meaning again."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from loci.errors import DependencyError
from loci.tenancy.context import Tenant
from memories.services.reembedding import reembed, remaining
from orgs.management.named import named_project
from orgs.queries import project_tenants

FAILED = 2
"""The exit code of a run that could not go on; 1 is that of one that is through and has left something."""
STOPPED = 130
SHOWN_EVERY_S = 5.0

AGAIN = "The same command goes on from there."


class Command(BaseCommand):
    """Makes the vectors and the terms of memories anew that another embedder or an older analyzer made.

    Searches and writes go on meanwhile. Run again, it goes on; what is current is passed over. It keeps one CPU busy
    with the bundled embedder, and asks a remote one for a hundred texts at a time.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes projects' public ids, or `--all`."""
        parser.add_argument("projects", nargs="*", help="proj_…, as in credentials.json or the answer of /v1/ping/")
        parser.add_argument("--all", action="store_true", help="all projects, the oldest first")
        parser.add_argument("--pause", type=float, default=0.0, help="seconds between two batches (default: none)")
        parser.add_argument(
            "--patience", type=float, default=300.0, help="seconds for which a failing embedder is asked (default: 300)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Works through the projects. Ends with 1 when something was left, with 2 when it could not go on."""
        if bool(options["projects"]) == options["all"]:
            raise CommandError("Name projects, or say --all.")
        projects = project_tenants() if options["all"] else {name: named_project(name) for name in options["projects"]}
        left = sum(self._whole(name, tenant, options) for name, tenant in projects.items())
        if left:
            raise CommandError(f"Left {left:,} that others were changing. {AGAIN}")

    def _whole(self, name: str, tenant: Tenant, options: dict[str, Any]) -> int:
        try:
            self._follow(name, tenant, options)
            return remaining(tenant)
        except DependencyError as error:
            raise CommandError(f"{error}. {AGAIN}", returncode=FAILED) from error
        except OperationalError as error:
            raise CommandError(f"The database fails. {AGAIN}", returncode=FAILED) from error
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {AGAIN}", returncode=STOPPED) from None

    def _follow(self, name: str, tenant: Tenant, options: dict[str, Any]) -> None:
        done, total, shown_at = 0, remaining(tenant), time.monotonic()
        for count in reembed(tenant, patience_s=options["patience"]):
            done += count
            if time.monotonic() - shown_at > SHOWN_EVERY_S:
                self.stdout.write(f"{name}  {done:,} of {total:,}")
                shown_at = time.monotonic()
            time.sleep(options["pause"])
        self.stdout.write(f"{name}  {done:,} of {total:,}, done")
