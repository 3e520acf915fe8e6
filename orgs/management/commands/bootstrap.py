"""`manage.py bootstrap`: the first organization, project, person and API key of an empty installation."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from orgs.accounts.people import NewOwner, create_owner
from orgs.models import User

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
        owner = create_owner(email=options["email"], password=password, organization="default-org")
        self._write(options["credentials"], _credentials(options["host"], owner, password))

    def _write(self, path: Path, credentials: dict[str, str]) -> None:
        new = path.with_name(f"{path.name}.new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with new.open("w") as file:
            json.dump(credentials, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def _credentials(host: str, owner: NewOwner, password: str) -> dict[str, str]:
    return {
        "host": host,
        "api_key": owner.api_key,
        "org_id": owner.project.org.public_id,
        "project_id": owner.project.public_id,
        "email": owner.person.email,
        "password": password,
    }
