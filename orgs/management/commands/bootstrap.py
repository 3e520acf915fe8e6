"""`manage.py bootstrap`: the first organization, project, person and API key of an empty installation."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from orgs.models import Organization, Project, User
from orgs.services import create_api_key, create_organization

FIRST_EMAIL = "owner@example.com"


class Command(BaseCommand):
    """Makes the first owner, with credentials in a file that only its owner can read; later it does nothing."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes the place of the credentials file and the URL of this installation."""
        parser.add_argument("--credentials", type=Path, required=True)
        parser.add_argument("--host", required=True)
        parser.add_argument("--email", default=FIRST_EMAIL)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Bootstraps, unless somebody is there already. The file is written before the commit: no owner without it."""
        if User.objects.exists():
            return
        password = secrets.token_urlsafe(16)
        owner = User.objects.create_user(options["email"], password)
        project = create_organization(name="default-org", owner=owner)
        key = create_api_key(project=project, maker=owner, name="first key")
        self._write(options["credentials"], _credentials(options["host"], owner, password, project, key))

    def _write(self, path: Path, credentials: dict[str, str]) -> None:
        new = path.with_name(f"{path.name}.new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with new.open("w") as file:
            json.dump(credentials, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def _credentials(host: str, owner: User, password: str, project: Project, key: str) -> dict[str, str]:
    org: Organization = project.org
    return {
        "host": host,
        "api_key": key,
        "org_id": org.public_id,
        "project_id": project.public_id,
        "email": owner.email,
        "password": password,
    }
