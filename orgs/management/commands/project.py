"""`manage.py project proj_…`: an operator sees and changes the settings of a project."""

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orgs.models import Attribution, Project
from orgs.project_settings import COLUMNS, LONGEST_WAIT_MS
from orgs.queries import organization_id
from orgs.services.projects import configure_project


class Command(BaseCommand):
    """Shows a project's settings, after changing those that are given."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes the project's public id, and the settings to change."""
        parser.add_argument("project", help="proj_…, as in credentials.json or the answer of /v1/ping/")
        parser.add_argument(
            "--attribution",
            choices=Attribution.values,
            help="whose a fact is when an add names a user and an agent: both keep it, or only its speaker",
        )
        parser.add_argument(
            "--add-wait-ms", type=int, help="how long an asynchronous add waits for its result before it says PENDING"
        )
        parser.add_argument(
            "--v1-is-synchronous",
            action=BooleanOptionalAction,
            help="whether a v1 add without async_mode waits for its memories, as clients up to 0.1.118 expect",
        )
        parser.add_argument(
            "--shows-superseded",
            action=BooleanOptionalAction,
            help="whether lists and searches also show what another memory has made untrue",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Changes and shows."""
        wait = options["add_wait_ms"]
        if wait is not None and not 0 <= wait <= LONGEST_WAIT_MS:
            raise CommandError(f"--add-wait-ms must be between 0 and {LONGEST_WAIT_MS}.")
        org_id = organization_id(options["project"])
        if org_id is None or not options["project"].startswith("proj_"):
            raise CommandError(f"There is no project {options['project']}.")
        changes = {name: options[name] for name in COLUMNS if options[name] is not None}
        self._show(configure_project(org_id, options["project"], changes))

    def _show(self, project: Project) -> None:
        self.stdout.write(f"{project.name} ({project.public_id})")
        for name in COLUMNS:
            self.stdout.write(f"  {name} = {getattr(project, name)}")
