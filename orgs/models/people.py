"""People. They are of no tenant: an organization knows them by their memberships (design.md §2)."""

import unicodedata
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models

from loci.tenancy.models import new_id
from orgs.sso.names import domain_name

AGENTS_DOMAIN = "agents.invalid"
"""Of the emails of programs that made themselves an account: no mail reaches it, and nobody can prove an address in it.
"""


def canonical_email(email: str) -> str:
    """Returns the one spelling under which an address is kept: emails that differ by case or Unicode form are one.

    Its domain is in ASCII, as mail servers write it.
    """
    local, at, domain = unicodedata.normalize("NFKC", email.strip()).casefold().rpartition("@")
    return f"{local}{at}{_in_ascii(domain)}"


def _in_ascii(domain: str) -> str:
    try:
        return domain_name(domain)
    except ValueError:  # What is no domain is refused, or matched with nothing, as it was written.
        return domain


class UserManager(BaseUserManager["User"]):
    """Makes and finds people by their canonical email."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Returns a new user; without a password nobody can log in as them."""
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Returns the user with this email, in whatever spelling."""
        return self.get(email=canonical_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The email is the name; there is no other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        db_table = "user"

    def __str__(self) -> str:
        return self.email
