"""`manage.py create_owner`: a person who owns an organization, made by the operator."""

import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from orgs.accounts.emails import own_email
from orgs.accounts.people import NewOwner, create_owner
from orgs.models import User


class Command(BaseCommand):
    """Makes a person with a verified email, their organization, and a first API key, which is shown once."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Takes no password: arguments are shown to every user of the machine."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--organization", default="default-org", help="its name")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Makes the owner, or says in one sentence why not."""
        email = _checked(own_email, options["email"])
        if User.objects.filter(email=email).exists():
            raise CommandError(f"{email} has an account already.")
        password = _asked(from_stdin=options["password_stdin"])
        _checked(validate_password, password, User(email=email))
        try:
            owner = create_owner(email=email, password=password, organization=options["organization"])
        except IntegrityError as error:
            raise CommandError(f"{email} has an account already.") from error
        self._show(owner)

    def _show(self, owner: NewOwner) -> None:
        self.stdout.write(f"email         {owner.person.email}")
        self.stdout.write(f"organization  {owner.project.org.public_id}")
        self.stdout.write(f"project       {owner.project.public_id}")
        self.stdout.write(f"API key       {owner.api_key}")


def _asked(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise CommandError("The two passwords differ.")
    return password


def _checked(check: Any, *values: Any) -> Any:
    try:
        return check(*values)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
